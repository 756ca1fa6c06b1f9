// SPDX-License-Identifier: Apache-2.0
//
// Somebody else's storage in place of our own (docs/design/0036): what is called how there, and presigned
// URLs of it. Pure functions of a configuration, a request and a time.
//
// The buckets of an account begin with its prefix there; a request may say the whole name or leave the prefix
// out. What attempts write lies in one more bucket until it is published, which no account's name can reach.
#ifndef ONDOL_S3_OUTSIDE_H
#define ONDOL_S3_OUTSIDE_H

#include "s3/sign.h"

#define S3_OUTSIDE_BUCKET_BYTES 96 // with NUL; some stores take more than 63, or "TENANT:BUCKET"
#define S3_OUTSIDE_URL_BYTES    ((size_t)16 << 10)

struct s3_outside {
    const char *url; // "https://HOST[:PORT]"
    const char *region, *access_key, *secret;
    const char *prefix; // has "{account}" in it once
    const char *staging;
    const char *acl;   // canned, of what is put into accounts' buckets; NULL: the storage's default
    bool virtual_host; // BUCKET.HOST instead of HOST/BUCKET
};

// 0, or -EINVAL with the option that is wrong.
int s3_outside_check(const struct s3_outside *o, struct err *e);

// What an account's bucket is called there; false: too long, or no name of a bucket.
bool s3_outside_bucket(const struct s3_outside *o, uint64_t account, const char *name,
                       char out[S3_OUTSIDE_BUCKET_BYTES]);

struct s3_outside_ask {
    const char *method, *bucket;
    const char *key; // NULL: the bucket itself
    size_t key_n;
    const char *query;              // encoded; NULL: none
    const struct s3_header *header; // signed too: they must be sent as they are
    size_t header_n;
    int64_t lives_s;
};

// Appends a URL that anybody may use for this request until it expires.
enum s3_code s3_outside_url(const struct s3_outside *o, const struct s3_outside_ask *ask, wall_ms now,
                            struct buf *out, struct err *e);

#endif
