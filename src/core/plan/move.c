// SPDX-License-Identifier: Apache-2.0
//
// Whether an instance that crawls would be better off elsewhere.
//
//     stay = left / speed                     go = start + boot + data + (left + lost) / speed there
//
// It goes where `go` is least (of equals to the first), if `stay` is at least move_ratio times that and move_least_s
// more. What it has done since its start is lost and stands in `go`; so does what a lower class would lose that
// makes room. So whoever has done much stays: with as much left as was done, and full speed
// elsewhere, only who runs below a quarter of it goes.
//
// The speed there is by the watts that the zone wants, not by those it could bear for a while: a warm room
// takes the heat of urgent work for an hour and then lets it crawl again. Free boards are as planner_run left
// them: nobody waits who would be placed there.
#include "base/num.h"
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

// What a board there can count on while it would run, the instance on it at work with the others.
static int64_t share_there_mw(const struct planner *p, const struct shape *s, uint32_t board)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    int64_t mw = over_the_run_mw(z, &family_of_kind(p, b->kind)->curve, s->ask.run, false);
    int32_t at_work = z->at_work + (b->board.task == PLAN_NONE);
    return int_quotient(mw, at_work);
}

// Seconds until the end over there; INT64_MAX: it would stand still.
static int64_t go_s(const struct planner *p, const struct plan_runner *r, const struct shape *s,
                    uint32_t board, int64_t share_mw)
{
    const struct board_state *b = &p->board[board];
    const struct curve *c = &family_of_kind(p, b->kind)->curve;
    int64_t rate = work_mhz(c, share_mw);
    if (rate <= 0)
        return INT64_MAX;
    int64_t full = curve_max_work_mhz(&family_of_kind(p, p->board[r->board].kind)->curve);
    int64_t boot_s = b->board.asleep ? c->boot_ms / 1000 + 1 : 0;
    return p->prices.move_start_s + boot_s + stage_s(p, s, p->zone[b->board.zone].zone.site) +
           (r->left_s + r->lost_s) * full / rate;
}

// ---- who cannot be in time
//
// Few zones have watts enough, and what a share of watts does is dear to compute: so zones are passed over
// whose share is below what the speed takes that is needed at least, by a table for each make of board. The
// shares of all zones lie side by side, and are computed when somebody asks.

#define REACH_UNKNOWN INT32_MAX

// The least share that does `need_mhz`; more watts never do less (curve.h).
static int32_t share_for(const struct curve *c, int64_t need_mhz)
{
    int64_t lo = -1, hi = curve_max_mw(c);
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (work_mhz(c, middle) >= need_mhz)
            hi = middle;
        else
            lo = middle;
    }
    return (int32_t)hi;
}

void family_shares(struct family *f)
{
    int64_t full = curve_max_work_mhz(&f->curve);
    f->asked_mhz = 0;
    f->asked_mw = 0;
    for (int i = 0; i <= SHARE_STEPS; i++)
        f->share_mw[i] = share_for(&f->curve, (full * i + SHARE_STEPS - 1) / SHARE_STEPS);
}

// No board of the family does so much for less; INT64_MAX: none does at all.
static int64_t least_mw(struct family *f, int64_t need_mhz)
{
    if (f->asked_mhz == need_mhz)
        return f->asked_mw;
    int64_t full = curve_max_work_mhz(&f->curve);
    f->asked_mhz = need_mhz;
    f->asked_mw = need_mhz > full || full <= 0 ? INT64_MAX : f->share_mw[need_mhz * SHARE_STEPS / full];
    return f->asked_mw;
}

// No board of any family.
static int64_t least_of_all_mw(struct planner *p, int64_t need_mhz)
{
    int64_t least = INT64_MAX;
    for (size_t f = 0; f < p->n_families; f++) {
        int64_t mw = p->family[f].kinds ? least_mw(&p->family[f], need_mhz) : INT64_MAX;
        least = mw < least ? mw : least;
    }
    return least;
}

void reach_forget(struct planner *p, uint32_t zone)
{
    for (int run = 0; run < PLAN_RUNS; run++)
        if (zone < p->n_reach[run])
            p->reach_mw[run][zone] = REACH_UNKNOWN;
}

