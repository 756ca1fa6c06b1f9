// SPDX-License-Identifier: Apache-2.0
// The disk: what was acknowledged survives kill -9 and a torn log, a full disk costs nothing that was there,
// a second server and a newer schema are refused, and readers in other threads see whole batches only.
#include "store_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/rng.h"
#include "store/schema.h"

static int make(void **state)
{
    *state = fixture_new(ON_SQLITE);
    return 0;
}

static int away(void **state)
{
    fixture_free(*state);
    return 0;
}

static char *path_of(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena, "%s/%s", f->dir, name);
}

static int64_t count_all(struct fixture *f)
{
    int64_t n = -1;
    assert_ok(f, f->reader.task_count(f->reader.ctx, 0, &n, &f->err));
    return n;
}

// ---- the directory

static void a_second_server_on_the_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store second;
    open_store(f);
    assert_int_equal(store_sqlite_open(&second, f->dir, &f->err), -EBUSY);
    assert_non_null(strstr(f->err.text, "another server holds it"));
    assert_ok(f, commit_one(f, task_row(f, 1, 7)));
    close_store(f);
    open_store(f);
    assert_int_equal(count_all(f), 1);
    close_store(f);
}

static void files_are_for_the_owner_only(void **state)
{
    static const char *const names[] = {"ondol.db", "ondol.db-wal", "ondol.db-shm", "ondol.lock",
                                        "ondol.reserve"};
    struct fixture *f = *state;
    struct stat st;
    open_store(f);
    assert_ok(f, commit_one(f, task_row(f, 1, 7)));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(stat(path_of(f, names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    close_store(f);
}

static void raw_sql(struct fixture *f, const char *sql)
{
    sqlite3 *c;
    assert_int_equal(sqlite3_open(path_of(f, "ondol.db"), &c), SQLITE_OK);
    assert_int_equal(sqlite3_exec(c, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(c);
}

static void a_database_of_a_newer_program_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_reader r;
    open_store(f);
    close_store(f);
    raw_sql(f, "UPDATE store_state SET value = 99 WHERE name = 'schema'");
    assert_int_equal(store_sqlite_open(&f->store, f->dir, &f->err), -ESTALE);
    assert_non_null(strstr(f->err.text, "version 99"));
    assert_int_equal(store_sqlite_reader(&r, f->dir, &f->err), -ESTALE);
    raw_sql(f, arena_printf(&f->arena, "UPDATE store_state SET value = %d WHERE name = 'schema'",
                            schema_version()));
    open_store(f); // and the lock of the failed attempt is not left behind
    close_store(f);
}

static void a_database_of_another_program_and_garbage_are_refused(void **state)
{
    struct fixture *f = *state;
    struct store_reader r;
    assert_int_equal(store_sqlite_reader(&r, f->dir, &f->err), -ENOENT);
    raw_sql(f, "CREATE TABLE t (a)");
    assert_int_equal(store_sqlite_open(&f->store, f->dir, &f->err), -EILSEQ);
    FILE *file = fopen(path_of(f, "ondol.db"), "w");
    for (int i = 0; i < 5000; i++)
        fputs("this is no database ", file);
    fclose(file);
    assert_int_equal(store_sqlite_open(&f->store, f->dir, &f->err), -EILSEQ);
    assert_int_equal(store_sqlite_open(&f->store, "/proc/self/no/such", &f->err), -ENOENT);
}

// ---- syncs

// kill -9 cannot tell whether the log was synced, only the loss of power can. SQLite finds these two in the
// test program first, so they can be counted.
static atomic_int syncs;

int fsync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fdatasync, fd);
}

static void every_commit_syncs_the_log_once_before_it_returns(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    assert_ok(f, commit_one(f, task_row(f, 1, 7))); // the first after opening begins the log
    for (uint64_t id = 2; id < 20; id++) {
        int before = atomic_load(&syncs);
        assert_ok(f, commit(f, (struct change[]){task_row(f, id, 7), task_row(f, id + 100, 7)}, 2));
        assert_int_equal(atomic_load(&syncs) - before, 1);
    }
    close_store(f);
}

// ---- kill -9

// Commits batches of two tasks, 2i+1 and 2i+2, and writes i after each acknowledgement.
static void commit_for_ever(struct fixture *f, int ack, uint64_t i)
{
    open_store(f);
    for (;; i++) {
        struct change c[] = {task_row(f, 2 * i + 1, 7), task_row(f, 2 * i + 2, 7)};
        if (commit(f, c, 2) < 0 || write(ack, &i, sizeof i) != sizeof i)
            _exit(3);
        arena_clear(&f->arena);
    }
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
    struct fixture *f = *state;
    struct rng rng;
    rng_seed(&rng, 9);
    uint64_t next = 0;
    for (int round = 0; round < 20; round++) {
        int ack[2];
        assert_int_equal(pipe(ack), 0);
        pid_t child = fork();
        if (child == 0)
            commit_for_ever(f, ack[1], next);
        close(ack[1]);
        uint64_t acked = 0, wanted = 1 + rng_below(&rng, 60);
        for (uint64_t i = 0; i < wanted; i++)
            assert_int_equal(read(ack[0], &acked, sizeof acked), sizeof acked);
        nanosleep(&(struct timespec){0, (long)rng_below(&rng, 1000000)}, NULL);
        kill(child, SIGKILL);
        while (read(ack[0], &acked, sizeof acked) == sizeof acked)
            ; // what was still in the pipe was acknowledged too
        waitpid(child, NULL, 0);
        close(ack[0]);
        open_store(f);
        int64_t n = count_all(f);
        assert_true(n == 2 * ((int64_t)acked + 1) ||
                    n == 2 * ((int64_t)acked + 2)); // one batch may be on disk, not told
        struct row_task row;
        for (int64_t id = 1; id <= n; id++)
            assert_int_equal(f->reader.task_by_id(f->reader.ctx, (uint64_t)id, &f->arena, &row, &f->err), 0);
        next = (uint64_t)n / 2;
        close_store(f);
        arena_clear(&f->arena);
    }
}

static void copy_file(const char *from, const char *to, int64_t most)
{
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    for (int c; most != 0 && (c = fgetc(in)) != EOF; most--)
        fputc(c, out);
    fclose(in);
    fclose(out);
}

static void a_torn_log_opens_and_holds_the_first_commits(void **state)
{
    struct fixture *f = *state;
    struct rng rng;
    rng_seed(&rng, 10);
    open_store(f);
    for (uint64_t id = 1; id <= 60; id += 2)
        assert_ok(f, commit(f, (struct change[]){task_row(f, id, 7), task_row(f, id + 1, 7)}, 2));
    struct stat st;
    assert_int_equal(stat(path_of(f, "ondol.db-wal"), &st), 0);
    struct fixture *torn = fixture_new(ON_SQLITE);
    int64_t last = 0;
    for (int round = 0; round < 25; round++) {
        int64_t at = round == 24 ? st.st_size : (int64_t)rng_below(&rng, (uint64_t)st.st_size);
        remove_tree(torn->dir);
        assert_int_equal(mkdir(torn->dir, 0700), 0);
        copy_file(path_of(f, "ondol.db"), path_of(torn, "ondol.db"), -1);
        copy_file(path_of(f, "ondol.db-wal"), path_of(torn, "ondol.db-wal"), at);
        open_store(torn);
        int64_t n = count_all(torn);
        assert_true(n % 2 == 0 && n >= 0 && n <= 60); // whole batches
        struct row_task row;
        for (int64_t id = 1; id <= 61; id++)
            assert_int_equal(
                torn->reader.task_by_id(torn->reader.ctx, (uint64_t)id, &torn->arena, &row, &torn->err),
                id > n);
        assert_ok(torn, commit_one(torn, task_row(torn, 100, 7)));
        close_store(torn);
        last = n;
    }
    assert_int_equal(last, 60);
    fixture_free(torn);
    close_store(f);
}

// ---- the full disk

enum { RAN_WELL = 0, CANNOT_MOUNT = 77 };

static bool private_tmpfs(const char *dir)
{
    int flags = CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
    return unshare(flags) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, "size=6m,mode=0700") == 0;
}

static void fill_disk(struct fixture *f, size_t leave)
{
    char *junk = mem_alloc(4096);
    int fd = open(path_of(f, "junk"), O_WRONLY | O_CREAT, 0600);
    off_t n = 0;
    for (ssize_t w; (w = write(fd, junk, 4096)) > 0;)
        n += w;
    assert_int_equal(ftruncate(fd, n - (off_t)leave), 0);
    close(fd);
    free(junk);
}

// Adds tasks with a body of 20 kB until that fails; gives the code.
static int commit_until_full(struct fixture *f, uint64_t *id)
{
    char *body = mem_alloc(20001);
    memset(body, 'b', 20000);
    int r = 0;
    while (r == 0 && *id < 3000) {
        struct change c = task_row(f, *id + 1, 7);
        c.task.body = body;
        r = commit(f, (struct change[]){c, output_row(*id + 1, 0, *id + 1, "x\n")}, 2);
        *id += r == 0;
        arena_clear(&f->arena);
    }
    free(body);
    return r;
}

static void fill_and_recover(struct fixture *f)
{
    uint64_t id = 0;
    open_store(f);
    assert_int_equal(access(path_of(f, "ondol.reserve"), F_OK), 0);
    fill_disk(f, 200 * 1024);
    assert_int_equal(commit_until_full(f, &id), -ENOSPC);
    assert_non_null(strstr(f->err.text, "disk is full"));
    assert_int_equal(count_all(f), id); // all that was acknowledged and nothing else
    assert_int_equal(access(path_of(f, "ondol.reserve"), F_OK), -1);
    uint64_t first = id;
    assert_int_equal(commit_until_full(f, &id), -ENOSPC); // the reserve is used up too
    assert_true(id > first);
    assert_int_equal(count_all(f), id);
    close_store(f);
    unlink(path_of(f, "junk"));
    open_store(f);
    assert_int_equal(count_all(f), id);
    fill_disk(f, 100 * 1024);
    int r = commit_until_full(f, &id);
    assert_int_equal(r, -ENOSPC);
    unlink(path_of(f, "junk"));
    assert_ok(f, commit_one(f, task_row(f, 5000, 7))); // the same connection works again when there is space
    assert_int_equal(count_all(f), id + 1);
    close_store(f);
}

static void on_small_disk(struct fixture *f, void (*play)(struct fixture *f))
{
    pid_t child = fork();
    if (child == 0) {
        if (!private_tmpfs(f->dir))
            _exit(CANNOT_MOUNT);
        play(f);
        _exit(RAN_WELL);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MOUNT) {
        print_message("skipped: no private tmpfs can be mounted here\n");
        skip();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), RAN_WELL);
}

