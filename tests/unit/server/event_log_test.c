// SPDX-License-Identifier: Apache-2.0
// Events as lines: every kind comes back as it went, and what is no event is refused with a reason. That a whole recording
// replays to the same hash is tests/system/replay.sh.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/event_log.h"

static char *written(const struct event *ev)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    event_log_write(f, ev);
    fclose(f);
    return text;
}

static struct event some_event(enum event_kind kind, struct task_draft *draft)
{
    static const uint64_t ids[] = {7, UINT64_MAX - 8};
    struct event ev = {.kind = kind, .seq = UINT64_MAX - 3, .token = UINT64_MAX, .now = HOUSE_MS(1700000000123)};
    switch (kind) {
    case EVENT_ACCOUNT_PUT:
        ev.account.email = "a@b";
        ev.account.name = "n\xc3\xa4me \"quoted\"";
        ev.account.token_hash = "00ff";
        ev.account.has_max_tasks = ev.account.has_research = ev.account.only_new = true;
        ev.account.max_tasks = 7;
        ev.account.research = true;
        break;
    case EVENT_TASKS_CREATE:
        draft[0] = (struct task_draft){.uuid = {0xff, 0, 1}, .name = "x\ny", .profile = "docker-batch", .activity = ACTIVITY_FLEX,
                                       .ranges = "0-3,7", .instances = 5, .constraint = {.cores_min = 4, .ssd = WANT_YES},
                                       .retries_total = -1, .retries_each = 2, .queue_max_ms = -1, .expected_run_ms = 5, .body = "{}",
                                       .job = "7d1c8f3e-52c4-4a44-8f0d-1f7a2f0e9a55", .depends = "", .keep_ms = 8};
        draft[1] = (struct task_draft){.refusal_code = 400, .refusal = "no name"};
        ev.create.account = 3;
        ev.create.draft = draft;
        ev.create.n = 2;
        break;
    case EVENT_TASK_PUT:
    case EVENT_TASK_ABORT:
    case EVENT_TASK_DELETE:
        ev.task.account = 9;
        ev.task.id = "short";
        ev.task.final_id = 12;
        ev.task.final_job = 13;
        ev.task.keep_ms = 14;
        break;
    case EVENT_TASKS_ABORT:
        ev.tasks.account = 11;
        break;
    case EVENT_SYNC:
        strcpy(ev.sync.node, "node-1");
        ev.sync.nonce = UINT64_MAX;
        ev.sync.epoch = 2;
        ev.sync.have = 5;
        break;
    case EVENT_ZONE_SET:
        ev.zone.zone = "z";
        ev.zone.has_setpoint = ev.zone.has_boost = true;
        ev.zone.setpoint_mc = 21500;
        ev.zone.boost_ms = 60000;
        break;
    case EVENT_SITE_SET:
        ev.site.site = "s";
        ev.site.has_cap = true;
        ev.site.cap_mw = -1;
        break;
    case EVENT_BOARD_BAR:
        ev.bar.board = "b";
        ev.bar.barred = true;
        ev.bar.why = "lid";
        break;
    case EVENT_JOB_CREATE:
        ev.job.account = 9;
        ev.job.draft = (struct job_draft){.uuid = {1, 0xfe}, .name = "j", .shortname = "s", .use_dependencies = true,
                                          .wall_ms = 5, .keep_ms = 6, .body = "{}"};
        break;
    case EVENT_JOB_TERMINATE:
    case EVENT_JOB_DELETE:
    case EVENT_JOB_SWEEP:
        ev.job.account = 9;
        ev.job.id = "j";
        ev.job.force = true;
        ev.job.task = ids;
        ev.job.n_tasks = 2;
        break;
    case EVENT_TICK:
    case EVENT_KIND_N:
        break;
    }
    return ev;
}

static void every_kind_comes_back_as_it_went(void **state)
{
    (void)state;
    for (int k = 0; k < EVENT_KIND_N; k++) {
        struct task_draft draft[2];
        struct event ev = some_event((enum event_kind)k, draft), back;
        struct arena a = ARENA_NULL;
        struct err e = ERR_NULL;
        enum event_log_line what;
        house_ms now;
        uint64_t hash;
        char *first = written(&ev);
        assert_non_null(strstr(first, event_kind_name(ev.kind)));
        assert_int_equal(event_log_read(first, strlen(first), &a, &what, &back, &now, &hash, &e), 0);
        assert_int_equal(what, EVENT_LOG_EVENT);
        assert_int_equal(back.kind, k);
        assert_true(back.seq == ev.seq && back.token == ev.token && back.now.v == ev.now.v);
        char *second = written(&back);
        assert_string_equal(first, second);
        free(first);
        free(second);
        arena_deinit(&a);
    }
}

static void a_draft_keeps_all_that_the_engine_looks_at(void **state)
{
    (void)state;
    struct task_draft draft[2];
    struct event ev = some_event(EVENT_TASKS_CREATE, draft), back;
    struct arena a = ARENA_NULL;
    enum event_log_line what;
    house_ms now;
    uint64_t hash;
    char *text = written(&ev);
    assert_int_equal(event_log_read(text, strlen(text), &a, &what, &back, &now, &hash, NULL), 0);
    const struct task_draft *d = back.create.draft;
    assert_int_equal(back.create.n, 2);
    assert_memory_equal(d[0].uuid, draft[0].uuid, 16);
    assert_memory_equal(&d[0].constraint, &draft[0].constraint, sizeof d[0].constraint);
    assert_string_equal(d[0].ranges, "0-3,7");
    assert_null(d[0].shortname);
    assert_int_equal(d[0].retries_total, -1);
    assert_int_equal(d[1].refusal_code, 400);
    free(text);
    arena_deinit(&a);
}

static void what_is_no_event_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "{", "[]", "{}", "{\"kind\":\"sing\"}", "{\"kind\":\"zone-set\"}", "{\"kind\":\"sync\"}",
                                        "{\"kind\":\"tasks-create\",\"draft\":[{}]}", "{\"kind\":\"task-put\",\"id\":7}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct arena a = ARENA_NULL;
        struct event ev;
        struct err e = ERR_NULL;
        enum event_log_line what;
        house_ms now;
        uint64_t hash;
        assert_int_equal(event_log_read(wrong[i], strlen(wrong[i]), &a, &what, &ev, &now, &hash, &e), -EBADMSG);
        assert_true(e.text[0] != '\0');
        arena_deinit(&a);
    }
    struct event_log_head h;
    struct err e = ERR_NULL;
    assert_int_equal(event_log_head_read("{\"log\":\"ondol-events\",\"version\":2}", 34, &h, &e), -EBADMSG);
    assert_int_equal(event_log_head_read("{}", 2, &h, &e), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_as_it_went),
        cmocka_unit_test(a_draft_keeps_all_that_the_engine_looks_at),
        cmocka_unit_test(what_is_no_event_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
