// SPDX-License-Identifier: Apache-2.0
// The contract of port/store.h, the same for every store: on disk, in memory, and behind a wrapper without
// faults.
#include "store_fixture.h"
#include "store_rows.h"

static struct fixture *at(void **state)
{
    return *state;
}

// ---- rows

static struct change job_row(uint64_t id, const char *uuid, const char *shortname)
{
    struct change c = {.kind = CHANGE_JOB,
                       .job = {id, "", shortname, "j", 7, 1, 2, 1, 0, 1, 11, 12, 13, 14, 15, 16, "{}"}};
    snprintf(c.job.uuid, sizeof c.job.uuid, "%s", uuid);
    return c;
}

static struct change pool_row(uint64_t id, const char *uuid, const char *shortname)
{
    struct change c = {.kind = CHANGE_POOL, .pool = {id, "", shortname, "p",   "docker-batch",
                                                     7,  1,  2,         3,     1,
                                                     11, 12, 13,        14,    15,
                                                     16, "", "F1@A",    2,     -1,
                                                     17, 18, 19,        20,    21,
                                                     22, 23, 24,        "0-1", 25,
                                                     26, 27, 28,        "[]",  "{}",
                                                     29, 30}};
    snprintf(c.pool.uuid, sizeof c.pool.uuid, "%s", uuid);
    return c;
}

