// SPDX-License-Identifier: Apache-2.0
//
// Jobs: how they come, what an instance needs before it starts, what it has done when it ends.
//
//   assigned --(data on the site)--> --(board awake)--> runs --(work done)--> ended
//       |                                                |
//       +------------------ stopped, lost ---------------+--> waits again, with what it had saved
//
//   and runs <--> set aside on its board, for another: aside.c
#include "sim/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "core/work/place.h"

static int32_t nominal_mhz(const struct sim_run *r, const struct sim_board *b)
{
    const struct curve *c = &r->s->board[r->zone[b->zone].model].curve;
    return c->p[c->n - 1].freq_mhz;
}

static int32_t board_cores(const struct sim_run *r, const struct sim_board *b)
{
    return r->s->board[r->zone[b->zone].model].spec.cores;
}

// ---- arrivals

static uint32_t task_slot(struct sim_run *r)
{
    if (r->n_free > 0)
        return r->free_task[--r->n_free];
    (void)VEC_PUSH(r->task, r->n_tasks, r->cap_tasks);
    return (uint32_t)(r->n_tasks - 1);
}

static void task_end(struct sim_run *r, uint32_t slot)
{
    struct sim_task *t = &r->task[slot];
    free(t->each);
    free(t->saved);
    free(t->data);
    *t = (struct sim_task){0};
    *VEC_PUSH(r->free_task, r->n_free, r->cap_free) = slot;
}

static void *copy(const void *v, size_t n, size_t elem)
{
    if (!v || n == 0)
        return NULL;
    void *c = mem_array(n, elem);
    memcpy(c, v, n * elem);
    return c;
}

// The uuid says which slot: version and variant take bits of bytes 6 and 8.
static void uuid_of(uint8_t out[16], uint32_t slot, uint32_t number)
{
    uint64_t rest = hash_mix(hash_i64(HASH_SEED, (int64_t)((uint64_t)number << 32 | slot)));
    memcpy(out + 8, &rest, 8);
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(slot >> (8 * i));
    out[4] = (uint8_t)number;
    out[5] = (uint8_t)(number >> 8);
    out[6] = (uint8_t)(number >> 16);
    out[7] = (uint8_t)(number >> 24);
}

