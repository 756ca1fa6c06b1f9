// SPDX-License-Identifier: Apache-2.0
// Names, entity tags, ranges, conditions, dates and checksums: the small rules everything else stands on.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "s3/checksum.h"
#include "s3/condition.h"
#include "s3/names.h"

static void names_of_buckets(void **state)
{
    (void)state;
    static const char *const good[] = {
        "abc",   "a-b",       "a.b.c",   "0ab",
        "1.2.3", "1.2.3.4.5", "1.2.3.a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    static const char *const bad[] = {"",
                                      "ab",
                                      "Abc",
                                      "a_b",
                                      "-ab",
                                      "ab-",
                                      ".ab",
                                      "ab.",
                                      "a..b",
                                      "a.-b",
                                      "a-.b",
                                      "192.168.5.4",
                                      "999.1.1.1",
                                      "a/b",
                                      "a b",
                                      "\u00e9\u00e9\u00e9",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_int_equal(s3_bucket_check(good[i], NULL), S3_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!s3_bucket_check(bad[i], NULL))
            fail_msg("%s", bad[i]);
    assert_int_equal(s3_key_check("", 0, NULL), S3_INVALID_URI);
    assert_int_equal(s3_key_check("a\0b", 3, NULL), S3_INVALID_URI);
    assert_int_equal(s3_key_check("\xC3", 1, NULL), S3_INVALID_URI);
    assert_int_equal(s3_key_check("../..", 5, NULL), S3_OK);
}

static void entity_tags(void **state)
{
    (void)state;
    char out[S3_ETAG_BYTES];
    uint8_t md5[3][16];
    struct s3_sum sum;
    for (int i = 0; i < 3; i++) {
        uint8_t v[S3_SUM_BYTES_MAX];
        s3_sum_init(&sum, S3_SUM_MD5);
        s3_sum_update(&sum, "hello", 5);
        assert_int_equal(s3_sum_final(&sum, v), 16);
        memcpy(md5[i], v, 16);
    }
    s3_etag_plain(out, md5[0]);
    assert_string_equal(out, "5d41402abc4b2a76b9719d911017c592");
    s3_etag_parts(out, md5, 3); // worked out with another MD5
    assert_string_equal(out, "2532438675b60f99f296e27e9ecf0c50-3");
    assert_true(s3_etag_read("\"5D41402ABC4B2A76B9719D911017C592-10000\"", out));
    assert_string_equal(out, "5d41402abc4b2a76b9719d911017c592-10000");
    assert_true(s3_etag_read("5d41402abc4b2a76b9719d911017c592", out));
    static const char *const bad[] = {"",
                                      "\"\"",
                                      "\"",
                                      "5d41402abc4b2a76b9719d911017c59",
                                      "5d41402abc4b2a76b9719d911017c592-",
                                      "5d41402abc4b2a76b9719d911017c592-0",
                                      "5d41402abc4b2a76b9719d911017c592-123456",
                                      "5d41402abc4b2a76b9719d911017c592-1a",
                                      "5d41402abc4b2a76b9719d911017c592a",
                                      "zd41402abc4b2a76b9719d911017c592",
                                      "\"5d41402abc4b2a76b9719d911017c592"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (s3_etag_read(bad[i], out))
            fail_msg("%s", bad[i]);
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t size;
        enum s3_code code;
        bool whole;
        uint64_t first, last;
    } rows[] = {
        {NULL, 10, S3_OK, true, 0, 0},
        {"bytes=0-9", 10, S3_OK, false, 0, 9},
        {"bytes=0-0", 10, S3_OK, false, 0, 0},
        {"bytes=5-", 10, S3_OK, false, 5, 9},
        {"bytes=9-", 10, S3_OK, false, 9, 9},
        {"bytes=5-100", 10, S3_OK, false, 5, 9},
        {"bytes=5-99999999999999999999999", 10, S3_OK, false, 5, 9},
        {"bytes=-3", 10, S3_OK, false, 7, 9},
        {"bytes=-30", 10, S3_OK, false, 0, 9},
        {"bytes=10-", 10, S3_INVALID_RANGE, true, 0, 0},
        {"bytes=99999999999999999999999-", 10, S3_INVALID_RANGE, true, 0, 0},
        {"bytes=-0", 10, S3_INVALID_RANGE, true, 0, 0},
        {"bytes=0-", 0, S3_INVALID_RANGE, true, 0, 0},
        {"bytes=-1", 0, S3_INVALID_RANGE, true, 0, 0},
        {"bytes=5-4", 10, S3_OK, true, 0, 0},
        {"bytes=-", 10, S3_OK, true, 0, 0},
        {"bytes=0-1,3-4", 10, S3_OK, true, 0, 0},
        {"bytes=a-b", 10, S3_OK, true, 0, 0},
        {"bytes= 0-1", 10, S3_OK, true, 0, 0},
        {"lines=0-1", 10, S3_OK, true, 0, 0},
        {"", 10, S3_OK, true, 0, 0},
    };
    struct s3_range r;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum s3_code code = s3_range_read(rows[i].text, rows[i].size, &r);
        if (code != rows[i].code || r.whole != rows[i].whole ||
            (!r.whole && (r.first != rows[i].first || r.last != rows[i].last)))
            fail_msg("%s: %s %d %llu-%llu", rows[i].text, s3_code_text(code), r.whole,
                     (unsigned long long)r.first, (unsigned long long)r.last);
    }
    assert_int_equal(s3_copy_range_read("bytes=2-9", 10, &r, NULL), S3_OK);
    assert_true(!r.whole && r.first == 2 && r.last == 9);
    assert_int_equal(s3_copy_range_read(NULL, 10, &r, NULL), S3_OK);
    assert_true(r.whole);
    static const char *const bad[] = {"bytes=2-10", "bytes=2-", "bytes=-2", "bytes=3-2", "2-9", ""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(s3_copy_range_read(bad[i], 10, &r, NULL), S3_INVALID_ARGUMENT);
}

#define TAG  "5d41402abc4b2a76b9719d911017c592"
#define THEN "Fri, 24 May 2013 00:00:00 GMT"

static void conditions(void **state)
{
    (void)state;
    static const struct {
        struct s3_conditions c;
        const char *etag;
        enum s3_code reading, writing;
    } rows[] = {
        // The object was changed on 24 May 2013, half a second past midnight.
        {{0}, TAG, S3_OK, S3_OK},
        {{.if_match = "\"" TAG "\""}, TAG, S3_OK, S3_OK},
        {{.if_match = TAG}, TAG, S3_OK, S3_OK},
        {{.if_match = "\"a\" ,\"" TAG "\""}, TAG, S3_OK, S3_OK},
        {{.if_match = "*"}, TAG, S3_OK, S3_OK},
        {{.if_match = "W/\"" TAG "\""}, TAG, S3_PRECONDITION_FAILED, S3_PRECONDITION_FAILED},
        {{.if_match = "\"a\""}, TAG, S3_PRECONDITION_FAILED, S3_PRECONDITION_FAILED},
        {{.if_match = ""}, TAG, S3_PRECONDITION_FAILED, S3_PRECONDITION_FAILED},
        {{.if_match = "*"}, NULL, S3_PRECONDITION_FAILED, S3_PRECONDITION_FAILED},
        {{.if_none_match = "\"" TAG "\""}, TAG, S3_NOT_MODIFIED, S3_PRECONDITION_FAILED},
        {{.if_none_match = "W/\"" TAG "\""}, TAG, S3_NOT_MODIFIED, S3_PRECONDITION_FAILED},
        {{.if_none_match = "*"}, TAG, S3_NOT_MODIFIED, S3_PRECONDITION_FAILED},
        {{.if_none_match = "*"}, NULL, S3_OK, S3_OK},
        {{.if_none_match = "\"a\""}, TAG, S3_OK, S3_OK},
        {{.if_modified_since = THEN}, TAG, S3_NOT_MODIFIED, S3_PRECONDITION_FAILED},
        {{.if_modified_since = "Thu, 23 May 2013 23:59:59 GMT"}, TAG, S3_OK, S3_OK},
        {{.if_modified_since = "yesterday"}, TAG, S3_OK, S3_OK},
        {{.if_unmodified_since = THEN}, TAG, S3_OK, S3_OK},
        {{.if_unmodified_since = "Thu, 23 May 2013 23:59:59 GMT"},
         TAG,
         S3_PRECONDITION_FAILED,
         S3_PRECONDITION_FAILED},
        // A tag outweighs a date.
        {{.if_match = TAG, .if_unmodified_since = "Thu, 23 May 2013 23:59:59 GMT"}, TAG, S3_OK, S3_OK},
        {{.if_none_match = "\"a\"", .if_modified_since = THEN}, TAG, S3_OK, S3_OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum s3_code reading = s3_conditions_check(&rows[i].c, rows[i].etag, INT64_C(1369353600500), true);
        enum s3_code writing = s3_conditions_check(&rows[i].c, rows[i].etag, INT64_C(1369353600500), false);
        if (reading != rows[i].reading || writing != rows[i].writing)
            fail_msg("row %zu: %s, %s", i, s3_code_text(reading), s3_code_text(writing));
    }
}

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777}, // the three of RFC 9110
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Tue, 27 Mar 2007 19:36:42 +0000", 1175024202},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
        {"Wed, 29 Feb 2023 00:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 CET", -1},
        {"Sun, 06 Nvo 1994 08:49:37 GMT", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"", -1},
        {",", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = -1000;
        assert_int_equal(s3_http_date_read(rows[i].text, &ms), rows[i].s >= 0);
        assert_true(ms == rows[i].s * 1000);
    }
    char out[S3_HTTP_DATE_BYTES];
    s3_http_date(out, INT64_C(784111777999));
    assert_string_equal(out, rows[0].text);
}

