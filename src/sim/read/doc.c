// SPDX-License-Identifier: Apache-2.0
//
// Line numbers are not in jansson's values, so the text is walked again along the path of the value that was
// refused. The text has been parsed by then and is known to be JSON, so that the walk need not judge it.
#include "sim/read/doc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nest.h"
#include "base/num.h"

int doc_parse(struct doc *d, const char *text, size_t n, size_t line, struct err *e)
{
    json_error_t je;
    *d = DOC_NULL;
    if (n > DOC_BYTES_MAX)
        return err_set(e, -EFBIG, "%zu bytes: at most %u are read", n, DOC_BYTES_MAX);
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) { // a byte-order mark, which JSON does not have
        text += 3;
        n -= 3;
    }
    const char *deep = nest_below(text, n, DOC_DEPTH_MAX);
    if (deep) {
        for (const char *p = text; p < deep; p++)
            line += *p == '\n';
        return err_set(e, -EINVAL, "line %zu: nested deeper than %d levels", line, DOC_DEPTH_MAX);
    }
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
    if (!root) {
        size_t at = line + (je.line > 0 ? (size_t)je.line - 1 : 0);
        return err_set(e, -EINVAL, "line %zu: not JSON: %s", at, je.text);
    }
    *d = (struct doc){root, text, n, line};
    return 0;
}

void doc_deinit(struct doc *d)
{
    json_decref(d->root);
    *d = DOC_NULL;
}

struct doc_at doc_root(const struct doc *d)
{
    return (struct doc_at){.doc = d, .v = d->root};
}

// ---- where a value stands in the text ----

struct walk {
    const char *p, *end;
    size_t line;
};

static void skip_blank(struct walk *w)
{
    for (; w->p < w->end && memchr(" \t\r\n,:", *w->p, 6); w->p++)
        w->line += *w->p == '\n';
}

static void skip_text(struct walk *w) // stands on the opening quote
{
    for (w->p++; w->p < w->end && *w->p != '"'; w->p++)
        w->p += *w->p == '\\' && w->p + 1 < w->end;
    w->p += w->p < w->end;
}

static void skip_value(struct walk *w)
{
    int depth = 0;
    do {
        skip_blank(w);
        if (w->p >= w->end)
            return;
        if (*w->p == '"') {
            skip_text(w);
        } else if (memchr("{[", *w->p, 2)) {
            depth++;
            w->p++;
        } else if (memchr("}]", *w->p, 2)) {
            depth--;
            w->p++;
        } else {
            while (w->p < w->end && !memchr(" \t\r\n,:{}[]\"", *w->p, 11))
                w->p++;
        }
    } while (depth > 0);
}

// Keys with escapes are not recognised; the line is then the one of the object.
static void enter(struct walk *w, const struct doc_at *at)
{
    struct walk start = *w;
    w->p++;
    for (size_t i = 0;; i++) {
        skip_blank(w);
        if (w->p >= w->end || *w->p == '}' || *w->p == ']') {
            *w = start;
            return;
        }
        if (!at->key) {
            if (i == at->index)
                return;
            skip_value(w);
            continue;
        }
        const char *key = w->p + 1;
        skip_text(w);
        size_t n = (size_t)(w->p - key) - 1;
        skip_blank(w);
        if (n == strlen(at->key) && !memcmp(key, at->key, n))
            return;
        skip_value(w);
    }
}

static size_t line_of(const struct doc_at *at)
{
    const struct doc_at *chain[DOC_DEPTH_MAX + 1];
    size_t n = 0;
    struct walk w = {at->doc->text, at->doc->text + at->doc->n, at->doc->line};
    for (; at->up && n < DOC_DEPTH_MAX; at = at->up)
        chain[n++] = at;
    skip_blank(&w);
    while (n > 0 && w.p < w.end)
        enter(&w, chain[--n]);
    return w.line;
}

static void path_of(const struct doc_at *at, char *out, size_t size)
{
    const struct doc_at *chain[DOC_DEPTH_MAX + 1];
    size_t n = 0, used = 0;
    out[0] = '\0';
    for (; at->up && n < DOC_DEPTH_MAX; at = at->up)
        chain[n++] = at;
    while (n > 0 && used < size) {
        const struct doc_at *a = chain[--n];
        int got = a->key ? snprintf(out + used, size - used, "%s%.60s", used ? "." : "", a->key)
                         : snprintf(out + used, size - used, "[%zu]", a->index);
        used += got > 0 ? (size_t)got : 0;
    }
}

