// SPDX-License-Identifier: Apache-2.0
//
// A request's way through libmicrohttpd, all on its thread:
//
//   serve_target     the request line is parsed            -> request_new
//   serve_access     1st call: the head is complete        -> vetting; what is refused here is answered before the body
//                                                             (vet.h's rules first, then head() of the configuration)
//                    calls with data: the body             -> appended, given to the sink, or dropped
//                    call without data: all has arrived    -> handle()
//                    call after a resume                   -> the answer other threads left in the request
//   serve_completed  answered, or the connection broke     -> the connection's reference is dropped
//
// An answer in the 1st call makes libmicrohttpd close the connection: right for refusals (what follows cannot
// be trusted), wrong for everything else, so handle() waits for the later call even when there is no body.
#include "net/http_inside.h"

#include <stdlib.h>
#include <string.h>

// How much of a body that is too big is read and dropped, so that the client gets to read its 413: one who
// still sends when the socket is closed may see only the reset.
#define EXCESS_BYTES (1024 * 1024)

// The query is ours to read. The library would make a record of each parameter, and when 250 of them fill the
// connection's memory it hangs up without an answer; it reads none where the query is empty. What `uri` points to is
// the connection's own buffer, which the library itself cuts up right after this.
static void hide_query(const char *uri)
{
    char *query = strchr((char *)(uintptr_t)uri, '?');
    if (query && query[1])
        query[1] = '\0';
}

void *serve_target(void *server, const char *uri, struct MHD_Connection *mc)
{
    struct http_request *r = request_new(server, mc, uri);
    hide_query(uri);
    return r;
}

static enum MHD_Result answer(struct http_request *r, int status, struct MHD_Response *m)
{
    r->stage = STAGE_ANSWERED;
    enum MHD_Result ok = MHD_queue_response(r->mc, (unsigned)status, m);
    MHD_destroy_response(m);
    return ok;
}

static enum MHD_Result refuse_body(struct http_request *r)
{
    return answer(r, 413,
                  response_refusal("Request body too large: limits.body_bytes is %zu",
                                   r->server->cfg.limits.body_bytes));
}

static enum MHD_Result refuse_connection(struct http_request *r)
{
    const struct http_limits *l = &r->server->cfg.limits;
    if (r->conn->refuse == 429)
        return answer(r, 429,
                      response_refusal("Too many connections from one address: limits.connections_per_address"
                                       " is %d",
                                       l->connections_per_address));
    return answer(r, 503, response_refusal("Too many connections: limits.connections is %d", l->connections));
}

static enum MHD_Result refuse_head(struct http_request *r, struct vet_answer a)
{
    if (a.status == 431)
        return answer(r, 431,
                      response_refusal("Request head too large: %s is over limits.header_bytes (%zu) or"
                                       " 64 fields",
                                       a.text, r->server->cfg.limits.header_bytes));
    return answer(r, a.status, response_refusal("Bad request: %s", a.text));
}

// What http_refuse left.
static enum MHD_Result refusal(struct http_request *r)
{
    struct MHD_Response *m = r->response;
    r->response = NULL;
    return answer(r, r->status, m);
}

static enum MHD_Result head_complete(struct http_request *r, const char *method)
{
    struct http_server *s = r->server;
    if (r->conn->refuse)
        return refuse_connection(r);
    if (s->tls_client && !conn_certificate_good(r->mc, r->conn))
        return answer(r, 403,
                      response_refusal("Forbidden: a client certificate signed by this server's authority is"
                                       " required"));
    struct vet_answer a = request_capture(r, method);
    if (a.status)
        return refuse_head(r, a);
    r->stage = STAGE_BODY;
    if (s->cfg.head)
        s->cfg.head(s->cfg.ctx, r);
    if (r->response) {
        r->stage = STAGE_DROP;
        return sink_refuses_at_once(r) ? refusal(r) : MHD_YES;
    }
    if (r->has_sink && r->sink.push) {
        r->stage = STAGE_SINK;
        return MHD_YES;
    }
    const char *length = head_find(&r->head, "Content-Length");
    size_t limit = s->cfg.limits.body_bytes, n = length ? strtoull(length, NULL, 10) : 0;
    if (n <= limit)
        return MHD_YES;
    if (head_find(&r->head, "Expect") || n - limit > EXCESS_BYTES)
        return refuse_body(r);
    r->stage = STAGE_EXCESS;
    return MHD_YES;
}

