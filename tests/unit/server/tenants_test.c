// SPDX-License-Identifier: Apache-2.0
// Nobody sees, guesses or fills another's things. Every route of the API's table is walked: without a token,
// with a wrong, an expired and a revoked one it is 401; as another customer what is somebody else's answers
// exactly as what is not there. A new route is walked by itself, and a new {parameter} fails the test until
// it is told what stands for it. Likewise every operation of the buckets.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "api/call.h"
#include "live.h"
#include "s3/route.h"
#include "s3/sign.h"
#include "server/clock.h"

#define ALICE      "alice@alpha.org"
#define BOB        "bob@beta.org"
#define NOWHERE    "11111111-1111-4111-8111-111111111111"
#define SPEED      60 // of the house: tokens expire sooner
#define SECRET     "the-secret-of-alice"
#define TASK_NAME  "work-of-alice"
#define SHORTNAME  "short-of-alice"
#define WAIT_TRIES 200

struct street {
    struct live *f;
    char alice[80], bob[80], expired[80], revoked[80];
    char task[64], job[64], pool[64], project[64], token[24], organisation[64];
};

// ---- asking

static json_t *must(struct street *s, const char *token, const char *method, const char *path,
                    const char *body)
{
    int status;
    char *text = live_call(s->f->port, token, method, path, body, &status);
    if (status < 200 || status > 299)
        fail_msg("%s %s: %d %s", method, path, status, text);
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    free(text);
    return j;
}

static void keep(char *out, size_t size, const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    if (json_is_integer(v))
        snprintf(out, size, "%lld", (long long)json_integer_value(v));
    else if (json_is_string(v))
        snprintf(out, size, "%s", json_string_value(v));
    else
        fail_msg("no %s in an answer", key);
}

static void made(struct street *s, const char *token, const char *path, const char *body, const char *key,
                 char *out, size_t size)
{
    json_t *j = must(s, token, "POST", path, body);
    keep(out, size, j, key);
    json_decref(j);
}

static bool route_is_there(const char *method, const char *pattern)
{
    for (size_t i = 0; i < api_n_routes; i++)
        if (!strcmp(api_routes[i].method, method) && !strcmp(api_routes[i].pattern, pattern))
            return true;
    return false;
}

// ---- the street: alice has one of everything, and two tokens that are over

static void dead_tokens(struct street *s)
{
    char date[32], body[128], path[64], id[24];
    int status = 200;
    date_format(date, house_add(runtime_now(s->f->r), 60000));
    snprintf(body, sizeof body, "{\"name\":\"soon over\",\"expires\":\"%s\"}", date);
    made(s, s->alice, "/ondol/v1/tokens", body, "token", s->expired, sizeof s->expired);
    json_t *j = must(s, s->alice, "POST", "/ondol/v1/tokens", "{\"name\":\"over\"}");
    keep(s->revoked, sizeof s->revoked, j, "token");
    keep(id, sizeof id, j, "id");
    json_decref(j);
    json_decref(must(s, s->revoked, "GET", "/info", NULL));
    snprintf(path, sizeof path, "/ondol/v1/tokens/%s", id);
    json_decref(must(s, s->alice, "DELETE", path, NULL));
    for (int i = 0; i < WAIT_TRIES && status != 401; i++) {
        free(live_call(s->f->port, s->expired, "GET", "/", NULL, &status));
        usleep(50000);
    }
    assert_int_equal(status, 401);
}

