// SPDX-License-Identifier: Apache-2.0
//
// What the API asks of the server (struct api_backend): each call becomes an item of the engine's queue, a
// job of the worker's, or a look at what has its own lock.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"
#include "server/inside.h"
#include "server/relay.h"

static house_ms backend_now(void *ctx)
{
    return clock_house(&((struct runtime *)ctx)->clock);
}

static bool backend_account(void *ctx, const char *token, struct account_view *out)
{
    return accounts_find(ctx, token, out);
}

static void backend_token_hash(void *ctx, const char *token, char hex[65])
{
    struct err e = ERR_NULL;
    token_digest(token, hex);
    // Before the account may use it: an account without a secret for its buckets is told to the operator, and
    // can be given another token.
    if (access_keep(ctx, token, hex, &e) < 0)
        fprintf(stderr, "ondol: storage: %s\n", e.text);
}

static bool backend_node_token(void *ctx, const char *token)
{
    struct runtime *r = ctx;
    char mine[65], theirs[65];
    token_digest(r->node_token, mine);
    token_digest(token, theirs);
    unsigned differ = 0;
    for (int i = 0; i < 64; i++)
        differ |= (unsigned)(mine[i] ^ theirs[i]);
    return differ == 0;
}

static void backend_submit(void *ctx, struct submission *s)
{
    struct runtime *r = ctx;
    struct item *it = mem_alloc(sizeof *it);
    *it = (struct item){.kind = ITEM_SUBMISSION, .submission = s};
    if (queue_try_put(&r->items, it))
        return;
    free(it);
    s->done(s, NULL, -EAGAIN);
    arena_deinit(&s->arena);
    free(s);
}

static void backend_work(void *ctx, void (*fn)(void *arg, struct store_reader *reader), void *arg)
{
    struct runtime *r = ctx;
    struct job *j = mem_alloc(sizeof *j);
    *j = (struct job){.fn = fn, .arg = arg};
    if (queue_put(&r->jobs, j))
        return;
    free(j); // the server is ending: still answer
    pthread_mutex_lock(&r->late_lock);
    fn(arg, &r->http_reader);
    pthread_mutex_unlock(&r->late_lock);
}

static void backend_query(void *ctx, void (*fn)(void *arg, const struct server *engine, house_ms now),
                          void (*after)(void *arg, int error), void *arg)
{
    struct runtime *r = ctx;
    struct item *it = mem_alloc(sizeof *it);
    *it = (struct item){.kind = ITEM_QUERY, .query = {.fn = fn, .after = after, .arg = arg}};
    if (queue_try_put(&r->items, it))
        return;
    free(it);
    after(arg, -EAGAIN);
}

static void backend_entropy(void *ctx, void *out, size_t n)
{
    (void)ctx;
    if (getrandom(out, n, 0) != (ssize_t)n)
        abort(); // ids that may repeat are worse than none
}

static void backend_subscribe(void *ctx, struct http_stream *stream, const struct account_view *who)
{
    streams_add(ctx, stream, who);
}

static void backend_sync(void *ctx, struct http_park *park, struct sync_call *call)
{
    struct runtime *r = ctx;
    struct item *it = mem_alloc(sizeof *it);
    *it = (struct item){.kind = ITEM_SYNC, .sync = {.park = park, .call = call}};
    if (queue_try_put(&r->items, it))
        return;
    free(it);
    sync_refuse(park, -EAGAIN);
    arena_deinit(&call->arena);
    free(call);
}

static bool backend_connections(void *ctx, int *open, size_t *parked)
{
    struct runtime *r = ctx;
    pthread_mutex_lock(&r->http_lock);
    *open = r->http ? http_server_connections(r->http) : 0;
    pthread_mutex_unlock(&r->http_lock);
    *parked = r->n_parked; // a figure for a graph: it may be a moment old
    return true;
}

static int backend_seal(void *ctx, const char *bound, const char *value, struct buf *out, struct err *e)
{
    return vault_seal(&((struct runtime *)ctx)->vault, bound, value, out, e);
}

static int backend_unseal(void *ctx, const char *bound, const char *sealed, struct buf *out, struct err *e)
{
    return vault_unseal(&((struct runtime *)ctx)->vault, bound, sealed, out, e);
}

void backend_make(struct runtime *r)
{
    r->backend = (struct api_backend){
        .ctx = r,
        .now = backend_now,
        .account = backend_account,
        .token_hash = backend_token_hash,
        .node_token = backend_node_token,
        .reader = &r->http_reader,
        .submit = backend_submit,
        .work = backend_work,
        .query = backend_query,
        .entropy = backend_entropy,
        .subscribe = backend_subscribe,
        .sync = backend_sync,
        .connections = backend_connections,
        .shown = r->shown,
        .epoch = r->epoch,
        .limits = r->cfg.engine,
        .email = r->email,
        .carbon = r->cfg.carbon,
        .profiles = r->cfg.profiles,
        .forwards = relay_forwards,
        .seal = backend_seal,
        .unseal = backend_unseal,
        .storage_url = r->storage_url,
        .storage = storage_usage,
        .bucket = r->objects || r->outside ? storage_bucket : NULL,
        .bucket_bytes = r->objects && !r->outside ? storage_bucket_bytes : NULL,
        .bucket_waits = r->outside != NULL,
        .images = images_call,
    };
}
