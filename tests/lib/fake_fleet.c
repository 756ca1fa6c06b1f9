// SPDX-License-Identifier: Apache-2.0
#include "fake_fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define KILL_MARGIN_MS 5000 // a node ends its work this long before the lease ends

static bool chance(struct fake_fleet *f, int percent)
{
    return rng_below(f->rng, 100) < (uint64_t)percent;
}

static bool mishap(struct fake_fleet *f, int permille)
{
    return !f->calm && rng_below(f->rng, 1000) < (uint64_t)permille;
}

void fleet_init(struct fake_fleet *f, struct rig *rig, struct rng *rng)
{
    *f = (struct fake_fleet){.rig = rig, .rng = rng};
    for (int i = 0; i < FAKE_NODES; i++) {
        struct fake_node *n = &f->node[i];
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        rig_node_init(&n->base, name, 1 + i % 3);
        snprintf(n->base.site, sizeof n->base.site, "s%d", i % 2);
        n->base.cores = i % 2 ? 16 : 8;
        n->base.nonce = rng_next(rng) | 1;
        n->base.can_hold = i % 3 != 2;
        n->alive = true;
    }
}

static void call_drop(struct fake_call *c)
{
    free(c->up.report);
}

void fleet_deinit(struct fake_fleet *f)
{
    fleet_forget_batch(f);
    for (size_t i = 0; i < f->n_wire; i++)
        call_drop(&f->wire[i]);
    for (int i = 0; i < FAKE_NODES; i++)
        free(f->node[i].queue);
    free(f->wire);
    free(f->asked);
}

// ---- a node's life

static struct report *report(struct fake_fleet *f, struct fake_node *n, enum report_kind kind)
{
    struct report *r = VEC_PUSH(n->queue, n->n_queue, n->cap_queue);
    *r = (struct report){.seq = ++n->base.seq, .at = HOUSE_MS(f->rig->now), .kind = kind};
    return r;
}

static void restart(struct fake_fleet *f, struct fake_node *n)
{
    memset(n->run, 0, sizeof n->run);
    memset(n->inside, 0, sizeof n->inside);
    memset(n->held, 0, sizeof n->held);
    n->n_queue = 0;
    n->base.epoch = n->base.seq = n->base.have = 0;
    n->base.nonce = rng_next(f->rng) | 1;
    memset(n->idle_mj, 0, sizeof n->idle_mj);
    memset(n->idle_ms, 0, sizeof n->idle_ms);
    n->asked_mj = 0;
    n->call++; // it listens to no old answer
    n->patience_ms = 0;
}

static void exited(struct fake_fleet *f, struct fake_node *n, struct fake_run *run, enum attempt_end end)
{
    struct report *r = report(f, n, REPORT_EXITED);
    r->lease = run->lease;
    r->exited.end = (uint8_t)end;
    r->exited.exit_code = end == ATTEMPT_SUCCESS ? 0 : 1;
    r->exited.signal = -1;
    r->exited.wall_ms = 1000;
    r->exited.energy_mj = run->energy_mj;
    r->exited.core_ms = run->core_ms;
    if (end == ATTEMPT_LOST && run->lease % 2) // tried in vain, not lost on the way: its instance rests
        snprintf(r->exited.code, sizeof r->exited.code, "results-refused");
    *run = (struct fake_run){0};
}

static void not_twice(struct fake_fleet *f, const struct fake_run *o, const struct fake_run *run)
{
    if (o != run && o->lease && o->started && o->instance == run->instance && strcmp(o->uuid, run->uuid) == 0)
        err_set(&f->fault, -EINVAL, "instance %u of %s runs twice at once", run->instance, run->uuid);
}

static void start(struct fake_fleet *f, struct fake_node *n, struct fake_run *run)
{
    for (int i = 0; i < FAKE_NODES; i++)
        for (int b = 0; b < RIG_BOARDS_MAX; b++) {
            not_twice(f, &f->node[i].run[b], run);
            not_twice(f, &f->node[i].held[b], run);
            for (int k = 0; k < FAKE_SLOTS; k++)
                not_twice(f, &f->node[i].inside[b][k], run);
        }
    run->started = true;
    struct report *r = report(f, n, REPORT_STARTED);
    r->lease = run->lease;
    r->started.at = r->at;
}