static int setup(void **state)
{
    struct street *s = mem_alloc(sizeof *s);
    struct runtime_config c;
    json_t *j;
    s->f = live_new();
    live_config(s->f, &c);
    c.speed = SPEED;
    c.s3_listen = "127.0.0.1:0";
    live_start(s->f, &c);
    j = must(s, TOKEN, "POST", "/ondol/v1/users", "{\"email\":\"" ALICE "\",\"organisation\":\"alpha\"}");
    keep(s->alice, sizeof s->alice, j, "token");
    keep(s->project, sizeof s->project, j, "project_uuid");
    json_decref(j);
    made(s, TOKEN, "/ondol/v1/users", "{\"email\":\"" BOB "\",\"organisation\":\"beta\"}", "token", s->bob,
         sizeof s->bob);
    made(s, s->alice, "/jobs", "{\"name\":\"" TASK_NAME "\",\"useDependencies\":true}", "uuid", s->job,
         sizeof s->job);
    made(s, s->alice, "/tasks",
         "{\"name\":\"" TASK_NAME "\",\"shortname\":\"" SHORTNAME
         "\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"tags\":[\"tag-of-alice\"]}",
         "uuid", s->task, sizeof s->task);
    snprintf(s->pool, sizeof s->pool, "%s", NOWHERE);
    if (route_is_there("POST", "/pools"))
        made(s, s->alice, "/pools",
             "{\"name\":\"" TASK_NAME "\",\"shortname\":\"" SHORTNAME
             "\",\"profile\":\"docker-batch\",\"instanceCount\":1}",
             "uuid", s->pool, sizeof s->pool);
    json_decref(must(s, s->alice, "PUT", "/secrets-manager/data/alice/key", "{\"value\":\"" SECRET "\"}"));
    made(s, s->alice, "/ondol/v1/tokens", "{\"name\":\"kept\"}", "id", s->token, sizeof s->token);
    dead_tokens(s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct street *s = *state;
    live_free(s->f);
    free(s);
    return 0;
}

// ---- what stands for a {parameter}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// Of alice, or of nobody. A parameter that names nothing of a customer's is the same for both.
static const char *value_of(const struct street *s, const char *pattern, const char *name, bool alices,
                            bool by_shortname)
{
    static const struct {
        const char *name, *value;
    } anybodys[] = {{"{instance}", "0"},     {"{name}", "docker-batch"}, {"{site}", "s1"},
                    {"{zone}", "z1"},        {"{heater}", "h1"},         {"{board}", "b1"},
                    {"{budget}", NOWHERE},   {"{reservation}", NOWHERE}, {"{snapshot}", "snap_x"},
                    {"{organisation}", "x"}, {"{snapshotId}", "snap_x"}, {"{upload}", "x"},
                    {"{job}", "x"},          {"{image...}", "a/b:1"}, {"{digest}", "sha256:0"}};
    for (size_t i = 0; i < ARRAY_LEN(anybodys); i++)
        if (!strcmp(name, anybodys[i].name))
            return anybodys[i].value;
    if (!strcmp(name, "{key...}"))
        return alices ? "alice/key" : "nobody/key";
    if (!strcmp(name, "{prefix...}"))
        return alices ? "alice" : "nobody";
    if (!strcmp(name, "{user}") || !strcmp(name, "{account}"))
        return alices ? "alice%40alpha.org" : "nobody%40alpha.org";
    if (!strcmp(name, "{token}"))
        return alices ? s->token : "999999999";
    if (!strcmp(name, "{project}") || (!strcmp(name, "{uuid}") && strstr(pattern, "/projects/")))
        return alices ? s->project : NOWHERE;
    if (!strcmp(name, "{id}") && strstr(pattern, "/tasks/"))
        return by_shortname ? alices ? SHORTNAME : "short-of-nobody" : alices ? s->task : NOWHERE;
    if (!strcmp(name, "{id}") && starts(pattern, "/jobs/"))
        return alices ? s->job : NOWHERE;
    if (!strcmp(name, "{id}") && strstr(pattern, "/pools/"))
        return by_shortname ? alices ? SHORTNAME : "short-of-nobody" : alices ? s->pool : NOWHERE;
    fail_msg("the route %s is new: tell this test what stands for %s", pattern, name);
    return NULL;
}

// The path of a route; `mark` gets the value by which the two answers may differ, "" when there is none.
static void path_of(const struct street *s, const char *pattern, bool alices, bool by_shortname, char *out,
                    size_t size, const char **mark)
{
    size_t n = 0;
    *mark = "";
    for (const char *p = pattern; *p && n + 1 < size;) {
        if (*p != '{') {
            out[n++] = *p++;
            continue;
        }
        char name[40];
        size_t length = strcspn(p, "}") + 1;
        snprintf(name, sizeof name, "%.*s", (int)length, p);
        const char *value = value_of(s, pattern, name, alices, by_shortname);
        if (strcmp(value, value_of(s, pattern, name, !alices, by_shortname)) != 0)
            *mark = value;
        n += (size_t)snprintf(out + n, size - n, "%s", value);
        p += length;
    }
    out[n] = '\0';
}

// Every occurrence of `mark` (also with its @ in the clear) becomes X.
static char *without(const char *text, const char *mark)
{
    char clear[128];
    struct buf b = BUF_INIT((size_t)16 << 20);
    const char *at = strstr(mark, "%40");
    snprintf(clear, sizeof clear, "%.*s%s%s", at ? (int)(at - mark) : (int)strlen(mark), mark, at ? "@" : "",
             at ? at + 3 : "");
    for (size_t n = strlen(clear); *text;) {
        if (n && !strncmp(text, clear, n)) {
            buf_putc(&b, 'X');
            text += n;
        } else {
            buf_putc(&b, *text++);
        }
    }
    char *out = mem_strdup(buf_str(&b));
    buf_deinit(&b);
    return out;
}

static bool is_endless(const struct api_route *r)
{
    return !strcmp(r->pattern, "/ondol/v1/events");
}

#define BODY "{\"name\":\"b\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"value\":\"v\"}"

static const char *body_for(const struct api_route *r)
{
    return strcmp(r->method, "GET") && strcmp(r->method, "DELETE") ? BODY : NULL;
}

// ---- the walks

static void without_a_valid_token_every_route_is_401(void **state)
{
    struct street *s = *state;
    const char *const token[] = {"", "nonsense", s->expired, s->revoked, NODE_TOKEN};
    for (size_t i = 0; i < api_n_routes; i++) {
        const struct api_route *r = &api_routes[i];
        for (size_t t = 0; t < ARRAY_LEN(token); t++) {
            char path[512];
            const char *mark;
            int status;
            if (r->auth == AUTH_PUBLIC || (r->auth == AUTH_NODE && token[t] == token[4]))
                continue;
            path_of(s, r->pattern, true, false, path, sizeof path, &mark);
            char *text = live_call(s->f->port, token[t], r->method, path, body_for(r), &status);
            if (status != 401 ||
                strcmp(text, "{\"error\":{\"message\":\"Bad authentication token\",\"code\":401},"
                             "\"data\":{}}") != 0)
                fail_msg("%s %s with the token \"%s\": %d %s", r->method, path, token[t], status, text);
            free(text);
        }
    }
}

static void other_spellings_of_a_path_are_as_closed(void **state)
{
    struct street *s = *state;
    static const char *const front[] = {"/v1", "/V1/", "//"};
    for (size_t i = 0; i < api_n_routes; i++) {
        for (size_t f = 0; f < ARRAY_LEN(front); f++) {
            char path[512], odd[600];
            const char *mark;
            int status;
            if (api_routes[i].auth == AUTH_PUBLIC)
                continue;
            path_of(s, api_routes[i].pattern, true, false, path, sizeof path, &mark);
            for (char *p = path; *p && !*mark; p++)
                *p = (char)toupper((unsigned char)*p);
            snprintf(odd, sizeof odd, "%s%s/", front[f], path);
            char *text = live_call(s->f->port, s->revoked, api_routes[i].method, odd, NULL, &status);
            if (status != 401)
                fail_msg("%s %s: %d %s", api_routes[i].method, odd, status, text);
            free(text);
        }
    }
}

static void compare(struct street *s, const struct api_route *r, bool by_shortname)
{
    char path[2][512], *text[2], *plain[2];
    const char *mark[2];
    int status[2];
    for (int i = 0; i < 2; i++) {
        path_of(s, r->pattern, i == 0, by_shortname, path[i], sizeof path[i], &mark[i]);
        text[i] = live_call(s->f->port, s->bob, r->method, path[i], body_for(r), &status[i]);
        plain[i] = without(text[i], mark[i]);
    }
    if (status[0] != status[1] || strcmp(plain[0], plain[1]) != 0)
        fail_msg("%s %s tells bob that it is there: %d %s; where nothing is: %d %s", r->method, path[0],
                 status[0], text[0], status[1], text[1]);
    if (r->auth == AUTH_OPERATOR && status[0] != 403)
        fail_msg("%s %s: bob is no operator, and got %d %s", r->method, path[0], status[0], text[0]);
    for (int i = 0; i < 2; i++) {
        free(text[i]);
        free(plain[i]);
    }
}

static void what_is_somebody_elses_answers_as_what_is_not_there(void **state)
{
    struct street *s = *state;
    for (size_t i = 0; i < api_n_routes; i++) {
        const struct api_route *r = &api_routes[i];
        if (r->auth == AUTH_PUBLIC || r->auth == AUTH_NODE || is_endless(r) || !strchr(r->pattern, '{'))
            continue;
        compare(s, r, false);
        if (strstr(r->pattern, "/tasks/{id}") || strstr(r->pattern, "/pools/{id}"))
            compare(s, r, true);
    }
}

static void lists_and_pages_have_nothing_of_anybody_else(void **state)
{
    struct street *s = *state;
    const char *const trace[] = {s->task,   s->job,    s->pool,        s->project, s->alice, SECRET,
                                 TASK_NAME, SHORTNAME, "tag-of-alice", "alice",    "alpha"};
    for (size_t i = 0; i < api_n_routes; i++) {
        const struct api_route *r = &api_routes[i];
        int status;
        if (r->auth != AUTH_ACCOUNT || is_endless(r) || strchr(r->pattern, '{'))
            continue;
        char *text = live_call(s->f->port, s->bob, r->method, r->pattern, body_for(r), &status);
        if (status == 0 || status == 401 || status >= 500)
            fail_msg("%s %s: %d %s", r->method, r->pattern, status, text);
        for (size_t t = 0; t < ARRAY_LEN(trace); t++)
            if (strstr(text, trace[t]))
                fail_msg("%s %s tells bob of \"%s\": %s", r->method, r->pattern, trace[t], text);
        free(text);
    }
}

// Each problem has a trace of its own, which is of nobody.
static void blank_trace(char *text)
{
    static const char name[] = "\"traceId\":\"";
    char *at = strstr(text, name);
    if (at)
        for (at += sizeof name - 1; *at && *at != '"'; at++)
            *at = '-';
}

// Bob names what is alice's in the bodies that he sends.
static void what_a_body_names_is_not_found_either(void **state)
{
    struct street *s = *state;
    static const char *const field[] = {"jobUuid", "poolUuid", "projectUuid"};
    const char *const hers[] = {s->job, s->pool, s->project};
    for (size_t i = 0; i < api_n_routes; i++) {
        const struct api_route *r = &api_routes[i];
        for (size_t f = 0; f < ARRAY_LEN(field); f++) {
            char body[300], *text[2], *plain[2];
            int status[2];
            if (r->auth != AUTH_ACCOUNT || strcmp(r->method, "POST") != 0 || strchr(r->pattern, '{'))
                continue;
            for (int k = 0; k < 2; k++) {
                const char *id = k ? NOWHERE : hers[f];
                snprintf(body, sizeof body,
                         "{\"name\":\"b\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"%s\":\"%s\"}",
                         field[f], id);
                text[k] = live_call(s->f->port, s->bob, r->method, r->pattern, body, &status[k]);
                blank_trace(text[k]);
                plain[k] = without(text[k], id);
            }
            if (status[0] != status[1] || (status[0] >= 400 && strcmp(plain[0], plain[1]) != 0))
                fail_msg("POST %s with the %s of alice: %d %s; of nobody: %d %s", r->pattern, field[f],
                         status[0], text[0], status[1], text[1]);
            if (!strcmp(r->pattern, "/tasks") && status[0] != 400)
                fail_msg("bob's task with the %s of alice: %d %s", field[f], status[0], text[0]);
            for (int k = 0; k < 2; k++) {
                free(text[k]);
                free(plain[k]);
            }
        }
    }
}

static void everything_of_alice_is_as_it_was(void **state)
{
    struct street *s = *state;
    char path[128], kept[64];
    snprintf(path, sizeof path, "/tasks/%s", s->task);
    json_t *j = must(s, s->alice, "GET", path, NULL);
    keep(kept, sizeof kept, j, "state");
    assert_string_equal(kept, "Submitted");
    keep(kept, sizeof kept, j, "name");
    assert_string_equal(kept, TASK_NAME);
    json_decref(j);
    snprintf(path, sizeof path, "/jobs/%s", s->job);
    j = must(s, s->alice, "GET", path, NULL);
    keep(kept, sizeof kept, j, "state");
    assert_string_equal(kept, "Active");
    json_decref(j);
    snprintf(path, sizeof path, "/pools/%s", s->pool);
    j = must(s, s->alice, "GET", path, NULL);
    keep(kept, sizeof kept, j, "state");
    assert_string_equal(kept, "Submitted"); // there is no board
    keep(kept, sizeof kept, j, "name");
    assert_string_equal(kept, TASK_NAME);
    json_decref(j);
    j = must(s, s->alice, "GET", "/secrets-manager/data/alice/key", NULL);
    keep(kept, sizeof kept, j, "value");
    assert_string_equal(kept, SECRET);
    json_decref(j);
    j = must(s, s->alice, "GET", "/tasks", NULL);
    assert_int_equal(json_array_size(j), 1); // nobody put anything there
    json_decref(j);
    j = must(s, s->alice, "GET", "/ondol/v1/tokens", NULL);
    assert_int_equal(json_integer_value(json_object_get(j, "total")), 4);
    json_decref(j);
}

// ---- the buckets

static char *storage(struct street *s, const char *email, const char *secret, const char *method,
                     const char *path, const char *query, const char *source, int *status)
{
    const char *url = runtime_storage_url(s->f->r), *host = strstr(url, "://") + 3;
    struct s3_header header[2] = {{"Host", host}, {"x-amz-copy-source", source}};
    struct s3_request r = {method, path, query, header, source ? 2u : 1u, WALL_MS(real_now_ms())};
    struct buf signed_query = BUF_INIT(8192), whole = BUF_INIT(16384);
    struct err e = ERR_NULL;
    struct http_answer a;
    bool has_body = !strcmp(method, "PUT") && strchr(path + 1, '/');
    if (email) {
        struct s3_signer by = {email, secret, "eu"};
        assert_int_equal(s3_presign(&by, &r, 600, &signed_query, &e), S3_OK);
    }
    buf_putf(&whole, "%s%s?%s", url, path, email ? buf_str(&signed_query) : query);
    const char *headers[] = {"x-amz-copy-source", source, NULL};
    struct http_ask ask = {.method = method,
                           .url = buf_str(&whole),
                           .headers = source ? headers : NULL,
                           .body = has_body ? "data" : NULL,
                           .n = has_body ? 4 : 0,
                           .timeout_ms = 30000};
    *status = 0;
    char *text = NULL;
    if (http_call(&a, &ask, &(struct http_tls){0}, (size_t)1 << 20, &e) == 0) {
        *status = a.status;
        text = mem_strdup(buf_str(&a.body));
        http_answer_deinit(&a);
    }
    buf_deinit(&signed_query);
    buf_deinit(&whole);
    return text ? text : mem_strdup(e.text);
}

// One request for each operation, on alice's bucket.
static const struct {
    enum s3_op op;
    const char *method, *path, *query, *source;
} operation[] = {
    {S3_OP_HEAD_BUCKET, "HEAD", "/alices-bucket", "", NULL},
    {S3_OP_GET_BUCKET_ACL, "GET", "/alices-bucket", "acl=", NULL},
    {S3_OP_GET_BUCKET_LOCATION, "GET", "/alices-bucket", "location=", NULL},
    {S3_OP_GET_BUCKET_VERSIONING, "GET", "/alices-bucket", "versioning=", NULL},
    {S3_OP_GET_BUCKET_ABSENT, "GET", "/alices-bucket", "policy=", NULL},
    {S3_OP_LIST_OBJECTS, "GET", "/alices-bucket", "", NULL},
    {S3_OP_LIST_OBJECTS_V2, "GET", "/alices-bucket", "list-type=2", NULL},
    {S3_OP_LIST_VERSIONS, "GET", "/alices-bucket", "versions=", NULL},
    {S3_OP_LIST_UPLOADS, "GET", "/alices-bucket", "uploads=", NULL},
    {S3_OP_DELETE_OBJECTS, "POST", "/alices-bucket", "delete=", NULL},
    {S3_OP_PUT_OBJECT, "PUT", "/alices-bucket/new", "", NULL},
    {S3_OP_COPY_OBJECT, "PUT", "/alices-bucket/copy", "", "alices-bucket/key"},
    {S3_OP_GET_OBJECT, "GET", "/alices-bucket/key", "", NULL},
    {S3_OP_HEAD_OBJECT, "HEAD", "/alices-bucket/key", "", NULL},
    {S3_OP_DELETE_OBJECT, "DELETE", "/alices-bucket/key", "", NULL},
    {S3_OP_GET_OBJECT_ACL, "GET", "/alices-bucket/key", "acl=", NULL},
    {S3_OP_GET_OBJECT_TAGGING, "GET", "/alices-bucket/key", "tagging=", NULL},
    {S3_OP_GET_OBJECT_ATTRIBUTES, "GET", "/alices-bucket/key", "attributes=", NULL},
    {S3_OP_CREATE_UPLOAD, "POST", "/alices-bucket/big", "uploads=", NULL},
    {S3_OP_UPLOAD_PART, "PUT", "/alices-bucket/big", "partNumber=1&uploadId=x", NULL},
    {S3_OP_UPLOAD_PART_COPY, "PUT", "/alices-bucket/big", "partNumber=1&uploadId=x", "alices-bucket/key"},
    {S3_OP_LIST_PARTS, "GET", "/alices-bucket/big", "uploadId=x", NULL},
    {S3_OP_COMPLETE_UPLOAD, "POST", "/alices-bucket/big", "uploadId=x", NULL},
    {S3_OP_ABORT_UPLOAD, "DELETE", "/alices-bucket/big", "uploadId=x", NULL},
    {S3_OP_DELETE_BUCKET, "DELETE", "/alices-bucket", "", NULL},
};

static void expect_storage(struct street *s, const char *email, const char *secret, const char *method,
                           const char *path, int want, const char *without_text)
{
    int status;
    char *text = storage(s, email, secret, method, path, "", NULL, &status);
    if (status != want)
        fail_msg("%s %s as %s: %d %s", method, path, email, status, text);
    if (without_text && strstr(text, without_text))
        fail_msg("%s %s tells %s: %s", method, path, email, text);
    free(text);
}

static void every_operation_on_anothers_bucket_is_refused(void **state)
{
    struct street *s = *state;
    const struct {
        const char *email, *secret;
    } who[] = {{NULL, ""}, {BOB, s->bob}, {ALICE, s->bob}, {ALICE, s->expired}, {ALICE, s->revoked}};
    bool seen[S3_OP_COUNT] = {[S3_OP_NONE] = true, [S3_OP_LIST_BUCKETS] = true, [S3_OP_CREATE_BUCKET] = true};
    expect_storage(s, ALICE, s->alice, "PUT", "/alices-bucket", 200, NULL);
    expect_storage(s, ALICE, s->alice, "PUT", "/alices-bucket/key", 200, NULL);
    expect_storage(s, BOB, s->bob, "PUT", "/alices-bucket", 409, NULL);
    expect_storage(s, BOB, s->bob, "GET", "/", 200, "alices-bucket");
    for (size_t i = 0; i < ARRAY_LEN(operation); i++) {
        struct s3_header header = {"x-amz-copy-source", operation[i].source};
        struct s3_request r = {.method = operation[i].method,
                               .path = operation[i].path,
                               .query = operation[i].query,
                               .header = &header,
                               .header_n = operation[i].source != NULL};
        struct s3_route *route = mem_alloc(sizeof *route);
        struct err e = ERR_NULL;
        (void)s3_route_read(&r, NULL, route, &e);
        if (route->op != operation[i].op)
            fail_msg("%s is %s", s3_op_text(operation[i].op), s3_op_text(route->op));
        seen[route->op] = true;
        free(route);
        for (size_t w = 0; w < ARRAY_LEN(who); w++) {
            int status;
            char *text = storage(s, who[w].email, who[w].secret, operation[i].method, operation[i].path,
                                 operation[i].query, operation[i].source, &status);
            if (status != 403)
                fail_msg("%s as %s with %s: %d %s", s3_op_text(operation[i].op), who[w].email, who[w].secret,
                         status, text);
            free(text);
        }
    }
    for (int op = 0; op < S3_OP_COUNT; op++)
        if (!seen[op])
            fail_msg("the operation %s is new: give this test a request for it", s3_op_text((enum s3_op)op));
    expect_storage(s, ALICE, s->alice, "GET", "/alices-bucket/key", 200, NULL);
}

static void expect_copy(struct street *s, const char *path, const char *query, int want)
{
    int status;
    char *text = storage(s, BOB, s->bob, "PUT", path, query, "alices-bucket/key", &status);
    if (status != want)
        fail_msg("bob copies alice's object by PUT %s?%s: %d %s", path, query, status, text);
    free(text);
}

// The text between <UploadId> and its end.
static void upload_of(const char *xml, char *out, size_t size)
{
    const char *at = strstr(xml, "<UploadId>");
    assert_non_null(at);
    at += strlen("<UploadId>");
    snprintf(out, size, "%.*s", (int)strcspn(at, "<"), at);
}

// What goes into his own bucket may not come from hers, nor by an upload of hers.
static void nothing_of_hers_comes_into_his_bucket(void **state)
{
    struct street *s = *state;
    char id[128], query[200];
    int status;
    expect_storage(s, BOB, s->bob, "PUT", "/bobs-bucket", 200, NULL);
    expect_copy(s, "/bobs-bucket/copy", "", 403);
    char *xml = storage(s, BOB, s->bob, "POST", "/bobs-bucket/big", "uploads=", NULL, &status);
    upload_of(xml, id, sizeof id);
    free(xml);
    snprintf(query, sizeof query, "partNumber=1&uploadId=%s", id);
    expect_copy(s, "/bobs-bucket/big", query, 403);
    xml = storage(s, ALICE, s->alice, "POST", "/alices-bucket/big", "uploads=", NULL, &status);
    upload_of(xml, id, sizeof id);
    free(xml);
    static const char *const method[] = {"PUT", "GET", "POST", "DELETE"};
    for (size_t i = 0; i < ARRAY_LEN(method); i++) {
        snprintf(query, sizeof query, "%suploadId=%s", i ? "" : "partNumber=1&", id);
        xml = storage(s, BOB, s->bob, method[i], "/bobs-bucket/big", query, NULL, &status);
        if (status < 400 || status > 499 || strstr(xml, "alice"))
            fail_msg("%s with an upload of alice's: %d %s", method[i], status, xml);
        free(xml);
    }
}

// Tasks and snapshots of his that name her bucket: as one that he cannot have, and nothing is made.
static void his_tasks_do_not_reach_her_bucket(void **state)
{
    struct street *s = *state;
    static const char *const field[] = {"\"resourceBuckets\":[\"alices-bucket\"]",
                                        "\"advancedResourceBuckets\":[{\"bucketName\":\"alices-bucket\"}]",
                                        "\"resultBucket\":\"alices-bucket\"",
                                        "\"snapshotBucket\":\"alices-bucket\""};
    char body[300], task[64], path[128];
    for (size_t i = 0; i < ARRAY_LEN(field); i++) {
        int status;
        snprintf(body, sizeof body, "{\"name\":\"b\",\"profile\":\"docker-batch\",\"instanceCount\":1,%s}",
                 field[i]);
        char *text = live_call(s->f->port, s->bob, "POST", "/tasks", body, &status);
        if (status != 404 || strcmp(text, "{\"message\":\"No such bucket: alices-bucket\"}") != 0)
            fail_msg("%s: %d %s", field[i], status, text);
        free(text);
    }
    made(s, s->bob, "/tasks",
         "{\"name\":\"b\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"resultBucket\":\"bobs-bucket\"}",
         "uuid", task, sizeof task);
    static const struct {
        const char *what, *body;
        int status;
    } asked[] = {{"snapshot", "{\"bucket\":\"alices-bucket\"}", 400},
                 {"snapshot/periodic", "{\"interval\":60,\"bucket\":\"alices-bucket\"}", 400},
                 {"clone", "{\"resultBucket\":\"alices-bucket\"}", 404}};
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        int status;
        snprintf(path, sizeof path, "/tasks/%s/%s", task, asked[i].what);
        char *text = live_call(s->f->port, s->bob, "POST", path, asked[i].body, &status);
        if (status != asked[i].status)
            fail_msg("POST %s %s: %d %s", path, asked[i].body, status, text);
        free(text);
    }
    snprintf(path, sizeof path, "/tasks/%s", task);
    json_decref(must(s, s->bob, "PUT", path,
                     "{\"resultBucket\":\"alices-bucket\",\"snapshotBucket\":\"alices-bucket\"}"));
    int status;
    char *text = live_call(s->f->port, s->bob, "GET", path, NULL, &status);
    assert_null(strstr(text, "alices-bucket"));
    free(text);
}

