// SPDX-License-Identifier: Apache-2.0
// Jobs through the engine: tasks that wait for tasks, jobs that end as a whole, and what deletes itself.
// Every step is audited by the rig, and most are looked at again after a crash.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/work/depend.h"
#include "core/work/job.h"
#include "rig.h"

static struct rig *rig_with(const struct server_config *cfg)
{
    struct rig *r = malloc(sizeof *r);
    rig_init(r, cfg);
    return r;
}

static struct rig *rig_new(void)
{
    return rig_with(NULL);
}

static void done(struct rig *r)
{
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
    free(r);
}

// ---- jobs and tasks of them

static const char *job_of(struct rig *r, struct job_draft d)
{
    static char uuid[16][UUID_TEXT_BYTES];
    static int next;
    struct event ev = {.kind = EVENT_JOB_CREATE, .job = {.account = r->account, .draft = d}};
    if (!ev.job.draft.name)
        ev.job.draft.name = "j";
    if (!ev.job.draft.body)
        ev.job.draft.body = "{}";
    r->uuids++;
    memcpy(ev.job.draft.uuid + 8, &r->uuids, sizeof r->uuids);
    ev.job.draft.uuid[0] = 0x77;
    rig_event(r, &ev);
    if (rig_reply(r)->code != 200)
        return NULL;
    next = (next + 1) % 16;
    return strcpy(uuid[next], rig_reply(r)->item[0].uuid);
}

static const char *new_job(struct rig *r)
{
    return job_of(r, (struct job_draft){.use_dependencies = true});
}

static void on_job(struct rig *r, enum event_kind kind, const char *id, bool force)
{
    struct event ev = {.kind = kind, .job = {.account = r->account, .id = id, .force = force}};
    rig_event(r, &ev);
}

static const struct row_job *job_row(struct rig *r, const char *uuid)
{
    size_t n;
    const struct change *c = model_store_rows(r->m, CHANGE_JOB, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(c[i].job.uuid, uuid) == 0)
            return &c[i].job;
    return NULL;
}

static const char *job_state(struct rig *r, const char *uuid)
{
    const struct row_job *row = job_row(r, uuid);
    return row ? job_state_name((enum job_state)row->state) : "gone";
}

// "suuid0?" of what is waited for; NULL ends the list.
static const char *after(const char *first, ...)
{
    static char text[4096];
    va_list ap;
    va_start(ap, first);
    size_t n = 0;
    for (const char *uuid = first; uuid; uuid = va_arg(ap, const char *))
        n += (size_t)snprintf(text + n, sizeof text - n, "%ss%s0?", n ? "," : "", uuid);
    va_end(ap);
    return text;
}

static const char *task_in(struct rig *r, const char *job, const char *depends)
{
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.job = job;
    d.depends = depends;
    return rig_create_draft(r, &d);
}

static void why_says(struct rig *r, const char *uuid, const char *part)
{
    struct buf b = BUF_INIT(4096);
    assert_true(server_why_task(r->s, rig_task(r, uuid)->id, HOUSE_MS(r->now), &b));
    if (!strstr(buf_str(&b), part))
        fail_msg("\"%s\" does not say \"%s\"", buf_str(&b), part);
    buf_deinit(&b);
}

// What runs on the node's only board ends so.
static void run_one(struct rig *r, struct rig_node *n, int32_t exit_code)
{
    const struct assignment *a = rig_assignment(r, n, 0);
    assert_non_null(a);
    uint64_t lease = a->lease;
    rig_started(r, n, lease);
    rig_exited(r, n, lease, exit_code ? ATTEMPT_FAILURE : ATTEMPT_SUCCESS, exit_code);
}

static void node(struct rig *r, struct rig_node *n)
{
    rig_node_init(n, "n", 1);
    rig_hello(r, n);
}

// After a crash a node goes on with its old call numbers and says again what heat its zone wants.
static void crash(struct rig *r, struct rig_node *n)
{
    rig_reload(r);
    if (n)
        rig_zone(r, n, n->want_w);
}

// ---- waiting