static struct change one_of_each(struct fixture *f, enum change_kind k)
{
    switch (k) {
    case CHANGE_META:
        return (struct change){.kind = k, .meta = {"next_id", INT64_MIN}};
    case CHANGE_ACCOUNT:
        return (struct change){
            .kind = k,
            .account = {7, "a@b.c", "A", 11, 12, 13, 1, 30, 31, 2, 1, 9, 7000, {1, 2, 3, 4, 5, 6}}};
    case CHANGE_ORGANISATION:
        return (struct change){
            .kind = k,
            .organisation = {
                30, "0b5f6f0e-1111-4a0e-9a43-2f1f6a1b7c11", "acme", "Acme", 5, {1, 2, 3, 4, 5, 6}}};
    case CHANGE_PROJECT:
        return (struct change){.kind = k,
                               .project = {31, 30, "0b5f6f0e-2222-4a0e-9a43-2f1f6a1b7c11", "default",
                                           "Default", "what for", 5, 1, 1}};
    case CHANGE_TOKEN:
        return (struct change){.kind = k, .token_put = {32, 7, "laptop", "00ff", 5, 6, 7}};
    case CHANGE_BUDGET: // spent: the cell below
        return (struct change){.kind = k,
                               .budget = {33, 31, "0b5f6f0e-3333-4a0e-9a43-2f1f6a1b7c11", "2026", 99, 3600000,
                                          7200000, 4, 2, 1}};
    case CHANGE_RESERVATION:
        return (struct change){.kind = k,
                               .reservation = {34, 30, 7, "0b5f6f0e-4444-4a0e-9a43-2f1f6a1b7c11", "night",
                                               "8c-32g", 2, 16, 1, 2, 3, 1}};
    case CHANGE_SECRET:
        return (struct change){.kind = k, .secret = {7, "p/a", "sealed:1:x", 99}};
    case CHANGE_SITE:
        return (struct change){.kind = k, .site = {3, "montrouge", -60, -1}};
    case CHANGE_NODE:
        return (struct change){.kind = k, .node = {4, "n4", UINT64_MAX, 5, 6, 7}};
    case CHANGE_ZONE:
        return (struct change){
            .kind = k,
            .zone = {5, 3, 4, "z5", "room \"5\"", NULL, 500, 20500, 2, 1, 99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
    case CHANGE_BOARD:
        return (struct change){.kind = k, .board = {6, 5, 4, "b6", "h1", "{}", 1, "lid open", 3, 99}};
    case CHANGE_METER:
        return (struct change){.kind = k,
                               .meter = {6,
                                         5,
                                         4,
                                         3,
                                         2,
                                         {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                                         {-1, 0, 0, 0, 0, 0, 0, 0, 0, -10},
                                         {11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
                                         {-11, 0, 0, 0, 0, 0, 0, 0, 0, -20},
                                         1,
                                         2,
                                         3,
                                         1}};
    case CHANGE_JOB:
        return job_row(21, "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", "night");
    case CHANGE_POOL:
        return pool_row(20, "1b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", "day");
    case CHANGE_TASK_NEW:
        return task_row(f, 22, 7);
    case CHANGE_LEASE:
        return (struct change){.kind = k, .lease = {8, 22, 4, 6, 2, 1, 3, 1, 100, 200, -1, 5, 6}};
    case CHANGE_LEDGER_WORK:
        return (struct change){.kind = k, .work = {3600000, 6, 22, 7, 2, 1000, 2000, 3000, 31, 4000}};
    default:
        return (struct change){.kind = CHANGE_LEDGER_ZONE, .heat = {3600000, 5, 1, 2, 3, 4}};
    }
}

struct seen {
    size_t n;
    struct change c[64];
    struct arena arena;
};

static struct seen expected;

static int compare_next(void *ctx, const struct change *c, struct err *e)
{
    (void)e;
    size_t *next = ctx;
    assert_true(*next < expected.n);
    same_change(&expected.c[(*next)++], c);
    return 0;
}

static void every_kind_of_row_comes_back_from_load_in_the_order_of_the_contract(void **state)
{
    static const enum change_kind order[] = {
        CHANGE_META,     CHANGE_ORGANISATION, CHANGE_PROJECT,     CHANGE_ACCOUNT,    CHANGE_TOKEN,
        CHANGE_BUDGET,   CHANGE_RESERVATION,  CHANGE_SECRET,      CHANGE_SITE,       CHANGE_NODE,
        CHANGE_ZONE,     CHANGE_BOARD,        CHANGE_METER,       CHANGE_POOL,       CHANGE_JOB,
        CHANGE_TASK_NEW, CHANGE_LEASE,        CHANGE_LEDGER_WORK, CHANGE_LEDGER_ZONE};
    struct fixture *f = at(state);
    expected = (struct seen){0};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        expected.c[expected.n++] = one_of_each(f, order[i]);
        if (order[i] != CHANGE_RESERVATION)
            continue; // then comes what the ledger's cell adds up to
        expected.c[expected.n++] = (struct change){.kind = CHANGE_SPENT, .spent = {0, 7, 4000}};
        expected.c[expected.n++] = (struct change){.kind = CHANGE_SPENT, .spent = {1, 33, 4000}};
    }
    assert_int_equal(expected.c[17].task.live.state, 0);
    for (size_t i = expected.n; i-- > 0;) // written last to first, and each twice: the same as once
        if (expected.c[i].kind != CHANGE_SPENT)
            assert_ok(f, commit(f, (struct change[]){expected.c[i], expected.c[i]}, 2));
    struct change done = task_row(f, 8, 7); // Success: history
    struct change old = {.kind = CHANGE_LEDGER_WORK, .work = {0, 6, 22, 7, 2, 1, 1, 1}};
    assert_ok(f, commit(f, (struct change[]){done, old}, 2));
    size_t next = 0;
    struct store_visitor v = {&next, compare_next, 1};
    assert_ok(f, f->store.load(f->store.ctx, &v, &f->err));
    assert_int_equal(next, expected.n);
}

static int refuse(void *ctx, const struct change *c, struct err *e)
{
    (void)ctx;
    (void)c;
    return err_set(e, -E2BIG, "enough");
}

static void a_visitor_that_fails_stops_the_load_with_its_error(void **state)
{
    struct fixture *f = at(state);
    assert_ok(f, commit_one(f, one_of_each(f, CHANGE_META)));
    assert_int_equal(f->store.load(f->store.ctx, &(struct store_visitor){NULL, refuse, 0}, &f->err), -E2BIG);
    assert_ok(f, commit_one(f, one_of_each(f, CHANGE_SITE)));
}

static void a_task_is_found_by_uuid_short_name_and_id_of_its_account_only(void **state)
{
    struct fixture *f = at(state);
    struct change c = task_row(f, 22, 7), live = {.kind = CHANGE_TASK_LIVE},
                  body = {.kind = CHANGE_TASK_BODY};
    struct row_task row;
    struct store_reader *r = &f->reader;
    live.live = c.task.live;
    live.live.state = 4;
    live.live.failed = NULL;
    body.body.id = 22;
    body.body.name = "renamed";
    body.body.body = "{\"tags\":[]}";
    body.body.modified_ms = 77;
    assert_ok(f, commit(f, (struct change[]){c, live, body}, 3));
    c.task.live = live.live;
    c.task.name = "renamed";
    c.task.body = "{\"tags\":[]}";
    c.task.live.modified_ms = 77;
    char upper[UUID_TEXT_BYTES];
    for (size_t i = 0; i < sizeof upper; i++)
        upper[i] =
            c.task.uuid[i] >= 'a' && c.task.uuid[i] <= 'f' ? (char)(c.task.uuid[i] - 32) : c.task.uuid[i];
    assert_int_equal(r->task(r->ctx, 7, upper, &f->arena, &row, &f->err), 0);
    same_task(&c.task, &row);
    assert_int_equal(r->task(r->ctx, 7, "short-22", &f->arena, &row, &f->err), 0);
    same_task(&c.task, &row);
    assert_int_equal(r->task_by_id(r->ctx, 22, &f->arena, &row, &f->err), 0);
    same_task(&c.task, &row);
    assert_int_equal(r->task(r->ctx, 0, c.task.uuid, &f->arena, &row, &f->err), 0);
    assert_int_equal(r->task(r->ctx, 8, c.task.uuid, &f->arena, &row, &f->err), 1);
    assert_int_equal(r->task(r->ctx, 7, "SHORT-22", &f->arena, &row, &f->err),
                     0); // in any case, as the engine has it
    assert_int_equal(row.id, 22);
    assert_int_equal(r->task(r->ctx, 8, "short-22", &f->arena, &row, &f->err), 1);
    assert_int_equal(r->task_by_id(r->ctx, 23, &f->arena, &row, &f->err), 1);
}

// ---- jobs

#define JOB_UUID "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"

static void a_job_is_found_by_uuid_and_short_name_of_its_account_only(void **state)
{
    struct fixture *f = at(state);
    struct store_reader *r = &f->reader;
    struct change plain = job_row(22, "7d1c8f3e-52c4-4a44-8f0d-1f7a2f0e9a55",
                                  "7d1c8f3e-52c4-4a44-8f0d-1f7a2f0e9a55"),
                  job = job_row(21, JOB_UUID, "night"), again = job;
    struct row_job row, *rows;
    size_t n;
    again.job.state = 2;
    assert_ok(f, commit(f, (struct change[]){plain, job, again}, 3));
    static const char *const names[] = {JOB_UUID, "0B5F6F0E-7A51-4A0E-9A43-2F1F6A1B7C11", "night", "NIGHT"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(r->job(r->ctx, 7, names[i], &f->arena, &row, &f->err), 0);
        same_job(&again.job, &row);
        assert_int_equal(r->job(r->ctx, 8, names[i], &f->arena, &row, &f->err), 1);
    }
    assert_ok(f, r->jobs(r->ctx, 7, &f->arena, &rows, &n, &f->err));
    assert_int_equal(n, 2);
    same_job(&again.job, &rows[0]);
    same_job(&plain.job, &rows[1]);
    assert_ok(f, r->jobs(r->ctx, 8, &f->arena, &rows, &n, &f->err));
    assert_int_equal(n, 0);
    struct change gone = {.kind = CHANGE_JOB_GONE, .gone = 21};
    assert_ok(f, commit(f, (struct change[]){gone, gone}, 2));
    assert_int_equal(r->job(r->ctx, 7, "night", &f->arena, &row, &f->err), 1);
}

// ---- pools

static struct change node_lease(uint64_t id, uint64_t task)
{
    return (struct change){.kind = CHANGE_LEASE, .lease = {id, task, 4, 6, 0, 1, 3, 1, 100, 200, -1, 5, 6}};
}

static int count_leases(void *ctx, const struct change *c, struct err *e)
{
    (void)e;
    if (c->kind == CHANGE_LEASE)
        *(uint64_t *)ctx += c->lease.id;
    return 0;
}

static void a_pool_is_found_and_goes_with_its_nodes_and_is_billed_with_its_tasks(void **state)
{
    struct fixture *f = at(state);
    struct store_reader *r = &f->reader;
    struct change pool = pool_row(20, JOB_UUID, "day"), task = task_row(f, 30, 7), other = task_row(f, 31, 7);
    struct row_pool row, *rows;
    struct totals_row sum[10];
    size_t n;
    task.task.pool = 20;
    struct change cells[] = {{.kind = CHANGE_LEDGER_WORK, .work = {0, 6, 20, 7, 2, 1000, 2000, 1}},
                             {.kind = CHANGE_LEDGER_WORK, .work = {0, 6, 30, 7, 2, 10, 20, 2}},
                             {.kind = CHANGE_LEDGER_WORK, .work = {0, 6, 31, 7, 2, 5, 5, 5}}};
    assert_ok(f, commit(f, (struct change[]){pool, task, other, node_lease(8, 20), node_lease(9, 30)}, 5));
    assert_ok(f, commit(f, cells, 3));
    static const char *const names[] = {JOB_UUID, "0B5F6F0E-7A51-4A0E-9A43-2F1F6A1B7C11", "day", "DAY"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(r->pool(r->ctx, 7, names[i], &f->arena, &row, &f->err), 0);
        same_pool(&pool.pool, &row);
        assert_int_equal(r->pool(r->ctx, 8, names[i], &f->arena, &row, &f->err), 1);
    }
    assert_int_equal(r->pool_by_id(r->ctx, 20, &f->arena, &row, &f->err), 0);
    assert_ok(f, r->pools(r->ctx, 7, &f->arena, &rows, &n, &f->err));
    assert_int_equal(n, 1);
    same_pool(&pool.pool, &rows[0]);
    assert_ok(f, r->pool_totals(r->ctx, 20, sum, &f->err));
    assert_true(sum[2].energy_mj == 1010 && sum[2].core_ms == 2020 && sum[2].ms == 3);
    int64_t it_mj, useful_mj;
    assert_ok(f, r->pool_heat(r->ctx, 20, &it_mj, &useful_mj, &f->err));
    assert_true(it_mj == 1010 && useful_mj == 0);
    uint64_t leases = 0;
    struct store_visitor v = {&leases, count_leases, 1};
    assert_ok(f, f->store.load(f->store.ctx, &v, &f->err));
    assert_int_equal(leases,
                     task_state_final(task.task.live.state) ? 8 : 17); // a node's too, though no task has it
    struct change gone = {.kind = CHANGE_POOL_GONE, .gone = 20};
    assert_ok(f, commit(f, (struct change[]){gone, gone}, 2));
    assert_int_equal(r->pool(r->ctx, 7, "day", &f->arena, &row, &f->err), 1);
    leases = 0;
    assert_ok(f, f->store.load(f->store.ctx, &v, &f->err));
    assert_int_equal(leases, task_state_final(task.task.live.state) ? 0 : 9);
}

static int collect(void *ctx, const struct row_task *row)
{
    struct buf *b = ctx;
    buf_putf(b, "%llu ", (unsigned long long)row->id);
    return 0;
}

static void the_tasks_of_a_job_are_a_list_of_their_own(void **state)
{
    struct fixture *f = at(state);
    struct store_reader *r = &f->reader;
    const char *token;
    for (uint64_t id = 30; id < 50; id++) {
        struct change c = task_row(f, id, 7);
        c.task.job = id % 2 ? 21 : id % 4 ? 23 : 0;
        assert_ok(f, commit_one(f, c));
    }
    static const struct {
        uint64_t account, job;
        bool final_only;
        const char *ids;
    } cases[] = {{7, 21, false, "31 33 35 37 39 41 43 45 47 49 "},
                 {7, 23, false, "30 34 38 42 46 "},
                 {7, 21, true, "31 41 "}, // states are id % 11; 7, 8 and 9 are final
                 {8, 21, false, ""},
                 {7, 99, false, ""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = BUF_INIT(1000);
        struct task_page p = {
            .account = cases[i].account, .job = cases[i].job, .limit = 3, .final_only = cases[i].final_only};
        do {
            assert_ok(f, r->tasks(r->ctx, &p, &f->arena, collect, &b, &token, &f->err));
            p.after = token;
        } while (token);
        assert_string_equal(buf_str(&b), cases[i].ids);
        buf_deinit(&b);
    }
}

// ---- what a load gives of tasks that wait and of those that ended

static int note_load(void *ctx, const struct change *c, struct err *e)
{
    struct buf *b = ctx;
    (void)e;
    if (c->kind == CHANGE_TASK_ENDED)
        buf_putf(b, "%llu of %llu: %d at %lld, kept %lld; ", (unsigned long long)c->ended.id,
                 (unsigned long long)c->ended.job, c->ended.state, (long long)c->ended.end_ms,
                 (long long)c->ended.keep_ms);
    if (c->kind == CHANGE_TASK_NEW)
        buf_putf(b, "%llu waits for %s since %lld; ", (unsigned long long)c->task.id,
                 c->task.depends ? c->task.depends : "none", (long long)c->task.ready_ms);
    return 0;
}

static void a_load_gives_ended_tasks_that_still_matter_and_what_the_others_wait_for(void **state)
{
    struct fixture *f = at(state);
    struct change active = job_row(21, JOB_UUID, "a"),
                  over = job_row(22, "7d1c8f3e-52c4-4a44-8f0d-1f7a2f0e9a55", "b"),
                  plain = job_row(23, "c2f7b1de-0a58-4f5c-a3a4-97f0f6c6f3d2", "c");
    active.job.state = plain.job.state = 0;
    plain.job.use_dependencies = 0;
    assert_ok(f, commit(f, (struct change[]){active, over, plain}, 3));
    static const struct {
        uint64_t id, job;
        int64_t keep_ms;
    } tasks[] = {{8, 21, 0}, {19, 22, 0}, {30, 23, 0}, {41, 0, 0}, {52, 0, 60}, {63, 21, 50}, {22, 21, 40}};
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        struct change c = task_row(f, tasks[i].id, 7);
        c.task.job = tasks[i].job;
        c.task.keep_ms = tasks[i].keep_ms;
        c.task.live.end_ms = 100 + (int64_t)tasks[i].id;
        assert_ok(f, commit_one(f, c));
    }
    struct change wait = {.kind = CHANGE_TASK_WAIT, .wait = {22, 77, "s" JOB_UUID "0s"}};
    assert_ok(f, commit(f, (struct change[]){wait, wait}, 2));
    struct buf b = BUF_INIT(4096);
    struct store_visitor v = {&b, note_load, 0};
    assert_ok(f, f->store.load(f->store.ctx, &v, &f->err));
    assert_string_equal(buf_str(&b),
                        "8 of 21: 8 at 108, kept 0; 52 of 0: 8 at 152, kept 60; 63 of 21: 8 at 163, kept 50; "
                        "22 waits for s" JOB_UUID "0s since 77; ");
    buf_deinit(&b);
    wait.wait.id = 999;
    assert_int_equal(commit_one(f, wait), -ENOENT);
}

static void a_new_body_carries_how_long_the_task_is_kept(void **state)
{
    struct fixture *f = at(state);
    struct change c = task_row(f, 22, 7), body = {.kind = CHANGE_TASK_BODY};
    struct row_task row;
    body.body.id = 22;
    body.body.name = "n";
    body.body.body = "{}";
    body.body.keep_ms = 123;
    assert_ok(f, commit(f, (struct change[]){c, body}, 2));
    assert_int_equal(f->reader.task_by_id(f->reader.ctx, 22, &f->arena, &row, &f->err), 0);
    assert_int_equal(row.keep_ms, 123);
}

static struct change attempt_row(uint64_t task, uint32_t instance, uint32_t attempt)
{
    return (struct change){.kind = CHANGE_ATTEMPT,
                           .attempt = {task,   9,     instance, attempt, 1,        1,      2,   3,   4,
                                       5,      6,     7,        8,       9,        -1,     4,   100, "b6",
                                       "spec", "cpu", "n4", "s1", 5,       instance, "CODE", NULL}};
}

static void an_attempt_is_written_once(void **state)
{
    struct fixture *f = at(state);
    struct change c = attempt_row(22, 1, 1), other = c;
    assert_ok(f, commit(f, (struct change[]){attempt_row(22, 2, 1), attempt_row(22, 1, 2), c, c}, 4));
    other.attempt.energy_mj++;
    assert_int_equal(commit_one(f, other), -EEXIST);
    other = c;
    other.attempt.message = "";
    assert_int_equal(commit_one(f, other), -EEXIST);
    struct row_attempt *rows;
    size_t n;
    struct store_reader *r = &f->reader;
    assert_ok(f, r->attempts(r->ctx, 22, &f->arena, &rows, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(rows[0].instance == 1 && rows[0].attempt == 1 && rows[1].attempt == 2 &&
                rows[2].instance == 2);
    const struct row_attempt *was = &c.attempt, *is = &rows[0];
    SAME(task);
    SAME(lease);
    SAME(end);
    SAME(granted_ms);
    SAME(started_ms);
    SAME(ended_ms);
    SAME(wall_ms);
    SAME(exec_ms);
    SAME(core_ms);
    SAME(work_mhz_s);
    SAME(energy_mj);
    SAME(exit_code);
    SAME(signal);
    SAME(cores);
    SAME(peak_memory_mb);
    SAME_TEXT(board);
    SAME_TEXT(spec_key);
    SAME_TEXT(cpu_model);
    SAME_TEXT(node);
    SAME_TEXT(site);
    SAME(epoch);
    SAME(seq);
    SAME_TEXT(code);
    SAME_TEXT(message);
    SAME(fetch_ms);
    SAME(fetch_bytes);
    SAME(store_ms);
    SAME(store_bytes);
    SAME_TEXT(results);
}

// ---- batches

static int64_t count(struct fixture *f, uint64_t account)
{
    int64_t n = -1;
    assert_ok(f, f->reader.task_count(f->reader.ctx, account, &n, &f->err));
    return n;
}

static void a_failing_row_in_the_middle_leaves_nothing_of_its_batch(void **state)
{
    struct fixture *f = at(state);
    struct change gone = {.kind = CHANGE_TASK_LIVE, .live = {.id = 999}};
    struct buf text = BUF_INIT(1000);
    struct fresh_read fresh = {.account = 7, .task = 2, .instance = 0, .max_bytes = 100, .text = &text};
    assert_ok(f, commit(f, (struct change[]){task_row(f, 2, 7), output_row(2, 0, 1, "first\n")}, 2));
    assert_int_equal(
        commit(f, (struct change[]){task_row(f, 1, 7), output_row(2, 0, 2, "x\n"), gone, task_row(f, 3, 7)},
               4),
        -ENOENT);
    assert_int_equal(count(f, 7), 1);
    struct change again = task_row(f, 4, 7);
    memcpy(again.task.uuid, task_row(f, 2, 7).task.uuid, UUID_TEXT_BYTES);
    assert_int_equal(f->store.commit(f->store.ctx, f->epoch, &again, 1, &fresh, 1, &f->err), -EEXIST);
    assert_int_equal(text.n, 0);
    assert_ok(f, f->store.commit(f->store.ctx, f->epoch, NULL, 0, &fresh, 1, &f->err));
    assert_string_equal(buf_str(&text), "first\n");
    assert_int_equal(count(f, 7), 1);
    buf_deinit(&text);
}

static void an_older_leader_is_refused(void **state)
{
    struct fixture *f = at(state);
    uint64_t newer;
    assert_ok(f, f->store.lead(f->store.ctx, &newer, &f->err));
    assert_int_equal(newer, f->epoch + 1);
    assert_int_equal(commit_one(f, task_row(f, 1, 7)), -ESTALE);
    assert_int_equal(count(f, 0), 0);
    f->epoch = newer;
    assert_ok(f, commit_one(f, task_row(f, 1, 7)));
}

static void a_deleted_task_takes_everything_but_the_ledger_with_it(void **state)
{
    struct fixture *f = at(state);
    struct store_reader *r = &f->reader;
    struct buf text = BUF_INIT(100000);
    struct row_attempt *rows;
    struct row_task row;
    size_t n;
    assert_ok(f, commit(f,
                        (struct change[]){task_row(f, 22, 7), task_row(f, 33, 7),
                                          one_of_each(f, CHANGE_LEASE), one_of_each(f, CHANGE_LEDGER_WORK)},
                        4));
    for (uint32_t i = 0; i < 1000; i++) // more than is swept at once
        assert_ok(f, commit(f, (struct change[]){attempt_row(22, i, 1), output_row(22, i, i + 1, "x\n")}, 2));
    assert_ok(f, commit_one(f, output_row(33, 0, 5000, "stays\n")));
    assert_ok(f, commit_one(f, (struct change){.kind = CHANGE_TASK_GONE, .gone = 22}));
    assert_int_equal(count(f, 7), 1);
    assert_int_equal(r->task_by_id(r->ctx, 22, &f->arena, &row, &f->err), 1);
    for (int i = 0; i < 6; i++) { // neither at once nor while the rest is swept
        assert_ok(f, r->attempts(r->ctx, 22, &f->arena, &rows, &n, &f->err));
        assert_int_equal(n, 0);
        assert_ok(f, r->output(r->ctx, 22, 0, -1, &text, &f->err));
        assert_int_equal(text.n, 0);
        assert_ok(f, commit_one(f, (struct change){.kind = CHANGE_TASK_GONE, .gone = 22}));
    }
    assert_ok(f, r->output(r->ctx, 33, 0, 0, &text, &f->err));
    assert_string_equal(buf_str(&text), "stays\n");
    assert_int_equal(count(f, 7), 1);
    struct totals_row total[10];
    assert_ok(f, r->totals(r->ctx, 0, 0, 22, total, &f->err));
    assert_int_equal(total[2].energy_mj, 1000);
    buf_deinit(&text);
}

// ---- the ledger

static int add_cell(void *ctx, const struct row_ledger_work *row)
{
    int64_t *sum = ctx;
    *sum = *sum * 10 + row->energy_mj;
    return row->energy_mj == 4;
}

static int add_zone(void *ctx, const struct row_ledger_zone *row)
{
    *(int64_t *)ctx += row->asked_mj;
    return 0;
}

static void the_ledger_adds_up_by_account_board_task_and_time(void **state)
{
    struct fixture *f = at(state);
    struct store_reader *r = &f->reader;
    struct change c[6];
    for (int i = 0; i < 6; i++)
        c[i] = (struct change){.kind = CHANGE_LEDGER_WORK,
                               .work = {.hour_ms = i,
                                        .board = 1 + (uint64_t)i % 2,
                                        .task = 1 + (uint64_t)i % 3,
                                        .account = 1,
                                        .activity = (uint8_t)(i % 2),
                                        .energy_mj = i,
                                        .core_ms = 10 * i,
                                        .ms = 100 * i}};
    assert_ok(f, commit(f, c, 6));
    struct totals_row t[10];
    assert_ok(f, r->totals(r->ctx, 0, 0, 0, t, &f->err));
    assert_int_equal(t[0].energy_mj, 0 + 2 + 4);
    assert_int_equal(t[1].core_ms, 10 + 30 + 50);
    assert_int_equal(t[9].activity, 9);
    assert_ok(f, r->totals(r->ctx, 1, 2, 2, t, &f->err));
    assert_int_equal(t[1].ms, 100);
    assert_int_equal(t[0].ms, 0);
    assert_ok(f, r->totals(r->ctx, 2, 0, 0, t, &f->err));
    assert_int_equal(t[1].ms, 0);
    c[5].work.energy_mj = 50; // a cell is absolute: written again it replaces what it was
    assert_ok(f, commit(f, (struct change[]){c[5], c[5], c[0]}, 3));
    assert_ok(f, r->totals(r->ctx, 1, 2, 0, t, &f->err));
    assert_int_equal(t[1].energy_mj, 1 + 3 + 50);
    assert_ok(f, r->totals(r->ctx, 0, 0, 3, t, &f->err));
    assert_int_equal(t[1].energy_mj, 50);
    assert_int_equal(t[0].energy_mj, 2);
    int64_t digits = 0;
    assert_ok(f, r->ledger_work(r->ctx, 1, 4, add_cell, &digits, &f->err));
    assert_int_equal(digits, 123);
    digits = 0;
    assert_ok(f, r->ledger_work(r->ctx, 1, 100, add_cell, &digits, &f->err)); // stops when told
    assert_int_equal(digits, 1234);
    c[0] = (struct change){.kind = CHANGE_LEDGER_ZONE, .heat = {5, 1, 10, 9, 8, 7}};
    c[1] = (struct change){.kind = CHANGE_LEDGER_ZONE, .heat = {5, 2, 20, 9, 8, 7}};
    c[2] = (struct change){.kind = CHANGE_LEDGER_ZONE, .heat = {6, 1, 40, 9, 8, 7}};
    assert_ok(f, commit(f, c, 3));
    digits = 0;
    assert_ok(f, r->ledger_zone(r->ctx, 5, 6, add_zone, &digits, &f->err));
    assert_int_equal(digits, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH(every_kind_of_row_comes_back_from_load_in_the_order_of_the_contract),
        ON_EACH(a_visitor_that_fails_stops_the_load_with_its_error),
        ON_EACH(a_task_is_found_by_uuid_short_name_and_id_of_its_account_only),
        ON_EACH(a_pool_is_found_and_goes_with_its_nodes_and_is_billed_with_its_tasks),
        ON_EACH(a_job_is_found_by_uuid_and_short_name_of_its_account_only),
        ON_EACH(the_tasks_of_a_job_are_a_list_of_their_own),
        ON_EACH(a_load_gives_ended_tasks_that_still_matter_and_what_the_others_wait_for),
        ON_EACH(a_new_body_carries_how_long_the_task_is_kept),
        ON_EACH(an_attempt_is_written_once),
        ON_EACH(a_failing_row_in_the_middle_leaves_nothing_of_its_batch),
        ON_EACH(an_older_leader_is_refused),
        ON_EACH(a_deleted_task_takes_everything_but_the_ledger_with_it),
        ON_EACH(the_ledger_adds_up_by_account_board_task_and_time),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
