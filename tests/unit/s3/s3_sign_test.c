// SPDX-License-Identifier: Apache-2.0
// Signatures: the examples of the S3 documentation, and every way a request can be out of time, half signed
// or changed.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "s3/sign.h"
#include "written.h"

#define KEY    "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define MAY    INT64_C(1369353600000) // 2013-05-24T00:00:00Z
#define MARCH  INT64_C(1175024202000) // 2007-03-27T19:36:42Z
#define MINUTE 60000

#define V4(headers, signature)                                                                               \
    "Authorization: AWS4-HMAC-SHA256 Credential=" KEY                                                        \
    "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" headers ",Signature=" signature "\n"
#define HOST  "Host: examplebucket.s3.amazonaws.com\n"
#define EMPTY "x-amz-content-sha256: " S3_EMPTY_SHA256 "\n"
#define DATE  "x-amz-date: 20130524T000000Z\n"

#define GET_HEAD   "GET /test.txt\n" HOST "Range: bytes=0-9\n" EMPTY DATE
#define GET_SIGNED "host;range;x-amz-content-sha256;x-amz-date"
#define GET_MAC    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
#define GET_WHOLE  GET_HEAD V4(GET_SIGNED, GET_MAC)

#define PRESIGNED_QUERY                                                                                      \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" KEY "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"   \
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
#define PRESIGNED_MAC "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
#define PRESIGNED     "GET /test.txt?" PRESIGNED_QUERY "&X-Amz-Signature=" PRESIGNED_MAC "\n" HOST

static enum s3_code judge(const char *text, const char *bucket, int64_t now_ms, struct s3_claim *claim,
                          struct err *e)
{
    struct written w;
    const struct s3_request *r = written_read(&w, text, now_ms);
    *e = ERR_NULL;
    enum s3_code code = s3_claim_read(r, bucket, claim, e);
    if (!code && claim->kind == S3_ANONYMOUS)
        code = S3_ACCESS_DENIED;
    if (!code && strcmp(claim->access_key, KEY) != 0)
        code = S3_INVALID_ACCESS_KEY_ID;
    if (!code)
        code = s3_claim_verify(r, claim, SECRET, NULL, e);
    written_free(&w);
    return code;
}

struct row {
    const char *text;
    const char *bucket;
    int64_t now_ms;
    enum s3_code code;
};

static void judge_rows(const struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct s3_claim claim;
        struct err e;
        enum s3_code code = judge(row[i].text, row[i].bucket, row[i].now_ms, &claim, &e);
        if (code != row[i].code)
            fail_msg("row %zu: %s, not %s: %s\n%s", i, s3_code_text(code), s3_code_text(row[i].code), e.text,
                     row[i].text);
    }
}

