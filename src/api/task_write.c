// SPDX-License-Identifier: Apache-2.0
//
// Changes to a task. The row is looked up first, because a final task has left the engine's memory: who
// aborts or changes one is told 403 as the clients expect, and deleting one still works. A deleted task whose
// instances still end can be looked at (PendingDelete), but nothing can be done to it: it is 404 as it will
// be in a moment.
//
// PUT reads the stored body, changes it and writes it whole, so updates go through the lane one at a time:
// two that arrive together both count.
#include <stdlib.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/secrets.h"
#include "api/task_body.h"

static bool find_open(struct call *c, struct row_task *row, const char *action)
{
    if (!found_task_there(c, row))
        return false;
    if (!task_state_final(row->live.state))
        return true;
    call_fail(c, 403, "The task %s cannot be %s: it is %s already", c->param[0], action,
              task_state_name(row->live.state));
    return false;
}

static struct submission *about(struct call *c, enum event_kind kind, const struct row_task *row)
{
    struct submission *s = call_submission(c, kind);
    s->event.task.account = c->account.id;
    s->event.task.id = arena_strdup(&s->arena, row->uuid);
    return s;
}

// It was there and not final a moment ago. What the engine no longer knows has ended or is being deleted, and
// by now the store says which: `again` looks once more.
static void done_or_look_again(struct call *c, enum call_where where, stage_fn *again)
{
    bool *looked = c->state;
    if (c->reply->code == 404 && !*looked) {
        *looked = true;
        call_next(c, where, again);
    } else {
        call_end(c);
    }
}

static void looks_once(struct call *c)
{
    if (!c->state)
        c->state = arena_alloc(&c->arena, sizeof(bool));
}

static void aborted(struct call *c)
{
    done_or_look_again(c, RUN_WORKER, task_abort);
}

void task_abort(struct call *c)
{
    struct row_task row;
    looks_once(c);
    if (find_open(c, &row, "aborted"))
        call_submit(c, about(c, EVENT_TASK_ABORT, &row), aborted);
}

static void deleted(struct call *c)
{
    done_or_look_again(c, RUN_WORKER, task_delete);
}

// Deleting twice is no error as long as the task is there.
void task_delete(struct call *c)
{
    struct row_task row;
    looks_once(c);
    if (!found_task(c, &row))
        return;
    struct submission *s = about(c, EVENT_TASK_DELETE, &row);
    s->event.task.final_id = task_state_final(row.live.state) ? row.id : 0;
    s->event.task.final_job = row.job;
    call_submit(c, s, deleted);
}

static void changed(struct call *c)
{
    done_or_look_again(c, RUN_LANE, task_put);
}

void task_put(struct call *c)
{
    struct row_task row;
    looks_once(c);
    if (!call_object(c) || !find_open(c, &row, "changed"))
        return;
    json_t *body = json_loads(row.body ? row.body : "{}", 0, NULL);
    struct err e = ERR_NULL;
    const char *why;
    int code = task_body_update(body, c->in, &c->arena, &why);
    if (code) {
        call_fail(c, code, "%s", why);
    } else if (!secret_constants_seal(body, c->be, row.account, &c->arena, &e)) {
        call_fail(c, 503, "%s", e.text);
    } else {
        struct submission *s = about(c, EVENT_TASK_PUT, &row);
        char *text = json_dumps(body, JSON_COMPACT);
        s->event.task.keep_ms = task_keep_ms(body);
        s->event.task.name = arena_strdup(&s->arena, row.name);
        s->event.task.body = arena_strdup(&s->arena, text);
        free(text);
        call_submit(c, s, changed);
    }
    json_decref(body);
}

// ---- every task of the account at once

static void all_aborted(struct call *c)
{
    if (c->reply->code != 200) {
        call_reply_error(c, c->reply);
        return;
    }
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_int(&o, "aborted", c->reply->count);
    out_end_object(&o);
}

void tasks_abort(struct call *c)
{
    struct submission *s = call_submission(c, EVENT_TASKS_ABORT);
    s->event.tasks.account = c->account.id;
    call_submit(c, s, all_aborted);
}
