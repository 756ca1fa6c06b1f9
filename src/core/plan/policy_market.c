// SPDX-License-Identifier: Apache-2.0
//
// What one more board at work in a zone is worth, micro-euros per hour.
//
// k boards at work share the watts W that the zone takes: its target; for urgent work that finds no board in
// any such zone (plan_ask.lift) its maximum. Each does work(W/k) by its curve. One more changes the zone's work
// by
//
//     gain = (k+1) work(W/(k+1)) - k work(W/k)
//
// which on a concave curve is positive while spreading slower pays, and negative once idle power eats it: the
// planner needs no rule for "spread slow". Heat up to the target is asked for, so its electricity is spent in
// any case and its value and price cancel, unless somebody else would make it as well: then it is worth the
// other's price less the electricity here and now, owed or not, as nobody gets cold. Heat above the target costs electricity and the excess
// price. Heat owed adds its value, so that the coldest zones are served first. A board that sleeps works only
// for the share of its time that is left after booting.
#include "base/num.h"
#include "core/plan/expect.h"
#include "core/plan/planner_state.h"

int64_t work_mhz(const struct curve *c, int64_t share_mw)
{
    if (share_mw <= c->idle_mw)
        return 0;
    if (share_mw >= curve_max_mw(c))
        return curve_max_work_mhz(c);
    return curve_at_draw(c, (int32_t)share_mw).work_mhz;
}

static int64_t above(int64_t mw, int64_t line_mw)
{
    return mw > line_mw ? mw - line_mw : 0;
}

static int64_t heat_value(const struct planner *p, const struct plan_zone *z, int64_t before_mw,
                          int64_t after_mw)
{
    const struct price_table *t = &p->prices;
    int64_t target = (int64_t)z->request.target_w * 1000, owed = (int64_t)z->request.min_w * 1000;
    int64_t electricity = plan_electricity_ueur(t, &p->site[z->site].site);
    int64_t excess = above(after_mw, target) - above(before_mw, target),
            filled = after_mw - before_mw - excess;
    int64_t owed_filled = after_mw - before_mw - (above(after_mw, owed) - above(before_mw, owed));
    int64_t wanted = z->has_other_heat ? z->other_heat_ueur_per_kwh - electricity : 0;
    // mW x ueur/kWh / 1e6 = ueur/h
    return (excess * (t->heat_excess_ueur_per_kwh - electricity) + filled * wanted +
            (owed_filled > 0 && !z->has_other_heat
                 ? owed_filled * (t->heat_owed_ueur_per_kwh - t->heat_wanted_ueur_per_kwh)
                 : 0)) /
           1000000;
}

// Watts for boards at work, on average while it would run. What starts where nothing is wanted now would
// stand still, so there only now counts.
int64_t over_the_run_mw(const struct zone_state *z, const struct curve *c, enum plan_run run, bool lift)
{
    int64_t now = taken_mw(z, lift);
    if (lift || !z->zone.has_ahead || now <= c->idle_mw)
        return now;
    int64_t w = z->zone.ahead_w[run];
    return (w > z->zone.request.keep_w ? w : z->zone.request.keep_w) * 1000;
}

int64_t crawl_cost(const struct planner *p, struct plan_ask ask, uint32_t board)
{
    if (!p->policy->keeps_market)
        return 0;
    int64_t full =
        p->prices.work_ueur_per_core_h[ask.activity] * family_of_kind(p, p->board[board].kind)->spec.cores;
    return full * p->prices.crawl_permille[ask.run] / 1000;
}

int64_t market_worth(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                     enum plan_bar *why)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    const struct curve *c = &family_of_kind(p, b->kind)->curve;
    (void)as_if_free;
    bool held = b->board.task != PLAN_NONE;
    int32_t k = z->at_work - held;
    int64_t w = over_the_run_mw(z, c, ask.run, ask.lift), run_s = plan_run_typical_s(ask.run);
    int64_t before = k ? k * work_mhz(c, int_quotient(w, k)) : 0;
    int64_t gain_mhz = (k + 1) * work_mhz(c, k ? int_quotient(w, k + 1) : w) - before;
    int64_t before_mw = zone_work_mw(z, z->most_mw, k, ask.lift);
    int64_t after_mw = zone_work_mw(z, z->most_mw, k + 1, ask.lift);
    int64_t full = curve_max_work_mhz(c);
    if (b->board.asleep)
        gain_mhz = int_quotient(gain_mhz * run_s, run_s + c->boot_ms / 1000 + 1);
    int64_t net =
        full ? int_quotient(p->prices.work_ueur_per_core_h[ask.activity] * b->board.spec->cores * gain_mhz,
                            full)
             : 0;
    net -= crawl_cost(p, ask, board);
    net += heat_value(p, &z->zone, before_mw, after_mw);
    *why = net > 0 ? BAR_NONE : BAR_WORTHLESS;
    return net;
}

int64_t market_gain(const struct planner *p, struct plan_ask ask, uint32_t board, enum plan_bar *why)
{
    struct plan_ask holder = holder_of(p, board);
    bool both = activity_is_urgent(ask.activity) && activity_is_urgent(holder.activity);
    // Before it makes urgent work give way, or somebody beside a free board, it goes where heat is borne: who
    // gives way would take that free board, and then the zone's watts are too few for one more.
    if (activity_is_urgent(ask.activity) && !ask.lift && (both || p->zone[p->board[board].board.zone].free))
        return 0;
    int64_t mine = worth_on(p, ask, board, true, why);
    if (mine == INT64_MIN || mine <= 0)
        return 0;
    holder.lift = both;
    int64_t theirs = worth_on(p, holder, board, true, NULL);
    return mine - (theirs > 0 ? theirs : 0) - p->prices.preempt_ueur;
}

const struct plan_policy policy_market = {
    .name = "market",
    .summary = "value of work and heat less electricity, in money (the server's own)",
    .worth = market_worth,
    .gain = market_gain,
    .fetches_first = true,
    .fair = true,
    .keeps_market = true,
};
