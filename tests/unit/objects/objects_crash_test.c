// SPDX-License-Identifier: Apache-2.0
// The object store treated badly: killed at any moment, refused by the disk at any step. There is the old
// object or the new one, what was acknowledged is there, and nothing lies about.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "base/rng.h"
#include "objects_help.h"

#define KEYS  6
#define KILLS 25

// ---- killed

// What the victim says before each write and after it was acknowledged. version 0: deleted, or never there.
struct word {
    uint32_t key, acknowledged;
    uint64_t version, serial;
};

static void name_of(char out[16], unsigned key)
{
    snprintf(out, 16, "key/%u", key);
}

// Writes versions above `first` for ever: small, large, in parts, deletions.
static void victim(const char *dir, int out, uint64_t first)
{
    struct objects *o = help_open(&(struct objects_config){.dir = dir});
    uint64_t bucket = help_bucket(o, ALICE, "alpha");
    struct rng rng;
    rng_seed(&rng, first);
    for (uint64_t version = first;; version++) {
        int what = (int)rng_below(&rng, 4);
        struct word word = {(uint32_t)rng_below(&rng, KEYS), 0, what ? version : 0, version};
        char key[16];
        name_of(key, word.key);
        int code;
        if (write(out, &word, sizeof word) != sizeof word)
            _exit(1);
        if (what == 0) {
            code = help_delete(o, bucket, key);
        } else if (what == 1) {
            struct objects_op start = {
                .kind = OBJECTS_START_UPLOAD, .bucket = bucket, .key = help_key(key), .now_ms = 1};
            objects_do(o, &start);
            char etag[24], *v = help_bytes(version, 150000);
            snprintf(etag, sizeof etag, "%llu", (unsigned long long)version);
            for (int i = 2; i > 0; i--) {
                struct objects_writer *w = objects_writer_new(o);
                struct objects_content c;
                struct err e;
                objects_writer_put(w, v + (i - 1) * 75000, 75000, &e);
                objects_writer_finish(w, &c, &e);
                objects_writer_free(w);
                struct objects_op part = {.kind = OBJECTS_PUT_PART,
                                          .bucket = bucket,
                                          .upload = start.upload,
                                          .key = help_key(key),
                                          .part = i,
                                          .etag = "p",
                                          .content = &c};
                objects_do(o, &part);
                objects_content_deinit(o, &c);
            }
            free(v);
            struct objects_part parts[] = {{1, "p"}, {2, "p"}};
            struct objects_op op = {.kind = OBJECTS_COMPLETE,
                                    .bucket = bucket,
                                    .upload = start.upload,
                                    .key = help_key(key),
                                    .etag = etag,
                                    .parts = parts,
                                    .n_parts = 2};
            code = objects_do(o, &op);
        } else {
            code = help_put(o, bucket, key, version, what == 2 ? 3000 : 200000);
        }
        word.acknowledged = 1;
        if (code != OBJECTS_OK || write(out, &word, sizeof word) != sizeof word)
            _exit(1);
    }
}

static uint64_t count_rows(const char *dir, const char *sql)
{
    char command[700], text[64] = "";
    snprintf(command, sizeof command, "sqlite3 '%s/objects.db' \"%s\"", dir, sql);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    pclose(f);
    return strtoull(text, NULL, 10);
}

// Each key holds what was acknowledged last, or the write under way if that was its key; files and index
// agree. What is there now is what counts from now on.
static void judge(const char *dir, uint64_t last[KEYS], const struct word *under_way)
{
    struct objects *o = help_open(&(struct objects_config){.dir = dir, .upload_keep_ms = 1000});
    uint64_t bucket = help_bucket(o, ALICE, "alpha"), bytes = 0;
    struct err e = ERR_NULL;
    objects_tend(o);
    for (unsigned k = 0; k < KEYS; k++) {
        char key[16];
        uint64_t is = 0, n = 0;
        name_of(key, k);
        if (help_whole(o, bucket, key, &is, &n) == 1)
            is = n = 0;
        bytes += n;
        bool new = !under_way->acknowledged && under_way->key == k &&is == under_way->version;
        if (is != last[k] && !new)
            fail_msg("%s: version %llu, acknowledged was %llu", key, (unsigned long long)is,
                     (unsigned long long)last[k]);
        last[k] = is;
    }
    struct objects_usage u;
    assert_int_equal(objects_usage(o, ALICE, &u, &e), 0);
    assert_int_equal(u.bytes, bytes);
    objects_close(o);
    assert_int_equal(help_files_in(dir, "incoming"), 0);
    uint64_t rows =
        count_rows(dir, "SELECT (SELECT count(*) FROM object WHERE kind = 2) + (SELECT count(*) FROM segment"
                        " WHERE kind = 2) + (SELECT count(*) FROM part WHERE kind = 2)");
    assert_int_equal(help_files(dir), rows);
    assert_int_equal(count_rows(dir, "SELECT count(*) FROM upload"), 0);
}

