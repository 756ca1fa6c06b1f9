// SPDX-License-Identifier: Apache-2.0
//
// A request's way:
//
//   head    (HTTP thread)  ask_admit; refused, or the body goes to memory or to an upload
//   handle  (HTTP thread)  the body is there: small objects are written at once, the rest goes to a worker
//   worker                 the operation; writes wait in the store's queue
//   answer                 worker, or the store's thread after its commit
#include "s3/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "s3/serve_inside.h"

#define DOCUMENT_BYTES (S3_XML_BYTES_MAX + 1)
#define WORKERS        8

static int64_t real_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct objects_key ask_key(const struct ask *c)
{
    return (struct objects_key){c->route.key, c->route.key_n};
}

static enum s3_code to_document(void *ask, const void *data, size_t n)
{
    struct ask *c = ask;
    buf_put(&c->document, data, n);
    return c->document.failed ? S3_MAX_MESSAGE_LENGTH_EXCEEDED : S3_OK;
}

static struct ask *ask_new(struct s3_serve *s, struct http_request *r)
{
    struct ask *c = mem_alloc(sizeof *c);
    pthread_mutex_lock(&s->lock);
    s->open++;
    pthread_mutex_unlock(&s->lock);
    c->s = s;
    c->request = r;
    c->now_ms = real_now_ms();
    c->document = BUF_INIT(DOCUMENT_BYTES);
    c->intake.out = to_document;
    c->intake.ctx = c;
    snprintf(c->id, sizeof c->id, "%016llX", (unsigned long long)(atomic_fetch_add(&s->requests, 1) + 1));
    return c;
}

void ask_free(struct ask *c)
{
    intake_end(&c->intake);
    if (c->s->cfg.objects)
        objects_content_deinit(c->s->cfg.objects, &c->content);
    buf_deinit(&c->document);
    arena_deinit(&c->a);
    http_flow_free(c->flow);
    struct s3_serve *s = c->s;
    free(c);
    pthread_mutex_lock(&s->lock);
    if (--s->open == 0)
        pthread_cond_signal(&s->quiet);
    pthread_mutex_unlock(&s->lock);
}

static void cut(void *ask)
{
    ask_free(ask);
}

static void head(void *ctx, struct http_request *r)
{
    struct ask *c = ask_new(ctx, r);
    struct err e = ERR_NULL;
    bool large;
    enum s3_code code = ask_admit(c, &large, &e);
    if (code) {
        ask_refuse(c, code, &e);
        return;
    }
    if (c->s->cfg.outside) {
        door_answer(c);
        return;
    }
    if (large)
        c->upload = upload_new(c);
    c->flow = http_sink(
        r,
        &(struct http_sink){.push = large ? upload_push : NULL, .cut = large ? upload_cut : cut, .ctx = c});
}

typedef void operation(struct ask *c);

static operation *const operations[S3_OP_COUNT] = {
    [S3_OP_LIST_BUCKETS] = do_buckets,
    [S3_OP_CREATE_BUCKET] = do_create_bucket,
    [S3_OP_HEAD_BUCKET] = do_bucket_facts,
    [S3_OP_DELETE_BUCKET] = do_delete_bucket,
    [S3_OP_GET_BUCKET_ACL] = do_bucket_facts,
    [S3_OP_GET_BUCKET_LOCATION] = do_bucket_facts,
    [S3_OP_GET_BUCKET_VERSIONING] = do_bucket_facts,
    [S3_OP_GET_BUCKET_ABSENT] = do_bucket_facts,
    [S3_OP_LIST_OBJECTS] = do_list,
    [S3_OP_LIST_OBJECTS_V2] = do_list,
    [S3_OP_LIST_VERSIONS] = do_list,
    [S3_OP_LIST_UPLOADS] = do_list_uploads,
    [S3_OP_DELETE_OBJECTS] = do_delete_objects,
    [S3_OP_PUT_OBJECT] = put_small,
    [S3_OP_COPY_OBJECT] = do_copy,
    [S3_OP_GET_OBJECT] = do_get,
    [S3_OP_HEAD_OBJECT] = do_get,
    [S3_OP_DELETE_OBJECT] = do_delete_object,
    [S3_OP_GET_OBJECT_ACL] = do_object_acl,
    [S3_OP_GET_OBJECT_TAGGING] = do_object_tagging,
    [S3_OP_GET_OBJECT_ATTRIBUTES] = do_object_attributes,
    [S3_OP_CREATE_UPLOAD] = do_create_upload,
    [S3_OP_UPLOAD_PART] = put_small,
    [S3_OP_UPLOAD_PART_COPY] = do_part_copy,
    [S3_OP_LIST_PARTS] = do_list_parts,
    [S3_OP_COMPLETE_UPLOAD] = do_complete,
    [S3_OP_ABORT_UPLOAD] = do_abort,
};

