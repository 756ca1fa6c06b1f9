// SPDX-License-Identifier: Apache-2.0
//
// What a client reads of an endpoint's answers, ours and others'.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "s3/xml_answer.h"

#define OBJECTS(inside)                                                                                      \
    "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"            \
    "<Name>b</Name><Prefix></Prefix>" inside "</ListBucketResult>"
#define OBJECT(key, size)                                                                                    \
    "<Contents><Key>" key "</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"                      \
    "<ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag><Size>" size "</Size></Contents>"

static enum s3_code objects(const char *text, struct s3_listing *l)
{
    *l = S3_LISTING_NULL;
    return s3_xml_read_objects(text, strlen(text), l, NULL);
}

static void objects_are_read(void **state)
{
    (void)state;
    struct s3_listing l;
    assert_int_equal(objects(OBJECTS(OBJECT("a%2Fb+c%25", "5368709120") OBJECT(
                                 "z", "0") "<IsTruncated>true</IsTruncated>"
                                           "<NextContinuationToken>t&amp;1</NextContinuationToken>"),
                             &l),
                     S3_OK);
    assert_int_equal(l.n, 2);
    assert_string_equal(l.v[0].key, "a/b c%");
    assert_int_equal(l.v[0].size, 5368709120);
    assert_string_equal(l.v[0].etag, "0cc175b9c0f1b6a831c399e269772661");
    assert_string_equal(l.v[0].date, "2026-01-02T03:04:05.000Z");
    assert_true(l.truncated);
    assert_string_equal(l.next, "t&1");
    const char *last =
        OBJECTS(OBJECT("zz", "1") "<IsTruncated>false</IsTruncated>"); // the next page is appended
    assert_int_equal(s3_xml_read_objects(last, strlen(last), &l, NULL), S3_OK);
    assert_int_equal(l.n, 3);
    assert_false(l.truncated);
    assert_null(l.next);
    s3_listing_deinit(&l);
}

static void buckets_are_read(void **state)
{
    (void)state;
    struct s3_listing l = S3_LISTING_NULL;
    const char *text =
        "<ListAllMyBucketsResult><Owner><ID>me</ID></Owner><Buckets><Bucket><Name>one</Name>"
        "<CreationDate>2026-01-02T03:04:05.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>";
    assert_int_equal(s3_xml_read_buckets(text, strlen(text), &l, NULL), S3_OK);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.v[0].key, "one");
    s3_listing_deinit(&l);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "<",
        "not xml",
        "<ListBucketResult>",
        "<Error/>",
        OBJECTS("<Contents></Contents>"),
        OBJECTS(OBJECT("%zz", "1")),
        OBJECTS(OBJECT("%00", "1")),
        OBJECTS(OBJECT("a", "-")),
        OBJECTS(OBJECT("a", "1x")),
        OBJECTS(OBJECT("a", "")),
        "<!DOCTYPE x [<!ENTITY y \"z\">]><ListBucketResult/>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct s3_listing l;
        assert_int_not_equal(objects(bad[i], &l), S3_OK);
        s3_listing_deinit(&l);
    }
}

static void errors_are_read(void **state)
{
    (void)state;
    struct s3_refusal r;
    const char *text = "<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>";
    s3_xml_read_error(text, strlen(text), &r);
    assert_string_equal(r.code, "NoSuchKey");
    assert_string_equal(r.message, "There is none.");
    s3_xml_read_error("<html>", 6, &r);
    assert_string_equal(r.code, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_read),
        cmocka_unit_test(buckets_are_read),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(errors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
