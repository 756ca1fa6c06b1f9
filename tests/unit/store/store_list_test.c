// SPDX-License-Identifier: Apache-2.0
// Lists of tasks by pages, and what many moves leave of a task, the same for every store (store_test.c).
#include "store_fixture.h"
#include "store_rows.h"

#include "base/rng.h"

static struct fixture *at(void **state)
{
    return *state;
}

struct list {
    uint64_t id[512];
    size_t n, stop_at;
};

static int note(void *ctx, const struct row_task *row)
{
    struct list *l = ctx;
    assert_true(l->n < ARRAY_LEN(l->id));
    l->id[l->n++] = row->id;
    return l->n == l->stop_at;
}

static void list_all(struct fixture *f, struct task_page p, struct list *l, bool insert_between)
{
    const char *token = NULL;
    l->n = 0;
    do {
        p.after = token;
        assert_ok(f, f->reader.tasks(f->reader.ctx, &p, &f->arena, note, l, &token, &f->err));
        if (insert_between && l->n < 100) // before the place where an ascending list is, and after it
            assert_ok(
                f, commit(f, (struct change[]){task_row(f, 1000 + l->n, 9), task_row(f, 2000 + l->n, 7)}, 2));
    } while (token);
}

static int64_t order_key(struct fixture *f, enum task_order o, uint64_t id, char *name)
{
    struct row_task t = task_row(f, id, 7).task;
    snprintf(name, 32, "%s", o == ORDER_NAME ? t.name : "");
    return o == ORDER_STATE ? t.live.state : o == ORDER_EXECUTION ? t.live.exec_ms : 0;
}

static int compare(struct fixture *f, enum task_order o, uint64_t a, uint64_t b)
{
    char name_a[32], name_b[32];
    int64_t key_a = order_key(f, o, a, name_a), key_b = order_key(f, o, b, name_b);
    int by_name = strcmp(name_a, name_b);
    return by_name ? by_name : key_a != key_b ? (key_a > key_b) - (key_a < key_b) : (a > b) - (a < b);
}

static void pages_of_every_order_and_filter_join_to_the_whole_sorted_list(void **state)
{
    struct fixture *f = at(state);
    for (uint64_t id = 1; id <= 120; id++)
        assert_ok(f, commit_one(f, task_row(f, id, 7 + id % 2)));
    for (int o = ORDER_CREATION; o <= ORDER_EXECUTION; o++)
        for (int mask = 0; mask < 24; mask++) { // 16: live ones
            struct task_page p = {.order = (enum task_order)o,
                                  .descending = mask & 1,
                                  .limit = mask & 2 ? 7 : 1000,
                                  .account = mask & 4 ? 7 : 0,
                                  .final_only = mask & 8,
                                  .live_only = mask & 16};
            struct list l = {0};
            list_all(f, p, &l, false);
            size_t all = mask & 4 ? 60 : 120, final = mask & 4 ? 16 : 33;
            assert_int_equal(l.n, mask & 8 ? final : mask & 16 ? all - final : all);
            for (size_t i = 1; i < l.n; i++)
                assert_true(compare(f, p.order, l.id[i - 1], l.id[i]) * (p.descending ? -1 : 1) < 0);
        }
}

// What a task that waits changes is written without the figures of attempts; then they come.
static void a_task_keeps_its_figures_whether_they_are_written_or_not(void **state)
{
    struct fixture *f = at(state);
    struct change made = task_row(f, 5, 7), full = {.kind = CHANGE_TASK_LIVE, .live = made.task.live}, still;
    made.task.live = (struct row_task_live){.state = TASK_SUBMITTED,
                                            .end_ms = -1,
                                            .succeeded = "",
                                            .failed = "",
                                            .cancelled = "",
                                            .started_once = "",
                                            .errors = "[]"};
    full.live.id = 5;
    still = (struct change){.kind = CHANGE_TASK_LIVE, .live = made.task.live};
    still.live.id = 5;
    still.live.state = TASK_FULLY_EXECUTING;
    still.live.running = 3;
    still.live.started_once = "0-2";
    still.live.errors = "[{}]";
    const struct change *const steps[] = {&made, &still, &full};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct row_task row = {0};
        struct row_task_live must = i ? steps[i]->live : made.task.live;
        assert_ok(f, commit_one(f, *steps[i]));
        assert_int_equal(f->reader.task_by_id(f->reader.ctx, 5, &f->arena, &row, &f->err), 0);
        must.id = row.live.id;
        same_live(&must, &row.live);
    }
}

static struct row_task_live moved(struct rng *r, uint64_t id)
{
    static const char *const errors[] = {"[]", "[{\"code\":\"GHX0782I\"}]"};
    struct row_task_live live = {.id = id,
                                 .state = rng_below(r, 2) ? TASK_CANCELLED : TASK_SUBMITTED,
                                 .end_ms = rng_below(r, 8) ? -1 : 77,
                                 .succeeded = "",
                                 .failed = "",
                                 .cancelled = rng_below(r, 8) ? "0" : "0-1",
                                 .started_once = "",
                                 .errors = errors[rng_below(r, 8) == 0]};
    return live;
}

