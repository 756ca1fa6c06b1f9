// SPDX-License-Identifier: Apache-2.0
//
// What one more board at work in a zone is worth, micro-euros per hour.
//
// k boards at work share the watts W that the zone takes (its target; for reserved and onDemand work its maximum, at most).
// Each does work(W/k) by its curve. One more changes the zone's work by
//
//     gain = (k+1) work(W/(k+1)) - k work(W/k)
//
// which on a concave curve is positive while spreading slower pays, and negative once idle power eats it: the planner
// needs no rule for "spread slow". Heat up to the target is asked for, so its electricity is spent in any case and its
// value and price cancel; heat above it costs electricity and the excess price. Heat owed adds its value, so that the
// coldest zones are served first.
#include "core/plan/planner_state.h"

static int64_t work_mhz(const struct curve *c, int64_t share_mw)
{
    if (share_mw <= c->idle_mw)
        return 0;
    if (share_mw >= curve_max_mw(c))
        return curve_max_work_mhz(c);
    return curve_at_draw(c, (int32_t)share_mw).work_mhz;
}

static int64_t heat_value(const struct price_table *prices, const struct heat_request *r, int64_t before_mw, int64_t after_mw)
{
    int64_t target = (int64_t)r->target_w * 1000, owed = (int64_t)r->min_w * 1000;
    int64_t excess = (after_mw > target ? after_mw - target : 0) - (before_mw > target ? before_mw - target : 0);
    int64_t filled = (after_mw < owed ? after_mw : owed) - (before_mw < owed ? before_mw : owed);
    // mW x ueur/kWh / 1e6 = ueur/h
    return (excess * (prices->heat_excess_ueur_per_kwh - prices->electricity_ueur_per_kwh) +
            (filled > 0 ? filled * (prices->heat_owed_ueur_per_kwh - prices->heat_wanted_ueur_per_kwh) : 0)) /
           1000000;
}

int64_t market_worth(const struct planner *p, enum activity a, uint32_t board, bool as_if_free, enum plan_bar *why)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    const struct curve *c = &p->kind[b->kind].curve;
    (void)as_if_free;
    bool held = b->board.task != PLAN_NONE;
    bool urgent_beside = z->at_work_urgent > (held && class_is_urgent(b->board.activity));
    bool urgent = class_is_urgent(a) || urgent_beside;
    int32_t k = z->at_work - held;
    int64_t w = taken_mw(z, urgent);
    int64_t before = k ? k * work_mhz(c, w / k) : 0;
    int64_t gain_mhz = (k + 1) * work_mhz(c, w / (k + 1)) - before;
    int64_t before_mw = zone_work_mw(z, z->most_mw, k, urgent_beside);
    int64_t after_mw = zone_work_mw(z, z->most_mw, k + 1, urgent);
    int64_t full = curve_max_work_mhz(c);
    int64_t net = full ? p->prices.work_ueur_per_core_h[a] * b->board.spec->cores * gain_mhz / full : 0;
    net += heat_value(&p->prices, &z->zone.request, before_mw, after_mw);
    *why = net > 0 ? BAR_NONE : BAR_WORTHLESS;
    return net;
}

int64_t market_gain(const struct planner *p, enum activity a, uint32_t board, enum plan_bar *why)
{
    int64_t mine = worth_on(p, a, board, true, why);
    if (mine == INT64_MIN || mine <= 0)
        return 0;
    int64_t theirs = worth_on(p, p->board[board].board.activity, board, true, NULL);
    return mine - (theirs > 0 ? theirs : 0) - p->prices.preempt_ueur;
}

const struct plan_policy policy_market = {
    .name = "market",
    .summary = "value of work and heat less electricity, in money (the server's own)",
    .worth = market_worth,
    .gain = market_gain,
    .keeps_market = true,
};
