// SPDX-License-Identifier: Apache-2.0
#include "cli/bucket_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/verbs.h"
#include "s3/query.h"
#include "s3/sign.h"

#define REGION                                                                                               \
    "us-east-1" // endpoints that have none take any; this one is what others call theirs by default
#define ANSWER_MAX ((size_t)8 << 20)

int bucket_client_open(struct bucket_client *b, const struct api_client *api, struct err *e)
{
    json_t *settings = NULL, *info = NULL;
    const char *email = getenv("QARNOT_ACCOUNT_EMAIL");
    bool told = email && *email;
    int code = api_json(api, "GET", "/settings", NULL, &settings, e);
    if (!code && !told)
        code = api_json(api, "GET", "/info", NULL, &info, e);
    if (!code) {
        snprintf(b->url, sizeof b->url, "%s",
                 api->storage_url ? api->storage_url : got_text(settings, "storage"));
        snprintf(b->email, sizeof b->email, "%s", told ? email : got_text(info, "email"));
        b->token = api->token;
        b->tls = api->tls;
        b->tls.trusts_anybody |= api_env_true("QARNOT_USE_STORAGE_UNSAFE_SSL");
        for (size_t n = strlen(b->url); n > 0 && b->url[n - 1] == '/'; n--)
            b->url[n - 1] = '\0';
        if (!*b->url) {
            err_set(e, -ENOENT, "%s: this server has no storage (its operator gives --s3-listen)", api->url);
            code = CLI_REFUSED;
        }
    }
    json_decref(settings);
    json_decref(info);
    return code;
}

struct wish {
    const char *method, *bucket, *key, *query; // key and query may be NULL
    const struct http_flow *flow;
};

static void target(struct buf *to, const struct wish *w)
{
    buf_putc(to, '/');
    if (w->bucket)
        s3_encode(to, w->bucket, strlen(w->bucket), false);
    if (w->key) {
        buf_putc(to, '/');
        s3_encode(to, w->key, strlen(w->key), true);
    }
}

// "HOST:PORT" of "http://HOST:PORT/..."
static void host_of(char *out, size_t cap, const char *url)
{
    const char *at = strstr(url, "://");
    at = at ? at + 3 : url;
    snprintf(out, cap, "%.*s", (int)strcspn(at, "/"), at);
}

static int refused(const struct wish *w, const struct http_answer *got, struct err *e)
{
    struct s3_refusal r;
    s3_xml_read_error(buf_str(&got->body), got->body.n, &r);
    err_set(e, -EPERM, "%s%s%s: %s%s%s (HTTP %d)", w->bucket ? w->bucket : "storage", w->key ? "/" : "",
            w->key ? w->key : "", *r.code ? r.code : "refused", *r.message ? ": " : "", r.message,
            got->status);
    return got->status == 503 || got->status == 507 ? CLI_LATER
           : got->status < 500                      ? CLI_REFUSED
                                                    : CLI_FAILED;
}

static int call(const struct bucket_client *b, const struct wish *w, struct buf *body, struct err *e)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    wall_ms now = WALL_MS((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    char host[300], date[17];
    struct buf path = BUF_INIT(65536), url = BUF_INIT(131072), who = BUF_INIT(8192);
    host_of(host, sizeof host, b->url);
    s3_amz_date(date, now);
    target(&path, w);
    const struct s3_header signed_h[] = {
        {"Host", host}, {"X-Amz-Content-Sha256", S3_UNSIGNED_PAYLOAD}, {"X-Amz-Date", date}};
    const struct s3_request r = {w->method, buf_str(&path),      w->query ? w->query : "",
                                 signed_h,  ARRAY_LEN(signed_h), now};
    const struct s3_signer me = {b->email, b->token, REGION};
    if (s3_sign_header(&me, &r, &who, e) != S3_OK) {
        buf_deinit(&path);
        return CLI_FAILED;
    }
    buf_putf(&url, "%s%s%s%s", b->url, buf_str(&path), w->query ? "?" : "", w->query ? w->query : "");
    const char *headers[] = {"Authorization",
                             buf_str(&who),
                             "X-Amz-Content-Sha256",
                             S3_UNSIGNED_PAYLOAD,
                             "X-Amz-Date",
                             date,
                             NULL};
    struct http_ask ask = {.method = w->method, .url = buf_str(&url), .headers = headers};
    struct http_answer got = {0};
    static const struct http_flow still = {0};
    int bad = http_file(&got, &ask, &b->tls, w->flow ? w->flow : &still, ANSWER_MAX, e);
    buf_deinit(&path);
    buf_deinit(&url);
    buf_deinit(&who);
    if (bad)
        return bad == -ECONNREFUSED || bad == -EHOSTUNREACH || bad == -ETIMEDOUT ? CLI_UNREACHABLE
                                                                                 : CLI_FAILED;
    int code = got.status >= 200 && got.status < 300 ? 0 : refused(w, &got, e);
    if (!code && body)
        *body = got.body;
    else
        http_answer_deinit(&got);
    return code;
}

static int simple(const struct bucket_client *b, const char *method, const char *bucket, const char *key,
                  const struct http_flow *flow, struct err *e)
{
    return call(b, &(struct wish){method, bucket, key, NULL, flow}, NULL, e);
}

int bucket_list(const struct bucket_client *b, struct s3_listing *out, struct err *e)
{
    struct buf body;
    int code = call(b, &(struct wish){.method = "GET"}, &body, e);
    if (code)
        return code;
    if (s3_xml_read_buckets(buf_str(&body), body.n, out, e) != S3_OK)
        code = CLI_FAILED;
    buf_deinit(&body);
    return code;
}

int bucket_make(const struct bucket_client *b, const char *bucket, struct err *e)
{
    return simple(b, "PUT", bucket, NULL, NULL, e);
}

int bucket_remove(const struct bucket_client *b, const char *bucket, struct err *e)
{
    return simple(b, "DELETE", bucket, NULL, NULL, e);
}

int bucket_objects(const struct bucket_client *b, const char *bucket, const char *prefix,
                   struct s3_listing *out, struct err *e)
{
    int code = 0;
    do {
        struct buf query = BUF_INIT(65536), body;
        if (out->next) { // names in the order of the alphabet, as signatures want them
            buf_puts(&query, "continuation-token=");
            s3_encode(&query, out->next, strlen(out->next), false);
            buf_putc(&query, '&');
        }
        buf_puts(&query, "encoding-type=url&list-type=2&prefix=");
        s3_encode(&query, prefix, strlen(prefix), false);
        code = call(b, &(struct wish){"GET", bucket, NULL, buf_str(&query), NULL}, &body, e);
        buf_deinit(&query);
        if (code)
            return code;
        if (s3_xml_read_objects(buf_str(&body), body.n, out, e) != S3_OK)
            code = CLI_FAILED;
        buf_deinit(&body);
    } while (!code && out->truncated && out->next);
    return code;
}

int bucket_put(const struct bucket_client *b, const char *bucket, const char *key,
               const struct http_flow *from, struct err *e)
{
    return simple(b, "PUT", bucket, key, from, e);
}

int bucket_get(const struct bucket_client *b, const char *bucket, const char *key, const struct http_flow *to,
               struct err *e)
{
    return simple(b, "GET", bucket, key, to, e);
}

int bucket_delete(const struct bucket_client *b, const char *bucket, const char *key, struct err *e)
{
    return simple(b, "DELETE", bucket, key, NULL, e);
}
