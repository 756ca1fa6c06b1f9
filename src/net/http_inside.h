// SPDX-License-Identifier: Apache-2.0
//
// What the files of the HTTP server share; nobody else includes this.
//
//   http_server.c   settings, listening, start and end
//   http_serve.c    libmicrohttpd's callbacks: a request's way from its first byte to its answer
//   http_request.c  the request as an object of ours: capture, vetting, reading
//   http_park.c     parked requests: what other threads touch
//   http_stream.c   streams, likewise
//   http_sink.c     bodies that go to a sink: holding a connection back, letting it go on; early refusals
//   http_content.c  answers from files and readers
//   http_conn.c     connections: counting them, their deadlines, their certificates
//   http_watch.c    the watcher: sees parked clients vanish, cuts connections that are late
//
// Threads: H runs libmicrohttpd, W is the watcher's, A is any other.
// Locks, always taken in this order:  request.lock  ->  server.lock.  libmicrohttpd's own locks come last.
//   server.lock  guards the lists of connections and of open requests, the counts per address, `stopping`.
//   request.lock guards how a parked request is answered, and thereby every call that resumes it: the end of a
//                request on H takes it too, so nobody is inside a resume when the daemon is stopped.
//   stream.lock  the same for a stream; never held together with the others.
#ifndef ONDOL_NET_HTTP_INSIDE_H
#define ONDOL_NET_HTTP_INSIDE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/map.h"
#include "net/http_server.h"
#include "net/path.h"
#include "net/vet.h"

#define PEER_BYTES      64
#define CERT_NAME_BYTES 128
#define QUERY_PAIRS     256 // most in a request

// One per TCP connection; made and freed on H.
struct http_conn {
    struct http_conn *prev, *next; // server.lock
    int fd;                        // open as long as this is in the list
    int refuse;                    // 429 or 503 when it came over a limit, else 0; H
    _Atomic int64_t deadline_ms;   // when the request under way must have arrived; INT64_MAX: it has
    bool tls_checked, tls_good;    // H
    char peer[PEER_BYTES];
    char certificate[CERT_NAME_BYTES]; // common name of the verified client, or ""
};

enum http_stage {
    STAGE_HEAD,     // request line seen
    STAGE_BODY,     // head vetted, body arriving
    STAGE_SINK,     // head vetted, body going to a sink
    STAGE_DROP,     // refused by head(): the body is dropped until its end, then the refusal
    STAGE_EXCESS,   // body over the limit: being dropped until its end, then 413
    STAGE_HANDED,   // in handle()
    STAGE_PARKED,   // suspended until answered
    STAGE_ANSWERED, // response queued with libmicrohttpd
};

// A park is its request under another name: they live and die together.
struct http_park {
    struct http_request *request;
};

// And so is a flow.
struct http_flow {
    struct http_request *request;
};

struct http_request {
    struct http_park park;
    struct http_flow flow;
    atomic_int refs;            // the connection's, the holder's while parked, the watcher's for a moment
    struct http_server *server; // A: only while not `answered`
    struct http_request *prev, *next; // server.lock; those parked or streaming
    // H only
    struct MHD_Connection *mc;
    struct http_conn *conn;
    enum http_stage stage;
    const char *uri_at; // where the target stood in libmicrohttpd's memory
    size_t excess_bytes;
    struct http_sink sink;
    bool has_sink, handed; // handed: handle() was or is being called
    // written on H before handle(), read by all after
    struct head head;
    char *target, *arena;
    const char *path;
    struct query_pair *query;
    size_t n_query;
    struct buf body;
    char peer[PEER_BYTES], certificate[CERT_NAME_BYTES];
    uint64_t id; // of the park or stream; 0: neither
    // lock
    pthread_mutex_t lock;
    bool parked, answered;
    bool flow_held;   // suspended because the sink was full
    bool flow_more;   // it said that it takes more, before anyone was held
    bool flow_closed; // the request is over
    int status;
    struct MHD_Response *response;
    struct http_stream *stream;
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_config cfg; // without its strings
    bool tls_client;
    int port, listen_fd; // the socket is libmicrohttpd's once it runs, -1 then
    pthread_mutex_t lock;
    pthread_cond_t quiet; // signalled when an open request ends while stopping
    struct http_conn *conns;
    struct http_request *open;
    size_t n_open;
    int n_conns;
    struct strmap per_address;
    struct idmap parks; // id -> struct http_request *
    uint64_t next_id;
    bool stopping;
    int epoll_fd, wake_fd;
    bool watching, serving;
    pthread_t watcher, server;
    // H's bell: rung after each resume and at the end; `rung` saves ringing twice.
    int bell_fd;
    atomic_bool rung, halt;
};

