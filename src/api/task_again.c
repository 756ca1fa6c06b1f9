// SPDX-License-Identifier: Apache-2.0
//
// retry, recover, resume, clone, restart: a new task from what an old one was asked to be.
//
//   retry    the instances that failed
//   recover  those that failed or were cancelled
//   resume   those that were cancelled
//   clone    all of them, or those that the request names
//   restart  all of them, as they were: the public API's older road, without a body, for which it names clone and
//            recover now. What has ended stays as it was, so this too is a new task
//
// The kept body is itself a request: the members of this one are laid over it, and the result goes the way of
// every creation, so that nothing is allowed here that POST /tasks refuses. All but clone need a task that
// has ended: until then an instance may still be tried again by itself.
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_in.h"
#include "api/secrets.h"
#include "api/task_body.h"
#include "api/task_create.h"
#include "core/work/depend.h"
#include "core/work/job.h"
#include "core/work/ranges.h"

enum { FAILED = 1, CANCELLED = 2, EVERY = 4, AS_IT_WAS = 8 };

// One client writes labels as a list, which names none.
static bool says_nothing(const char *name, const json_t *v)
{
    return in_says_nothing(v) || (!strcasecmp(name, "labels") && json_is_array(v));
}

static bool in_list(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(list[i], name))
            return true;
    return false;
}

static void lay_over(json_t *body, json_t *in, bool clone)
{
    static const char *const whose[] = {"poolUuid", "instanceCount", "advancedRanges"}; // of a clone only
    json_t *old = json_incref(json_object_get(body, "constants")),
           *forced = json_incref(json_object_get(body, "forcedConstants"));
    const char *key;
    json_t *v;
    if (clone && (in_get(in, "instanceCount") || in_get(in, "advancedRanges"))) {
        in_drop(body, "instanceCount");
        in_drop(body, "advancedRanges");
    }
    if (in_get(in,
               "retrySettings")) // the older word for half of it must not speak louder than the new request
        in_drop(body, "maxRetriesPerInstance");
    json_object_foreach(in, key, v)
    {
        if (says_nothing(key, v) || (!clone && in_list(whose, sizeof whose / sizeof *whose, key)))
            continue;
        in_drop(body, key);
        json_object_set(body, key, v);
    }
    secret_unmask(in_get(body, "constants"), old, in_get(body, "forcedConstants"), forced);
    json_decref(old);
    json_decref(forced);
}

static int add(struct ranges *set, const char *text, struct err *e)
{
    struct ranges more = RANGES_NULL;
    int r = text && *text ? ranges_parse(&more, text, RANGES_ID_MAX, e) : 0;
    if (r == 0)
        ranges_union(set, &more);
    ranges_deinit(&more);
    return r;
}

// The ids of the chosen instances as text; false: failed, because there are none or the row cannot be read.
static bool chosen(struct call *c, const struct row_task *row, int which, const char *verb, const char **text)
{
    struct ranges ids = RANGES_NULL;
    struct buf b = BUF_INIT(1 << 20);
    struct err e = ERR_NULL;
    int r = which & FAILED ? add(&ids, row->live.failed, &e) : 0;
    if (r == 0 && which & CANCELLED)
        r = add(&ids, row->live.cancelled, &e);
    ranges_format(&ids, &b);
    *text = arena_strdup(&c->arena, buf_str(&b));
    bool none = !ranges_count(&ids);
    ranges_deinit(&ids);
    buf_deinit(&b);
    if (r < 0)
        call_store_error(c, -EIO);
    else if (none)
        call_fail(c, 400, "The task %s has no instance to %s: none was %s", c->param[0], verb,
                  which == FAILED      ? "left failed"
                  : which == CANCELLED ? "cancelled"
                                       : "left failed or cancelled");
    return r == 0 && !none;
}

