// SPDX-License-Identifier: Apache-2.0
//
// One blocking HTTP call whose bodies are files: bytes go up from one or come down into one, through constant
// memory, with the progress told meanwhile.
#ifndef ONDOL_NET_HTTP_FILE_H
#define ONDOL_NET_HTTP_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "net/http_call.h"

struct http_flow {
    FILE *up; // NULL: ask->body as in http_call; else `up_bytes` of it from where it stands are the body
    int64_t up_bytes;
    FILE *down; // NULL: the answer's body goes to `out` as in http_call; else only that of a refusal does
    void *ctx;
    // Bytes gone up or come down since it was last called; may be NULL.
    void (*progress)(void *ctx, int64_t bytes);
};

// As http_call, but a call that stands still for a minute is -ETIMEDOUT however long it takes in all;
// ask->timeout_ms is not used. -EIO when `up` ends early or `down` cannot be written (errno says why).
int http_file(struct http_answer *out, const struct http_ask *ask, const struct http_tls *tls,
              const struct http_flow *flow, size_t max_bytes, struct err *e);

#endif
