// SPDX-License-Identifier: Apache-2.0
//
// The generator counts in litres-per-hour minutes, sixty of which are a litre: whole numbers, so that the sum
// is met exactly. Each kind of draw-off gets its share of the total and spends it one draw-off after the
// other until the share is used up, the last one cut short. Where a draw-off would push the flow above the
// ceiling, another moment is drawn for it.
#include "world/draw.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "world/water.h"

#define DAY_MINUTES 1440
#define DAYS_MAX    366

static const int64_t MINUTE_MS = 60000;
static const double J_KWH = 3.6e6;
static const int TRIES = 400; // moments tried before the ceiling is called too low

void draw_deinit(struct draw *d)
{
    free(d->l_h);
    *d = DRAW_NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// The flow of one line, without its end. -1 for an empty line.
static int read_flow(const char *s, size_t n, size_t line, int64_t *l_h, struct err *e)
{
    while (n && is_blank(s[n - 1]))
        n--;
    while (n && is_blank(*s)) {
        s++;
        n--;
    }
    *l_h = -1;
    if (n == 0)
        return 0;
    double x;
    if (!num_read(s, n, '.', &x))
        return err_set(e, -EINVAL, "line %zu: flow: \"%.*s\" is not a number (litres an hour)", line,
                       (int)(n < 30 ? n : 30), s);
    if (!(x >= 0 && x <= DRAW_L_H_MAX))
        return err_set(e, -EINVAL, "line %zu: flow: %g l/h (0 to %d)", line, x, DRAW_L_H_MAX);
    *l_h = num_round(x);
    if (x > (double)*l_h || x < (double)*l_h)
        return err_set(e, -EINVAL, "line %zu: flow: %g l/h (whole numbers)", line, x);
    return 0;
}

static int read_lines(struct draw *d, const char *text, size_t n, struct err *e)
{
    size_t cap = 0, empty_line = 0;
    const char *end = text + n;
    for (size_t line = 1; text < end; line++) {
        const char *stop = text;
        while (stop < end && *stop != '\n')
            stop++;
        int64_t l_h;
        int r = read_flow(text, (size_t)(stop - text), line, &l_h, e);
        if (r < 0)
            return r;
        text = stop < end ? stop + 1 : end;
        if (l_h < 0) {
            empty_line = empty_line ? empty_line : line;
            continue;
        }
        if (empty_line)
            return err_set(e, -EINVAL, "line %zu: flow: is empty (only at the end of the file)", empty_line);
        if (d->n == DRAW_STEPS_MAX)
            return err_set(e, -EFBIG, "line %zu: flow: one too many (at most %u)", line, DRAW_STEPS_MAX);
        *VEC_PUSH(d->l_h, d->n, cap) = (uint32_t)l_h;
    }
    return d->n ? 0 : err_set(e, -EINVAL, "line 1: flow: nothing there (the text is empty)");
}

static int check_step(int64_t step_ms, struct err *e)
{
    if (step_ms >= 1000 && step_ms <= 86400000)
        return 0;
    return err_set(e, -EINVAL, "draw-off: a step of %lld ms (1000 to 86400000)", (long long)step_ms);
}

int draw_read(struct draw *out, const char *text, size_t n, int64_t step_ms, struct err *e)
{
    *out = DRAW_NULL;
    int r = check_step(step_ms, e);
    if (r < 0)
        return r;
    if (n > DRAW_BYTES_MAX)
        return err_set(e, -EFBIG, "draw-off: %zu bytes (at most %u)", n, DRAW_BYTES_MAX);
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        n -= 3;
    }
    struct draw made = {.step_ms = step_ms};
    r = read_lines(&made, text, n, e);
    if (r < 0)
        draw_deinit(&made);
    else
        *out = made;
    return r;
}

static int check_tap(const struct draw_tap *taps, size_t i, struct err *e)
{
    const struct draw_tap *t = &taps[i];
    if (t->minute < (i ? taps[i - 1].minute : 0) || t->minute >= DAY_MINUTES)
        return err_set(e, -EINVAL, "tap %zu: minute is %d (in order, 0 to 1439)", i + 1, t->minute);
    if (!(t->kwh > 0 && t->kwh <= 1000))
        return err_set(e, -EINVAL, "tap %zu: kwh is %g (above 0, at most 1000)", i + 1, t->kwh);
    if (!(t->l_min >= 0.1 && t->l_min <= 1000))
        return err_set(e, -EINVAL, "tap %zu: l_min is %g (0.1 to 1000)", i + 1, t->l_min);
    return 0;
}