static void the_examples_of_the_documentation_verify(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET_WHOLE, NULL, MAY, S3_OK},
        {"PUT /test%24file.text\nDate: Fri, 24 May 2013 00:00:00 GMT\n" HOST DATE
         "x-amz-storage-class: REDUCED_REDUNDANCY\n"
         "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n" //
         V4("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
         NULL, MAY, S3_OK},
        {"GET /?lifecycle\n" HOST EMPTY DATE V4(
             "host;x-amz-content-sha256;x-amz-date",
             "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
         NULL, MAY, S3_OK},
        {"GET /?max-keys=2&prefix=J\n" HOST EMPTY DATE V4(
             "host;x-amz-content-sha256;x-amz-date",
             "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
         NULL, MAY, S3_OK},
        // The same query, its order and encoding another.
        {"GET /?prefix=%4A&&max-keys=2\n" HOST EMPTY DATE V4(
             "host;x-amz-content-sha256;x-amz-date",
             "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
         NULL, MAY, S3_OK},
        {PRESIGNED, NULL, MAY, S3_OK},
        {"GET /photos/puppy.jpg\nHost: awsexamplebucket1.us-west-1.s3.amazonaws.com\n"
         "Date: Tue, 27 Mar 2007 19:36:42 +0000\nAuthorization: AWS " KEY ":qgk2+6Sv9/oM7G3qLEjTH1a1l1g=\n",
         "awsexamplebucket1", MARCH, S3_OK},
    };
    judge_rows(rows, ARRAY_LEN(rows));
}

static void what_was_changed_after_signing_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"PUT /test.txt\n" HOST "Range: bytes=0-9\n" EMPTY DATE V4(GET_SIGNED, GET_MAC), NULL, MAY,
         S3_SIGNATURE_DOES_NOT_MATCH},
        {"GET /test.txT\n" HOST "Range: bytes=0-9\n" EMPTY DATE V4(GET_SIGNED, GET_MAC), NULL, MAY,
         S3_SIGNATURE_DOES_NOT_MATCH},
        {"GET /test.txt?a\n" HOST "Range: bytes=0-9\n" EMPTY DATE V4(GET_SIGNED, GET_MAC), NULL, MAY,
         S3_SIGNATURE_DOES_NOT_MATCH},
        {"GET /test.txt\n" HOST "Range: bytes=0-8\n" EMPTY DATE V4(GET_SIGNED, GET_MAC), NULL, MAY,
         S3_SIGNATURE_DOES_NOT_MATCH},
        {GET_HEAD "Range: bytes=0-9\n" V4(GET_SIGNED, GET_MAC), NULL, MAY, S3_SIGNATURE_DOES_NOT_MATCH},
        {"GET /test.txt\n" HOST EMPTY DATE V4(GET_SIGNED, GET_MAC), NULL, MAY, S3_ACCESS_DENIED},
        {GET_HEAD V4(GET_SIGNED, "e0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"), NULL,
         MAY, S3_SIGNATURE_DOES_NOT_MATCH},
        // A header that changes the meaning, added on the way.
        {GET_HEAD "x-amz-acl: public-read\n" V4(GET_SIGNED, GET_MAC), NULL, MAY, S3_ACCESS_DENIED},
        {PRESIGNED "x-amz-acl: public-read\n", NULL, MAY, S3_ACCESS_DENIED},
        {"GET /test.txt?" PRESIGNED_QUERY "&versionId=2&X-Amz-Signature=" PRESIGNED_MAC "\n" HOST, NULL, MAY,
         S3_SIGNATURE_DOES_NOT_MATCH},
        {"GET /photos/puppy.jpg\nDate: Tue, 27 Mar 2007 19:36:42 +0000\nAuthorization: AWS " KEY
         ":qgk2+6Sv9/oM7G3qLEjTH1a1l1g=\n",
         "otherbucket", MARCH, S3_SIGNATURE_DOES_NOT_MATCH},
    };
    judge_rows(rows, ARRAY_LEN(rows));
}

static void time_has_its_limits_on_both_sides(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET_WHOLE, NULL, MAY + 15 * MINUTE, S3_OK},
        {GET_WHOLE, NULL, MAY - 15 * MINUTE, S3_OK},
        {GET_WHOLE, NULL, MAY + 15 * MINUTE + 1, S3_REQUEST_TIME_TOO_SKEWED},
        {GET_WHOLE, NULL, MAY - 15 * MINUTE - 1, S3_REQUEST_TIME_TOO_SKEWED},
        {PRESIGNED, NULL, MAY + 86400 * INT64_C(1000), S3_OK},
        {PRESIGNED, NULL, MAY + 86400 * INT64_C(1000) + 1, S3_REQUEST_EXPIRED},
        {PRESIGNED, NULL, MAY - 15 * MINUTE, S3_OK},
        {PRESIGNED, NULL, MAY - 15 * MINUTE - 1, S3_ACCESS_DENIED},
    };
    judge_rows(rows, ARRAY_LEN(rows));
}

#define PARAMS(credential, date, expires, headers, signature)                                                \
    "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" credential "&X-Amz-Date=" date        \
    "&X-Amz-Expires=" expires "&X-Amz-SignedHeaders=" headers "&X-Amz-Signature=" signature "\n" HOST
#define SCOPE     "/20130524/r/s3/aws4_request"
#define GOOD_DATE "20130524T000000Z"

