// SPDX-License-Identifier: Apache-2.0
//
// Files of a run, before and after its command. Whoever moves them says how far it is; what does not move at
// all for stage_timeout_ms is given up, and another board may try.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/agent_inside.h"

static void begin(struct agent *a, struct agent_run *r, enum run_state state, house_ms now)
{
    r->state = state;
    r->state_since = r->staged_since = now;
    r->has_files = true;
    memset(&r->staging, 0, sizeof r->staging);
    a->regulate_due = true;
    stage_level(a, r, now);
}

struct agent_action *stage_act(struct agent *a, const struct agent_run *r, enum agent_action_kind kind,
                               struct agent_actions *out)
{
    struct agent_action *act = agent_act(out, kind);
    act->lease = r->lease;
    act->board = r->board;
    act->stage.plan = r->launch.stage;
    act->stage.image = r->launch.image;
    if (r->launch.stage)
        act->stage.out = r->launch.stage->out;
    act->stage.room_bytes = staging_room(a->cfg.offer.board[r->board].spec.memory_mb / run_slots(a, r));
    return act;
}

bool stage_fetch(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    if ((!r->launch.stage && !r->launch.image.digest) || r->fetched)
        return false;
    begin(a, r, RUN_FETCHING, now);
    stage_act(a, r, ACT_FETCH, out);
    return true;
}

// What a lost or preempted run leaves is nobody's: it begins anew elsewhere.
bool stage_store(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    const struct stage_plan *p = r->launch.stage;
    order_cut(a, r, now);
    bool wanted = p && p->has_out && !r->mute &&
                  (r->over.end == ATTEMPT_SUCCESS || r->over.end == ATTEMPT_FAILURE ||
                   (r->over.end == ATTEMPT_CANCELLED && p->on_cancel));
    if (!wanted)
        return false;
    report_last(a, r, now); // it stands while its results are on their way
    begin(a, r, RUN_STORING, now);
    stage_act(a, r, ACT_STORE, out);
    return true;
}

// A command that is over is not preempted any more: its board is free as soon as its results are away.
bool stage_stop(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
                house_ms now)
{
    if (r->state != RUN_FETCHING && r->state != RUN_STORING)
        return false;
    if (r->state == RUN_STORING && end == ATTEMPT_PREEMPTED && !a->shutdown)
        return true;
    if (r->state == RUN_STORING && end == ATTEMPT_CANCELLED && r->launch.stage->on_cancel) {
        r->over.end = ATTEMPT_CANCELLED;
        return true;
    }
    run_over(a, r, (enum attempt_end)end, code, message, now);
    return true;
}

void stage_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    if (r->state == RUN_ENDED) {
        if (r->has_files)
            agent_act(out, ACT_UNSTAGE)->lease = r->lease;
        r->has_files = false;
        return;
    }
    if (house_since(now, r->state_since) <= a->cfg.stage_timeout_ms)
        return;
    run_over(a, r, ATTEMPT_LOST, "staging-timeout",
             r->state == RUN_FETCHING ? "its image or resources did not come any further"
                                      : "its results did not get any further",
             now);
}

void run_staging(struct agent *a, const struct agent_event *ev)
{
    struct agent_run *r = run_find(a, ev->staged.lease);
    if (r && r->state == RUN_RUNNING)
        r->errand_since = ev->now;
    if (!r || (r->state != RUN_FETCHING && r->state != RUN_STORING))
        return;
    if (r->staging.bytes != ev->staged.bytes || r->staging.files != ev->staged.files)
        r->state_since = ev->now;
    r->staging.files = ev->staged.files;
    r->staging.files_n = ev->staged.files_n;
    r->staging.bytes = ev->staged.bytes;
    r->staging.bytes_n = ev->staged.bytes_n;
}

// How long the files of this phase were on their way, and how many bytes; also when they did not all come.
static void count(struct agent_run *r, bool in, int64_t bytes, house_ms now)
{
    int64_t ms = house_since(now, r->staged_since);
    *(in ? &r->fetch_ms : &r->store_ms) += ms > 0 ? ms : 0;
    *(in ? &r->fetch_bytes : &r->store_bytes) += bytes > 0 ? bytes : 0;
}

static void keep_names(struct agent_run *r, const char *names)
{
    if (!names || !*names)
        return;
    size_t n = strlen(names), room = staging_names_room(r->instance_count);
    while (n > room)
        for (n--; n > 0 && names[n - 1] != '\n';)
            n--;
    free(r->names);
    r->names = n ? mem_strndup(names, n) : NULL;
}

static void stored(struct agent *a, struct agent_run *r, const struct agent_event *ev)
{
    enum attempt_end end = r->over.end;
    const char *code = r->over.code, *message = r->over.message;
    bool stands = !ev->staged.code || ev->staged.but_some;
    count(r, false, stands ? ev->staged.bytes : r->staging.bytes, ev->now);
    if (stands) {
        keep_names(r, ev->staged.names);
        r->results = ev->staged.files > INT32_MAX ? INT32_MAX : (int32_t)ev->staged.files;
    }
    if (ev->staged.code && end == ATTEMPT_SUCCESS) { // what failed or was cancelled stays so
        end = ev->staged.elsewhere ? ATTEMPT_LOST : ATTEMPT_FAILURE;
        code = ev->staged.code;
        message = ev->staged.message;
    }
    run_over(a, r, end, code, message, ev->now);
}

void run_staged(struct agent *a, const struct agent_event *ev)
{
    struct agent_run *r = run_find(a, ev->staged.lease);
    if (!r)
        return;
    if (r->state == RUN_STORING) {
        stored(a, r, ev);
    } else if (r->state == RUN_RUNNING) {
        order_done(a, r, ev);
    } else if (r->state == RUN_FETCHING && ev->staged.code) {
        count(r, true, r->staging.bytes, ev->now);
        run_over(a, r, ev->staged.elsewhere ? ATTEMPT_LOST : ATTEMPT_FAILURE, ev->staged.code,
                 ev->staged.message, ev->now);
    } else if (r->state == RUN_FETCHING) {
        count(r, true, ev->staged.bytes, ev->now);
        r->fetched = true;
        r->state = RUN_ASSIGNED;
        r->state_since = ev->now;
    }
}

void stage_level(struct agent *a, const struct agent_run *r, house_ms now)
{
    if (r->mute || outbox_holds(a, REPORT_STAGING, "", r->lease))
        return;
    struct report *p = outbox_add(a, REPORT_STAGING, "", r->lease, now);
    p->staging.phase = r->state == RUN_FETCHING ? PHASE_DOWNLOAD : PHASE_UPLOAD;
    p->staging.files = r->staging.files;
    p->staging.files_n = r->staging.files_n;
    p->staging.bytes = r->staging.bytes;
    p->staging.bytes_n = r->staging.bytes_n;
    p->staging.ms = house_since(now, r->staged_since);
}
