// SPDX-License-Identifier: Apache-2.0
//
// Tasks: created, changed, aborted, deleted, and what state their instances add up to.
//
// The state is never set by hand: task_settle derives it from the counts, in the order of the public API:
//   all ended -> Success, Failure, Cancelled (or gone, when it is being deleted)
//   being aborted and some still run -> PendingCancel; being deleted -> PendingDelete
//   of all that are left only files are on their way -> UploadingResults
//   all that are left run -> FullyExecuting; some run -> PartiallyExecuting
//   all that are left have a board -> FullyDispatched; some -> PartiallyDispatched; none -> Submitted
#include "base/mem.h"
#include "core/engine/server_data.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ERRORS_BYTES_MAX 4096 // of the JSON array of a task's errors

static void place_plan(const struct server *s, const struct place *from, struct plan_task *p)
{
    uint64_t site;
    memcpy(p->where.country, from->country, sizeof p->where.country);
    p->where.site = *from->site && strmap_get(&s->site_by_name, from->site, &site) ? (uint32_t)site + 1 : 0;
    p->where.has_near = from->has_near;
    p->where.lat_mdeg = from->lat_mdeg;
    p->where.lon_mdeg = from->lon_mdeg;
    p->gang = from->gang;
    for (int i = 0; i < from->n_data; i++) {
        uint32_t data = data_number(s, from->data[i].key);
        if (data != NONE)
            p->data[p->n_data++] = data;
    }
}

void task_plan(struct server *s, uint32_t slot)
{
    struct task *t = &s->task[slot];
    task_count_waiting(s, t, (int64_t)ranges_count(&t->pending));
    if (t->pool != NONE && !t->holder) { // it waits for a node of its pool, not for a board
        pool_look(s, t->pool);
        return;
    }
    bool waits = !t->aborting && !t->deleting && !t->held_back && !task_waits(t);
    int64_t since_ms = t->in_job && t->in_job->ready_ms ? t->in_job->ready_ms : t->created_ms;
    if (t->waits_ms > since_ms) // who lost its board has not waited for one that long
        since_ms = t->waits_ms;
    struct plan_task p = {.activity = t->activity,
                          .account = s->account[t->account].id,
                          .order = t->id,
                          .pending = quota_expose(s, slot, waits ? (int32_t)task_ready_count(t) : 0),
                          .since = HOUSE_MS(since_ms),
                          .run = plan_run_of(task_run_s(s, t))};
    if (t->constraint)
        p.constraint = *t->constraint;
    if (rare_of(t)->place)
        place_plan(s, rare_of(t)->place, &p);
    planner_task(s->planner, slot, &p);
}

// A text with JSON's escapes. What needs none goes in one piece: a hundred thousand tasks may end with the
// same words.
static void escaped(struct buf *b, const char *text)
{
    while (*text) {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\')
            plain++;
        buf_put(b, text, plain);
        text += plain;
        if (*text == '"' || *text == '\\')
            buf_putf(b, "\\%c", *text++);
        else if (*text)
            buf_putf(b, "\\u%04x", (unsigned char)*text++);
    }
}

int task_set_place(struct server *s, uint32_t slot, const char *text, struct err *e)
{
    struct place p;
    if (!place_parse(text, &p))
        return err_set(e, -EINVAL, "placement: \"%s\" cannot be read", text);
    if (*p.site && !strmap_get(&s->site_by_name, p.site, NULL))
        return err_set(e, -EINVAL, "placement: no such site: %s", p.site);
    if (slot == NONE || place_is_none(&p))
        return 0;
    struct task_rare *rare = task_rare(&s->task[slot]);
    rare->place = mem_alloc(sizeof p);
    *rare->place = p;
    place_take_data(s, &p);
    return 0;
}

void task_error(struct task *t, const char *code, const char *message, const char *debug)
{
    errors_add(&task_rare(t)->errors, code, message, debug);
}

