// SPDX-License-Identifier: Apache-2.0
//
// Where the electricity went, as ribbons as thick as their energy; and variants beside each other, as dots
// with their intervals.
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "sim/page/chart.h"
#include "sim/page/figures.h"
#include "sim/page/html_inside.h"

#define MWH       3.6e9
#define NODE_WIDE 12

// ---- energy flow: electricity -> what boards did -> heat -> useful or not ----

struct node {
    double y, h;
};

static void put_node(struct chart *c, double x, struct node n, const char *css, const char *anchor,
                     const char *name, double j)
{
    char text[96];
    buf_putf(c->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>\n", css, x, n.y,
             NODE_WIDE, num_max(n.h, 0.8));
    const char *fmt = c->narrow ? "%s %.3g" : "%s  %.3g MWh";
    snprintf(text, sizeof text, fmt, name, j / MWH);
    double tx = !strcmp(anchor, "end") ? x - 5 : x + NODE_WIDE + 5;
    chart_label(c, tx, n.y + n.h / 2 + 4, anchor, "strong", text);
}

// Where a label would stand on the one above it, nodes move apart.
static double place(double y, double h, double *free_from)
{
    double middle = y + h / 2;
    if (middle < *free_from)
        y += *free_from - middle;
    *free_from = y + h / 2 + 15;
    return y;
}

static void draw_flow(struct chart *c, const void *ctx)
{
    static const char *const css[ACTIVITY_N] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"};
    const struct sim_result *r = ctx;
    const struct sim_totals *t = &r->totals;
    double dc = (double)t->dc_j, it = (double)t->it_j, useful = (double)t->strict_j,
           heat = (double)t->delivered_j;
    double scale = (c->bottom - c->top - 70) / dc;
    double x0 = c->narrow ? 4 : 10, x1 = c->narrow ? 125 : 300, x3 = c->narrow ? 275 : 680;
    struct node all = {c->top, dc * scale}, sum = {c->top, heat * scale};
    double from = all.y, to = sum.y, free_from = 0, y = c->top;
    chart_label(c, x0, c->top - 8, "start", "unit", c->narrow ? "electricity, MWh" : "electricity");
    chart_label(c, x1, c->top - 8, "start", "unit", c->narrow ? "boards" : "what the boards did");
    chart_label(c, x3, c->top - 8, "start", "unit", "heat");
    for (int a = 0; a < ACTIVITY_N; a++) {
        double e = (double)r->class[a].energy_j;
        if (e <= 0)
            continue;
        struct node n = {place(y, e * scale, &free_from), e * scale};
        chart_ribbon(c, x0 + NODE_WIDE, from, x1, n.y, n.h, css[a]);
        chart_ribbon(c, x1 + NODE_WIDE, n.y, x3, to,
                     num_min(n.h, sum.y + sum.h - to > 0 ? sum.y + sum.h - to : 0), css[a]);
        put_node(c, x1, n, css[a], "start", activity_name((enum activity)a), e);
        from += n.h;
        to += n.h;
        y = n.y + n.h + 4;
    }
    if (dc > it) {
        struct node n = {place(y, (dc - it) * scale, &free_from), (dc - it) * scale};
        chart_ribbon(c, x0 + NODE_WIDE, from, x1, n.y, n.h, "c9");
        put_node(c, x1, n, "c9", "start", c->narrow ? "network" : "network and site servers", dc - it);
    }
    put_node(c, x0, all, "c10", "start", c->narrow ? "" : "all", dc);
    free_from = 0;
    put_node(c, x3, (struct node){place(c->top, useful * scale, &free_from), useful * scale}, "useful",
             "start", "useful", useful);
    put_node(c, x3,
             (struct node){place(c->top + useful * scale, (heat - useful) * scale, &free_from),
                           (heat - useful) * scale},
             "extra", "start", c->narrow ? "not asked" : "nobody asked for it", heat - useful);
}

void html_flow(struct buf *out, const struct sim_result *r)
{
    if (r->totals.dc_j > 0)
        chart_figure(out, "Energy flow of the whole run", NULL, 260, draw_flow, r);
}