// Litres that hold an energy, spread from a minute on, in whole l/h; what rounding leaves over is carried on.
static int pour(struct draw *d, const struct draw_tap *t, double litres, double *carry)
{
    double rest = litres * 60; // in l/h for a minute
    for (int minute = t->minute; rest > 0; minute++) {
        if (minute >= DAY_MINUTES)
            return -ERANGE;
        double now = num_min(rest, t->l_min * 60);
        rest -= now;
        int64_t whole = num_round(num_max(0, now + *carry));
        *carry += now - (double)whole;
        d->l_h[minute] += (uint32_t)whole;
    }
    return 0;
}

int draw_from_taps(struct draw *out, const struct draw_tap *taps, size_t n, double mixed_c, double cold_c,
                   struct err *e)
{
    *out = DRAW_NULL;
    if (!(mixed_c - cold_c >= 1 && mixed_c <= 95 && cold_c >= 0))
        return err_set(e, -EINVAL, "taps: mixed to %g from %g degC (at least 1 K apart, 0 to 95)", mixed_c,
                       cold_c);
    struct draw made = {MINUTE_MS, DAY_MINUTES, mem_array(DAY_MINUTES, sizeof(uint32_t))};
    double carry = 0;
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = check_tap(taps, i, e);
        if (r == 0 &&
            pour(&made, &taps[i], taps[i].kwh * J_KWH / (WATER_J_L_K * (mixed_c - cold_c)), &carry) < 0)
            r = err_set(e, -ERANGE, "tap %zu: runs on past midnight (a higher flow or an earlier minute)",
                        i + 1);
    }
    if (r < 0)
        draw_deinit(&made);
    else
        *out = made;
    return r;
}

struct kind {
    int percent;      // of the litres
    double l_min;     // mean flow
    int minutes;      // of each draw-off
    uint8_t hour[24]; // weights through the day
};

#define KINDS 4

static const struct kind kinds[KINDS] = {
    // short and medium draws: all day, a little more in the morning and the evening
    {14, 1, 1, {1, 0, 0, 0, 0, 4, 8, 10, 9, 7, 6, 7, 9, 7, 5, 5, 6, 8, 10, 10, 8, 6, 4, 2}},
    {36, 6, 1, {1, 0, 0, 0, 0, 4, 8, 10, 9, 7, 6, 7, 9, 7, 5, 5, 6, 8, 10, 10, 8, 6, 4, 2}},
    // baths in the evening
    {10, 14, 10, {0, 0, 0, 0, 0, 0, 2, 3, 2, 1, 1, 1, 1, 2, 2, 2, 4, 10, 16, 20, 18, 10, 4, 1}},
    // showers mostly in the morning
    {40, 8, 5, {0, 0, 0, 0, 1, 8, 22, 24, 14, 6, 3, 2, 2, 2, 1, 1, 2, 5, 9, 10, 8, 6, 3, 1}},
};

static const double SPREAD_L_MIN = 2;

struct generator {
    struct draw *d;
    struct rng rng;
    uint64_t max_l_h;
    uint64_t day_sum[DAYS_MAX]; // weights of the days, summed up
    int days;
};

static void weigh_days(struct generator *g, const struct draw_wish *w)
{
    uint64_t sum = 0;
    for (int i = 0; i < w->days; i++) {
        int weekday = (w->first_weekday + i) % 7;
        double season = 1 + 0.1 * num_cos(2 * NUM_PI * (w->first_yearday + i - 20) / 365);
        double weight = (weekday == 0 || weekday == 6 ? 1.2 : 1) * season;
        sum += (uint64_t)num_round(1e6 * weight);
        g->day_sum[i] = sum;
    }
}

