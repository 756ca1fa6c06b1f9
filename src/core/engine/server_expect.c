// SPDX-License-Identifier: Apache-2.0
//
// How long an instance of a task is expected to run: what its own instances took once three have ended well,
// until then what the customer said, and if nothing was said what the account's instances of that profile
// took. Of what nothing is known the price table has a guess, which grows with what its attempts have done
// without an end: it decides where it runs and whether it is moved, and is not told to people. Kept in
// memory; after a restart it is learned again from the attempts that are loaded. The customer's word is not
// loaded: it stands for the first three instances only.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#define LONGEST_S 1000000000 // three decades

void task_expect(struct server *s, uint32_t slot, const char *profile, int64_t said_ms)
{
    struct task *t = &s->task[slot];
    struct buf key = BUF_INIT(512);
    uint64_t at;
    t->said_s = (int32_t)int_clamp(said_ms > 0 ? (said_ms + 999) / 1000 : 0, 0, INT32_MAX);
    buf_putu(&key, s->account[t->account].id);
    buf_putc(&key, '/');
    buf_puts(&key, profile ? profile : "");
    if (!strmap_get(&s->history_at, buf_str(&key), &at)) {
        (void)VEC_PUSH(s->history, s->n_histories, s->cap_histories);
        at = s->n_histories - 1;
        s->history[at] = (struct expect){0};
        strmap_set(&s->history_at, buf_str(&key), at);
    }
    t->history = (uint32_t)at;
    buf_deinit(&key);
}

// An instance ended well: core-MHz x seconds that it did, and on which board. Without that figure (0) its
// seconds count.
void task_learn(struct server *s, uint32_t slot, const struct board *b, int64_t work_mhz_s, int64_t exec_ms)
{
    int64_t full = b ? curve_max_work_mhz(&b->make->curve) : 0;
    int64_t run_s = work_mhz_s > 0 && full > 0 ? work_mhz_s / full : exec_ms / 1000;
    expect_add(&task_sets(&s->task[slot])->expect, run_s);
    expect_add(&s->history[s->task[slot].history], run_s);
}

int32_t task_expected_s(const struct server *s, const struct task *t)
{
    int32_t own = t->sets ? expect_run_s(&t->sets->expect) : -1;
    return own >= 0 ? own : t->said_s > 0 ? t->said_s : expect_run_s(&s->history[t->history]);
}

int64_t task_run_s(const struct server *s, const struct task *t)
{
    return expect_whole_s(task_expected_s(s, t), planner_prices(s->planner)->unknown_run_s,
                          t->sets ? t->sets->ran_s : 0);
}

// Its like are known by what they used; of what it is given it uses as much from now on as before.
static int64_t given_s(const struct lease *l, int64_t used_s)
{
    int64_t permille = l->used_ms > 0 ? int_clamp(l->done_ms * 1000 / l->used_ms, 1000, 1000000) : 1000;
    return int_clamp(used_s * permille / 1000, 0, LONGEST_S);
}

int64_t lease_open_s(const struct server *s, const struct lease *l)
{
    int32_t known_s = task_expected_s(s, &s->task[l->task]);
    if (known_s < 0)
        return expect_left_s(-1, planner_prices(s->planner)->unknown_run_s, l->done_ms / 1000);
    return given_s(l, expect_left_s(known_s, 0, l->used_ms / 1000));
}

int32_t lease_speed_permille(const struct lease *l)
{
    return l->max_freq_mhz > 0
               ? (int32_t)int_clamp(int_quotient((int64_t)l->freq_mhz * l->duty_permille, l->max_freq_mhz), 0,
                                    1000)
               : -1;
}

// Its level was reported: what of the time since the last was no execution, since it had no cycles.
void lease_stood(struct lease *l, house_ms at, int32_t speed_before, int64_t exec_ms_before)
{
    if (speed_before == 0 && l->level_at.v && l->state == LEASE_STARTED) { // not while it is set aside
        int64_t ms = house_since(at, l->level_at) - (l->exec_ms - exec_ms_before);
        l->still_ms += ms > 0 ? ms : 0;
    }
    l->level_at = at;
}

int64_t lease_up_ms(const struct lease *l)
{
    return l->exec_ms + l->still_ms;
}

// In steps of a quarter, from a minute on, so that it is news a few times an hour at most. `next`: from when
// on it is another.
static int32_t coarse_s(int64_t s, int64_t *next)
{
    int64_t step = 60;
    *next = s < 60 ? 60 : 75;
    for (; *next <= s; *next = step * 5 / 4)
        step = *next;
    return s < 60 ? 0 : (int32_t)int_clamp(step, 0, INT32_MAX);
}

// A pool's node does nothing itself: what runs in it loses what it has done.
int32_t lease_lost_s(const struct server *s, uint32_t lease)
{
    const struct lease *l = &s->lease[lease];
    int64_t done_ms = l->done_ms, next;
    for (uint32_t i = l->first_inside; i != NONE; i = s->lease[i].next_inside)
        done_ms = s->lease[i].done_ms > done_ms ? s->lease[i].done_ms : done_ms;
    return coarse_s(done_ms / 1000, &next);
}

// Its level was reported: it has worked since the last, at a speed between the two. What has lasted long
// without an end makes its siblings that wait long too.
void lease_worked(struct server *s, uint32_t lease, int32_t speed_before, int64_t exec_ms_before)
{
    struct lease *l = &s->lease[lease];
    struct task *t = &s->task[l->task];
    int64_t ms = l->exec_ms - exec_ms_before, now = lease_speed_permille(l);
    if (ms <= 0 || now < 0)
        return;
    int64_t done_ms = ms * (speed_before < 0 ? now : (now + speed_before) / 2) / 1000;
    l->done_ms += done_ms;
    l->used_ms += done_ms * int_clamp(l->cpu_permille, 0, 1000) / 1000;
    int64_t next;
    coarse_s((l->done_ms - done_ms) / 1000, &next);
    if (l->done_ms / 1000 >= next)
        board_plan_lost(s, lease);
    if (l->done_ms / 1000 <= task_sets(t)->ran_s)
        return;
    enum plan_run before = plan_run_of(task_run_s(s, t));
    t->sets->ran_s = l->done_ms / 1000;
    if (plan_run_of(task_run_s(s, t)) != before)
        task_plan(s, l->task);
}

// Seconds until a running instance is expected to end, if it goes on as fast as now; -1: not known.
int64_t lease_left_s(const struct server *s, const struct lease *l)
{
    int32_t run_s = task_expected_s(s, &s->task[l->task]);
    int64_t speed = lease_speed_permille(l), done_s = l->used_ms / 1000;
    if (run_s < 0 || l->state != LEASE_STARTED || speed <= 0)
        return -1;
    return done_s >= run_s ? 0 : given_s(l, run_s - done_s) * 1000 / speed;
}
