// SPDX-License-Identifier: Apache-2.0
//
// A string is copied in runs of bytes that need no escape; most are one run.
#include "api/json_out.h"

#include <inttypes.h>

#include "base/utf8.h"

static void escape(struct buf *b, unsigned char ch)
{
    switch (ch) {
    case '"':
        buf_puts(b, "\\\"");
        break;
    case '\\':
        buf_puts(b, "\\\\");
        break;
    case '\n':
        buf_puts(b, "\\n");
        break;
    case '\r':
        buf_puts(b, "\\r");
        break;
    case '\t':
        buf_puts(b, "\\t");
        break;
    default:
        buf_putf(b, "\\u%04x", ch);
    }
}

// A character of its own that stands as it is.
static bool is_plain(unsigned char ch)
{
    return ch >= 0x20 && ch < 0x7F && ch != '"' && ch != '\\';
}

void json_text(struct buf *b, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    buf_putc(b, '"');
    size_t run = 0, i = 0;
    while (i < n) {
        if (is_plain(s[i])) { // nearly all there is
            i++;
            continue;
        }
        size_t len = utf8_step(text + i, n - i);
        if (len > 1) {
            i += len;
            continue;
        }
        buf_put(b, s + run, i - run);
        if (len)
            escape(b, s[i]);
        else
            buf_puts(b, "\xEF\xBF\xBD");
        run = ++i;
    }
    buf_put(b, s + run, n - run);
    buf_putc(b, '"');
}

static void key_of(struct json_out *o, const char *key)
{
    if (o->comma)
        buf_putc(o->b, ',');
    o->comma = true;
    if (key) {
        json_text(o->b, key, strlen(key));
        buf_putc(o->b, ':');
    }
}

void out_object(struct json_out *o, const char *key)
{
    key_of(o, key);
    buf_putc(o->b, '{');
    o->comma = false;
}

void out_array(struct json_out *o, const char *key)
{
    key_of(o, key);
    buf_putc(o->b, '[');
    o->comma = false;
}

void out_end_object(struct json_out *o)
{
    buf_putc(o->b, '}');
    o->comma = true;
}

void out_end_array(struct json_out *o)
{
    buf_putc(o->b, ']');
    o->comma = true;
}

void out_string(struct json_out *o, const char *key, const char *value)
{
    if (!value) {
        out_null(o, key);
        return;
    }
    key_of(o, key);
    json_text(o->b, value, strlen(value));
}

void out_int(struct json_out *o, const char *key, int64_t value)
{
    char text[24], *at = text + sizeof text;
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    key_of(o, key);
    do
        *--at = (char)('0' + v % 10);
    while (v /= 10);
    if (value < 0)
        *--at = '-';
    buf_put(o->b, at, (size_t)(text + sizeof text - at));
}

void out_fixed(struct json_out *o, const char *key, int64_t value, int decimals)
{
    key_of(o, key);
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    uint64_t rest = v % scale;
    buf_putf(o->b, "%s%" PRIu64, value < 0 ? "-" : "", v / scale);
    if (!rest)
        return;
    while (rest % 10 == 0) {
        rest /= 10;
        decimals--;
    }
    buf_putf(o->b, ".%0*" PRIu64, decimals, rest);
}

void out_bool(struct json_out *o, const char *key, bool value)
{
    out_raw(o, key, value ? "true" : "false");
}

void out_null(struct json_out *o, const char *key)
{
    out_raw(o, key, "null");
}

void out_raw(struct json_out *o, const char *key, const char *json)
{
    key_of(o, key);
    buf_puts(o->b, json);
}

void out_date(struct json_out *o, const char *key, int64_t ms)
{
    char text[DATE_TEXT_BYTES];
    date_format(text, HOUSE_MS(ms));
    out_string(o, key, text);
}

void out_span(struct json_out *o, const char *key, int64_t ms)
{
    char text[DATE_TEXT_BYTES];
    span_format(text, ms);
    out_string(o, key, text);
}
