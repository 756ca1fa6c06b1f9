// SPDX-License-Identifier: Apache-2.0
// Kept answers: given while they are true, and not a moment longer.
#include "api/shown.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static struct row_task task(uint64_t id)
{
    struct row_task row = {.id = id, .account = 3};
    snprintf(row.uuid, sizeof row.uuid, "00000000-0000-4000-8000-%012llu", (unsigned long long)id);
    return row;
}

#define EVER (INT64_MAX / 4) // no test depends on how fast it runs

static struct shown *led(void)
{
    struct shown *s = shown_new(EVER);
    shown_lead(s, shown_mark(s));
    return s;
}

static bool gives(struct shown *s, uint64_t account, const struct row_task *row, const char *text)
{
    struct buf out = BUF_INIT(SHOWN_TEXT);
    bool found = shown_get(s, account, row->uuid, &out);
    if (found)
        assert_string_equal(buf_str(&out), text);
    else
        assert_int_equal(out.n, 0);
    buf_deinit(&out);
    return found;
}

static void keep(struct shown *s, struct shown_mark at, const struct row_task *row, const char *text)
{
    shown_keep(s, at, row, text, strlen(text));
}

static void commit(struct shown *s, struct change c)
{
    shown_changing(s, &c, 1);
    shown_changed(s, &c, 1);
}

static void an_answer_is_given_to_its_account_until_its_task_changes(void **state)
{
    (void)state;
    struct shown *s = led();
    struct row_task a = task(7), b = task(8);
    assert_false(gives(s, 3, &a, ""));
    keep(s, shown_mark(s), &a, "a");
    keep(s, shown_mark(s), &b, "b");
    assert_true(gives(s, 3, &a, "a"));
    assert_false(gives(s, 4, &a, ""));
    struct change c = {.kind = CHANGE_TASK_LIVE, .live = {.id = 7}};
    commit(s, c);
    assert_false(gives(s, 3, &a, ""));
    assert_true(gives(s, 3, &b, "b"));
    keep(s, shown_mark(s), &a, "a, later");
    assert_true(gives(s, 3, &a, "a, later"));
    shown_free(s);
}

static void every_kind_of_row_of_a_task_ends_its_answer(void **state)
{
    (void)state;
    const struct change kinds[] = {
        {.kind = CHANGE_TASK_NEW, .task = {.id = 7}},
        {.kind = CHANGE_TASK_LIVE, .live = {.id = 7}},
        {.kind = CHANGE_TASK_BODY, .body = {.id = 7}},
        {.kind = CHANGE_TASK_WAIT, .wait = {.id = 7}},
        {.kind = CHANGE_TASK_GONE, .gone = 7},
        {.kind = CHANGE_LEASE, .lease = {.task = 7}},
        {.kind = CHANGE_ATTEMPT, .attempt = {.task = 7}},
        {.kind = CHANGE_PUBLISH, .publish = {.task = 7}},
        {.kind = CHANGE_SNAPSHOT, .snapshot = {.task = 7}},
    };
    struct shown *s = led();
    struct row_task a = task(7);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        keep(s, shown_mark(s), &a, "a");
        assert_true(gives(s, 3, &a, "a"));
        commit(s, kinds[i]);
        assert_false(gives(s, 3, &a, ""));
    }
    keep(s, shown_mark(s), &a, "a");
    commit(s,
           (struct change){.kind = CHANGE_METER, .meter = {.board = 7}}); // of a board with the same number
    assert_true(gives(s, 3, &a, "a"));
    shown_free(s);
}

static void rows_read_before_a_change_are_not_kept_after_it(void **state)
{
    (void)state;
    struct shown *s = led();
    struct row_task a = task(7);
    struct change c = {.kind = CHANGE_TASK_LIVE, .live = {.id = 7}};
    struct shown_mark before = shown_mark(s);
    shown_changing(s, &c, 1);
    keep(s, before, &a, "old");
    struct shown_mark meanwhile = shown_mark(s);
    keep(s, meanwhile, &a, "old");
    assert_false(gives(s, 3, &a, ""));
    shown_changed(s, &c, 1);
    keep(s, before, &a, "old");
    keep(s, meanwhile, &a, "old");
    assert_false(gives(s, 3, &a, ""));
    keep(s, shown_mark(s), &a, "new");
    assert_true(gives(s, 3, &a, "new"));
    shown_free(s);
}

