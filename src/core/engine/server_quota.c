// SPDX-License-Identifier: Apache-2.0
//
// Who may have how many boards at once, and on what a new task is booked. A task stands under up to three
// quotas: its user's, its organisation's, and its reservation's.
//
// The planner knows nothing of quotas. Of a task's waiting instances it is shown so many as fit under all
// three (`exposed`); the rest is hidden, and the task stands in its owner's list of starved ones until
// something ends or a limit moves. What is exposed and what holds a board never exceed the instances of a
// quota together. Cores are known with the board only: a board that would exceed them is not taken
// (quota_fits), and until something ends nothing more is shown.
#include "base/mem.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <string.h>

void quota_set(struct quota quota[QUOTA_KINDS], const struct quota_wish *w)
{
    for (int k = 0; k < QUOTA_KINDS; k++) {
        if (w->given & 1u << QUOTA_INSTANCES(k))
            quota[k].instances = w->most[QUOTA_INSTANCES(k)];
        if (w->given & 1u << QUOTA_CORES(k))
            quota[k].cores = w->most[QUOTA_CORES(k)];
        quota[k].full = false;
    }
}

void quota_row(const struct quota quota[QUOTA_KINDS], int32_t most[QUOTA_N])
{
    for (int k = 0; k < QUOTA_KINDS; k++) {
        most[QUOTA_INSTANCES(k)] = quota[k].instances;
        most[QUOTA_CORES(k)] = quota[k].cores;
    }
}

void quota_view_of(const struct quota *q, struct quota_view *v)
{
    *v = (struct quota_view){
        .instances = q->instances, .cores = q->cores, .held = q->held, .held_cores = q->held_cores};
}

// ---- what stands above a task

#define QUOTAS_MAX 3

static int quotas_of(struct server *s, const struct task *t, struct quota *out[QUOTAS_MAX])
{
    enum quota_kind k = quota_kind_of((enum activity)t->activity);
    struct account *a = &s->account[t->account];
    int n = 0;
    out[n++] = &a->quota[k];
    if (a->organisation != NONE)
        out[n++] = &s->organisation[a->organisation].quota[k];
    if (t->reservation != NONE)
        out[n++] = &s->reservation[t->reservation].quota;
    return n;
}

// Of any board: the fewest cores, or the most.
static int32_t cores_of(struct server *s, bool most)
{
    if (s->cores_known_of != s->n_boards) {
        s->least_cores = s->most_cores = 0;
        for (size_t i = 0; i < s->n_boards; i++) {
            int32_t cores = s->board[i]->make->spec.cores;
            s->least_cores = !s->least_cores || cores < s->least_cores ? cores : s->least_cores;
            s->most_cores = cores > s->most_cores ? cores : s->most_cores;
        }
        s->cores_known_of = s->n_boards;
    }
    int32_t cores = most ? s->most_cores : s->least_cores;
    return cores > 0 ? cores : 1;
}

// How many more instances may be exposed under it. Those that start together are counted with the largest
// board, so that none of them is refused when its board is known.
static int64_t room_of(struct server *s, const struct quota *q, bool together)
{
    int64_t room = INT32_MAX;
    if (q->full)
        return 0;
    if (q->instances)
        room = q->instances - q->held;
    if (q->cores) {
        int64_t by_cores = (q->cores - q->held_cores) / cores_of(s, together);
        room = by_cores < room ? by_cores : room;
    }
    return room > q->exposed ? room - q->exposed : 0;
}

static void show(struct server *s, struct task *t, int32_t more)
{
    struct quota *q[QUOTAS_MAX];
    for (int i = 0, n = quotas_of(s, t, q); i < n; i++)
        q[i]->exposed += more;
    t->exposed += more;
}

static void starve(struct server *s, struct task *t)
{
    if (t->is_starved)
        return;
    struct starved *l = &s->account[t->account].starved[quota_kind_of((enum activity)t->activity)];
    uint64_t *at = VEC_PUSH(l->id, l->n, l->cap);
    *at = t->id;
    t->is_starved = true;
}

