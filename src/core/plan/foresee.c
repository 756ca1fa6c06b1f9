// SPDX-License-Identifier: Apache-2.0
#include "core/plan/foresee.h"

#include <stdlib.h>

#include "base/num.h"

// ---- a heap of boards, the one that is free first on top

static void sink(struct foresee_board *b, size_t n, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1;
        for (size_t k = left; k < left + 2 && k < n; k++)
            if (b[k].free_in_s < b[least].free_in_s ||
                (b[k].free_in_s == b[least].free_in_s && b[k].speed_permille > b[least].speed_permille))
                least = k;
        if (least == i)
            return;
        struct foresee_board t = b[i];
        b[i] = b[least];
        b[least] = t;
        i = least;
    }
}

static int64_t takes_s(const struct foresee_board *b, int64_t run_s)
{
    int64_t s = run_s > INT64_MAX / 2000 ? INT64_MAX / 2000 : run_s;
    return s < 1 ? 1 : (s * 1000 + b->speed_permille - 1) / b->speed_permille;
}

static void count(const struct foresee_board *b, int64_t s, int64_t times, struct foreseen *out)
{
    out->core_ms += s * 1000 * b->cores * times;
    out->energy_mj += s * b->draw_mw * times;
}

// The boards until all those ahead are placed; they stand as they are free then.
static void one_by_one(struct foresee_board *b, size_t n, const struct foresee_work *w, struct foreseen *out)
{
    for (int64_t i = 0; i < w->ahead + w->instances; i++) {
        bool own = i >= w->ahead;
        int64_t s = takes_s(&b[0], own ? w->run_s : w->ahead_run_s);
        if (own && (out->start_s < 0 || b[0].free_in_s < out->start_s))
            out->start_s = b[0].free_in_s;
        b[0].free_in_s += s;
        if (own) {
            out->end_s = b[0].free_in_s > out->end_s ? b[0].free_in_s : out->end_s;
            count(&b[0], s, 1, out);
        }
        sink(b, n, 0);
    }
}

// The time by which boards have done so many runs, whole and broken ones together.
static int64_t done_by(const struct foresee_board *b, size_t n, double runs, int64_t run_s, int64_t from_s)
{
    double free_s = 0, rate = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t at = b[i].free_in_s > from_s ? b[i].free_in_s : from_s;
        double r = 1.0 / (double)takes_s(&b[i], run_s);
        rate += r;
        free_s += r * (double)at;
    }
    return num_round((runs + free_s) / rate);
}

static void in_one_stroke(const struct foresee_board *b, size_t n, const struct foresee_work *w,
                          struct foreseen *out)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        first = b[i].free_in_s < first ? b[i].free_in_s : first;
    out->start_s = w->ahead > 0 ? done_by(b, n, (double)w->ahead, w->ahead_run_s, 0) : first;
    out->end_s = done_by(b, n, (double)w->instances, w->run_s, w->ahead > 0 ? out->start_s : 0);
    double rate = 0;
    for (size_t i = 0; i < n; i++)
        rate += 1.0 / (double)takes_s(&b[i], w->run_s);
    for (size_t i = 0; i < n; i++) {
        int64_t s = takes_s(&b[i], w->run_s);
        count(&b[i], s, num_round((double)w->instances / rate / (double)s), out);
    }
}

// ---- all at once on one site

static int by_site_and_time(const void *pa, const void *pb)
{
    const struct foresee_board *a = pa, *b = pb;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->free_in_s > b->free_in_s) - (a->free_in_s < b->free_in_s);
}

// The site where so many are free first; they begin when the last of them is, and the slowest ends it.
static bool all_at_once(struct foresee_board *b, size_t n, const struct foresee_work *w, struct foreseen *out)
{
    size_t need = w->instances > 0 ? (size_t)w->instances : 1, best = n;
    qsort(b, n, sizeof *b, by_site_and_time);
    for (size_t i = 0; i + need <= n; i++)
        if ((i == 0 || b[i - 1].site != b[i].site) && b[i + need - 1].site == b[i].site &&
            (best == n || b[i + need - 1].free_in_s < b[best + need - 1].free_in_s))
            best = i;
    if (best == n)
        return false;
    out->start_s = b[best + need - 1].free_in_s;
    out->at_once = (int64_t)need;
    for (size_t i = best; i < best + need; i++) {
        int64_t s = takes_s(&b[i], w->run_s);
        out->end_s = out->start_s + s > out->end_s ? out->start_s + s : out->end_s;
        count(&b[i], s, 1, out);
    }
    return true;
}

bool foresee(struct foresee_board *b, size_t n, const struct foresee_work *w, struct foreseen *out)
{
    *out = (struct foreseen){.start_s = -1};
    if (!n)
        return false;
    out->at_once = w->instances < (int64_t)n ? w->instances : (int64_t)n;
    for (size_t i = n; i-- > 0;)
        sink(b, n, i);
    if (w->together) {
        struct foresee_work first = {.ahead = w->ahead, .ahead_run_s = w->ahead_run_s};
        if (w->ahead <= FORESEE_EACH_MAX)
            one_by_one(b, n, &first, out);
        return all_at_once(b, n, w, out);
    }
    if (w->ahead + w->instances <= FORESEE_EACH_MAX)
        one_by_one(b, n, w, out);
    else
        in_one_stroke(b, n, w, out);
    if (out->start_s < 0)
        out->start_s = out->end_s = b[0].free_in_s;
    return true;
}