static void after_very_many_changes_nothing_is_given(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct shown *s = led();
    struct row_task a = task(7);
    struct change *c = mem_array(N, sizeof *c);
    for (uint64_t i = 0; i < N; i++)
        c[i] = (struct change){.kind = CHANGE_TASK_LIVE, .live = {.id = 100 + i}};
    keep(s, shown_mark(s), &a, "old");
    shown_changing(s, c, N);
    keep(s, shown_mark(s), &a, "old");
    assert_false(gives(s, 3, &a, ""));
    shown_changed(s, c, N);
    assert_false(gives(s, 3, &a, ""));
    keep(s, shown_mark(s), &a, "new");
    assert_true(gives(s, 3, &a, "new"));
    free(c);
    shown_free(s);
}

static void nothing_is_given_while_nobody_knows_who_leads(void **state)
{
    (void)state;
    struct shown *s = shown_new(EVER);
    struct row_task a = task(7);
    struct shown_mark old = shown_mark(s);
    keep(s, old, &a, "a");
    assert_false(shown_leads(s));
    assert_false(gives(s, 3, &a, ""));
    old.at_ms -= EVER;
    shown_lead(s, old);
    assert_false(shown_leads(s));
    shown_lead(s, shown_mark(s));
    assert_true(gives(s, 3, &a, "a"));
    shown_free(s);
}

static void what_is_kept_is_bounded(void **state)
{
    (void)state;
    struct shown *s = led();
    char *text = mem_alloc(SHOWN_TEXT + 2);
    memset(text, 'x', SHOWN_TEXT + 1);
    struct row_task a = task(1);
    keep(s, shown_mark(s), &a, text);
    assert_false(gives(s, 3, &a, ""));
    text[SHOWN_TEXT] = '\0';
    size_t given = 0, n = SHOWN_BYTES / SHOWN_TEXT;
    for (uint64_t id = 1; id <= 3 * n; id++) {
        a = task(id);
        keep(s, shown_mark(s), &a, text);
    }
    for (uint64_t id = 1; id <= 3 * n; id++) {
        struct buf out = BUF_INIT(SHOWN_TEXT);
        a = task(id);
        given += shown_get(s, 3, a.uuid, &out);
        buf_deinit(&out);
    }
    assert_true(given > 0 && given <= n);
    free(text);
    shown_free(s);
}

// ---- one writer, some readers: an answer never is older than the last commit that its reader knew of

#define TASKS_N 16
#define COMMITS 20000

struct store {
    struct shown *s;
    atomic_long row[TASKS_N]; // as committed
    atomic_bool end;
};

static void *reader(void *arg)
{
    struct store *st = arg;
    for (unsigned i = 0; !atomic_load(&st->end); i++) {
        struct row_task a = task(1 + i % TASKS_N);
        struct buf out = BUF_INIT(SHOWN_TEXT);
        long least = atomic_load(&st->row[i % TASKS_N]);
        shown_lead(st->s, shown_mark(st->s));
        if (shown_get(st->s, 3, a.uuid, &out)) {
            if (atol(buf_str(&out)) < least)
                abort();
        } else {
            char text[24];
            struct shown_mark at = shown_mark(st->s);
            snprintf(text, sizeof text, "%ld", atomic_load(&st->row[i % TASKS_N]));
            keep(st->s, at, &a, text);
        }
        buf_deinit(&out);
    }
    return NULL;
}

static void no_reader_sees_an_answer_from_before_a_commit_it_saw(void **state)
{
    (void)state;
    struct store st = {.s = led()};
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, reader, &st), 0);
    for (long i = 1; i <= COMMITS; i++) {
        struct change c = {.kind = CHANGE_TASK_LIVE, .live = {.id = 1 + (uint64_t)i * 7 % TASKS_N}};
        shown_changing(st.s, &c, 1);
        atomic_store(&st.row[c.live.id - 1], i);
        shown_changed(st.s, &c, 1);
    }
    atomic_store(&st.end, true);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    shown_free(st.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_given_to_its_account_until_its_task_changes),
        cmocka_unit_test(every_kind_of_row_of_a_task_ends_its_answer),
        cmocka_unit_test(rows_read_before_a_change_are_not_kept_after_it),
        cmocka_unit_test(after_very_many_changes_nothing_is_given),
        cmocka_unit_test(nothing_is_given_while_nobody_knows_who_leads),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(no_reader_sees_an_answer_from_before_a_commit_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