int32_t quota_expose(struct server *s, uint32_t slot, int32_t pending)
{
    struct task *t = &s->task[slot];
    struct quota *q[QUOTAS_MAX];
    show(s, t, -t->exposed);
    if (!pending)
        return 0;
    int64_t most = pending, gang = rare_of(t)->place ? rare_of(t)->place->gang : 0;
    if (t->reservation != NONE && !reservation_open(s, t->reservation))
        most = 0;
    for (int i = 0, n = quotas_of(s, t, q); i < n; i++) {
        int64_t room = room_of(s, q[i], gang > 1);
        most = room < most ? room : most;
    }
    if (gang > 1 && most < (gang < pending ? gang : pending))
        most = 0; // all of them or none
    show(s, t, (int32_t)most);
    if (most < pending)
        starve(s, t);
    return (int32_t)most;
}

void quota_leave(struct server *s, uint32_t slot)
{
    struct task *t = &s->task[slot];
    if (t->account >= s->n_accounts)
        return;
    if (t->exposed)
        s->quota_moved = true;
    show(s, t, -t->exposed);
}

bool quota_fits(struct server *s, uint32_t task, uint32_t board)
{
    const struct task *t = &s->task[task];
    int32_t cores = s->board[board]->make->spec.cores;
    struct quota *q[QUOTAS_MAX];
    bool fits = t->reservation == NONE || reservation_open(s, t->reservation);
    for (int i = 0, n = quotas_of(s, t, q); i < n; i++) {
        if (q[i]->instances && q[i]->held >= q[i]->instances)
            fits = false;
        if (q[i]->cores && q[i]->held_cores + cores > q[i]->cores) {
            q[i]->full = true;
            fits = false;
        }
    }
    return fits;
}

void quota_hold(struct server *s, const struct lease *l, int sign)
{
    struct quota *q[QUOTAS_MAX];
    if (l->within != NONE) // the board is counted with the node of the pool that holds it
        return;
    for (int i = 0, n = quotas_of(s, &s->task[l->task], q); i < n; i++) {
        q[i]->held += sign;
        q[i]->held_cores += sign * l->cores;
        if (sign < 0)
            q[i]->full = false;
    }
    if (sign < 0)
        s->quota_moved = true;
}

// ---- what fits now

static bool has_room(struct server *s, const struct account *a, enum quota_kind k)
{
    return room_of(s, &a->quota[k], false) > 0 &&
           (a->organisation == NONE || room_of(s, &s->organisation[a->organisation].quota[k], false) > 0);
}

// Each task that stands in the list is tried at most once; who does not fit whole stands at its end again.
static void feed(struct server *s, uint32_t account, enum quota_kind k)
{
    struct starved *l = &s->account[account].starved[k];
    for (size_t tries = l->n - l->first; tries && has_room(s, &s->account[account], k); tries--) {
        uint32_t slot;
        if (!server_task_slot(s, l->id[l->first++], &slot))
            continue;
        s->task[slot].is_starved = false;
        task_plan(s, slot);
    }
    if (l->first == l->n)
        l->first = l->n = 0;
    if (l->first > 1000 && l->first > l->n / 2) {
        memmove(l->id, l->id + l->first, (l->n - l->first) * sizeof *l->id);
        l->n -= l->first;
        l->first = 0;
    }
}

void quota_settle(struct server *s)
{
    if (!s->quota_moved)
        return;
    s->quota_moved = false;
    uint32_t n = (uint32_t)s->n_accounts, turn = n ? s->quota_turn++ % n : 0;
    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k < QUOTA_KINDS; k++)
            feed(s, (turn + i) % n, (enum quota_kind)k);
}

