// SPDX-License-Identifier: Apache-2.0
//
// The tables of the page.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/page/figures.h"
#include "sim/page/html_inside.h"

#define MWH 3.6e9

static void tile(struct buf *out, const char *value, const char *what)
{
    buf_putf(out, "<div class=\"tile\"><b>%s</b><span>%s</span></div>\n", value, what);
}

static void tile_value(struct buf *out, double v, int decimals, const char *unit, const char *what)
{
    char text[64];
    snprintf(text, sizeof text, "%.*f%s", decimals, v, unit);
    tile(out, text, what);
}

void html_tiles(struct buf *out, const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    buf_puts(out, "<div class=\"tiles\">\n");
    tile_value(out, 100 * t->erf_strict, 1, " %",
               "of the electricity became heat that somebody asked for (ERF, strict)");
    tile_value(out, 100 * t->heat_coverage, 1, " %", "of the heat asked for was delivered");
    tile_value(out, 100 * t->heat_match, 1, " %", "of the heat delivered was asked for");
    if (t->zone_rmse_k > 0)
        tile_value(out, t->zone_rmse_k, 2, " K",
                   "typical distance of rooms from their setpoint while heated (RMSE; 1 K is 1 degree)");
    tile_value(out, t->ere, 3, "", "kWh wasted for each kWh that computes (ERE)");
    tile_value(out, t->pue, 4, "", "kWh drawn for each kWh that computes (PUE)");
    tile_value(out, 100 * t->useful_work_share, 1, " %",
               "of the computers' energy did work that somebody wanted");
    tile_value(out, (double)t->dc_j / MWH, 1, " MWh", "electricity (1 MWh: 1000 kWh)");
    buf_puts(out, "</div>\n");
}

// A table that may be wider than a phone: it slides beneath its first column, and both a line and a shade at its edge
// say so.
static void table_begin(struct buf *out)
{
    buf_puts(out, "<p class=\"hint\">Wider than the screen? Slide the table sideways.</p>\n"
                  "<div class=\"scroll\" tabindex=\"0\"><table>");
}

static void table_end(struct buf *out)
{
    buf_puts(out, "</table></div>\n");
}

static void wait_cell(struct buf *out, double s)
{
    if (s < 120)
        buf_putf(out, "<td>%.1f s</td>", s);
    else if (s < 7200)
        buf_putf(out, "<td>%.1f min</td>", s / 60);
    else
        buf_putf(out, "<td>%.1f h</td>", s / 3600);
}

static void class_row(struct buf *out, enum activity a, const struct sim_class_result *c, int64_t all)
{
    buf_putf(out, "<tr><td>%s</td><td>%.2f</td><td>%.1f %%</td>", activity_name(a), (double)c->energy_j / MWH,
             all ? 100 * (double)c->energy_j / (double)all : 0);
    if (activity_is_task(a) && c->submitted) {
        buf_putf(out,
                 "<td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64
                 "</td><td>%" PRId64 "</td>",
                 c->submitted, c->completed, c->preempted, c->held, c->lost);
        wait_cell(out, c->wait.p50_s);
        wait_cell(out, c->wait.p95_s);
        wait_cell(out, c->wait.max_s);
        buf_putf(out, "<td>%.2f</td><td>%.0f</td></tr>\n", c->wait.mean_slowdown, c->work_ghz_h);
    } else {
        buf_puts(out, "<td colspan=\"10\"></td></tr>\n");
    }
}

void html_classes(struct buf *out, const struct sim_result *r)
{
    buf_puts(out, "<h2>What the customers got</h2>\n");
    table_begin(out);
    buf_puts(out, "<tr><th>class</th><th>energy, MWh</th><th>share</th><th>instances</th><th>completed</th>"
                  "<th>preempted</th><th>set aside</th><th>lost</th><th>wait "
                  "p50</th><th>p95</th><th>max</th><th>slowdown</th>"
                  "<th>core GHz h</th></tr>\n");
    for (int a = 0; a < ACTIVITY_N; a++)
        if (r->class[a].energy_j || r->class[a].submitted)
            class_row(out, (enum activity)a, &r->class[a], r -> totals.it_j);
    table_end(out);
    buf_puts(
        out,
        "<p class=\"note\">Waits are from submission to the first instruction: queue, data and boot; half of "
        "the instances waited no longer than p50, 19 of 20 no longer than p95. Slowdown: the time from "
        "submission to the end, as many times as long as the work took (of less than a second, as a second)."
        "</p>\n");
}