// A token of a page leads on in her list; in his it is nothing.
static void her_page_token_shows_him_nothing(void **state)
{
    struct street *s = *state;
    char token[400] = "", body[600];
    for (int i = 0; i < 2; i++)
        json_decref(must(s, s->alice, "POST", "/tasks",
                         "{\"name\":\"" TASK_NAME "\",\"profile\":\"docker-batch\",\"instanceCount\":1}"));
    json_t *j = must(s, s->alice, "POST", "/tasks/paginate", "{\"maximumResults\":1}");
    keep(token, sizeof token, j, "nextToken");
    json_decref(j);
    snprintf(body, sizeof body, "{\"maximumResults\":5,\"token\":\"%s\"}", token);
    int status;
    char *text = live_call(s->f->port, s->bob, "POST", "/tasks/paginate", body, &status);
    assert_true(status == 200 || status == 400);
    assert_null(strstr(text, TASK_NAME));
    assert_null(strstr(text, s->task));
    free(text);
}

// Every valid token of hers signs for her buckets.
static void a_second_token_opens_the_same_buckets(void **state)
{
    struct street *s = *state;
    char second[80];
    made(s, s->alice, "/ondol/v1/tokens", "{\"name\":\"another\"}", "token", second, sizeof second);
    expect_storage(s, ALICE, second, "GET", "/alices-bucket/key", 200, NULL);
    live_stop(s->f); // and after a restart
    struct runtime_config c;
    live_config(s->f, &c);
    c.speed = SPEED;
    c.has_epoch = true; // the house's clock goes on where it was
    c.house0 = HOUSE_MS(real_now_ms() + 86400000);
    c.real0_ms = real_now_ms();
    c.s3_listen = "127.0.0.1:0";
    live_start(s->f, &c);
    expect_storage(s, ALICE, second, "GET", "/alices-bucket/key", 200, NULL);
    expect_storage(s, ALICE, s->alice, "GET", "/alices-bucket/key", 200, NULL);
    expect_storage(s, ALICE, s->expired, "GET", "/alices-bucket/key", 403, NULL);
    expect_storage(s, ALICE, s->revoked, "GET", "/alices-bucket/key", 403, NULL);
}

