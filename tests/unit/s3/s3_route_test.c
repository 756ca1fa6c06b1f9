// SPDX-License-Identifier: Apache-2.0
// Routes: every operation in both styles, and what must not fall through to another one.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "s3/query.h"
#include "s3/route.h"
#include "written.h"

static struct s3_route route;

static enum s3_code read_route(const char *text, const char *bucket, struct err *e)
{
    struct written w;
    *e = ERR_NULL;
    enum s3_code code = s3_route_read(written_read(&w, text, 0), bucket, &route, e);
    written_free(&w);
    return code;
}

static void operations(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bucket;
        enum s3_op op;
        const char *want_bucket, *want_key;
    } rows[] = {
        {"GET /", "", S3_OP_LIST_BUCKETS, "", ""},
        {"GET /?x-id=ListBuckets", NULL, S3_OP_LIST_BUCKETS, "", ""},
        {"PUT /buck", "", S3_OP_CREATE_BUCKET, "buck", ""},
        {"PUT /buck/", "", S3_OP_CREATE_BUCKET, "buck", ""},
        {"PUT /", "buck", S3_OP_CREATE_BUCKET, "buck", ""},
        {"HEAD /buck", "", S3_OP_HEAD_BUCKET, "buck", ""},
        {"DELETE /buck/", "", S3_OP_DELETE_BUCKET, "buck", ""},
        {"GET /buck?acl", "", S3_OP_GET_BUCKET_ACL, "buck", ""},
        {"GET /?acl=", "buck", S3_OP_GET_BUCKET_ACL, "buck", ""},
        {"GET /buck?location", "", S3_OP_GET_BUCKET_LOCATION, "buck", ""},
        {"GET /buck?versioning", "", S3_OP_GET_BUCKET_VERSIONING, "buck", ""},
        {"GET /buck?versions&prefix=a", "", S3_OP_LIST_VERSIONS, "buck", ""},
        {"GET /buck?uploads", "", S3_OP_LIST_UPLOADS, "buck", ""},
        {"GET /buck", "", S3_OP_LIST_OBJECTS, "buck", ""},
        {"GET /buck?list-type=2", "", S3_OP_LIST_OBJECTS_V2, "buck", ""},
        {"POST /buck?delete", "", S3_OP_DELETE_OBJECTS, "buck", ""},
        {"GET /buck/k", "", S3_OP_GET_OBJECT, "buck", "k"},
        {"GET /buck/k?x-id=GetObject&list-type=2", "", S3_OP_GET_OBJECT, "buck", "k"},
        {"GET /buck/k", "first", S3_OP_GET_OBJECT, "first", "buck/k"},
        {"HEAD /buck/a/b", "", S3_OP_HEAD_OBJECT, "buck", "a/b"},
        {"PUT /buck/a%20b+c%2Fd%25", "", S3_OP_PUT_OBJECT, "buck", "a b+c/d%"},
        {"PUT /buck//a", "", S3_OP_PUT_OBJECT, "buck", "/a"},
        {"PUT //a", "buck", S3_OP_PUT_OBJECT, "buck", "/a"},
        {"PUT /buck/../etc/passwd", "", S3_OP_PUT_OBJECT, "buck", "../etc/passwd"},
        {"PUT /buck/%C3%A9", "", S3_OP_PUT_OBJECT, "buck", "\u00e9"},
        {"PUT /buck/k\nx-amz-copy-source: other/s%20o", "", S3_OP_COPY_OBJECT, "buck", "k"},
        {"PUT /buck/k?x-amz-copy-source=other/so&X-Amz-Signature=a", "", S3_OP_COPY_OBJECT, "buck", "k"},
        {"PUT /buck/k?x-amz-copy-source=other/so&Signature=a", "", S3_OP_COPY_OBJECT, "buck", "k"},
        {"PUT /buck/k?x-amz-copy-source=other/so", "", S3_OP_PUT_OBJECT, "buck", "k"}, // not signed there
        {"DELETE /buck/k?versionId=null", "", S3_OP_DELETE_OBJECT, "buck", "k"},
        {"GET /buck/k?acl", "", S3_OP_GET_OBJECT_ACL, "buck", "k"},
        {"GET /buck/k?tagging", "", S3_OP_GET_OBJECT_TAGGING, "buck", "k"},
        {"GET /buck/k?attributes", "", S3_OP_GET_OBJECT_ATTRIBUTES, "buck", "k"},
        {"POST /buck/k?uploads", "", S3_OP_CREATE_UPLOAD, "buck", "k"},
        {"PUT /buck/k?partNumber=1&uploadId=u", "", S3_OP_UPLOAD_PART, "buck", "k"},
        {"PUT /buck/k?partNumber=1&uploadId=u\nx-amz-copy-source: /other/so", "", S3_OP_UPLOAD_PART_COPY,
         "buck", "k"},
        {"GET /buck/k?uploadId=u", "", S3_OP_LIST_PARTS, "buck", "k"},
        {"POST /buck/k?uploadId=u", "", S3_OP_COMPLETE_UPLOAD, "buck", "k"},
        {"DELETE /buck/k?uploadId=u", "", S3_OP_ABORT_UPLOAD, "buck", "k"},
    };
    struct err e;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum s3_code code = read_route(rows[i].text, rows[i].bucket, &e);
        if (code || route.op != rows[i].op || strcmp(route.bucket, rows[i].want_bucket) ||
            strcmp(route.key, rows[i].want_key))
            fail_msg("%s: %s %s, %s \"%s\" \"%s\"", rows[i].text, s3_code_text(code), e.text,
                     s3_op_text(route.op), route.bucket, route.key);
        assert_int_equal(route.key_n, strlen(route.key));
    }
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum s3_code code;
    } rows[] = {
        // A sub-resource that is not here is never the plain operation.
        {"PUT /buck?acl", S3_NOT_IMPLEMENTED},
        {"PUT /buck?versioning", S3_NOT_IMPLEMENTED},
        {"DELETE /buck?policy", S3_NOT_IMPLEMENTED},
        {"DELETE /buck?lifecycle", S3_NOT_IMPLEMENTED},
        {"PUT /buck/k?acl", S3_NOT_IMPLEMENTED},
        {"PUT /buck/k?tagging", S3_NOT_IMPLEMENTED},
        {"PUT /buck/k?retention", S3_NOT_IMPLEMENTED},
        {"DELETE /buck/k?tagging", S3_NOT_IMPLEMENTED},
        {"GET /buck/k?torrent", S3_NOT_IMPLEMENTED},
        {"PUT /buck/k?attributes", S3_NOT_IMPLEMENTED},
        {"GET /buck?attributes", S3_NOT_IMPLEMENTED},
        {"POST /buck/k?select&select-type=2", S3_NOT_IMPLEMENTED},
        {"PUT /buck/k?uploads", S3_NOT_IMPLEMENTED},
        {"GET /?acl", S3_NOT_IMPLEMENTED},
        {"DELETE /buck/k?acl&uploadId=u", S3_INVALID_ARGUMENT},
        {"PUT /buck/k?partNumber=1", S3_INVALID_ARGUMENT},
        {"PUT /buck/k?uploadId=u", S3_INVALID_ARGUMENT},
        {"PUT /buck/k?uploadId=u&partNumber=0", S3_INVALID_ARGUMENT},
        {"PUT /buck/k?uploadId=u&partNumber=10001", S3_INVALID_ARGUMENT},
        {"PUT /buck/k?uploadId=u&partNumber=1x", S3_INVALID_ARGUMENT},
        {"PUT /buck/k?uploadId=u&partNumber=", S3_INVALID_ARGUMENT},
        {"PATCH /buck/k", S3_METHOD_NOT_ALLOWED},
        {"put /buck/k", S3_METHOD_NOT_ALLOWED},
        {"POST /buck/k", S3_METHOD_NOT_ALLOWED},
        {"POST /buck", S3_METHOD_NOT_ALLOWED},
        {"DELETE /", S3_METHOD_NOT_ALLOWED},
        {"HEAD /", S3_METHOD_NOT_ALLOWED},
        {"GET x", S3_INVALID_URI},
        {"GET /buck/%", S3_INVALID_URI},
        {"GET /buck/%00", S3_INVALID_URI},
        {"GET /buck/%FF", S3_INVALID_URI},
        {"GET /buck/k?a=%zz", S3_INVALID_URI},
        {"GET /Buck/k", S3_INVALID_BUCKET_NAME},
        {"GET /b%2Fk/k", S3_INVALID_BUCKET_NAME},
        {"GET /%2E%2E/k", S3_INVALID_BUCKET_NAME},
        {"GET //k", S3_INVALID_BUCKET_NAME},
        {"GET /buck?list-type=1", S3_INVALID_ARGUMENT},
        {"GET /buck?max-keys=-1", S3_INVALID_ARGUMENT},
        {"GET /buck?max-keys=2147483648", S3_INVALID_ARGUMENT},
        {"GET /buck?max-keys=99999999999", S3_INVALID_ARGUMENT},
        {"GET /buck?encoding-type=base64", S3_INVALID_ARGUMENT},
        {"GET /buck?prefix=%FF", S3_INVALID_ARGUMENT},
        {"GET /buck/k?response-content-type=a%0D%0ASet-Cookie:%20b", S3_INVALID_ARGUMENT},
        {"PUT /buck/k\nx-amz-copy-source: other", S3_INVALID_ARGUMENT},
        {"PUT /buck/k\nx-amz-copy-source: other/", S3_INVALID_ARGUMENT},
        {"PUT /buck/k\nx-amz-copy-source: /", S3_INVALID_ARGUMENT},
        {"PUT /buck/k\nx-amz-copy-source: other/%4", S3_INVALID_ARGUMENT},
        {"PUT /buck/k\nx-amz-copy-source: Other/k", S3_INVALID_BUCKET_NAME},
    };
    struct err e;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum s3_code code = read_route(rows[i].text, "", &e);
        if (code != rows[i].code)
            fail_msg("%s: %s, not %s: %s", rows[i].text, s3_code_text(code), s3_code_text(rows[i].code),
                     e.text);
    }
}