static void a_full_disk_refuses_batches_whole_and_recovers(void **state)
{
    on_small_disk(*state, fill_and_recover);
}

static void restart_on_full(struct fixture *f)
{
    uint64_t id = 0;
    open_store(f);
    commit_one(f, task_row(f, 1, 7));
    close_store(f);
    fill_disk(f, 0);
    open_store(f); // the reserve makes room for the log's index
    assert_int_equal(count_all(f), 1);
    struct change gone = {.kind = CHANGE_TASK_GONE, .gone = 1};
    assert_ok(f, commit_one(f, gone)); // and for deletions
    id = 10;
    assert_int_equal(commit_until_full(f, &id), -ENOSPC);
    close_store(f);
}

static void a_server_starts_on_a_full_disk_with_the_help_of_the_reserve(void **state)
{
    on_small_disk(*state, restart_on_full);
}

// ---- the log

static void the_log_is_folded_and_does_not_grow_for_ever(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char *body = mem_alloc(100001);
    memset(body, 'b', 100000);
    open_store(f);
    for (uint64_t id = 1; id <= 400; id++) { // 40 MB
        struct change c = task_row(f, id, 7);
        c.task.body = body;
        assert_ok(f, commit_one(f, c));
    }
    assert_int_equal(stat(path_of(f, "ondol.db-wal"), &st), 0);
    assert_true(st.st_size < 8 * 1024 * 1024);
    close_store(f);
    free(body);
}

