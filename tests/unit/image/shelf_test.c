// SPDX-License-Identifier: Apache-2.0
// The shelf of images: an image is there whole or not at all, also when the process dies between any two
// calls of the system; blobs are kept once, and only as long as an image has them.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "image/file.h"
#include "image/depot_inside.h"
#include "image/shelf.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

struct fixture {
    char top[64], dir[80];
};

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    // Hundreds of syncs, which cost nothing on a RAM disk.
    strcpy(f->top, access("/dev/shm", W_OK) == 0 ? "/dev/shm/ondol-shelf.XXXXXX" : "/tmp/ondol-shelf.XXXXXX");
    assert_non_null(mkdtemp(f->top));
    snprintf(f->dir, sizeof f->dir, "%s/images", f->top);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    file_remove_tree(f->top);
    free(f);
    return 0;
}

static void write_blob(const char *layout, char name, const char *data, size_t n)
{
    char path[400];
    snprintf(path, sizeof path, "%s/blobs/sha256/" DIGITS "%c", layout, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

// An image whose manifest is `m` and whose configuration and layer are the same for all; digests are not
// checked here.
static void make_layout(const char *layout, char m)
{
    char path[300], text[1000];
    static const char zeros[1024];
    snprintf(path, sizeof path, "%s/blobs", layout);
    assert_int_equal(mkdir(layout, 0700) | mkdir(path, 0700), 0);
    strcat(path, "/sha256");
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/index.json", layout);
    FILE *f = fopen(path, "w");
    fprintf(f, "{\"manifests\":[{\"digest\":\"sha256:" DIGITS "%c\"}]}", m);
    assert_int_equal(fclose(f), 0);
    snprintf(text, sizeof text,
             "{\"config\":{\"digest\":\"sha256:" DIGITS "c\"},\"layers\":[{\"digest\":\"sha256:" DIGITS
             "a\"}]}");
    write_blob(layout, m, text, strlen(text));
    static const char config[] = "{\"os\":\"linux\",\"architecture\":\"amd64\"}";
    write_blob(layout, 'c', config, strlen(config));
    write_blob(layout, 'a', zeros, sizeof zeros);
}

static int put(struct shelf *s, const char *name, char m, uint64_t account, struct err *e)
{
    char layout[SHELF_PATH_BYTES];
    assert_int_equal(shelf_scratch(s, layout, e), 0);
    make_layout(layout, m);
    struct shelf_new n = {.layout = layout,
                          .name = name,
                          .source = "import",
                          .account = account,
                          .now_ms = 1,
                          .limits = {1000, 10}};
    return shelf_put(s, &n, e);
}

static size_t count(const char *dir, const char *sub)
{
    char path[300];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s", dir, sub);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d));)
        n += f->d_name[0] != '.';
    closedir(d);
    return n;
}

static void blobs_are_kept_once_and_as_long_as_needed(void **state)
{
    const struct fixture *f = *state;
    struct shelf *s;
    struct err e = ERR_NULL;
    assert_int_equal(shelf_open(&s, f->dir, &e), 0);
    assert_int_equal(put(s, "a/b:1", '1', 0, &e), 0);
    assert_int_equal(put(s, "a/b:2", '2', 0, &e), 0);
    assert_int_equal(count(f->dir, "blobs"), 4);
    assert_int_equal(put(s, "a/b:1", '3', 0, &e), 0); // in place of the first
    assert_int_equal(count(f->dir, "blobs"), 4);
    assert_int_equal(shelf_remove(s, "sha256:" DIGITS "3", &e), 0);
    assert_int_equal(shelf_remove(s, "a/b:1", &e), -ENOENT);
    assert_int_equal(count(f->dir, "blobs"), 3);
    shelf_free(s);
    assert_int_equal(shelf_open(&s, f->dir, &e), 0); // as it was
    json_t *all = shelf_list(s);
    assert_int_equal(json_array_size(all), 1);
    json_decref(all);
    assert_int_equal(shelf_remove(s, "a/b:2", &e), 0);
    assert_int_equal(count(f->dir, "blobs"), 0);
    shelf_free(s);
}

static void an_account_sees_its_own_before_everybodys(void **state)
{
    const struct fixture *f = *state;
    struct shelf *s;
    struct err e = ERR_NULL;
    assert_int_equal(shelf_open(&s, f->dir, &e), 0);
    assert_int_equal(put(s, "a/b:1", '1', 7, &e), 0);
    assert_null(shelf_find(s, 8, "a/b:1"));
    assert_int_equal(put(s, "a/b:1", '2', 0, &e), 0);
    for (uint64_t account = 7; account <= 8; account++) {
        json_t *found = shelf_find(s, account, "a/b:1");
        assert_string_equal(json_string_value(json_object_get(found, "digest")),
                            account == 7 ? "sha256:" DIGITS "1" : "sha256:" DIGITS "2");
        json_decref(found);
    }
    shelf_free(s);
}

static void what_is_cut_or_foreign_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct shelf *s;
    struct err e = ERR_NULL;
    char layout[SHELF_PATH_BYTES], path[SHELF_PATH_BYTES + 100];
    assert_int_equal(shelf_open(&s, f->dir, &e), 0);
    for (const char *lost = "1ca"; *lost; lost++) {
        assert_int_equal(shelf_scratch(s, layout, &e), 0);
        make_layout(layout, '1');
        snprintf(path, sizeof path, "%s/blobs/sha256/" DIGITS "%c", layout, *lost);
        assert_int_equal(unlink(path), 0);
        struct shelf_new n = {.layout = layout, .name = "a/b:1", .source = "import", .limits = {1000, 10}};
        assert_int_equal(shelf_put(s, &n, &e), -EBADMSG);
    }
    assert_int_equal(shelf_scratch(s, layout, &e), 0);
    make_layout(layout, '1');
    write_blob(layout, 'c', "{\"os\":\"windows\"}", 16);
    struct shelf_new n = {.layout = layout, .name = "a/b:1", .source = "import", .limits = {1000, 10}};
    assert_int_equal(shelf_put(s, &n, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "windows"));
    int fd;
    uint64_t bytes;
    static const char *const none[] = {"sha256:../index.json", "sha256:", "x", "sha256:" DIGITS "9"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_true(shelf_blob(s, none[i], &fd, &bytes, &e) < 0);
    shelf_free(s);
}

// A child that puts an image and is killed at its n-th call of the system.
static bool killed_at(const struct fixture *f, int n)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct shelf *s;
        struct err e = ERR_NULL;
        if (shelf_open(&s, f->dir, &e) < 0)
            _exit(9);
        char layout[SHELF_PATH_BYTES];
        shelf_scratch(s, layout, &e);
        make_layout(layout, '2');
        struct shelf_new new = {
            .layout = layout, .name = "a/b:1", .source = "import", .now_ms = 1, .limits = {1000, 10}};
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(shelf_put(s, &new, &e) == 0 ? 0 : 8);
    }
    int status;
    waitpid(pid, &status, 0);
    for (int i = 0; WIFSTOPPED(status); i++) {
        if (i == n) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return true;
        }
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        waitpid(pid, &status, 0);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

static void a_death_at_any_moment_leaves_the_old_or_the_new(void **state)
{
    const struct fixture *f = *state;
    int n = 0, old = 0;
    for (bool killed = true; killed; n++) {
        struct shelf *s;
        struct err e = ERR_NULL;
        assert_int_equal(shelf_open(&s, f->dir, &e), 0);
        assert_int_equal(put(s, "a/b:1", '1', 0, &e), 0);
        shelf_free(s);
        killed = killed_at(f, n);
        assert_int_equal(shelf_open(&s, f->dir, &e), 0);
        json_t *found = shelf_find(s, 0, "a/b:1");
        const char *digest = json_string_value(json_object_get(found, "digest"));
        assert_non_null(digest);
        old += digest[strlen(digest) - 1] == '1';
        for (const char *which = digest[strlen(digest) - 1] == '1' ? "1ca" : "2ca"; *which; which++) {
            char blob[SHELF_DIGEST_BYTES];
            int fd;
            uint64_t bytes;
            snprintf(blob, sizeof blob, "sha256:" DIGITS "%c", *which);
            assert_int_equal(shelf_blob(s, blob, &fd, &bytes, &e), 0);
            assert_true(bytes > 0);
            close(fd);
        }
        json_decref(found);
        assert_int_equal(count(f->dir, "blobs"), 3); // no orphan
        assert_int_equal(count(f->dir, "work"), 0);
        shelf_free(s);
    }
    assert_true(old > 10 && n > old); // both were seen
}

static void a_full_disk_is_said_and_nothing_changes(void **state)
{
    const struct fixture *f = *state;
    struct err e = ERR_NULL;
    struct rlimit none = {10, 10};
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &none);
        mkdir(f->dir, 0700);
        _exit(file_replace(f->dir, "index.json", "more than ten bytes", 19, &e) == 0);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    char path[200];
    snprintf(path, sizeof path, "%s/index.json", f->dir);
    assert_int_equal(access(path, F_OK), -1);
}

static void registries_are_those_that_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host, *is;
        bool insecure;
    } row[] = {
        {"a.example,http://b:5000", "", "a.example", false},
        {"a.example,http://b:5000", "B:5000", "b:5000", true},
        {"a.example", "b", NULL, false},
        {"", "", NULL, false},
        {"*", "any.example", "any.example", false},
        {"*", "", NULL, false},
        {"https://a.example, *", "c", "c", false},
        {"aa", "a", NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        char host[IMAGE_HOST_BYTES];
        bool insecure;
        assert_int_equal(registry_allowed(row[i].list, row[i].host, host, &insecure), row[i].is != NULL);
        if (row[i].is) {
            assert_string_equal(host, row[i].is);
            assert_int_equal(insecure, row[i].insecure);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blobs_are_kept_once_and_as_long_as_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_account_sees_its_own_before_everybodys, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_cut_or_foreign_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_death_at_any_moment_leaves_the_old_or_the_new, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_and_nothing_changes, setup, teardown),
        cmocka_unit_test(registries_are_those_that_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
