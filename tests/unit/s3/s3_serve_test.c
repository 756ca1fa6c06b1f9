// SPDX-License-Identifier: Apache-2.0
// The S3 endpoint with two accounts: neither sees, fills or empties what is the other's; quotas and limits
// are told before a body is sent; buckets are named by path or by host.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../net/net_help.h"
#include "../objects/objects_help.h"
#include "s3/serve.h"
#include "s3/sign.h"

struct place {
    char dir[256];
    struct objects *o;
    struct s3_serve *s3;
};

static bool account(void *ctx, const char *key, size_t nth, struct arena *a, struct s3_account *out)
{
    (void)ctx, (void)a;
    static const struct s3_grant reads[] = {{"alices-bucket", "in/"}, {"bobs-bucket", ""}};
    if (!strcmp(key, S3_LEASE_KEY "7")) {
        *out = (struct s3_account){.id = ALICE,
                                   .secret = "secret of lease 7",
                                   .lease = 7,
                                   .grant = reads,
                                   .n_grants = ARRAY_LEN(reads)};
        return true;
    }
    bool alice = !strcmp(key, "alice@example.org"), bob = !strcmp(key, "bob+s3@example.org");
    *out = (struct s3_account){.id = alice ? ALICE : BOB};
    snprintf(out->name, sizeof out->name, "%s", key);
    snprintf(out->secret, sizeof out->secret, "%s", alice ? "secret of alice" : "secret of bob");
    return nth == 0 && (alice || bob);
}

