// SPDX-License-Identifier: Apache-2.0
//
// Pools shown: one, or all of an account. Rows and what has ended come from the store, what runs on the nodes
// now from the engine.
//
//   rows and attempts (WORKER) -> what runs (ENGINE) -> the answer (WORKER)
#include "api/found.h"
#include "api/handlers.h"
#include "api/pool.h"
#include "api/small_list.h"
#include "api/task_views.h"
#include "core/work/pool.h"

struct showing {
    struct row_pool *row;
    size_t n;
    struct views views; // one for each row
    bool full;
    void (*answer)(struct call *c, struct small_item *v, size_t n); // NULL: the one pool itself
};

static void showing_free(void *state)
{
    views_deinit(&((struct showing *)state)->views);
}

static struct showing *showing(struct call *c, bool full)
{
    struct showing *k = c->state = arena_alloc(&c->arena, sizeof *k);
    *k = (struct showing){.full = full};
    c->state_free = showing_free;
    return k;
}

static void render_one(struct json_out *o, const struct showing *k, size_t i, house_ms now)
{
    const struct task_view *t = &k->views.v[i];
    struct task_extra x = {.attempt = t->attempt,
                           .n_attempts = t->n_attempts,
                           .live = k->views.live ? k->views.live + t->first_live : NULL,
                           .n_live = t->n_live,
                           .now = now};
    if (k->full)
        pool_render(o, NULL, &k->row[i], &x);
    else
        pool_render_summary(o, NULL, &k->row[i], &x);
}

static void render(struct call *c)
{
    struct showing *k = c->state;
    house_ms now = c->be->now(c->be->ctx);
    if (!k->answer) {
        struct json_out o = {.b = &c->out};
        render_one(&o, k, 0, now);
        return;
    }
    struct small_item *v = arena_alloc(&c->arena, (k->n + 1) * sizeof *v);
    struct buf text = BUF_INIT(CALL_OUT_MAX);
    for (size_t i = 0; i < k->n; i++) {
        struct json_out o = {.b = &text};
        buf_clear(&text);
        render_one(&o, k, i, now);
        v[i] = (struct small_item){.id = k->row[i].id,
                                   .name = k->row[i].name,
                                   .state = pool_state_name((enum pool_state)k->row[i].state),
                                   .json = arena_strdup(&c->arena, buf_str(&text))};
    }
    buf_deinit(&text);
    k->answer(c, v, k->n);
}

static void running(struct call *c)
{
    struct showing *k = c->state;
    views_live(c, &k->views);
    call_next(c, RUN_WORKER, render);
}

static void go(struct call *c)
{
    struct showing *k = c->state;
    for (size_t i = 0; i < k->n; i++) {
        struct row_task row;
        pool_as_task(&k->row[i], &row);
        views_add(&k->views, &row);
    }
    if (k->full && !views_attempts(c, &k->views))
        return;
    if (views_any_live(&k->views))
        call_next(c, RUN_ENGINE, running);
    else
        render(c);
}

void pool_get(struct call *c)
{
    struct showing *k = showing(c, true);
    k->row = arena_alloc(&c->arena, sizeof *k->row);
    *k->row = (struct row_pool){0};
    k->n = 1;
    if (found_pool(c, k->row))
        go(c);
}

static void all(struct call *c, bool full, void (*answer)(struct call *c, struct small_item *v, size_t n))
{
    struct showing *k = showing(c, full);
    struct err e = ERR_NULL;
    k->answer = answer;
    int r = c->reader->pools(c->reader->ctx, c->account.id, &c->arena, &k->row, &k->n, &e);
    if (r < 0)
        call_store_error(c, r);
    else
        go(c);
}

void pool_list_full(struct call *c)
{
    all(c, true, small_list);
}

void pool_list_summaries(struct call *c)
{
    all(c, false, small_list);
}

void pool_paginate_full(struct call *c)
{
    all(c, true, small_paginate);
}

void pool_paginate_summaries(struct call *c)
{
    all(c, false, small_paginate);
}

void pool_search(struct call *c)
{
    all(c, true, small_search);
}