static int32_t *reaches(struct planner *p, enum plan_run run)
{
    mem_grow(&p->reach_mw[run], &p->cap_reach[run], p->n_zones, sizeof *p->reach_mw[run]);
    while (p->n_reach[run] < p->n_zones)
        p->reach_mw[run][p->n_reach[run]++] = REACH_UNKNOWN;
    return p->reach_mw[run];
}

// Work by the second that is needed to be at the end within `limit_s`, with all data there and the board
// awake. INT64_MAX: no speed is enough.
static int64_t needed_mhz(const struct planner *p, const struct plan_runner *r, int64_t limit_s)
{
    int64_t full = curve_max_work_mhz(&family_of_kind(p, p->board[r->board].kind)->curve),
            run_s = limit_s - p->prices.move_start_s;
    return run_s < 0 ? INT64_MAX : (r->left_s + r->lost_s) * full / (run_s + 1) + 1;
}

// Whether a board there can be as fast; `reach`: of the zone. One of several families is always looked at.
static bool in_reach(struct planner *p, const struct zone_state *z, enum plan_run run, int64_t need_mhz,
                     int32_t *reach)
{
    if (z->family == PLAN_NONE)
        return z->n_boards > 0;
    struct family *f = &p->family[z->family];
    if (*reach == REACH_UNKNOWN) {
        int64_t mw = int_quotient(over_the_run_mw(z, &f->curve, run, false), z->at_work ? z->at_work : 1);
        *reach = (int32_t)(mw < REACH_UNKNOWN ? mw : REACH_UNKNOWN - 1);
    }
    return *reach >= least_mw(f, need_mhz);
}