// ---- threads

struct witness {
    struct fixture *f;
    atomic_bool stop;
    int64_t looks, broken;
};

static int sum_batch(void *ctx, const struct row_ledger_zone *row)
{
    int64_t *sum = ctx;
    *sum += row->asked_mj;
    return 0;
}

// Every batch moves an amount between two cells, so that their sum is 1000 in every committed state.
static void *look(void *ctx)
{
    struct witness *w = ctx;
    struct store_reader r;
    struct err e = ERR_NULL;
    int code = w->f->kind == ON_MEMORY ? store_memory_reader(&r, &w->f->store, &e)
                                       : store_sqlite_reader(&r, w->f->dir, &e);
    if (code < 0) {
        w->broken = 1000;
        return NULL;
    }
    while (!atomic_load(&w->stop)) {
        int64_t sum = 0;
        code = r.ledger_zone(r.ctx, 0, 1, sum_batch, &sum, &e);
        w->broken += code < 0 || sum != 1000;
        w->looks++;
    }
    r.free(r.ctx);
    return NULL;
}

static void move_amounts(struct fixture *f, int times)
{
    struct change c[2] = {{.kind = CHANGE_LEDGER_ZONE, .heat = {0, 1, 1000, 0, 0, 0}},
                          {.kind = CHANGE_LEDGER_ZONE, .heat = {0, 2, 0, 0, 0, 0}}};
    assert_ok(f, commit(f, c, 2));
    struct witness w = {.f = f};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look, &w), 0);
    for (int i = 1; i <= times; i++) {
        c[0].heat.asked_mj = 1000 - i;
        c[1].heat.asked_mj = i;
        assert_ok(f, commit(f, c, 2));
        if (i % 64 == 0)
            sched_yield();
    }
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(w.broken, 0);
}