// http_request.c
struct http_request *request_new(struct http_server *s, struct MHD_Connection *mc, const char *uri);
void request_ref(struct http_request *r);
void request_unref(struct http_request *r);
struct vet_answer request_capture(struct http_request *r, const char *method); // H, with the head complete
// `memory` says whether the body is copied or given away. Never NULL.
struct MHD_Response *response_new(const char *content_type, void *body, size_t n,
                                  enum MHD_ResponseMemoryMode memory, const char *const *extra_headers);
// {"message":"..."}, and the connection is closed after it.
struct MHD_Response *response_refusal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// http_server.c
void server_resume(struct http_server *s, struct MHD_Connection *mc); // any thread

// http_serve.c
void *serve_target(void *server, const char *uri, struct MHD_Connection *mc);
enum MHD_Result serve_access(void *server, struct MHD_Connection *mc, const char *url, const char *method,
                             const char *version, const char *data, size_t *n, void **request);
void serve_completed(void *server, struct MHD_Connection *mc, void **request,
                     enum MHD_RequestTerminationCode why);

// http_park.c
void park_close(struct http_request *r);    // H: the request ended, whatever the reason
void parks_end_all(struct http_server *s);  // A: 503 to the parked, an end to the streams
void park_vanished(struct http_request *r); // W

// http_stream.c
void stream_close(struct http_stream *st);  // H: its request ended; drops the request's reference
void stream_finish(struct http_stream *st); // A: no more bytes come
void stream_cut(struct http_stream *st);    // any: its client is gone, or as good as

// http_sink.c
enum MHD_Result sink_came(struct http_request *r, const char *data, size_t *n); // H; *n: in: came, out: left
void sink_resumed(struct http_request *r);               // H: first thing in any later call
void sink_close(struct http_request *r);                 // H: the request ended
bool sink_refuses_at_once(const struct http_request *r); // H: after http_refuse

// http_content.c
struct MHD_Response *response_content(const char *content_type, const struct http_content *c,
                                      const char *const *extra_headers);

// http_park.c: `m` is taken over
void park_answer(struct http_park *p, int status, struct MHD_Response *m);
// http_serve.c
void reply_response(struct http_request *r, int status, struct MHD_Response *m);

// http_watch.c
int watch_start(struct http_server *s, struct err *e);
void watch_stop(struct http_server *s);
// H: gives the request an id, lists it as open, watches its socket. False when the server is stopping:
// nothing done.
bool watch_open(struct http_request *r);
void watch_close(struct http_request *r); // H

// http_conn.c
void conn_notify(void *server, struct MHD_Connection *mc, void **conn,
                 enum MHD_ConnectionNotificationCode what);
void conn_request_done(struct http_server *s, struct http_conn *c); // H: the next request's time begins
void conn_request_whole(struct http_conn *c);       // H: it has arrived; no deadline until answered
void conn_body_came(struct http_conn *c, size_t n); // H
void conns_cut_late(struct http_server *s);         // W
bool conn_certificate_good(struct MHD_Connection *mc, struct http_conn *c); // H

#endif
