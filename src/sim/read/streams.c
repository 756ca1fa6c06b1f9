// SPDX-License-Identifier: Apache-2.0
#include "sim/read/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "sim/load/load.h"
#include "sim/read/batsim.h"
#include "sim/read/workflow.h"

#define DAY_MS        86400000.0
#define BATSIM_MFLOPS 4000.0 // of a board of the study at its fastest; 1 Mflop/s is 1 MHz there
#define BOARD_CORES   8      // where the section does not say

static int64_t work_of(double s, double cores)
{
    return int_clamp(num_round(num_min(s * 1000 * cores, 1e17)), 1, LOAD_WORK_MAX);
}

static uint64_t set_of(const char *name)
{
    uint64_t h = hash_mix(hash_bytes(HASH_SEED, name, strlen(name)));
    return h ? h : 1;
}

// ---- batsim ----

struct batsim_task {
    uint32_t first, n; // jobs
};

struct batsim_trace {
    struct batsim_data data;
    struct batsim_jobs jobs;
    struct batsim_task *task;
    size_t n, cap;
    int32_t cores;
    int64_t *work;         // scratch
    struct sim_data *sets; // scratch
    size_t cap_sets;
};

static size_t base_bytes(const char *id)
{
    const char *bar = strrchr(id, '_');
    return bar && bar[1] && strspn(bar + 1, "0123456789") == strlen(bar + 1) ? (size_t)(bar - id)
                                                                             : strlen(id);
}

static bool same_task(const struct batsim_jobs *all, const struct batsim_job *a, const struct batsim_job *b)
{
    size_t n = base_bytes(a->id);
    return a->submit_ms == b->submit_ms && a->priority == b->priority && a->user == b->user &&
           a->width == 1 && b->width == 1 && a->n_data == b->n_data && n == base_bytes(b->id) &&
           n < strlen(a->id) && !memcmp(a->id, b->id, n) &&
           (a->n_data == 0 ||
            !memcmp(all->data_at + a->data, all->data_at + b->data, a->n_data * sizeof *all->data_at));
}

static int64_t job_work(const struct batsim_trace *t, const struct batsim_job *j)
{
    return work_of(j->run_s + (j->mflop > 0 ? j->mflop / BATSIM_MFLOPS : 0), t->cores);
}

static void batsim_get(void *ctx, size_t i, struct sim_job *out)
{
    struct batsim_trace *t = ctx;
    const struct batsim_task *task = &t->task[i];
    const struct batsim_job *j = &t->jobs.v[task->first];
    out->id = i;
    out->submit_ms = j->submit_ms;
    out->activity = batsim_activity(j->priority);
    out->account = j->user - 1;
    out->cores = t->cores;
    out->expected_run_ms = j->wall_ms;
    out->work_core_ms = job_work(t, j);
    out->instances = j->width > 1 ? (int32_t)int_clamp(j->width, 1, LOAD_INSTANCES_MAX) : (int32_t)task->n;
    out->together = j->width > 1;
    if (task->n > 1) {
        for (uint32_t k = 0; k < task->n; k++)
            t->work[k] = job_work(t, j + k);
        out->work_each_core_ms = t->work;
    }
    mem_grow(&t->sets, &t->cap_sets, j->n_data, sizeof *t->sets);
    for (uint32_t k = 0; k < j->n_data; k++) {
        uint32_t set = t->jobs.data_at[j->data + k];
        t->sets[k] = (struct sim_data){set + 1, t->data.bytes[set]};
    }
    out->data = t->sets;
    out->n_data = j->n_data;
}

static void batsim_free(void *ctx)
{
    struct batsim_trace *t = ctx;
    batsim_data_deinit(&t->data);
    batsim_jobs_deinit(&t->jobs);
    free(t->task);
    free(t->work);
    free(t->sets);
    free(t);
}

static bool has_priorities(const struct batsim_jobs *j)
{
    for (size_t i = 0; i < j->n; i++)
        if (j->v[i].priority != 0)
            return true;
    return false;
}

static void group_tasks(struct batsim_trace *t)
{
    for (size_t i = 0; i < t->jobs.n; i++) {
        struct batsim_task *last = t->n ? &t->task[t->n - 1] : NULL;
        if (last && last->n < LOAD_INSTANCES_MAX && same_task(&t->jobs, &t->jobs.v[i - 1], &t->jobs.v[i]))
            last->n++;
        else
            *VEC_PUSH(t->task, t->n, t->cap) = (struct batsim_task){(uint32_t)i, 1};
    }
}

static int open_batsim(struct load_trace *out, const struct scenario_work *w, const struct stream_text *text,
                       const struct stream_text *data, int64_t start_unix_ms, struct err *e)
{
    struct batsim_trace *t = mem_alloc(sizeof *t);
    t->cores = w->cores > 0 ? w->cores : BOARD_CORES;
    int bad = data->n > 0 ? batsim_data_read(&t->data, data->text, data->n, e) : 0;
    if (bad)
        err_prefix(e, "%s", data->file);
    if (!bad && (bad = batsim_jobs_read(&t->jobs, data->n > 0 ? &t->data : NULL, start_unix_ms, text->text,
                                        text->n, e)))
        err_prefix(e, "%s", text->file);
    if (bad) {
        batsim_free(t);
        return bad;
    }
    group_tasks(t);
    t->work = mem_array(LOAD_INSTANCES_MAX, sizeof *t->work);
    int64_t span = (t->jobs.v[t->jobs.n - 1].submit_ms / 86400000 + 1) * 86400000;
    *out = (struct load_trace){t, t->n, span, batsim_get, batsim_free};
    return 0;
}