static void killed_at_any_moment_leaves_old_or_new(void **state)
{
    (void)state;
    char dir[256];
    uint64_t last[KEYS] = {0};
    struct rng rng;
    uint64_t seed = (uint64_t)time(NULL), serial = 0;
    help_folder(dir);
    rng_seed(&rng, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < KILLS; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            victim(dir, ends[1], serial + 1);
        }
        close(ends[1]);
        struct word word, under_way = {.acknowledged = 1};
        assert_int_equal(read(ends[0], &under_way, sizeof under_way), sizeof under_way); // it has begun
        serial = under_way.serial;
        struct timespec t = {0, (long)(1 + rng_below(&rng, 120)) * 1000000};
        nanosleep(&t, NULL);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status)); // it did not fail by itself
        while (read(ends[0], &word, sizeof word) == sizeof word) {
            serial = word.serial;
            under_way = word;
            if (word.acknowledged)
                last[word.key] = word.version;
        }
        close(ends[0]);
        judge(dir, last, &under_way);
    }
    assert_true(serial >= KILLS);
    help_folder_end(dir);
}

// ---- refused by the disk

struct disk {
    int countdown; // this many steps succeed, then one fails
    int code;
    bool failed;
};

static int step(void *ctx, const char *name)
{
    struct disk *d = ctx;
    (void)name;
    if (d->countdown < 0 || d->countdown-- > 0)
        return 0;
    d->failed = true;
    return d->code;
}

static void a_step_that_fails_changes_nothing(void **state)
{
    (void)state;
    char dir[256];
    help_folder(dir);
    struct disk disk = {.countdown = -1};
    struct objects *o = help_open(&(struct objects_config){.dir = dir, .fault = step, .fault_ctx = &disk});
    uint64_t bucket = help_bucket(o, ALICE, "alpha"), seed, n;
    assert_int_equal(help_put(o, bucket, "k", 1, 100000), OBJECTS_OK);
    static const size_t sizes[] = {100, 200000};
    int failures = 0;
    for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
        for (int k = 0;; k++) {
            disk = (struct disk){.countdown = k, .code = k % 2 ? -EIO : -ENOSPC};
            int code = help_put(o, bucket, "k", 100 + (uint64_t)k, sizes[s]);
            disk.countdown = -1;
            if (!disk.failed) {
                assert_int_equal(code, OBJECTS_OK);
                break;
            }
            failures++;
            assert_int_equal(code, k % 2 ? -EIO : -ENOSPC);
            assert_int_equal(help_whole(o, bucket, "k", &seed, &n), 0);
            assert_int_equal(seed, s == 0 ? 1 : 102);
            assert_int_equal(help_files(dir), s == 0 ? 1 : 0);
            assert_int_equal(help_files_in(dir, "incoming"), 0);
        }
        assert_int_equal(help_whole(o, bucket, "k", &seed, &n), 0);
        assert_int_equal(n, sizes[s]);
        objects_close(o); // lets the janitor finish
        disk.countdown = -1;
        o = help_open(&(struct objects_config){.dir = dir, .fault = step, .fault_ctx = &disk});
        assert_int_equal(help_files(dir), s);
    }
    assert_true(failures > 8); // every step was there
    struct objects_usage u;
    struct err e = ERR_NULL;
    assert_int_equal(objects_usage(o, ALICE, &u, &e), 0);
    assert_int_equal(u.bytes, 200000);
    objects_close(o);
    help_folder_end(dir);
}

// A deletion writes before it frees: on a full disk it gets what was put aside, which is put aside again
// after.
static void a_full_disk_can_be_emptied(void **state)
{
    (void)state;
    char dir[256], reserve[300];
    help_folder(dir);
    snprintf(reserve, sizeof reserve, "%s/objects.reserve", dir);
    struct disk disk = {.countdown = -1};
    struct objects *o = help_open(&(struct objects_config){.dir = dir, .fault = step, .fault_ctx = &disk});
    uint64_t bucket = help_bucket(o, ALICE, "alpha"), seed, n;
    assert_int_equal(help_put(o, bucket, "k", 1, 100000), OBJECTS_OK);
    assert_int_equal(access(reserve, F_OK), 0);
    disk = (struct disk){.countdown = 1, .code = -ENOSPC}; // applied, then not committed
    assert_int_equal(help_delete(o, bucket, "k"), OBJECTS_OK);
    assert_true(disk.failed);
    disk.countdown = -1;
    assert_int_equal(help_whole(o, bucket, "k", &seed, &n), 1);
    struct timespec t = {0, 10000000};
    for (int i = 0; i < 3000 && access(reserve, F_OK) != 0; i++)
        nanosleep(&t, NULL);
    assert_int_equal(access(reserve, F_OK), 0);
    assert_int_equal(help_put(o, bucket, "k", 2, 100000), OBJECTS_OK);
    objects_close(o);
    help_folder_end(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_moment_leaves_old_or_new),
        cmocka_unit_test(a_step_that_fails_changes_nothing),
        cmocka_unit_test(a_full_disk_can_be_emptied),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
