// SPDX-License-Identifier: Apache-2.0
//
// A page token is "<matches before>.<order><way><id>-<key>": the place of the last item given, so that a page
// begins behind it whatever was made or deleted between.
#include "api/small_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/filter.h"
#include "api/json_in.h"
#include "api/json_out.h"

enum order { BY_CREATION, BY_NAME, BY_STATE };

struct place { // of an item in an order
    enum order order;
    bool descending;
    uint64_t id;
    const char *key; // "" by creation
};

static const char *key_of(const struct small_item *i, enum order order)
{
    const char *key = order == BY_NAME ? i->name : order == BY_STATE ? i->state : "";
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
static void sort(struct small_item *v, struct small_item *spare, size_t n, enum order order, bool descending)
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

static void sort_items(struct call *c, struct small_item *v, size_t n, enum order order, bool descending)
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
    const char *tag[CALL_QUERY_MAX];
    size_t n_tags = 0;
    for (size_t i = 0; i < c->n_query; i++)
        if (!strcasecmp(c->query_name[i], "tag"))
            tag[n_tags++] = c->query_value[i];
    struct err e = ERR_NULL;
    struct filter *f = n_tags ? filter_of_tags(tag, n_tags, &e) : NULL;
    if (n_tags && !f) {
        call_fail(c, 400, "%s", e.text);
        return;
    }
    if (!keep(c, v, &n, f))
        return;
    sort_items(c, v, n, BY_CREATION, true);
    struct json_out o = {.b = &c->out};
    write_items(&o, NULL, v, n);
}

// ---- what the body of a page or search asks for

static bool read_filter(struct call *c, struct filter **f)
{
    struct err e = ERR_NULL;
    const json_t *in = in_get(c->in, "filter");
    *f = in ? filter_new(in, &e) : NULL;
    if (in && !*f)
        call_problem(c, NULL, "filter", e.text);
    if (*f && c->be->like_ms)
        filter_allow_ms(*f, c->be->like_ms);
    return !in || *f;
}

static bool read_count(struct call *c, int64_t *n, int64_t most)
{
    struct err e = ERR_NULL;
    if (!in_int(c->in, "maximumResults", 1, INT32_MAX, n, &e)) {
        call_problem(c, NULL, "maximumResults", e.text);
        return false;
    }
    if (*n > most)
        *n = most;
    return true;
}

static bool read_order(struct call *c, struct place *p)
{
    static const char *const words[] = {"creationDate", "name", "state"}, *const ways[] = {"ASC", "DESC"};
    int order = 0, way = in_get(c->in, "orderBy") ? 0 : 1; // as it comes: the newest first
    struct err e = ERR_NULL;
    bool known = in_enum(c->in, "orderBy", words, 3, &order, &e);
    if (!known)
        call_problem(c, NULL, "orderBy", e.text);
    if (!in_enum(c->in, "orderType", ways, 2, &way, &e)) {
        call_problem(c, NULL, "orderType", e.text);
        return false;
    }
    if (!known)
        return false;
    p->order = (enum order)order;
    p->descending = way == 1;
    return true;
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

static bool read_body(struct call *c)
{
    if (!call_json(c))
        return false;
    if (!c->in)
        c->in = json_object();
    if (json_is_object(c->in))
        return true;
    call_problem(c, NULL, "$", "The body must be a JSON object");
    return false;
}

void small_paginate(struct call *c, struct small_item *v, size_t n)
{
    struct place after = {0};
    struct filter *f = NULL;
    const char *token;
    int64_t want = API_PAGE_DEFAULT, before = 0;
    if (!read_body(c))
        return;
    bool count = read_count(c, &want, API_PAGE_MAX);
    bool place = read_order(c, &after) && read_token(c, &after, &token, &before);
    if (!read_filter(c, &f) || !count || !place) {
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
    size_t given = n - first < (size_t)want ? n - first : (size_t)want;
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
    int64_t want = API_LIST_MAX;
    if (!read_body(c))
        return;
    bool count = read_count(c, &want, API_LIST_MAX);
    if (!read_filter(c, &f) || !count) {
        filter_free(f);
        return;
    }
    if (!keep(c, v, &n, f))
        return;
    sort_items(c, v, n, BY_CREATION, true);
    struct json_out o = {.b = &c->out};
    write_items(&o, NULL, v, n < (size_t)want ? n : (size_t)want);
}