static void long_names_meet_their_limit(void **state)
{
    (void)state;
    static char text[8192];
    struct err e;
    memset(text, 'k', sizeof text);
    memcpy(text, "GET /buck/", 10);
    text[10 + 1024] = '\0';
    assert_int_equal(read_route(text, "", &e), S3_OK);
    assert_int_equal(route.key_n, 1024);
    text[10 + 1024] = 'k';
    text[10 + 1025] = '\0';
    assert_int_equal(read_route(text, "", &e), S3_KEY_TOO_LONG);
    for (size_t i = 0; i < 1024; i++)
        memcpy(text + 10 + 3 * i, "%41", 3);
    text[10 + 3072] = '\0';
    assert_int_equal(read_route(text, "", &e), S3_OK);
    memset(text + 10, 'k', 5000);
    text[5010] = '\0';
    assert_int_equal(read_route(text, "", &e), S3_KEY_TOO_LONG);
    memcpy(text, "GET /buck?prefix=", 17);
    memset(text + 17, 'k', 1025);
    text[17 + 1025] = '\0';
    assert_int_equal(read_route(text, "", &e), S3_INVALID_ARGUMENT);
    assert_non_null(strstr(e.text, "prefix"));
    assert_non_null(strstr(e.text, "1024"));
    size_t n = (size_t)snprintf(text, sizeof text, "GET /buck?a");
    for (int i = 0; i < S3_QUERY_PAIRS - 1; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "&a%d=1", i);
    assert_int_equal(read_route(text, "", &e), S3_OK);
    snprintf(text + n, sizeof text - n, "&z");
    assert_int_equal(read_route(text, "", &e), S3_INVALID_URI);
}