// Appends {code,message,debug} to the errors.
void errors_add(char **errors, const char *code, const char *message, const char *debug)
{
    struct buf b = BUF_INIT(ERRORS_BYTES_MAX);
    if (*errors && strlen(*errors) > 2)
        buf_put(&b, *errors, strlen(*errors) - 1);
    else
        buf_putc(&b, '[');
    buf_puts(&b, b.n > 1 ? ",{\"code\":\"" : "{\"code\":\"");
    escaped(&b, code);
    buf_puts(&b, "\",\"message\":\"");
    escaped(&b, message);
    buf_puts(&b, "\",\"debug\":\"");
    escaped(&b, debug);
    buf_putc(&b, '"');
    buf_puts(&b, "}]");
    if (!b.failed) { // a full list keeps its first errors: they say what began it
        free(*errors);
        *errors = buf_take(&b);
    }
    buf_deinit(&b);
}

char *ranges_text(const struct ranges *r, struct arena *a)
{
    if (!ranges_count(r))
        return arena_strdup(a, "");
    struct buf b = BUF_INIT((size_t)64 << 20);
    ranges_format(r, &b);
    char *text = arena_strdup(a, buf_str(&b));
    buf_deinit(&b);
    return text;
}

void task_live_row(const struct server *s, const struct task *t, struct arena *a, struct row_task_live *row)
{
    (void)s;
    bool final = task_state_final(t->state);
    *row = (struct row_task_live){
        .id = t->id,
        .state = t->state,
        .previous_state = t->previous_state,
        .state_ms = t->state_ms,
        .previous_state_ms = t->previous_state_ms,
        .modified_ms = t->modified_ms,
        .end_ms = final ? t->state_ms : -1,
        .succeeded = "",
        .failed = "",
        .cancelled = "",
        .started_once = "",
        .running = t->n_started,
        .retries_used = t->retries_used,
        .lost_attempts = rare_of(t)->lost,
        .preempted_attempts = rare_of(t)->preempted,
        .results_count = rare_of(t)->results,
        .errors = rare_of(t)->errors ? arena_strdup(a, rare_of(t)->errors) : "[]",
    };
    int64_t done = 0;
    if (t->sets) {
        row->exec_ms = t->sets->exec_ms;
        row->wall_ms = t->sets->wall_ms;
        row->core_ms = t->sets->core_ms;
        row->energy_mj = t->sets->energy_mj;
        row->succeeded = ranges_text(&t->sets->succeeded, a);
        row->failed = ranges_text(&t->sets->failed, a);
        row->cancelled = ranges_text(&t->sets->cancelled, a);
        row->started_once = ranges_text(&t->sets->started_once, a);
        done = (int64_t)(ranges_count(&t->sets->succeeded) + ranges_count(&t->sets->failed) +
                         ranges_count(&t->sets->cancelled));
    }
    int64_t running_permille = 0;
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next) {
        if (s->lease[l].state == LEASE_STARTED)
            row->running_cores += s->lease[l].cores;
        running_permille += s->lease[l].progress_permille > 0 ? s->lease[l].progress_permille : 0;
    }
    row->progress_permille = t->instances ? (int32_t)((done * 1000 + running_permille) / t->instances) : 0;
}

static enum task_state state_of(const struct task *t)
{
    if (t->deleting)
        return TASK_PENDING_DELETE;
    int64_t waiting = (int64_t)ranges_count(&t->pending);
    if (!waiting && !t->n_assigned && !t->n_started && !rare_of(t)->n_publishing) {
        if (t->aborting) // whoever aborts a task sees it Cancelled, whatever some instances did before
            return TASK_CANCELLED;
        if (t->sets && ranges_count(&t->sets->failed))
            return TASK_FAILURE;
        return TASK_SUCCESS;
    }
    if (t->aborting)
        return TASK_PENDING_CANCEL;
    if (!waiting && !t->n_assigned && rare_of(t)->n_uploading == t->n_started)
        return TASK_UPLOADING_RESULTS;
    if (t->n_started)
        return waiting || t->n_assigned ? TASK_PARTIALLY_EXECUTING : TASK_FULLY_EXECUTING;
    if (t->n_assigned)
        return waiting ? TASK_PARTIALLY_DISPATCHED : TASK_FULLY_DISPATCHED;
    return TASK_SUBMITTED;
}