static void a_task_waits_until_all_it_depends_on_succeeded(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = new_job(r);
    const char *a = task_in(r, job, NULL), *b = task_in(r, job, NULL),
               *c = task_in(r, job, after(a, b, NULL));
    char said[200];
    snprintf(said, sizeof said, "waiting for task %s of its job, which is Submitted, and for 1 more", a);
    why_says(r, c, said);
    node(r, &n);
    assert_string_equal(rig_state(r, c), "Submitted");
    run_one(r, &n, 0);
    assert_string_equal(rig_state(r, a), "Success");
    crash(r, &n); // half of what it waits for is over: that is remembered
    snprintf(said, sizeof said, "waiting for task %s of its job, which is FullyDispatched", b);
    why_says(r, c, said);
    run_one(r, &n, 0);
    assert_string_equal(rig_state(r, c), "FullyDispatched"); // in the batch of the last report
    run_one(r, &n, 0);
    assert_string_equal(rig_state(r, c), "Success");
    assert_string_equal(job_state(r, job), "Active");
    done(r);
}

static void a_failure_ends_the_whole_chain_behind_it(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = new_job(r);
    char uuid[401][UUID_TEXT_BYTES];
    strcpy(uuid[0], task_in(r, job, NULL));
    for (int i = 1; i <= 400; i++)
        strcpy(uuid[i], task_in(r, job, after(uuid[i - 1], NULL)));
    node(r, &n);
    run_one(r, &n, 3);
    assert_string_equal(rig_state(r, uuid[0]), "Failure");
    assert_string_equal(rig_state(r, uuid[1]), "Cancelled");
    assert_string_equal(rig_state(r, uuid[400]), "Cancelled");
    const struct row_task *row = rig_task(r, uuid[1]);
    assert_non_null(strstr(row->live.errors, "ONDOL-DEPENDENCY"));
    assert_non_null(strstr(row->live.errors, uuid[0]));
    assert_non_null(strstr(row->live.errors, "which ended in Failure"));
    done(r);
}

static void conditions_say_which_ends_are_good(void **state)
{
    (void)state;
    static const struct {
        int wants, exit_code;
        bool runs;
    } cases[] = {{0, 0, true}, {0, 1, true}, {1, 0, true}, {2, 0, false},
                 {2, 1, true}, {3, 1, true}, {4, 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = rig_new();
        struct rig_node n;
        char text[64];
        const char *job = new_job(r), *a = task_in(r, job, NULL);
        snprintf(text, sizeof text, "a%s%d?", a, cases[i].wants);
        const char *b = task_in(r, job, text);
        node(r, &n);
        run_one(r, &n, cases[i].exit_code);
        assert_string_equal(rig_state(r, b), cases[i].runs ? "FullyDispatched" : "Cancelled");
        done(r);
    }
}

static void what_has_ended_is_known_to_later_tasks_and_after_a_crash(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = new_job(r), *a = task_in(r, job, NULL), *b = task_in(r, job, NULL);
    node(r, &n);
    run_one(r, &n, 0);
    run_one(r, &n, 1);
    assert_string_equal(rig_state(r, b), "Failure");
    for (int i = 0; i < 2; i++) {
        const char *good = task_in(r, job, after(a, NULL));
        assert_string_equal(rig_state(r, good), i ? "Submitted" : "FullyDispatched");
        const char *bad = task_in(r, job, after(b, NULL));
        assert_string_equal(rig_state(r, bad), "Cancelled"); // it can never start
        crash(r, &n);
    }
    rig_delete(r, a); // what is deleted is no longer there to wait for
    assert_null(task_in(r, job, after(a, NULL)));
    assert_int_equal(rig_reply(r)->code, 400);
    crash(r, &n);
    assert_null(task_in(r, job, after(a, NULL)));
    done(r);
}

static void deleting_or_aborting_what_is_waited_for_cancels_who_waits(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    const char *job = new_job(r), *a = task_in(r, job, NULL), *b = task_in(r, job, after(a, NULL)),
               *c = task_in(r, job, NULL), *d = task_in(r, job, after(c, NULL)),
               *e = task_in(r, job, after(d, NULL));
    rig_delete(r, a);
    assert_string_equal(rig_state(r, a), "gone");
    assert_string_equal(rig_state(r, b), "Cancelled");
    assert_non_null(strstr(rig_task(r, b)->live.errors, "by being deleted"));
    rig_delete(r, e); // nobody waits for it; it waits for d
    rig_abort(r, c);
    assert_string_equal(rig_state(r, d), "Cancelled");
    assert_string_equal(rig_state(r, e), "gone");
    done(r);
}

// Found by the random lives: the job went on knowing the end of a task that ended and was deleted in one
// batch.
static void what_ends_and_is_deleted_in_one_batch_cannot_be_waited_for(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = new_job(r), *a = task_in(r, job, NULL), *b = task_in(r, job, after(a, NULL));
    node(r, &n);
    uint64_t lease = rig_assignment(r, &n, 0)->lease;
    rig_started(r, &n, lease);
    struct report rep = {.seq = ++n.seq, .kind = REPORT_EXITED, .at = HOUSE_MS(r->now), .lease = lease};
    rep.exited.end = ATTEMPT_SUCCESS;
    struct event exit = {
        .kind = EVENT_SYNC,
        .sync = {.nonce = n.nonce, .epoch = n.epoch, .have = n.have, .report = &rep, .n_reports = 1}};
    struct event gone = {.kind = EVENT_TASK_DELETE, .task = {.account = r->account, .id = a}};
    snprintf(exit.sync.node, sizeof exit.sync.node, "%s", n.name);
    effects_clear(&r->fx);
    rig_apply(r, &exit);
    rig_apply(r, &gone);
    rig_settle(r);
    assert_string_equal(rig_state(r, a), "gone");
    assert_string_equal(rig_state(r, b), "FullyDispatched"); // it ended in Success first
    assert_null(task_in(r, job, after(a, NULL)));
    done(r);
}

// Found by the random lives: after a crash nobody told those who waited for a task that was still being
// stopped.
static void what_is_being_deleted_is_waited_for_over_a_crash(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = new_job(r), *a = task_in(r, job, NULL), *b = task_in(r, job, after(a, NULL));
    node(r, &n);
    uint64_t lease = rig_assignment(r, &n, 0)->lease;
    rig_started(r, &n, lease);
    rig_delete(r, a);
    crash(r, &n);
    assert_string_equal(rig_state(r, b), "Submitted");
    rig_exited(r, &n, lease, ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, a), "gone");
    assert_string_equal(rig_state(r, b), "Cancelled");
    done(r);
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    const char *job = new_job(r), *other = new_job(r), *plain = job_of(r, (struct job_draft){0}),
               *a = task_in(r, job, NULL);
    assert_null(task_in(r, other, after(a, NULL))); // of another job
    assert_non_null(strstr(rig_reply(r)->message, "in the job"));
    assert_null(task_in(r, job, after("0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", NULL)));
    assert_int_equal(rig_reply(r)->code, 400);
    const char *p = task_in(r, plain, NULL);
    assert_null(task_in(r, plain, after(p, NULL)));
    assert_non_null(strstr(rig_reply(r)->message, "useDependencies"));
    assert_null(task_in(r, "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", NULL));
    assert_string_equal(rig_reply(r)->message, "No such job: 0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11");
    rig_delete(r, a);
    assert_null(task_in(r, job, after(a, NULL)));
    done(r);
}