static void parameters_arrive_decoded(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(
        read_route(
            "GET /buck?list-type=2&prefix=a+b%2Bc&delimiter=%2F&start-after=%C3%A9&continuation-token=t%3D&"
            "max-keys=5000&encoding-type=url&fetch-owner=true&marker=no&key-marker=no",
            "", &e),
        S3_OK);
    assert_string_equal(route.prefix, "a b+c");
    assert_string_equal(route.delimiter, "/");
    assert_string_equal(route.marker, "\u00e9");
    assert_string_equal(route.continuation, "t=");
    assert_true(route.has_continuation && route.encode_url && route.fetch_owner);
    assert_int_equal(route.max, 1000);
    assert_int_equal(read_route("GET /buck?marker=m&start-after=no&max-keys=0", "", &e), S3_OK);
    assert_string_equal(route.marker, "m");
    assert_int_equal(route.max, 0);
    assert_false(route.has_continuation || route.encode_url || route.fetch_owner);
    assert_int_equal(read_route("GET /buck?uploads&key-marker=m&upload-id-marker=i&max-uploads=7", "", &e),
                     S3_OK);
    assert_string_equal(route.id_marker, "i");
    assert_int_equal(route.max, 7);
    assert_int_equal(read_route("GET /buck/k?uploadId=u&part-number-marker=3&max-parts=2", "", &e), S3_OK);
    assert_int_equal(route.part_marker, 3);
    assert_string_equal(route.upload_id, "u");
    assert_int_equal(read_route("PUT /buck/k\nx-amz-copy-source: /other/a%2Fb%3Fc+d?versionId=null", "", &e),
                     S3_OK);
    assert_string_equal(route.source_bucket, "other");
    assert_string_equal(route.source_key, "a/b?c+d");
    assert_string_equal(route.source_version_id, "null");
    assert_int_equal(read_route("GET /buck?policy", "", &e), S3_OK);
    assert_int_equal(route.op, S3_OP_GET_BUCKET_ABSENT);
    assert_int_equal(route.absent, S3_NO_SUCH_BUCKET_POLICY);
    assert_int_equal(
        read_route("GET /buck/k?response-content-disposition=attachment;%20filename=%22%C3%A9%22", "", &e),
        S3_OK);
    assert_string_equal(route.content_disposition, "attachment; filename=\"\u00e9\"");
}

