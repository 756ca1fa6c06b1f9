// SPDX-License-Identifier: Apache-2.0
#include "sim/workload.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// One job of every stream is held; what it points to lives until that stream is asked again, which is when it
// is given out.
struct merge {
    size_t n;
    struct sim_workload *w;
    struct sim_job *job;
    bool *have;
    size_t given; // whose job was given last: asked for its next only when the next is wanted
    uint32_t accounts_max;
    uint64_t number;
};

static int pull(struct merge *m, size_t i, struct err *e)
{
    int got = m->w[i].next ? m->w[i].next(m->w[i].ctx, &m->job[i], e) : 0;
    m->have[i] = got > 0;
    return got < 0 ? got : 0;
}

static int merge_next(void *ctx, struct sim_job *job, struct err *e)
{
    struct merge *m = ctx;
    int bad = 0;
    if (m->given == SIZE_MAX) {
        for (size_t i = 0; i < m->n && !bad; i++)
            bad = pull(m, i, e);
    } else if (m->given < m->n) {
        bad = pull(m, m->given, e);
    }
    if (bad)
        return bad;
    size_t best = m->n;
    for (size_t i = 0; i < m->n; i++)
        if (m->have[i] && (best == m->n || m->job[i].submit_ms < m->job[best].submit_ms))
            best = i;
    m->given = best;
    if (best == m->n)
        return 0;
    *job = m->job[best];
    job->id = m->number++;
    job->account = (uint32_t)best * m->accounts_max + job->account % (m->accounts_max ? m->accounts_max : 1);
    return 1;
}

static void merge_free(void *ctx)
{
    struct merge *m = ctx;
    for (size_t i = 0; i < m->n; i++)
        sim_workload_free(&m->w[i]);
    free(m->w);
    free(m->job);
    free(m->have);
    free(m);
}

struct sim_workload sim_workload_merge(const struct sim_workload *w, size_t n, uint32_t accounts_max)
{
    struct merge *m = mem_alloc(sizeof *m);
    *m = (struct merge){.n = n,
                        .w = mem_array(n + 1, sizeof *m->w),
                        .job = mem_array(n + 1, sizeof *m->job),
                        .have = mem_array(n + 1, sizeof *m->have),
                        .given = SIZE_MAX,
                        .accounts_max = accounts_max};
    if (n)
        memcpy(m->w, w, n * sizeof *w);
    return (struct sim_workload){m, merge_next, merge_free};
}