static void a_reader_in_another_thread_sees_whole_batches_on_disk(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    move_amounts(f, 800);
    close_store(f);
}

static void a_reader_in_another_thread_sees_whole_batches_in_memory(void **state)
{
    struct fixture *f = *state;
    f->kind = ON_MEMORY;
    open_store(f);
    move_amounts(f, 800);
    close_store(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_server_on_the_directory_is_refused, make, away),
        cmocka_unit_test_setup_teardown(files_are_for_the_owner_only, make, away),
        cmocka_unit_test_setup_teardown(a_database_of_a_newer_program_is_refused, make, away),
        cmocka_unit_test_setup_teardown(a_database_of_another_program_and_garbage_are_refused, make, away),
        cmocka_unit_test_setup_teardown(every_commit_syncs_the_log_once_before_it_returns, make, away),
        cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_kill_9, make, away),
        cmocka_unit_test_setup_teardown(a_torn_log_opens_and_holds_the_first_commits, make, away),
        cmocka_unit_test_setup_teardown(a_full_disk_refuses_batches_whole_and_recovers, make, away),
        cmocka_unit_test_setup_teardown(a_server_starts_on_a_full_disk_with_the_help_of_the_reserve, make,
                                        away),
        cmocka_unit_test_setup_teardown(the_log_is_folded_and_does_not_grow_for_ever, make, away),
        cmocka_unit_test_setup_teardown(a_reader_in_another_thread_sees_whole_batches_on_disk, make, away),
        cmocka_unit_test_setup_teardown(a_reader_in_another_thread_sees_whole_batches_in_memory, make, away),
    };
    return cmocka_run_group_tests_name("durable", tests, NULL, NULL);
}