static void hosts_name_buckets(void **state)
{
    (void)state;
    static const struct {
        const char *host, *base, *bucket;
        enum s3_code code;
    } rows[] = {
        {"buck.s3.example.org", "s3.example.org", "buck", S3_OK},
        {"BUCK.S3.Example.org:9000", "s3.example.org:9000", "buck", S3_OK},
        {"a.b-c.s3.example.org.", "s3.example.org", "a.b-c", S3_OK},
        {"s3.example.org", "s3.example.org", "", S3_OK},
        {"xs3.example.org", "s3.example.org", "", S3_OK},
        {".s3.example.org", "s3.example.org", "", S3_OK},
        {"other.org", "s3.example.org", "", S3_OK},
        {"127.0.0.1:9000", "localhost", "", S3_OK},
        {"[::1]:9000", "localhost", "", S3_OK},
        {"buck.localhost:9000", "localhost", "buck", S3_OK},
        {"buck.localhost", NULL, "", S3_OK},
        {NULL, "localhost", "", S3_OK},
        {"b_.localhost", "localhost", "", S3_INVALID_BUCKET_NAME},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.localhost", "localhost", "",
         S3_INVALID_BUCKET_NAME},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[S3_BUCKET_BYTES];
        enum s3_code code = s3_virtual_bucket(rows[i].host, rows[i].base, out, NULL);
        if (code != rows[i].code || strcmp(out, rows[i].bucket))
            fail_msg("%s: %s \"%s\"", rows[i].host, s3_code_text(code), out);
    }
}

static void metadata_in_a_presigned_url_is_metadata(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *value;
        enum s3_code code;
    } rows[] = {
        {"PUT /b/k?X-Amz-Signature=a&x-amz-meta-a=b%20c", "x-amz-meta-a", "b c", S3_OK},
        {"PUT /b/k?Signature=a&X-Amz-Meta-a=", "X-Amz-Meta-a", "", S3_OK},
        {"PUT /b/k?x-amz-meta-a=b", NULL, NULL, S3_OK},
        {"PUT /b/k?Signature=a&x-amz-meta-a=b\nx-amz-meta-A: c", NULL, NULL, S3_OK},
        {"PUT /b/k?Signature=a&x-amz-meta-=b&x-amz-acl=c", NULL, NULL, S3_OK},
        {"PUT /b/k?Signature=a&x-amz-meta-a=b%0D%0Ac", NULL, NULL, S3_INVALID_ARGUMENT},
        {"PUT /b/k?Signature=a&x-amz-meta-a%3Ac=b", NULL, NULL, S3_INVALID_ARGUMENT},
        {"PUT /b/k?Signature=a&x-amz-meta-a%0Ac=b", NULL, NULL, S3_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct written w;
        struct s3_query q;
        struct s3_header out[S3_QUERY_PAIRS];
        size_t n = 0;
        const struct s3_request *r = written_read(&w, rows[i].text, 0);
        assert_int_equal(s3_query_read(r->query, &q, NULL), S3_OK);
        assert_int_equal(s3_moved_metadata(r, &q, out, &n, NULL), rows[i].code);
        assert_int_equal(n, rows[i].name != NULL);
        if (n) {
            assert_string_equal(out[0].name, rows[i].name);
            assert_string_equal(out[0].value, rows[i].value);
        }
        s3_query_deinit(&q);
        written_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(long_names_meet_their_limit),
        cmocka_unit_test(parameters_arrive_decoded),
        cmocka_unit_test(hosts_name_buckets),
        cmocka_unit_test(metadata_in_a_presigned_url_is_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