// Opens the stream of events and waits for its first words. The socket, or -1 when it was ended without any.
static int listen_to_events(struct street *s, const char *token)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)s->f->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[2048] = "";
    size_t n = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 60};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    dprintf(fd, "GET /ondol/v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\nConnection: close\r\n\r\n",
            token);
    while (!strstr(text, "retry:")) {
        ssize_t k = read(fd, text + n, sizeof text - 1 - n);
        if (k <= 0) {
            assert_int_equal(k, 0); // ended, not silent
            assert_non_null(strstr(text, " 200 "));
            close(fd);
            return -1;
        }
        text[n += (size_t)k] = '\0';
    }
    return fd;
}

// He hears of his own work and not of hers, which came before it.
static void the_stream_tells_of_ones_own_work_only(void **state)
{
    struct street *s = *state;
    static const char body[] = "{\"name\":\"b\",\"profile\":\"docker-batch\",\"instanceCount\":1}";
    static char text[1 << 16];
    char hers[64], his[64], path[128];
    size_t n = 0;
    int fd = listen_to_events(s, s->bob);
    assert_true(fd >= 0);
    made(s, s->alice, "/tasks", body, "uuid", hers, sizeof hers);
    snprintf(path, sizeof path, "/tasks/%s/abort", hers);
    json_decref(must(s, s->alice, "POST", path, NULL));
    made(s, s->bob, "/tasks", body, "uuid", his, sizeof his);
    snprintf(path, sizeof path, "/tasks/%s/abort", his);
    json_decref(must(s, s->bob, "POST", path, NULL));
    while (!strstr(text, his) && n < sizeof text - 1) {
        ssize_t k = read(fd, text + n, sizeof text - 1 - n);
        assert_true(k > 0);
        text[n += (size_t)k] = '\0';
    }
    assert_non_null(strstr(text, his));
    assert_null(strstr(text, hers));
    close(fd);
}