static int setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);
    struct err e = ERR_NULL;
    help_folder(p->dir);
    p->o = help_open(&(struct objects_config){.dir = p->dir, .quota_bytes = 200000});
    struct s3_serve_config cfg = {.objects = p->o,
                                  .quota_bytes = 200000,
                                  .listen = "127.0.0.1:0",
                                  .base_host = "s3.example.org",
                                  .account = account};
    if (s3_serve_start(&p->s3, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    s3_serve_stop(p->s3);
    objects_close(p->o);
    help_folder_end(p->dir);
    free(p);
    return 0;
}

struct ask {
    const char *method, *target, *body;
    const char *name, *value; // one more header; NULL: none
    const char *host;         // NULL: the address
    size_t length;            // announced, when there is no body
};

static char answer[65536];

// Sends a request signed by alice or bob and gives the status; the whole answer is in `answer`.
static bool as_lease; // instead of Alice

static int ask_as(struct place *p, bool alice, struct ask a)
{
    char path[512], host[64], date[17], length[24];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    wall_ms now = WALL_MS((int64_t)t.tv_sec * 1000);
    const char *query = strchr(a.target, '?');
    snprintf(path, sizeof path, "%.*s", (int)strcspn(a.target, "?"), a.target);
    snprintf(host, sizeof host, "127.0.0.1:%d", s3_serve_port(p->s3));
    s3_amz_date(date, now);
    size_t n = a.body ? strlen(a.body) : a.length;
    snprintf(length, sizeof length, "%zu", n);
    struct s3_header h[5] = {{"Host", a.host ? a.host : host},
                             {"x-amz-date", date},
                             {"x-amz-content-sha256", S3_UNSIGNED_PAYLOAD},
                             {"Content-Length", length},
                             {a.name, a.value}};
    struct s3_request r = {.method = a.method,
                           .path = path,
                           .query = query ? query + 1 : "",
                           .header = h,
                           .header_n = a.name ? 5 : 4,
                           .now = now};
    struct s3_signer who = {alice ? "alice@example.org" : "bob+s3@example.org",
                            alice ? "secret of alice" : "secret of bob", "anywhere"};
    if (as_lease)
        who = (struct s3_signer){S3_LEASE_KEY "7", "secret of lease 7", "anywhere"};
    struct buf head = BUF_INIT(1 << 18), authorization = BUF_INIT(8192);
    struct err e = ERR_NULL;
    assert_int_equal(s3_sign_header(&who, &r, &authorization, &e), S3_OK);
    buf_putf(&head, "%s %s HTTP/1.1\r\nConnection: close\r\nAuthorization: %s\r\n", a.method, a.target,
             buf_str(&authorization));
    for (size_t i = 0; i < r.header_n; i++)
        buf_putf(&head, "%s: %s\r\n", h[i].name, h[i].value);
    buf_putf(&head, "%s\r\n%s", a.length && !a.body ? "Expect: 100-continue\r\n" : "", a.body ? a.body : "");
    int fd = net_connect(s3_serve_port(p->s3));
    net_write(fd, head.v, head.n);
    assert_true(net_read_all(fd, answer, sizeof answer) > 0);
    close(fd);
    buf_deinit(&head);
    buf_deinit(&authorization);
    return atoi(answer + 9);
}

#define ALICE_ASKS(status, ...) assert_int_equal(ask_as(p, true, (struct ask){__VA_ARGS__}), status)
#define BOB_ASKS(status, ...)   assert_int_equal(ask_as(p, false, (struct ask){__VA_ARGS__}), status)
#define SAYS(text)              assert_non_null(strstr(answer, text))

static void a_lease_reads_what_its_task_names_and_writes_where_nobody_looks(void **state)
{
    struct place *p = *state;
    ALICE_ASKS(200, "PUT", "/alices-bucket");
    ALICE_ASKS(200, "PUT", "/alices-bucket/in/a", "resource");
    ALICE_ASKS(200, "PUT", "/alices-bucket/secret", "not for this task");
    ALICE_ASKS(200, "PUT", "/alices-other");
    static char most[199975]; // and her quota is full: what is staged counts when it is published
    memset(most, 'm', sizeof most - 1);
    ALICE_ASKS(200, "PUT", "/alices-other/most", most);
    BOB_ASKS(200, "PUT", "/bobs-bucket");
    BOB_ASKS(200, "PUT", "/bobs-bucket/key", "his bytes");
    as_lease = true;
    ALICE_ASKS(200, "GET", "/alices-bucket/in/a");
    SAYS("resource");
    ALICE_ASKS(200, "HEAD", "/alices-bucket/in/a");
    ALICE_ASKS(200, "GET", "/alices-bucket?list-type=2&prefix=in%2F");
    static const struct ask refused[] = {
        {"GET", "/alices-bucket/secret"},
        {"GET", "/alices-bucket/in/a?acl"},
        {"GET", "/alices-bucket?list-type=2"},
        {"GET", "/alices-bucket?list-type=2&prefix=in"},
        {"GET", "/alices-bucket?prefix=in%2F"}, // one kind of list is enough
        {"GET", "/"},
        {"GET", "/alices-other?list-type=2"},
        {"GET", "/bobs-bucket/key"}, // named by the task, and not its owner's
        {"PUT", "/alices-bucket/in/b", "x"},
        {"PUT", "/alices-other/b", "x"},
        {"DELETE", "/alices-bucket/in/a"},
        {"DELETE", "/alices-bucket"},
        {"PUT", "/a-new-bucket"},
        {"GET", "/ondol-results/r"},
        {"DELETE", "/ondol-results/r"},
        {"PUT", "/ondol-snapshot-0/r", "x"},
        {"PUT", "/ondol-snapshot-x/r", "x"},
        {"PUT", "/ondol-results/r", .name = "x-amz-copy-source", .value = "/alices-bucket/in/a"},
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        int status = ask_as(p, true, refused[i]);
        if (status != 403)
            fail_msg("%s %s: %d", refused[i].method, refused[i].target, status);
    }
    ALICE_ASKS(404, "PUT", "/ondol-results/r", "too early");
    ALICE_ASKS(200, "PUT", "/ondol-results");
    ALICE_ASKS(200, "PUT", "/ondol-results/r", "result");
    ALICE_ASKS(200, "HEAD", "/ondol-results/r"); // whether an upload went well whose answer was lost
    ALICE_ASKS(200, "PUT", "/ondol-snapshot-3");
    ALICE_ASKS(200, "POST", "/ondol-snapshot-3/large?uploads");
    as_lease = false;
    ALICE_ASKS(200, "GET", "/");
    assert_null(strstr(answer, "~7"));
    ALICE_ASKS(400, "GET", "/~7.0/r"); // no name that anybody can say
    struct objects_bucket b;
    struct err e = ERR_NULL;
    assert_int_equal(objects_bucket(p->o, "~7.0", &b, &e), 0);
    assert_int_equal(b.account, 0);
    assert_int_equal(b.objects, 1);
    assert_int_equal(objects_bucket(p->o, "~7.3", &b, &e), 0);
}

static void nobody_reaches_what_is_anothers(void **state)
{
    struct place *p = *state;
    BOB_ASKS(200, "PUT", "/bobs-bucket");
    BOB_ASKS(200, "PUT", "/bobs-bucket/key", "his bytes");
    BOB_ASKS(200, "POST", "/bobs-bucket/parts?uploads");
    char id[17];
    const char *at = strstr(answer, "<UploadId>");
    assert_non_null(at);
    snprintf(id, sizeof id, "%s", at + 10);
    static const struct ask asks[] = {
        {"HEAD", "/bobs-bucket"},
        {"GET", "/bobs-bucket"},
        {"GET", "/bobs-bucket?list-type=2"},
        {"GET", "/bobs-bucket?versions"},
        {"GET", "/bobs-bucket?uploads"},
        {"GET", "/bobs-bucket?acl"},
        {"GET", "/bobs-bucket?location"},
        {"GET", "/bobs-bucket?versioning"},
        {"GET", "/bobs-bucket?policy"},
        {"DELETE", "/bobs-bucket"},
        {"POST", "/bobs-bucket?delete", "<Delete><Object><Key>key</Key></Object></Delete>"},
        {"GET", "/bobs-bucket/key"},
        {"HEAD", "/bobs-bucket/key"},
        {"GET", "/bobs-bucket/key?acl"},
        {"GET", "/bobs-bucket/key?tagging"},
        {"GET", "/bobs-bucket/key?attributes"},
        {"PUT", "/bobs-bucket/key", "hers"},
        {"PUT", "/bobs-bucket/new", "hers"},
        {"DELETE", "/bobs-bucket/key"},
        {"POST", "/bobs-bucket/key?uploads"},
    };
    BOB_ASKS(200, "PUT", "/bobs-second");
    ALICE_ASKS(200, "PUT", "/alices-bucket");
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        int status = ask_as(p, true, asks[i]);
        if (status != 403)
            fail_msg("%s %s as another account: %d, not 403", asks[i].method, asks[i].target, status);
        if (strcmp(asks[i].method, "HEAD") != 0)
            SAYS("<Code>AccessDenied</Code>");
    }
    static const char *const of_upload[][2] = {
        {"PUT", "&partNumber=1"}, {"GET", ""}, {"POST", ""}, {"DELETE", ""}};
    for (size_t i = 0; i < ARRAY_LEN(of_upload); i++) {
        char target[128];
        snprintf(target, sizeof target, "/bobs-bucket/parts?uploadId=%s%s", id, of_upload[i][1]);
        ALICE_ASKS(403, of_upload[i][0], target, "x");
        snprintf(target, sizeof target, "/alices-bucket/parts?uploadId=%s%s", id, of_upload[i][1]); // guessed
        ALICE_ASKS(404, of_upload[i][0], target,
                   strcmp(of_upload[i][0], "POST")
                       ? "x"
                       : "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"
                         "0cc175b9c0f1b6a831c399e269772661</ETag></Part></CompleteMultipartUpload>");
        SAYS("<Code>NoSuchUpload</Code>");
    }
    ALICE_ASKS(403, "PUT", "/alices-bucket/copy", NULL, "x-amz-copy-source", "bobs-bucket/key");
    ALICE_ASKS(409, "PUT", "/bobs-bucket");
    SAYS("<Code>BucketAlreadyExists</Code>");
    ALICE_ASKS(200, "GET", "/");
    SAYS("<Name>alices-bucket</Name>");
    assert_null(strstr(answer, "bobs-"));
    BOB_ASKS(200, "GET", "/bobs-bucket/key");
    SAYS("his bytes");
}

