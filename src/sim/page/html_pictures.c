// SPDX-License-Identifier: Apache-2.0
//
// The pictures over time of the whole fleet, and the one of rooms beside each other.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "sim/page/chart.h"
#include "sim/page/html_inside.h"
#include "sim/page/html_view.h"

#define DAY_MS INT64_C(86400000)

// ---- power by class ----

static const char *const class_css[ACTIVITY_N] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"};

static double highest_sum(const struct view *v, size_t columns)
{
    const struct sim_series *s = &v->r->series;
    double high = 0;
    columns = v->n < columns ? v->n : columns;
    for (size_t k = 0; k < columns; k++) {
        size_t a = k * v->n / columns, b = (k + 1) * v->n / columns;
        double sum = 0;
        for (size_t i = v->from + a; i < v->from + b; i++)
            for (int x = 0; x < ACTIVITY_N; x++)
                sum += s->activity_w[x] ? s->activity_w[x][i] : 0;
        high = num_max(high, sum / (double)(b - a));
    }
    return high;
}

// Kilowatts, or megawatts or watts for large and small fleets.
static double power_unit(double high_w, const char **unit)
{
    *unit = high_w >= 2e6 ? "MW" : high_w >= 2e3 ? "kW" : "W";
    return high_w >= 2e6 ? 1e-6 : high_w >= 2e3 ? 1e-3 : 1;
}

static bool has_water(const struct sim_result *r)
{
    for (size_t i = 0; i < r->n_zones; i++)
        if (r->zone[i].kind != ZONE_KIND_ROOM)
            return true;
    return false;
}

// What water asks for is settled once a day, at midnight, so that with water only the mean of a day means
// something.
static void asked_line(const struct view *v, double factor, float *out)
{
    const struct sim_series *s = &v->r->series;
    size_t day = has_water(v->r) && s->step_ms < DAY_MS ? (size_t)(DAY_MS / s->step_ms) : 1;
    for (size_t i = 0; i < v->n; i++) {
        size_t from = (v->from + i) / day * day, to = from + day < s->n ? from + day : s->n;
        double sum = 0;
        for (size_t k = from; k < to; k++)
            sum += s->asked_w[k];
        out[i] = (float)(sum / (double)(to - from) * factor);
    }
}

static void draw_power(struct chart *c, const void *ctx)
{
    const struct view *v = ctx;
    const struct sim_series *s = &v->r->series;
    const char *unit;
    double base[512] = {0}, low = 0;
    float *asked = mem_array(v->n, sizeof *asked);
    asked_line(v, 1, asked);
    double high = highest_sum(v, (size_t)((c->right - c->left) / 2));
    view_range(asked, v->n, &low, &high);
    double factor = power_unit(high, &unit);
    chart_scale(c, 0, high * factor, unit);
    view_time_axis(c, v);
    for (int a = 0; a < ACTIVITY_N; a++)
        if (s->activity_w[a] && v->r->class[a].energy_j)
            chart_layer(c, base, s->activity_w[a] + v->from, factor, v->n, class_css[a]);
    asked_line(v, factor, asked);
    chart_line(c, asked, v->n, "asked");
    free(asked);
}

static void class_key(struct buf *out, const struct sim_result *r)
{
    buf_puts(out, "<div class=\"key\">");
    for (int a = 0; a < ACTIVITY_N; a++)
        if (r->class[a].energy_j)
            buf_putf(out,
                     "<span><svg "
                     "style=\"display:inline;width:12px;height:12px;vertical-align:-1px;margin-right:5px\" "
                     "viewBox=\"0 0 12 12\">"
                     "<rect class=\"%s\" width=\"12\" height=\"12\" rx=\"2\"/></svg>%s</span>",
                     class_css[a], activity_name((enum activity)a));
    buf_puts(out, "<span><i class=\"l d\" style=\"border-color:var(--fg)\"></i>heat asked for (with water: "
                  "mean of the day)</span></div>\n");
}

void html_power(struct buf *out, const struct sim_result *r)
{
    struct view v = view_whole(r);
    class_key(out, r);
    chart_figure(out, "Electricity of the boards by what they did, the whole run", NULL, 220, draw_power, &v);
    if (view_has_weeks(r)) {
        v = view_week(r, false);
        chart_figure(out, "The same, the coldest week", NULL, 200, draw_power, &v);
    }
}

// ---- heat by month, week, day or hour ----

struct bars {
    const struct sim_result *r;
    int64_t each_ms; // 0: months
    const char *what;
};

static struct bars bars_of(const struct sim_result *r)
{
    int64_t span = (int64_t)r->series.n * r->series.step_ms;
    if (span > 100 * DAY_MS)
        return (struct bars){r, 0, "month"};
    return span > 3 * DAY_MS ? (struct bars){r, DAY_MS, "day"} : (struct bars){r, 3600000, "hour"};
}