static char *append(char *at, const char *text)
{
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

// Written by hand: a hundred thousand tasks may change in one event.
static void note_state(const struct server *s, const struct task *t, struct effects *fx)
{
    char text[160] = "{\"uuid\":\"", number[24], *digit = number + sizeof number - 1;
    char *at = text + strlen(text);
    uuid_format(at, t->uuid);
    at = append(at + UUID_TEXT_BYTES - 1, "\",\"account\":");
    *digit = '\0';
    for (uint64_t v = s->account[t->account].id; v || !*digit; v /= 10)
        *--digit = (char)('0' + v % 10);
    at = append(at, digit);
    at = append(at, ",\"state\":\"");
    at = append(at, task_state_name((enum task_state)t->state));
    at = append(at, "\"}");
    fx_note(fx, "task", arena_strndup(&fx->arena, text, (size_t)(at - text)));
}

void task_settle(struct server *s, uint32_t slot, struct effects *fx)
{
    struct task *t = &s->task[slot];
    if (t->holder) {
        pool_look(s, t->pool);
        return;
    }
    enum task_state next = state_of(t);
    task_touch(s, slot);
    if (next == TASK_PENDING_DELETE && t->first_lease == NONE && !rare_of(t)->n_publishing) {
        depend_note_end(s, slot, DEPEND_GONE);
        fx_change(fx, CHANGE_TASK_GONE)->gone = t->id;
        server_trace(s, CHANGE_TASK_GONE, (int64_t)t->id, 0);
        t->dirty = false;
        task_slot_free(s, slot);
        return;
    }
    if (next == t->state)
        return;
    t->previous_state = t->state;
    t->previous_state_ms = t->state_ms;
    t->state = (uint8_t)next;
    t->state_ms = s->now.v;
    server_trace(s, CHANGE_TASK_LIVE, (int64_t)t->id, next);
    if (task_state_final(next))
        depend_note_end(s, slot, depend_end_of(next));
    if (next == TASK_FAILURE && !rare_of(t)->errors)
        task_error(t, "ONDOL-FAILED", "at least one instance failed", "");
    if (!fx->no_rows)
        note_state(s, t, fx);
}

// ---- change and end

static void no_such_task(const struct event *ev, struct effects *fx)
{
    fx_reply(fx, ev->token, 404, NULL)->message = arena_printf(&fx->arena, "No such task: %s", ev->task.id);
}

static bool find_or_answer(struct server *s, const struct event *ev, struct effects *fx, uint32_t *slot)
{
    if (server_find_task(s, ev->task.account, ev->task.id, slot))
        return true;
    no_such_task(ev, fx);
    return false;
}

void server_task_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    if (s->task[slot].deleting) {
        no_such_task(ev, fx);
        return;
    }
    struct change *c = fx_change(fx, CHANGE_TASK_BODY);
    c->body.id = s->task[slot].id;
    c->body.name = arena_strdup(&fx->arena, ev->task.name);
    c->body.body = arena_strdup(&fx->arena, ev->task.body);
    c->body.modified_ms = s->now.v;
    c->body.keep_ms = ev->task.keep_ms;
    task_set_limits(&s->task[slot], rare_of(&s->task[slot])->queue_max_ms, ev->task.keep_ms);
    task_touch(s, slot);
    fx_reply(fx, ev->token, 200, NULL);
}

