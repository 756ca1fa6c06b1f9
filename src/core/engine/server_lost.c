// SPDX-License-Identifier: Apache-2.0
//
// Lost attempts cost no retry, and are tried again: what no board can bring to its end would run for
// ever, at its customer's cost. So they are counted, by whose doing they probably are. A node that falls
// silent, a link, a board that starts nothing happen to any task, and a fleet may have a bad week; what a node
// has tried and another board may do better is, after as many boards, the task's own doing.
//
// A hundred boards can try within seconds, though, while the storage is away for a minute, and then it was not.
// So the instance rests between, twice as long each time: 1, 2, 4 .. 512 s, then 600 s for each of the other 89.
// That is 15 hours until it is given up, and lost seconds while it is lost once or twice. When it was lost stands
// in its attempts, so the rest goes on after a restart and needs no row.
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_task.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/plan/backoff.h"

#define LOST_MOST      1000 // a thousand lost nodes, or a hundred boards that tried
#define POINTS_OF_TASK 10

#define REST_FIRST_MS 1000
#define REST_MOST_MS  600000

uint32_t lost_points(const char *code)
{
    static const char *const of_the_fleet[] = {"",         "lease-lapsed", "epoch-refused",
                                               "no-board", "no-node",      "no-body"};
    bool fleet = !code || strncmp(code, "ONDOL-", 6) == 0 || board_is_blamed(code);
    for (size_t i = 0; i < sizeof of_the_fleet / sizeof *of_the_fleet && !fleet; i++)
        fleet = strcmp(code, of_the_fleet[i]) == 0;
    return fleet ? 1 : POINTS_OF_TASK;
}

bool lost_too_often(struct task *t, uint32_t instance, const struct retried *tried,
                    const struct attempt_figures *f)
{
    if (tried->lost < LOST_MOST)
        return false;
    struct buf text = BUF_INIT(400);
    buf_putf(&text, "instance %u: lost too often, in %u attempts; the last time: %.200s", (unsigned)instance,
             (unsigned)tried->attempts, f->message && *f->message ? f->message : "its node fell silent");
    task_error(t, "ONDOL-LOST-TOO-OFTEN", buf_str(&text), f->code && *f->code ? f->code : "");
    buf_deinit(&text);
    return true;
}

// ---- the rest before the next attempt

// Where it stands, or would stand: they are sorted by instance.
static size_t rest_at(const struct task_sets *sets, uint32_t instance)
{
    size_t lo = 0, hi = sets->n_rest;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (sets->rest[mid].instance < instance)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void lost_begin_rest(struct server *s, uint32_t task, uint32_t instance, house_ms ended)
{
    struct task *t = &s->task[task];
    struct task_sets *sets = task_sets(t);
    int32_t times = (int32_t)(task_retried(t, instance).lost / POINTS_OF_TASK);
    int64_t ms = backoff_ms(times, REST_FIRST_MS, REST_MOST_MS);
    if (ms <= 0 || t->holder)
        return;
    size_t at = rest_at(sets, instance);
    if (at == sets->n_rest || sets->rest[at].instance != instance) {
        (void)VEC_PUSH(sets->rest, sets->n_rest, sets->cap_rest);
        memmove(sets->rest + at + 1, sets->rest + at, (sets->n_rest - 1 - at) * sizeof *sets->rest);
    }
    sets->rest[at] = (struct lost_rest){.instance = instance, .until = house_add(ended, ms)};
    if (!s->restoring)
        timer_add(s, TIMER_LOST, t->id, sets->rest[at].until);
}

// What is over, and what waits no more, is forgotten.
static void drop_over(struct task *t, house_ms now)
{
    size_t n = 0;
    for (size_t i = 0; i < t->sets->n_rest; i++)
        if (house_before(now, t->sets->rest[i].until) && ranges_has(&t->pending, t->sets->rest[i].instance))
            t->sets->rest[n++] = t->sets->rest[i];
    t->sets->n_rest = n;
    if (!n)
        lost_forget(t);
}

void lost_restored(struct server *s, uint32_t task)
{
    struct task *t = &s->task[task];
    if (!t->sets || !t->sets->n_rest)
        return;
    drop_over(t, s->now);
    for (size_t i = 0; i < t->sets->n_rest; i++)
        timer_add(s, TIMER_LOST, t->id, t->sets->rest[i].until);
}

void lost_timer(struct server *s, uint64_t task_id)
{
    uint32_t slot;
    if (!server_task_slot(s, task_id, &slot) || !s->task[slot].sets || !s->task[slot].sets->n_rest)
        return;
    drop_over(&s->task[slot], s->now);
    task_plan(s, slot);
}

void lost_forget(struct task *t)
{
    if (!t->sets)
        return;
    free(t->sets->rest);
    t->sets->rest = NULL;
    t->sets->n_rest = t->sets->cap_rest = 0;
}

uint64_t task_ready_count(const struct task *t)
{
    uint64_t n = ranges_count(&t->pending);
    for (size_t i = 0; t->sets && i < t->sets->n_rest; i++)
        n -= ranges_has(&t->pending, t->sets->rest[i].instance);
    return n;
}

bool task_ready_pop(struct task *t, uint32_t *instance)
{
    if (!t->sets || !t->sets->n_rest)
        return ranges_pop_lowest(&t->pending, instance);
    const struct task_sets *sets = t->sets;
    uint32_t id = 0;
    for (size_t i = 0; ranges_next(&t->pending, id, &id); id++) {
        while (i < sets->n_rest && sets->rest[i].instance < id)
            i++;
        if (i < sets->n_rest && sets->rest[i].instance == id)
            continue;
        *instance = id;
        return ranges_remove(&t->pending, id);
    }
    return false;
}

bool lost_why(const struct task *t, house_ms now, struct buf *out)
{
    int64_t n = (int64_t)(ranges_count(&t->pending) - task_ready_count(t)), first_ms = INT64_MAX;
    for (size_t i = 0; n && i < t->sets->n_rest; i++) {
        int64_t ms = house_since(t->sets->rest[i].until, now);
        first_ms = ms < first_ms ? ms : first_ms;
    }
    if (!n)
        return false;
    long long s = first_ms > 0 ? (first_ms + 999) / 1000 : 0;
    if (n == 1)
        buf_putf(out, "1 instance waits, because attempts were lost %d times; it is tried again in %lld s",
                 (int)rare_of(t)->lost, s);
    else
        buf_putf(
            out,
            "%lld instances wait, because attempts were lost %d times; the first is tried again in %lld s",
            (long long)n, (int)rare_of(t)->lost, s);
    return true;
}
