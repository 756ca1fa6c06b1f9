// SPDX-License-Identifier: Apache-2.0
#include "api/body_view.h"

#include <string.h>

#include "api/secrets.h"
#include "api/task_body.h"
#include "api/task_render.h"
#include "base/mem.h"

// What a value has that may be written another way by out_value (the first three) or by out_string.
enum {
    ODD_NUMBER = 1, // with point, exponent, or minus nought
    ODD_SPACE = 2,  // white space between the signs
    ODD_ESCAPE = 4, // \u and \/
    ODD_TEXT = 8,   // \b, \f and DEL
};
#define ODD_VALUE (ODD_NUMBER | ODD_SPACE | ODD_ESCAPE)

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_space(const char *p)
{
    while (is_space(*p))
        p++;
    return p;
}

static unsigned escape_odd(char c)
{
    return c == 'u' || c == '/' ? ODD_ESCAPE | ODD_TEXT : c == 'b' || c == 'f' ? ODD_TEXT : 0;
}

// From the opening quote to behind the closing one; NULL: there is none.
static const char *string_end(const char *p, unsigned *odd)
{
    for (p++; *p; p++) {
        if (*p == '"')
            return p + 1;
        if (*p == '\\' && p[1])
            *odd |= escape_odd(*++p);
        else if (*p == '\x7F')
            *odd |= ODD_TEXT;
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *number_end(const char *p, unsigned *odd)
{
    if (p[0] == '-' && p[1] == '0')
        *odd |= ODD_NUMBER;
    for (p++;; p++) {
        if (*p == '.' || *p == 'e' || *p == 'E' || *p == '+' || *p == '-')
            *odd |= ODD_NUMBER;
        else if (!is_digit(*p))
            return p;
    }
}

// true, false, null
static const char *word_end(const char *p)
{
    const char *end = p;
    while (*end >= 'a' && *end <= 'z')
        end++;
    return end > p ? end : NULL;
}

// Behind the value that begins at p; NULL: it has no end. The nesting of kept bodies was limited when they
// came.
static const char *value_end(const char *p, unsigned *odd)
{
    int depth = 0;
    do {
        if (*p == '"') {
            p = string_end(p, odd);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else if (depth && (*p == ',' || *p == ':')) {
            p++;
        } else if (depth && is_space(*p)) {
            *odd |= ODD_SPACE;
            p++;
        } else if (*p == '-' || is_digit(*p)) {
            p = number_end(p, odd);
        } else {
            p = word_end(p);
        }
    } while (depth > 0 && p);
    return p;
}

// The member that begins at p. Gives where the next one begins, NULL when this was the last; m->key is NULL
// when there was none.
static const char *take_member(const char *p, struct body_member *m)
{
    unsigned in_key = 0;
    m->key = NULL;
    p = skip_space(p);
    const char *key_end = *p == '"' ? string_end(p, &in_key) : NULL;
    if (!key_end)
        return NULL;
    const char *at = skip_space(key_end);
    if (*at != ':')
        return NULL;
    struct body_value v = {.v = skip_space(at + 1)};
    const char *end = value_end(v.v, &v.odd);
    if (!end)
        return NULL;
    v.n = (size_t)(end - v.v);
    *m = (struct body_member){.key = p + 1, .key_n = (size_t)(key_end - p) - 2, .value = v};
    end = skip_space(end);
    return *end == ',' ? end + 1 : NULL;
}

void body_view_init(struct body_view *b, const char *text)
{
    const char *p = text ? skip_space(text) : "";
    b->n = 0;
    b->rest = *p == '{' ? p + 1 : NULL;
    while (b->rest && b->n < BODY_MEMBERS) {
        b->rest = take_member(b->rest, &b->member[b->n]);
        b->n += b->member[b->n].key != NULL;
    }
}

static bool is_named(const struct body_member *m, const char *key, size_t n)
{
    return m->key_n == n && memcmp(m->key, key, n) == 0;
}

struct body_value body_get(const struct body_view *b, const char *key)
{
    size_t n = strlen(key);
    struct body_member m;
    for (size_t i = 0; i < b->n; i++)
        if (is_named(&b->member[i], key, n))
            return b->member[i].value;
    for (const char *p = b->rest; p;) {
        p = take_member(p, &m);
        if (m.key && is_named(&m, key, n))
            return m.value;
    }
    return (struct body_value){0};
}

bool body_is_string(struct body_value v)
{
    return v.v && *v.v == '"';
}

bool body_is_integer(struct body_value v)
{
    unsigned odd = 0;
    if (!v.v || (*v.v != '-' && !is_digit(*v.v)))
        return false;
    number_end(v.v, &odd);
    return !odd || (*v.v == '-' && v.n == 2);
}

const char *body_plain_string(struct body_value v, size_t *n)
{
    if (!body_is_string(v) || memchr(v.v, '\\', v.n))
        return NULL;
    *n = v.n - 2;
    return v.v + 1;
}

static json_t *tree_of(struct body_value v)
{
    return v.v ? json_loadb(v.v, v.n, JSON_DECODE_ANY, NULL) : NULL;
}

void body_out(struct json_out *o, const char *key, struct body_value v, const char *otherwise)
{
    if (v.odd & ODD_VALUE) {
        json_t *tree = tree_of(v);
        out_value(o, key, tree, otherwise);
        json_decref(tree);
        return;
    }
    out_raw(o, key, v.v ? "" : otherwise);
    buf_put(o->b, v.v, v.n);
}

// ---- constants

// {"key":"...","value":"..."} as text, and nothing else. False: it is written another way.
struct constant {
    const char *key, *value; // with their quotes
    size_t key_n, value_n;
};

static const char *take_text(const char *p, const char *front, const char **text, size_t *n)
{
    unsigned odd = 0;
    size_t front_n = strlen(front);
    if (strncmp(p, front, front_n) != 0 || p[front_n] != '"')
        return NULL;
    *text = p + front_n;
    const char *end = string_end(*text, &odd);
    *n = end ? (size_t)(end - *text) : 0;
    return end;
}

static const char *take_constant(const char *p, struct constant *c)
{
    p = take_text(p, "{\"key\":", &c->key, &c->key_n);
    p = p ? take_text(p, ",\"value\":", &c->value, &c->value_n) : NULL;
    return p && *p == '}' ? p + 1 : NULL;
}

static bool is_secret(const struct constant *c)
{
    return secret_held(c->key + 1, c->key_n - 2, c->value + 1, c->value_n - 2);
}

static void out_constant(struct json_out *o, const struct constant *c)
{
    out_object(o, NULL);
    out_raw(o, "key", "");
    buf_put(o->b, c->key, c->key_n);
    if (is_secret(c)) {
        out_string(o, "value", SECRET_MASK);
    } else {
        out_raw(o, "value", "");
        buf_put(o->b, c->value, c->value_n);
    }
    out_end_object(o);
}

// All of them, or nothing written and false.
static bool plain_constants(struct json_out *o, struct body_value list)
{
    struct constant c;
    const char *end = list.v + list.n - 1;
    if (list.odd || *list.v != '[')
        return false;
    for (const char *p = list.v + 1; p != end; p += *p == ',')
        if (!(p = take_constant(p, &c)))
            return false;
    out_array(o, "constants");
    for (const char *p = list.v + 1; p != end; p += *p == ',') {
        p = take_constant(p, &c);
        out_constant(o, &c);
    }
    out_end_array(o);
    return true;
}

void body_out_forced(struct json_out *o, struct body_value list)
{
    static const char *const names[] = {SECRET_PREFIX, SECRET_PASSWORD};
    bool secret = false;
    for (size_t i = 0; list.v && i < ARRAY_LEN(names); i++)
        secret |= memmem(list.v, list.n, names[i], strlen(names[i])) != NULL;
    if (!secret) {
        body_out(o, "forcedConstants", list, "[]");
        return;
    }
    json_t *tree = tree_of(list);
    out_forced_constants(o, tree);
    json_decref(tree);
}

void body_out_constants(struct json_out *o, struct body_value list)
{
    if (list.v && plain_constants(o, list))
        return;
    json_t *tree = tree_of(list);
    out_constants(o, tree);
    json_decref(tree);
}
