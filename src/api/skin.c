// SPDX-License-Identifier: Apache-2.0
//
// The HTTP skin: a request of net/http_server becomes a call and back. What is answered on the HTTP thread
// itself is replied to at once; everything else is parked when it leaves that thread. A parked request may be
// read from any thread until it is answered, so the call's strings point into it.
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

#include "api/call.h"
#include "base/mem.h"
#include "net/http_server.h"
#include "net/sse.h"

struct skin {
    struct http_request *request;
    struct http_park *park; // not NULL once the call left the HTTP thread
};

static void leave(struct call *c)
{
    struct skin *s = c->skin;
    s->park = http_park(s->request);
}

static void answer(struct call *c, struct skin *s)
{
    const char *const *headers = c->header[0] ? c->header : NULL;
    if (!s->park) {
        http_reply(s->request, c->status, c->type, buf_str(&c->out), c->out.n, headers);
        return;
    }
    size_t n = c->out.n;
    http_unpark(s->park, c->status, c->type, n ? buf_take(&c->out) : NULL, n, headers);
}

static void answer_file(struct call *c, struct skin *s)
{
    const struct http_content file = {.n = c->file_bytes, .fd = c->file};
    if (s->park)
        http_unpark_content(s->park, c->status, c->type, &file, NULL);
    else
        http_reply_content(s->request, c->status, c->type, &file, NULL);
}

static void finish(struct call *c)
{
    struct skin *s = c->skin;
    const struct api_backend *be = c->be;
    switch (c->kind) {
    case CALL_ANSWER:
        answer(c, s);
        break;
    case CALL_FILE:
        answer_file(c, s);
        break;
    case CALL_STREAM:
        be->subscribe(be->ctx, http_stream_start(s->request, SSE_TYPE), &c->account);
        break;
    case CALL_SYNC:
        be->sync(be->ctx, http_park(s->request), c->sync);
        c->sync = NULL;
        break;
    }
    call_free(c);
    free(s);
}

static void read_query(struct call *c, const struct http_request *r)
{
    for (size_t i = 0; c->n_query < CALL_QUERY_MAX; i++) {
        size_t at = c->n_query;
        if (!http_query_at(r, i, &c->query_name[at], &c->query_value[at]))
            return;
        c->n_query++;
    }
}

void api_handle(void *arg, struct http_request *r)
{
    struct api *api = arg;
    struct call *c = call_new(api);
    struct skin *s = mem_alloc(sizeof *s);
    s->request = r;
    c->skin = s;
    c->leave = leave;
    c->finish = finish;
    c->method = http_method(r);
    c->authorization = http_header(r, "Authorization");
    c->accept = http_header(r, "Accept");
    c->body = http_body(r, &c->body_bytes);
    read_query(c, r);
    int bad = route_normalise(http_raw_target(r), &c->route);
    if (bad) {
        if (bad == -ENAMETOOLONG)
            call_fail(c, 414, "The path has more than %d parts, or one of more than %d bytes", ROUTE_SEGMENTS,
                      ROUTE_SEGMENT_BYTES - 1);
        else
            call_fail(c, 400, "The path is not one of this API");
        finish(c);
        return;
    }
    api_dispatch(api, c);
}
