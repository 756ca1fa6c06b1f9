// SPDX-License-Identifier: Apache-2.0
// Sealed values: they come back, tell nothing, and open nowhere else.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/vault.h"

static char dir[64];
static struct vault vault;

static int open_vault(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    strcpy(dir, "/tmp/ondol-vault-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(vault_open(&vault, dir, &e), 0);
    return 0;
}

static int close_vault(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/vault.key", dir);
    unlink(path);
    rmdir(dir);
    vault_close(&vault);
    return 0;
}

static void a_value_comes_back_and_is_not_in_what_is_kept(void **state)
{
    (void)state;
    static const char *const values[] = {"", "x", "correct horse battery staple",
                                         "d\xc3\xa9j\xc3\xa0 vu\n\"quoted\""};
    for (size_t i = 0; i < 4; i++) {
        struct err e = ERR_NULL;
        struct buf sealed = BUF_INIT(1000), again = BUF_INIT(1000), clear = BUF_INIT(1000);
        assert_int_equal(vault_seal(&vault, "a/b", values[i], &sealed, &e), 0);
        assert_int_equal(vault_seal(&vault, "a/b", values[i], &again, &e), 0);
        assert_string_not_equal(buf_str(&sealed), buf_str(&again)); // equal values cannot be told
        assert_int_equal(vault_unseal(&vault, "a/b", buf_str(&sealed), &clear, &e), 0);
        assert_string_equal(buf_str(&clear), values[i]);
        if (strlen(values[i]) > 1)
            assert_null(strstr(buf_str(&sealed), values[i]));
        buf_deinit(&sealed);
        buf_deinit(&again);
        buf_deinit(&clear);
    }
}

static void a_value_opens_only_where_it_belongs_with_its_key_and_whole(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    struct buf sealed = BUF_INIT(1000), clear = BUF_INIT(1000);
    struct vault other = vault;
    assert_int_equal(vault_seal(&vault, "secret/1/a", "value", &sealed, &e), 0);
    assert_int_equal(vault_unseal(&vault, "secret/2/a", buf_str(&sealed), &clear, &e), -EBADMSG);
    other.key[31] ^= 1;
    assert_int_equal(vault_unseal(&other, "secret/1/a", buf_str(&sealed), &clear, &e), -EBADMSG);
    assert_int_equal(vault_unseal(&vault, "secret/1/a", "value", &clear, &e), -EBADMSG);
    assert_int_equal(vault_unseal(&vault, "secret/1/a", "sealed:1:", &clear, &e), -EBADMSG);
    assert_int_equal(vault_unseal(&vault, "secret/1/a", "sealed:1:AAAA", &clear, &e), -EBADMSG);
    for (size_t i = strlen("sealed:1:"); i < sealed.n; i++) { // any one character changed
        char was = sealed.v[i];
        sealed.v[i] = was == 'A' ? 'B' : 'A';
        int r = vault_unseal(&vault, "secret/1/a", sealed.v, &clear, &e);
        sealed.v[i] = was;
        if (was != '=' && i + 4 < sealed.n)
            assert_int_equal(r, -EBADMSG);
    }
    assert_int_equal(clear.n, 0);
    buf_deinit(&sealed);
    buf_deinit(&clear);
}

static void the_key_is_kept_for_the_owner_only_and_a_damaged_one_is_refused(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    struct vault again;
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/vault.key", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(vault_open(&again, dir, &e), 0);
    assert_memory_equal(again.key, vault.key, VAULT_KEY_BYTES);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(vault_open(&again, dir, &e), -EINVAL);
    assert_non_null(strstr(e.text, "vault.key"));
    int r = vault_open(&again, "/nonexistent/folder", &e);
    assert_true(r == -ENOENT || r == -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_value_comes_back_and_is_not_in_what_is_kept, open_vault,
                                        close_vault),
        cmocka_unit_test_setup_teardown(a_value_opens_only_where_it_belongs_with_its_key_and_whole,
                                        open_vault, close_vault),
        cmocka_unit_test_setup_teardown(the_key_is_kept_for_the_owner_only_and_a_damaged_one_is_refused,
                                        open_vault, close_vault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
