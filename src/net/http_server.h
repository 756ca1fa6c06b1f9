// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server: one libmicrohttpd daemon on one epoll thread, behind the vetting of vet.h. `handle` is
// called on that thread once per request, when head and body are complete and vetted, and does exactly one of
// three things:
//
//   http_reply        answers at once;
//   http_park         suspends the connection; any thread answers later, once, with http_unpark;
//   http_stream_start answers with an endless body (server-sent events); any thread sends, once ends.
//
// A body is kept in memory, up to limits.body_bytes, unless http_config.head, called once the head is vetted,
// hands it to a sink of its own (http_sink) or refuses the request (http_refuse) before the body was asked
// for.
//
// A request is a copy of its own: while parked it may be read from any thread until http_unpark is called,
// even when the client has gone or the server is being freed meanwhile.
//
// Limits, each refused with a JSON error that names it, then the connection is closed: a head over
// header_bytes (431), a body over body_bytes (413), connections over `connections` (503) or, from one
// address, over connections_per_address (429). A head over about twice header_bytes, or connections past a
// limit by an eighth and 8 more, are ended by libmicrohttpd itself, with a plain 431 page or a bare close. A
// connection that neither sends nor reads for idle_timeout_s is closed; one that trickles has two
// idle_timeout_s for a whole request, and a millisecond more for each byte of body. A client that half-closes
// its side gets its answer, but may wait idle_timeout_s for the end of the connection.
#ifndef ONDOL_NET_HTTP_SERVER_H
#define ONDOL_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct http_server;
struct http_request;
struct http_park;
struct http_stream;
struct http_flow;

struct http_limits {
    size_t header_bytes;         // 1,024..65,536; memory per connection is twice this. 0: 8,192
    size_t body_bytes;           // 0: 1 MiB
    int connections;             // 0: 4,096
    int connections_per_address; // 0: as many as `connections`
    int idle_timeout_s;          // 0: 30
};

struct http_config {
    const char *listen; // "127.0.0.1:0", "[::1]:8080", "0.0.0.0:80"; a numeric address
    struct http_limits limits;
    const char *tls_cert_file, *tls_key_file; // PEM; both or neither (NULL: plain HTTP)
    // PEM, or NULL. Given: a client without a certificate signed by one of these gets 403.
    const char *tls_client_ca_file;
    void (*handle)(void *ctx, struct http_request *req); // on the HTTP thread
    // On the HTTP thread, when the head is vetted and nothing of the body has been taken; may be NULL. May
    // call http_sink and http_refuse, and nothing else that answers.
    void (*head)(void *ctx, struct http_request *req);
    // The client vanished while parked; on a thread of net's; may be NULL. A hint, at most once per park,
    // maybe before http_park has returned: http_unpark is still to be called.
    void (*gone)(void *ctx, uint64_t park_id);
    void *ctx;
};

// Listens at once. The strings of `cfg` are not kept. The error says what to do.
int http_server_new(struct http_server **ret, const struct http_config *cfg, struct err *e);
// Answers everything parked with 503, ends the streams, waits up to a second for that to be sent, joins its
// threads. Parks and streams still held stay valid: http_unpark, http_stream_send and http_stream_end then
// only free.
void http_server_free(struct http_server *s); // NULL is fine
int http_server_port(const struct http_server *s);
int http_server_connections(struct http_server *s); // open now

// --- reading a request; strings live as long as it -------------------------------------------------

const char *http_method(const struct http_request *r); // "GET"; a valid token, case kept
// Percent-decoded, UTF-8, no NUL; begins with '/', or is "*" (OPTIONS only).
const char *http_path(const struct http_request *r);
// Path and query, undecoded: for route_normalise and for signatures.
const char *http_raw_target(const struct http_request *r);
// The first of that name, in any case; NULL if absent.
const char *http_header(const struct http_request *r, const char *name);
// Field i in order of arrival; false past the end.
bool http_header_at(const struct http_request *r, size_t i, const char **name, const char **value);
// The first of that name, in any case, decoded; "" for a bare name, NULL if absent.
const char *http_query(const struct http_request *r, const char *name);
// Pair i in order, repeated names kept; false past the end.
bool http_query_at(const struct http_request *r, size_t i, const char **name, const char **value);
const char *http_body(const struct http_request *r, size_t *n); // NUL-terminated besides; n may be NULL
const char *http_peer(const struct http_request *r);            // "127.0.0.1"
// Common name of the client's verified certificate; NULL if none was asked for.
const char *http_peer_certificate(const struct http_request *r);