static bool slot_of(const struct sim_run *r, const char *text, uint32_t *slot)
{
    uint8_t u[16];
    if (!uuid_parse(text, u))
        return false;
    *slot = (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
    return *slot < r->n_tasks && r->task[*slot].number && (uint8_t)r->task[*slot].number == u[4] &&
           (uint8_t)(r->task[*slot].number >> 8) == u[5];
}

// What the planner may know of it: gangs, and of its data sets the largest, as many as a task may name.
static void place_of(const struct sim_job *j, struct buf *out)
{
    struct place p = {.gang = j->together && j->instances > 1 ? j->instances : 0};
    for (size_t i = 0; i < j->n_data; i++) {
        int at = p.n_data < PLACE_DATA_MAX ? p.n_data++ : PLACE_DATA_MAX;
        while (at > 0 && p.data[at - 1].bytes < j->data[i].bytes) {
            if (at < PLACE_DATA_MAX)
                p.data[at] = p.data[at - 1];
            at--;
        }
        if (at < PLACE_DATA_MAX)
            p.data[at] = (struct place_data){j->data[i].set, int_clamp(j->data[i].bytes, 0, PLACE_BYTES_MAX)};
    }
    place_format(&p, out);
}

static void task_create(struct sim_run *r, const struct sim_job *j)
{
    uint32_t slot = task_slot(r), number = ++r->numbers;
    r->task[slot] = (struct sim_task){
        .job = j->id,
        .number = number,
        .instances = j->instances,
        .open = j->instances,
        .cores = j->cores,
        .activity = j->activity,
        .submit_at = r->now,
        .work_core_ms = j->work_core_ms,
        .save_ms = j->save_ms,
        .each = copy(j->work_each_core_ms, (size_t)j->instances, sizeof *j->work_each_core_ms),
        .data = copy(j->data, j->n_data, sizeof *j->data),
        .n_data = j->n_data,
    };
    char ranges[32] = "0";
    if (j->instances > 1)
        snprintf(ranges, sizeof ranges, "0-%" PRId32, j->instances - 1);
    struct task_draft d = {.name = "job",
                           .profile = "docker-batch",
                           .activity = j->activity,
                           .ranges = ranges,
                           .instances = j->instances,
                           .retries_total = -1,
                           .retries_each = -1,
                           .queue_max_ms = -1,
                           .expected_run_ms = j->expected_run_ms,
                           .body = "{}"};
    d.constraint.cores_min = j->cores_min;
    d.constraint.memory_mb_min = j->memory_mb;
    uuid_of(d.uuid, slot, number);
    struct buf text = BUF_INIT(512);
    place_of(j, &text);
    d.place = text.n ? buf_str(&text) : NULL;
    struct event ev = {.kind = EVENT_TASKS_CREATE,
                       .token = 1,
                       .create = {.account = r->account[j->account % r->n_accounts], .draft = &d, .n = 1}};
    link_event(r, &ev);
    buf_deinit(&text);
    if (activity_is_urgent(j->activity) && !r->tells_borne) {
        r->tells_borne = true;
        r->news_step = -1; // before it is placed
    }
    r->waiting[j->activity] += j->instances;
    if (!(r->classes >> j->activity & 1)) // others depend on more than before
        for (uint32_t i = 0; i < r->n_zones; i++)
            zone_levels_next(r, &r->zone[i], 0);
    r->classes |= 1u << j->activity;
    r->out->class[j->activity].submitted += j->instances;
    for (int32_t i = 0; i < j->instances; i++)
        bound_submitted(r, j->work_each_core_ms ? j->work_each_core_ms[i] : j->work_core_ms, j->cores);
}

static int check_job(const struct sim_run *r, const struct sim_job *j, struct err *e)
{
    if (j->instances < 1 || j->instances > 2048)
        return err_set(e, -EINVAL, "job %" PRIu64 ": %d instances (1 to 2048)", j->id, (int)j->instances);
    if (j->submit_ms < r->now)
        return err_set(e, -EINVAL, "job %" PRIu64 ": comes before the job before it", j->id);
    if (!activity_is_task(j->activity) || j->cores < 1 || j->work_core_ms < 0)
        return err_set(e, -EINVAL, "job %" PRIu64 ": its class, cores or work make no sense", j->id);
    return 0;
}

static void job_next(struct sim_run *r)
{
    r->have_job = false;
    if (!r->in->work.next)
        return;
    int got = r->in->work.next(r->in->work.ctx, &r->next_job, &r->err);
    if (got <= 0 || check_job(r, &r->next_job, &r->err))
        return;
    r->have_job = true;
    queue_push(&r->queue, (struct happening){.at = r->next_job.submit_ms, .kind = HAPPEN_ARRIVAL});
}

void jobs_arrive(struct sim_run *r)
{
    if (r->have_job)
        task_create(r, &r->next_job);
    job_next(r);
}

static void backlog_task(struct sim_run *r, const struct scenario_work *w, int32_t instances)
{
    int32_t cores = w->cores > 0 ? w->cores : r->s->board[0].spec.cores;
    struct sim_job j = {.id = r->numbers,
                        .submit_ms = r->now,
                        .activity = w->activity,
                        .account = r->numbers % w->accounts,
                        .instances = instances,
                        .cores = w->cores > 0 ? w->cores : 1024,
                        .work_core_ms = (int64_t)(w->run_s * 1000) * cores,
                        .memory_mb = w->memory_mb,
                        .expected_run_ms = (int64_t)(w->run_s * 1000),
                        .save_ms = (int64_t)(w->save_s * 1000)};
    task_create(r, &j);
}

// A share of 1 and more: so much work waits that every board could have its next instance at once. Below 1:
// so many instances are always open, waiting or running, as that share of all boards.
void jobs_backlog(struct sim_run *r)
{
    for (size_t i = 0; i < r->s->n_work; i++) {
        const struct scenario_work *w = &r->s->work[i];
        int64_t from = (int64_t)(w->from_day * 864e5),
                to = w->days < 0 ? INT64_MAX : from + (int64_t)(w->days * 864e5);
        if (w->kind != WORK_BACKLOG || r->now < from || r->now >= to)
            continue;
        bool some = w->share < 1;
        int64_t want = some ? (int64_t)(w->share * r->n_boards) : 2 * (int64_t)r->n_boards;
        while (!r->err.code) {
            int64_t lack = want - r->waiting[w->activity] - (some ? r->running[w->activity] : 0);
            if (lack <= 0)
                break;
            backlog_task(r, w, some && lack < w->instances ? (int32_t)lack : w->instances);
        }
    }
}

int jobs_make(struct sim_run *r, struct err *e)
{
    if (r->n_accounts == 0 && r->in->work.next)
        return err_set(e, -EINVAL, "%s: there is work, and no [work NAME] says whose", r->s->file);
    job_next(r);
    if (r->err.code && e)
        *e = r->err;
    return r->err.code;
}

void jobs_free(struct sim_run *r)
{
    for (size_t i = 0; i < r->n_tasks; i++) {
        free(r->task[i].each);
        free(r->task[i].saved);
        free(r->task[i].data);
    }
    free(r->task);
    free(r->free_task);
}

// ---- an instance

static int64_t work_of(const struct sim_run *r, const struct sim_board *b)
{
    const struct sim_task *t = &r->task[b->task];
    int64_t core_ms = t->each ? t->each[b->instance % (uint32_t)t->instances] : t->work_core_ms;
    return (core_ms > 0 ? core_ms : 1) * nominal_mhz(r, b);
}

void job_assigned(struct sim_run *r, uint32_t board, const struct assignment *a)
{
    struct sim_board *b = &r->board[board];
    struct sim_zone *z = &r->zone[b->zone];
    uint32_t slot;
    if (!slot_of(r, a->task_uuid, &slot))
        return;
    if (b->phase != BOARD_FREE) // of a lease that the engine has forgotten
        job_drop(r, board);
    const struct sim_task *t = &r->task[slot];
    int32_t cores = board_cores(r, b);
    b->task = slot;
    b->instance = a->instance;
    b->attempt = a->attempt;
    b->lease = a->lease;
    b->activity = a->activity;
    b->phase = BOARD_WAITS;
    b->rate_cores = t->cores < cores ? t->cores : cores;
    b->granted_at = r->now;
    b->lease_uj = 0;
    b->goes_on_ms = -1;
    b->saved = t->saved ? t->saved[a->instance % (uint32_t)t->instances] : 0;
    b->all = work_of(r, b);
    b->left = b->all - b->saved;
    b->stamp++;
    zone_runs(r, z, 1);
    zone_stale(r, z);
    r->waiting[b->activity]--;
    r->running[b->activity]++;
    if (t->n_data)
        data_for_board(r, board);
    r->decisions =
        (r->decisions ^ (a->lease << 24 | board)) * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)r->now;
    r->decisions ^= r->decisions >> 31;
}

