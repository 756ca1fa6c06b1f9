// SPDX-License-Identifier: Apache-2.0
// The folder in which a command begins: which is made, which must be there, and that no link left at /job
// leads whoever makes it out of there.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/box.h"

static bool makes(const char *path, const char *job_dir)
{
    static const struct sandbox_bind share = {"/srv", "/job/share"};
    return box_makes_workdir(
        &(struct sandbox_spec){.workdir = path, .job_dir = job_dir, .binds = &share, .binds_n = 1});
}

static void it_is_made_where_instances_write(void **state)
{
    (void)state;
    static const char *const made[] = {"/job",    "/job/",      "/job/new", "/job/a/b/c",
                                       "/tmp/wd", "/dev/shm/x", "/job/a..b"};
    static const char *const left[] = {"/jobs",     "/tmpx/y",      "/newdir", "/usr/x", "/job/../usr",
                                       "/job/a/..", "/job/share/x", "/dev/x",  "/proc/x"};
    for (size_t i = 0; i < ARRAY_LEN(made); i++)
        if (!makes(made[i], NULL))
            fail_msg("%s is not made", made[i]);
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        if (makes(left[i], NULL))
            fail_msg("%s is made", left[i]);
    assert_false(makes(NULL, NULL));
}

static void no_link_leads_out_of_the_job(void **state)
{
    (void)state;
    char dir[] = "/tmp/ondol-workdir.XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/real", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/real/link", dir);
    assert_int_equal(symlink("/oldroot/tmp", path), 0);
    assert_true(makes("/job/real", dir));
    assert_true(makes("/job/real/new/deep", dir));
    assert_true(makes("/job/none", dir));
    assert_false(makes("/job/real/link", dir));
    assert_false(makes("/job/real/link/new", dir));
    assert_true(makes("/tmp/real/link/new", dir)); // /tmp is new each time
    unlink(path);
    snprintf(path, sizeof path, "%s/real", dir);
    rmdir(path);
    rmdir(dir);
}

static void what_cannot_be_made_must_be_there(void **state)
{
    (void)state;
    char dir[] = "/tmp/ondol-workdir.XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/srv", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    static const struct {
        const char *path;
        int in_image, outside;
    } cases[] = {{"/srv", 0, 0},
                 {"/newdir", -ENOTDIR, -ENOTDIR},
                 {"/srv/new", -ENOTDIR, -ENOTDIR},
                 {"/", 0, 0},
                 {"/usr/lib", -ENOTDIR, 0},
                 {"/usr/no-such", -ENOTDIR, -ENOTDIR},
                 {"/job/new", 0, 0},
                 {"/tmp/new", 0, 0},
                 {"/proc/self", 0, 0},
                 {"/srv/../x", 0, 0},
                 {"/bin/sh", -ENOTDIR, -ENOTDIR}};
    struct box *b = mem_alloc(sizeof *b);
    snprintf(b->root.path, sizeof b->root.path, "%s", dir);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        struct sandbox_spec s = {.workdir = cases[i].path};
        int outside = box_check_workdir(b, &s, &e);
        s.rootfs = dir;
        int in_image = box_check_workdir(b, &s, &e);
        if (outside != cases[i].outside || in_image != cases[i].in_image)
            fail_msg("%s: %d, in an image %d", s.workdir, outside, in_image);
        if (in_image)
            assert_non_null(strstr(e.text, "is no folder of the image, where nothing can be made"));
    }
    free(b);
    rmdir(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_made_where_instances_write),
        cmocka_unit_test(no_link_leads_out_of_the_job),
        cmocka_unit_test(what_cannot_be_made_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