// What runs in a pool's node; the node goes on until somebody ends it.
static void live_inside(struct fake_fleet *f, struct fake_node *n, int b, int64_t ms)
{
    struct fake_run *run = &n->run[b];
    int64_t now = f->rig->now;
    int32_t idle = n->base.cores;
    for (int k = 0; k < FAKE_SLOTS; k++) {
        struct fake_run *in = &n->inside[b][k];
        if (!in->lease)
            continue;
        in->energy_mj += 58000 / run->slots * ms / 1000;
        in->core_ms += n->base.cores / run->slots * ms;
        idle -= n->base.cores / run->slots;
        if (now >= in->until - KILL_MARGIN_MS)
            exited(f, n, in, ATTEMPT_LOST);
        else if (!in->started && now >= in->start_at)
            start(f, n, in);
        else if (in->started && now >= in->end_at)
            exited(f, n, in, chance(f, 80) ? ATTEMPT_SUCCESS : ATTEMPT_FAILURE);
    }
    run->core_ms += idle * ms;
}

// With the node goes what is in it; the words of both may come in any order.
static void node_exited(struct fake_fleet *f, struct fake_node *n, int b, enum attempt_end end)
{
    bool first = chance(f, 20);
    if (first)
        exited(f, n, &n->run[b], end);
    for (int k = 0; k < FAKE_SLOTS; k++)
        if (n->inside[b][k].lease)
            exited(f, n, &n->inside[b][k], end);
    if (!first)
        exited(f, n, &n->run[b], end);
}

static void live_pool_node(struct fake_fleet *f, struct fake_node *n, int b, int64_t ms)
{
    struct fake_run *run = &n->run[b];
    int64_t now = f->rig->now;
    live_inside(f, n, b, ms);
    if (now >= run->until - KILL_MARGIN_MS) {
        node_exited(f, n, b, ATTEMPT_LOST);
    } else if (!run->started && now >= run->start_at) {
        start(f, n, run);
    } else if (run->started && !run->ready && mishap(f, 150)) {
        exited(f, n, run, ATTEMPT_FAILURE); // its preparation
    } else if (run->started && !run->ready) {
        run->ready = true;
        report(f, n, REPORT_READY)->lease = run->lease;
    }
}

static void live_board(struct fake_fleet *f, struct fake_node *n, int b, int64_t ms)
{
    struct fake_run *run = &n->run[b], *held = &n->held[b];
    int64_t now = f->rig->now, draw = run->lease ? 60000 : 12000;
    if (held->lease && now >= held->until - KILL_MARGIN_MS)
        exited(f, n, held, ATTEMPT_LOST);
    else if (held->lease && mishap(f, 10))
        exited(f, n, held, ATTEMPT_PREEMPTED); // its memory was needed
    n->raw_mj[b] += draw * ms / 1000;
    if (mishap(f, 2))
        n->raw_mj[b] = 0; // the meter was reset
    if (!run->lease) {
        n->idle_mj[b] += draw * ms / 1000;
        n->idle_ms[b] += ms;
        return;
    }
    if (run->slots) {
        live_pool_node(f, n, b, ms);
        return;
    }
    run->energy_mj += 58000 * ms / 1000;
    run->core_ms += n->base.cores * ms;
    if (now >= run->until - KILL_MARGIN_MS)
        exited(f, n, run, ATTEMPT_LOST);
    else if (!run->started && now >= run->start_at)
        start(f, n, run);
    else if (run->started && now >= run->end_at)
        exited(f, n, run, chance(f, 80) ? ATTEMPT_SUCCESS : ATTEMPT_FAILURE);
}

static void measure(struct fake_fleet *f, struct fake_node *n)
{
    int b = (int)rng_below(f->rng, (uint64_t)n->base.boards);
    struct report *r = report(f, n, REPORT_METER_BOARD);
    snprintf(r->name, NAME_BYTES, "%s-%d", n->base.name, b);
    r->meter_board.raw_mj = n->raw_mj[b];
    r->meter_board.part_mj[ACTIVITY_IDLE] = n->idle_mj[b];
    r->meter_board.part_ms[ACTIVITY_IDLE] = n->idle_ms[b];
    if (n->run[b].lease) {
        r = report(f, n, REPORT_LEVEL);
        r->lease = n->run[b].lease;
        r->level.progress_permille = (int32_t)rng_below(f->rng, 1000);
        r = report(f, n, REPORT_METER_LEASE);
        r->lease = n->run[b].lease;
        r->meter_lease.energy_mj = n->run[b].energy_mj;
        r->meter_lease.core_ms = n->run[b].core_ms;
    }
}