// What waits is cancelled at once; what runs is asked to stop.
static void cancel(struct server *s, uint32_t slot, struct effects *fx)
{
    struct task *t = &s->task[slot];
    if (ranges_count(&t->pending)) {
        ranges_union(&task_sets(t)->cancelled, &t->pending);
        ranges_clear(&t->pending);
        lost_forget(t);
    }
    task_plan(s, slot);
    for (uint32_t l = t->first_lease, next; l != NONE; l = next) {
        next = s->lease[l].next;
        lease_stop(s, l, ATTEMPT_CANCELLED, fx);
    }
}

void task_stop(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx)
{
    struct task *t = &s->task[slot];
    t->aborting = true;
    task_error(t, code, why, "");
    cancel(s, slot, fx);
    task_settle(s, slot, fx);
}

void task_forget(struct server *s, uint32_t slot, struct effects *fx)
{
    struct task *t = &s->task[slot];
    if (t->deleting)
        return;
    t->deleting = true;
    task_release_shortname(s, t); // the next task may have it while the instances of this one still end
    cancel(s, slot, fx);
    task_settle(s, slot, fx);
}

void server_task_abort(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    struct task *t = &s->task[slot];
    if (t->deleting) {
        no_such_task(ev, fx);
        return;
    }
    if (task_ended(t)) { // in this very batch
        fx_reply(fx, ev->token, 403, NULL)->message =
            arena_printf(&fx->arena, "Task %s has already ended: %s", ev->task.id, task_state_name(t->state));
        return;
    }
    if (!t->aborting)
        task_stop(s, slot, "GHX0782I", "cancelled by the user", fx);
    fx_reply(fx, ev->token, 200, NULL);
}

void server_tasks_abort(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t account;
    int64_t n = 0;
    if (idmap_get(&s->account_by_id, ev->tasks.account, &account)) {
        for (uint32_t slot = 0; slot < s->n_tasks; slot++) {
            struct task *t = &s->task[slot];
            if (!t->id || t->holder || t->account != account || t->aborting || t->deleting || task_ended(t))
                continue;
            task_stop(s, slot, "GHX0782I", "cancelled by the user", fx);
            n++;
        }
    }
    fx_reply(fx, ev->token, 200, NULL)->count = n;
}

void server_task_delete(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!server_find_task(s, ev->task.account, ev->task.id, &slot)) {
        if (!ev->task.final_id) {
            no_such_task(ev, fx);
            return;
        }
        fx_change(fx, CHANGE_TASK_GONE)->gone = ev->task.final_id; // it is final: only the store has it
        expire_drop(s, ev->task.final_id);
        uint8_t uuid[16];
        if (uuid_parse(ev->task.id, uuid))
            depend_forget(s, ev->task.final_job, uuid);
        server_trace(s, CHANGE_TASK_GONE, (int64_t)ev->task.final_id, 1);
        fx_reply(fx, ev->token, 200, NULL);
        return;
    }
    task_forget(s, slot, fx);
    fx_reply(fx, ev->token, 200, NULL);
}

void server_queue_max(struct server *s, uint64_t task_id, struct effects *fx)
{
    uint32_t slot;
    if (!server_task_slot(s, task_id, &slot) || task_ended(&s->task[slot]))
        return;
    struct task *t = &s->task[slot];
    if (!ranges_count(&t->pending) || t->aborting || t->deleting ||
        (t->sets && ranges_count(&t->sets->started_once)))
        return; // it has begun: the limit is on waiting to begin
    struct buf why = BUF_INIT(200);
    buf_putf(&why, "still queued after %lld s (maxTimeQueueSeconds)",
             (long long)(rare_of(t)->queue_max_ms / 1000));
    task_stop(s, slot, "ONDOL-QUEUE-TIME", buf_str(&why), fx);
    buf_deinit(&why);
}

void server_release_held(struct server *s, uint64_t task_id)
{
    uint32_t slot;
    if (!server_task_slot(s, task_id, &slot))
        return;
    s->task[slot].held_back = false;
    if (s->task[slot].holder) {
        s->pool[s->task[slot].pool].held_back = false;
        pool_look(s, s->task[slot].pool);
    }
    task_plan(s, slot);
}
