// SPDX-License-Identifier: Apache-2.0
//
// Parking. The answering thread leaves the response in the request and resumes the connection; libmicrohttpd
// then calls serve_access again on its own thread, which queues it. (It would let us queue from here while
// suspended, but then runs the connection's state machine on the wrong thread.)
#include "net/http_inside.h"

#include <stdlib.h>

#include "base/mem.h"

// With request.lock held.
static void leave_answer(struct http_request *r, int status, struct MHD_Response *m)
{
    r->answered = true;
    r->status = status;
    r->response = m;
}

struct http_park *http_park(struct http_request *r)
{
    pthread_mutex_lock(&r->lock);
    request_ref(r);
    r->stage = STAGE_PARKED;
    r->parked = watch_open(r);
    if (r->parked)
        MHD_suspend_connection(r->mc);
    else
        leave_answer(r, 503, response_refusal("Service Unavailable: the server is stopping"));
    pthread_mutex_unlock(&r->lock);
    return &r->park;
}

uint64_t http_park_id(const struct http_park *p)
{
    return p->request->id;
}

struct http_request *http_park_request(struct http_park *p)
{
    return p->request;
}

void http_unpark(struct http_park *p, int status, const char *content_type, void *body_owned, size_t n,
                 const char *const *extra_headers)
{
    park_answer(p, status, response_new(content_type, body_owned, n, MHD_RESPMEM_MUST_FREE, extra_headers));
}

void park_answer(struct http_park *p, int status, struct MHD_Response *m)
{
    struct http_request *r = p->request;
    pthread_mutex_lock(&r->lock);
    if (r->parked && !r->answered) {
        leave_answer(r, status, m);
        m = NULL;
        server_resume(r->server, r->mc);
    }
    pthread_mutex_unlock(&r->lock);
    if (m)
        MHD_destroy_response(m); // the server answered first: it is stopping, or gone
    request_unref(r);
}

void park_close(struct http_request *r)
{
    pthread_mutex_lock(&r->lock);
    r->parked = false;
    r->answered = true;
    r->flow_held = false;
    r->flow_closed = true;
    struct http_stream *st = r->stream;
    r->stream = NULL;
    pthread_mutex_unlock(&r->lock);
    if (st)
        stream_close(st);
    if (r->id)
        watch_close(r);
}

static void end_one(struct http_request *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->parked && !r->answered) {
        leave_answer(r, 503, response_refusal("Service Unavailable: the server is stopping"));
        server_resume(r->server, r->mc);
    } else if (r->flow_held) {
        r->flow_held = false;
        server_resume(r->server, r->mc);
    }
    struct http_stream *st = r->stream;
    if (st)
        stream_finish(st);
    pthread_mutex_unlock(&r->lock);
}

void parks_end_all(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    size_t n = 0;
    struct http_request **all = mem_array(s->n_open + 1, sizeof *all);
    for (struct http_request *r = s->open; r; r = r->next) {
        request_ref(r);
        all[n++] = r;
    }
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < n; i++) {
        end_one(all[i]);
        request_unref(all[i]);
    }
    free(all);
}

void park_vanished(struct http_request *r)
{
    pthread_mutex_lock(&r->lock);
    bool tell = r->parked && !r->answered;
    if (r->stream)
        stream_cut(r->stream);
    pthread_mutex_unlock(&r->lock);
    if (tell && r->server->cfg.gone)
        r->server->cfg.gone(r->server->cfg.ctx, r->id);
}
