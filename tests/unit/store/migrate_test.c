// SPDX-License-Identifier: Apache-2.0
// A database of an older program: it is brought forward with everything in it, and a program that dies on the
// way leaves it as it was or as it is to be.
#include "store_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "schema_v1.h"
#include "store/schema.h"

#define TABLES_MAX 64
#define ROWS       7

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

static sqlite3 *open_db(struct fixture *f)
{
    sqlite3 *c;
    assert_int_equal(sqlite3_open(arena_printf(&f->arena, "%s/ondol.db", f->dir), &c), SQLITE_OK);
    return c;
}

static void sql(sqlite3 *c, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(c, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", text, why);
}

static int64_t int_of(sqlite3 *c, const char *text)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(c, text, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

// Names that a statement gives, one a row. Strings live in the arena.
static size_t names_of(struct fixture *f, sqlite3 *c, const char *text, const char *out[TABLES_MAX])
{
    sqlite3_stmt *st;
    size_t n = 0;
    assert_int_equal(sqlite3_prepare_v2(c, text, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW && n < TABLES_MAX)
        out[n++] = arena_strdup(&f->arena, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return n;
}

// A row whose values differ by row and column; keys are whole numbers or differ by row.
static void put_row(struct fixture *f, sqlite3 *c, const char *table, int i)
{
    struct buf text = BUF_INIT(65536);
    sqlite3_stmt *st;
    buf_putf(&text, "INSERT INTO %s VALUES (", table);
    assert_int_equal(
        sqlite3_prepare_v2(c, arena_printf(&f->arena, "SELECT type FROM pragma_table_info('%s')", table), -1,
                           &st, NULL),
        SQLITE_OK);
    for (int col = 0; sqlite3_step(st) == SQLITE_ROW; col++) {
        const char *type = (const char *)sqlite3_column_text(st, 0);
        buf_puts(&text, col ? ", " : "");
        if (!strcmp(type, "TEXT"))
            buf_putf(&text, "'%s %d %d'", table, i, col);
        else if (!strcmp(type, "BLOB"))
            buf_putf(&text, "x'00ff%02x'", i);
        else
            buf_putf(&text, "%d", i * 1000 + col);
    }
    sqlite3_finalize(st);
    buf_puts(&text, ")");
    sql(c, buf_str(&text));
    buf_deinit(&text);
}

// A database as version 1 left it, with rows in every table.
static void make_v1(struct fixture *f)
{
    const char *table[TABLES_MAX];
    sqlite3 *c = open_db(f);
    sql(c, "PRAGMA journal_mode = WAL");
    sql(c, "CREATE TABLE store_state (name TEXT PRIMARY KEY, value INT NOT NULL) STRICT;"
           "INSERT INTO store_state (name, value) VALUES ('schema', 1), ('epoch', 41)");
    sql(c, schema_v1);
    size_t n = names_of(f, c, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'store_state'",
                        table);
    assert_true(n >= 19);
    sql(c, "BEGIN");
    for (size_t t = 0; t < n; t++)
        for (int i = 1; i <= ROWS; i++)
            put_row(f, c, table[t], i);
    sql(c, "COMMIT");
    sqlite3_close(c);
}

// Everything of the columns that version 1 had, as text.
static void dump(struct fixture *f, sqlite3 *old, sqlite3 *c, struct buf *out)
{
    const char *table[TABLES_MAX], *col[TABLES_MAX];
    size_t n = names_of(
        f, old, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'store_state' ORDER BY 1",
        table);
    for (size_t t = 0; t < n; t++) {
        size_t cols = names_of(
            f, old, arena_printf(&f->arena, "SELECT name FROM pragma_table_info('%s')", table[t]), col);
        struct buf text = BUF_INIT(65536);
        buf_puts(&text, "SELECT ");
        for (size_t i = 0; i < cols; i++)
            buf_putf(&text, "%squote(%s)", i ? " || ',' || " : "", col[i]);
        buf_putf(&text, " FROM %s ORDER BY rowid", table[t]);
        sqlite3_stmt *st;
        assert_int_equal(sqlite3_prepare_v2(c, buf_str(&text), -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW)
            buf_putf(out, "%s: %s\n", table[t], sqlite3_column_text(st, 0));
        sqlite3_finalize(st);
        buf_deinit(&text);
    }
}

// The tables of version 1 alone, to ask for their columns.
static sqlite3 *v1_tables(void)
{
    sqlite3 *c;
    assert_int_equal(sqlite3_open(":memory:", &c), SQLITE_OK);
    sql(c, schema_v1);
    return c;
}

static char *content(struct fixture *f)
{
    struct buf b = BUF_INIT(4 << 20);
    sqlite3 *old = v1_tables(), *c = open_db(f);
    dump(f, old, c, &b);
    assert_false(b.failed);
    char *text = arena_strdup(&f->arena, buf_str(&b));
    buf_deinit(&b);
    sqlite3_close(old);
    sqlite3_close(c);
    return text;
}

static void version_1_comes_forward_with_every_row_of_every_table(void **state)
{
    struct fixture *f = *state;
    make_v1(f);
    char *before = content(f);
    assert_non_null(strstr(before, "ledger_total: 1000,1001"));
    open_store(f);
    assert_int_equal(f->epoch, 42);
    close_store(f);
    assert_string_equal(content(f), before);
    sqlite3 *c = open_db(f);
    assert_int_equal(int_of(c, "SELECT value FROM store_state WHERE name = 'schema'"), schema_version());
    assert_int_equal(int_of(c, "SELECT count(*) FROM board WHERE start_failures = 0 AND rests_until_ms = 0"),
                     ROWS);
    assert_int_equal(int_of(c, "SELECT count(*) FROM task WHERE job = 0 AND keep_ms = 0 AND ready_ms = 0 AND "
                               "depends IS NULL"),
                     ROWS);
    assert_int_equal(int_of(c, "SELECT count(*) FROM job"), 0);
    sqlite3_close(c);
}

static void a_migrated_database_is_made_as_a_new_one(void **state)
{
    struct fixture *f = *state, *fresh = fixture_new(ON_SQLITE);
    static const char shape[] =
        "SELECT m.type || ' ' || m.name || ' ' || coalesce(group_concat(i.name || i.type), '') FROM "
        "sqlite_master m LEFT JOIN pragma_table_info(m.name) i GROUP BY m.name ORDER BY 1";
    const char *a[TABLES_MAX], *b[TABLES_MAX];
    make_v1(f);
    open_store(f);
    close_store(f);
    open_store(fresh);
    close_store(fresh);
    sqlite3 *c = open_db(f), *d = open_db(fresh);
    size_t n = names_of(f, c, shape, a);
    assert_int_equal(names_of(fresh, d, shape, b), n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(a[i], b[i]);
    sqlite3_close(c);
    sqlite3_close(d);
    fixture_free(fresh);
}

static void the_token_of_an_older_account_becomes_its_first(void **state)
{
    struct fixture *f = *state;
    make_v1(f);
    open_store(f);
    close_store(f);
    sqlite3 *c = open_db(f);
    assert_int_equal(
        int_of(c, "SELECT count(*) FROM token JOIN account ON token.account = account.id AND digest = "
                  "token_hash AND token.name = 'first' AND expires_ms = 0 AND revoked_ms = 0"),
        ROWS);
    assert_int_equal(int_of(c, "SELECT count(*) FROM account WHERE organisation = 0 AND scheduling = 2"),
                     ROWS);
    sqlite3_close(c);
}

// ---- death on the way: SQLite's writes and syncs find these first, and the k-th one never returns

static long calls_left = -1;

static void one_call(void)
{
    if (calls_left > 0 && --calls_left == 0)
        kill(getpid(), SIGKILL);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at);
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
    one_call();
    return syscall(SYS_pwrite64, fd, data, n, at);
}

int fsync(int fd)
{
    one_call();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    one_call();
    return (int)syscall(SYS_fdatasync, fd);
}

// A store opened by a process that dies at its k-th write. True: it lived to the end.
static bool open_and_die(struct fixture *f, long k)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct err e = ERR_NULL;
        calls_left = k;
        _exit(store_sqlite_open(&f->store, f->dir, &e) == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
    return WIFEXITED(status);
}

static void a_migration_that_is_killed_leaves_the_old_version_or_the_new_one(void **state)
{
    (void)state;
    long old = 0, now = 0, k = 1;
    for (bool lived = false; !lived && k < 2000; k += 1 + k / 16) { // many steps: the later ones are sampled
        struct fixture *f = fixture_new(ON_SQLITE);
        make_v1(f);
        char *before = content(f);
        lived = open_and_die(f, k);
        sqlite3 *c = open_db(f);
        int64_t version = int_of(c, "SELECT value FROM store_state WHERE name = 'schema'");
        int64_t columns = int_of(c, "SELECT count(*) FROM pragma_table_info('board') WHERE name IN "
                                    "('start_failures', 'rests_until_ms')");
        int64_t index = int_of(
            c, "SELECT count(*) FROM sqlite_master WHERE name = 'task_shortname' AND sql LIKE '%NOCASE%'");
        int64_t jobs = int_of(c, "SELECT count(*) FROM sqlite_master WHERE name = 'job'") +
                       int_of(c, "SELECT count(*) FROM pragma_table_info('task') WHERE name IN "
                                 "('job', 'keep_ms', 'ready_ms', 'depends')");
        sqlite3_close(c);
        assert_int_equal(jobs, version < 4 ? 0 : 5);
        if (version == 1)
            assert_true(columns == 0 && index == 0);
        else
            assert_true(version >= 2 && columns == 2 && index == 1);
        old += version == 1;
        now += version != 1;
        assert_string_equal(content(f), before);
        open_store(f); // and the next start brings it forward
        close_store(f);
        assert_string_equal(content(f), before);
        fixture_free(f);
    }
    assert_true(old > 0 && now > 0); // else no death fell into the migration
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_1_comes_forward_with_every_row_of_every_table, make, away),
        cmocka_unit_test_setup_teardown(a_migrated_database_is_made_as_a_new_one, make, away),
        cmocka_unit_test_setup_teardown(the_token_of_an_older_account_becomes_its_first, make, away),
        cmocka_unit_test(a_migration_that_is_killed_leaves_the_old_version_or_the_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
