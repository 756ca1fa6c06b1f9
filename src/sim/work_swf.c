// SPDX-License-Identifier: Apache-2.0
#include "sim/work_swf.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "core/work/swf.h"

#define JOBS_MAX 20000000

struct trace {
    const struct scenario_work *w;
    struct swf swf;
    size_t at;
    int64_t from_ms, to_ms, again_ms; // of the run; how far the trace is shifted, when it repeats
    double left;                      // of `share`: how many copies of jobs are still owed
    int64_t copies;
    uint64_t id;
};

static int64_t submit_at(const struct trace *t, const struct swf_job *j)
{
    return t->from_ms + t->again_ms + num_round((double)j->submit_s * 1000 * t->w->stretch);
}

static bool usable(const struct swf_job *j)
{
    return j->run_s > 0 && j->procs > 0;
}

static void fill(struct trace *t, const struct swf_job *j, struct sim_job *job)
{
    int64_t cores = t->w->cores > 0 ? t->w->cores : int_clamp(j->procs, 1, 100000);
    *job = (struct sim_job){.id = t->id++,
                            .submit_ms = submit_at(t, j),
                            .activity = t->w->activity,
                            .account = (uint32_t)(j->user > 0 ? j->user : j->job) % t->w->accounts,
                            .instances = 1,
                            .cores = (int32_t)cores,
                            .memory_mb = t->w->memory_mb,
                            .work_core_ms = int_clamp(j->run_s, 1, INT64_C(1) << 31) * 1000 *
                                            int_clamp(j->procs, 1, 100000),
                            .expected_run_ms = -1,
                            .save_ms = (int64_t)(t->w->save_s * 1000)};
}

// A share of 0.3 takes three jobs of ten, evenly; one of 2.5 gives five for two.
static int next(void *ctx, struct sim_job *job, struct err *e)
{
    struct trace *t = ctx;
    (void)e;
    for (;;) {
        if (t->at == t->swf.n) {
            if (!t->w->repeat || t->swf.n == 0)
                return 0;
            int64_t period = num_round((double)(t->swf.v[t->swf.n - 1].submit_s + 1) * 1000 * t->w->stretch);
            t->again_ms += period > 1000 ? period : 1000;
            t->at = 0;
        }
        const struct swf_job *j = &t->swf.v[t->at];
        if (submit_at(t, j) >= t->to_ms)
            return 0;
        if (!usable(j)) {
            t->at++;
            continue;
        }
        if (t->copies == 0) {
            t->left += t->w->share;
            t->copies = (int64_t)t->left;
            t->left -= (double)t->copies;
            if (t->copies == 0) {
                t->at++;
                continue;
            }
        }
        fill(t, j, job);
        if (--t->copies == 0)
            t->at++;
        return 1;
    }
}

static void trace_free(void *ctx)
{
    struct trace *t = ctx;
    swf_deinit(&t->swf);
    free(t);
}

int work_swf(struct sim_workload *out, const struct scenario_work *w, int64_t length_ms, char *text, size_t n,
             struct err *e)
{
    struct trace *t = mem_alloc(sizeof *t);
    t->w = w;
    t->from_ms = (int64_t)(w->from_day * 864e5);
    t->to_ms = w->days < 0 ? length_ms : t->from_ms + (int64_t)(w->days * 864e5);
    int bad = swf_read(&t->swf, text, n, JOBS_MAX, e);
    free(text);
    if (!bad && t->swf.n == 0)
        bad = err_set(e, -EINVAL, "line 1: there are no jobs (each is a line of 18 columns)");
    if (bad) {
        trace_free(t);
        return err_prefix(e, "%s", w->file);
    }
    size_t any = 0;
    while (any < t->swf.n && !usable(&t->swf.v[any]))
        any++;
    if (w->share <= 0 || any == t->swf.n) // nothing of it: a repeated trace would be searched for ever
        t->swf.n = 0;
    *out = (struct sim_workload){t, next, trace_free};
    return 0;
}