// ---- zones by group ----

struct group {
    uint32_t group;
    char name[SIM_NAME_BYTES];
    enum scenario_zone_kind kind;
    int64_t n, asked, delivered, strict, backup, alarm_ms, in_band_ms;
    double rmse2, settled, worst, cold, short_kh, hot, free_kh, shadow2, min_c, max_c;
};

static void add_zone(struct group *g, const struct sim_zone_result *z)
{
    double settled = (double)z->settled_ms;
    g->min_c = g->n && g->min_c < z->min_c ? g->min_c : z->min_c;
    g->max_c = g->n && g->max_c > z->max_c ? g->max_c : z->max_c;
    g->n++;
    g->asked += z->asked_j;
    g->delivered += z->delivered_j;
    g->strict += z->strict_j;
    g->backup += z->backup_j;
    g->alarm_ms += z->hygiene_alarm_ms;
    g->in_band_ms += z->in_band_ms;
    g->rmse2 += z->rmse_k * z->rmse_k * settled;
    g->shadow2 += z->shadow_rmse_k * z->shadow_rmse_k * settled;
    g->settled += settled;
    g->worst = z->rmse_k > g->worst ? z->rmse_k : g->worst;
    g->cold += z->cold_kh;
    g->short_kh += z->short_kh;
    g->hot += z->hot_kh;
    g->free_kh += z->free_kh;
}

// "office-7" is of "office".
static void group_name(char out[SIM_NAME_BYTES], const char *zone)
{
    const char *dash = strrchr(zone, '-');
    int n = dash && dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1) ? (int)(dash - zone)
                                                                                  : (int)strlen(zone);
    snprintf(out, SIM_NAME_BYTES, "%.*s", n < SIM_NAME_BYTES - 1 ? n : SIM_NAME_BYTES - 1, zone);
}

static size_t collect(const struct sim_result *r, struct group **out)
{
    struct group *g = NULL;
    size_t n = 0, cap = 0;
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        size_t k = n;
        while (k > 0 && g[k - 1].group != z->group)
            k--;
        if (k == 0) {
            *VEC_PUSH(g, n, cap) = (struct group){.group = z->group, .kind = z->kind};
            k = n;
            group_name(g[k - 1].name, z->name);
        }
        add_zone(&g[k - 1], z);
    }
    *out = g;
    return n;
}

static void group_head(struct buf *out, const struct group *g)
{
    buf_puts(out, "<tr><td>");
    page_html_text(out, g->name);
    buf_putf(out,
             "</td><td>%" PRId64 " %s%s</td><td>%.2f</td><td>%.2f</td><td>%.2f</td><td>%.1f to %.1f</td>",
             g->n, scenario_zone_kind_name(g->kind), g->n == 1 ? "" : "s", (double)g->asked / MWH,
             (double)g->delivered / MWH, (double)g->strict / MWH, g->min_c, g->max_c);
}

static void room_row(struct buf *out, const struct group *g, double days)
{
    const double rmse = g->settled > 0 ? sqrt(g->rmse2 / g->settled) : 0;
    const double ideal = g->settled > 0 ? sqrt(g->shadow2 / g->settled) : 0, per = (double)g->n * days;
    const double v[] = {rmse,         g->worst,        ideal, g->cold / per, g->short_kh / per,
                        g->hot / per, g->free_kh / per};
    group_head(out, g);
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        buf_putf(out, "<td>%.3f</td>", v[i]);
    buf_puts(out, "</tr>\n");
}