void job_go(struct sim_run *r, uint32_t board)
{
    struct sim_board *b = &r->board[board];
    if (b->phase != BOARD_WAITS || b->data_missing || b->asleep || b->booting || b->dark)
        return;
    const struct sim_task *t = &r->task[b->task];
    struct sim_class_result *c = &r->out->class[b->activity];
    b->phase = BOARD_RUNS;
    r->zone[b->zone].quiet_until = 0;
    zone_levels_next(r, &r->zone[b->zone], 0);
    zone_stale(r, &r->zone[b->zone]);
    if (job_went_on(r, board))
        return;
    b->started_at = r->now;
    c->started++;
    if (b->attempt <= 1) {
        *VEC_PUSH(r->wait[b->activity].v, r->wait[b->activity].n, r->wait[b->activity].cap) =
            (float)(r->now - t->submit_at);
    }
    struct report *rep = link_report(r, b->zone, REPORT_STARTED);
    rep->lease = b->lease;
    rep->started.at = house_add(r->s->start, r->now);
    link_sync(r, b->zone);
}

void board_free(struct sim_run *r, uint32_t board)
{
    struct sim_board *b = &r->board[board];
    b->phase = BOARD_FREE;
    b->task = SIM_NONE;
    b->data_missing = false;
    b->stamp++;
    struct sim_zone *z = &r->zone[b->zone];
    zone_runs(r, z, -1);
    if (z->runs == 0 && !z->water)
        zone_next_look(r, z);
    zone_stale(r, z);
}