static void the_limit_on_the_queue_counts_from_when_nothing_is_waited_for(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    struct task_draft d;
    const char *job = new_job(r), *a = task_in(r, job, NULL);
    rig_draft(r, &d, 1);
    d.job = job;
    d.depends = after(a, NULL);
    d.queue_max_ms = 30000;
    d.constraint.cores_min = 64; // no board has them
    const char *b = rig_create_draft(r, &d);
    rig_wait(r, 100000);
    assert_string_equal(rig_state(r, b), "Submitted");
    node(r, &n);
    run_one(r, &n, 0);
    rig_wait(r, 20000);
    crash(r, NULL);
    rig_wait(r, 5000);
    assert_string_equal(rig_state(r, b), "Submitted");
    rig_wait(r, 5001);
    assert_string_equal(rig_state(r, b), "Cancelled");
    assert_non_null(strstr(rig_task(r, b)->live.errors, "ONDOL-QUEUE-TIME"));
    done(r);
}

// ---- jobs as a whole

static void a_terminated_job_ends_its_tasks_and_takes_no_more(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = new_job(r), *a = task_in(r, job, NULL), *b = task_in(r, job, after(a, NULL)),
               *other = rig_create(r, ACTIVITY_FLEX, 1);
    node(r, &n);
    const struct assignment *as = rig_assignment(r, &n, 0);
    uint64_t lease = as->lease;
    rig_started(r, &n, lease);
    on_job(r, EVENT_JOB_TERMINATE, job, false);
    assert_int_equal(rig_reply(r)->code, 200);
    assert_string_equal(job_state(r, job), "Terminating");
    assert_string_equal(rig_state(r, a), "PendingCancel");
    assert_string_equal(rig_state(r, b), "Cancelled");
    assert_null(task_in(r, job, NULL));
    assert_non_null(strstr(rig_reply(r)->message, "takes no more tasks: it is Terminating"));
    crash(r, &n);
    assert_string_equal(job_state(r, job), "Terminating");
    rig_exited(r, &n, lease, ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, a), "Cancelled");
    assert_string_equal(job_state(r, job), "Completed");
    assert_string_not_equal(rig_state(r, other), "Cancelled");
    on_job(r, EVENT_JOB_TERMINATE, job, false); // again: nothing more
    assert_int_equal(rig_reply(r)->code, 200);
    done(r);
}

