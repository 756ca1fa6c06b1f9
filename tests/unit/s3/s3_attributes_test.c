// SPDX-License-Identifier: Apache-2.0
// GetObjectAttributes: what is wanted, and the answer.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "s3/attributes.h"

#define NAME "x-amz-object-attributes"
#define ALL                                                                                                  \
    (S3_ATTRIBUTE_ETAG | S3_ATTRIBUTE_CHECKSUM | S3_ATTRIBUTE_PARTS | S3_ATTRIBUTE_CLASS | S3_ATTRIBUTE_SIZE)

static enum s3_code read_headers(const struct s3_header *v, size_t n, unsigned *wanted)
{
    const struct s3_request r = {
        .method = "GET", .path = "/b/k", .query = "attributes", .header = v, .header_n = n};
    struct err e = ERR_NULL;
    return s3_attributes_read(&r, wanted, &e);
}

static void what_is_wanted_is_read(void **state)
{
    (void)state;
    unsigned wanted;
    struct s3_header v[] = {{NAME, "ETag,Checksum"},
                            {"X-Amz-Object-Attributes", "ObjectParts, StorageClass,ObjectSize"}};
    assert_int_equal(read_headers(v, 1, &wanted), S3_OK);
    assert_int_equal(wanted, S3_ATTRIBUTE_ETAG | S3_ATTRIBUTE_CHECKSUM);
    assert_int_equal(read_headers(v, 2, &wanted), S3_OK);
    assert_int_equal(wanted, ALL);
    assert_int_equal(read_headers(v, 0, &wanted), S3_INVALID_ARGUMENT);
    static const char *const bad[] = {"", ",", "etag", "ETag,Owner", "ETagg", "ETa"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        v[0].value = bad[i];
        if (read_headers(v, 1, &wanted) != S3_INVALID_ARGUMENT)
            fail_msg("%s is taken", bad[i]);
    }
}

static void numbers_are_numbers(void **state)
{
    (void)state;
    static const char *const names[] = {"x-amz-max-parts", "x-amz-part-number-marker"};
    static const char *const bad[] = {"", "x", "-1", "1.5", "1234567890"};
    struct s3_header v[] = {{NAME, "ETag"}, {NULL, NULL}};
    unsigned wanted;
    for (size_t i = 0; i < 2; i++) {
        v[1] = (struct s3_header){names[i], "1000"};
        assert_int_equal(read_headers(v, 2, &wanted), S3_OK);
        for (size_t k = 0; k < ARRAY_LEN(bad); k++) {
            v[1].value = bad[k];
            if (read_headers(v, 2, &wanted) != S3_INVALID_ARGUMENT)
                fail_msg("%s: %s is taken", names[i], bad[k]);
        }
    }
}

static void same(unsigned wanted, const struct s3_attribute_facts *f, const char *inside)
{
    struct buf b = BUF_INIT(4096);
    char all[1024];
    s3_xml_attributes(&b, wanted, f);
    snprintf(all, sizeof all,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GetObjectAttributesOutput "
             "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">%s</GetObjectAttributesOutput>",
             inside);
    assert_string_equal(buf_str(&b), all);
    buf_deinit(&b);
}

static void the_answer_has_what_is_wanted_and_there(void **state)
{
    (void)state;
    struct s3_attribute_facts f = {.etag = "0cc175b9c0f1b6a831c399e269772661", .size = UINT64_C(5) << 30};
    same(ALL, &f,
         "<ETag>0cc175b9c0f1b6a831c399e269772661</ETag><StorageClass>STANDARD</StorageClass>"
         "<ObjectSize>5368709120</ObjectSize>");
    same(S3_ATTRIBUTE_SIZE, &f, "<ObjectSize>5368709120</ObjectSize>");
    f.sum = S3_SUM_CRC32;
    f.sum_text = "NhCmhg==";
    f.etag = "0cc175b9c0f1b6a831c399e269772661-12";
    same(
        S3_ATTRIBUTE_CHECKSUM | S3_ATTRIBUTE_PARTS, &f,
        "<Checksum><ChecksumCRC32>NhCmhg==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType></Checksum>"
        "<ObjectParts><PartsCount>12</PartsCount></ObjectParts>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_read),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(the_answer_has_what_is_wanted_and_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
