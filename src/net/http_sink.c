// SPDX-License-Identifier: Apache-2.0
//
// Bodies that go to a sink piece by piece, and requests that are refused before their body.
//
// Holding back: what a full sink leaves stays in libmicrohttpd's memory and the connection is suspended, so
// the client's socket fills up and it waits too. The sink may say that it takes more before the connection is
// even suspended: that is remembered (flow_more), and the rest is given again at once.
#include "net/http_inside.h"

#include <stdlib.h>
#include <string.h>

struct http_flow *http_sink(struct http_request *r, const struct http_sink *sink)
{
    r->sink = *sink;
    r->has_sink = true;
    request_ref(r);
    return &r->flow;
}

void *http_sink_ctx(const struct http_request *r)
{
    return r->has_sink ? r->sink.ctx : NULL;
}

void http_flow_more(struct http_flow *f)
{
    struct http_request *r = f->request;
    pthread_mutex_lock(&r->lock);
    if (r->flow_held) {
        r->flow_held = false;
        server_resume(r->server, r->mc);
    } else if (!r->flow_closed) {
        r->flow_more = true;
    }
    pthread_mutex_unlock(&r->lock);
}

void http_flow_free(struct http_flow *f)
{
    if (f)
        request_unref(f->request);
}

void http_refuse(struct http_request *r, int status, const char *content_type, const void *body, size_t n,
                 const char *const *extra_headers)
{
    r->status = status;
    r->response =
        response_new(content_type, (void *)(uintptr_t)body, n, MHD_RESPMEM_MUST_COPY, extra_headers);
}

// A body in chunks is taken whatever the head expects: boto3 of 2025 and later sends Expect and does not wait,
// and over TLS finds the connection closed before it reads the answer.
bool sink_refuses_at_once(const struct http_request *r)
{
    const char *length = head_find(&r->head, "Content-Length");
    if (!length || strspn(length, "0") == strlen(length) || head_find(&r->head, "Transfer-Encoding"))
        return false;
    return head_find(&r->head, "Expect") || strtoull(length, NULL, 10) > HTTP_DROP_BYTES;
}

// 0: held until http_flow_more; 1: more is taken already; -1: the server is stopping.
static int hold(struct http_request *r)
{
    pthread_mutex_lock(&r->lock);
    int got = 1;
    if (r->flow_more)
        r->flow_more = false;
    else if (!watch_open(r))
        got = -1;
    else {
        got = 0;
        r->flow_held = true;
        MHD_suspend_connection(r->mc);
    }
    pthread_mutex_unlock(&r->lock);
    return got;
}

enum MHD_Result sink_came(struct http_request *r, const char *data, size_t *n)
{
    size_t came = *n;
    for (;;) {
        size_t took = r->sink.push(r->sink.ctx, data, *n);
        data += took;
        *n -= took;
        int held = *n ? hold(r) : 0;
        if (held < 0)
            return MHD_NO;
        if (held == 0)
            break;
    }
    conn_body_came(r->conn, came - *n);
    return MHD_YES;
}

void sink_resumed(struct http_request *r)
{
    if (r->stage == STAGE_SINK && r->id) {
        watch_close(r);
        r->id = 0;
    }
}

void sink_close(struct http_request *r)
{
    if (r->has_sink && !r->handed && r->sink.cut)
        r->sink.cut(r->sink.ctx);
}
