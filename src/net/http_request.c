// SPDX-License-Identifier: Apache-2.0
//
// The request as an object of ours. Everything is copied out of libmicrohttpd's memory at the first call, so
// that a parked request can be read from any thread whatever becomes of its connection. One arena holds the
// run of the head (split in place by vet.c), the decoded path and the decoded query.
#include "net/http_inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

struct http_request *request_new(struct http_server *s, struct MHD_Connection *mc, const char *uri)
{
    struct http_request *r = mem_alloc(sizeof *r);
    r->park.request = r;
    r->flow.request = r;
    atomic_init(&r->refs, 1);
    r->server = s;
    r->mc = mc;
    r->conn = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    r->uri_at = uri;
    r->target = mem_strdup(uri ? uri : "");
    r->body = BUF_INIT(s->cfg.limits.body_bytes + 1);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void request_ref(struct http_request *r)
{
    atomic_fetch_add(&r->refs, 1);
}

void request_unref(struct http_request *r)
{
    if (atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    if (r->response)
        MHD_destroy_response(r->response);
    pthread_mutex_destroy(&r->lock);
    buf_deinit(&r->body);
    free(r->query);
    free(r->arena);
    free(r->target);
    free(r);
}

static struct vet_answer decode_target(struct http_request *r, char *room)
{
    const char *path = r->head.path;
    size_t n = strcspn(path, "?");
    if (percent_decode(path, n, false, room) < 0)
        return (struct vet_answer){
            400, "the path has broken percent-encoding, a NUL, or bytes that are not UTF-8"};
    r->path = room;
    if (path[n] != '?' || !path[n + 1])
        return (struct vet_answer){0, NULL};
    r->query = mem_array(QUERY_PAIRS, sizeof *r->query);
    int pairs = query_split(path + n + 1, room + n + 1, r->query, QUERY_PAIRS);
    if (pairs == -E2BIG)
        return (struct vet_answer){400, "more than 256 query parameters"};
    if (pairs < 0)
        return (struct vet_answer){
            400, "the query has broken percent-encoding, a NUL, or bytes that are not UTF-8"};
    r->n_query = (size_t)pairs;
    return (struct vet_answer){0, NULL};
}

struct vet_answer request_capture(struct http_request *r, const char *method)
{
    size_t n = MHD_get_connection_info(r->mc, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    size_t target_n = strlen(r->target);
    // The run begins at the method, and the target stood right behind it and one space.
    if (!n || r->uri_at != method + strlen(method) + 1)
        return (struct vet_answer){
            400, "the request line is not method, target and version with one space between"};
    if (n > r->server->cfg.limits.header_bytes)
        return (struct vet_answer){431, "the head"};
    r->arena = mem_alloc(n + target_n + 8);
    memcpy(r->arena, method, n);
    int seen = MHD_get_connection_values(r->mc, MHD_HEADER_KIND, NULL, NULL);
    struct vet_answer a = vet_run(r->arena, n, r->target, (size_t)seen, &r->head);
    if (a.status)
        return a;
    memcpy(r->peer, r->conn->peer, sizeof r->peer);
    memcpy(r->certificate, r->conn->certificate, sizeof r->certificate);
    return decode_target(r, r->arena + n);
}

struct MHD_Response *response_new(const char *content_type, void *body, size_t n,
                                  enum MHD_ResponseMemoryMode memory, const char *const *extra_headers)
{
    struct MHD_Response *m =
        MHD_create_response_from_buffer(n, n ? body : "", n ? memory : MHD_RESPMEM_PERSISTENT);
    if (!m)
        abort();
    if (!n && memory == MHD_RESPMEM_MUST_FREE)
        free(body);
    if (content_type)
        MHD_add_response_header(m, "Content-Type", content_type);
    for (const char *const *h = extra_headers; h && h[0] && h[1]; h += 2)
        MHD_add_response_header(m, h[0], h[1]);
    return m;
}

struct MHD_Response *response_refusal(const char *fmt, ...)
{
    char text[256], json[300];
    va_list list;
    va_start(list, fmt);
    vsnprintf(text, sizeof text, fmt, list);
    va_end(list);
    // The texts are ours: none has a quote or a backslash.
    int n = snprintf(json, sizeof json, "{\"message\":\"%s\"}", text);
    const char *const close[] = {"Connection", "close", NULL};
    return response_new("application/json", json, (size_t)n, MHD_RESPMEM_MUST_COPY, close);
}

const char *http_method(const struct http_request *r)
{
    return r->head.method;
}

const char *http_path(const struct http_request *r)
{
    return r->path;
}

const char *http_raw_target(const struct http_request *r)
{
    return r->head.path;
}

const char *http_header(const struct http_request *r, const char *name)
{
    return head_find(&r->head, name);
}

bool http_header_at(const struct http_request *r, size_t i, const char **name, const char **value)
{
    if (i >= r->head.n)
        return false;
    *name = r->head.field[i].name;
    *value = r->head.field[i].value;
    return true;
}

const char *http_query(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_query; i++)
        if (!strcasecmp(r->query[i].name, name))
            return r->query[i].value;
    return NULL;
}

bool http_query_at(const struct http_request *r, size_t i, const char **name, const char **value)
{
    if (i >= r->n_query)
        return false;
    *name = r->query[i].name;
    *value = r->query[i].value;
    return true;
}

const char *http_body(const struct http_request *r, size_t *n)
{
    if (n)
        *n = r->body.n;
    return buf_str(&r->body);
}

const char *http_peer(const struct http_request *r)
{
    return r->peer;
}

const char *http_peer_certificate(const struct http_request *r)
{
    return r->certificate[0] ? r->certificate : NULL;
}
