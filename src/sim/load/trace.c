// SPDX-License-Identifier: Apache-2.0
#include "sim/load/load.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

struct replay {
    struct load_trace trace;
    struct load_replay how;
    struct load_frame frame;
    size_t at;
    int32_t copies_left; // of job `at`, which is in `job`
    int64_t round;       // how often the trace has begun again
    uint64_t given;
    struct sim_job job;
};

// floor(share) copies, and one more for the rest of the share of all jobs, picked by their hash.
static int32_t copies_of(const struct replay *r, uint64_t id)
{
    double whole = floor(r->how.share), rest = r->how.share - whole;
    uint64_t h = hash_mix(
        hash_i64(hash_i64(HASH_SEED, (int64_t)r->frame.seed), (int64_t)id + r->round * INT64_C(1000003)));
    return (int32_t)whole + ((double)(h >> 11) / 9007199254740992.0 < rest);
}

// Fills r->job with the next job of which there are copies. False at the end.
static bool advance(struct replay *r)
{
    for (;; r->at++) {
        if (r->at >= r->trace.n) {
            if (!r->how.repeat || r->trace.n == 0)
                return false;
            r->at = 0;
            r->round++;
        }
        r->job = (struct sim_job){
            .activity = r->frame.activity, .instances = 1, .cores = 1, .expected_run_ms = -1};
        r->trace.get(r->trace.ctx, r->at, &r->job);
        double ms = ((double)r->job.submit_ms + (double)r->round * (double)r->trace.span_ms) * r->how.stretch;
        if (ms + (double)r->frame.from_ms >= (double)r->frame.to_ms)
            return false;
        r->job.submit_ms = r->frame.from_ms + num_round(ms);
        r->copies_left = copies_of(r, r->job.id);
        if (r->copies_left > 0)
            return true;
    }
}

static int next(void *ctx, struct sim_job *out, struct err *e)
{
    struct replay *r = ctx;
    (void)e;
    if (r->copies_left == 0) {
        if (!advance(r))
            return 0;
        if (!r->frame.own_activity)
            r->job.activity = r->frame.activity;
        r->job.account %= r->frame.accounts;
        if (!r->job.memory_mb)
            r->job.memory_mb = r->frame.memory_mb;
        r->job.save_ms = r->frame.save_ms;
        r->at++;
    }
    r->copies_left--;
    r->job.id = r->given++;
    *out = r->job;
    return 1;
}

static void end(void *ctx)
{
    struct replay *r = ctx;
    if (r->trace.free)
        r->trace.free(r->trace.ctx);
    free(r);
}

struct sim_workload load_of_trace(struct load_trace trace, const struct load_replay *replay,
                                  const struct load_frame *frame)
{
    struct replay *r = mem_alloc(sizeof *r);
    *r = (struct replay){.trace = trace, .how = *replay, .frame = *frame};
    if (r->how.share <= 0) // nothing of it: without this a repeated trace would be searched for ever
        r->trace.n = 0;
    return (struct sim_workload){r, next, end};
}