// The first step of the period after the one that step `i` is in.
static size_t period_end(const struct bars *b, size_t i)
{
    const struct sim_series *s = &b->r->series;
    int64_t at = b->r->start.v + (int64_t)i * s->step_ms, end;
    struct civil d = civil_from_ms(at);
    if (b->each_ms)
        end = at - at % b->each_ms + b->each_ms;
    else
        end = civil_to_ms(d.year, d.month + 1, 1, 0, 0, 0);
    size_t n = (size_t)((end - b->r->start.v + s->step_ms - 1) / s->step_ms);
    return n > i && n < s->n ? n : n > i ? s->n : i + 1;
}

struct period {
    size_t from, to;
    double asked, delivered, strict; // kWh
};

static struct period period_at(const struct bars *b, size_t i)
{
    const struct sim_series *s = &b->r->series;
    struct period p = {.from = i, .to = period_end(b, i)};
    double kwh = (double)s->step_ms / 3.6e9;
    for (; i < p.to; i++) {
        p.asked += s->asked_w[i] * kwh;
        p.delivered += s->delivered_w[i] * kwh;
        p.strict += s->strict_w[i] * kwh;
    }
    return p;
}

static void draw_heat(struct chart *c, const void *ctx)
{
    const struct bars *b = ctx;
    const struct sim_series *s = &b->r->series;
    double high = 0, pixel = (c->right - c->left) / (double)s->n;
    for (size_t i = 0; i < s->n;) {
        struct period p = period_at(b, i);
        high = num_max(high, num_max(p.asked, p.delivered));
        i = p.to;
    }
    double factor = high >= 3000 ? 1e-3 : 1;
    const char *unit = high >= 3000 ? "MWh" : "kWh";
    chart_scale(c, 0, high * factor, unit);
    chart_time(c, b->r->start.v, (int64_t)s->n * s->step_ms);
    for (size_t i = 0; i < s->n;) {
        char text[160];
        struct period p = period_at(b, i);
        double x = c->left + pixel * (double)p.from, w = pixel * (double)(p.to - p.from),
               gap = num_min(w * 0.15, 6);
        snprintf(text, sizeof text, "asked %.1f, delivered %.1f, useful %.1f %s", p.asked * factor,
                 p.delivered * factor, p.strict * factor, unit);
        chart_bar(c, x + gap, w - 2 * gap, 0, p.strict * factor, "useful", text);
        chart_bar(c, x + gap, w - 2 * gap, p.strict * factor, p.delivered * factor, "extra", text);
        chart_bar(c, x + gap * 0.4, w - 0.8 * gap, 0, p.asked * factor, "asked", text);
        i = p.to;
    }
}

void html_heat(struct buf *out, const struct sim_result *r)
{
    struct bars b = bars_of(r);
    char caption[64];
    snprintf(caption, sizeof caption, "Heat asked for and delivered, by %s", b.what);
    chart_figure(out, caption,
                 "<span class=\"key\"><span><i style=\"background:#009e73\"></i>useful</span><span><i "
                 "style=\"background:#d55e00\"></i>"
                 "delivered, not asked for</span><span><i style=\"border:1.5px dashed var(--fg)\"></i>asked "
                 "for</span></span>",
                 180, draw_heat, &b);
}

// ---- rooms beside each other ----

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

struct rooms {
    float *ours, *ideal;
    size_t n;
};

static void draw_rooms(struct chart *c, const void *ctx)
{
    const struct rooms *r = ctx;
    char text[32];
    double high = num_max(r->ours[r->n - 1], r->ideal[r->n - 1]);
    chart_scale(c, 0, high, "K");
    chart_line(c, r->ideal, r->n, "ideal");
    chart_line(c, r->ours, r->n, "ours");
    chart_label(c, c->left, c->bottom + 18, "start", NULL, "best room");
    snprintf(text, sizeof text, "worst of %zu", r->n);
    chart_label(c, c->right, c->bottom + 18, "end", NULL, text);
}

void html_rooms(struct buf *out, const struct sim_result *r)
{
    struct rooms rooms = {mem_array(r->n_zones + 1, sizeof(float)), mem_array(r->n_zones + 1, sizeof(float)),
                          0};
    for (size_t i = 0; i < r->n_zones; i++)
        if (r->zone[i].kind == ZONE_KIND_ROOM && r->zone[i].settled_ms > 0) {
            rooms.ours[rooms.n] = (float)r->zone[i].rmse_k;
            rooms.ideal[rooms.n++] = (float)r->zone[i].shadow_rmse_k;
        }
    if (rooms.n >= 3) {
        qsort(rooms.ours, rooms.n, sizeof(float), by_value);
        qsort(rooms.ideal, rooms.n, sizeof(float), by_value);
        chart_figure(out, "How near rooms are to their setpoints (RMSE), best to worst",
                     "<span class=\"key\"><span><i class=\"l\" style=\"border-color:var(--warm)\"></i>heated "
                     "by computers</span><span>"
                     "<i class=\"l\" style=\"border-color:var(--cold)\"></i>an ideal electric heater in the "
                     "same rooms</span></span>",
                     130, draw_rooms, &rooms);
    }
    free(rooms.ours);
    free(rooms.ideal);
}
