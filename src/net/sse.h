// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events as text (WHATWG HTML, section 9.2): "event: name", "id: 7", one "data: " line per line
// of the data, and an empty line that dispatches them. Content type: SSE_TYPE.
#ifndef ONDOL_NET_SSE_H
#define ONDOL_NET_SSE_H

#include <stddef.h>

#include "base/buf.h"

#define SSE_TYPE "text/event-stream; charset=utf-8"

// Appends one event. `event` and `id` may be NULL; anything in them that a reader would take for a line end
// is left out, as is NUL in `id` (readers ignore such an id). CR, LF and CRLF in `data` each end a line.
void sse_event(struct buf *out, const char *event, const char *id, const char *data, size_t n);
void sse_comment(struct buf *out);             // a line readers skip: keeps a silent stream open
void sse_retry(struct buf *out, int retry_ms); // how long readers wait before they call again

#endif
