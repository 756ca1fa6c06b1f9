// SPDX-License-Identifier: Apache-2.0
// What a server finds in somebody else's storage after its start: results that could not be taken back when
// they failed are taken back now, what attempts of before left goes, and what is somebody's stays. And copies
// there of what is too large for one call.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../objects/objects_help.h"
#include "s3/serve.h"
#include "server/outside.h"
#include "server/outside_ask.h"
#include "server/outside_copy.h"

#define TURNS 60000 // of a millisecond and a request

struct place {
    char dir[256], url[64];
    struct objects *o;
    struct s3_serve *s3;
    atomic_bool refuses, stop;
    atomic_int asked; // by the server, meanwhile
    struct s3_outside at;
    struct outside_way way;
    CURL *easy;
};

static bool account(void *ctx, const char *key, size_t nth, struct arena *a, struct s3_account *out)
{
    struct place *p = ctx;
    (void)key, (void)a;
    *out = (struct s3_account){.id = 1, .name = "operator", .secret = "secret of the operator"};
    p->asked++;
    return nth == 0 && !p->refuses;
}

static int setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);
    struct err e = ERR_NULL;
    help_folder(p->dir);
    p->o = help_open(&(struct objects_config){.dir = p->dir, .quota_bytes = 1 << 20, .quota_buckets = 10});
    struct s3_serve_config cfg = {
        .objects = p->o, .quota_bytes = 1 << 20, .listen = "127.0.0.1:0", .account = account, .ctx = p};
    if (s3_serve_start(&p->s3, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    snprintf(p->url, sizeof p->url, "http://127.0.0.1:%d", s3_serve_port(p->s3));
    p->at = (struct s3_outside){.url = p->url,
                                .region = "here",
                                .access_key = "operator",
                                .secret = "secret of the operator",
                                .prefix = "ondol-{account}-",
                                .staging = "ondol-staging"};
    p->way = (struct outside_way){.at = &p->at, .stop = &p->stop};
    p->easy = curl_easy_init();
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    curl_easy_cleanup(p->easy);
    s3_serve_stop(p->s3);
    objects_close(p->o);
    help_folder_end(p->dir);
    free(p);
    return 0;
}

// The status, and of a GET what is there.
static int ask(struct place *p, const char *method, const char *bucket, const char *key, const char *body,
               char out[64])
{
    struct outside_answer a;
    const struct s3_outside_ask what = {
        .method = method, .bucket = bucket, .key = key, .key_n = key ? strlen(key) : 0, .lives_s = 60};
    outside_ask(&p->way, p->easy, &what, body, 60000, &a);
    int status = a.status;
    if (out)
        snprintf(out, 64, "%s", status == 200 ? buf_str(&a.body) : "");
    outside_answer_deinit(&a);
    return status;
}

static void put(struct place *p, const char *bucket, const char *key, const char *body)
{
    assert_int_equal(ask(p, "PUT", bucket, key, body, NULL), 200);
}

static bool is_there(struct place *p, const char *bucket, const char *key)
{
    return ask(p, "HEAD", bucket, key, NULL, NULL) == 200;
}

static void has(struct place *p, const char *key, const char *want)
{
    char got[64];
    ask(p, "GET", "ondol-1-out", key, NULL, got);
    assert_string_equal(got, want);
}

static void published(void *ctx, uint64_t lease, uint32_t part, const char *code, const char *message)
{
    (void)ctx, (void)lease, (void)part, (void)code, (void)message;
    fail_msg("nothing was published");
}

static int only_lease_9(void *ctx, uint64_t lease)
{
    (void)ctx;
    return lease != 9;
}

static struct outside *start(struct place *p)
{
    struct outside *o = NULL;
    struct err e = ERR_NULL;
    const struct outside_config cfg = {
        .at = p->at, .sweep_ms = 1, .published = published, .lease_is_there = only_lease_9};
    if (outside_start(&o, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    return o;
}

// A publication of three results as it was left when neither it nor taking it back went well.
static void leave_a_half(struct place *p)
{
    static const char *const staged[][2] = {
        {"7.0/a", "new a"}, {"7.0/b", "new b"}, {"7.0/c", "new c"}, {"7.0~old/a", "old a"}};
    for (size_t i = 0; i < ARRAY_LEN(staged); i++)
        put(p, "ondol-staging", staged[i][0], staged[i][1]);
    put(p, "ondol-staging", "7.0~undo", "ondol-1-out");
    put(p, "ondol-1-out", "a", "new a");
    put(p, "ondol-1-out", "b", "new b");
    put(p, "ondol-1-out", "c", "somebody else's");
}

static void what_was_left_is_taken_back_after_a_start(void **state)
{
    struct place *p = *state;
    assert_int_equal(ask(p, "PUT", "ondol-staging", NULL, NULL, NULL), 200);
    assert_int_equal(ask(p, "PUT", "ondol-1-out", NULL, NULL, NULL), 200);
    leave_a_half(p);
    put(p, "ondol-staging", "8.0/x", "of an attempt that was lost");
    put(p, "ondol-staging", "9.0/y", "of one that runs");
    put(p, "ondol-staging", "10.0/z", "what nobody can take back");
    put(p, "ondol-staging", "10.0~undo", ""); // names no bucket
    put(p, "ondol-staging", "readme", "an operator's note");
    p->refuses = true; // it is asked again later
    p->asked = 0;
    struct outside *o = start(p);
    for (int i = 0; i < TURNS && p->asked < 3; i++)
        usleep(1000);
    assert_true(p->asked >= 3);
    p->refuses = false;
    for (int i = 0; i < TURNS && is_there(p, "ondol-staging", "8.0/x"); i++)
        usleep(1000);
    outside_stop(o);
    has(p, "a", "old a");
    assert_false(is_there(p, "ondol-1-out", "b"));
    has(p, "c", "somebody else's");
    static const char *const gone[] = {"7.0/a", "7.0/b", "7.0/c", "7.0~old/a", "7.0~undo", "8.0/x"};
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_false(is_there(p, "ondol-staging", gone[i]));
    static const char *const stay[] = {"9.0/y", "10.0/z", "10.0~undo", "readme"};
    for (size_t i = 0; i < ARRAY_LEN(stay); i++)
        assert_true(is_there(p, "ondol-staging", stay[i]));
}

static bool upload_is_open(struct place *p, const char *bucket)
{
    struct outside_answer a;
    const struct s3_outside_ask what = {
        .method = "GET", .bucket = bucket, .query = "uploads=", .lives_s = 60};
    outside_ask(&p->way, p->easy, &what, NULL, 60000, &a);
    assert_int_equal(a.status, 200);
    bool open = strstr(buf_str(&a.body), "<UploadId>") != NULL;
    outside_answer_deinit(&a);
    return open;
}

// One that could not be done left its parts in the customer's bucket, and was called a bucket that is missing.
static void a_copy_in_parts_is_whole_or_leaves_nothing(void **state)
{
    struct place *p = *state;
    static const char text[] = "sixteen parts of four bytes each, and of them the last is less.";
    assert_int_equal(ask(p, "PUT", "ondol-staging", NULL, NULL, NULL), 200);
    assert_int_equal(ask(p, "PUT", "ondol-1-out", NULL, NULL, NULL), 200);
    put(p, "ondol-staging", "1.0/a", text);
    p->at.acl = "bucket-owner-full-control";
    p->way.copy_most = 20;
    struct outside_copy c = {.way = &p->way, .easy = p->easy, .bucket = "ondol-1-out", .key = "a"};
    assert_true(outside_copy(&c, "ondol-staging", "1.0/a", strlen(text)));
    has(p, "a", text);
    c.key = "b";
    assert_false(outside_copy(&c, "ondol-staging", "1.0/b", strlen(text)));
    assert_string_equal(c.code, "NoSuchKey");
    assert_int_not_equal(c.status, 404);
    assert_false(upload_is_open(p, "ondol-1-out"));
    c.bucket = "ondol-1-gone";
    assert_false(outside_copy(&c, "ondol-staging", "1.0/a", strlen(text)));
    assert_int_equal(c.status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_left_is_taken_back_after_a_start, setup, teardown),
        cmocka_unit_test_setup_teardown(a_copy_in_parts_is_whole_or_leaves_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
