// SPDX-License-Identifier: Apache-2.0
//
// Whether an instance that crawls would be better off elsewhere.
//
//     stay = left / speed                     go = start + boot + data + (left + lost) / speed there
//
// It goes where `go` is least, if `stay` is at least move_ratio times that and move_least_s more. What it has
// done since its start is lost and stands in `go`; so does what a lower class would lose that
// makes room. So whoever has done much stays: with as much left as was done, and full speed
// elsewhere, only who runs below a quarter of it goes.
//
// The speed there is by the watts that the zone wants, not by those it could bear for a while: a warm room
// takes the heat of urgent work for an hour and then lets it crawl again. Free boards are as planner_run left
// them: nobody waits who would be placed there.
#include "core/plan/planner_state.h"

// What it is worth to the market that it stays: at the speed that was seen, whatever its room promises.
static int64_t worth_here(const struct planner *p, const struct plan_runner *r, const struct shape *s)
{
    int64_t here = worth_on(p, s->ask, r->board, true, NULL);
    int64_t seen = p->prices.work_ueur_per_core_h[s->ask.activity] * p->board[r->board].board.spec->cores *
                   r->speed_permille / 1000;
    here = here < seen ? here : seen;
    return here > 0 ? here : 0;
}

// The board may be had for it, free or from a lower class, and the market would rather have it there.
static bool may_go(const struct planner *p, const struct shape *s, uint32_t board, bool take, int64_t here)
{
    const struct board_state *b = &p->board[board];
    uint32_t site = p->zone[b->board.zone].zone.site;
    enum plan_bar why;
    if (!zone_sited(p, &p->zone[b->board.zone]) || !constraint_holds(&s->constraint, b->board.spec) ||
        !where_holds(&s->where, &p->site[site].site, site) || !place_holds(p, s, site) ||
        site_is_kept(p, site, s->ask.activity))
        return false;
    int64_t worth = take ? gain_of_stopping(p, s->ask, board, &why) : worth_on(p, s->ask, board, false, &why);
    return worth != INT64_MIN && worth + place_worth(p, s, site) > here;
}

static int64_t stage_s(const struct planner *p, const struct shape *s, uint32_t site)
{
    int64_t mbit_s = p->site[site].site.link_mbit_s ? p->site[site].site.link_mbit_s : 100;
    return s->n_data ? bytes_missing(p, s, site) / (mbit_s * 125000) : 0;
}

// Seconds until the end over there; INT64_MAX: it would stand still.
static int64_t go_s(const struct planner *p, const struct plan_runner *r, const struct shape *s,
                    uint32_t board)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    const struct curve *c = &family_of_kind(p, b->kind)->curve;
    int32_t at_work = z->at_work + (b->board.task == PLAN_NONE);
    int64_t rate = work_mhz(c, over_the_run_mw(z, c, s->ask.run, false) / at_work);
    if (rate <= 0)
        return INT64_MAX;
    int64_t full = curve_max_work_mhz(&family_of_kind(p, p->board[r->board].kind)->curve);
    int64_t boot_s = b->board.asleep ? c->boot_ms / 1000 + 1 : 0;
    return p->prices.move_start_s + boot_s + stage_s(p, s, z->zone.site) +
           (r->left_s + r->lost_s) * full / rate;
}

// Few zones have watts enough, and what a share of watts does is dear to compute: so first the share is found
// from which on a board of that curve could be in time at all, and zones with less are passed over.
struct reach {
    const struct curve *c;
    int64_t least_mw; // of one board; INT64_MAX: none is fast enough
};

// The least share that does `need_mhz`; more watts never do less (curve.h).
static int64_t share_for(const struct curve *c, int64_t need_mhz)
{
    int64_t lo = c->idle_mw, hi = curve_max_mw(c);
    if (work_mhz(c, hi) < need_mhz)
        return INT64_MAX;
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (work_mhz(c, middle) >= need_mhz)
            hi = middle;
        else
            lo = middle;
    }
    return hi;
}