// The first index whose sum is above a number drawn below the last.
static int pick(struct rng *r, const uint64_t *sum, int n)
{
    uint64_t at = rng_below(r, sum[n - 1]);
    int low = 0, high = n - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (sum[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

// A minute for a draw-off of this kind to begin.
static size_t pick_minute(struct generator *g, const uint64_t hour_sum[24])
{
    int day = pick(&g->rng, g->day_sum, g->days), hour = pick(&g->rng, hour_sum, 24);
    return (size_t)(day * DAY_MINUTES + hour * 60) + (size_t)rng_below(&g->rng, 60);
}

// Whether `l_h` for `minutes` fit below the ceiling from minute `at` on; the period's end goes round.
static bool fits(const struct generator *g, size_t at, int minutes, uint64_t l_h)
{
    for (int i = 0; i < minutes; i++)
        if (g->d->l_h[(at + (size_t)i) % g->d->n] + l_h > g->max_l_h)
            return false;
    return true;
}

// Spends `rest` (l/h minutes) on draw-offs of one kind. False when no place is found.
static bool spend(struct generator *g, const struct kind *k, uint64_t rest)
{
    uint64_t hour_sum[24], sum = 0;
    for (int i = 0; i < 24; i++)
        hour_sum[i] = sum += k->hour[i];
    while (rest > 0) {
        double flow =
            num_clamp(k->l_min + SPREAD_L_MIN * rng_normal(&g->rng), 0.2, k->l_min + 3 * SPREAD_L_MIN);
        uint64_t l_h = (uint64_t)num_round(flow * 60);
        int minutes = k->minutes;
        if (l_h * (uint64_t)minutes >
            rest) { // the last one: as many whole minutes as are left, then less flow
            minutes = (int)(rest / l_h);
            if (minutes == 0) {
                minutes = 1;
                l_h = rest;
            }
        }
        size_t at = pick_minute(g, hour_sum);
        for (int i = 0; !fits(g, at, minutes, l_h); i++) {
            if (i == TRIES)
                return false;
            at = pick_minute(g, hour_sum);
        }
        for (int i = 0; i < minutes; i++)
            g->d->l_h[(at + (size_t)i) % g->d->n] += (uint32_t)l_h;
        rest -= l_h * (uint64_t)minutes;
    }
    return true;
}

static int check_wish(const struct draw_wish *w, struct err *e)
{
    const struct {
        const char *name;
        double value, low, high;
    } field[] = {
        {"litres_day", w->litres_day, 1, 1e5},     {"days", w->days, 1, DAYS_MAX},
        {"first_weekday", w->first_weekday, 0, 6}, {"first_yearday", w->first_yearday, 0, 365},
        {"max_l_h", w->max_l_h, 0, DRAW_L_H_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!(field[i].value >= field[i].low && field[i].value <= field[i].high))
            return err_set(e, -EINVAL, "draw-off: %s is %g (%g to %g)", field[i].name, field[i].value,
                           field[i].low, field[i].high);
    return 0;
}

int draw_generate(struct draw *out, const struct draw_wish *wish, struct err *e)
{
    *out = DRAW_NULL;
    int r = check_wish(wish, e);
    if (r < 0)
        return r;
    size_t minutes = (size_t)wish->days * DAY_MINUTES;
    struct draw made = {MINUTE_MS, minutes, mem_array(minutes, sizeof(uint32_t))};
    // A family's 1200 l/h; for many the peaks grow more slowly than the sum, half a litre an hour a daily
    // litre.
    double max = wish->max_l_h > 0 ? wish->max_l_h : num_min(DRAW_L_H_MAX, 1200 + wish->litres_day * 0.5);
    struct generator g = {.d = &made, .max_l_h = (uint64_t)max, .days = wish->days};
    rng_seed(&g.rng, wish->seed);
    weigh_days(&g, wish);
    int64_t percent[KINDS], share[KINDS];
    for (int i = 0; i < KINDS; i++)
        percent[i] = kinds[i].percent;
    num_share(num_round(wish->litres_day * wish->days) * 60, percent, share, KINDS);
    for (int i = KINDS - 1; i >= 0 && r == 0; i--) // the long ones while there is room
        if (!spend(&g, &kinds[i], (uint64_t)share[i]))
            r = err_set(e, -ERANGE, "draw-off: max_l_h of %g has no room for %g litres a day (a higher one)",
                        max, wish->litres_day);
    if (r < 0)
        draw_deinit(&made);
    else
        *out = made;
    return r;
}

double draw_litres(const struct draw *d, int64_t from_ms, int64_t to_ms)
{
    int64_t period = (int64_t)d->n * d->step_ms, l_h_ms = 0;
    while (from_ms < to_ms) {
        int64_t at = from_ms % period;
        if (at < 0)
            at += period;
        int64_t left = d->step_ms - at % d->step_ms, now = to_ms - from_ms < left ? to_ms - from_ms : left;
        l_h_ms += d->l_h[at / d->step_ms] * now;
        from_ms += now;
    }
    return (double)l_h_ms / 3.6e6;
}

double draw_total_l(const struct draw *d)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < d->n; i++)
        sum += d->l_h[i];
    return (double)sum * (double)d->step_ms / 3.6e6;
}

double draw_hot_l(double litres, double mixed_c, double hot_c, double cold_c)
{
    if (hot_c <= mixed_c || mixed_c <= cold_c)
        return hot_c <= mixed_c ? litres : 0;
    return litres * (mixed_c - cold_c) / (hot_c - cold_c);
}
