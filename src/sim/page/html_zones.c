// SPDX-License-Identifier: Apache-2.0
//
// What zones felt: of each group the zone that fared worst among those that the result keeps, its temperature against
// what it should have been.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "sim/page/html_inside.h"
#include "sim/page/html_view.h"

#define GROUPS_MAX 4    // of a kind: the worst
#define HYGIENE_C  55.0 // world/hygiene.h
#define BAND_K     0.5

struct shown_group {
    uint32_t group;
    enum scenario_zone_kind kind;
    size_t worst; // index among the zones shown
    double bad;
    size_t kept, all; // zones of the group
};

// ---- the worst of each group ----

static double mean_shortfall_k(const struct sim_series *s, size_t shown)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += num_max((double)s->shown_setpoint_c[shown][i] - (double)s->shown_c[shown][i], 0);
    return s->n ? sum / (double)s->n : 0;
}

// The more the worse; only among zones of a kind.
static double badness(const struct sim_result *r, size_t shown)
{
    const struct sim_zone_result *z = &r->zone[r->series.shown_zone[shown]];
    switch (z->kind) {
    case ZONE_KIND_ROOM:
        return z->rmse_k;
    case ZONE_KIND_TANK:
        return -z->min_c;
    case ZONE_KIND_POOL:
        return -(double)z->in_band_ms;
    default:
        return mean_shortfall_k(&r->series, shown);
    }
}

static size_t zones_of(const struct sim_result *r, uint32_t group)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_zones; i++)
        n += r->zone[i].group == group;
    return n;
}

static void put(struct shown_group *g, size_t *n, const struct sim_result *r, size_t shown)
{
    const struct sim_zone_result *z = &r->zone[r->series.shown_zone[shown]];
    double bad = badness(r, shown);
    size_t k = 0;
    while (k < *n && g[k].group != z->group)
        k++;
    if (k == *n) {
        *n += 1;
        g[k] = (struct shown_group){z->group, z->kind, shown, bad, 0, zones_of(r, z->group)};
    }
    g[k].kept++;
    if (bad > g[k].bad) {
        g[k].bad = bad;
        g[k].worst = shown;
    }
}

// By kind, and of a kind the worst first.
static int by_kind(const void *a, const void *b)
{
    const struct shown_group *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->bad < y->bad || x->bad > y->bad)
        return x->bad > y->bad ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

static size_t collect(const struct sim_result *r, struct shown_group **out)
{
    size_t n = 0;
    *out = mem_array(r->series.n_shown + 1, sizeof **out);
    for (size_t k = 0; k < r->series.n_shown; k++)
        if (r->series.shown_zone[k] < r->n_zones)
            put(*out, &n, r, k);
    qsort(*out, n, sizeof **out, by_kind);
    return n;
}

// ---- pictures ----

static enum scenario_zone_kind kind_of(const struct view *v)
{
    return v->r->zone[v->r->series.shown_zone[v->shown]].kind;
}

static void draw_rule(struct chart *c)
{
    double y = chart_y(c, HYGIENE_C);
    buf_putf(c->out, "<path class=\"line rule\" d=\"M%.1f %.1fH%.1f\"/>\n", c->left, y, c->right);
}

static void draw_zone(struct chart *c, const void *ctx)
{
    const struct view *v = ctx;
    const struct sim_series *s = &v->r->series;
    const float *t = s->shown_c[v->shown] + v->from, *set = s->shown_setpoint_c[v->shown] + v->from;
    enum scenario_zone_kind kind = kind_of(v);
    bool has_band = kind == ZONE_KIND_ROOM || kind == ZONE_KIND_POOL;
    double set_low = 1e9, set_high = -1e9, low = kind == ZONE_KIND_TANK ? HYGIENE_C : 1e9, high = -1e9;
    view_range(set, v->n, &set_low, &set_high);
    view_range(t, v->n, &low, &high);
    chart_scale(c, num_min(low, set_low) - 0.6, num_max(high, set_high) + 0.6, "\302\260C");
    view_time_axis(c, v);
    if (c->columns_max && has_band && set_high > set_low) { // a line of setpoints day and night would be none
        chart_envelope(c, set, v->n, "band");
    } else {
        if (has_band)
            chart_band(c, set, v->n, BAND_K, BAND_K, "band");
        chart_line(c, set, v->n, "set");
    }
    if (kind == ZONE_KIND_TANK)
        draw_rule(c);
    chart_envelope(c, t, v->n, "t");
    chart_line(c, t, v->n, "t");
}

static void zone_key(struct buf *out, bool tanks)
{
    buf_puts(
        out,
        "<div class=\"key\"><span><i class=\"l\" style=\"border-color:var(--warm)\"></i>temperature "
        "(shaded: lowest to highest)</span><span><i class=\"l\" "
        "style=\"border-color:var(--set)\"></i>what it should be</span><span><i "
        "style=\"background:var(--band)\"></i>rooms and pools: within 0.5 K of it; over months: lowest to "
        "highest of the day</span>");
    if (tanks)
        buf_puts(
            out,
            "<span><i class=\"l d\" style=\"border-color:var(--fg)\"></i>hot water: 55 &deg;C, which the "
            "hygiene rule asks of the outlet</span>");
    buf_puts(out, "</div>\n");
}

