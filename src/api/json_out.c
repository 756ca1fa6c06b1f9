// SPDX-License-Identifier: Apache-2.0
//
// A string is copied in runs of bytes that need no escape; most are one run.
#include "api/json_out.h"

#include <jansson.h>

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

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

// Whether all eight bytes are plain. Borrows can only make a plain byte beside one that is none look like
// none, so that zero means what it says.
static bool all_plain(const char *text)
{
    uint64_t x, high = EACH(0x80);
    memcpy(&x, text, sizeof x);
    uint64_t quote = x ^ EACH('"'), slash = x ^ EACH('\\'), del = x ^ EACH(0x7F);
    uint64_t odd = ((x - EACH(0x20)) & ~x) | ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash) |
                   ((del - EACH(1)) & ~del) | x;
    return !(odd & high);
}

// How many bytes from the first on are plain.
static size_t plain_run(const char *text, size_t n)
{
    size_t i = 0;
    while (n - i >= 8 && all_plain(text + i))
        i += 8;
    while (i < n && is_plain((unsigned char)text[i]))
        i++;
    return i;
}

static void odd_text(struct buf *b, const char *text, size_t n)
{
    size_t run = 0, i = 0;
    buf_putc(b, '"');
    while (i < n) {
        i += plain_run(text + i, n - i);
        if (i == n)
            break;
        size_t len = utf8_step(text + i, n - i);
        if (len > 1) {
            i += len;
            continue;
        }
        buf_put(b, text + run, i - run);
        if (len)
            escape(b, (unsigned char)text[i]);
        else
            buf_puts(b, "\xEF\xBF\xBD");
        run = ++i;
    }
    buf_put(b, text + run, n - run);
    buf_putc(b, '"');
}

void json_text(struct buf *b, const char *text, size_t n)
{
    if (plain_run(text, n) < n) {
        odd_text(b, text, n);
        return;
    }
    char *at = buf_more(b, n + 2);
    if (!at)
        return;
    at[0] = at[n + 1] = '"';
    memcpy(at + 1, text, n);
}

#define DIGITS 24 // of any number of 64 bits, with its sign and a point

// The digits of v before `end`; gives where they begin.
static char *digits_before(char *end, uint64_t v)
{
    do
        *--end = (char)('0' + v % 10);
    while (v /= 10);
    return end;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static char *signed_before(char *end, int64_t v)
{
    char *at = digits_before(end, magnitude(v));
    if (v < 0)
        *--at = '-';
    return at;
}

// ---- trees

static int append(const char *text, size_t n, void *b)
{
    buf_put(b, text, n);
    return 0;
}

static void by_library(struct buf *b, const json_t *v)
{
    json_dump_callback(v, append, b, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void tree_text(struct buf *b, const char *text, size_t n)
{
    if (plain_run(text, n) == n) {
        json_text(b, text, n);
        return;
    }
    json_t *v = json_stringn(text, n);
    by_library(b, v);
    json_decref(v);
}

static void tree_object(struct buf *b, json_t *v)
{
    char before = '{';
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it)) {
        buf_putc(b, before);
        before = ',';
        tree_text(b, json_object_iter_key(it), json_object_iter_key_len(it));
        buf_putc(b, ':');
        json_tree(b, json_object_iter_value(it));
    }
    buf_puts(b, before == '{' ? "{}" : "}");
}

static void tree_array(struct buf *b, const json_t *v)
{
    buf_putc(b, '[');
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i)
            buf_putc(b, ',');
        json_tree(b, json_array_get(v, i));
    }
    buf_putc(b, ']');
}

void json_tree(struct buf *b, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        tree_object(b, (json_t *)v);
        break;
    case JSON_ARRAY:
        tree_array(b, v);
        break;
    case JSON_STRING:
        tree_text(b, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER: {
        char text[DIGITS], *end = text + sizeof text, *at = signed_before(end, json_integer_value(v));
        buf_put(b, at, (size_t)(end - at));
        break;
    }
    default:
        by_library(b, v);
    }
}

// ---- one after the other

// Keys are words of ours: plain.
static void key_of(struct json_out *o, const char *key)
{
    size_t comma = o->comma, n = key ? strlen(key) : 0;
    o->comma = true;
    char *at = comma || key ? buf_more(o->b, comma + (key ? n + 3 : 0)) : NULL;
    if (!at)
        return;
    if (comma)
        *at++ = ',';
    if (!key)
        return;
    at[0] = at[n + 1] = '"';
    memcpy(at + 1, key, n);
    at[n + 2] = ':';
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
    char text[DIGITS], *end = text + sizeof text, *at = signed_before(end, value);
    key_of(o, key);
    buf_put(o->b, at, (size_t)(end - at));
}

void out_fixed(struct json_out *o, const char *key, int64_t value, int decimals)
{
    char text[DIGITS], *end = text + sizeof text, *at = end;
    uint64_t v = magnitude(value), scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    uint64_t rest = v % scale;
    while (rest && rest % 10 == 0) {
        rest /= 10;
        decimals--;
    }
    if (rest) {
        for (int i = 0; i < decimals; i++, rest /= 10)
            *--at = (char)('0' + rest % 10);
        *--at = '.';
    }
    at = digits_before(at, v / scale);
    if (value < 0)
        *--at = '-';
    key_of(o, key);
    buf_put(o->b, at, (size_t)(end - at));
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
