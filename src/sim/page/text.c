// SPDX-License-Identifier: Apache-2.0
//
// The summary: what it was, where the energy went, how the rooms were, what the customers got, what was
// saved.
#include <inttypes.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/when.h"
#include "sim/page/figures.h"
#include "sim/page/page.h"

#define MWH         3.6e9
#define WATER_LINES 40

static void head(struct buf *out, const struct sim_result *r)
{
    char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
    date_format(from, r->start);
    date_format(to, house_add(r->start, r->length_ms));
    buf_putf(out, "%s, policy %s, seed %" PRIu64 "\n", r->scenario, r->policy, r->seed);
    buf_putf(out, "%.10s to %.10s (%.4g days), %zu zones on %zu sites; trace hash 0x%016" PRIx64 "\n", from,
             to, (double)r->length_ms / 86400000.0, r->n_zones, r->n_sites, r->trace_hash);
    if (r->wall_s > 0)
        buf_putf(out,
                 "%.2f s on this machine, %.0f times faster than time; %" PRIu64 " events, %" PRIu64
                 " plans\n",
                 r->wall_s, (double)r->length_ms / 1000 / r->wall_s, r->totals.events, r->totals.plans);
}

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void energy(struct buf *out, const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    buf_puts(out, "\nEnergy                          MWh\n");
    buf_putf(out,
             "  electricity            %12.2f  computers %.2f, the rest network and servers of the sites\n",
             (double)t->dc_j / MWH, (double)t->it_j / MWH);
    for (int a = 0; a < ACTIVITY_N; a++)
        if (r->class[a].energy_j)
            buf_putf(out, "    %-20s %12.2f  %5.1f %%  %s\n", activity_name((enum activity)a),
                     (double)r->class[a].energy_j / MWH, share((double)r->class[a].energy_j, (double)t->it_j),
                     page_activity_means((enum activity)a));
    buf_putf(out, "  heat asked for         %12.2f  by an ideal heater in each place\n",
             (double)t->asked_j / MWH);
    buf_putf(out, "  heat delivered         %12.2f\n", (double)t->delivered_j / MWH);
    buf_putf(out,
             "  useful heat            %12.2f  hour by hour the smaller of the two, in water day by day\n",
             (double)t->strict_j / MWH);
    buf_putf(out, "  of the heat delivered %.1f %% was asked for (match)\n", 100 * t->heat_match);
    buf_putf(out,
             "  of the heat asked for %.1f %% came (coverage); where the heater is large enough %.1f %%, by "
             "the day "
             "%.1f %%\n",
             100 * t->heat_coverage, 100 * t->heat_coverage_able, 100 * t->heat_coverage_day);
    buf_putf(out,
             "  PUE %.4f, ERF strict %.3f, ERE %.3f, WUE %.2f l/kWh: for each kWh of the computers %.4f kWh "
             "drawn, "
             "%.3f wasted\n",
             t->pue, t->erf_strict, t->ere, t->wue, t->pue, t->ere);
}

static void rooms(struct buf *out, const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    int64_t n = 0;
    for (size_t i = 0; i < r->n_zones; i++)
        n += r->zone[i].kind == ZONE_KIND_ROOM;
    if (n == 0)
        return;
    buf_putf(out,
             "\nRooms: %" PRId64 "; while heated typically %.3f K from their setpoint (RMSE), the worst room "
             "%.3f K; with an ideal heater "
             "%.3f K\n",
             n, t->zone_rmse_k, figure_find("rmse_worst_k")->of(r), figure_find("shadow_rmse_k")->of(r));
    buf_putf(out,
             "  a day and room, in degree-hours (an hour 1 K off): %.3f too cold, %.3f more where the heater "
             "is too "
             "small;\n    %.3f too hot by the heater, %.3f by sun and people\n",
             t->cold_kh_zone_day, t->short_kh_zone_day, t->hot_kh_zone_day, t->free_kh_zone_day);
    if (figure_find("steps_up")->of(r) > 0)
        buf_putf(out,
                 "  the setpoint was raised %.0f times; on average reached %.1f min after an ideal heater "
                 "would have\n",
                 figure_find("steps_up")->of(r), figure_find("step_excess_s")->of(r) / 60);
    buf_putf(out,
             "  a board and year: switched on %.0f times; its heater warmed or cooled by 15 K %.0f times\n",
             figure_find("cycles_year")->of(r), figure_find("swings_year")->of(r));
}

// What of it is so warm.
static const char *where(enum scenario_zone_kind kind)
{
    return kind == ZONE_KIND_TANK ? "outlet" : kind == ZONE_KIND_POOL ? "water" : "sent at";
}