// How a run is doing: some crawl, for longer than a level or two.
static void pace(struct fake_fleet *f, struct fake_node *n)
{
    struct fake_run *run = &n->run[rng_below(f->rng, (uint64_t)n->base.boards)];
    if (!run->started)
        return;
    struct report *r = report(f, n, REPORT_LEVEL);
    r->lease = run->lease;
    r->level.phase = PHASE_EXECUTION;
    r->level.progress_permille = -1;
    r->level.max_freq_mhz = 4000;
    r->level.freq_mhz = run->instance % 2 && !f->calm ? 1000 : 3800;
    r->level.duty_permille = run->instance % 4 == 3 ? (int32_t)rng_below(f->rng, 300) : 1000;
    r->level.exec_ms = run->core_ms / n->base.cores;
}

static void feel(struct fake_fleet *f, struct fake_node *n)
{
    struct report *r = report(f, n, REPORT_ZONE);
    int32_t want = f->calm ? 400 * n->base.boards : (int32_t)rng_below(f->rng, 5) * 120;
    snprintf(r->name, NAME_BYTES, "z-%s", n->base.name);
    r->zone.room_mc = 19000;
    r->zone.mode = ZONE_COMFORT;
    r->zone.request = (struct heat_request){.target_w = want, .min_w = want / 3, .max_w = want * 3 / 2};
    r = report(f, n, REPORT_METER_ZONE);
    snprintf(r->name, NAME_BYTES, "z-%s", n->base.name);
    n->asked_mj += (int64_t)want * 1000;
    r->meter_zone.asked_mj = r->meter_zone.delivered_mj = r->meter_zone.useful_mj = n->asked_mj;
    r->meter_zone.shadow_mc = INT32_MIN;
}

static void send_up(struct fake_fleet *f, int at)
{
    struct fake_node *n = &f->node[at];
    struct fake_call c = {.node = at, .call = ++n->call};
    size_t from = mishap(f, 20) && n->n_queue > 1 ? 1 : 0; // a gap
    size_t count = n->n_queue - from > 64 ? 64 : n->n_queue - from;
    c.up = (struct sync_up){.nonce = n->base.nonce, .epoch = n->base.epoch, .have = n->base.have};
    snprintf(c.up.node, NAME_BYTES, "%s", n->base.name);
    if (!n->base.epoch) {
        c.up.has_offer = true; // made when it arrives: it never changes
    } else if (count) {
        c.up.report = mem_array(count, sizeof *c.up.report);
        memcpy(c.up.report, n->queue + from, count * sizeof *c.up.report);
        c.up.n_reports = count;
    }
    if (mishap(f, 60)) { // lost on the way
        call_drop(&c);
        return;
    }
    struct fake_call *w = VEC_PUSH(f->wire, f->n_wire, f->cap_wire);
    *w = c;
    if (!mishap(f, 60))
        return;
    w = VEC_PUSH(f->wire, f->n_wire, f->cap_wire); // doubled
    *w = c;
    w->up.report = mem_array(c.up.n_reports + 1, sizeof *c.up.report);
    if (c.up.n_reports)
        memcpy(w->up.report, c.up.report, c.up.n_reports * sizeof *c.up.report);
}

static void live_node(struct fake_fleet *f, int at, int64_t ms)
{
    struct fake_node *n = &f->node[at];
    if (!n->alive) {
        if (f->rig->now < n->back_at)
            return;
        n->alive = true;
        restart(f, n);
    }
    for (int b = 0; b < n->base.boards; b++)
        live_board(f, n, b, ms);
    if (mishap(f, 4)) {
        n->alive = false;
        n->back_at = f->rig->now + (int64_t)rng_below(f->rng, 200000);
        restart(f, n);
        return;
    }
    if (mishap(f, 4))
        n->silent_until = f->rig->now + (int64_t)rng_below(f->rng, 200000);
    if (n->base.epoch && chance(f, 30))
        measure(f, n);
    if (n->base.epoch && chance(f, 20))
        feel(f, n);
    if (n->base.epoch && chance(f, 60))
        pace(f, n);
    if (n->base.epoch && mishap(f, 5)) {
        struct report *r = report(f, n, REPORT_BOARD);
        snprintf(r->name, NAME_BYTES, "%s-0", n->base.name);
        r->board.barred = chance(f, 50);
    }
    if (f->rig->now >= n->silent_until && f->rig->now >= n->patience_ms) {
        n->patience_ms = f->rig->now + 8000;
        send_up(f, at);
    }
}

void fleet_live(struct fake_fleet *f, int64_t ms)
{
    for (int i = 0; i < FAKE_NODES; i++)
        live_node(f, i, ms);
}

