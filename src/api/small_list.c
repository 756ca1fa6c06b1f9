// SPDX-License-Identifier: Apache-2.0
//
// A page token is "<matches before>.<order><way><id>-<key>": the place of the last item given, so that a page
// begins behind it whatever was made or deleted between.
#include "api/small_list.h"

#include <stdlib.h>
#include <string.h>

#include "api/json_in.h"
#include "api/json_out.h"
#include "api/list_in.h"

struct place { // of an item in an order
    enum task_order order;
    bool descending;
    uint64_t id;
    const char *key; // "" by creation
};

static const char *key_of(const struct small_item *i, enum task_order order)
{
    const char *key = order == ORDER_NAME ? i->name : order == ORDER_STATE ? i->state : "";
    return key ? key : "";
}

static int compare_places(const char *key, uint64_t id, const char *other_key, uint64_t other_id,
                          bool descending)
{
    int r = strcmp(key, other_key);
    if (!r)
        r = id < other_id ? -1 : id > other_id;
    return descending ? -r : r;
}

// Merge sort needs the order as an argument, which qsort cannot give without a global.
static void sort(struct small_item *v, struct small_item *spare, size_t n, enum task_order order,
                 bool descending)
{
    if (n < 2)
        return;
    size_t half = n / 2, a = 0, b = half;
    sort(v, spare, half, order, descending);
    sort(v + half, spare, n - half, order, descending);
    for (size_t i = 0; i < n; i++) {
        bool first = b == n || (a < half && compare_places(key_of(&v[a], order), v[a].id,
                                                           key_of(&v[b], order), v[b].id, descending) <= 0);
        spare[i] = first ? v[a++] : v[b++];
    }
    memcpy(v, spare, n * sizeof *v);
}

static void sort_items(struct call *c, struct small_item *v, size_t n, enum task_order order, bool descending)
{
    sort(v, arena_alloc(&c->arena, (n + 1) * sizeof *v), n, order, descending);
}

// Keeps what the filter holds of; frees it. Gives how many are left in `n`. False: failed with 400.
static bool keep(struct call *c, struct small_item *v, size_t *n, struct filter *f)
{
    size_t kept = 0;
    struct err e = ERR_NULL;
    for (size_t i = 0; i < *n; i++) {
        json_t *shown = f ? json_loads(v[i].json, 0, NULL) : NULL;
        if (!f || (shown && filter_holds(f, shown)))
            v[kept++] = v[i];
        json_decref(shown);
    }
    bool over = f && filter_overran(f, &e);
    filter_free(f);
    if (over)
        call_problem(c, NULL, "filter", e.text);
    *n = kept;
    return !over;
}

static void write_items(struct json_out *o, const char *key, const struct small_item *v, size_t n)
{
    out_array(o, key);
    for (size_t i = 0; i < n; i++)
        out_raw(o, NULL, v[i].json);
    out_end_array(o);
}

void small_list(struct call *c, struct small_item *v, size_t n)
{
    struct filter *f;
    if (!list_in_tags(c, &f))
        return;
    if (!keep(c, v, &n, f))
        return;
    sort_items(c, v, n, ORDER_CREATION, true);
    struct json_out o = {.b = &c->out};
    write_items(&o, NULL, v, n);
}

// `after` is where the page before ended; no token: it stays as it was.
static bool read_token(struct call *c, struct place *after, const char **token, int64_t *before)
{
    struct err e = ERR_NULL;
    char *at;
    *token = NULL;
    if (in_string(c->in, "token", 8192, token, &e)) {
        if (!*token || !**token) {
            *token = NULL;
            return true;
        }
        *before = strtoll(*token, &at, 10);
        if (at != *token && *at++ == '.' && *before >= 0 && *at == "cns"[after->order] &&
            at[1] == (after->descending ? 'd' : 'a') && at[2] >= '0' && at[2] <= '9') {
            after->id = strtoull(at + 2, &at, 10);
            after->key = at + 1;
            if (*at == '-')
                return true;
        }
    }
    call_problem(c, NULL, "token", "The token is not one of this list");
    return false;
}

void small_paginate(struct call *c, struct small_item *v, size_t n)
{
    struct place after = {0};
    struct filter *f = NULL;
    const char *token;
    size_t want = API_PAGE_DEFAULT;
    int64_t before = 0;
    if (!list_in_body(c))
        return;
    bool count = list_in_count(c, API_PAGE_MAX, &want);
    bool place = list_in_order(c, ORDER_STATE + 1, &after.order, &after.descending) &&
                 read_token(c, &after, &token, &before);
    if (!list_in_filter(c, &f) || !count || !place) {
        filter_free(f);
        return;
    }
    if (!keep(c, v, &n, f))
        return;
    sort_items(c, v, n, after.order, after.descending);
    size_t first = 0;
    while (token && first < n &&
           compare_places(key_of(&v[first], after.order), v[first].id, after.key, after.id,
                          after.descending) <= 0)
        first++;
    size_t given = n - first < want ? n - first : want;
    bool more = first + given < n;
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    write_items(&o, "data", v + first, given);
    out_string(&o, "token", token);
    const struct small_item *last = more ? &v[first + given - 1] : NULL;
    out_string(&o, "nextToken",
               last ? arena_printf(&c->arena, "%lld.%c%c%llu-%s", (long long)(first + given),
                                   "cns"[after.order], after.descending ? 'd' : 'a',
                                   (unsigned long long)last->id, key_of(last, after.order))
                    : NULL);
    out_bool(&o, "isTruncated", more);
    out_int(&o, "count", (int64_t)given);
    out_int(&o, "total", (int64_t)n);
    out_end_object(&o);
}

void small_search(struct call *c, struct small_item *v, size_t n)
{
    struct filter *f = NULL;
    size_t want = API_LIST_MAX;
    if (!list_in_body(c))
        return;
    bool count = list_in_count(c, API_LIST_MAX, &want);
    if (!list_in_filter(c, &f) || !count) {
        filter_free(f);
        return;
    }
    if (!keep(c, v, &n, f))
        return;
    sort_items(c, v, n, ORDER_CREATION, true);
    struct json_out o = {.b = &c->out};
    write_items(&o, NULL, v, n < want ? n : want);
}
