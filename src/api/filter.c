// SPDX-License-Identifier: Apache-2.0
//
// Compiling. Everything a stranger can make large is counted here, so that evaluation needs no limits: nodes
// in all, depth, values in all, and what a regular expression may cost (like.h).
#include "api/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/filter_inside.h"
#include "api/json_in.h"
#include "api/like.h"
#include "base/mem.h"

static const char *const op_names[OP_N] = {
    [OP_AND] = "And",
    [OP_OR] = "Or",
    [OP_EQUAL] = "Equal",
    [OP_NOT_EQUAL] = "NotEqual",
    [OP_IN] = "In",
    [OP_NOT_IN] = "NotIn",
    [OP_LESS] = "LessThan",
    [OP_LESS_EQUAL] = "LessThanOrEqual",
    [OP_GREATER] = "GreaterThan",
    [OP_GREATER_EQUAL] = "GreaterThanOrEqual",
    [OP_LIKE] = "Like",
};

struct budget {
    int nodes, values;
};

void filter_free(struct filter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_kids; i++)
        filter_free(f->kid[i]);
    free(f->kid);
    free(f->field);
    json_decref(f->values);
    if (f->has_regex)
        regfree(&f->regex);
    if (f->owns_time)
        free(f->time);
    free(f);
}

static bool compile_regex(struct filter *f, struct err *e)
{
    const char *text = json_string_value(json_array_get(f->values, 0));
    if (!text)
        return err_set(e, -EINVAL, "filter: Like needs a string"), false;
    f->has_regex = like_compile(&f->regex, text, e);
    return f->has_regex;
}

static bool read_values(struct filter *f, const json_t *in, struct budget *left, struct err *e)
{
    json_t *list = in_get(in, "values");
    if (!list)
        list = in_get(in, "value");
    if (json_is_array(list)) {
        left->values -= (int)json_array_size(list);
        f->values = left->values < 0 ? NULL : json_deep_copy(list);
        if (!f->values)
            return err_set(e, -E2BIG, "filter: more than %d values", API_FILTER_VALUES), false;
    } else {
        f->values = json_array();
        json_array_append_new(f->values, list ? json_deep_copy(list) : json_null());
    }
    for (size_t i = 0; i < json_array_size(f->values); i++) {
        const json_t *v = json_array_get(f->values, i);
        if (json_is_array(v) || json_is_object(v))
            return err_set(e, -EINVAL, "filter: a value must be a string, a number, a boolean or null"),
                   false;
    }
    if (json_array_size(f->values) != 1 && f->op != OP_IN && f->op != OP_NOT_IN)
        return err_set(e, -EINVAL, "filter: %s takes one value", op_names[f->op]), false;
    return true;
}

static struct filter *compile(const json_t *in, int depth, struct budget *left, struct err *e);

static bool read_kids(struct filter *f, const json_t *list, int depth, struct budget *left, struct err *e)
{
    if (!json_is_array(list))
        return err_set(e, -EINVAL, "filter: %s needs an array \"filters\"", op_names[f->op]), false;
    if (json_array_size(list) > (size_t)left->nodes)
        return err_set(e, -E2BIG, "filter: more than %d parts", API_FILTER_NODES), false;
    f->kid = mem_array(json_array_size(list), sizeof *f->kid);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct filter *kid = compile(json_array_get(list, i), depth + 1, left, e);
        if (!kid)
            return false;
        f->kid[f->n_kids++] = kid;
    }
    return true;
}

static bool read_leaf(struct filter *f, const json_t *in, struct budget *left, struct err *e)
{
    const char *field = json_string_value(in_get(in, "field"));
    if (!field || !*field || strlen(field) > 255)
        return err_set(e, -EINVAL, "filter: %s needs a \"field\" of at most 255 bytes", op_names[f->op]),
               false;
    f->field = mem_strdup(field);
    return read_values(f, in, left, e) && (f->op != OP_LIKE || compile_regex(f, e));
}

static struct filter *compile(const json_t *in, int depth, struct budget *left, struct err *e)
{
    if (depth > API_FILTER_DEPTH || --left->nodes < 0) {
        err_set(e, -E2BIG, "filter: nested deeper than %d or more than %d parts", API_FILTER_DEPTH,
                API_FILTER_NODES);
        return NULL;
    }
    const char *name = json_is_object(in) ? json_string_value(in_get(in, "operator")) : NULL;
    int op = 0;
    while (name && op < OP_N && strcasecmp(op_names[op], name) != 0)
        op++;
    if (!name || op == OP_N) {
        err_set(e, -EINVAL, "filter: unknown operator %.40s", name ? name : "(none)");
        return NULL;
    }
    struct filter *f = mem_alloc(sizeof *f);
    f->op = (enum filter_op)op;
    bool ok = op <= OP_OR ? read_kids(f, in_get(in, "filters"), depth, left, e) : read_leaf(f, in, left, e);
    if (!ok) {
        filter_free(f);
        return NULL;
    }
    return f;
}

static void share_time(struct filter *f, struct like_time *time)
{
    f->time = time;
    for (size_t i = 0; i < f->n_kids; i++)
        share_time(f->kid[i], time);
}

struct filter *filter_new(const json_t *in, struct err *e)
{
    struct budget left = {API_FILTER_NODES, API_FILTER_VALUES};
    struct filter *f = compile(in, 1, &left, e);
    if (!f)
        return NULL;
    share_time(f, mem_alloc(sizeof *f->time));
    f->owns_time = true;
    filter_allow_ms(f, API_LIKE_MS);
    return f;
}

void filter_allow_ms(struct filter *f, int64_t ms)
{
    f->time->left_ns = ms * 1000000;
}

bool filter_overran(const struct filter *f, struct err *e)
{
    if (f->time->left_ns >= 0)
        return false;
    err_set(e, -E2BIG, "filter: its Like expressions take too long to try on so many (more than %d ms)",
            API_LIKE_MS);
    return true;
}

struct filter *filter_of_tags(const char *const *group, size_t n, struct err *e)
{
    json_t *any = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *all = json_array();
        for (const char *at = group[i]; *at;) {
            size_t len = strcspn(at, ",");
            if (len)
                json_array_append_new(
                    all, json_pack("{s:s,s:s,s:s%}", "operator", "Equal", "field", "tags", "value", at, len));
            at += len + (at[len] == ',');
        }
        json_array_append_new(any, json_pack("{s:s,s:o}", "operator", "And", "filters", all));
    }
    json_t *in = json_pack("{s:s,s:o}", "operator", "Or", "filters", any);
    struct filter *f = filter_new(in, e);
    json_decref(in);
    return f;
}

bool filter_mentions(const struct filter *f, const char *field)
{
    for (size_t i = 0; i < f->n_kids; i++)
        if (filter_mentions(f->kid[i], field))
            return true;
    size_t len = f->field ? strcspn(f->field, ".") : 0;
    return len && strlen(field) == len && !strncasecmp(field, f->field, len);
}

bool filter_needs_more(const struct filter *f, const char *const *known, size_t n)
{
    for (size_t i = 0; i < f->n_kids; i++)
        if (filter_needs_more(f->kid[i], known, n))
            return true;
    if (!f->field)
        return false;
    size_t len = strcspn(f->field, ".");
    for (size_t i = 0; i < n; i++)
        if (strlen(known[i]) == len && !strncasecmp(known[i], f->field, len))
            return false;
    return true;
}
