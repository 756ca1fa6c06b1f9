// SPDX-License-Identifier: Apache-2.0
//
// Water-filling. Each board offers its watts as pieces of the concave envelope of work over draw:
//
//   work |              ____.---'        the curve itself may sag below a piece (a flat spot: from 3.2 to 3.3 GHz the
//        |        _.--'                  default board takes 14 W more for 3 % more work)
//        |     ./
//        |   /    <- idle to the most efficient point: reachable everywhere by duty
//        | /
//        +--+--------------------- draw
//         idle
//
// Pieces are bought in the order of value per watt, where value is work times the weight of its class. On an
// envelope that order is optimal; the board caught inside a flat spot when the watts run out takes the most
// work that its own curve gives there, so that the result is below the envelope's bound by at most one
// board's sag. First pieces of equal worth are bought together, each its part, so that no job stands still
// for another of its class. Burn is worth nothing: its pieces come after all others.
//
// A task that leaves watts unused makes its pieces cheaper in heat, not in worth: its work and its heat
// shrink alike. What it leaves goes on down the order, to filler on the boards beside it. The fuse counts
// pieces at their full price, since a task may wake up at any moment.
//
// Urgent work goes on buying with what the room can bear beyond that, from where the wanted watts ran out, but
// no further than where its board does most work for its watts (docs/design/0052-band.md).
//
// Sleep is the last lever and a coarse one (waking takes a minute): boards go to sleep only when the target
// is below what they draw idle, and wake only when the target has room for a quarter of their useful range
// too. The room between is the hysteresis.
#include "core/heat/regulate.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

// Value of a unit of work. Ratios of the classes decide when a paid board is better run hot than a filler
// board run at all: 40 to 4 lets paid work of the default board go up to 3.8 GHz before filler gets its first
// watt.
static const int32_t weight[ACTIVITY_N] = {
    [ACTIVITY_RESERVED] = 60, [ACTIVITY_ONDEMAND] = 50, [ACTIVITY_FLEX] = 40,
    [ACTIVITY_DONATED] = 20,  [ACTIVITY_FILLER] = 4,    [ACTIVITY_BURN] = 1,
};

#define VERTICES_MAX (CURVE_POINTS_MAX + 2)

struct plan {
    enum activity would; // what runs if it gets watts; IDLE: nothing may
    bool awake;
    int32_t draw_mw;   // given so far, by the curve
    int32_t wanted_mw; // of that, before urgent work went on
    int32_t takes;     // permille of what is given over idle that is drawn
    int n, at;         // envelope vertices, and the one reached
    int32_t v_mw[VERTICES_MAX];
    int32_t v_work[VERTICES_MAX];
};

// A slope as a fraction, compared without rounding. `tier` 0 comes before 1.
struct worth {
    int tier;
    int64_t value, mw;
};

static int worth_cmp(struct worth a, struct worth b)
{
    if (a.tier != b.tier)
        return a.tier < b.tier ? 1 : -1;
    if (a.value == b.value && a.mw == b.mw) // boards of a make
        return 0;
    int64_t l = a.value * b.mw, r = b.value * a.mw;
    return l > r ? 1 : l < r ? -1 : 0;
}

static enum activity would_run(const struct regulate_board *b)
{
    if (b->barred)
        return ACTIVITY_IDLE;
    if (b->work == ACTIVITY_DONATED && !b->donated_allowed)
        return b->burn_allowed ? ACTIVITY_BURN
                               : ACTIVITY_IDLE; // its memory is taken by the frozen task: no filler
    if (activity_is_task(b->work))
        return b->work;
    if (b->filler_allowed)
        return ACTIVITY_FILLER;
    return b->burn_allowed ? ACTIVITY_BURN : ACTIVITY_IDLE;
}

// Adds a vertex and removes those that fall below the line to it (Andrew's monotone chain). The vertex must
// not be dominated: more draw and more work than the last.
static void push_vertex(struct plan *p, int32_t mw, int32_t work)
{
    if (p->n > 0 && (mw <= p->v_mw[p->n - 1] || work <= p->v_work[p->n - 1]))
        return;
    while (p->n > 1) {
        int64_t dx = p->v_mw[p->n - 1] - p->v_mw[p->n - 2], dy = p->v_work[p->n - 1] - p->v_work[p->n - 2];
        int64_t ex = mw - p->v_mw[p->n - 2], ey = work - p->v_work[p->n - 2];
        if (dy * ex > ey * dx)
            break;
        p->n--;
    }
    p->v_mw[p->n] = mw;
    p->v_work[p->n++] = work;
}