static void water_row(struct buf *out, const struct group *g, int64_t length_ms)
{
    group_head(out, g);
    buf_putf(out, "<td>%.2f</td>", (double)g->backup / MWH);
    if (g->kind == ZONE_KIND_TANK)
        buf_putf(out, "<td>%.1f h</td>", (double)g->alarm_ms / 3.6e6);
    else
        buf_puts(out, "<td></td>");
    if (g->kind == ZONE_KIND_POOL)
        buf_putf(out, "<td>%.2f %%</td>", 100 * (double)g->in_band_ms / (double)length_ms / (double)g->n);
    else
        buf_puts(out, "<td></td>");
    buf_puts(out, "</tr>\n");
}

// `of_c`: what is so warm.
static void columns(struct buf *out, const char *of_c, const char *const *name)
{
    table_begin(out);
    buf_putf(
        out,
        "<tr><th>group</th><th class=\"wrap\">zones</th><th class=\"wrap\">heat asked, MWh</th>"
        "<th class=\"wrap\">delivered, MWh</th><th class=\"wrap\">useful, MWh</th><th class=\"wrap\">%s</th>",
        of_c);
    for (; *name; name++)
        buf_putf(out, "<th class=\"wrap\">%s</th>", *name);
    buf_puts(out, "</tr>\n");
}

static void room_table(struct buf *out, const struct group *g, size_t n, const struct sim_result *r)
{
    columns(out, "air, &deg;C",
            (const char *const[]){"RMSE, K", "worst room, K", "ideal heater, K", "too cold, K&#160;h",
                                  "heater too small, K&#160;h", "too hot, K&#160;h",
                                  "too hot by sun, K&#160;h", NULL});
    for (size_t i = 0; i < n; i++)
        if (g[i].kind == ZONE_KIND_ROOM)
            room_row(out, &g[i], (double)r->length_ms / 86400000.0);
    table_end(out);
    buf_puts(
        out,
        "<p class=\"note\">RMSE: how far rooms typically are from their setpoint while they are heated, more "
        "than three hours after a step of the setpoint; ideal heater: an electric one of the same watts in "
        "the "
        "same room. Then degree-hours (K h, an hour one degree off) a day and room: below setpoint - 0.5 K, "
        "and "
        "beside it where the ideal heater was as cold because it is too small; above setpoint + 1 K by the "
        "heater, and by sun and people without it.</p>\n");
}

static void water_table(struct buf *out, const struct group *g, size_t n, const struct sim_result *r)
{
    columns(out, "water, &deg;C",
            (const char *const[]){"backup, MWh", "not safe by the hygiene rule", "pool in band", NULL});
    for (size_t i = 0; i < n; i++)
        if (g[i].kind != ZONE_KIND_ROOM)
            water_row(out, &g[i], r->length_ms);
    table_end(out);
    buf_puts(
        out,
        "<p class=\"note\">Water: of a tank at its outlet, where people draw it; of a pool in the basin; of "
        "a "
        "network what the boilers of computers send. Backup: heat of the building's own heater or, of a "
        "network, of its generator. The hygiene rule (legionella) asks of a tank 55 &deg;C at the outlet all "
        "the "
        "time, or an hour of 60 &deg;C (or minutes of more) in any 24 hours. In band: within 0.5 K of the "
        "setpoint.</p>\n");
}

void html_groups(struct buf *out, const struct sim_result *r)
{
    struct group *g;
    size_t n = collect(r, &g), rooms = 0;
    for (size_t i = 0; i < n; i++)
        rooms += g[i].kind == ZONE_KIND_ROOM;
    buf_puts(out, "<h2>Zones</h2>\n");
    if (rooms)
        room_table(out, g, n, r);
    if (rooms < n)
        water_table(out, g, n, r);
    free(g);
}

// ---- savings ----

static void saving_cells(struct buf *out, const struct sim_result *r, const struct kpi_meters *m,
                         const struct kpi_centre *c, const struct kpi_grid *g)
{
    for (const struct kpi_heat *h = kpi_heats; h->name; h++) {
        double v = kpi_save(m, r->totals.carbon_g, c, g, h).carbon;
        buf_putf(out, "<td class=\"%s\">%.0f %%</td>", v >= 0 ? "good" : "bad", 100 * v);
    }
}