static void wall_time_ends_a_job_over_a_crash_too(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    const char *job = job_of(r, (struct job_draft){.wall_ms = 60000}), *a = task_in(r, job, NULL);
    rig_wait(r, 59000);
    assert_string_equal(job_state(r, job), "Active");
    crash(r, NULL);
    rig_wait(r, 1001);
    assert_string_equal(job_state(r, job), "Completed");
    assert_string_equal(rig_state(r, a), "Cancelled");
    assert_non_null(strstr(rig_task(r, a)->live.errors, "maxWallTime"));
    done(r);
}

static void a_job_with_work_left_is_deleted_by_force_only(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    const char *job = new_job(r), *a = task_in(r, job, NULL);
    on_job(r, EVENT_JOB_DELETE, job, false);
    assert_int_equal(rig_reply(r)->code, 403);
    assert_non_null(strstr(rig_reply(r)->message, "has 1 tasks that have not ended"));
    rig_abort(r, a);
    on_job(r, EVENT_JOB_DELETE, job, false);
    assert_int_equal(rig_reply(r)->code, 200);
    assert_string_equal(job_state(r, job), "gone");
    assert_string_equal(rig_state(r, a), "Cancelled"); // what has ended stays
    on_job(r, EVENT_JOB_DELETE, job, false);
    assert_int_equal(rig_reply(r)->code, 404);
    crash(r, NULL);
    done(r);
}

static void force_takes_the_tasks_along_and_goes_on_after_a_crash(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct rig_node n;
    const char *job = job_of(r, (struct job_draft){.shortname = "night", .use_dependencies = true}),
               *a = task_in(r, job, NULL), *b = task_in(r, job, NULL), *c = task_in(r, job, NULL);
    rig_abort(r, a); // final: only the store has it
    node(r, &n);
    uint64_t lease = rig_assignment(r, &n, 0)->lease;
    rig_started(r, &n, lease);
    on_job(r, EVENT_JOB_DELETE, "NIGHT", true);
    assert_int_equal(rig_reply(r)->code, 200);
    assert_true(rig_reply(r)->id == job_row(r, job)->id);
    assert_string_equal(job_state(r, job), "Deleting");
    assert_string_equal(rig_state(r, b), "PendingDelete");
    assert_string_equal(rig_state(r, c), "gone");
    assert_string_equal(rig_state(r, a), "Cancelled");
    crash(r, &n);
    assert_non_null(job_of(r, (struct job_draft){.shortname = "night"})); // the name is free
    uint64_t id = rig_task(r, a)->id;
    struct event sweep = {.kind = EVENT_JOB_SWEEP,
                          .job = {.account = r->account, .id = job, .task = &id, .n_tasks = 1}};
    rig_event(r, &sweep);
    assert_string_equal(rig_state(r, a), "gone");
    sweep.job.n_tasks = 0;
    rig_event(r, &sweep);
    assert_string_equal(job_state(r, job), "Deleting"); // one still runs
    crash(r, &n);
    rig_exited(r, &n, lease, ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, b), "gone");
    assert_string_equal(job_state(r, job), "gone");
    done(r);
}

static void jobs_are_counted_and_spare_ones_make_room(void **state)
{
    (void)state;
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.jobs_per_account = 2;
    struct rig *r = rig_with(&cfg);
    const char *old = job_of(r, (struct job_draft){.auto_delete = true});
    assert_non_null(job_of(r, (struct job_draft){.shortname = "x"}));
    assert_null(job_of(r, (struct job_draft){0}));
    assert_int_equal(rig_reply(r)->code, 403);
    assert_non_null(strstr(rig_reply(r)->message, "Maximum number of jobs reached"));
    assert_null(job_of(r, (struct job_draft){.shortname = "X"}));
    assert_non_null(strstr(rig_reply(r)->message, "shortname-uniqueness"));
    on_job(r, EVENT_JOB_TERMINATE, old, false);
    assert_string_equal(job_state(r, old), "Completed");
    crash(r, NULL);
    assert_non_null(job_of(r, (struct job_draft){0}));
    assert_string_equal(job_state(r, old), "gone");
    assert_null(job_of(r, (struct job_draft){0}));
    done(r);
}

