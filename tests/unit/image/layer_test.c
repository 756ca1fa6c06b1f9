// SPDX-License-Identifier: Apache-2.0
// What a layer may hold: counted before it is unpacked, refused with the limit that it passes.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "image/layer.h"

struct head {
    const char *name, *link;
    char type;
    uint64_t size;
    const char *content; // NULL: zeros; less than a block
};

// A ustar header and nothing of the content.
static void put_head(gzFile f, const struct head *h)
{
    char b[512] = {0};
    unsigned sum = 0;
    snprintf(b, 100, "%s", h->name);
    memcpy(b + 100, "0000644", 8);
    memcpy(b + 108, "0000000", 8);
    memcpy(b + 116, "0000000", 8);
    snprintf(b + 124, 12, "%011llo", (unsigned long long)h->size);
    memcpy(b + 136, "00000000000", 12);
    memset(b + 148, ' ', 8);
    b[156] = h->type;
    if (h->link)
        snprintf(b + 157, 100, "%s", h->link);
    memcpy(b + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof b; i++)
        sum += (unsigned char)b[i];
    snprintf(b + 148, 8, "%06o", sum);
    assert_int_equal(gzwrite(f, b, sizeof b), sizeof b);
}

static int look(const struct head *v, size_t n, bool with_content, struct layer_facts *sum, struct err *e)
{
    char path[] = "/tmp/ondol-layer.XXXXXX";
    static const char zeros[512];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    gzFile f = gzdopen(fd, "wb1");
    for (size_t i = 0; i < n; i++) {
        put_head(f, &v[i]);
        if (v[i].content) {
            char block[512] = {0};
            memcpy(block, v[i].content, strlen(v[i].content));
            gzwrite(f, block, sizeof block);
            continue;
        }
        for (uint64_t k = 0; with_content && k < (v[i].size + 511) / 512; k++)
            gzwrite(f, zeros, sizeof zeros);
    }
    gzwrite(f, zeros, sizeof zeros);
    gzwrite(f, zeros, sizeof zeros);
    assert_int_equal(gzclose(f), Z_OK);
    *e = ERR_NULL;
    int r = layer_look(path, &(struct image_limits){.bytes = 100000, .files = 50}, sum, e);
    unlink(path);
    return r;
}

static void files_and_bytes_are_counted_over_all_layers(void **state)
{
    (void)state;
    const struct head v[] = {{"d/", NULL, '5', 0},  {"d/a", NULL, '0', 40000}, {"d/b", "d/a", '1', 40000},
                             {"l", "/etc", '2', 0}, {"null", NULL, '3', 0},    {".wh.x", NULL, '0', 0}};
    struct layer_facts sum = {0};
    struct err e;
    const struct head one = {"x", NULL, '0', 60000};
    assert_int_equal(look(v, 2, true, &sum, &e), 0);
    assert_int_equal(sum.files, 2);
    assert_int_equal(sum.bytes, 40000);
    assert_int_equal(look(&v[3], 3, true, &sum, &e), 0);
    assert_int_equal(sum.files, 5);
    assert_int_equal(look(&one, 1, true, &sum, &e), 0);
    assert_int_equal(sum.bytes, 100000);
    assert_int_equal(look(&one, 1, true, &sum, &e), -EFBIG);
    assert_non_null(strstr(e.text, "100000 bytes when unpacked"));
}

static void a_bomb_is_refused_by_its_first_head(void **state)
{
    (void)state;
    const struct head v = {"zeros", NULL, '0', 077777777777};
    struct layer_facts sum = {0};
    struct err e;
    assert_int_equal(look(&v, 1, false, &sum, &e), -EFBIG);
}

// A link has no content of its own, but what its head announces would be read: a petabyte of packed zeros.
static void a_link_that_announces_a_bomb_is_refused_by_its_head(void **state)
{
    (void)state;
    const struct head v[] = {{"x", NULL, 'x', 11, "11 mtime=1\n"}, {"b", "a", '1', 077777777777}};
    struct layer_facts sum = {0};
    struct err e;
    assert_int_equal(look(v, 2, false, &sum, &e), -EFBIG);
}