static void zone_figure(struct buf *out, struct view v, size_t shown, const char *when)
{
    char caption[160];
    v.shown = shown;
    snprintf(caption, sizeof caption, "%s, %s", v.r->zone[v.r->series.shown_zone[shown]].name, when);
    if (v.n < v.r->series.n) { // the axis has no month
        char date[DATE_TEXT_BYTES];
        date_format(date, house_add(v.r->start, (int64_t)v.from * v.r->series.step_ms));
        snprintf(caption + strlen(caption), sizeof caption - strlen(caption), " (from %.10s)", date);
    }
    chart_figure(out, caption, NULL, 150, draw_zone, &v);
}

// Its RMSE is over the hours in which the heater could do something about it: the picture shows the others too.
static void room_is_drawn(struct buf *out, const struct sim_zone_result *z, double days)
{
    buf_putf(out,
             "air of the room against its setpoint; typically %.2f K from it (RMSE) while the heater is at "
             "work and not at "
             "its limit. Besides, in degree-hours a day: %.2f too cold because the heater is too small, %.2f "
             "too hot by sun "
             "and people",
             z->rmse_k, z->short_kh / days, z->free_kh / days);
}

// What is drawn, and by what it is the worst.
static void what_is_drawn(struct buf *out, const struct sim_result *r, const struct shown_group *g)
{
    const struct sim_zone_result *z = &r->zone[r->series.shown_zone[g->worst]];
    const char *step = r->series.step_ms > 3600000 ? "day" : "hour";
    if (g->kind == ZONE_KIND_ROOM)
        room_is_drawn(out, z, (double)r->length_ms / 86400000.0);
    else if (g->kind == ZONE_KIND_TANK)
        buf_putf(out,
                 "water at the outlet of the tank, where people draw it, when it was coldest in each %s; "
                 "%.1f &deg;C at "
                 "the least. The line is the setpoint of the computers' heat, which is measured a third of "
                 "the way up "
                 "the tank",
                 step, z->min_c);
    else if (g->kind == ZONE_KIND_POOL)
        buf_putf(
            out,
            "water of the pool, mean of the %s, against its setpoint; within 0.5 K of it %.2f %% of the time",
            step, r->length_ms ? 100 * (double)z->in_band_ms / (double)r->length_ms : 0);
    else
        buf_putf(out,
                 "what the boilers of computers send, mean of the %s, against the supply temperature of the "
                 "network by "
                 "the weather; %.1f K below it on average. Below it they can only preheat what comes back",
                 step, g->bad);
}

static void group_note(struct buf *out, const struct sim_result *r, const struct shown_group *g)
{
    buf_puts(out, "<h3>");
    page_html_text(out, r->zone[r->series.shown_zone[g->worst]].name);
    buf_putf(out, " (%s)</h3>\n<p class=\"note\">", scenario_zone_kind_name(g->kind));
    if (g->kept > 1)
        buf_putf(out, "The worst of %s%zu of its group%s: ", g->kept < g->all ? "" : "all ", g->kept,
                 g->kept < g->all ? " that are kept by the hour" : "");
    else
        buf_puts(out, "Drawn: ");
    what_is_drawn(out, r, g);
    buf_puts(out, ".</p>\n");
}

static void group_figures(struct buf *out, const struct sim_result *r, const struct shown_group *g,
                          bool first)
{
    bool weeks = view_has_weeks(r);
    group_note(out, r, g);
    if (first || !weeks)
        zone_figure(out, view_whole(r), g->worst, "the whole run");
    if (weeks) {
        zone_figure(out, view_week(r, false), g->worst, "the coldest week");
        zone_figure(out, view_week(r, true), g->worst, "the hottest week");
    }
}

static void draw_outside(struct chart *c, const void *ctx)
{
    const struct view *v = ctx;
    const float *t = v->r->series.outside_c + v->from;
    double low = 1e9, high = -1e9;
    view_range(t, v->n, &low, &high);
    chart_scale(c, low, high, "\302\260C");
    view_time_axis(c, v);
    chart_envelope(c, t, v->n, "out");
    chart_line(c, t, v->n, "out");
}

void html_temperatures(struct buf *out, const struct sim_result *r)
{
    struct shown_group *g;
    size_t n = collect(r, &g), of_kind = 0, left_out = 0;
    bool tanks = false;
    for (size_t k = 0; k < n; k++)
        tanks |= g[k].kind == ZONE_KIND_TANK;
    zone_key(out, tanks);
    for (size_t k = 0; k < n; k++) {
        of_kind = k > 0 && g[k].kind == g[k - 1].kind ? of_kind + 1 : 0;
        if (of_kind < GROUPS_MAX)
            group_figures(out, r, &g[k], of_kind == 0);
        else
            left_out++;
    }
    if (left_out)
        buf_putf(out,
                 "<p class=\"note\">%zu more groups, whose worst zones fared better, are not drawn.</p>\n",
                 left_out);
    free(g);
    if (r->series.outside_c) {
        struct view v = view_whole(r);
        chart_figure(out, "Outside, mean over the sites", NULL, 110, draw_outside, &v);
    }
}
