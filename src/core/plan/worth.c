// SPDX-License-Identifier: Apache-2.0
//
// What holds for every policy: which boards may be looked at, and what the boards at work of a zone draw.
#include "base/num.h"
#include "core/plan/expect.h"
#include "core/plan/planner_state.h"

// What boards at work in the zone may take together: what it wants; with `lift` what it bears, which its heater
// gives to urgent work.
int64_t taken_mw(const struct zone_state *z, bool lift)
{
    const struct heat_request *r = &z->zone.request;
    int64_t w = lift && r->max_w > r->target_w ? r->max_w : r->target_w;
    if (w > r->max_w)
        w = r->max_w;
    return (w > r->keep_w ? w : r->keep_w) * 1000;
}

// Most that so many boards draw that share the zone's watts, when one draws `most_mw` at most.
int64_t zone_work_mw(const struct zone_state *z, int32_t most_mw, int32_t at_work, bool lift)
{
    if (at_work <= 0)
        return 0;
    int64_t taken = taken_mw(z, lift), share = at_work == 1 ? taken : int_quotient(taken, at_work);
    return at_work * (share < most_mw ? share : most_mw);
}

enum plan_bar board_bar(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    bool held = b->board.task != PLAN_NONE;
    if (!b->known || !b->board.usable || !z->zone.online)
        return BAR_UNUSABLE;
    if (held && !as_if_free)
        return BAR_HELD;
    if (p->site[z->zone.site].fuse.cap_mw < 0 && !z->zone.circuit)
        return BAR_NONE;
    bool urgent = activity_is_urgent(ask.activity) ||
                  urgent_at_work(z) > (held && activity_is_urgent(b->board.activity));
    int64_t after_mw = zone_work_mw(z, z->most_mw, z->at_work - held + 1, urgent);
    return fuses_bear(p, z, after_mw) ? BAR_NONE : BAR_SITE_CAP;
}

int64_t worth_on(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                 enum plan_bar *why)
{
    enum plan_bar unused;
    if (!why)
        why = &unused;
    const struct zone_state *z = &p->zone[p->board[board].board.zone];
    *why = board_bar(p, ask, board, as_if_free);
    const struct plan_board *b = &p->board[board].board;
    if (b->task == PLAN_NONE && b->beneath != ACTIVITY_RESERVED && b->beneath <= ask.activity)
        *why = BAR_HELD; // by what goes on there next
    if (*why == BAR_UNUSABLE || *why == BAR_HELD)
        return INT64_MIN;
    if (zone_refuses(z) && !p->policy->heat_blind && !p->prices.refused_heat_allowed[ask.activity]) {
        *why = BAR_REFUSES_HEAT;
        return INT64_MIN;
    }
    return *why == BAR_NONE ? p->policy->worth(p, ask, board, as_if_free, why) : INT64_MIN;
}

int64_t gain_of_stopping(const struct planner *p, struct plan_ask ask, uint32_t board, enum plan_bar *why)
{
    const struct plan_board *b = &p->board[board].board;
    *why = BAR_HELD;
    if (!p->policy->gain || b->stopping || b->activity <= ask.activity)
        return 0;
    return p->policy->gain(p, ask, board, why);
}

// By what it goes whose board is asked back: the gain less the work that is destroyed, both per hour of the
// newcomer's run,
//
//     gain^2 / (gain + loss)        loss = lost work / run, both in money
//
// which is gain - loss for small losses and never below zero: whether a lower class makes room is decided by
// the classes alone (a promise of seconds is not for sale to whoever has run for long), whom it meets by what
// that costs. So the young go, the same boards again and again, and who has run for hours comes to its end.
int64_t gain_less_loss(const struct planner *p, struct plan_ask ask, uint32_t board, int64_t gain)
{
    const struct board_state *b = &p->board[board];
    if (gain <= 0 || b->board.lost_s <= 0 || !p->policy->keeps_market ||
        (unsigned)b->board.activity >= PLAN_CLASSES)
        return gain;
    int64_t hour = p->prices.work_ueur_per_core_h[b->board.activity] * family_of_kind(p, b->kind)->spec.cores;
    int64_t loss = hour * b->board.lost_s / plan_run_typical_s(ask.run);
    int64_t left = (int64_t)((double)gain * (double)gain / (double)(gain + loss));
    return left > 0 ? left : 1;
}

// What holds the board now, as far as the planner was told of its task.
struct plan_ask holder_of(const struct planner *p, uint32_t board)
{
    const struct plan_board *b = &p->board[board].board;
    bool known = b->task < p->n_tasks && p->task[b->task].known;
    enum plan_run run = known ? p->shape[p->queue[p->task[b->task].queue].shape].ask.run : RUN_SHORT;
    return (struct plan_ask){.activity = b->activity, .run = run};
}

int64_t planner_net(const struct planner *p, uint32_t task, uint32_t board, house_ms now,
                    enum plan_bar *why_not)
{
    (void)now;
    enum plan_bar unused;
    if (!why_not)
        why_not = &unused;
    *why_not = BAR_UNUSABLE;
    if (board >= p->n_boards || !p->board[board].known || task >= p->n_tasks || !p->task[task].known ||
        !zone_sited(p, &p->zone[p->board[board].board.zone]))
        return INT64_MIN;
    const struct shape *s = &p->shape[p->queue[p->task[task].queue].shape];
    uint32_t site = p->zone[p->board[board].board.zone].zone.site;
    if (!constraint_holds(&s->constraint, p->board[board].board.spec)) {
        *why_not = BAR_HARDWARE;
        return INT64_MIN;
    }
    if (!where_holds(&s->where, &p->site[site].site, site)) {
        *why_not = BAR_RESIDENCY;
        return INT64_MIN;
    }
    if (!place_holds(p, s, site)) {
        *why_not = BAR_DATA;
        return INT64_MIN;
    }
    int64_t worth = worth_on(p, s->ask, board, false, why_not);
    if (worth == INT64_MIN)
        return worth;
    if (site_is_kept(p, site, s->ask.activity)) {
        *why_not = BAR_KEPT;
        return INT64_MIN;
    }
    if (worth <= 0 && p->policy->keeps_market && activity_is_urgent(s->ask.activity)) {
        struct plan_ask ask = s->ask;
        ask.lift = true;
        int64_t borne = worth_on(p, ask, board, false, why_not);
        worth = borne > worth ? borne : worth;
    }
    worth += place_worth(p, s, site);
    *why_not = worth > 0 ? BAR_NONE : BAR_WORTHLESS;
    return worth;
}
