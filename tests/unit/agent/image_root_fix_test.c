// SPDX-License-Identifier: Apache-2.0
// What an unpacked image becomes before a sandbox is put on it: its OpenSSH knows the instances of a cluster,
// with what the image itself says behind that; and nothing outside of the image is touched by way of a link.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../objects/objects_help.h"
#include "agent/image_root_fix.h"
#include "sandbox/cluster_ssh.h"

static char dir[256], path[512];

static const char *at(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int setup(void **state)
{
    (void)state;
    help_folder(dir);
    return mkdir(at("etc"), 0755) || mkdir(at("etc/ssh"), 0755);
}

static int teardown(void **state)
{
    (void)state;
    help_folder_end(dir);
    return 0;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(at(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void has(const char *name, const char *want)
{
    char got[4096] = "";
    FILE *f = fopen(at(name), "r");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(got, want);
}

static void fix(void)
{
    struct err e = ERR_NULL;
    if (image_root_fix(dir, &e) < 0)
        fail_msg("%s", e.text);
}

static void an_image_keeps_its_ssh_config_behind_that_of_the_cluster(void **state)
{
    (void)state;
    put("etc/ssh/ssh_config", "Host *\n    Port 2200\n");
    chmod(at("etc/ssh/ssh_config"), 0400);
    fix();
    has("etc/ssh/ssh_config", CLUSTER_SSH_CONFIG "Host *\n    Port 2200\n");
}

static void an_image_without_one_gets_one(void **state)
{
    (void)state;
    fix();
    has("etc/ssh/ssh_config", CLUSTER_SSH_CONFIG);
}

static void a_link_leads_nowhere(void **state)
{
    (void)state;
    put("elsewhere", "not a configuration\n");
    assert_int_equal(symlink("../../elsewhere", at("etc/ssh/ssh_config")), 0);
    fix();
    has("elsewhere", "not a configuration\n");
    unlink(at("etc/ssh/ssh_config"));
    assert_int_equal(rmdir(at("etc/ssh")), 0);
    assert_int_equal(mkdir(at("other"), 0755), 0);
    assert_int_equal(symlink("../other", at("etc/ssh")), 0);
    fix();
    assert_int_equal(access(at("other/ssh_config"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_keeps_its_ssh_config_behind_that_of_the_cluster, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_image_without_one_gets_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_leads_nowhere, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