// What each catalogue of checksums gives for "123456789", and both own tables against their polynomials bit
// by bit.
static void checksums(void **state)
{
    (void)state;
    static const struct {
        enum s3_sum_kind kind;
        const char *text;
    } rows[] = {
        {S3_SUM_CRC32, "y/Q5Jg=="},
        {S3_SUM_CRC32C, "4waSgw=="},
        {S3_SUM_CRC64NVME, "rosUhgp5mIg="},
        {S3_SUM_SHA1, "98O8HYCOBHMq32eZZczDTKeuNEE="},
        {S3_SUM_SHA256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="},
        {S3_SUM_MD5, "JfnnlDI7RTiF9RgfG2JNCw=="},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct s3_sum s;
        uint8_t v[S3_SUM_BYTES_MAX], again[S3_SUM_BYTES_MAX];
        char text[S3_SUM_TEXT];
        s3_sum_init(&s, rows[i].kind);
        s3_sum_update(&s, "1234", 4);
        s3_sum_update(&s, "", 0);
        s3_sum_update(&s, "56789", 5);
        size_t n = s3_sum_final(&s, v);
        s3_sum_deinit(&s);
        assert_int_equal(n, s3_sum_bytes(rows[i].kind));
        s3_sum_text(text, v, n);
        assert_string_equal(text, rows[i].text);
        assert_true(s3_sum_read(rows[i].kind, text, again));
        assert_memory_equal(v, again, n);
        assert_false(s3_sum_read(rows[i].kind, "AAAA", again));
        if (rows[i].kind != S3_SUM_MD5)
            assert_int_equal(s3_sum_by_header(s3_sum_header(rows[i].kind)), rows[i].kind);
    }
    for (int b = 0; b < 256; b++) {
        uint8_t byte = (uint8_t)b;
        uint32_t c = UINT32_MAX ^ byte;
        uint64_t d = UINT64_MAX ^ byte;
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? c >> 1 ^ UINT32_C(0x82F63B78) : c >> 1;         // 0x1EDC6F41 in reverse
            d = d & 1 ? d >> 1 ^ UINT64_C(0x9A6C9329AC4BC9B5) : d >> 1; // 0xAD93D23594C93659 in reverse
        }
        assert_true(s3_crc32c(0, &byte, 1) == ~c);
        assert_true(s3_crc64nvme(0, &byte, 1) == ~d);
    }
    assert_int_equal(s3_sum_by_header("x-amz-checksum-crc33"), S3_SUM_NONE);
}

static void codes(void **state)
{
    (void)state;
    for (int c = 1; c < S3_CODE_COUNT; c++) {
        assert_true(s3_code_text(c)[0]);
        assert_true(s3_code_status(c) >= 304 && s3_code_status(c) <= 503);
        assert_true(s3_code_message(c)[0] || c == S3_NOT_MODIFIED);
    }
    struct err e;
    assert_int_equal(s3_fail(&e, S3_NO_SUCH_KEY, "%d", 7), S3_NO_SUCH_KEY);
    assert_string_equal(e.text, "7");
    assert_int_equal(s3_fail(NULL, S3_NO_SUCH_KEY, "%d", 7), S3_NO_SUCH_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_buckets),
        cmocka_unit_test(entity_tags),
        cmocka_unit_test(ranges),
        cmocka_unit_test(conditions),
        cmocka_unit_test(dates),
        cmocka_unit_test(checksums),
        cmocka_unit_test(codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
