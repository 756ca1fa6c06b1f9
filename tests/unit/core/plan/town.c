// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "town.h"

static const struct board_spec small = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const struct board_spec large = {.cores = 16, .memory_mb = 65536, .key = "16c"};
static const house_ms noon = {.v = 1000};

#define TOWN_ZONES  12
#define TOWN_BOARDS 30
#define TOWN_TASKS  20

struct town {
    struct rng rng;
    struct plan_board board[TOWN_BOARDS];
    struct plan_task task[TOWN_TASKS];
    bool known[TOWN_TASKS];
    uint64_t order;
    house_ms now;
};

static int32_t watts(struct town *t)
{
    return (int32_t)rng_below(&t->rng, 6) * 60;
}

static void change_zone(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, TOWN_ZONES);
    struct plan_zone z = {.site = at % 3, .online = rng_below(&t->rng, 12) > 0};
    z.request.target_w = watts(t);
    z.request.min_w = z.request.target_w / 2;
    z.request.max_w = z.request.target_w + watts(t);
    z.circuit = at % 5 == 0;
    z.has_ahead = at % 3 == 0;
    for (int i = 0; i < PLAN_RUNS && z.has_ahead; i++)
        z.ahead_w[i] = watts(t);
    z.has_other_heat = at % 4 == 1;
    z.other_heat_ueur_per_kwh = (int64_t)rng_below(&t->rng, 4) * 80000;
    z.setpoint_mc = 20000;
    z.room_mc = 14000 + (int32_t)rng_below(&t->rng, 20) * 1000;
    for (int i = 0; i < 2; i++)
        planner_zone(p[i], at, &z);
}

static void change_site(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, 3);
    int64_t cap_mw = at ? -1 : (int64_t)rng_below(&t->rng, 5) * 200000,
            fuse_mw = (int64_t)rng_below(&t->rng, 4) * 150000;
    struct plan_site s = {.cap_mw = cap_mw,
                          .has_tariff = true,
                          .tariff_ueur_per_kwh = (int64_t)rng_below(&t->rng, 4) * 90000,
                          .has_position = at > 0,
                          .lat_mdeg = 40000 + (int32_t)at * 10000};
    memcpy(s.country, at == 2 ? "NO" : "FR", 3);
    for (int i = 0; i < 2; i++) {
        planner_site(p[i], at, &s);
        planner_circuit(p[i], 1, fuse_mw - 1);
    }
}

static void tell_board(struct town *t, struct planner *const p[2], uint32_t at)
{
    for (int i = 0; i < 2; i++)
        planner_board(p[i], at, &t->board[at]);
}

static void change_board(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, TOWN_BOARDS);
    struct plan_board *b = &t->board[at];
    if (b->task != PLAN_NONE && rng_below(&t->rng, 3) == 0) {
        b->lost_s = (int32_t)rng_below(&t->rng, 40000);
        if (rng_below(&t->rng, 2)) { // and nothing else
            for (int i = 0; i < 2; i++)
                planner_lost(p[i], at, b->lost_s);
            return;
        }
        b->holds = !b->stopping && b->beneath == ACTIVITY_RESERVED && rng_below(&t->rng, 2);
    } else if (b->task != PLAN_NONE && rng_below(&t->rng, 3)) {
        b->task = PLAN_NONE; // ended
        b->stopping = b->holds = false;
        if (rng_below(&t->rng, 2))
            b->beneath = ACTIVITY_RESERVED; // and so has what was set aside
        b->lost_s = 0;
        b->activity = ACTIVITY_IDLE;
    } else if (rng_below(&t->rng, 4) == 0) {
        b->usable = !b->usable;
        b->asleep = rng_below(&t->rng, 2);
    } else if (rng_below(&t->rng, 6) == 0 && b->task == PLAN_NONE) {
        b->zone = (uint32_t)rng_below(&t->rng, TOWN_ZONES);
        b->spec = rng_below(&t->rng, 2) ? &small : &large;
    }
    tell_board(t, p, at);
}

static void change_task(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, TOWN_TASKS);
    bool held = false;
    for (int b = 0; b < TOWN_BOARDS; b++)
        held = held || t->board[b].task == at;
    if (t->known[at] && !held && rng_below(&t->rng, 2)) {
        t->known[at] = false;
        for (int i = 0; i < 2; i++)
            planner_task_gone(p[i], at);
        return;
    }
    if (!t->known[at]) {
        t->task[at] = (struct plan_task){
            .activity = (enum activity)rng_below(&t->rng, PLAN_CLASSES), .account = 1, .order = ++t->order};
        t->task[at].constraint.cores_min = rng_below(&t->rng, 3) ? 0 : 16;
        t->task[at].constraint.memory_mb_min = (int32_t)rng_below(&t->rng, 2) * 1000;
        t->task[at].account = 1 + rng_below(&t->rng, 3);
        t->task[at].run = (enum plan_run)rng_below(&t->rng, PLAN_RUNS);
        t->task[at].gang = rng_below(&t->rng, 4) ? 1 : 2 + (int32_t)rng_below(&t->rng, 2);
        t->task[at].since = t->now;
        t->task[at].n_data = (uint8_t)(rng_below(&t->rng, 3) == 0) * (uint8_t)(1 + rng_below(&t->rng, 2));
        for (int i = 0; i < 2; i++)
            t->task[at].data[i] = (uint32_t)rng_below(&t->rng, 2) * 2 + (uint32_t)i;
        if (rng_below(&t->rng, 5) == 0)
            memcpy(t->task[at].where.country, "FR", 3);
        t->task[at].where.site = rng_below(&t->rng, 6) ? 0 : 1 + (uint32_t)rng_below(&t->rng, 3);
        t->task[at].where.has_near = rng_below(&t->rng, 3) == 0;
        t->task[at].where.lat_mdeg = 48000;
        t->known[at] = true;
    }
    t->task[at].pending = (int32_t)rng_below(&t->rng, 5);
    for (int i = 0; i < 2; i++)
        planner_task(p[i], at, &t->task[at]);
}

