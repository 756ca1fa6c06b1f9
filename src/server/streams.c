// SPDX-License-Identifier: Apache-2.0
//
// Readers of the event stream. A reader that is too slow is cut by net; an account sees what concerns its own
// tasks, as long as the token by which it came is good.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/sse.h"
#include "server/inside.h"

#define LISTENERS_MAX 256
// Of them for one account, so that none keeps the others out. Operators may have all.
#define LISTENERS_ACCOUNT 32

static void cut(struct runtime *r, size_t i)
{
    http_stream_end(r->listener[i].stream);
    r->listener[i] = r->listener[--r->n_listeners];
}

// Readers that went away are noticed when something is sent to them, and to many nothing ever is.
static void sweep(struct runtime *r)
{
    struct buf nothing = BUF_INIT(64);
    sse_comment(&nothing);
    for (size_t i = r->n_listeners; i-- > 0;) {
        if (http_stream_send(r->listener[i].stream, buf_str(&nothing), nothing.n))
            continue;
        cut(r, i);
    }
    buf_deinit(&nothing);
}

static bool has_room(const struct runtime *r, const struct account_view *who)
{
    size_t own = 0;
    for (size_t i = 0; i < r->n_listeners; i++)
        own += r->listener[i].account == who->id;
    return r->n_listeners < LISTENERS_MAX && (own < LISTENERS_ACCOUNT || who->operator);
}

void streams_add(struct runtime *r, struct http_stream *s, const struct account_view *who)
{
    struct buf hello = BUF_INIT(256);
    sse_retry(&hello, 2000);
    sse_comment(&hello);
    bool kept = false;
    pthread_mutex_lock(&r->listen_lock);
    if (!has_room(r, who))
        sweep(r);
    int64_t expires_ms = 0; // asked under the lock: whoever revokes it now finds this reader, or is found
    bool good = accounts_lasts(r, who->token, &expires_ms);
    if (good && has_room(r, who) && http_stream_send(s, buf_str(&hello), hello.n)) {
        struct listener *l = VEC_PUSH(r->listener, r->n_listeners, r->cap_listeners);
        *l = (struct listener){.stream = s,
                               .account = who->id,
                               .token = who->token,
                               .expires_ms = expires_ms,
                               .operator= who->operator};
        kept = true;
    }
    pthread_mutex_unlock(&r->listen_lock);
    buf_deinit(&hello);
    if (!kept)
        http_stream_end(s);
}

static bool concerns(const struct listener *l, const struct note *n)
{
    unsigned long long account = 0;
    if (l->operator)
        return true;
    const char *at = strstr(n->json, "\"account\":");
    return at && sscanf(at, "\"account\":%llu", &account) == 1 && account == l->account;
}

void streams_send(struct runtime *r, const struct note *n)
{
    struct buf text = BUF_INIT(64 * 1024);
    int64_t now_ms = clock_house(&r->clock).v;
    pthread_mutex_lock(&r->listen_lock);
    for (size_t i = r->n_listeners; i-- > 0;) {
        const struct listener *l = &r->listener[i];
        bool over = l->expires_ms && now_ms >= l->expires_ms;
        if (!over && !concerns(l, n))
            continue;
        if (!text.n)
            sse_event(&text, n->kind, NULL, n->json, strlen(n->json));
        if (over || !http_stream_send(l->stream, buf_str(&text), text.n))
            cut(r, i);
    }
    pthread_mutex_unlock(&r->listen_lock);
    buf_deinit(&text);
}

void streams_recheck(struct runtime *r)
{
    pthread_mutex_lock(&r->listen_lock);
    for (size_t i = r->n_listeners; i-- > 0;)
        if (!accounts_lasts(r, r->listener[i].token, &r->listener[i].expires_ms))
            cut(r, i);
    pthread_mutex_unlock(&r->listen_lock);
}

void streams_end(struct runtime *r)
{
    pthread_mutex_lock(&r->listen_lock);
    for (size_t i = 0; i < r->n_listeners; i++)
        http_stream_end(r->listener[i].stream);
    r->n_listeners = 0;
    pthread_mutex_unlock(&r->listen_lock);
}