static void make_envelope(struct plan *p, const struct regulate_board *b)
{
    p->n = p->at = 0;
    push_vertex(p, b->curve->idle_mw, 0);
    if (p->would == ACTIVITY_IDLE)
        return;
    for (int i = 0; i < b->curve->n && b->curve->p[i].draw_mw <= b->cap_mw; i++)
        push_vertex(p, b->curve->p[i].draw_mw, b->curve->cores * b->curve->p[i].freq_mhz);
    struct operating_point cap = curve_at_draw(b->curve, b->cap_mw);
    push_vertex(p, cap.draw_mw, cap.work_mhz);
}

static struct worth next_worth(const struct plan *p)
{
    return (struct worth){
        .tier = p->would == ACTIVITY_BURN,
        .value = (int64_t)weight[p->would] * (p->v_work[p->at + 1] - p->v_work[p->at]),
        .mw = p->v_mw[p->at + 1] - p->v_mw[p->at],
    };
}

// Heat of `mw` given to a board, rounded up so that the limits hold.
static int64_t heat_of(const struct plan *p, int64_t mw)
{
    return (mw * p->takes + 999) / 1000;
}

static bool has_next(const struct plan *p)
{
    return p->awake && p->at + 1 < p->n;
}

static int32_t floor_mw(const struct plan *p, const struct regulate_board *b)
{
    return p->awake ? b->curve->idle_mw : b->curve->sleep_mw;
}

// Who sleeps first: barred, then those with nothing to run, then by class from burn up; among equals the
// last.
static int sleep_rank(const struct plan *p, const struct regulate_board *b)
{
    if (b->barred)
        return 100;
    return activity_is_task(b->work) ? (int)b->work : (int)p->would + 10;
}

static bool is_urgent(const struct plan *p)
{
    return activity_is_urgent(p->would);
}

// `most`: for urgent work, at least the target.
static void put_to_sleep(struct plan *p, const struct regulate_board *b, size_t n, int64_t target,
                         int64_t most, int64_t *floor)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i].awake && (b[i].barred || (b[i].spare && !activity_is_task(b[i].work)))) {
            p[i].awake = false;
            *floor -= b[i].curve->idle_mw - b[i].curve->sleep_mw;
        }
    }
    while (*floor > target) {
        size_t who = n;
        for (size_t i = 0; i < n; i++) {
            if (p[i].awake && (who == n || sleep_rank(&p[i], &b[i]) >= sleep_rank(&p[who], &b[who])))
                who = i;
        }
        if (who == n || (is_urgent(&p[who]) && *floor <= most))
            return;
        p[who].awake = false;
        *floor -= b[who].curve->idle_mw - b[who].curve->sleep_mw;
    }
}

static int64_t reach_mw(const struct plan *p)
{
    return p->v_mw[0] + heat_of(p, p->v_mw[p->n - 1] - p->v_mw[0]);
}

// Wakes boards that have a task, and others as far as the boards awake cannot reach the target without them.
static void wake_up(struct plan *p, const struct regulate_board *b, size_t n, int64_t target, int64_t most,
                    int64_t *floor)
{
    int64_t reach = 0;
    for (size_t i = 0; i < n; i++)
        reach += p[i].awake ? reach_mw(&p[i]) : b[i].curve->sleep_mw;
    for (int pass = 0; pass < ACTIVITY_IDLE; pass++) {
        for (size_t i = 0; i < n; i++) {
            if (p[i].awake || !b[i].asleep || p[i].n < 2 || (int)p[i].would != pass)
                continue;
            int32_t up = b[i].curve->idle_mw - b[i].curve->sleep_mw;
            int32_t useful = (p[i].v_mw[1] - p[i].v_mw[0]) / 4;
            int64_t room = is_urgent(&p[i]) ? most : target;
            if ((!activity_is_task(p[i].would) && reach >= target) || *floor + up + useful > room)
                continue;
            p[i].awake = true;
            *floor += up;
            reach += reach_mw(&p[i]) - b[i].curve->sleep_mw;
        }
    }
}

struct budget {
    int64_t heat, fuse; // mW left
};

static void give(struct plan *p, int64_t mw, struct budget *left)
{
    p->draw_mw += (int32_t)mw;
    p->at++;
    left->heat -= heat_of(p, mw);
    left->fuse -= mw;
}

