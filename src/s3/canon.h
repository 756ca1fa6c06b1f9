// SPDX-License-Identifier: Apache-2.0
//
// Inside of the signatures: the canonical forms both sides must agree on, byte for byte.
#ifndef ONDOL_S3_CANON_H
#define ONDOL_S3_CANON_H

#include "base/buf.h"
#include "s3/query.h"
#include "s3/request.h"
#include "s3/sign.h"

// Every byte of a head of 64 KiB encoded, with room for separators.
#define CANON_BYTES_MAX (256 * 1024)

#define V4_ALGORITHM "AWS4-HMAC-SHA256"

// Whether `name` (n bytes, any case) is one of the names in `list`, separated by semicolons.
bool canon_is_signed(const char *list, const char *name, size_t n);

// Path, query, headers, list and payload line of AWS4: what is hashed. `leave_out` is a parameter that is not
// part of it (X-Amz-Signature), or NULL. InvalidURI; AccessDenied if a header of the list is absent.
struct canon_v4 {
    const struct s3_request *r;
    const struct s3_query *query;
    const char *signed_headers; // as given
    const char *payload;
    const char *leave_out;
    bool latin1; // values that are not UTF-8 stand as the UTF-8 of what they are in ISO 8859-1
};
enum s3_code canon_v4_request(struct buf *out, const struct canon_v4 *c, struct err *e);
// "AWS4-HMAC-SHA256", date, scope, hash of the above.
void canon_v4_text(struct buf *out, const char *date, const char *scope, const struct buf *request);
void canon_v4_scope(char *out, size_t room, const char *date, const char *region);
void canon_v4_key(uint8_t out[32], const char *secret, const char *date, const char *region);

// What the older signature covers. `date` is what stands in the line of the date: Expires for presigned URLs,
// Date, or "" when there is an x-amz-date. `query` counts as headers too for presigned URLs (`presigned`).
struct canon_v2 {
    const struct s3_request *r;
    const struct s3_query *query;
    const char *virtual_bucket;
    const char *date;
    bool presigned;
    bool end_slash; // as if the path ended in one more
};
void canon_v2_text(struct buf *out, const struct canon_v2 *c);

#endif