// Whether some board of the zone could be at the end within `limit_s` if it had all data and were awake.
static bool in_reach(const struct planner *p, const struct plan_runner *r, const struct shape *s,
                     const struct zone_state *z, int64_t limit_s, struct reach *reach)
{
    int64_t run_s = limit_s - p->prices.move_start_s;
    if (run_s < 0 || !z->n_boards)
        return false;
    if (z->family == PLAN_NONE)
        return true;
    const struct curve *c = &p->family[z->family].curve;
    if (reach->c != c) {
        int64_t full = curve_max_work_mhz(&family_of_kind(p, p->board[r->board].kind)->curve);
        *reach = (struct reach){c, share_for(c, (r->left_s + r->lost_s) * full / (run_s + 1) + 1)};
    }
    return reach->least_mw != INT64_MAX &&
           over_the_run_mw(z, c, s->ask.run, false) >= reach->least_mw * (z->at_work ? z->at_work : 1);
}

// What the holder of the board would have to do again. Its class says that it gives way, not that the boards'
// time that it had is worth less.
static int64_t loss_s(const struct planner *p, const struct plan_runner *r, uint32_t board)
{
    return p->board[board].board.task == PLAN_NONE || !r->loss_of ? 0 : r->loss_of(r->ctx, board);
}

static const struct shape *shape_of_runner(const struct planner *p, const struct plan_runner *r)
{
    if (!p->policy->gain || r->task >= p->n_tasks || !p->task[r->task].known || r->board >= p->n_boards ||
        !p->board[r->board].known)
        return NULL;
    const struct shape *s = &p->shape[p->queue[p->task[r->task].queue].shape];
    return s->gang > 1 ? NULL : s;
}

// Where `go` is least so far; of equals the first board.
struct search {
    const struct shape *s;
    int64_t most_s, least_s, here;
    struct reach reach;
    struct plan_move *out;
};

static void look_at(const struct planner *p, const struct plan_runner *r, uint32_t board, struct search *x)
{
    const struct plan_board *to = &p->board[board].board;
    struct plan_move *out = x->out;
    bool take = to->task != PLAN_NONE;
    if (!to->usable || (take && (to->stopping || to->activity <= x->s->ask.activity)))
        return;
    int64_t there = go_s(p, r, x->s, board), loss = loss_s(p, r, board);
    if (there > x->most_s - loss || there + loss > x->least_s ||
        (there + loss == x->least_s && out->board != PLAN_NONE && board > out->board) ||
        !may_go(p, x->s, board, take, x->here))
        return;
    if (there + loss < x->least_s)
        x->reach.c = NULL; // from now on less is too long
    x->least_s = there + loss;
    out->board = board;
    out->take = take;
    out->go_s = there;
}

bool planner_move(const struct planner *p, const struct plan_runner *r, struct plan_move *out)
{
    const struct shape *s = shape_of_runner(p, r);
    if (!s)
        return false;
    int64_t speed = r->speed_permille > 0 ? r->speed_permille : 1, stay = r->left_s * 1000 / speed;
    int64_t by_ratio = stay * 1000 / p->prices.move_ratio_permille, by_time = stay - p->prices.move_least_s;
    int64_t most = by_ratio < by_time ? by_ratio : by_time;
    struct search x = {.s = s, .most_s = most, .least_s = most, .here = worth_here(p, r, s), .out = out};
    *out = (struct plan_move){.board = PLAN_NONE, .stay_s = stay};
    for (uint32_t zone = 0; zone < p->n_zones; zone++) {
        const struct zone_state *z = &p->zone[zone];
        if (zone == p->board[r->board].board.zone || !in_reach(p, r, s, z, x.least_s, &x.reach))
            continue;
        for (size_t i = 0; i < z->n_boards; i++)
            look_at(p, r, z->board[i], &x);
    }
    return out->board != PLAN_NONE;
}

bool planner_place_on(struct planner *p, uint32_t task, uint32_t board, house_ms now, struct plan *out)
{
    int64_t net = planner_net(p, task, board, now, NULL);
    if (net <= 0 || p->task[task].pending <= 0 || p->shape[p->queue[p->task[task].queue].shape].gang > 1)
        return false;
    plan_place(p, task, board, net, out);
    return true;
}
