// SPDX-License-Identifier: Apache-2.0
#include "net/wire_field.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "net/base64.h"

// jansson refuses text that is not UTF-8: what came from the outside (a processor's model) must not lose the
// message.
static json_t *text_json(const char *s)
{
    size_t n = strlen(s);
    if (utf8_valid(s, n))
        return json_stringn_nocheck(s, n);
    char *clean = malloc(n + 1);
    if (!clean)
        abort();
    for (size_t i = 0; i <= n; i++)
        clean[i] = (unsigned char)s[i] < 0x80 ? s[i] : '?';
    json_t *j = json_stringn_nocheck(clean, n);
    free(clean);
    return j;
}

static json_t *hex_json(uint64_t v, const char *prefix)
{
    char text[24];
    snprintf(text, sizeof text, "%s%016" PRIx64, prefix, v);
    return json_string(text);
}

static json_t *field_json(const struct field *f, const void *at)
{
    switch (f->type) {
    case FIELD_I32:
        return json_integer(*(const int32_t *)at);
    case FIELD_I32_0:
        return *(const int32_t *)at ? json_integer(*(const int32_t *)at) : NULL;
    case FIELD_I64:
        return json_integer(*(const int64_t *)at);
    case FIELD_U64: {
        uint64_t v = *(const uint64_t *)at;
        return v > INT64_MAX ? hex_json(v, "0x") : json_integer((json_int_t)v);
    }
    case FIELD_HEX:
        return hex_json(*(const uint64_t *)at, "");
    case FIELD_FLAG:
        return *(const bool *)at ? json_true() : NULL;
    case FIELD_BOOL:
        return json_boolean(*(const bool *)at);
    case FIELD_NAME:
    case FIELD_NAME0:
    case FIELD_TEXT:
        return text_json(at);
    case FIELD_STR: {
        const char *s = *(const char *const *)at;
        return s ? text_json(s) : NULL;
    }
    case FIELD_ENUM:
        return json_string(f->name_of(*(const uint8_t *)at));
    case FIELD_I64S: {
        json_t *list = json_array();
        for (size_t i = 0; i < f->limit; i++)
            json_array_append_new(list, json_integer(((const int64_t *)at)[i]));
        return list;
    }
    }
    return NULL;
}

void fields_write(json_t *to, const struct field *f, size_t n, const void *from)
{
    for (size_t i = 0; i < n; i++) {
        json_t *j = field_json(&f[i], (const char *)from + f[i].at);
        if (j)
            json_object_set_new_nocheck(to, f[i].name, j);
    }
}

int name_find(const char *text, int n, const char *(*name_of)(int value))
{
    for (int i = 0; i < n; i++)
        if (strcmp(text, name_of(i)) == 0)
            return i;
    return -1;
}

static int wrong(const struct field *f, const char *want, struct err *e)
{
    return err_set(e, -EBADMSG, "%s: is not %s", f->name, want);
}

static int hex_read(const struct field *f, const char *text, uint64_t *v, struct err *e)
{
    if (!hex_is(text, 16))
        return wrong(f, "16 hex digits", e);
    *v = strtoull(text, NULL, 16);
    return 0;
}

static int integer_read(const struct field *f, const json_t *j, void *at, struct err *e)
{
    if (f->type == FIELD_U64 && json_is_string(j)) {
        const char *text = json_string_value(j);
        if (strncmp(text, "0x", 2) != 0)
            return wrong(f, "an integer", e);
        return hex_read(f, text + 2, at, e);
    }
    if (!json_is_integer(j))
        return wrong(f, "an integer", e);
    json_int_t v = json_integer_value(j);
    if (f->type == FIELD_I32 || f->type == FIELD_I32_0) {
        if (v < INT32_MIN || v > INT32_MAX)
            return wrong(f, "an integer of 32 bits", e);
        *(int32_t *)at = (int32_t)v;
    } else if (f->type == FIELD_U64) {
        if (v < 0)
            return wrong(f, "0 or more", e);
        *(uint64_t *)at = (uint64_t)v;
    } else {
        *(int64_t *)at = v;
    }
    return 0;
}

static bool name_well_formed(const char *s, bool may_be_empty)
{
    if (!*s)
        return may_be_empty;
    if (!isalnum((unsigned char)*s))
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
            return false;
    return true;
}