static enum MHD_Result body_came(struct http_request *r, const char *data, size_t n)
{
    conn_body_came(r->conn, n);
    if (r->stage == STAGE_BODY && r->body.n + n > r->server->cfg.limits.body_bytes) {
        r->stage = STAGE_EXCESS;
        r->excess_bytes = 0;
        buf_deinit(&r->body);
    }
    if (r->stage == STAGE_BODY) {
        buf_put(&r->body, data, n);
        return MHD_YES;
    }
    r->excess_bytes += n;
    if (r->stage == STAGE_DROP)
        return r->excess_bytes > HTTP_DROP_BYTES ? MHD_NO : MHD_YES;
    return r->excess_bytes > r->server->cfg.limits.body_bytes + EXCESS_BYTES ? MHD_NO : MHD_YES;
}

static enum MHD_Result hand_over(struct http_request *r)
{
    conn_request_whole(r->conn);
    r->stage = STAGE_HANDED;
    r->handed = true;
    r->server->cfg.handle(r->server->cfg.ctx, r);
    if (r->stage == STAGE_HANDED)
        return answer(r, 500, response_refusal("Internal error: the request was not answered"));
    return MHD_YES;
}

// Called again after a resume; also at once when a park was refused because the server is stopping. An answer
// that another thread has left already, before libmicrohttpd has even seen that the connection is suspended,
// waits for the call after the resume: queueing on a suspended connection is not safe.
static enum MHD_Result parked_answered(struct http_request *r, bool resumed)
{
    pthread_mutex_lock(&r->lock);
    struct MHD_Response *m = r->answered && (resumed || !r->parked) ? r->response : NULL;
    if (m)
        r->response = NULL;
    int status = r->status;
    pthread_mutex_unlock(&r->lock);
    return m ? answer(r, status, m) : MHD_YES;
}

enum MHD_Result serve_access(void *server, struct MHD_Connection *mc, const char *url, const char *method,
                             const char *version, const char *data, size_t *n, void **request)
{
    (void)server, (void)mc, (void)url, (void)version;
    struct http_request *r = *request;
    size_t came = *n;
    sink_resumed(r);
    if (r->stage == STAGE_SINK && came)
        return sink_came(r, data, n);
    *n = 0;
    switch (r->stage) {
    case STAGE_HEAD:
        return head_complete(r, method);
    case STAGE_DROP:
        return came ? body_came(r, data, came) : refusal(r);
    case STAGE_SINK:
    case STAGE_BODY:
        if (came)
            return body_came(r, data, came);
        if (hand_over(r) == MHD_NO)
            return MHD_NO;
        return r->stage == STAGE_PARKED ? parked_answered(r, false) : MHD_YES;
    case STAGE_EXCESS:
        return came ? body_came(r, data, came) : refuse_body(r);
    case STAGE_PARKED:
        return parked_answered(r, true);
    default:
        return MHD_YES;
    }
}

void serve_completed(void *server, struct MHD_Connection *mc, void **request,
                     enum MHD_RequestTerminationCode why)
{
    (void)mc, (void)why;
    struct http_request *r = *request;
    if (!r)
        return;
    *request = NULL;
    park_close(r);
    sink_close(r);
    conn_request_done(server, r->conn);
    request_unref(r);
}

void reply_response(struct http_request *r, int status, struct MHD_Response *m)
{
    answer(r, status, m);
}

void http_reply(struct http_request *r, int status, const char *content_type, const void *body, size_t n,
                const char *const *extra_headers)
{
    // libmicrohttpd only reads from the memory when told to copy it.
    answer(r, status,
           response_new(content_type, (void *)(uintptr_t)body, n, MHD_RESPMEM_MUST_COPY, extra_headers));
}
