// SPDX-License-Identifier: Apache-2.0
//
// Evaluation. A dotted name that meets an array goes on into each element, so one field may have many values:
// a positive operator holds when one of them does, a negative one when none of them does the opposite.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/filter.h"
#include "api/filter_inside.h"
#include "api/json_in.h"
#include "base/when.h"

// Like looks at this much of a text. The C library's matcher takes time with the square of the length for
// some expressions: (a+)+$ needs 2 ms for 512 bytes and 160 ms for 4,096, and a list may have 100,000 tasks.
#define SUBJECT_BYTES 512

static bool as_number(const json_t *v, double *out)
{
    if (json_is_number(v)) {
        *out = json_number_value(v);
        return true;
    }
    const char *s = json_string_value(v);
    if (!s || !*s)
        return false;
    char *end;
    *out = strtod(s, &end);
    return !*end;
}

// -1, 0, 1; 2: they cannot be compared.
static int compare(const json_t *a, const json_t *b)
{
    if (json_is_null(a) || json_is_null(b))
        return json_is_null(a) && json_is_null(b) ? 0 : 2;
    if (json_is_boolean(a) || json_is_boolean(b)) {
        bool x = json_is_true(a), y = json_is_true(b);
        return json_is_boolean(a) && json_is_boolean(b) ? x - y : 2;
    }
    double x, y;
    if ((json_is_number(a) || json_is_number(b)) && as_number(a, &x) && as_number(b, &y))
        return (x > y) - (x < y);
    const char *s = json_string_value(a), *t = json_string_value(b);
    if (!s || !t)
        return 2;
    int64_t u, v;
    if (date_parse(s, &u) && date_parse(t, &v))
        return (u > v) - (u < v);
    int order = strcmp(s, t);
    return (order > 0) - (order < 0);
}

static int64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool like(const struct filter *f, const json_t *v)
{
    const char *s = json_string_value(v);
    if (!s || f->time->left_ns < 0)
        return false;
    char head[SUBJECT_BYTES + 1];
    snprintf(head, sizeof head, "%.*s", SUBJECT_BYTES, s);
    int64_t began = thread_ns();
    bool found = regexec(&f->regex, head, 0, NULL, 0) == 0;
    f->time->left_ns -= thread_ns() - began;
    return found && f->time->left_ns >= 0;
}

// Whether the positive form of the operator holds for one value of the field.
static bool one_holds(const struct filter *f, const json_t *v)
{
    for (size_t i = 0; i < json_array_size(f->values); i++) {
        int order = compare(v, json_array_get(f->values, i));
        bool ok = false;
        switch (f->op) {
        case OP_LESS:
            ok = order == -1;
            break;
        case OP_LESS_EQUAL:
            ok = order == -1 || order == 0;
            break;
        case OP_GREATER:
            ok = order == 1;
            break;
        case OP_GREATER_EQUAL:
            ok = order == 1 || order == 0;
            break;
        case OP_LIKE:
            ok = like(f, v);
            break;
        default:
            ok = order == 0;
        }
        if (ok)
            return true;
    }
    return false;
}

static bool some_holds(const struct filter *f, const json_t *v, const char *path)
{
    const json_t nothing = {.type = JSON_NULL, .refcount = (size_t)-1};
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++)
            if (some_holds(f, json_array_get(v, i), path))
                return true;
        return false;
    }
    if (!*path)
        return one_holds(f, v ? v : &nothing);
    size_t n = strcspn(path, ".");
    char name[256];
    memcpy(name, path, n);
    name[n] = '\0';
    const json_t *next = json_is_object(v) ? in_get(v, name) : NULL;
    return next ? some_holds(f, next, path + n + (path[n] == '.')) : one_holds(f, &nothing);
}

static bool holds(const struct filter *f, const json_t *object)
{
    if (f->op <= OP_OR) {
        for (size_t i = 0; i < f->n_kids; i++)
            if (holds(f->kid[i], object) != (f->op == OP_AND))
                return f->op == OP_OR;
        return f->op == OP_AND;
    }
    bool some = some_holds(f, object, f->field);
    return f->op == OP_NOT_EQUAL || f->op == OP_NOT_IN ? !some : some;
}

bool filter_holds(const struct filter *f, const json_t *object)
{
    return f->time->left_ns >= 0 && holds(f, object) && f->time->left_ns >= 0;
}