static int text_read(const struct field *f, const json_t *j, void *at, struct arena *a, struct err *e)
{
    const char *s = json_string_value(j);
    size_t n = s ? json_string_length(j) : 0;
    if (!s || strlen(s) != n)
        return wrong(f, "a text", e);
    if (f->type == FIELD_STR) {
        if (n > f->limit)
            return err_set(e, -EBADMSG, "%s: %zu bytes where at most %zu are taken", f->name, n, f->limit);
        *(const char **)at = arena_strndup(a, s, n);
        return 0;
    }
    if (n >= f->limit)
        return err_set(e, -EBADMSG, "%s: %zu bytes where at most %zu are taken", f->name, n, f->limit - 1);
    if (f->type != FIELD_TEXT && !name_well_formed(s, f->type == FIELD_NAME0))
        return wrong(f, "a name (letters, digits, dot, dash, underscore; starts with a letter or digit)", e);
    memset(at, 0, f->limit);
    memcpy(at, s, n);
    return 0;
}

static int list_read(const struct field *f, const json_t *j, int64_t *at, struct err *e)
{
    if (!json_is_array(j) || json_array_size(j) != f->limit)
        return err_set(e, -EBADMSG, "%s: is not an array of %zu integers", f->name, f->limit);
    for (size_t i = 0; i < f->limit; i++) {
        const json_t *item = json_array_get(j, i);
        if (!json_is_integer(item))
            return wrong(f, "an array of integers", e);
        at[i] = json_integer_value(item);
    }
    return 0;
}

static int field_read(const struct field *f, const json_t *j, void *at, struct arena *a, struct err *e)
{
    switch (f->type) {
    case FIELD_I32:
    case FIELD_I32_0:
    case FIELD_I64:
    case FIELD_U64:
        return integer_read(f, j, at, e);
    case FIELD_HEX:
        return json_is_string(j) ? hex_read(f, json_string_value(j), at, e) : wrong(f, "16 hex digits", e);
    case FIELD_BOOL:
    case FIELD_FLAG:
        if (!json_is_boolean(j))
            return wrong(f, "true or false", e);
        *(bool *)at = json_is_true(j);
        return 0;
    case FIELD_NAME:
    case FIELD_NAME0:
    case FIELD_TEXT:
    case FIELD_STR:
        return text_read(f, j, at, a, e);
    case FIELD_ENUM: {
        int v = json_is_string(j) ? name_find(json_string_value(j), (int)f->limit, f->name_of) : -1;
        if (v < 0)
            return wrong(f, "one of its names", e);
        *(uint8_t *)at = (uint8_t)v;
        return 0;
    }
    case FIELD_I64S:
        return list_read(f, j, at, e);
    }
    return -EBADMSG;
}

int fields_read(const json_t *from, const struct field *f, size_t n, void *to, struct arena *a, struct err *e)
{
    if (!json_is_object(from))
        return err_set(e, -EBADMSG, "is not an object");
    for (size_t i = 0; i < n; i++) {
        const json_t *j = json_object_get(from, f[i].name);
        if (!j && f[i].type == FIELD_STR) {
            *(const char **)((char *)to + f[i].at) = NULL;
            continue;
        }
        if (!j && f[i].type == FIELD_FLAG) {
            *(bool *)((char *)to + f[i].at) = false;
            continue;
        }
        if (!j && f[i].type == FIELD_I32_0) {
            *(int32_t *)((char *)to + f[i].at) = 0;
            continue;
        }
        if (!j)
            return err_set(e, -EBADMSG, "%s: is missing", f[i].name);
        int r = field_read(&f[i], j, (char *)to + f[i].at, a, e);
        if (r < 0)
            return r;
    }
    return 0;
}

int array_read(const json_t *from, const char *name, size_t max, bool may_lack, const json_t **array,
               struct err *e)
{
    const json_t *j = json_object_get(from, name);
    *array = j;
    if (!j && may_lack)
        return 0;
    if (!json_is_array(j))
        return err_set(e, -EBADMSG, "%s: is not an array", name);
    if (json_array_size(j) > max)
        return err_set(e, -EBADMSG, "%s: %zu items where at most %zu are taken", name, json_array_size(j),
                       max);
    return 0;
}