// What each board offers next, apart from all else of it: all are looked at for every piece that is bought.
struct offer {
    struct worth next;
    bool first;   // of its pieces
    uint32_t who; // place k: the board that offers the k-th of what is worth the most
};

#define OFFERS_NOTHING 2 // tier

static void offer_next(struct offer *o, const struct plan *p)
{
    o->next = has_next(p) ? next_worth(p) : (struct worth){.tier = OFFERS_NOTHING, .mw = 1};
    o->first = p->at == 0;
}

// How many offer what is worth the most; who they are, in their order, is in the first places.
static size_t best_offers(struct offer *o, size_t n)
{
    struct worth best = {.tier = OFFERS_NOTHING, .mw = 1};
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (o[i].next.tier == OFFERS_NOTHING)
            continue;
        int c = worth_cmp(o[i].next, best);
        if (c < 0)
            continue;
        k = c > 0 ? 0 : k;
        best = o[i].next;
        o[k++].who = (uint32_t)i;
    }
    return k;
}

// Buys the pieces of the first n offers, which are worth the same: whole when the watts suffice; else the first
// pieces of boards (reachable by duty) each get their part, and the later ones are bought by index.
static void buy(struct plan *p, struct offer *o, size_t n, struct budget *left)
{
    int64_t mw = 0, heat = 0, part = 1, of = 1;
    for (size_t k = 0; k < n; k++) {
        const struct plan *x = &p[o[k].who];
        if (!o[o[k].who].first)
            continue;
        mw += x->v_mw[1] - x->v_mw[0];
        heat += heat_of(x, x->v_mw[1] - x->v_mw[0]);
    }
    if (heat > left->heat)
        part = left->heat, of = heat;
    if (mw * part / of > left->fuse)
        part = left->fuse, of = mw;
    for (size_t k = 0; k < n; k++) {
        struct plan *x = &p[o[k].who];
        int64_t whole = x->v_mw[1] - x->v_mw[0];
        if (o[o[k].who].first)
            give(x, part == of ? whole : whole * part / of, left);
    }
    // An envelope's slopes fall, so that no board is met again here.
    for (size_t k = 0; k < n; k++) {
        struct plan *x = &p[o[k].who];
        if (!o[o[k].who].first) {
            int64_t piece = x->v_mw[x->at + 1] - x->v_mw[x->at], price = heat_of(x, piece);
            int64_t most = price > left->heat ? int_clamp(left->heat, 0, price) * piece / price : piece;
            give(x, int_clamp(left->fuse, 0, most), left);
        }
        offer_next(&o[o[k].who], x);
    }
}

static void fill(struct plan *p, struct offer *o, size_t n, struct budget *left)
{
    for (size_t i = 0; i < n; i++)
        offer_next(&o[i], &p[i]);
    while (left->heat > 0 && left->fuse > 0) {
        size_t equal = best_offers(o, n);
        if (equal == 0)
            return;
        buy(p, o, equal, left);
    }
}

// What was left of a piece becomes a piece of its own.
static void split_piece(struct plan *p)
{
    int at = p->at;
    while (at > 1 && p->draw_mw < p->v_mw[at - 1]) // the last milliwatts went into a later one
        at--;
    int was = at - 1;
    if (at == 0 || p->draw_mw >= p->v_mw[at])
        return;
    p->v_work[was] += (int32_t)((int64_t)(p->v_work[at] - p->v_work[was]) * (p->draw_mw - p->v_mw[was]) /
                                (p->v_mw[at] - p->v_mw[was]));
    p->v_mw[was] = p->draw_mw;
    p->at = was;
}

// Of what is left of the curve only as far as the point that does most work for its watts beyond idle: the
// first vertex of the envelope. The heat of more is what nobody asked for.
static void keep_best(struct plan *p)
{
    int32_t best_mw = p->v_mw[1];
    split_piece(p);
    while (p->n > 0 && p->v_mw[p->n - 1] > best_mw)
        p->n--;
}

// Beyond the target, for urgent work only.
static void lift(struct plan *p, struct offer *o, size_t n, int64_t more_mw, struct budget *left)
{
    for (size_t i = 0; i < n; i++) {
        if (is_urgent(&p[i]) && p[i].n > 1)
            keep_best(&p[i]);
        else
            p[i].n = 0;
    }
    left->heat += more_mw;
    fill(p, o, n, left);
}