// 1: the task is not there any more, though its uuid is one.
static int is_gone(struct call *c, const char *uuid)
{
    struct row_task row;
    struct err e = ERR_NULL;
    int r = uuid ? c->reader->task(c->reader->ctx, c->account.id, uuid, &c->arena, &row, &e) : 0;
    return r < 0 ? r : r == 1 || row.live.state == TASK_PENDING_DELETE;
}

// Nobody can wait for a task that was deleted since. 0, or the store's error.
static int drop_gone(struct call *c, json_t *depends)
{
    static const char *const lists[] = {"dependsOn", "advancedDependsOn"};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        json_t *list = json_object_get(depends, lists[l]);
        for (size_t i = json_array_size(list); i-- > 0;) {
            const json_t *one = json_array_get(list, i);
            int r = is_gone(c, json_string_value(json_is_string(one) ? one : json_object_get(one, "taskUuid")));
            if (r < 0)
                return r;
            if (r > 0)
                json_array_remove(list, i);
        }
    }
    return 0;
}

// A job that takes no more tasks is not inherited, and neither is what was waited for there. What has been
// waited for once need not be again, except for a clone, which begins from nothing: it waits for those that are there
// still.
static int inherit_job(struct call *c, json_t *body, const struct row_task *row, bool clone)
{
    const char *job = json_string_value(json_object_get(body, "jobUuid"));
    struct row_job found = {0};
    struct err e = ERR_NULL;
    int r = job ? c->reader->job(c->reader->ctx, c->account.id, job, &c->arena, &found, &e) : 1;
    if (r < 0)
        return r;
    if (r > 0 || found.state != JOB_ACTIVE) {
        json_object_del(body, "jobUuid");
        json_object_del(body, "dependencies");
    }
    struct depends d = DEPENDS_NULL;
    if (!clone && row->depends && depends_parse(row->depends, &d) && depends_state(&d) == DEPEND_FULFILLED)
        json_object_del(body, "dependencies");
    depends_deinit(&d);
    return drop_gone(c, json_object_get(body, "dependencies"));
}

static const char *done_again(int which)
{
    return which & AS_IT_WAS    ? "restarted"
           : which == FAILED    ? "retried"
           : which == CANCELLED ? "resumed"
                                : "recovered";
}

static void again(struct call *c, int which, const char *verb)
{
    bool every = which & EVERY;
    struct row_task row;
    const char *ids = NULL;
    if (!call_json(c) || !found_task_there(c, &row))
        return;
    if (which & AS_IT_WAS) {
        json_decref(c->in);
        c->in = NULL;
    }
    if (c->in && !json_is_object(c->in)) {
        call_fail(c, 400, "Invalid task file. A task must be a JSON object");
        return;
    }
    if (which != EVERY && !task_state_final(row.live.state)) {
        call_fail(c, 403, "The task %s cannot be %s yet: it is %s", c->param[0], done_again(which),
                  task_state_name(row.live.state));
        return;
    }
    if (!every && !chosen(c, &row, which, verb, &ids))
        return;
    json_t *body = json_loads(row.body ? row.body : "{}", 0, NULL), *in = c->in;
    json_object_del(body, "shortname"); // is the old one's
    int r = inherit_job(c, body, &row, every);
    if (r < 0) {
        json_decref(body);
        call_store_error(c, r);
        return;
    }
    lay_over(body, in, every);
    if (ids) {
        json_object_del(body, "instanceCount");
        json_object_set_new(body, "advancedRanges", json_string(ids));
    }
    json_decref(in);
    c->in = body;
    task_create_from(c);
}

void task_retry(struct call *c)
{
    again(c, FAILED, "retry");
}

void task_recover(struct call *c)
{
    again(c, FAILED | CANCELLED, "recover");
}

void task_resume(struct call *c)
{
    again(c, CANCELLED, "resume");
}

void task_restart(struct call *c)
{
    again(c, EVERY | AS_IT_WAS, "restart");
}

void task_clone(struct call *c)
{
    again(c, EVERY, "clone");
}
