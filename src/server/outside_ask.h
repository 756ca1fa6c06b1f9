// SPDX-License-Identifier: Apache-2.0
//
// One request of the server to the storage outside, by presigned URL.
#ifndef ONDOL_SERVER_OUTSIDE_ASK_H
#define ONDOL_SERVER_OUTSIDE_ASK_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "s3/outside.h"

struct outside_way {
    const struct s3_outside *at;
    const char *ca_file;
    int64_t patience_ms;
    uint64_t copy_most; // bytes of one copy, more are copied in parts; 0: 5 GiB, what S3 takes
    atomic_bool *stop;  // nothing is tried again once it is set, and outside_ask_until ends
};

struct outside_answer {
    int status; // 0: none came
    char etag[64];
    uint64_t length; // Content-Length, also of a HEAD
    char code[64];   // of a failure, if it says one
    char why[256];   // likewise, for a person
    struct buf body;
};
void outside_answer_deinit(struct outside_answer *a);

// `header`: name, value, ..., NULL, signed. Once; a document that says Error is a failure with any status.
void outside_ask(const struct outside_way *w, CURL *easy, const struct s3_outside_ask *ask, const char *body,
                 long timeout_ms, struct outside_answer *out);
// Until it is answered by something that may not go better the next time, or patience is over. False: neither
// 2xx nor `or_else`.
bool outside_ask_until(const struct outside_way *w, CURL *easy, const struct s3_outside_ask *ask,
                       const char *body, int or_else, struct outside_answer *out);

#endif
