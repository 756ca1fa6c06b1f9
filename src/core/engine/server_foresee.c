// SPDX-License-Identifier: Apache-2.0
//
// What a task would be like, before it is submitted: the boards that could take it, when each is free for its
// class, how fast the heat wanted there lets it run, and who is ahead in the queue.
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#define SPEED_LEAST 50 // permille: where less heat is wanted it is counted as that much
#define QUEUE_LOOKS 200000

// Least watts of a zone at which one more board is worth starting for a run of this length: more than it
// draws idle, and enough to pay for the time that it crawls (policy_market.c).
static int32_t need_w(const struct server *s, const struct curve *c, enum plan_run run)
{
    int64_t crawl = planner_prices(s->planner)->crawl_permille[run] * (int64_t)curve_max_work_mhz(c) / 1000;
    int32_t low = c->idle_mw, high = curve_max_mw(c);
    while (low + 1 < high) {
        int32_t mid = low + (high - low) / 2;
        *(curve_at_draw(c, mid).work_mhz > crawl ? &high : &low) = mid;
    }
    return (high + 999) / 1000;
}

// As it would run from when its zone wants that much; false: not within the days that are foreseen. `nth` of
// the boards of its zone, from 1.
static bool seen_board(const struct server *s, const struct board *b, bool urgent, enum plan_run run,
                       int32_t nth, struct foresee_board *out)
{
    const struct zone *z = s->zone[b->zone];
    int32_t mean_w;
    int64_t begin_s =
        zone_begin_s(s, z, urgent, nth * need_w(s, &b->make->curve, run), plan_run_typical_s(run), &mean_w);
    struct operating_point at =
        curve_at_draw(&b->make->curve, (z->n_boards > 0 ? mean_w / z->n_boards : mean_w) * 1000);
    int64_t full = curve_max_work_mhz(&b->make->curve);
    int32_t speed = full > 0 ? (int32_t)((int64_t)at.work_mhz * 1000 / full) : 0;
    *out = (struct foresee_board){begin_s, speed < SPEED_LEAST ? SPEED_LEAST : speed, at.draw_mw,
                                  b->make->spec.cores, z->site};
    return begin_s >= 0;
}

// Seconds until this lease of a board ends, for work of this class; what is worth less gives way at once.
static int64_t ends_in_s(const struct server *s, uint32_t lease, enum activity activity, bool *guessed)
{
    if (lease == NONE || s->lease[lease].activity > activity)
        return 0;
    const struct lease *l = &s->lease[lease];
    int64_t left = lease_left_s(s, l);
    if (left >= 0)
        return left;
    *guessed = true;
    return lease_open_s(s, l);
}

// Likewise until the board is free: what was set aside there goes on first.
static int64_t free_in_s(const struct server *s, const struct board *b, enum activity activity, bool *guessed)
{
    return ends_in_s(s, b->lease, activity, guessed) + ends_in_s(s, b->beneath, activity, guessed);
}

static bool takes(const struct server *s, const struct board *b, const struct constraint *want)
{
    const struct zone *z = s->zone[b->zone];
    return b->node != NONE && s->node[b->node].online && !b->barred && !b->node_barred && b->sandbox &&
           !board_rests(s, b) && !b->kept_for && !z->lid_open.v && constraint_holds(want, &b->make->spec);
}

static void queue_ahead(const struct server *s, enum activity activity, struct foresee_work *w)
{
    double run_s = 0;
    size_t looks = 0;
    for (size_t i = 0; i < s->n_tasks && looks < QUEUE_LOOKS; i++) {
        const struct task *t = &s->task[i];
        int64_t n = t->id ? (int64_t)ranges_count(&t->pending) : 0;
        looks++;
        if (!n || t->activity > activity || t->aborting || t->deleting || task_waits(t))
            continue;
        w->ahead += n;
        run_s += (double)n * (double)task_run_s(s, t);
    }
    w->ahead_run_s = w->ahead ? num_round(run_s / (double)w->ahead) : 0;
}

// What the account's instances of this profile took, or -1.
static int32_t history_s(const struct server *s, uint64_t account, const char *profile)
{
    struct buf key = BUF_INIT(512);
    uint64_t at;
    buf_putf(&key, "%llu/%s", (unsigned long long)account, profile);
    bool known = strmap_get(&s->history_at, buf_str(&key), &at);
    buf_deinit(&key);
    return known ? expect_run_s(&s->history[at]) : -1;
}

// Those that could take it, and when.
static size_t look_at_boards(const struct server *s, const struct task_draft *d, const struct place *where,
                             enum plan_run run, struct foresee_board *board, struct server_foreseen *out)
{
    int32_t *nth = mem_array(s->n_zones + 1, sizeof *nth);
    int64_t speed = 0;
    size_t n = 0;
    for (size_t i = 0; i < s->n_boards; i++) {
        const struct board *b = s->board[i];
        out->boards_fitting += constraint_holds(&d->constraint, &b->make->spec);
        if (!takes(s, b, &d->constraint) || !site_may_hold(s, s->zone[b->zone]->site, where))
            continue;
        if (!seen_board(s, b, activity_is_urgent(d->activity), run, ++nth[b->zone], &board[n])) {
            out->boards_warm++;
            continue;
        }
        int64_t free_s = free_in_s(s, b, d->activity, &out->others_guessed), warm_s = board[n].free_in_s;
        out->boards_free += free_s == 0;
        out->boards_warm += warm_s > 0;
        if (warm_s > 0 && (!out->heat_in_s || warm_s < out->heat_in_s))
            out->heat_in_s = warm_s;
        board[n].free_in_s = free_s > warm_s ? free_s : warm_s;
        speed += board[n++].speed_permille;
    }
    free(nth);
    out->speed_permille = n ? (int32_t)(speed / (int64_t)n) : 0;
    return n;
}

void server_foresee(const struct server *s, uint64_t account, const struct task_draft *d,
                    struct server_foreseen *out)
{
    int32_t known_s = d->expected_run_ms > 0 ? -1 : history_s(s, account, d->profile);
    *out = (struct server_foreseen){.boards = (int64_t)s->n_boards,
                                    .run_from = d->expected_run_ms > 0 ? RUN_SAID
                                                : known_s >= 0         ? RUN_LEARNED
                                                                       : RUN_GUESSED};
    struct place where = {0};
    bool together = d->place && place_parse(d->place, &where) && where.gang > 1;
    struct foresee_work w = {.instances = d->instances, .together = together};
    w.run_s = d->expected_run_ms > 0 ? (d->expected_run_ms + 999) / 1000
              : known_s >= 0         ? known_s
                                     : planner_prices(s->planner)->unknown_run_s;
    queue_ahead(s, d->activity, &w);
    struct foresee_board *board = mem_array(s->n_boards + 1, sizeof *board);
    size_t n = look_at_boards(s, d, &where, plan_run_of(w.run_s), board, out);
    out->boards_usable = (int64_t)n;
    out->run_s = w.run_s;
    out->ahead = w.ahead;
    out->known = foresee(board, n, &w, &out->it);
    free(board);
}