// Which of quotas_of() it is.
static const char *whose(const struct server *s, const struct task *t, int i)
{
    if (i == 0)
        return "the user's";
    return i == 1 && s->account[t->account].organisation != NONE ? "the organisation's" : "the reservation's";
}

bool quota_why(const struct server *s, uint32_t slot, struct buf *out)
{
    const struct task *t = &s->task[slot];
    struct quota *q[QUOTAS_MAX];
    if (!t->is_starved || t->exposed)
        return false;
    if (t->reservation != NONE && !reservation_open(s, t->reservation)) {
        const struct reservation *r = &s->reservation[t->reservation];
        buf_putf(out, "waiting: its reservation %s begins in %lld min", r->name,
                 (long long)((r->from_ms - s->now.v + 59999) / 60000));
        return true;
    }
    for (int i = 0, n = quotas_of((struct server *)(uintptr_t)s, t, q); i < n; i++) {
        if (q[i]->instances && q[i]->held + q[i]->exposed >= q[i]->instances) {
            buf_putf(out, "waiting: %s quota of %d boards at once is used (%lld at work)", whose(s, t, i),
                     (int)q[i]->instances, (long long)q[i]->held);
            return true;
        }
        if (q[i]->cores && room_of((struct server *)(uintptr_t)s, q[i], false) == 0) {
            buf_putf(out,
                     "waiting: %s quota of %d cores at once has no room for another board (%lld at work)",
                     whose(s, t, i), (int)q[i]->cores, (long long)q[i]->held_cores);
            return true;
        }
    }
    return false;
}

// ---- a new task

static int admit_project(struct server *s, uint32_t account, const struct task_draft *d, struct arena *a,
                         struct admission *out, const char **why)
{
    const struct account *owner = &s->account[account];
    out->project = owner->project;
    if (d->project && (!find_project(s, d->project, &out->project) ||
                       s->project[out->project].organisation != owner->organisation)) {
        *why = arena_printf(a, "No such project: %s", d->project); // another organisation's neither
        return 400;
    }
    const struct project *p = &s->project[out->project];
    if (p->archived) {
        *why = arena_printf(a, "projectUuid: the project %s is archived", p->name);
        return 403;
    }
    if (project_blocked(s, out->project)) {
        *why = arena_printf(a, "Not enough credits: the budget of project %s is used up", p->name);
        return 402;
    }
    return 0;
}

int task_admit(struct server *s, uint32_t account, const struct task_draft *d, struct effects *fx,
               struct admission *out, const char **why)
{
    if (s->account[account].organisation == NONE) {
        account_settle_in(s, account, fx);
        account_row_write(s, account, fx);
    }
    const struct account *owner = &s->account[account];
    *out = (struct admission){.reservation = NONE, .activity = d->activity, .constraint = d->constraint};
    if (owner->removed) {
        *why = "This user was removed";
        return 403;
    }
    int code = admit_project(s, account, d, &fx->arena, out, why);
    if (code)
        return code;
    if (d->activity == ACTIVITY_FLEX && (owner->research || s->project[out->project].research))
        out->activity = ACTIVITY_DONATED;
    if (owner->credit_neur && owner->spent_neur >= owner->credit_neur && out->activity != ACTIVITY_DONATED) {
        *why = "Not enough credits";
        return 402;
    }
    if (out->activity != ACTIVITY_RESERVED || s->cfg.reserved_by_all)
        return 0;
    if (!reservation_meant(s, account, d, &out->reservation, &fx->arena, why))
        return 403;
    const char *key = s->reservation[out->reservation].machine_key;
    if (!strstr(out->constraint.key, key)) {
        if (*out->constraint.key && !strstr(key, out->constraint.key)) {
            *why = arena_printf(&fx->arena,
                                "No machine %s satisfies the hardware constraint list of this task", key);
            return 402;
        }
        memset(out->constraint.key, 0, sizeof out->constraint.key);
        memcpy(out->constraint.key, key, strnlen(key, sizeof out->constraint.key - 1));
    }
    return 0;
}
