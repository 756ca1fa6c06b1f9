// SPDX-License-Identifier: Apache-2.0
//
// What the store's test files share: stores of each kind in a directory of their own, and rows to write.
#ifndef ONDOL_TESTS_STORE_FIXTURE_H
#define ONDOL_TESTS_STORE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/faulty.h"
#include "store/memory.h"
#include "store/sqlite.h"

enum store_kind { ON_SQLITE, ON_MEMORY, ON_FAULTY };

struct fixture {
    enum store_kind kind;
    char dir[64];
    struct store store;
    struct store real; // the same, or what the faulty one wraps
    struct fault_plan plan;
    uint64_t epoch, seq;
    struct store_reader reader;
    struct arena arena;
    struct err err;
};

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void remove_tree(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define assert_ok(f, call) assert_ok_(&(f)->err, (call), #call, __FILE__, __LINE__)
static inline void assert_ok_(const struct err *e, int code, const char *what, const char *file, int line)
{
    if (code < 0)
        print_error("%s: %d: %s\n", what, code, e->text);
    _assert_true(code >= 0, what, file, line);
}

static inline void open_store(struct fixture *f)
{
    if (f->kind == ON_MEMORY) {
        assert_ok(f, store_memory_open(&f->store, &f->err));
        f->real = f->store;
        assert_ok(f, store_memory_reader(&f->reader, &f->store, &f->err));
    } else {
        assert_ok(f, store_sqlite_open(&f->store, f->dir, &f->err));
        assert_ok(f, store_sqlite_reader(&f->reader, f->dir, &f->err));
        f->real = f->store;
        if (f->kind == ON_FAULTY)
            store_faulty(&f->store, f->store, &f->plan);
    }
    assert_ok(f, f->store.lead(f->store.ctx, &f->epoch, &f->err));
}

static inline void close_store(struct fixture *f)
{
    f->reader.free(f->reader.ctx);
    f->store.free(f->store.ctx);
}

static inline struct fixture *fixture_new(enum store_kind kind)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->kind = kind;
    const char *tmp = getenv("TMPDIR");
    snprintf(f->dir, sizeof f->dir, "%s/ondol-store-XXXXXX", tmp && strlen(tmp) < 30 ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    arena_deinit(&f->arena);
    remove_tree(f->dir);
    free(f);
}

static inline int commit(struct fixture *f, const struct change *c, size_t n)
{
    return f->store.commit(f->store.ctx, f->epoch, c, n, NULL, 0, &f->err);
}

static inline int commit_one(struct fixture *f, struct change c)
{
    return commit(f, &c, 1);
}

// A task whose every field depends on its id. Strings live in the fixture's arena.
static inline struct change task_row(struct fixture *f, uint64_t id, uint64_t account)
{
    struct arena *a = &f->arena;
    struct change c = {.kind = CHANGE_TASK_NEW};
    struct row_task *t = &c.task;
    t->id = id;
    snprintf(t->uuid, sizeof t->uuid, "%08x-1111-4222-8333-%012llx", (unsigned)(id * 2654435761u),
             (unsigned long long)id);
    t->shortname = id % 2 ? arena_strdup(a, t->uuid) : arena_printf(a, "short-%llu", (unsigned long long)id);
    t->account = account;
    t->name = arena_printf(a, "name %llu", (unsigned long long)(id * 7919 % 1000));
    t->profile = "docker-batch";
    t->activity = 2;
    t->instances = 4;
    t->created_ms = 1000 + (int64_t)id;
    t->ranges = "0-3";
    t->retries_total = 5;
    t->retries_each = -1;
    t->queue_max_ms = 60000;
    t->hardware = "8 0 0 0 0 0 0 0||Ryzen";
    t->body = arena_printf(a, "{\"n\":%llu}", (unsigned long long)id);
    t->live = (struct row_task_live){.id = id,
                                     .state = (uint8_t)(id % 11),
                                     .previous_state = 1,
                                     .state_ms = 5,
                                     .previous_state_ms = -1,
                                     .modified_ms = 6,
                                     .end_ms = -1,
                                     .succeeded = "0-1",
                                     .failed = "",
                                     .cancelled = "3",
                                     .started_once = "0-3",
                                     .running = 1,
                                     .running_cores = 8,
                                     .exec_ms = (int64_t)(id * 31 % 17),
                                     .wall_ms = 9,
                                     .core_ms = 10,
                                     .energy_mj = INT64_MAX,
                                     .retries_used = 2,
                                     .lost_attempts = 3,
                                     .preempted_attempts = 4,
                                     .progress_permille = 500,
                                     .results_count = 7,
                                     .errors = "[]"};
    return c;
}

static inline struct change output_row(uint64_t task, uint32_t instance, uint64_t seq, const char *text)
{
    return (struct change){.kind = CHANGE_OUTPUT,
                           .output = {.task = task,
                                      .node = 1,
                                      .epoch = 1,
                                      .seq = seq,
                                      .instance = instance,
                                      .attempt = 1,
                                      .stream = 0,
                                      .at_ms = 1,
                                      .data = text,
                                      .n = strlen(text)}};
}

// ---- setup and teardown of tests that run on every store

static inline int open_fixture(void **state, enum store_kind kind)
{
    struct fixture *f = fixture_new(kind);
    open_store(f);
    *state = f;
    return 0;
}

static inline int on_sqlite(void **state)
{
    return open_fixture(state, ON_SQLITE);
}

static inline int on_memory(void **state)
{
    return open_fixture(state, ON_MEMORY);
}

static inline int on_faulty(void **state)
{
    return open_fixture(state, ON_FAULTY);
}

static inline int close_fixture(void **state)
{
    close_store(*state);
    fixture_free(*state);
    return 0;
}

// clang-format off
#define ON_EACH(test)                                                    \
    {#test " (sqlite)", test, on_sqlite, close_fixture, NULL},           \
    {#test " (memory)", test, on_memory, close_fixture, NULL},           \
    {#test " (faulty)", test, on_faulty, close_fixture, NULL}
// clang-format on

#endif