#define STREAMS_MOST 300

// Found by trying: one customer could take all the places of the stream, and keep them after hanging up.
static void nobody_takes_all_the_streams_of_events(void **state)
{
    struct street *s = *state;
    int fd[STREAMS_MOST], n = 0;
    while (n < STREAMS_MOST && (fd[n] = listen_to_events(s, s->bob)) >= 0)
        n++;
    assert_true(n > 0 && n < STREAMS_MOST / 2);
    int hers = listen_to_events(s, s->alice);
    assert_true(hers >= 0);
    close(hers);
    for (int i = 0; i < n; i++)
        close(fd[i]);
    int again = -1;
    for (int i = 0; i < WAIT_TRIES && again < 0; i++) { // his places come back to him
        again = listen_to_events(s, s->bob);
        if (again < 0)
            usleep(50000);
    }
    assert_true(again >= 0);
    close(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_valid_token_every_route_is_401),
        cmocka_unit_test(other_spellings_of_a_path_are_as_closed),
        cmocka_unit_test(lists_and_pages_have_nothing_of_anybody_else),
        cmocka_unit_test(what_is_somebody_elses_answers_as_what_is_not_there),
        cmocka_unit_test(what_a_body_names_is_not_found_either),
        cmocka_unit_test(everything_of_alice_is_as_it_was),
        cmocka_unit_test(the_stream_tells_of_ones_own_work_only),
        cmocka_unit_test(nobody_takes_all_the_streams_of_events),
        cmocka_unit_test(every_operation_on_anothers_bucket_is_refused),
        cmocka_unit_test(nothing_of_hers_comes_into_his_bucket),
        cmocka_unit_test(his_tasks_do_not_reach_her_bucket),
        cmocka_unit_test(her_page_token_shows_him_nothing),
        cmocka_unit_test(a_second_token_opens_the_same_buckets),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