// In how many zones from this one on nobody is fast enough, eight at a time: in most eights there is none.
static uint32_t out_of_reach(const int32_t *reach, uint32_t zone, uint32_t n, int32_t least)
{
    uint32_t from = zone;
    for (; zone + 8 <= n; zone += 8) {
        const int32_t *x = reach + zone;
        if ((x[0] >= least) | (x[1] >= least) | (x[2] >= least) | (x[3] >= least) | (x[4] >= least) |
            (x[5] >= least) | (x[6] >= least) | (x[7] >= least))
            break;
    }
    return zone - from;
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

static bool any_to_have(const struct zone_state *z, enum activity a)
{
    int32_t n = z->free;
    for (int lower = (int)a + 1; lower < PLAN_CLASSES; lower++)
        n += z->held[lower];
    return n > 0;
}

// Where `go` is least so far; of equals the first board. `here`: worth_here(), -1 before somebody asks.
struct search {
    const struct shape *s;
    int64_t most_s, least_s, here, need_mhz;
    struct plan_move *out;
};

static void look_at(struct planner *p, const struct plan_runner *r, uint32_t board, struct search *x)
{
    const struct plan_board *to = &p->board[board].board;
    struct plan_move *out = x->out;
    bool take = to->task != PLAN_NONE;
    if (!to->usable || to->beneath != ACTIVITY_RESERVED ||
        (take && (to->stopping || to->activity <= x->s->ask.activity)))
        return;
    int64_t share_mw = share_there_mw(p, x->s, board);
    if (share_mw < least_mw(&p->family[p->kind[p->board[board].kind].family], x->need_mhz))
        return;
    int64_t there = go_s(p, r, x->s, board, share_mw), loss = loss_s(p, r, board);
    if (there > x->most_s - loss || there + loss > x->least_s ||
        (there + loss == x->least_s && out->board != PLAN_NONE && board > out->board))
        return;
    if (x->here < 0)
        x->here = worth_here(p, r, x->s);
    if (!may_go(p, x->s, board, take, x->here))
        return;
    x->least_s = there + loss;
    x->need_mhz = needed_mhz(p, r, x->least_s);
    out->board = board;
    out->take = take;
    out->go_s = there;
}

// The least that `go` can be: on the fastest make of board, free, awake and at full speed, with all data there.
// INT64_MAX: there is no board.
static int64_t least_go_s(const struct planner *p, const struct plan_runner *r)
{
    int64_t full = curve_max_work_mhz(&family_of_kind(p, p->board[r->board].kind)->curve), fastest = 0;
    for (size_t f = 0; f < p->n_families; f++) {
        int64_t rate = p->family[f].kinds ? curve_max_work_mhz(&p->family[f].curve) : 0;
        fastest = rate > fastest ? rate : fastest;
    }
    return fastest > 0 ? p->prices.move_start_s + (r->left_s + r->lost_s) * full / fastest : INT64_MAX;
}

int64_t planner_move_pays_s(const struct planner *p, const struct plan_runner *r)
{
    int64_t go = shape_of_runner(p, r) ? least_go_s(p, r) : INT64_MAX;
    if (go == INT64_MAX)
        return go;
    int64_t by_ratio = go * p->prices.move_ratio_permille / 1000, by_time = go + p->prices.move_least_s;
    return by_ratio > by_time ? by_ratio : by_time;
}

bool planner_move(struct planner *p, const struct plan_runner *r, struct plan_move *out)
{
    const struct shape *s = shape_of_runner(p, r);
    if (!s)
        return false;
    int64_t speed = r->speed_permille > 0 ? r->speed_permille : 1, stay = r->left_s * 1000 / speed;
    int64_t by_ratio = stay * 1000 / p->prices.move_ratio_permille, by_time = stay - p->prices.move_least_s;
    int64_t most = by_ratio < by_time ? by_ratio : by_time;
    struct search x = {
        .s = s, .most_s = most, .least_s = most, .need_mhz = needed_mhz(p, r, most), .here = -1, .out = out};
    *out = (struct plan_move){.board = PLAN_NONE, .stay_s = stay};
    if (x.need_mhz == INT64_MAX)
        return false;
    int64_t need_mhz = x.need_mhz, lowest_mw = least_of_all_mw(p, need_mhz);
    if (lowest_mw > INT32_MAX)
        return false;
    int32_t least = (int32_t)lowest_mw;
    int64_t best_s = least_go_s(p, r);
    int32_t *reach = reaches(p, s->ask.run);
    for (uint32_t zone = 0; zone < p->n_zones && (out->board == PLAN_NONE || x.least_s > best_s); zone++) {
        if (zone % 8 == 0)
            zone += out_of_reach(reach, zone, (uint32_t)p->n_zones, least);
        if (zone == p->n_zones)
            break;
        const struct zone_state *z = &p->zone[zone];
        if (reach[zone] < least || zone == p->board[r->board].board.zone ||
            !any_to_have(z, s->ask.activity) || !in_reach(p, z, s->ask.run, x.need_mhz, &reach[zone]))
            continue;
        for (size_t i = 0; i < z->n_boards; i++)
            if (i == 0 || !free_alike(&p->board[z->board[i - 1]], &p->board[z->board[i]]))
                look_at(p, r, z->board[i], &x);
        if (x.need_mhz != need_mhz) { // one was found: from now on less is too slow
            need_mhz = x.need_mhz;
            lowest_mw = least_of_all_mw(p, need_mhz);
            least = lowest_mw < INT32_MAX ? (int32_t)lowest_mw : INT32_MAX;
        }
    }
    return out->board != PLAN_NONE;
}

bool planner_has_room(struct planner *p, uint32_t task, house_ms now)
{
    int64_t net;
    if (task >= p->n_tasks || !p->task[task].known)
        return false;
    uint32_t shape = p->queue[p->task[task].queue].shape;
    p->now = now;
    return p->shape[shape].gang <= 1 && best_board(p, shape, SIDE_FREE, &net) != PLAN_NONE && net > 0;
}

bool planner_place_on(struct planner *p, uint32_t task, uint32_t board, house_ms now, struct plan *out)
{
    int64_t net = planner_net(p, task, board, now, NULL);
    if (net <= 0 || p->task[task].pending <= 0 || p->shape[p->queue[p->task[task].queue].shape].gang > 1)
        return false;
    plan_place(p, task, board, net, out);
    return true;
}
