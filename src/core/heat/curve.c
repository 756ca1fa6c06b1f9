// SPDX-License-Identifier: Apache-2.0
//
// A board at frequency f for a share d of the time draws idle + d (P(f) - idle) and does cores x f x d of
// work. For a given draw there are many such pairs. The most work is either the curve itself (d = 1) or a
// point of the curve above the draw run part of the time: along one straight piece the ratio work / (P -
// idle) has no inner maximum, so that looking at the points of the curve is enough. On the default board 2.5
// GHz part of the time beats 1 GHz all the time, because the board's fixed watts are spent while anything
// runs.
#include "core/heat/curve.h"

#include <errno.h>

#include "base/num.h"

static const struct curve default_curve = {
    .model = "AMD Ryzen 7 1700",
    .cores = 8,
    .idle_mw = 12000,
    .sleep_mw = 1000,
    .boot_ms = 72000,
    // The measured 3.6 GHz (94 W) is left out: 3.7 GHz was measured at 93 W, so nobody would ever choose it.
    .n = 11,
    .p =
        {
            {1000, 30500},
            {2000, 42100},
            {2500, 47900},
            {3000, 59000},
            {3200, 62000},
            {3300, 76000},
            {3500, 78000},
            {3700, 93000},
            {3800, 105000},
            {3900, 138000},
            {4000, 153000},
        },
};

const struct curve *curve_default(void)
{
    return &default_curve;
}

static int check_heads(const struct curve *c, struct err *e)
{
    if (c->cores < 1 || c->cores > 1024)
        return err_set(e, -EINVAL, "curve: cores is %d: must be 1..1024", (int)c->cores);
    if (c->n < 1 || c->n > CURVE_POINTS_MAX)
        return err_set(e, -EINVAL, "curve: n is %d: must be 1..%d points", (int)c->n, CURVE_POINTS_MAX);
    if (c->sleep_mw < 0 || c->sleep_mw > c->idle_mw)
        return err_set(e, -EINVAL, "curve: sleep_mw is %d: must be 0..idle_mw (%d)", (int)c->sleep_mw,
                       (int)c->idle_mw);
    if (c->boot_ms < 0 || c->boot_ms > 3600000)
        return err_set(e, -EINVAL, "curve: boot_ms is %d: must be 0..3600000", (int)c->boot_ms);
    return 0;
}

int curve_check(const struct curve *c, struct err *e)
{
    int r = check_heads(c, e);
    if (r < 0)
        return r;
    int32_t freq = 0, draw = c->idle_mw;
    for (int i = 0; i < c->n; i++) {
        if (c->p[i].freq_mhz <= freq || c->p[i].freq_mhz > 20000)
            return err_set(e, -EINVAL, "curve: point %d freq_mhz is %d: must be over %d and at most 20000",
                           i + 1, (int)c->p[i].freq_mhz, (int)freq);
        if (c->p[i].draw_mw <= draw || c->p[i].draw_mw > 10000000)
            return err_set(e, -EINVAL, "curve: point %d draw_mw is %d: must be over %d and at most 10000000",
                           i + 1, (int)c->p[i].draw_mw, (int)draw);
        freq = c->p[i].freq_mhz;
        draw = c->p[i].draw_mw;
    }
    return 0;
}

// Draw at full duty, rounded up, so that what a board is allowed is never passed by rounding.
static int32_t draw_at_freq(const struct curve *c, int32_t freq_mhz)
{
    int i = 1;
    while (i < c->n && c->p[i].freq_mhz < freq_mhz)
        i++;
    if (i >= c->n || freq_mhz <= c->p[0].freq_mhz)
        return freq_mhz <= c->p[0].freq_mhz ? c->p[0].draw_mw : c->p[c->n - 1].draw_mw;
    const struct curve_point *a = &c->p[i - 1], *b = &c->p[i];
    int64_t span = b->freq_mhz - a->freq_mhz;
    int64_t rise = (int64_t)(freq_mhz - a->freq_mhz) * (b->draw_mw - a->draw_mw);
    return a->draw_mw + (int32_t)((rise + span - 1) / span);
}

struct operating_point curve_at(const struct curve *c, int32_t freq_mhz, int32_t duty_permille)
{
    int32_t duty = (int32_t)int_clamp(duty_permille, 0, 1000);
    int32_t freq = (int32_t)int_clamp(freq_mhz, c->p[0].freq_mhz, c->p[c->n - 1].freq_mhz);
    if (duty == 0)
        return (struct operating_point){.draw_mw = c->idle_mw};
    int64_t above = draw_at_freq(c, freq) - c->idle_mw;
    return (struct operating_point){
        .freq_mhz = freq,
        .duty_permille = duty,
        .draw_mw = c->idle_mw + (int32_t)((above * duty + 999) / 1000),
        .work_mhz = (int32_t)((int64_t)c->cores * freq * duty / 1000),
    };
}

// The highest frequency whose draw is within draw_mw, all the time; draw_mw is at least the first point's.
static struct operating_point steady_at_draw(const struct curve *c, int32_t draw_mw)
{
    int i = 1;
    while (i < c->n && c->p[i].draw_mw <= draw_mw)
        i++;
    if (i >= c->n)
        return curve_at(c, c->p[c->n - 1].freq_mhz, 1000);
    const struct curve_point *a = &c->p[i - 1], *b = &c->p[i];
    int64_t up = (int64_t)(draw_mw - a->draw_mw) * (b->freq_mhz - a->freq_mhz) / (b->draw_mw - a->draw_mw);
    return curve_at(c, a->freq_mhz + (int32_t)up, 1000);
}

// Planners ask for this at every turn: a point is only computed if it could be better before its duty is
// rounded down.
struct operating_point curve_at_draw(const struct curve *c, int32_t draw_mw)
{
    struct operating_point best = {.draw_mw = c->idle_mw};
    if (draw_mw <= c->idle_mw)
        return best;
    if (draw_mw >= c->p[0].draw_mw)
        best = steady_at_draw(c, draw_mw);
    int64_t dynamic_mw = draw_mw - c->idle_mw;
    for (int i = 0; i < c->n; i++) {
        const struct curve_point *p = &c->p[i];
        int64_t above = p->draw_mw - c->idle_mw, full = (int64_t)c->cores * p->freq_mhz;
        if (p->draw_mw <= draw_mw || full * dynamic_mw <= best.work_mhz * above)
            continue;
        struct operating_point o = curve_at(c, p->freq_mhz, (int32_t)(dynamic_mw * 1000 / above));
        if (o.work_mhz > best.work_mhz && o.draw_mw <= draw_mw)
            best = o;
    }
    return best;
}

int32_t curve_max_mw(const struct curve *c)
{
    return c->p[c->n - 1].draw_mw;
}

int32_t curve_max_work_mhz(const struct curve *c)
{
    return c->cores * c->p[c->n - 1].freq_mhz;
}

void curve_below(const struct curve *c, int32_t freq_mhz, struct curve *out)
{
    *out = *c;
    int32_t top = (int32_t)int_clamp(freq_mhz, c->p[0].freq_mhz, c->p[c->n - 1].freq_mhz);
    for (out->n = 0; out->n < c->n && c->p[out->n].freq_mhz < top;)
        out->n++;
    out->p[out->n++] = (struct curve_point){top, curve_at(c, top, 1000).draw_mw};
}