static void water_zone(struct buf *out, const struct sim_zone_result *z, int64_t length_ms)
{
    buf_putf(out, "  %-20s %-8s %8.2f MWh by boards, %.2f by the backup, %s %.1f to %.1f degC; ", z->name,
             scenario_zone_kind_name(z->kind), (double)z->delivered_j / MWH, (double)z->backup_j / MWH,
             where(z->kind), z->min_c, z->max_c);
    if (z->kind == ZONE_KIND_POOL)
        buf_putf(out, "within 0.5 K of its setpoint %.2f %% of the time\n",
                 share((double)z->in_band_ms, (double)length_ms));
    else if (z->kind == ZONE_KIND_NETWORK)
        buf_putf(out, "hot enough for the supply %.2f MWh, for preheating %.2f\n",
                 (double)z->injected_supply_j / MWH, (double)z->injected_preheat_j / MWH);
    else if (z->hygiene_alarm_ms == 0 && z->loop_low_ms == 0)
        buf_puts(out, "hygiene rule kept\n");
    else
        buf_putf(out, "HYGIENE RULE BROKEN for %.1f h, return of the loop below 50 degC for %.1f h\n",
                 (double)z->hygiene_alarm_ms / 3.6e6, (double)z->loop_low_ms / 3.6e6);
}

// A broken rule is said of every zone.
static void water(struct buf *out, const struct sim_result *r)
{
    size_t n = 0, left_out = 0;
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        if (z->kind == ZONE_KIND_ROOM)
            continue;
        if (n++ == 0)
            buf_puts(out, "\nWater\n");
        if (n <= WATER_LINES || z->hygiene_alarm_ms > 0 || z->loop_low_ms > 0)
            water_zone(out, z, r->length_ms);
        else
            left_out++;
    }
    if (left_out)
        buf_putf(out, "  %zu more are in zones.csv (--csv) and in the JSON\n", left_out);
}

static void classes(struct buf *out, const struct sim_result *r)
{
    buf_puts(out, "\nWork         submitted completed preempted  lost  wait, s: mean   p95        max  "
                  "slowdown  core GHz h\n");
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        const struct sim_class_result *c = &r->class[a];
        if (c->submitted || c->energy_j)
            buf_putf(out,
                     "  %-10s %9" PRId64 " %9" PRId64 " %9" PRId64 " %5" PRId64
                     "  %9.1f %8.1f %10.0f  %8.2f  %10.0f\n",
                     activity_name((enum activity)a), c->submitted, c->completed, c->preempted, c->lost,
                     c->wait.mean_s, c->wait.p95_s, c->wait.max_s, c->wait.mean_slowdown, c->work_ghz_h);
    }
    buf_puts(
        out,
        "  wait: from submission to the first instruction; p95: 19 of 20 wait no longer; slowdown: times as "
        "long as the work alone;\n  preempted: stopped for better paid work, to begin again; core GHz h: "
        "what a "
        "core of 1 GHz does in an hour\n");
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++)
        if (r->class[a].held)
            buf_putf(out, "  %s set aside for better classes: %" PRId64 " times, %.1f min each\n",
                     activity_name((enum activity)a), r->class[a].held,
                     (double)r->class[a].held_ms / (double)r->class[a].held / 60000);
    if (r->totals.bound_core_ms > 0)
        buf_putf(out,
                 "  work done and under way: %.1f %% of what any schedule could with this heat; lost by "
                 "stopping it: %.1f %%\n",
                 100 * figure_find("throughput")->of(r), 100 * figure_find("work_lost")->of(r));
}

static void savings(struct buf *out, const struct sim_result *r)
{
    struct kpi_meters m = figure_meters(r);
    if (m.it_j <= 0)
        return;
    buf_putf(out,
             "\nCarbon: electricity %.1f kg by the grid of its hours; the heat it displaced would have been "
             "%.1f kg\n",
             r->totals.carbon_g / 1000, r->totals.displaced_g / 1000);
    buf_putf(out, "Bill: %.2f EUR for electricity; the heat it displaced would have been %.2f EUR\n",
             r->totals.cost_eur, r->totals.displaced_eur);
    buf_puts(out,
             "Energy saved, against a data centre and ...          gas boiler   convector   heat pump\n");
    for (const struct kpi_centre *c = kpi_centres; c->name; c++) {
        buf_putf(out, "  %-48s", c->name);
        for (const struct kpi_heat *h = kpi_heats; h->name; h++)
            buf_putf(out, "  %8.1f %%", 100 * kpi_save(&m, r->totals.carbon_g, c, kpi_grids, h).energy);
        buf_putf(out, "   %.1f times less energy wasted\n",
                 kpi_save(&m, 0, c, kpi_grids, kpi_heats).wasted_ratio);
    }
}

void page_text(struct buf *out, const struct sim_result *r)
{
    head(out, r);
    energy(out, r);
    rooms(out, r);
    water(out, r);
    classes(out, r);
    savings(out, r);
    if (r->totals.balances_checked)
        buf_putf(out,
                 "\nEnergy in and out of zones adds up to within %.1e of what flowed (%" PRId64 " checks)\n",
                 r->totals.energy_error, r->totals.balances_checked);
    if (r->totals.violations)
        buf_putf(out, "\nLIMITS BROKEN: %" PRIu64 " (a power cap passed or a plan refused by its check)\n",
                 r->totals.violations);
    for (size_t i = 0; i < r->n_sites; i++)
        if (r->site[i].sun_made_up)
            buf_putf(out, "\n%s: its weather had no radiation; the sun is made up\n", r->site[i].name);
}