static void malformed_claims_are_named(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET /x\n" HOST, NULL, MAY, S3_ACCESS_DENIED},
        {"GET /x\n" HOST "Authorization: Bearer abc\n", NULL, MAY, S3_INVALID_ARGUMENT},
        {GET_WHOLE "Authorization: AWS a:b\n", NULL, MAY, S3_INVALID_ARGUMENT},
        {"GET /test.txt?" PRESIGNED_QUERY "\n" HOST V4("host", GET_MAC), NULL, MAY, S3_INVALID_ARGUMENT},
        {"GET /?" PRESIGNED_QUERY "&AWSAccessKeyId=" KEY "\n" HOST, NULL, MAY, S3_INVALID_ARGUMENT},
        {GET_HEAD V4("range;x-amz-content-sha256;x-amz-date", GET_MAC), NULL, MAY, S3_ACCESS_DENIED},
        {GET_HEAD V4(GET_SIGNED, "f0e8"), NULL, MAY, S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 \n", NULL, MAY, S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Credential=a\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Signature\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Credential=/20130524/r/s3/aws4_request\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Credential=a/20130525/r/s3/aws4_request\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Credential=a/20130524/r/ec2/aws4_request\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws5\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {GET_HEAD "Authorization: AWS4-HMAC-SHA256 Signature=" GET_MAC ", Signature=" GET_MAC "\n", NULL, MAY,
         S3_AUTHORIZATION_HEADER_MALFORMED},
        {"GET /\n" HOST EMPTY V4(GET_SIGNED, GET_MAC), NULL, MAY, S3_ACCESS_DENIED},
        {"GET /\n" HOST DATE V4("host;x-amz-date", GET_MAC), NULL, MAY, S3_MISSING_SECURITY_HEADER},
        {"GET /\n" HOST DATE
         "x-amz-content-sha256: abc\n" V4("host;x-amz-content-sha256;x-amz-date", GET_MAC),
         NULL, MAY, S3_INVALID_ARGUMENT},
        {"GET /\n" HOST DATE "x-amz-content-sha256: STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD\n" //
         V4("host;x-amz-content-sha256;x-amz-date", GET_MAC),
         NULL, MAY, S3_NOT_IMPLEMENTED},
        {PARAMS(KEY SCOPE, GOOD_DATE, "604801", "host", GET_MAC), NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "0", "host", GET_MAC), NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "-5", "host", GET_MAC), NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "99999999999999999999", "host", GET_MAC), NULL, MAY,
         S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "604800", "host", GET_MAC), NULL, MAY, S3_SIGNATURE_DOES_NOT_MATCH},
        {PARAMS(KEY SCOPE, "20130524T000060Z", "60", "host", GET_MAC), NULL, MAY,
         S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, "20130631T000000Z", "60", "host", GET_MAC), NULL, MAY,
         S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "60", "range", GET_MAC), NULL, MAY, S3_ACCESS_DENIED},
        {PARAMS(KEY SCOPE, GOOD_DATE, "60", "host", "zz"), NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "60", "host", GET_MAC "&X-Amz-Signature=" GET_MAC), NULL, MAY,
         S3_AUTHORIZATION_QUERY_ERROR},
        {"GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256\n" HOST, NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {"GET /?AWSAccessKeyId=a&Expires=1&Signature=x\n" HOST, NULL, MAY, S3_ACCESS_DENIED},
        {"GET /?AWSAccessKeyId=a&Expires=1&Signature=qgk2%2B6Sv9/oM7G3qLEjTH1a1l1g=\n" HOST, NULL, MAY,
         S3_REQUEST_EXPIRED},
        {"GET /?AWSAccessKeyId=a&Signature=qgk2%2B6Sv9/oM7G3qLEjTH1a1l1g=\n" HOST, NULL, MAY,
         S3_ACCESS_DENIED},
        {PARAMS("a%0A" SCOPE, GOOD_DATE, "60", "host", GET_MAC), NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS("a/20130524/r%0Ab/s3/aws4_request", GOOD_DATE, "60", "host", GET_MAC), NULL, MAY,
         S3_AUTHORIZATION_QUERY_ERROR},
        {PARAMS(KEY SCOPE, GOOD_DATE, "60", "host%0A", GET_MAC), NULL, MAY, S3_AUTHORIZATION_QUERY_ERROR},
        {"GET /?AWSAccessKeyId=a%09&Expires=9999999999&Signature=qgk2%2B6Sv9/oM7G3qLEjTH1a1l1g=\n" HOST, NULL,
         MAY, S3_ACCESS_DENIED},
        {"GET /?a=%\n" HOST, NULL, MAY, S3_INVALID_URI},
        {"GET /%00\n" HOST EMPTY DATE V4("host;x-amz-content-sha256;x-amz-date", GET_MAC), NULL, MAY,
         S3_INVALID_URI},
    };
    judge_rows(rows, ARRAY_LEN(rows));
}