// Copies arrive or are lost.
static void change_data(struct town *t, struct planner *const p[2])
{
    uint32_t data = (uint32_t)rng_below(&t->rng, 4), site = (uint32_t)rng_below(&t->rng, 3);
    enum plan_replica r = rng_below(&t->rng, 3) ? REPLICA_HERE : REPLICA_NONE;
    for (int i = 0; i < 2; i++)
        planner_replica(p[i], data, site, r);
}

static void carry_out(struct town *t, struct planner *const p[2], const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_stops; i++) {
        t->board[plan->stop[i].board].stopping = true;
        t->board[plan->stop[i].board].holds = false;
        tell_board(t, p, plan->stop[i].board);
    }
    for (size_t i = 0; i < plan->n_assigns; i++) {
        const struct plan_assign *a = &plan->assign[i];
        if (a->aside)
            t->board[a->board].beneath = t->board[a->board].activity;
        t->board[a->board].holds = false;
        t->board[a->board].lost_s = 0;
        t->board[a->board].task = a->task;
        t->board[a->board].activity = t->task[a->task].activity;
        t->board[a->board].account = t->task[a->task].account;
        tell_board(t, p, a->board);
        t->task[a->task].pending--;
        for (int k = 0; k < 2; k++)
            planner_task(p[k], a->task, &t->task[a->task]);
    }
}

static void same_plan(const char *policy, uint64_t seed, int step, const struct plan *a, const struct plan *b)
{
    bool same = a->n_assigns == b->n_assigns && a->n_stops == b->n_stops;
    for (size_t i = 0; same && i < a->n_assigns; i++)
        same = a->assign[i].task == b->assign[i].task && a->assign[i].board == b->assign[i].board &&
               a->assign[i].net_ueur_per_h == b->assign[i].net_ueur_per_h &&
               a->assign[i].aside == b->assign[i].aside;
    for (size_t i = 0; same && i < a->n_stops; i++)
        same = a->stop[i].board == b->stop[i].board && a->stop[i].for_task == b->stop[i].for_task;
    same = same && a->n_fetches == b->n_fetches;
    for (size_t i = 0; same && i < a->n_fetches; i++)
        same = a->fetch[i].data == b->fetch[i].data && a->fetch[i].site == b->fetch[i].site;
    if (!same)
        fail_msg("%s, seed %llu step %d: incremental and full plan differ", policy, (unsigned long long)seed,
                 step);
}

size_t town_of(uint64_t seed, const struct plan_policy *policy)
{
    struct town t = {0};
    struct planner *const p[2] = {planner_new_with(price_table_default(), policy),
                                  planner_new_with(price_table_default(), policy)};
    struct plan plan[2] = {{0}, {0}};
    size_t done = 0;
    rng_seed(&t.rng, seed);
    for (uint32_t s = 0; s < 3; s++)
        for (int i = 0; i < 2; i++)
            planner_site(p[i], s, &(struct plan_site){.cap_mw = s ? -1 : 400000, .country = "FR"});
    for (uint32_t d = 0; d < 4; d++)
        for (int i = 0; i < 2; i++)
            planner_data(p[i], d, 1000000000LL * (int64_t)(1 + d * d));
    t.now = noon;
    for (uint32_t b = 0; b < TOWN_BOARDS; b++) {
        t.board[b] = (struct plan_board){.zone = (uint32_t)rng_below(&t.rng, TOWN_ZONES),
                                         .spec = b % 3 ? &small : &large,
                                         .curve = curve_default(),
                                         .usable = true,
                                         .task = PLAN_NONE,
                                         .activity = ACTIVITY_IDLE};
        tell_board(&t, p, b);
    }
    for (int step = 0; step < 120; step++) {
        for (uint64_t n = 1 + rng_below(&t.rng, 4); n > 0; n--) {
            uint64_t what = rng_below(&t.rng, 22);
            if (what < 8)
                change_zone(&t, p);
            else if (what < 14)
                change_board(&t, p);
            else if (what < 19)
                change_task(&t, p);
            else if (what < 20)
                change_site(&t, p);
            else
                change_data(&t, p);
        }
        plan_clear(&plan[0]);
        plan_clear(&plan[1]);
        t.now = house_add(t.now, (int64_t)rng_below(&t.rng, 300000));
        planner_run(p[0], t.now, &plan[0]);
        planner_run_full(p[1], t.now, &plan[1]);
        same_plan(policy->name, seed, step, &plan[0], &plan[1]);
        struct err e = ERR_NULL;
        if (plan_check(p[0], t.now, &plan[0], &e) < 0 || plan_check(p[1], t.now, &plan[1], &e) < 0)
            fail_msg("%s, seed %llu step %d: %s", policy->name, (unsigned long long)seed, step, e.text);
        carry_out(&t, p, &plan[0]);
        done += plan[0].n_assigns + plan[0].n_stops;
    }
    for (int i = 0; i < 2; i++) {
        plan_deinit(&plan[i]);
        planner_free(p[i]);
    }
    return done;
}