void fleet_calm(struct fake_fleet *f)
{
    f->calm = true;
    for (int i = 0; i < FAKE_NODES; i++) {
        f->node[i].silent_until = f->node[i].back_at = 0;
        if (!f->node[i].base.epoch)
            continue;
        struct report *r = report(f, &f->node[i], REPORT_BOARD);
        snprintf(r->name, NAME_BYTES, "%s-0", f->node[i].base.name);
    }
}

void fleet_die(struct fake_fleet *f)
{
    for (int i = 0; i < FAKE_NODES; i++) {
        f->node[i].alive = false;
        f->node[i].back_at = INT64_MAX;
        restart(f, &f->node[i]);
    }
    while (f->n_wire)
        call_drop(&f->wire[--f->n_wire]);
}

// ---- the wire

bool fleet_deliver(struct fake_fleet *f, struct event *ev)
{
    if (!f->n_wire || mishap(f, 300))
        return false;
    size_t at = mishap(f, 200) ? (size_t)rng_below(f->rng, f->n_wire) : 0;
    struct fake_call c = f->wire[at];
    memmove(&f->wire[at], &f->wire[at + 1], (f->n_wire - at - 1) * sizeof c);
    f->n_wire--;
    *ev = (struct event){.kind = EVENT_SYNC, .sync = c.up};
    if (c.up.has_offer) {
        struct rig_node as = f->node[c.node].base;
        as.nonce = c.up.nonce;
        as.have = c.up.have;
        rig_offer(f->rig, &as, &ev->sync);
    }
    c.token = f->rig->token + 1; // the one it gets when it is applied
    struct fake_call *a = VEC_PUSH(f->asked, f->n_asked, f->cap_asked);
    *a = c;
    return true;
}

void fleet_forget_batch(struct fake_fleet *f)
{
    while (f->n_asked)
        call_drop(&f->asked[--f->n_asked]);
}

// It ended here already, and the word of it is not yet acknowledged.
static bool has_ended(const struct fake_node *n, uint64_t lease)
{
    for (size_t q = 0; q < n->n_queue; q++)
        if (n->queue[q].kind == REPORT_EXITED && n->queue[q].lease == lease)
            return true;
    return false;
}

static void take(struct fake_fleet *f, struct fake_run *run, const struct assignment *a)
{
    *run =
        (struct fake_run){.lease = a->lease, .instance = a->instance, .until = a->until.v, .slots = a->slots};
    memcpy(run->uuid, a->task_uuid, sizeof run->uuid);
    run->start_at = f->rig->now + (int64_t)rng_below(f->rng, 3000);
    run->end_at = run->start_at + 500 + (int64_t)rng_below(f->rng, f->calm ? 20000 : 120000);
}

static void obey_inside(struct fake_fleet *f, struct fake_node *n, int b, const struct assignment *a)
{
    const struct fake_run *around = &n->run[b];
    struct fake_run *free_slot = NULL;
    for (int k = 0; k < FAKE_SLOTS; k++) {
        struct fake_run *in = &n->inside[b][k];
        if (in->lease == a->lease) {
            in->until = a->until.v;
            if (a->stop)
                exited(f, n, in, (enum attempt_end)a->stop_end);
            return;
        }
        free_slot = !in->lease && !free_slot && k < around->slots ? in : free_slot;
    }
    if (a->stop || around->lease != a->within || !around->ready || has_ended(n, a->lease) ||
        a->until.v <= f->rig->now + KILL_MARGIN_MS)
        return;
    if (free_slot)
        take(f, free_slot, a);
    else
        err_set(&f->fault, -EINVAL, "board %s: its pool's node is given more than its slots", a->board);
}

// What was set aside, and what is to be. True: that was all there was to say of it.
static bool obey_aside(struct fake_fleet *f, struct fake_node *n, int b, const struct assignment *a)
{
    struct fake_run *run = &n->run[b], *held = &n->held[b];
    if (a->hold && !n->base.can_hold)
        err_set(&f->fault, -EINVAL, "board %s cannot set anything aside", a->board);
    if (a->hold && run->lease == a->lease) {
        if (!run->started || held->lease)
            err_set(&f->fault, -EINVAL, "board %s: this cannot be set aside", a->board);
        *held = *run;
        held->held_at = f->rig->now;
        *run = (struct fake_run){0};
    }
    if (a->stop && run->lease == a->lease &&
        !run->slots) { // it may have been set aside without a word of that here
        exited(f, n, run, (enum attempt_end)a->stop_end);
        return true;
    }
    if (held->lease != a->lease)
        return a->hold; // it has ended here
    held->until = a->until.v;
    if (a->stop) {
        exited(f, n, held, (enum attempt_end)a->stop_end);
    } else if (!a->hold && !run->lease) {
        *run = *held;
        run->end_at += f->rig->now - held->held_at;
        *held = (struct fake_run){0};
    }
    return true;
}