static void operate(void *ask)
{
    struct ask *c = ask;
    operation *f = operations[c->route.op];
    if (f)
        f(c);
    else
        ask_fail(c, S3_NOT_IMPLEMENTED, NULL);
}

// The body that is in memory, judged as a large one is while it comes.
static enum s3_code take_document(struct ask *c, struct err *e)
{
    size_t n;
    const char *body = http_body(c->request, &n);
    if (n)
        intake_push(&c->intake, body, n);
    return intake_finish(&c->intake, e);
}

static void handle(void *ctx, struct http_request *r)
{
    struct ask *c = http_sink_ctx(r);
    struct err e = ERR_NULL;
    (void)ctx;
    if (c->upload) {
        c->park = http_park(r);
        upload_whole(c);
        return;
    }
    enum s3_code code = take_document(c, &e);
    if (code) {
        ask_fail(c, code, &e);
        return;
    }
    c->park = http_park(r);
    if (operations[c->route.op] == put_small) // small: nothing in it waits
        put_small(c);
    else
        pool_submit(&c->s->pool, operate, c);
}

int s3_serve_start(struct s3_serve **ret, const struct s3_serve_config *cfg, struct err *e)
{
    struct s3_serve *s = mem_alloc(sizeof *s);
    s->cfg = *cfg;
    s->base_host = mem_strdup(cfg->base_host);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->quiet, NULL);
    s->tls = cfg->tls_cert_file != NULL;
    int workers = cfg->workers > 0 && cfg->workers <= (int)ARRAY_LEN(s->pool.thread) ? cfg->workers : WORKERS;
    int code = pool_start(&s->pool, workers, e);
    struct http_config h = {.listen = cfg->listen,
                            .limits = cfg->limits,
                            .tls_cert_file = cfg->tls_cert_file,
                            .tls_key_file = cfg->tls_key_file,
                            .handle = handle,
                            .head = head,
                            .ctx = s};
    if (!h.limits.body_bytes)
        h.limits.body_bytes = DOCUMENT_BYTES;
    // A key of 1,024 bytes, every one encoded, twice in a copy, a signature, and metadata fit many times
    // over; twice this is what libmicrohttpd can take of a body at a time, and clears for each request.
    if (!h.limits.header_bytes)
        h.limits.header_bytes = 32768;
    if (!code)
        code = http_server_new(&s->http, &h, e);
    if (code) {
        s3_serve_stop(s);
        return code;
    }
    *ret = s;
    return 0;
}

void s3_serve_stop(struct s3_serve *s)
{
    if (!s)
        return;
    http_server_free(s->http); // answers what is parked; later answers only free
    pool_stop(&s->pool);
    // Writes may still wait in the store; their answers free what they hold.
    pthread_mutex_lock(&s->lock);
    while (s->open)
        pthread_cond_wait(&s->quiet, &s->lock);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->quiet);
    free(s->base_host);
    free(s);
}

int s3_serve_port(const struct s3_serve *s)
{
    return http_server_port(s->http);
}
