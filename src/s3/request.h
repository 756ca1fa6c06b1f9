// SPDX-License-Identifier: Apache-2.0
//
// A request as this folder reads it: bytes as they were received and the time. Nothing is copied; the strings
// live as long as the caller's request.
#ifndef ONDOL_S3_REQUEST_H
#define ONDOL_S3_REQUEST_H

#include <stddef.h>

#include "base/when.h"

struct s3_header {
    const char *name;  // any case
    const char *value; // without white space around it
};

struct s3_request {
    const char *method; // "PUT"
    const char *path;   // raw, still percent-encoded, without the query; begins with '/'
    const char *query;  // raw, what follows '?'; "" if none, never NULL
    const struct s3_header *header;
    size_t header_n;
    wall_ms now; // milliseconds since 1970, of the real-time clock
};

// The first, in any case; NULL if absent.
const char *s3_header_get(const struct s3_request *r, const char *name);

#endif
