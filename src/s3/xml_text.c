// SPDX-License-Identifier: Apache-2.0
#include "s3/xml_text.h"

#include <string.h>

#include "base/utf8.h"
#include "base/when.h"
#include "s3/query.h"

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r': // a reader would make a line feed of it
        return "&#13;";
    case '\n':
        return "&#10;";
    case '\t':
        return "&#9;";
    default:
        return NULL;
    }
}

// Whether XML 1.0 has a character for the `n` bytes at `s`: not for control characters, U+FFFE and U+FFFF.
static bool is_char(const char *s, size_t n)
{
    return n == 1 ? (unsigned char)*s >= ' '
                  : n != 3 || (memcmp(s, "\xEF\xBF\xBE", 3) && memcmp(s, "\xEF\xBF\xBF", 3));
}

void xml_text(struct buf *out, const char *s, size_t n)
{
    while (n) {
        size_t step = utf8_step(s, n);
        const char *escape = escape_of(*s);
        if (escape)
            buf_puts(out, escape);
        else if (step && is_char(s, step))
            buf_put(out, s, step);
        else
            buf_puts(out, "\xEF\xBF\xBD");
        s += step ? step : 1;
        n -= step ? step : 1;
    }
}

void xml_element_n(struct buf *out, const char *name, const char *value, size_t n)
{
    buf_putf(out, "<%s>", name);
    xml_text(out, value, n);
    buf_putf(out, "</%s>", name);
}

void xml_element(struct buf *out, const char *name, const char *value)
{
    if (value)
        xml_element_n(out, name, value, strlen(value));
}

void xml_name(struct buf *out, const char *name, const char *value, size_t n, bool encode_url)
{
    if (!encode_url) {
        xml_element_n(out, name, value, n);
        return;
    }
    buf_putf(out, "<%s>", name);
    s3_encode(out, value, n, true);
    buf_putf(out, "</%s>", name);
}

void xml_number(struct buf *out, const char *name, uint64_t v)
{
    buf_putf(out, "<%s>%llu</%s>", name, (unsigned long long)v, name);
}

void xml_bool(struct buf *out, const char *name, bool v)
{
    buf_putf(out, "<%s>%s</%s>", name, v ? "true" : "false", name);
}

void xml_time(struct buf *out, const char *name, int64_t ms)
{
    struct civil c = civil_from_ms(ms);
    buf_putf(out, "<%s>%04d-%02d-%02dT%02d:%02d:%02d.%03dZ</%s>", name, c.year, c.month, c.day, c.hour,
             c.minute, c.second, c.ms, name);
}

void xml_etag(struct buf *out, const char *etag)
{
    buf_puts(out, "<ETag>&quot;");
    xml_text(out, etag, strlen(etag));
    buf_puts(out, "&quot;</ETag>");
}

void xml_owner(struct buf *out, const char *name, const struct s3_owner *owner)
{
    buf_putf(out, "<%s>", name);
    xml_element(out, "ID", owner->id);
    xml_element(out, "DisplayName", owner->display_name);
    buf_putf(out, "</%s>", name);
}
