// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events. The data is cut at every line end that a reader knows (LF, CR, CRLF), because the text
// after a bare CR would otherwise be read as a field of its own.
#include "net/sse.h"

#include <string.h>

static void field(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_puts(out, name);
    for (; *value; value++)
        if (*value != '\r' && *value != '\n')
            buf_putc(out, *value);
    buf_putc(out, '\n');
}

void sse_event(struct buf *out, const char *event, const char *id, const char *data, size_t n)
{
    field(out, "event: ", event);
    field(out, "id: ", id);
    size_t at = 0;
    for (;;) {
        size_t end = at;
        while (end < n && data[end] != '\r' && data[end] != '\n')
            end++;
        buf_puts(out, "data: ");
        buf_put(out, n ? data + at : "", end - at);
        buf_putc(out, '\n');
        if (end >= n)
            break;
        at = end + 1;
        if (data[end] == '\r' && at < n && data[at] == '\n')
            at++;
    }
    buf_putc(out, '\n');
}

void sse_comment(struct buf *out)
{
    buf_puts(out, ":\n\n");
}

void sse_retry(struct buf *out, int retry_ms)
{
    buf_putf(out, "retry: %d\n\n", retry_ms);
}
