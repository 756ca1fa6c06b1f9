// SPDX-License-Identifier: Apache-2.0
//
// Percent-encoding as signatures define it, and the query of a request as decoded pairs.
#ifndef ONDOL_S3_QUERY_H
#define ONDOL_S3_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "s3/errors.h"
#include "s3/request.h"

#define S3_QUERY_PAIRS 64 // most parameters of a query

// Appends `n` bytes of `s`; all but A-Za-z0-9-._~ (and '/' if `keep_slash`) as %XX in capitals.
void s3_encode(struct buf *out, const char *s, size_t n, bool keep_slash);
// Decodes `n` bytes into `out` (n + 1 bytes suffice), NUL-terminated; '+' gives a space if `plus`. False for
// a broken %XX or an encoded NUL.
bool s3_decode(const char *in, size_t n, bool plus, char *out, size_t *out_n);

struct s3_param {
    const char *name, *value; // decoded, NUL-terminated, without NUL inside; value "" for a bare name
    size_t name_n, value_n;
    bool has_value; // there was a '=', if only with nothing behind it
};

struct s3_query {
    char *arena; // owned: what the pairs point into
    size_t n;
    struct s3_param v[S3_QUERY_PAIRS]; // in order, repeated names kept
};

#define S3_QUERY_NULL ((struct s3_query){0})

// InvalidURI: broken encoding, or more than S3_QUERY_PAIRS. `out` is to be ended by s3_query_deinit in any
// case.
enum s3_code s3_query_read(const char *raw, struct s3_query *out, struct err *e);
void s3_query_deinit(struct s3_query *q);
// The first, case matters; NULL if absent.
const char *s3_query_get(const struct s3_query *q, const char *name);
const char *s3_query_get_any(const struct s3_query *q, const char *name); // the first, in any case

// The value of an x-amz-* header, or of the query parameter of that name (in any case) in a presigned URL:
// presigning clients move headers into the URL, and they mean the same there. Elsewhere the older signature
// does not cover such a parameter, so that it must not mean anything. NULL if neither.
const char *s3_header_or_param(const struct s3_request *r, const struct s3_query *q, const char *name);

// Metadata that a presigning client moved into the URL: x-amz-meta-* parameters of a presigned URL that no
// header of the request repeats. Appends to out[*n], which has room for S3_QUERY_PAIRS more; the strings are
// the query's. Names that are no names of headers, and values with control characters, are refused: they
// become headers of answers.
enum s3_code s3_moved_metadata(const struct s3_request *r, const struct s3_query *q, struct s3_header *out,
                               size_t *n, struct err *e);

#endif