void html_savings(struct buf *out, const struct sim_result *r)
{
    struct kpi_meters m = figure_meters(r);
    if (m.it_j <= 0)
        return;
    buf_putf(out,
             "<h2>What was saved, and against what</h2>\n<p>The electricity caused %.1f kg of CO2e, by the "
             "grid of the "
             "hour it was drawn in. What was saved of what a data centre elsewhere and ordinary heating "
             "would have "
             "needed:</p>\n",
             r->totals.carbon_g / 1000);
    table_begin(out);
    buf_puts(out, "<tr><th>data centre</th><th></th>");
    for (const struct kpi_heat *h = kpi_heats; h->name; h++)
        buf_putf(out, "<th>%s</th>", h->name);
    buf_puts(out, "</tr>\n");
    for (const struct kpi_centre *c = kpi_centres; c->name; c++) {
        buf_putf(out, "<tr><td class=\"wrap\">%s</td><td class=\"wrap\">energy saved</td>", c->name);
        for (const struct kpi_heat *h = kpi_heats; h->name; h++) {
            double v = kpi_save(&m, r->totals.carbon_g, c, kpi_grids, h).energy;
            buf_putf(out, "<td class=\"%s\">%.0f %%</td>", v >= 0 ? "good" : "bad", 100 * v);
        }
        buf_puts(out, "</tr>\n");
        for (const struct kpi_grid *g = kpi_grids; g->name; g++) {
            buf_putf(out, "<tr><td></td><td class=\"wrap\">carbon, %s, %.0f g/kWh</td>", g->name, g->g_kwh);
            saving_cells(out, r, &m, c, g);
            buf_puts(out, "</tr>\n");
        }
    }
    table_end(out);
    buf_putf(out,
             "<p class=\"note\">Columns: the heating that it replaces. Negative: more than there. Energy "
             "wasted for each unit that "
             "computes (ERE) is %.3f: %.1f "
             "times less than at PUE 1.57.</p>\n",
             r->totals.ere, kpi_save(&m, 0, &kpi_centres[1], kpi_grids, kpi_heats).wasted_ratio);
}

void html_method(struct buf *out, const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    buf_puts(out, "<h2>How this was counted</h2>\n<ul class=\"note\">\n");
    buf_puts(
        out,
        "<li>Boundary: computers and the network and servers of their sites; the heat is counted "
        "where it enters the room or "
        "water. Everything is computed by the simulator, nothing is measured.</li>\n"
        "<li>Heat counts as useful up to what an ideal heater would have drawn in the same place, in rooms "
        "hour by hour, in water (a store moves heat by hours) day by day; the rest is waste, also when a "
        "room "
        "was pleasantly warm.</li>\n");
    buf_putf(out,
             "<li>Delivered and not asked for: %.2f MWh. Burnt without doing work: %.2f MWh (%.1f %% of the "
             "computers' energy). Not explained "
             "by the meters: %.4f MWh.</li>\n",
             (double)(t->delivered_j - t->strict_j) / MWH, (double)t->burn_j / MWH,
             t->it_j ? 100 * (double)t->burn_j / (double)t->it_j : 0, (double)t->unattributed_j / MWH);
    buf_puts(out, "<li>Carbon of the electricity is its own column; what the displaced heat would have "
                  "caused is avoided carbon of "
                  "somebody else's boiler and may be claimed by one party only.</li>\n");
    buf_putf(out,
             "<li>%" PRId64 " energy balances of zones were checked; the worst was open by %.1e of its "
             "flows (0: nothing is missing). Limits broken: %" PRIu64 ".</li>\n",
             t->balances_checked, t->energy_error, t->violations);
    for (size_t i = 0; i < r->n_sites; i++)
        if (r->site[i].sun_made_up) {
            buf_puts(out, "<li>");
            page_html_text(out, r->site[i].name);
            buf_puts(out, ": its weather had no radiation; the sun is made up.</li>\n");
        }
    buf_puts(out, "</ul>\n");
}