// Tasks in a row that move alike are written together, forwards and backwards, between others that do not.
static void tasks_that_move_alike_are_written_as_if_one_by_one(void **state)
{
    enum { N = 60, STEPS = 150 };
    static struct change made[N];
    size_t n_made = 0;
    struct fixture *f = at(state);
    struct row_task_live is[N + 1];
    struct rng r;
    rng_seed(&r, 11);
    for (uint64_t id = 1; id <= N; id++) {
        if (id % 17 == 0) // there are gaps
            continue;
        made[n_made] = task_row(f, id, 7);
        is[id] = made[n_made++].task.live = moved(&r, id);
    }
    assert_ok(f, f->store.commit(f->store.ctx, f->epoch, made, n_made, NULL, 0, &f->err));
    for (int step = 0; step < 12; step++) {
        struct change c[STEPS];
        struct row_task_live alike = moved(&r, 0);
        uint64_t id = 1 + rng_below(&r, N);
        size_t n = 0;
        for (int way = rng_below(&r, 2) ? 1 : -1; n < STEPS; id = (id + (uint64_t)(N + way) - 1) % N + 1) {
            if (rng_below(&r, 20) == 0)
                way = -way;
            if (rng_below(&r, 20) == 0)
                alike = moved(&r, 0);
            if (id % 17 == 0)
                continue;
            c[n] = (struct change){.kind = CHANGE_TASK_LIVE, .live = alike};
            c[n].live.id = id;
            is[id] = c[n++].live;
        }
        assert_ok(f, f->store.commit(f->store.ctx, f->epoch, c, n, NULL, 0, &f->err));
        for (id = 1; id <= N; id++) {
            struct row_task row = {0};
            if (id % 17 == 0)
                continue;
            assert_int_equal(f->reader.task_by_id(f->reader.ctx, id, &f->arena, &row, &f->err), 0);
            same_live(&is[id], &row.live);
        }
    }
    struct change gap[3];
    for (uint64_t i = 0; i < 3; i++)
        gap[i] = (struct change){.kind = CHANGE_TASK_LIVE, .live = moved(&r, 0)};
    for (uint64_t i = 0; i < 3; i++) {
        gap[i].live = gap[0].live;
        gap[i].live.id = 16 + i;
    }
    assert_int_equal(f->store.commit(f->store.ctx, f->epoch, gap, 3, NULL, 0, &f->err), -ENOENT);
}

static void pages_stay_in_step_while_tasks_are_added(void **state)
{
    struct fixture *f = at(state);
    for (uint64_t id = 1; id <= 50; id++)
        assert_ok(f, commit_one(f, task_row(f, id, 7)));
    struct list l = {0};
    list_all(f, (struct task_page){.account = 7, .order = ORDER_CREATION, .descending = true, .limit = 8}, &l,
             true);
    assert_int_equal(l.n, 50); // what came later is newer than where the list began
    for (size_t i = 0; i < l.n; i++)
        assert_int_equal(l.id[i], 50 - i);
}

static void a_page_stopped_by_its_reader_goes_on_after_the_last_row_given(void **state)
{
    struct fixture *f = at(state);
    for (uint64_t id = 1; id <= 5; id++)
        assert_ok(f, commit_one(f, task_row(f, id, 7)));
    struct list l = {.stop_at = 2};
    struct task_page p = {.account = 7, .limit = 4};
    struct store_reader *r = &f->reader;
    assert_ok(f, r->tasks(r->ctx, &p, &f->arena, note, &l, &p.after, &f->err));
    assert_int_equal(l.n, 2);
    assert_non_null(p.after);
    assert_ok(f, r->tasks(r->ctx, &p, &f->arena, note, &l, &p.after, &f->err));
    assert_int_equal(l.n, 5);
    assert_int_equal(l.id[2], 3);
    assert_null(p.after);
}

static void a_foreign_token_is_refused(void **state)
{
    static const char *const bad[] = {"",      "c",       "ca",   "ca-",   "ca1",
                                      "cax-",  "cd1-",    "na1-", "ca1-0", "ca99999999999999999999-",
                                      "ca-1-", "ca1-\xff"};
    struct fixture *f = at(state);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct task_page p = {.account = 7, .limit = 4, .after = bad[i]};
        const char *token;
        assert_int_equal(f->reader.tasks(f->reader.ctx, &p, &f->arena, note, NULL, &token, &f->err), -EINVAL);
    }
}

static int64_t count(struct fixture *f, uint64_t account)
{
    int64_t n = -1;
    assert_ok(f, f->reader.task_count(f->reader.ctx, account, &n, &f->err));
    return n;
}

static void counts_follow_what_is_made_and_deleted(void **state)
{
    struct fixture *f = at(state);
    struct change c[80];
    for (uint64_t i = 0; i < 80; i++) // more accounts than one flush holds
        c[i] = task_row(f, i + 1, i % 40 + 1);
    assert_ok(f, commit(f, c, 80));
    assert_ok(f, commit(f, c, 80));
    assert_int_equal(count(f, 0), 80);
    assert_int_equal(count(f, 40), 2);
    assert_int_equal(count(f, 41), 0);
    struct change gone = {.kind = CHANGE_TASK_GONE, .gone = 40};
    assert_ok(f, commit(f, (struct change[]){gone, gone}, 2));
    assert_int_equal(count(f, 40), 1);
    assert_int_equal(count(f, 0), 79);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH(a_task_keeps_its_figures_whether_they_are_written_or_not),
        ON_EACH(tasks_that_move_alike_are_written_as_if_one_by_one),
        ON_EACH(pages_of_every_order_and_filter_join_to_the_whole_sorted_list),
        ON_EACH(pages_stay_in_step_while_tasks_are_added),
        ON_EACH(a_page_stopped_by_its_reader_goes_on_after_the_last_row_given),
        ON_EACH(a_foreign_token_is_refused),
        ON_EACH(counts_follow_what_is_made_and_deleted),
    };
    return cmocka_run_group_tests_name("store lists", tests, NULL, NULL);
}
