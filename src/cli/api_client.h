// SPDX-License-Identifier: Apache-2.0
//
// The server as the command line sees it: address and token from the environment, one blocking call at a
// time, errors said in a sentence and turned into exit codes.
#ifndef ONDOL_CLI_API_CLIENT_H
#define ONDOL_CLI_API_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/http_tls.h"

#define API_ANSWER_MAX ((size_t)1 << 30)

struct api_client {
    const char *url;         // without a slash at its end
    const char *token;       // sent as it is
    const char *storage_url; // where the buckets are; NULL: where the server says
    struct http_tls tls;
    long timeout_ms; // of one call
    char kept[1024];
};

// From ONDOL_URL and ONDOL_TOKEN, else QARNOT_CLUSTER_URL and QARNOT_CLIENT_TOKEN, else a file (cli_config.h); ONDOL_CA,
// QARNOT_CLUSTER_UNSAFE or QARNOT_USE_UNSAFE_SSL, QARNOT_CLUSTER_TIMEOUT (seconds) and QARNOT_STORAGE_URL
// where they are set. -1: go on, else an exit code.
int api_client_env(struct api_client *c);
bool api_env_true(const char *name); // "true" or 1, as existing clients read it
void api_client_init(struct api_client *c, const char *url, const char *token);

// One call; `body` may be NULL. 0 with the answer in `out` (buf_deinit it), else an exit code with the
// sentence in `e`: 3 when nobody answers, 75 on 503 and 507, 4 on other 4xx, 1 on the rest.
int api_call(const struct api_client *c, const char *method, const char *path, const char *body,
             const char *accept, struct buf *out, struct err *e);

// The same with a body of any bytes.
int api_send(const struct api_client *c, const char *method, const char *path, const void *data, size_t n,
             struct buf *out, struct err *e);

// The same with JSON on both sides; `body` is borrowed and may be NULL. `*out` is the caller's.
int api_json(const struct api_client *c, const char *method, const char *path, const json_t *body,
             json_t **out, struct err *e);

// Appends `text` to a path, percent-encoded.
void api_path_add(struct buf *path, const char *text);

#endif
