// SPDX-License-Identifier: Apache-2.0
//
// From the head of a request to an operation, a bucket, a key and its parameters. The table in route.c is
// data: method, what is addressed, the sub-resource, the operation. Unknown parameters are ignored (x-id, for
// one). Sub-resources that exist in S3 but not here are NotImplemented; where clients ask and expect to be
// told that there is none, the operation is S3_OP_GET_BUCKET_ABSENT.
#ifndef ONDOL_S3_ROUTE_H
#define ONDOL_S3_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "s3/names.h"
#include "s3/request.h"

#define S3_PATH_BYTES_MAX  (3 * 1024 + 3 * 64 + 8) // raw path: every byte of bucket and key encoded
#define S3_TOKEN_BYTES     2048 // continuation tokens, markers and delimiters, decoded, with NUL
#define S3_UPLOAD_ID_BYTES 128
#define S3_LIST_MAX        1000 // most entries of one list

enum s3_op {
    S3_OP_NONE,
    S3_OP_LIST_BUCKETS,
    S3_OP_CREATE_BUCKET,
    S3_OP_HEAD_BUCKET,
    S3_OP_DELETE_BUCKET,
    S3_OP_GET_BUCKET_ACL,
    S3_OP_GET_BUCKET_LOCATION,
    S3_OP_GET_BUCKET_VERSIONING,
    S3_OP_GET_BUCKET_ABSENT, // ?policy and the like: route.absent is the answer
    S3_OP_LIST_OBJECTS,
    S3_OP_LIST_OBJECTS_V2,
    S3_OP_LIST_VERSIONS,
    S3_OP_LIST_UPLOADS,
    S3_OP_DELETE_OBJECTS,
    S3_OP_PUT_OBJECT,
    S3_OP_COPY_OBJECT,
    S3_OP_GET_OBJECT,
    S3_OP_HEAD_OBJECT,
    S3_OP_DELETE_OBJECT,
    S3_OP_GET_OBJECT_ACL,
    S3_OP_GET_OBJECT_TAGGING,
    S3_OP_GET_OBJECT_ATTRIBUTES,
    S3_OP_CREATE_UPLOAD,
    S3_OP_UPLOAD_PART,
    S3_OP_UPLOAD_PART_COPY,
    S3_OP_LIST_PARTS,
    S3_OP_COMPLETE_UPLOAD,
    S3_OP_ABORT_UPLOAD,
    S3_OP_COUNT
};

struct s3_route {
    enum s3_op op;
    char bucket[S3_BUCKET_BYTES]; // "" for the service; form already checked
    char key[S3_KEY_BYTES];       // "" for the bucket itself; form already checked
    size_t key_n;
    bool virtual_host;   // the bucket came from Host
    enum s3_code absent; // for S3_OP_GET_BUCKET_ABSENT
    // Parameters, decoded; "" or 0 when absent.
    char version_id[64];
    char upload_id[S3_UPLOAD_ID_BYTES];
    int part_number; // 1..S3_PARTS_MAX; 0: not given
    // Lists.
    char prefix[S3_KEY_BYTES];
    char delimiter[S3_KEY_BYTES];
    char marker[S3_KEY_BYTES]; // marker, start-after, key-marker
    char continuation[S3_TOKEN_BYTES];
    bool has_continuation;
    char id_marker[S3_UPLOAD_ID_BYTES]; // version-id-marker, upload-id-marker
    int part_marker;                    // part-number-marker
    int max;         // max-keys, max-uploads, max-parts: 0..S3_LIST_MAX; S3_LIST_MAX when absent or larger
    bool encode_url; // encoding-type=url
    bool fetch_owner;
    // Answer headers a GET may override; "" when absent.
    char content_type[256], content_language[64], expires[64], cache_control[256], content_disposition[1024],
        content_encoding[64];
    // x-amz-copy-source of S3_OP_COPY_OBJECT and S3_OP_UPLOAD_PART_COPY.
    char source_bucket[S3_BUCKET_BYTES];
    char source_key[S3_KEY_BYTES];
    size_t source_key_n;
    char source_version_id[64];
};

// Bucket named by the Host header: `host` is "bucket.s3.example.org:9000", base_host "s3.example.org" (NULL:
// none). Writes the bucket, "" for path style: a host that is base_host, an IP address, or another name
// altogether.
enum s3_code s3_virtual_bucket(const char *host, const char *base_host, char out[S3_BUCKET_BYTES],
                               struct err *e);

// `virtual_bucket` as found there, "" for none. `out` is about 12 KiB: not for the stack of many threads'
// requests at once, fine on one. Errors: InvalidURI, InvalidBucketName, KeyTooLongError, InvalidArgument,
// MethodNotAllowed, NotImplemented; bucket and key are filled as far as they were read.
enum s3_code s3_route_read(const struct s3_request *r, const char *virtual_bucket, struct s3_route *out,
                           struct err *e);
const char *s3_op_text(enum s3_op op); // "ListObjectsV2", for logs

#endif
