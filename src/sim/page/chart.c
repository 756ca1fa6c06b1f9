// SPDX-License-Identifier: Apache-2.0
#include "sim/page/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/when.h"
#include "sim/page/page.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static void one(struct buf *out, const char *caption, double height, bool narrow, chart_draw draw,
                const void *ctx)
{
    struct chart c = {
        .out = out, .narrow = narrow, .w = narrow ? 400 : 940, .h = height + 52, .left = 46, .top = 24};
    c.right = c.w - 12;
    c.bottom = c.top + height;
    c.high = 1;
    buf_putf(out, "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"",
             narrow ? "narrow" : "wide", c.w, c.h);
    page_html_text(out, caption);
    buf_puts(out, "\">\n");
    draw(&c, ctx);
    buf_puts(out, "</svg>\n");
}

void chart_figure(struct buf *out, const char *caption, const char *note, double height, chart_draw draw,
                  const void *ctx)
{
    buf_puts(out, "<figure><figcaption>");
    page_html_text(out, caption);
    buf_puts(out, "</figcaption>\n");
    if (note)
        buf_putf(out, "<p class=\"note\">%s</p>\n", note);
    one(out, caption, height, false, draw, ctx);
    one(out, caption, height * 0.85, true, draw, ctx);
    buf_puts(out, "</figure>\n");
}