int doc_refuse(const struct doc_at *at, struct err *e, const char *why, ...)
{
    char path[128], text[200];
    va_list ap;
    va_start(ap, why);
    vsnprintf(text, sizeof text, why, ap);
    va_end(ap);
    path_of(at, path, sizeof path);
    return err_set(e, -EINVAL, "line %zu: %s%s%s", line_of(at), path, path[0] ? ": " : "", text);
}

// ---- steps ----

static int check_kind(const struct doc_at *at, enum doc_kind kind, struct err *e)
{
    static const char *const name[] = {"an object", "a list", "a text", "a number"};
    json_t *v = at->v;
    bool ok = kind == DOC_OBJECT  ? json_is_object(v)
              : kind == DOC_ARRAY ? json_is_array(v)
              : kind == DOC_TEXT  ? json_is_string(v)
                                  : json_is_number(v) || json_is_string(v);
    return ok ? 0 : doc_refuse(at, e, "must be %s", name[kind]);
}

int doc_maybe(const struct doc_at *up, const char *key, enum doc_kind kind, struct doc_at *out, struct err *e)
{
    json_t *v = json_object_get(up->v, key);
    if (!v || json_is_null(v))
        return 0;
    *out = (struct doc_at){.doc = up->doc, .v = v, .up = up, .key = key};
    int bad = check_kind(out, kind, e);
    return bad ? bad : 1;
}

int doc_member(const struct doc_at *up, const char *key, enum doc_kind kind, struct doc_at *out,
               struct err *e)
{
    int there = doc_maybe(up, key, kind, out, e);
    if (there == 0)
        return doc_refuse(up, e, "\"%s\" is missing", key);
    return there < 0 ? there : 0;
}

int doc_item(const struct doc_at *up, size_t index, enum doc_kind kind, struct doc_at *out, struct err *e)
{
    *out = (struct doc_at){.doc = up->doc, .v = json_array_get(up->v, index), .up = up, .index = index};
    return check_kind(out, kind, e);
}

size_t doc_count(const struct doc_at *at)
{
    return json_is_array(at->v) ? json_array_size(at->v) : json_object_size(at->v);
}

int doc_value(const struct doc_at *at, double low, double high, double *out, struct err *e)
{
    double v = json_number_value(at->v);
    const char *text = json_string_value(at->v);
    if (text && !num_read(text, strlen(text), '.', &v))
        return doc_refuse(at, e, "must be a number, is \"%.40s\"", text);
    if (!text && !json_is_number(at->v))
        return doc_refuse(at, e, "must be a number");
    if (!(v >= low && v <= high))
        return doc_refuse(at, e, "must be %g to %g, is %g", low, high, v);
    *out = v;
    return 0;
}

int doc_number(const struct doc_at *up, const char *key, double low, double high, double *out, struct err *e)
{
    struct doc_at at;
    int bad = doc_member(up, key, DOC_NUMBER, &at, e);
    return bad ? bad : doc_value(&at, low, high, out, e);
}

int doc_number_or(const struct doc_at *up, const char *key, double low, double high, double otherwise,
                  double *out, struct err *e)
{
    struct doc_at at;
    int there = doc_maybe(up, key, DOC_NUMBER, &at, e);
    if (there == 0)
        *out = otherwise;
    return there <= 0 ? there : doc_value(&at, low, high, out, e);
}

int doc_text_or_null(const struct doc_at *up, const char *key, size_t max, const char **out, struct err *e)
{
    struct doc_at at;
    int there = doc_maybe(up, key, DOC_TEXT, &at, e);
    *out = NULL;
    if (there <= 0)
        return there;
    size_t n = json_string_length(at.v);
    if (n > max)
        return doc_refuse(&at, e, "must have at most %zu bytes, has %zu", max, n);
    *out = json_string_value(at.v);
    return 0;
}

int doc_text(const struct doc_at *up, const char *key, size_t max, const char **out, struct err *e)
{
    struct doc_at at;
    int bad = doc_member(up, key, DOC_TEXT, &at, e);
    if (!bad && json_string_length(at.v) == 0)
        bad = doc_refuse(&at, e, "must not be empty");
    return bad ? bad : doc_text_or_null(up, key, max, out, e);
}
