// SPDX-License-Identifier: Apache-2.0
//
// The HTTP client of programs with an event loop: calls under way at the same time, connections kept and used
// again, everything on the loop's thread. When and whether to try again is the caller's affair, with one
// exception: a call that finds its kept connection closed by the server before any answer is sent once more
// on a new one, so a POST may arrive twice (sync reports are numbered for that).
#ifndef ONDOL_NET_HTTP_CLIENT_H
#define ONDOL_NET_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "net/http_options.h"

struct http_client;

struct http_client_config {
    struct http_tls tls;     // file names are copied
    size_t max_answer_bytes; // 0: 16 MiB
    int max_connections;     // to one host, further calls wait; 0: 4
};

struct http_result {
    int code;         // 0: an answer came; negative errno as http_call (and -ECANCELED): none did
    struct err err;   // the sentence, when code < 0
    int status;       // of the answer
    const char *body; // NUL-terminated besides; valid inside the callback
    size_t n;
};

// Called once per call, never from inside http_client_ask or _post.
typedef void http_done_fn(void *ctx, const struct http_result *res);

int http_client_new(struct http_client **ret, uv_loop_t *loop, const struct http_client_config *cfg,
                    struct err *e);
// Cancels every call (their callbacks run now, with -ECANCELED) and lets the loop close what it holds: the
// loop must run until then (uv_run returns when nothing else is left). Not from inside a callback.
void http_client_free(struct http_client *c); // NULL is fine

// Begins a call; the ask is copied. Returns its id, never 0.
uint64_t http_client_ask(struct http_client *c, const struct http_ask *ask, http_done_fn *done, void *ctx);
uint64_t http_client_post(struct http_client *c, const char *url, const char *const *headers,
                          const void *body, size_t n, long timeout_ms, http_done_fn *done, void *ctx);
// Ends a call at once: `done` runs inside, with -ECANCELED. A call that is over is left alone.
void http_client_cancel(struct http_client *c, uint64_t id);

#endif