static void one_account_cannot_touch_the_jobs_of_another(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    const char *job = new_job(r);
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .account = {.email = "x@y.z", .name = "x", .token_hash = "01"}};
    rig_event(r, &ev);
    uint64_t mine = r->account;
    r->account = rig_reply(r)->id;
    assert_null(task_in(r, job, NULL));
    on_job(r, EVENT_JOB_TERMINATE, job, false);
    assert_int_equal(rig_reply(r)->code, 404);
    on_job(r, EVENT_JOB_DELETE, job, true);
    assert_int_equal(rig_reply(r)->code, 404);
    r->account = mine;
    assert_string_equal(job_state(r, job), "Active");
    done(r);
}

// ---- what deletes itself

static void a_task_deletes_itself_some_time_after_its_end(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.keep_ms = 60000;
    const char *a = rig_create_draft(r, &d), *b = rig_create(r, ACTIVITY_FLEX, 1);
    rig_wait(r, 100000);
    rig_abort(r, a);
    rig_abort(r, b);
    rig_wait(r, 59000);
    assert_string_equal(rig_state(r, a), "Cancelled");
    crash(r, NULL);
    rig_wait(r, 1001);
    assert_string_equal(rig_state(r, a), "gone");
    assert_string_equal(rig_state(r, b), "Cancelled");
    rig_draft(r, &d, 1);
    const char *c = rig_create_draft(r, &d);
    struct event put = {.kind = EVENT_TASK_PUT,
                        .task = {.account = r->account, .id = c, .name = "c", .body = "{}", .keep_ms = 1000}};
    rig_event(r, &put);
    crash(r, NULL);
    rig_abort(r, c);
    rig_wait(r, 1001);
    assert_string_equal(rig_state(r, c), "gone");
    done(r);
}

static void a_job_deletes_itself_some_time_after_its_end(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    const char *job = job_of(r, (struct job_draft){.auto_delete = true, .keep_ms = 5000}),
               *kept = job_of(r, (struct job_draft){.keep_ms = 5000});
    on_job(r, EVENT_JOB_TERMINATE, job, false);
    on_job(r, EVENT_JOB_TERMINATE, kept, false);
    rig_wait(r, 4000);
    assert_string_equal(job_state(r, job), "Completed");
    crash(r, NULL);
    rig_wait(r, 1001);
    assert_string_equal(job_state(r, job), "gone");
    assert_string_equal(job_state(r, kept), "Completed");
    done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_waits_until_all_it_depends_on_succeeded),
        cmocka_unit_test(a_failure_ends_the_whole_chain_behind_it),
        cmocka_unit_test(conditions_say_which_ends_are_good),
        cmocka_unit_test(what_has_ended_is_known_to_later_tasks_and_after_a_crash),
        cmocka_unit_test(deleting_or_aborting_what_is_waited_for_cancels_who_waits),
        cmocka_unit_test(what_ends_and_is_deleted_in_one_batch_cannot_be_waited_for),
        cmocka_unit_test(what_is_being_deleted_is_waited_for_over_a_crash),
        cmocka_unit_test(what_cannot_be_waited_for_is_refused),
        cmocka_unit_test(the_limit_on_the_queue_counts_from_when_nothing_is_waited_for),
        cmocka_unit_test(a_terminated_job_ends_its_tasks_and_takes_no_more),
        cmocka_unit_test(wall_time_ends_a_job_over_a_crash_too),
        cmocka_unit_test(a_job_with_work_left_is_deleted_by_force_only),
        cmocka_unit_test(force_takes_the_tasks_along_and_goes_on_after_a_crash),
        cmocka_unit_test(jobs_are_counted_and_spare_ones_make_room),
        cmocka_unit_test(one_account_cannot_touch_the_jobs_of_another),
        cmocka_unit_test(a_task_deletes_itself_some_time_after_its_end),
        cmocka_unit_test(a_job_deletes_itself_some_time_after_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
