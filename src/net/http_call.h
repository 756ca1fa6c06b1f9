// SPDX-License-Identifier: Apache-2.0
//
// One blocking HTTP call, for the command line: ask, wait, have the answer. Connections are not kept.
#ifndef ONDOL_NET_HTTP_CALL_H
#define ONDOL_NET_HTTP_CALL_H

#include "base/buf.h"
#include "base/err.h"
#include "net/http_options.h"

struct http_answer {
    int status;
    char content_type[128]; // "" if the server named none
    struct buf body;
};

// 0 whatever the status; then the caller frees with http_answer_deinit. Negative, with `out` empty:
// -ECONNREFUSED, -EHOSTUNREACH (no such name, no way there), -ETIMEDOUT, -EPROTO (not HTTP, or TLS refused),
// -EFBIG (a body of more than `max_bytes`), -EINVAL (no URL), -EIO.
int http_call(struct http_answer *out, const struct http_ask *ask, const struct http_tls *tls,
              size_t max_bytes, struct err *e);
void http_answer_deinit(struct http_answer *a);

#endif