// --- bodies that are not kept ----------------------------------------------------------------------

struct http_sink {
    // HTTP thread: the next `n` bytes of the body. Gives how many it took; fewer than `n` stops the
    // connection until http_flow_more, and the rest is given again. NULL: the body is kept as usual, and only
    // `cut` is wanted.
    size_t (*push)(void *ctx, const void *data, size_t n);
    // HTTP thread, at most once: the request ended, broken or refused, before handle() was called; nothing of
    // it comes any more. Never after handle().
    void (*cut)(void *ctx);
    void *ctx;
};

// In head() only. The flow is to be ended with http_flow_free, at any time and from any thread.
struct http_flow *http_sink(struct http_request *r, const struct http_sink *sink);
void *http_sink_ctx(const struct http_request *r); // of the sink that was set; NULL: none
void http_flow_more(struct http_flow *f);          // any thread: push() may be called again
void http_flow_free(struct http_flow *f);          // NULL is fine

// In head() only: answers without handle() being called. A client that waits for 100 Continue with a body of a
// known length, or announced more than HTTP_DROP_BYTES, is answered at once and the connection closed; from
// others the body is taken and dropped first, so that they get to read the answer.
#define HTTP_DROP_BYTES (16 * 1024 * 1024)
void http_refuse(struct http_request *r, int status, const char *content_type, const void *body, size_t n,
                 const char *const *extra_headers);

// --- answering -------------------------------------------------------------------------------------
//
// `extra_headers`, here and below: NULL, or name, value, name, value, ..., NULL. `content_type` may be NULL.

// The body is copied. In handle() only.
void http_reply(struct http_request *r, int status, const char *content_type, const void *body, size_t n,
                const char *const *extra_headers);

struct http_park *http_park(struct http_request *r);
uint64_t http_park_id(const struct http_park *p); // never 0, never reused by this server
struct http_request *http_park_request(struct http_park *p);
// From any thread, exactly once; `p` and its request are no longer the caller's after. `body_owned` is from
// malloc (or buf_take) and freed by net; may be NULL when n is 0.
void http_unpark(struct http_park *p, int status, const char *content_type, void *body_owned, size_t n,
                 const char *const *extra_headers);

// An answer that is not in memory: `n` bytes of a file from `offset` on (read is NULL; `fd` is closed by
// net), or what `read` gives: it fills `out` with up to `room` bytes from position `at` of the answer and
// gives their number, or negative when there is nothing to be had: the connection is cut then. `read` runs on
// the HTTP thread; `free` on any, once. For a HEAD nothing is read.
struct http_content {
    uint64_t n;
    int fd;
    uint64_t offset;
    ssize_t (*read)(void *ctx, uint64_t at, char *out, size_t room);
    void (*free)(void *ctx); // may be NULL
    void *ctx;
};
// As http_reply and http_unpark. What `c` owns is net's from the call on.
void http_reply_content(struct http_request *r, int status, const char *content_type,
                        const struct http_content *c, const char *const *extra_headers);
void http_unpark_content(struct http_park *p, int status, const char *content_type,
                         const struct http_content *c, const char *const *extra_headers);

#define HTTP_STREAM_QUEUE_BYTES (256 * 1024)
// Answers 200 and leaves the body open. The request itself ends with handle().
struct http_stream *http_stream_start(struct http_request *r, const char *content_type);
// From any thread. Queues the bytes; false when the client has gone or reads so slowly that more than
// HTTP_STREAM_QUEUE_BYTES would wait: it is cut then, and every later call is false too.
bool http_stream_send(struct http_stream *st, const void *data, size_t n);
// From any thread, exactly once, also after false; `st` is no longer the caller's after.
void http_stream_end(struct http_stream *st);

#endif