// What an attempt that did not end well leaves behind for the next.
static void save(struct sim_run *r, struct sim_board *b)
{
    struct sim_task *t = &r->task[b->task];
    int64_t done = b->all - b->saved - b->left, exec = r->now - b->started_at;
    int64_t kept = 0;
    if (b->phase != BOARD_RUNS)
        return;
    if (t->save_ms > 0 && exec > 0)
        kept = (int64_t)((__int128)done * (exec / t->save_ms * t->save_ms) / exec);
    if (kept > 0) {
        if (!t->saved)
            t->saved = mem_array((size_t)t->instances, sizeof *t->saved);
        t->saved[b->instance % (uint32_t)t->instances] = b->saved + kept;
    }
    r->out->class[b->activity].wasted_core_ms += (done - kept) / nominal_mhz(r, b);
    r->out->class[b->activity].work_core_ms += kept / nominal_mhz(r, b);
}

static void account(struct sim_run *r, struct sim_board *b, enum attempt_end end)
{
    struct sim_class_result *c = &r->out->class[b->activity];
    bool done = end == ATTEMPT_SUCCESS;
    if (b->phase == BOARD_RUNS)
        c->core_ms += (r->now - b->started_at) * board_cores(r, b);
    r->running[b->activity]--;
    if (!done) {
        save(r, b);
        r->waiting[b->activity]++;
        return;
    }
    c->completed++;
    c->work_core_ms += (b->all - b->saved) / nominal_mhz(r, b);
    c->work_ghz_h += (double)(b->all - b->saved) / 3.6e9;
    const struct sim_task *t = &r->task[b->task];
    // How much longer it took than its run, for somebody who does not mind a second: the bounded slowdown of
    // Feitelson and Rudolph (1998).
    double whole = (double)(r->now - t->submit_at), run = (double)(r->now - b->started_at);
    r->slowdown[b->activity] += num_max(1, whole / num_max(run, 1000));
}

static void tell(struct sim_run *r, const struct sim_board *b, enum attempt_end end)
{
    if (!r->o.hooks.instance)
        return;
    const struct sim_task *t = &r->task[b->task];
    struct sim_instance_result i = {.job = t->job,
                                    .instance = b->instance,
                                    .attempt = b->attempt,
                                    .activity = b->activity,
                                    .submit_ms = t->submit_at,
                                    .granted_ms = b->granted_at,
                                    .started_ms = b->phase == BOARD_RUNS ? b->started_at : -1,
                                    .ended_ms = r->now,
                                    .work_core_ms = b->all / nominal_mhz(r, b),
                                    .board = (uint32_t)(b - r->board),
                                    .zone = b->zone,
                                    .site = r->zone[b->zone].site,
                                    .end = (uint8_t)end};
    r->o.hooks.instance(r->o.hooks.ctx, &i);
}

void job_forget(struct sim_run *r, uint32_t board, enum attempt_end end)
{
    struct sim_board *b = &r->board[board];
    job_went_on(r, board);
    tell(r, b, end);
    account(r, b, end);
}

