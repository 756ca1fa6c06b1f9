// SPDX-License-Identifier: Apache-2.0
// Buckets and addresses in somebody else's storage.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "s3/outside.h"

static const struct s3_outside plain = {.url = "http://h:1",
                                        .region = "r",
                                        .access_key = "k",
                                        .secret = "s",
                                        .prefix = "ondol-{account}-",
                                        .staging = "ondol-staging"};

static void each_account_has_names_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *name, *there; // of account 7; NULL: it cannot have it
    } row[] = {
        {"ondol-{account}-", "in-b", "ondol-7-in-b"},
        {"ondol-{account}-", "ondol-7-in-b", "ondol-7-in-b"},
        {"ondol-{account}-", "ondol-8-in-b", "ondol-7-ondol-8-in-b"},
        {"ondol-{account}-", "ondol-77-in-b", "ondol-7-ondol-77-in-b"},
        {"ondol-{account}-", "ondol-7-", NULL},
        {"ondol-{account}-", "", NULL},
        {"ondol-{account}-", "../x", NULL},
        {"ondol-{account}-", "a/b", NULL},
        {"ondol-{account}-", "UPPER", NULL},
        {"ondol-{account}-", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgg", NULL},
        {"{account}:", "in-b", "7:in-b"},
        {"{account}:", "8:in-b", NULL},
        {"{account}:", "7:in-b", "7:in-b"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct s3_outside o = plain;
        char there[S3_OUTSIDE_BUCKET_BYTES];
        o.prefix = row[i].prefix;
        bool can = s3_outside_bucket(&o, 7, row[i].name, there);
        if (can != (row[i].there != NULL) || (can && strcmp(there, row[i].there) != 0))
            fail_msg("%s, %s: %s", row[i].prefix, row[i].name, can ? there : "none");
    }
}

static void what_would_mix_accounts_is_refused(void **state)
{
    (void)state;
    static const char *const prefix[] = {"ondol-",      "{account}", "x{account}1", "{account}-{account}-",
                                         "A{account}-", "{account}/"};
    struct err e;
    assert_int_equal(s3_outside_check(&plain, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(prefix); i++) {
        struct s3_outside o = plain;
        o.prefix = prefix[i];
        e = ERR_NULL;
        assert_true(s3_outside_check(&o, &e) < 0);
        assert_non_null(strstr(e.text, "objects-prefix"));
    }
    static const char *const staging[] = {"ondol-7-x", "ondol-0", "x", "UP", NULL};
    for (size_t i = 0; i < ARRAY_LEN(staging); i++) {
        struct s3_outside o = plain;
        o.staging = staging[i];
        e = ERR_NULL;
        assert_true(s3_outside_check(&o, &e) < 0);
        assert_non_null(strstr(e.text, "objects-staging"));
    }
    struct s3_outside given = plain;
    given.acl = "bucket-owner-full-control";
    assert_int_equal(s3_outside_check(&given, &e), 0);
    given.acl = "bucket-owner";
    e = ERR_NULL;
    assert_true(s3_outside_check(&given, &e) < 0);
    assert_non_null(strstr(e.text, "objects-acl"));
    static const char *const url[] = {"h:1", "ftp://h", "https://", "https://h/path", "https://u@h", NULL};
    for (size_t i = 0; i < ARRAY_LEN(url); i++) {
        struct s3_outside o = plain;
        o.url = url[i];
        e = ERR_NULL;
        assert_true(s3_outside_check(&o, &e) < 0);
        assert_true(!strncmp(e.text, "objects:", 8));
    }
}

// Reads the address as a request, as whoever serves it does.
static enum s3_code asked(const char *url, const char *method, const struct s3_header *h, size_t n,
                          int64_t now_ms)
{
    const char *path = strchr(strstr(url, "://") + 3, '/'), *query = strchr(path, '?');
    char plain_path[4096];
    struct s3_claim claim;
    struct err e = ERR_NULL;
    snprintf(plain_path, sizeof plain_path, "%.*s", (int)(query - path), path);
    struct s3_request r = {.method = method,
                           .path = plain_path,
                           .query = query + 1,
                           .header = h,
                           .header_n = n,
                           .now = WALL_MS(now_ms)};
    enum s3_code code = s3_claim_read(&r, NULL, &claim, &e);
    return code ? code : s3_claim_verify(&r, &claim, "s", NULL, &e);
}

static void an_address_is_good_for_what_it_was_made_for(void **state)
{
    (void)state;
    static const char key[] = "10.0/odd +%&/\xc3\xa9";
    const int64_t now = 1700000000000;
    for (int virtual_host = 0; virtual_host < 2; virtual_host++) {
        struct s3_outside o = plain;
        struct buf url = BUF_INIT(S3_OUTSIDE_URL_BYTES);
        struct err e = ERR_NULL;
        o.virtual_host = virtual_host;
        struct s3_header md5 = {"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="};
        struct s3_outside_ask ask = {.method = "PUT",
                                     .bucket = "ondol-7-b",
                                     .key = key,
                                     .key_n = strlen(key),
                                     .query = "partNumber=1&uploadId=a%2Fb",
                                     .header = &md5,
                                     .header_n = 1,
                                     .lives_s = 300};
        assert_int_equal(s3_outside_url(&o, &ask, WALL_MS(now), &url, &e), S3_OK);
        const char *begin = virtual_host ? "http://ondol-7-b.h:1/10.0/odd%20%2B%25%26/%C3%A9?partNumber=1&"
                                         : "http://h:1/ondol-7-b/10.0/odd%20%2B%25%26/%C3%A9?partNumber=1&";
        assert_true(!strncmp(buf_str(&url), begin, strlen(begin)));
        assert_null(strstr(buf_str(&url), "secret"));
        struct s3_header h[] = {{"Host", virtual_host ? "ondol-7-b.h:1" : "h:1"}, md5};
        assert_int_equal(asked(buf_str(&url), "PUT", h, 2, now + 200000), S3_OK);
        assert_int_equal(asked(buf_str(&url), "GET", h, 2, now), S3_SIGNATURE_DOES_NOT_MATCH);
        assert_int_not_equal(asked(buf_str(&url), "PUT", h, 2, now + 301000), S3_OK);
        h[1].value = "AAAAAAAAAAAAAAAAAAAAAA==";
        assert_int_equal(asked(buf_str(&url), "PUT", h, 2, now), S3_SIGNATURE_DOES_NOT_MATCH);
        buf_deinit(&url);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_account_has_names_of_its_own),
        cmocka_unit_test(what_would_mix_accounts_is_refused),
        cmocka_unit_test(an_address_is_good_for_what_it_was_made_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