static void the_quota_is_told_before_the_body(void **state)
{
    struct place *p = *state;
    ALICE_ASKS(200, "PUT", "/alices-bucket");
    ALICE_ASKS(403, "PUT", "/alices-bucket/large", .length = 200001);
    SAYS("<Code>QuotaExceeded</Code>");
    assert_null(strstr(answer, "100 Continue"));
    ALICE_ASKS(400, "PUT", "/alices-bucket/large", .length = (size_t)6 << 30);
    SAYS("<Code>EntityTooLarge</Code>");
    ALICE_ASKS(404, "PUT", "/no-such-bucket/large", .length = 1000);
    SAYS("<BucketName>no-such-bucket</BucketName>");
    ALICE_ASKS(404, "PUT", "/alices-bucket/x?partNumber=1&uploadId=0000000000000001", .length = 1000);
    SAYS("<Code>NoSuchUpload</Code>");
}

static void a_bucket_is_named_by_path_or_by_host(void **state)
{
    struct place *p = *state;
    ALICE_ASKS(200, "PUT", "/", .host = "by-host.s3.example.org");
    ALICE_ASKS(200, "PUT", "/a/b", "bytes", .host = "by-host.s3.example.org:443");
    ALICE_ASKS(200, "GET", "/by-host/a/b");
    SAYS("bytes");
    ALICE_ASKS(200, "GET", "/by-host/");
    SAYS("<Key>a/b</Key>");
    ALICE_ASKS(200, "GET", "/", .host = "s3.example.org");
    SAYS("<Name>by-host</Name>");
}

static void who_does_not_sign_is_refused(void **state)
{
    struct place *p = *state;
    int fd = net_connect(s3_serve_port(p->s3));
    net_puts(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(net_read_all(fd, answer, sizeof answer) > 0);
    assert_int_equal(atoi(answer + 9), 403);
    SAYS("<Code>AccessDenied</Code>");
    close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nobody_reaches_what_is_anothers),
        T(a_lease_reads_what_its_task_names_and_writes_where_nobody_looks),
        T(the_quota_is_told_before_the_body),
        T(a_bucket_is_named_by_path_or_by_host),
        T(who_does_not_sign_is_refused),
    };
    return cmocka_run_group_tests_name("s3_serve", tests, NULL, NULL);
}