void job_drop(struct sim_run *r, uint32_t board)
{
    job_forget(r, board, ATTEMPT_LOST);
    board_free(r, board);
}

void job_ended(struct sim_run *r, uint32_t board, enum attempt_end end)
{
    struct sim_board *b = &r->board[board];
    job_went_on(r, board);
    bool ran = b->phase == BOARD_RUNS;
    link_board_meters(r, board);
    tell(r, b, end);
    struct report *rep = link_report(r, b->zone, REPORT_EXITED);
    rep->lease = b->lease;
    rep->exited.end = (uint8_t)end;
    rep->exited.exit_code = end == ATTEMPT_SUCCESS ? 0 : -1;
    rep->exited.signal = -1;
    rep->exited.wall_ms = r->now - b->granted_at;
    rep->exited.exec_ms = ran ? r->now - b->started_at : 0;
    rep->exited.core_ms = rep->exited.exec_ms * board_cores(r, b);
    rep->exited.work_mhz_s = (b->all - b->saved - b->left) / 1000;
    rep->exited.energy_mj = b->lease_uj / 1000;
    account(r, b, end);
    if (end == ATTEMPT_PREEMPTED)
        r->out->class[b->activity].preempted++;
    if (end == ATTEMPT_LOST)
        r->out->class[b->activity].lost++;
}

void job_end(struct sim_run *r, uint32_t board, enum attempt_end end)
{
    struct sim_board *b = &r->board[board];
    uint32_t slot = b->task;
    job_ended(r, board, end);
    board_free(r, board);
    if (end == ATTEMPT_SUCCESS && --r->task[slot].open == 0)
        task_end(r, slot);
    link_sync(r, b->zone);
}

// The engine wants something stopped that is not here: it is told that it is.
void job_unknown_stop(struct sim_run *r, uint32_t zone, const struct assignment *a)
{
    struct report *rep = link_report(r, zone, REPORT_EXITED);
    rep->lease = a->lease;
    rep->exited.end = a->stop_end;
    rep->exited.exit_code = rep->exited.signal = -1;
    link_sync(r, zone);
}

// Ends that fall into this step, as the boards are driven now. At full speed none can end before
// `quiet_until`.
void job_foresee(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    int64_t until = r->t + r->s->step_ms, quiet = INT64_MAX;
    int32_t cores = r->s->board[z->model].spec.cores;
    int64_t full = curve_max_work_mhz(&r->s->board[z->model].curve);
    if (until <= z->quiet_until)
        return;
    drive_settle(r, zone);
    for (uint32_t i = 0; i < z->n_boards; i++) {
        struct sim_board *b = &r->board[z->first_board + i];
        b->foreseen = 0;
        if (b->phase != BOARD_RUNS)
            continue;
        int64_t earliest = r->now + (b->left > 0 ? b->left * cores / (full * b->rate_cores) : 0);
        quiet = earliest < quiet ? earliest : quiet;
        int64_t rate =
            activity_is_task((enum activity)b->run) ? (int64_t)b->work_mhz * b->rate_cores / cores : 0;
        if (rate <= 0 || earliest >= until)
            continue;
        int64_t left_ms = b->left <= 0 ? 0 : (b->left + rate - 1) / rate;
        if (r->now + left_ms < until)
            queue_push(&r->queue, (struct happening){.at = r->now + left_ms,
                                                     .kind = HAPPEN_END,
                                                     .index = z->first_board + i,
                                                     .stamp = b->stamp,
                                                     .extra = b->foreseen = ++r->foresights});
    }
    z->quiet_until = quiet;
    if (!z->water)
        zone_next_look(r, z);
}

// After anything that concerns a zone's boards: drive them anew, start what can start.
void zone_changed(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    for (int round = 0; z->stale && round < 8; round++) {
        drive_zone(r, zone);
        for (uint32_t i = 0; z->runs && i < z->n_boards; i++)
            job_go(r, z->first_board + i);
    }
    if (z->runs)
        job_foresee(r, zone);
}
