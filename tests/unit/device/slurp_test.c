// SPDX-License-Identifier: Apache-2.0
// Files into memory: plain and gzip alike, with a ceiling, and damage told from the end.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/rng.h"
#include "device/slurp.h"

#define BYTES 300000

struct folder {
    char dir[64], plain[96], packed[96], other[96];
    char content[BYTES];
};

static void write_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    struct folder *d = calloc(1, sizeof *d);
    strcpy(d->dir, "/tmp/ondol-slurp-XXXXXX");
    if (!mkdtemp(d->dir))
        return -1;
    snprintf(d->plain, sizeof d->plain, "%s/plain.gz", d->dir); // names say nothing
    snprintf(d->packed, sizeof d->packed, "%s/packed.txt", d->dir);
    snprintf(d->other, sizeof d->other, "%s/other", d->dir);
    struct rng r;
    rng_seed(&r, 5);
    for (size_t i = 0; i < BYTES; i++)
        d->content[i] = (char)('a' + rng_below(&r, 20));
    write_file(d->plain, d->content, BYTES);
    gzFile g = gzopen(d->packed, "wb");
    gzwrite(g, d->content, BYTES);
    gzclose(g);
    *state = d;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *d = *state;
    unlink(d->plain);
    unlink(d->packed);
    unlink(d->other);
    rmdir(d->dir);
    free(d);
    return 0;
}

static void plain_and_packed_files_give_the_same_bytes(void **state)
{
    struct folder *d = *state;
    const char *path[] = {d->plain, d->packed};
    for (int i = 0; i < 2; i++) {
        char *text;
        size_t n;
        struct err e = ERR_NULL;
        if (slurp(path[i], BYTES, &text, &n, &e) < 0)
            fail_msg("%s", e.text);
        assert_int_equal(n, BYTES);
        assert_memory_equal(text, d->content, BYTES);
        assert_int_equal(text[n], 0);
        free(text);
    }
}

static void one_byte_above_the_ceiling_is_refused(void **state)
{
    struct folder *d = *state;
    const char *path[] = {d->plain, d->packed};
    for (int i = 0; i < 2; i++) {
        char *text;
        size_t n;
        struct err e = ERR_NULL;
        assert_int_equal(slurp(path[i], BYTES - 1, &text, &n, &e), -EFBIG);
        assert_non_null(strstr(e.text, "more than 299999 bytes"));
        assert_null(text);
    }
}

static void a_packed_file_cut_anywhere_or_damaged_is_refused(void **state)
{
    struct folder *d = *state;
    static char packed[BYTES];
    FILE *f = fopen(d->packed, "rb");
    size_t size = fread(packed, 1, sizeof packed, f);
    fclose(f);
    char *text;
    size_t n;
    struct err e = ERR_NULL;
    const size_t cut[] = {3, 9, 12, 100, size / 2, size - 9, size - 1};
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        write_file(d->other, packed, cut[i]);
        if (slurp(d->other, BYTES, &text, &n, &e) != -EBADMSG)
            fail_msg("cut at %zu was taken", cut[i]);
        assert_non_null(strstr(e.text, "damaged or cut short"));
    }
    packed[size / 2] ^= 0x10;
    write_file(d->other, packed, size);
    assert_int_equal(slurp(d->other, BYTES, &text, &n, &e), -EBADMSG);
}

static void empty_files_folders_and_nothing_are_told_apart(void **state)
{
    struct folder *d = *state;
    char *text;
    size_t n = 1;
    struct err e = ERR_NULL;
    write_file(d->other, "", 0);
    assert_int_equal(slurp(d->other, 10, &text, &n, &e), 0);
    assert_int_equal(n, 0);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(slurp(d->dir, 10, &text, &n, &e), -EISDIR);
    unlink(d->other);
    assert_int_equal(slurp(d->other, 10, &text, &n, &e), -ENOENT);
    assert_non_null(strstr(e.text, "/other: No such file or directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_and_packed_files_give_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_byte_above_the_ceiling_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_packed_file_cut_anywhere_or_damaged_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_files_folders_and_nothing_are_told_apart, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