double chart_tick(double low, double high, int n)
{
    double rough = (high - low) / n, power = 1;
    if (!(rough > 1e-12 && rough < 1e15))
        return 1;
    while (power * 10 <= rough)
        power *= 10;
    while (power > rough)
        power /= 10;
    double times = rough / power;
    return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

void chart_number(char *out, size_t n, double v, double step)
{
    int decimals = 0;
    double whole = step;
    for (; whole < 0.999 && decimals < 12; decimals++)
        whole *= 10;
    snprintf(out, n, "%.*f", decimals, fabs(v) < step / 2 ? 0.0 : v);
}

double chart_y(const struct chart *c, double v)
{
    return c->bottom - (num_clamp(v, c->low, c->high) - c->low) / (c->high - c->low) * (c->bottom - c->top);
}

void chart_label(struct chart *c, double x, double y, const char *anchor, const char *css, const char *text)
{
    buf_putf(c->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s%s%s>", x, y, anchor,
             css ? " class=\"" : "", css ? css : "", css ? "\"" : "");
    page_html_text(c->out, text);
    buf_puts(c->out, "</text>\n");
}

void chart_scale(struct chart *c, double low, double high, const char *unit)
{
    char text[32];
    double step = chart_tick(low, high, 4);
    c->low = floor(low / step + 1e-9) * step;
    c->high = -floor(-high / step + 1e-9) * step;
    if (!(c->high > c->low))
        c->high = c->low + step;
    for (int i = 0; c->low + i * step <= c->high + step / 2; i++) {
        double v = c->low + i * step, y = chart_y(c, v);
        buf_putf(c->out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", c->left, y, c->right);
        chart_number(text, sizeof text, v, step);
        chart_label(c, c->left - 6, y + 4, "end", NULL, text);
    }
    chart_label(c, c->left - 6, c->top - 11, "end", "unit", unit);
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static void time_tick(struct chart *c, double x, const char *text, bool between, double width)
{
    buf_putf(c->out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x, c->top, c->bottom + 4);
    double at = between ? x + width / 2 : x;
    if (at > c->left - 1 && at < c->right - 8)
        chart_label(c, at, c->bottom + 18, "middle", NULL, text);
}

static void month_ticks(struct chart *c, int64_t from, int64_t span)
{
    struct civil d = civil_from_ms(from);
    double wide = (c->right - c->left) * 30 * (double)DAY_MS / (double)span;
    int every = wide > 28 ? 1 : wide > 14 ? 2 : wide > 7 ? 4 : 12;
    for (int m = d.month - 1, y = d.year;; m++) {
        if (m == 12) {
            m = 0;
            y++;
        }
        int64_t at = civil_to_ms(y, m + 1, 1, 0, 0, 0);
        if (at >= from + span)
            return;
        double x = c->left + (c->right - c->left) * (double)(at - from) / (double)span;
        if (at >= from && m % every == 0)
            time_tick(c, x, months[m], every == 1, wide);
    }
}

static void day_ticks(struct chart *c, int64_t from, int64_t span, int64_t every)
{
    int64_t first = (from + every - 1) / every * every;
    double wide = (c->right - c->left) * (double)every / (double)span;
    for (int64_t at = first; at < from + span; at += every) {
        char text[40];
        struct civil d = civil_from_ms(at);
        if (every < DAY_MS)
            snprintf(text, sizeof text, "%02d:00", d.hour);
        else if (every == DAY_MS)
            snprintf(text, sizeof text, "%s %d", days[d.weekday], d.day);
        else
            snprintf(text, sizeof text, "%d %s", d.day, months[d.month - 1]);
        time_tick(c, c->left + (c->right - c->left) * (double)(at - from) / (double)span, text,
                  every == DAY_MS, wide);
    }
}

void chart_time(struct chart *c, int64_t from_ms, int64_t span_ms)
{
    double pixels = c->right - c->left;
    static const int64_t steps[] = {3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS,
                                    2 * DAY_MS,  7 * DAY_MS,  14 * DAY_MS};
    if (span_ms > 80 * DAY_MS) {
        month_ticks(c, from_ms, span_ms);
        return;
    }
    size_t i = span_ms > 3 * DAY_MS ? 3 : 0; // days, where there are several
    while (i < 6 && pixels * (double)steps[i] / (double)span_ms < 50)
        i++;
    day_ticks(c, from_ms, span_ms, steps[i]);
}

// ---- many values in few pixels ----

// Columns of about two pixels, each of whole values.
static size_t columns(const struct chart *c, size_t n)
{
    size_t most = (size_t)((c->right - c->left) / 2);
    if (c->columns_max && c->columns_max < most)
        most = c->columns_max;
    return n < most ? n : most;
}

struct column {
    double x, low, mean, high;
};

static struct column column_at(const struct chart *c, const float *v, size_t n, size_t k, size_t count)
{
    size_t a = k * n / count, b = (k + 1) * n / count;
    struct column out = {c->left + (c->right - c->left) * ((double)a + (double)b) / 2 / (double)n, v[a], 0,
                         v[a]};
    for (size_t i = a; i < b; i++) {
        out.low = num_min(out.low, v[i]);
        out.high = num_max(out.high, v[i]);
        out.mean += v[i];
    }
    out.mean /= (double)(b - a);
    return out;
}

void chart_line(struct chart *c, const float *v, size_t n, const char *css)
{
    size_t count = columns(c, n);
    buf_putf(c->out, "<path class=\"line %s\" d=\"", css);
    for (size_t k = 0; k < count; k++) {
        struct column at = column_at(c, v, n, k, count);
        buf_putf(c->out, "%c%.1f %.1f", k ? 'L' : 'M', at.x, chart_y(c, at.mean));
    }
    buf_puts(c->out, "\"/>\n");
}

static void area(struct chart *c, const float *v, size_t n, double below, double above, bool extremes,
                 const char *css)
{
    size_t count = columns(c, n);
    if (count < 2)
        return;
    buf_putf(c->out, "<path class=\"area %s\" d=\"", css);
    for (size_t k = 0; k < count; k++) {
        struct column at = column_at(c, v, n, k, count);
        buf_putf(c->out, "%c%.1f %.1f", k ? 'L' : 'M', at.x,
                 chart_y(c, (extremes ? at.high : at.mean) + above));
    }
    for (size_t k = count; k-- > 0;) {
        struct column at = column_at(c, v, n, k, count);
        buf_putf(c->out, "L%.1f %.1f", at.x, chart_y(c, (extremes ? at.low : at.mean) - below));
    }
    buf_puts(c->out, "Z\"/>\n");
}

void chart_envelope(struct chart *c, const float *v, size_t n, const char *css)
{
    area(c, v, n, 0, 0, true, css);
}

void chart_band(struct chart *c, const float *v, size_t n, double below, double above, const char *css)
{
    area(c, v, n, below, above, false, css);
}

void chart_layer(struct chart *c, double *base, const float *v, double factor, size_t n, const char *css)
{
    size_t count = columns(c, n);
    if (count < 2)
        return;
    buf_putf(c->out, "<path class=\"layer %s\" d=\"", css);
    for (size_t k = 0; k < count; k++) {
        struct column at = column_at(c, v, n, k, count);
        buf_putf(c->out, "%c%.1f %.1f", k ? 'L' : 'M', at.x, chart_y(c, base[k] + at.mean * factor));
    }
    for (size_t k = count; k-- > 0;) {
        struct column at = column_at(c, v, n, k, count);
        buf_putf(c->out, "L%.1f %.1f", at.x, chart_y(c, base[k]));
        base[k] += at.mean * factor;
    }
    buf_puts(c->out, "Z\"/>\n");
}

void chart_bar(struct chart *c, double x, double width, double low, double high, const char *css,
               const char *title)
{
    double y = chart_y(c, high), y0 = chart_y(c, low);
    buf_putf(c->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", css, x, y,
             width, num_max(y0 - y, 0));
    if (title) {
        buf_puts(c->out, "<title>");
        page_html_text(c->out, title);
        buf_puts(c->out, "</title>");
    }
    buf_puts(c->out, "</rect>\n");
}

void chart_ribbon(struct chart *c, double x0, double y0, double x1, double y1, double thick, const char *css)
{
    double mid = (x0 + x1) / 2;
    buf_putf(c->out,
             "<path class=\"ribbon %s\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fV%.1fC%.1f %.1f %.1f "
             "%.1f %.1f %.1fZ\"/>\n",
             css, x0, y0, mid, y0, mid, y1, x1, y1, y1 + thick, mid, y1 + thick, mid, y0 + thick, x0,
             y0 + thick);
}