static int64_t settle(const struct plan *p, struct regulate_board *b)
{
    b->beside_mw = b->lift_mw = 0;
    if (!p->awake) {
        b->run = ACTIVITY_SLEEP;
        b->point = (struct operating_point){.draw_mw = b->curve->sleep_mw};
        b->expect_mw = b->point.draw_mw;
    } else {
        b->point = curve_at_draw(b->curve, p->draw_mw);
        b->run = b->point.work_mhz > 0 ? p->would : ACTIVITY_IDLE;
        b->expect_mw = b->curve->idle_mw + (int32_t)heat_of(p, b->point.draw_mw - b->curve->idle_mw);
        int64_t more = b->point.draw_mw - p->wanted_mw;
        b->lift_mw = more > 0 ? (int32_t)heat_of(p, more) : 0;
    }
    return b->expect_mw;
}

int64_t regulate(struct regulate_board *b, size_t n, int64_t target_mw, int64_t max_mw, int64_t fuse_mw,
                 bool may_sleep)
{
    if (n == 0)
        return 0;
    struct plan *p = mem_array(n, sizeof *p);
    struct offer *o = mem_array(n, sizeof *o);
    int64_t target = target_mw < max_mw ? target_mw : max_mw, floor = 0, draw = 0;
    if (fuse_mw < target)
        target = fuse_mw;
    for (size_t i = 0; i < n; i++) {
        p[i].would = would_run(&b[i]);
        p[i].awake = !b[i].asleep;
        p[i].takes =
            activity_is_task(p[i].would) ? 1000 - (int32_t)int_clamp(b[i].unused_permille, 0, 1000) : 1000;
        if (i > 0 && b[i].curve == b[i - 1].curve && b[i].cap_mw == b[i - 1].cap_mw &&
            (p[i].would == ACTIVITY_IDLE) == (p[i - 1].would == ACTIVITY_IDLE)) {
            enum activity would =
                p[i].would; // boards of a heater are mostly alike: the envelope is that of the one before
            bool awake = p[i].awake;
            int32_t takes = p[i].takes;
            p[i] = p[i - 1];
            p[i].would = would, p[i].awake = awake, p[i].takes = takes;
        } else {
            make_envelope(&p[i], &b[i]);
        }
        floor += floor_mw(&p[i], &b[i]);
    }
    int64_t most = max_mw < fuse_mw ? max_mw : fuse_mw;
    if (may_sleep)
        put_to_sleep(p, b, n, target, most, &floor);
    wake_up(p, b, n, target, most, &floor);
    for (size_t i = 0; i < n; i++)
        p[i].draw_mw = floor_mw(&p[i], &b[i]);
    struct budget left = {.heat = target - floor, .fuse = fuse_mw == INT64_MAX ? fuse_mw : fuse_mw - floor};
    fill(p, o, n, &left);
    for (size_t i = 0; i < n; i++)
        p[i].wanted_mw = p[i].draw_mw;
    if (most > target)
        lift(p, o, n, most - target, &left);
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0 && p[i].awake && p[i - 1].awake && p[i].draw_mw == p[i - 1].draw_mw &&
                    p[i].wanted_mw == p[i - 1].wanted_mw && p[i].would == p[i - 1].would &&
                    p[i].takes == p[i - 1].takes && b[i].curve == b[i - 1].curve;
        if (same) {
            b[i].run = b[i - 1].run;
            b[i].point = b[i - 1].point;
            b[i].expect_mw = b[i - 1].expect_mw;
            b[i].beside_mw = 0;
            b[i].lift_mw = b[i - 1].lift_mw;
        }
        draw += same ? b[i].expect_mw : settle(&p[i], &b[i]);
    }
    free(o);
    free(p);
    return draw;
}

int64_t regulate_beside(struct regulate_board *b, size_t n, int64_t lack_mw)
{
    int64_t found = 0;
    for (size_t i = 0; i < n && found < lack_mw; i++) {
        if (!activity_is_task(b[i].run) || !b[i].burn_allowed || b[i].point.work_mhz <= 0)
            continue;
        int64_t left = b[i].point.draw_mw - b[i].expect_mw;
        int64_t more = int_clamp(lack_mw - found, 0, left > 0 ? left : 0);
        b[i].beside_mw += (int32_t)more;
        b[i].expect_mw += (int32_t)more;
        found += more;
    }
    return found;
}