// An e-mail address with a plus and a slash is an access key here; any region will do.
static void a_credential_is_read_from_its_end(void **state)
{
    (void)state;
    struct written w;
    struct s3_claim claim;
    const struct s3_request *r =
        written_read(&w,
                     PARAMS("a%2Bb%2Fc%40d.org%2F20130524%2Fsomewhere%20else%2Fs3%2Faws4_request", GOOD_DATE,
                            "60", "host", GET_MAC),
                     MAY);
    assert_int_equal(s3_claim_read(r, NULL, &claim, NULL), S3_OK);
    assert_string_equal(claim.access_key, "a+b/c@d.org");
    assert_string_equal(claim.region, "somewhere else");
    assert_int_equal(claim.kind, S3_V4_QUERY);
    assert_int_equal(claim.payload, S3_PAYLOAD_UNSIGNED);
    written_free(&w);
}

static void payloads_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum s3_payload payload;
    } rows[] = {
        {S3_EMPTY_SHA256, S3_PAYLOAD_SHA256},
        {"UNSIGNED-PAYLOAD", S3_PAYLOAD_UNSIGNED},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", S3_PAYLOAD_CHUNKED},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", S3_PAYLOAD_CHUNKED_TRAILER},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", S3_PAYLOAD_UNSIGNED_TRAILER},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "PUT /k\n" HOST DATE
                 "x-amz-content-sha256: %s\n" V4("host;x-amz-content-sha256;x-amz-date", GET_MAC),
                 rows[i].text);
        struct written w;
        struct s3_claim claim;
        assert_int_equal(s3_claim_read(written_read(&w, text, MAY), NULL, &claim, NULL), S3_OK);
        assert_int_equal(claim.payload, rows[i].payload);
        assert_int_equal(s3_payload_is_chunked(claim.payload), i >= 2);
        written_free(&w);
    }
}

// The signer gives what the documentation gives, and what it signs is accepted.
static void our_own_signatures_are_the_documented_ones(void **state)
{
    (void)state;
    const struct s3_signer s = {KEY, SECRET, "us-east-1"};
    struct written w;
    struct buf b = BUF_INIT(4096);
    const struct s3_request *r = written_read(&w, GET_HEAD "User-Agent: x\nExpect: 100-continue\n", MAY);
    assert_int_equal(s3_sign_header(&s, r, &b, NULL), S3_OK);
    assert_string_equal(buf_str(&b), "AWS4-HMAC-SHA256 Credential=" KEY
                                     "/20130524/us-east-1/s3/aws4_request, SignedHeaders=" //
                        GET_SIGNED ", Signature=" GET_MAC);
    written_free(&w);
    buf_clear(&b);
    r = written_read(&w, "GET /test.txt\n" HOST, MAY);
    assert_int_equal(s3_presign(&s, r, 86400, &b, NULL), S3_OK);
    assert_string_equal(buf_str(&b), PRESIGNED_QUERY "&X-Amz-Signature=" PRESIGNED_MAC);
    assert_int_equal(s3_presign(&s, r, 0, &b, NULL), S3_INVALID_ARGUMENT);
    assert_int_equal(s3_presign(&s, r, 604801, &b, NULL), S3_INVALID_ARGUMENT);
    assert_int_equal(s3_sign_header(&s, r, &b, NULL), S3_INVALID_ARGUMENT); // no date
    written_free(&w);
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_documentation_verify),
        cmocka_unit_test(what_was_changed_after_signing_is_refused),
        cmocka_unit_test(time_has_its_limits_on_both_sides),
        cmocka_unit_test(malformed_claims_are_named),
        cmocka_unit_test(a_credential_is_read_from_its_end),
        cmocka_unit_test(payloads_are_told_apart),
        cmocka_unit_test(our_own_signatures_are_the_documented_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
