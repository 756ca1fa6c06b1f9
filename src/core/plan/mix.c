// SPDX-License-Identifier: Apache-2.0
//
// A covering knapsack with one choice for each board. Relaxed, every board moves along the lower convex hull
// of its (work, watts) points, sleep included, and steps are taken by watts for each unit of work; that
// leaves one board between two points. Rounded up it is the first answer, cut off it is a bound. The exact
// answer comes from dynamic programming over the boards: of states with no more work for no fewer watts none
// is kept, nor any that with the bound of the boards to come cannot beat the best answer known.
#include "core/plan/mix.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct step {
    uint32_t board;
    int32_t point; // where it leads
    int64_t work, draw;
};

static int64_t work_at(const struct curve *c, int32_t point)
{
    return point == MIX_SLEEP ? 0 : (int64_t)c->cores * c->p[point].freq_mhz;
}

static int64_t draw_at(const struct curve *c, int32_t point)
{
    return point == MIX_SLEEP ? c->sleep_mw : c->p[point].draw_mw;
}

// Cheaper for each unit of work first; then by board and point.
static int by_slope(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    int64_t left = x->draw * y->work, right = y->draw * x->work;
    if (left != right)
        return left < right ? -1 : 1;
    if (x->board != y->board)
        return x->board < y->board ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

// The next corner of the hull from `from`: the least slope, of equals the farthest. False: there is none.
static bool next_corner(const struct curve *c, int32_t from, struct step *out)
{
    bool any = false;
    for (int32_t i = from + 1; i < c->n; i++) {
        struct step s = {
            .point = i, .work = work_at(c, i) - work_at(c, from), .draw = draw_at(c, i) - draw_at(c, from)};
        if (s.work > 0 && (!any || s.draw * out->work <= out->draw * s.work)) {
            *out = s;
            any = true;
        }
    }
    return any;
}

static struct step *all_steps(const struct mix_board *board, size_t n, size_t *n_steps)
{
    struct step *v = NULL;
    size_t cap = 0;
    *n_steps = 0;
    for (uint32_t b = 0; b < n; b++) {
        int32_t at = MIX_SLEEP;
        for (struct step s; next_corner(board[b].curve, at, &s); at = s.point) {
            s.board = b;
            struct step *to = VEC_PUSH(v, *n_steps, cap);
            *to = s;
        }
    }
    if (*n_steps)
        qsort(v, *n_steps, sizeof *v, by_slope);
    return v;
}

static struct mix sum_of(const struct mix_board *board, size_t n)
{
    struct mix m = {0};
    for (size_t i = 0; i < n; i++) {
        m.work_mhz += work_at(board[i].curve, board[i].point);
        m.draw_mw += draw_at(board[i].curve, board[i].point);
    }
    return m;
}

// Steps by slope until the work is done; then every board goes back as far as the work allows.
static struct mix rounded(struct mix_board *board, size_t n, const struct step *step, size_t n_steps,
                          int64_t work_mhz)
{
    for (size_t i = 0; i < n; i++)
        board[i].point = MIX_SLEEP;
    int64_t done = 0;
    for (size_t i = 0; i < n_steps && done < work_mhz; i++) {
        board[step[i].board].point = step[i].point;
        done += step[i].work;
    }
    for (size_t i = 0; i < n; i++) {
        const struct curve *c = board[i].curve;
        for (int32_t to = MIX_SLEEP; to < board[i].point; to++) {
            if (done - work_at(c, board[i].point) + work_at(c, to) < work_mhz ||
                draw_at(c, to) >= draw_at(c, board[i].point))
                continue;
            done += work_at(c, to) - work_at(c, board[i].point);
            board[i].point = to;
        }
    }
    return sum_of(board, n);
}

// ---- exact

struct state {
    int64_t work, draw;
    uint32_t from; // in the layer before
    int32_t point;
};

struct layer {
    struct state *v;
    size_t n, cap;
};

static int by_work_down(const void *a, const void *b)
{
    const struct state *x = a, *y = b;
    if (x->work != y->work)
        return x->work > y->work ? -1 : 1;
    if (x->draw != y->draw)
        return x->draw < y->draw ? -1 : 1;
    return x->point != y->point ? (x->point < y->point ? -1 : 1) : (x->from > y->from) - (x->from < y->from);
}

// Of more work than is asked for only as much counts; of equal work or less only what draws less is kept.
static void keep_best(struct layer *l)
{
    size_t kept = 0;
    if (l->n)
        qsort(l->v, l->n, sizeof *l->v, by_work_down);
    for (size_t i = 0; i < l->n; i++)
        if (!kept || l->v[i].draw < l->v[kept - 1].draw)
            l->v[kept++] = l->v[i];
    l->n = kept;
}

// Least watts, rounded down, that boards from `first` on need for `work`; INT64_MAX: they cannot.
static int64_t bound(const struct step *step, size_t n_steps, uint32_t first, int64_t asleep_mw, int64_t work)
{
    int64_t draw = asleep_mw;
    for (size_t i = 0; i < n_steps && work > 0; i++) {
        if (step[i].board < first)
            continue;
        int64_t part = step[i].work < work ? step[i].work : work;
        draw += step[i].draw * part / step[i].work; // each step's slope is positive or the step is free
        work -= part;
    }
    return work > 0 ? INT64_MAX : draw;
}

static void exact(struct mix_board *board, uint32_t n, const struct step *step, size_t n_steps,
                  int64_t work_mhz, int64_t best_mw)
{
    struct layer *layer = mem_array(n + 1, sizeof *layer);
    int64_t asleep = 0;
    for (uint32_t i = 0; i < n; i++)
        asleep += board[i].curve->sleep_mw;
    *VEC_PUSH(layer[0].v, layer[0].n, layer[0].cap) = (struct state){0};
    for (uint32_t b = 0; b < n; b++) {
        const struct curve *c = board[b].curve;
        struct layer *to = &layer[b + 1];
        asleep -= c->sleep_mw;
        for (uint32_t i = 0; i < layer[b].n; i++) {
            for (int32_t point = MIX_SLEEP; point < c->n; point++) {
                struct state s = {.work = layer[b].v[i].work + work_at(c, point),
                                  .draw = layer[b].v[i].draw + draw_at(c, point),
                                  .from = i,
                                  .point = point};
                s.work = s.work < work_mhz ? s.work : work_mhz;
                int64_t rest = bound(step, n_steps, b + 1, asleep, work_mhz - s.work);
                if (rest != INT64_MAX && s.draw + rest < best_mw)
                    *VEC_PUSH(to->v, to->n, to->cap) = s;
            }
        }
        keep_best(to);
    }
    uint32_t at = 0;
    for (uint32_t b = layer[n].n ? n : 0; b > 0; b--) { // else nothing is better
        board[b - 1].point = layer[b].v[at].point;
        at = layer[b].v[at].from;
    }
    for (uint32_t b = 0; b <= n; b++)
        free(layer[b].v);
    free(layer);
}

struct mix power_mix(struct mix_board *board, size_t n, int64_t work_mhz)
{
    size_t n_steps;
    struct step *step = all_steps(board, n, &n_steps);
    struct mix m = rounded(board, n, step, n_steps, work_mhz);
    if (n <= MIX_EXACT_MAX && m.work_mhz >= work_mhz) {
        exact(board, (uint32_t)n, step, n_steps, work_mhz, m.draw_mw);
        m = sum_of(board, n);
        m.exact = true;
    }
    free(step);
    return m;
}

int32_t power_mix_keep_w(struct mix_board *board, size_t n, int32_t keep_permille, int32_t *awake)
{
    int64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += curve_max_work_mhz(board[i].curve);
    struct mix m = power_mix(board, n, (all * keep_permille + 999) / 1000);
    *awake = 0;
    for (size_t i = 0; i < n; i++)
        *awake += board[i].point != MIX_SLEEP;
    return (int32_t)((m.draw_mw + 999) / 1000);
}
