// SPDX-License-Identifier: Apache-2.0
//
// Depth is counted on the text before the parser sees it: its own limit is a constant of the library and far
// too deep.
#include "api/json_in.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "base/nest.h"
#include "base/when.h"

static bool few_members(const json_t *v)
{
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++)
            if (!few_members(json_array_get(v, i)))
                return false;
        return true;
    }
    if (!json_is_object(v))
        return true;
    if (json_object_size(v) > API_JSON_MEMBERS)
        return false;
    for (void *it = json_object_iter((json_t *)v); it; it = json_object_iter_next((json_t *)v, it))
        if (!few_members(json_object_iter_value(it)))
            return false;
    return true;
}

json_t *in_parse(const char *text, size_t n, struct err *e)
{
    if (nest_below(text, n, API_JSON_DEPTH)) {
        err_set(e, -E2BIG, "The body is nested deeper than %d levels", API_JSON_DEPTH);
        return NULL;
    }
    json_error_t je;
    json_t *v = json_loadb(text, n, JSON_DECODE_ANY, &je);
    if (!v) {
        err_set(e, -EINVAL, "The body is not JSON: line %d, column %d: %s", je.line, je.column, je.text);
        return NULL;
    }
    if (!few_members(v)) {
        json_decref(v);
        err_set(e, -E2BIG, "The body has an object with more than %d properties", API_JSON_MEMBERS);
        return NULL;
    }
    return v;
}

// One walk over the members: requests have few of them, and most of the names that are asked for are absent.
json_t *in_get(const json_t *object, const char *name)
{
    json_t *found = NULL;
    size_t n = strlen(name);
    for (void *it = json_object_iter((json_t *)object); it;
         it = json_object_iter_next((json_t *)object, it)) {
        const char *key = json_object_iter_key(it);
        if (json_object_iter_key_len(it) != n)
            continue;
        if (memcmp(key, name, n) == 0) {
            found = json_object_iter_value(it);
            break;
        }
        if (!found && strcasecmp(key, name) == 0)
            found = json_object_iter_value(it);
    }
    return json_is_null(found) ? NULL : found;
}

bool in_says_nothing(const json_t *v)
{
    return json_is_null(v) || (json_is_string(v) && !*json_string_value(v)) ||
           (json_is_array(v) && !json_array_size(v)) || (json_is_object(v) && !json_object_size(v));
}

void in_drop(json_t *object, const char *name)
{
    const char *key;
    json_t *v;
    void *next;
    json_object_foreach_safe(object, next, key, v)
    {
        if (!strcasecmp(key, name))
            json_object_del(object, key);
    }
}

size_t in_characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

bool in_string(const json_t *o, const char *name, size_t max, const char **out, struct err *e)
{
    json_t *v = in_get(o, name);
    if (!v)
        return true;
    if (!json_is_string(v))
        return err_set(e, -EINVAL, "%s: must be a string", name), false;
    if (in_characters(json_string_value(v)) > max)
        return err_set(e, -EINVAL, "%s: longer than %zu characters", name, max), false;
    *out = json_string_value(v);
    return true;
}

bool in_uuid(const json_t *o, const char *name, const char **out, struct err *e)
{
    const char *text = "";
    if (!in_string(o, name, API_NAME_CHARS, &text, e))
        return false;
    if (*text && strcmp(text, "00000000-0000-0000-0000-000000000000") != 0)
        *out = text;
    return true;
}

bool in_bool(const json_t *o, const char *name, bool *out, struct err *e)
{
    json_t *v = in_get(o, name);
    if (!v)
        return true;
    if (json_is_boolean(v))
        *out = json_is_true(v);
    else if (json_is_string(v) &&
             (!strcasecmp(json_string_value(v), "true") || !strcasecmp(json_string_value(v), "false")))
        *out = !strcasecmp(json_string_value(v), "true");
    else
        return err_set(e, -EINVAL, "%s: must be true or false", name), false;
    return true;
}

// Whole numbers only; 3.0 is one, as some writers know only doubles.
static bool whole(const json_t *v, int64_t *out)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return true;
    }
    if (json_is_real(v)) {
        double d = json_real_value(v);
        if (!(d > -9e15 && d < 9e15) || d != (double)(int64_t)d)
            return false;
        *out = (int64_t)d;
        return true;
    }
    const char *s = json_string_value(v);
    if (!s || !(isdigit((unsigned char)*s) || *s == '-'))
        return false;
    char *end;
    errno = 0;
    *out = strtoll(s, &end, 10);
    return !*end && !errno && end != s;
}

bool in_int(const json_t *o, const char *name, int64_t lo, int64_t hi, int64_t *out, struct err *e)
{
    json_t *v = in_get(o, name);
    if (!v)
        return true;
    int64_t n;
    if (!whole(v, &n))
        return err_set(e, -EINVAL, "%s: must be a whole number", name), false;
    if (n < lo || n > hi)
        return err_set(e, -EINVAL, "%s: must be from %" PRId64 " to %" PRId64, name, lo, hi), false;
    *out = n;
    return true;
}

#define SPAN_MAX_S INT64_C(3155760000) // a hundred years

bool in_span(const json_t *o, const char *name, int64_t *ms, struct err *e)
{
    json_t *v = in_get(o, name);
    if (!v)
        return true;
    int64_t s;
    if (whole(v, &s)) {
        if (s < 0 || s > SPAN_MAX_S)
            return err_set(e, -EINVAL, "%s: must be from 0 to %" PRId64 " seconds", name, SPAN_MAX_S), false;
        *ms = s * 1000;
        return true;
    }
    int64_t t;
    if (!json_is_string(v) || !span_parse(json_string_value(v), &t) || t < 0 || t > SPAN_MAX_S * 1000)
        return err_set(e, -EINVAL, "%s: must be a time span [d.]hh:mm:ss or a number of seconds", name),
               false;
    *ms = t;
    return true;
}

bool in_enum(const json_t *o, const char *name, const char *const *word, int n, int *out, struct err *e)
{
    json_t *v = in_get(o, name);
    if (!v || (json_is_string(v) && !*json_string_value(v)))
        return true;
    int64_t index;
    if (whole(v, &index) && index >= 0 && index < n) {
        *out = (int)index;
        return true;
    }
    for (int i = 0; json_is_string(v) && i < n; i++) {
        if (!strcasecmp(json_string_value(v), word[i])) {
            *out = i;
            return true;
        }
    }
    char list[160] = "";
    for (int i = 0; i < n; i++) {
        size_t at = strlen(list);
        snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", word[i]);
    }
    return err_set(e, -EINVAL, "%s: must be one of %s", name, list), false;
}

const char *in_scalar(const json_t *v, struct arena *a)
{
    switch (v ? json_typeof(v) : JSON_NULL) {
    case JSON_STRING:
        return json_string_value(v);
    case JSON_INTEGER:
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    case JSON_REAL: {
        // The shortest text that reads back as the same number, as the sender most likely wrote it.
        for (int digits = 1; digits <= 17; digits++) {
            const char *text = arena_printf(a, "%.*g", digits, json_real_value(v));
            if (strtod(text, NULL) == json_real_value(v))
                return text;
        }
        return NULL;
    }
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return NULL;
    }
}