// ---- comparison ----

struct compared {
    const struct comparison *c;
    size_t figure;
};

static void draw_compared(struct chart *ch, const void *ctx)
{
    const struct compared *x = ctx;
    const struct comparison *c = x->c;
    static const char *const verdict[] = {"worse", "", "better"};
    double low = 1e300, high = -1e300, row = (ch->bottom - ch->top) / (double)c->n_variants;
    double names = ch->narrow ? 110 : 230;
    for (size_t v = 0; v < c->n_variants; v++) {
        struct stat_interval m = comparison_mean(c, v, x->figure);
        low = num_min(low, m.mean - m.half);
        high = num_max(high, m.mean + m.half);
    }
    if (low > 0 && low < 0.4 * high)
        low = 0;
    double step = chart_tick(low, num_max(high, low + 1e-9), ch->narrow ? 3 : 6), span;
    low = (double)(int64_t)(low / step - (low < 0)) * step;
    span = num_max(high - low, step) * 1.05;
    double left = ch->left + names - 46, wide = ch->right - 70 - left;
    for (double t = low; t <= low + span; t += step) {
        char text[32];
        double at = left + (t - low) / span * wide;
        buf_putf(ch->out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", at, ch->top - 4, ch->bottom);
        chart_number(text, sizeof text, t, step);
        chart_label(ch, at, ch->bottom + 16, "middle", NULL, text);
    }
    for (size_t v = 0; v < c->n_variants; v++) {
        char text[COMPARE_NAME_BYTES];
        struct stat_interval m = comparison_mean(c, v, x->figure);
        const char *css = verdict[v ? comparison_verdict(c, v, x->figure) + 1 : 1];
        double y = ch->top + row * ((double)v + 0.5), at = left + (m.mean - low) / span * wide,
               half = m.half / span * wide;
        buf_putf(ch->out,
                 "<path class=\"range %s\" d=\"M%.1f %.1fH%.1f\"/><circle class=\"dot %s\" cx=\"%.1f\" "
                 "cy=\"%.1f\" r=\"4.5\"/>\n",
                 css, num_max(at - half, left), y, at + half, css, at, y);
        snprintf(text, sizeof text, ch->narrow ? "%.16s" : "%.34s", c->name[v]);
        chart_label(ch, left - 8, y + 4, "end", "strong", text);
        snprintf(text, sizeof text, "%.*f", figures[x->figure].decimals, m.mean);
        chart_label(ch, ch->right, y + 4, "end", "strong", text);
    }
}

static bool tells_apart(const struct comparison *c, size_t figure)
{
    double low = 1e300, high = -1e300;
    for (size_t v = 0; v < c->n_variants; v++) {
        double m = comparison_mean(c, v, figure).mean;
        low = num_min(low, m);
        high = num_max(high, m);
    }
    return high - low > 1e-4 * num_max(high, -low);
}

void html_comparison(struct buf *out, const struct comparison *c)
{
    size_t told = 0;
    buf_putf(out,
             "<h2>Variants beside each other</h2>\n<p class=\"note\">Dot: mean over %zu seed%s; line: its 95 "
             "%% interval. Green and orange: "
             "surely better or worse than the first, seed by seed. The pictures further down are of the "
             "first seed of the first variant.</p>\n",
             c->n_seeds, c->n_seeds == 1 ? "" : "s");
    for (size_t f = 0; f < n_figures; f++) {
        char caption[128];
        struct compared x = {c, f};
        if (!tells_apart(c, f)) {
            told++;
            continue;
        }
        snprintf(caption, sizeof caption, "%s%s%s%s", figures[f].name, figures[f].unit[0] ? ", " : "",
                 figures[f].unit,
                 figures[f].better > 0   ? " (more is better)"
                 : figures[f].better < 0 ? " (less is better)"
                                         : "");
        chart_figure(out, caption, NULL, 26 * (double)c->n_variants, draw_compared, &x);
    }
    if (told)
        buf_putf(out, "<p class=\"note\">%zu more figures are the same for all variants.</p>\n", told);
}