// ---- wfformat ----

struct flow_trace {
    struct workflow flow;
    uint32_t *order; // by the moment a task is ready
    struct sim_data set;
    int32_t cores;
};

static void flow_get(void *ctx, size_t i, struct sim_job *out)
{
    struct flow_trace *t = ctx;
    const struct workflow_task *v = &t->flow.v[t->order[i]];
    int32_t cores = t->cores > 0 && v->cores > t->cores ? t->cores : v->cores;
    out->id = t->order[i];
    out->submit_ms = num_round(v->ready_s * 1000);
    out->cores = cores;
    out->work_core_ms = work_of(v->run_s, v->cores);
    out->memory_mb = (int32_t)int_clamp((v->memory_bytes + 1048575) / 1048576, 0, INT32_MAX);
    t->set = (struct sim_data){set_of(v->id), v->in_bytes};
    out->data = &t->set;
    out->n_data = v->in_bytes > 0;
}

static void flow_free(void *ctx)
{
    struct flow_trace *t = ctx;
    workflow_deinit(&t->flow);
    free(t->order);
    free(t);
}

static void sort_ready(struct flow_trace *t, uint32_t *v, uint32_t *spare, size_t n)
{
    size_t half = n / 2, a = 0, b = half;
    if (n < 2)
        return;
    sort_ready(t, v, spare, half);
    sort_ready(t, v + half, spare, n - half);
    for (size_t k = 0; k < n; k++)
        spare[k] =
            a < half && (b >= n || t->flow.v[v[a]].ready_s <= t->flow.v[v[b]].ready_s) ? v[a++] : v[b++];
    memcpy(v, spare, n * sizeof *v);
}

static int open_flow(struct load_trace *out, const struct scenario_work *w, const struct stream_text *text,
                     struct err *e)
{
    struct workflow flow;
    int bad = workflow_read(&flow, text->text, text->n, e);
    if (bad)
        return bad;
    struct flow_trace *t = mem_alloc(sizeof *t);
    uint32_t *spare = mem_array(flow.n, sizeof *spare);
    *t = (struct flow_trace){.flow = flow, .order = mem_array(flow.n, sizeof *t->order), .cores = w->cores};
    for (size_t i = 0; i < flow.n; i++)
        t->order[i] = (uint32_t)i;
    sort_ready(t, t->order, spare, flow.n);
    free(spare);
    // A workflow that is repeated begins again an hour after it could have ended.
    *out = (struct load_trace){t, flow.n, num_round(flow.critical_s * 1000) + 3600000, flow_get, flow_free};
    return 0;
}

// ---- which ----

static double board_cores(const struct scenario *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n_zones; i++)
        if (s->zones[i].board < s->n_board_models)
            sum += (double)s->zones[i].count * s->zones[i].boards * s->board[s->zones[i].board].curve.cores;
    return sum;
}

static struct load_frame frame_of(const struct scenario *s, size_t index)
{
    const struct scenario_work *w = &s->work[index];
    int64_t from = num_round(w->from_day * DAY_MS);
    int64_t to = w->days < 0 ? s->length_ms : from + num_round(w->days * DAY_MS);
    return (struct load_frame){
        .seed = hash_mix(hash_i64(hash_i64(HASH_SEED, (int64_t)s->seed), (int64_t)index)),
        .from_ms = from,
        .to_ms = to < s->length_ms ? to : s->length_ms,
        .activity = w->activity,
        .accounts = w->accounts > 0 ? w->accounts : 1,
        .save_ms = num_round(w->save_s * 1000),
        .memory_mb = w->memory_mb,
    };
}

static struct sim_workload generated(const struct scenario *s, const struct scenario_work *w,
                                     const struct load_frame *f)
{
    int64_t offset = s->n_sites ? (int64_t)s->site[0].utc_offset_min * 60000 : 0;
    struct load_random r = {.local_ms = s->start.v + offset,
                            .work_cores = w->share * board_cores(s),
                            .cores = w->cores > 0 ? w->cores : BOARD_CORES,
                            .data_bytes = w->data_gb * 1e9,
                            .data_sets = w->data_sets > 0 ? (uint32_t)w->data_sets : 50};
    return load_random(&r, f);
}

int stream_open(struct sim_workload *out, const struct scenario *s, size_t index,
                const struct stream_text *trace, const struct stream_text *data, int64_t trace_start_unix_ms,
                struct err *e)
{
    const struct scenario_work *w = &s->work[index];
    struct load_frame frame = frame_of(s, index);
    struct load_trace t = {0};
    int bad = 0;
    *out = (struct sim_workload){0};
    if (w->kind == WORK_RANDOM) {
        *out = generated(s, w, &frame);
        return 0;
    }
    if (w->kind == WORK_BATSIM)
        bad = open_batsim(&t, w, trace, data, trace_start_unix_ms, e);
    else if ((bad = open_flow(&t, w, trace, e)))
        err_prefix(e, "%s", trace->file);
    if (bad)
        return bad;
    frame.own_activity = w->kind == WORK_BATSIM && has_priorities(&((struct batsim_trace *)t.ctx)->jobs);
    struct load_replay how = {w->stretch > 0 ? w->stretch : 1, w->share, w->repeat};
    *out = load_of_trace(t, &how, &frame);
    return 0;
}