static void obey(struct fake_fleet *f, struct fake_node *n, const struct sync_down *d)
{
    for (int b = 0; b < n->base.boards; b++) { // what is no longer there is to be stopped
        bool there = false;
        for (size_t i = 0; i < d->n_assignments; i++)
            there = there || d->assignment[i].lease == n->run[b].lease;
        if (n->run[b].lease && !there) {
            n->run[b] = (struct fake_run){0};
            memset(n->inside[b], 0, sizeof n->inside[b]);
        }
        there = false;
        for (size_t i = 0; i < d->n_assignments; i++)
            there = there || d->assignment[i].lease == n->held[b].lease;
        if (!there)
            n->held[b] = (struct fake_run){0};
        for (int k = 0; k < FAKE_SLOTS; k++) {
            there = false;
            for (size_t i = 0; i < d->n_assignments; i++)
                there = there || d->assignment[i].lease == n->inside[b][k].lease;
            if (!there)
                n->inside[b][k] = (struct fake_run){0};
        }
    }
    bool said[64] = {0};
    for (size_t i = 0; i < d->n_assignments && i < ARRAY_LEN(said); i++) {
        const struct assignment *a = &d->assignment[i];
        said[i] = !a->within && obey_aside(f, n, a->board[strlen(a->board) - 1] - '0', a);
    }
    for (size_t i = 0; i < d->n_assignments; i++) {
        const struct assignment *a = &d->assignment[i];
        int b = a->board[strlen(a->board) - 1] - '0';
        struct fake_run *run = &n->run[b];
        if (i < ARRAY_LEN(said) && said[i])
            continue;
        if (a->within) {
            obey_inside(f, n, b, a);
        } else if (run->lease == a->lease) {
            run->until = a->until.v;
            if (a->stop && run->slots)
                node_exited(f, n, b, (enum attempt_end)a->stop_end);
            else if (a->stop)
                exited(f, n, run, (enum attempt_end)a->stop_end);
        } else if (!run->lease && !a->stop && a->until.v > f->rig->now + KILL_MARGIN_MS) {
            if (!has_ended(n, a->lease))
                take(f, run, a);
        } else if (run->lease && !a->stop) {
            err_set(&f->fault, -EINVAL, "board %s is given two leases", a->board);
        }
    }
}

static void hear(struct fake_fleet *f, const struct fake_call *c, uint64_t node)
{
    struct fake_node *n = &f->node[c->node];
    if (!n->alive || c->call != n->call || f->rig->now < n->silent_until || mishap(f, 60))
        return;
    n->call++; // one call has one answer
    n->patience_ms = 0;
    if (server_sync_refused(f->rig->s, node, c->up.epoch, c->up.nonce)) {
        restart(f, n);
        return;
    }
    struct arena a = ARENA_NULL;
    struct sync_down d;
    server_desired(f->rig->s, node, 0, HOUSE_MS(f->rig->now), &a, &d);
    if (!n->base.epoch)
        n->base.epoch = d.epoch;
    if (d.epoch != n->base.epoch)
        err_set(&f->fault, -EINVAL, "node %s: epoch %llu became %llu", n->base.name,
                (unsigned long long)n->base.epoch, (unsigned long long)d.epoch);
    if (d.acked > n->base.seq)
        err_set(&f->fault, -EINVAL, "node %s: more is acknowledged than was sent", n->base.name);
    size_t drop = 0;
    while (drop < n->n_queue && n->queue[drop].seq <= d.acked)
        drop++;
    n->n_queue -= drop;
    if (drop)
        memmove(n->queue, n->queue + drop, n->n_queue * sizeof *n->queue);
    n->base.have = d.version;
    obey(f, n, &d);
    arena_deinit(&a);
}

void fleet_answer(struct fake_fleet *f)
{
    for (size_t i = 0; i < f->rig->fx.n_syncs; i++)
        for (size_t k = 0; k < f->n_asked; k++)
            if (f->asked[k].token == f->rig->fx.sync[i].token)
                hear(f, &f->asked[k], f->rig->fx.sync[i].node);
    fleet_forget_batch(f);
}