static void too_many_files_are_refused_by_name_of_the_limit(void **state)
{
    (void)state;
    struct head v[51];
    char name[51][16];
    struct layer_facts sum = {0};
    struct err e;
    for (int i = 0; i < 51; i++) {
        snprintf(name[i], sizeof name[i], "f%d", i);
        v[i] = (struct head){name[i], NULL, '0', 0};
    }
    assert_int_equal(look(v, 50, true, &sum, &e), 0);
    sum = (struct layer_facts){0};
    assert_int_equal(look(v, 51, true, &sum, &e), -EFBIG);
    assert_non_null(strstr(e.text, "50 files"));
}

static void names_that_lead_out_are_refused(void **state)
{
    (void)state;
    static const struct head bad[] = {{"../x", NULL, '0', 0},
                                      {"a/../../x", NULL, '0', 0},
                                      {"..", NULL, '5', 0},
                                      {"/a/..", NULL, '0', 0},
                                      {"h", "../../etc/x", '1', 0}};
    static const struct head good[] = {
        {"..x", NULL, '0', 0}, {"a..b/c..", NULL, '0', 0}, {"l", "../../x", '2', 0}};
    struct err e;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct layer_facts sum = {0};
        assert_int_equal(look(&bad[i], 1, true, &sum, &e), -EBADMSG);
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct layer_facts sum = {0};
        assert_int_equal(look(&good[i], 1, true, &sum, &e), 0);
    }
}

static void what_is_no_tar_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/ondol-layer.XXXXXX";
    struct layer_facts sum = {0};
    struct err e = ERR_NULL;
    int fd = mkstemp(path);
    for (int i = 0; i < 100; i++)
        assert_int_equal(write(fd, "this is not a tar file at all, ", 31), 31);
    close(fd);
    assert_int_equal(layer_look(path, &(struct image_limits){1000, 10}, &sum, &e), -EBADMSG);
    unlink(path);
    assert_int_equal(layer_look(path, &(struct image_limits){1000, 10}, &sum, &e), -EBADMSG);
}

// A file of `bytes` bytes 'x' and what comes before it, cut `less` bytes before the end of its last block.
static int look_cut(size_t bytes, size_t less, struct layer_facts *sum)
{
    char path[] = "/tmp/ondol-layer.XXXXXX";
    struct err e = ERR_NULL;
    char block[512];
    gzFile f = gzdopen(mkstemp(path), "wb1");
    assert_non_null(f);
    put_head(f, &(struct head){"d/", NULL, '5', 0});
    put_head(f, &(struct head){"d/file", NULL, '0', bytes});
    memset(block, 'x', sizeof block);
    for (size_t left = (bytes + 511) / 512 * 512 - less; left > 0;) {
        size_t n = left < sizeof block ? left : sizeof block;
        assert_int_equal(gzwrite(f, block, (unsigned)n), n);
        left -= n;
    }
    assert_int_equal(gzclose(f), Z_OK);
    int r = layer_look(path, &(struct image_limits){.bytes = 100000, .files = 50}, sum, &e);
    unlink(path);
    return r;
}

// As umoci insert writes them. A file that is not whole stays an error.
static void a_layer_without_the_zeros_behind_its_last_file_is_taken(void **state)
{
    (void)state;
    static const size_t whole[][2] = {{1000, 24}, {1000, 1}, {1000, 0}, {1, 511}, {512, 0}, {40000, 448}};
    static const size_t cut[][2] = {{1000, 25}, {1000, 500}, {1, 512}, {512, 1}, {40000, 449}, {40000, 30000}};
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        struct layer_facts sum = {0};
        if (look_cut(whole[i][0], whole[i][1], &sum) != 0)
            fail_msg("%zu bytes, %zu less, are refused", whole[i][0], whole[i][1]);
        assert_int_equal(sum.files, 2);
        assert_int_equal(sum.bytes, whole[i][0]);
    }
    for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
        struct layer_facts sum = {0};
        if (look_cut(cut[i][0], cut[i][1], &sum) != -EBADMSG)
            fail_msg("%zu bytes, %zu less, are taken", cut[i][0], cut[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_bytes_are_counted_over_all_layers),
        cmocka_unit_test(a_bomb_is_refused_by_its_first_head),
        cmocka_unit_test(a_link_that_announces_a_bomb_is_refused_by_its_head),
        cmocka_unit_test(too_many_files_are_refused_by_name_of_the_limit),
        cmocka_unit_test(names_that_lead_out_are_refused),
        cmocka_unit_test(what_is_no_tar_is_refused),
        cmocka_unit_test(a_layer_without_the_zeros_behind_its_last_file_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
