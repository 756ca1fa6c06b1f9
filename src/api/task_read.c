// SPDX-License-Identifier: Apache-2.0
//
// One task: GET /tasks/{id} and its why.
#include "api/handlers.h"
#include "api/shown.h"
#include "api/task_views.h"
#include "core/work/ranges.h"

// A task shown as FullyExecuting must list its instances. When the engine knows none, they ended after the
// row was read, and the answer past the gate is no older than that: reading again finds it.
#define LOOKS_MAX 3

struct looking {
    struct views views;
    int looks;
    struct shown_mark mark;
};

static void looking_free(void *state)
{
    views_deinit(&((struct looking *)state)->views);
}

static struct looking *look(struct call *c)
{
    if (!c->state) {
        c->state = arena_alloc(&c->arena, sizeof(struct looking));
        c->state_free = looking_free;
    }
    return c->state;
}

static void task_look(struct call *c);

// Whether the answer is the same until a row of the task changes: nothing of it runs, and the status, which
// has the time of day while a task is under way, has none.
static bool lasts(const struct task_view *t)
{
    const struct row_task_live *l = &t->row.live;
    bool ended = task_state_final(l->state) && l->end_ms >= 0;
    return !t->n_live && (ended || !l->started_once || !*l->started_once);
}

static void render(struct call *c)
{
    struct looking *k = c->state;
    struct task_view *t = &k->views.v[0];
    if (t->row.live.state == TASK_FULLY_EXECUTING && !t->n_live && k->looks < LOOKS_MAX) {
        call_next(c, RUN_WORKER, task_look);
        return;
    }
    struct json_out o = {.b = &c->out};
    views_render(&o, &k->views, 0, c->be->now(c->be->ctx), c->be->storage_url);
    if (c->be->shown && !c->out.failed && lasts(t))
        shown_keep(c->be->shown, k->mark, &t->row, buf_str(&c->out), c->out.n);
}

// A few instances are written where the gate opens, which is the thread that commits; many would hold it up.
#define HERE_MOST 8

static void running(struct call *c)
{
    struct looking *k = c->state;
    views_live(c, &k->views);
    const struct task_view *t = &k->views.v[0];
    call_next(c, t->n_live + t->n_attempts <= HERE_MOST ? RUN_HERE : RUN_WORKER, render);
}

// Once in a while one of the calls looks whether the store is still ours.
static void mark(struct call *c, struct looking *k)
{
    struct shown *s = c->be->shown;
    uint64_t epoch = 0;
    struct err e = ERR_NULL;
    if (!s)
        return;
    k->mark = shown_mark(s);
    if (!shown_leads(s) && c->reader->epoch(c->reader->ctx, &epoch, &e) == 0 && epoch == c->be->epoch)
        shown_lead(s, k->mark);
}

static void task_look(struct call *c)
{
    struct looking *k = look(c);
    k->looks++;
    views_clear(&k->views);
    mark(c, k);
    if (!views_find(c, &k->views) || !views_attempts(c, &k->views))
        return;
    if (views_any_live(&k->views))
        call_next(c, RUN_ENGINE, running);
    else
        render(c);
}

void task_get(struct call *c)
{
    if (!c->be->shown || !shown_get(c->be->shown, c->account.id, c->param[0], &c->out))
        call_next(c, RUN_WORKER, task_look);
}

// ---- why

static void why_answer(struct call *c, const struct row_task *row, const char *sentence)
{
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_string(&o, "uuid", row->uuid);
    out_string(&o, "state", task_state_name(row->live.state));
    out_string(&o, "why", sentence);
    out_end_object(&o);
}

// How many, and which: "3 (0-1,7)".
static const char *counted(struct call *c, const char *ids)
{
    struct ranges set = RANGES_NULL;
    int bad = ids && *ids ? ranges_parse(&set, ids, RANGES_ID_MAX, NULL) : 0;
    uint64_t n = bad ? 0 : ranges_count(&set);
    ranges_deinit(&set);
    return n ? arena_printf(&c->arena, "%llu (%s)", (unsigned long long)n, ids) : "none";
}

static void why_final(struct call *c, const struct row_task *row)
{
    const struct row_task_live *l = &row->live;
    char ended[DATE_TEXT_BYTES];
    date_format(ended, HOUSE_MS(l->end_ms));
    why_answer(
        c, row,
        arena_printf(
            &c->arena,
            "%s since %s: of %d instances %s succeeded and %s failed; %d attempts were lost and %d preempted",
            task_state_name(l->state), ended, row->instances, counted(c, l->succeeded), counted(c, l->failed),
            l->lost_attempts, l->preempted_attempts));
}

static void why_engine(struct call *c)
{
    struct looking *k = c->state;
    const struct row_task *row = &k->views.v[0].row;
    struct buf text = BUF_INIT(4096);
    if (server_why_task(c->engine, row->id, c->now, &text))
        why_answer(c, row, buf_str(&text));
    else if (k->looks < LOOKS_MAX)
        call_next(c, RUN_WORKER, task_why);
    else
        why_answer(c, row, "It is about to end");
    buf_deinit(&text);
}

void task_why(struct call *c)
{
    struct looking *k = look(c);
    k->looks++;
    views_clear(&k->views);
    if (!views_find(c, &k->views))
        return;
    const struct row_task *row = &k->views.v[0].row;
    if (task_state_final(row->live.state))
        why_final(c, row);
    else
        call_next(c, RUN_ENGINE, why_engine);
}
