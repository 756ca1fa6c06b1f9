// SPDX-License-Identifier: Apache-2.0
//
// Signatures of requests: who asks, and did they know the secret. Both generations, in the Authorization
// header and in the query (presigned URLs): AWS4-HMAC-SHA256 with its chunked payloads, and the older
// HMAC-SHA1, which boto3 still presigns with. Pure functions of a request and a time; nothing is looked up
// here:
//
//   struct s3_claim claim;
//   code = s3_claim_read(&request, virtual_bucket, &claim, &e);  form, time, limits
//   if (!code && claim.kind == S3_ANONYMOUS) ...                 the caller's policy, here AccessDenied
//   secret = ... look up claim.access_key ...                    InvalidAccessKeyId if unknown
//   code = s3_claim_verify(&request, &claim, secret, &key, &e);
//
// The region is whatever the scope says; the service must be s3. Header signatures may be 15 minutes off the
// clock; presigned URLs of AWS4 live at most 7 days and may not begin more than 15 minutes in the future; those
// of the older kind name their end. `host` and every x-amz-* header that is present must be among the signed headers.
#ifndef ONDOL_S3_SIGN_H
#define ONDOL_S3_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "s3/errors.h"
#include "s3/request.h"

#define S3_ACCESS_KEY_BYTES     256 // with NUL; here it is an e-mail address
#define S3_SECRET_BYTES_MAX     512
#define S3_REGION_BYTES         64
#define S3_SIGNED_HEADERS_BYTES 2048
#define S3_SKEW_MS              (15 * 60 * 1000)
#define S3_PRESIGN_S_MAX        (7 * 24 * 3600)

enum s3_auth_kind { S3_ANONYMOUS, S3_V4_HEADER, S3_V4_QUERY, S3_V2_HEADER, S3_V2_QUERY };

// What x-amz-content-sha256 says of the body.
enum s3_payload {
    S3_PAYLOAD_UNSIGNED,         // UNSIGNED-PAYLOAD, presigned, or SigV2
    S3_PAYLOAD_SHA256,           // 64 hex digits: compare with the body, XAmzContentSHA256Mismatch otherwise
    S3_PAYLOAD_CHUNKED,          // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
    S3_PAYLOAD_CHUNKED_TRAILER,  // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    S3_PAYLOAD_UNSIGNED_TRAILER, // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

static inline bool s3_payload_is_chunked(enum s3_payload p) // feed the body through chunked.h
{
    return p >= S3_PAYLOAD_CHUNKED;
}

struct s3_claim {
    enum s3_auth_kind kind;
    char access_key[S3_ACCESS_KEY_BYTES]; // decoded
    char date[17];                        // V4: "20130524T000000Z"
    char region[S3_REGION_BYTES];
    char signed_headers[S3_SIGNED_HEADERS_BYTES]; // V4: "host;x-amz-date", as given
    uint8_t signature[32];                        // V4: 32 bytes, V2: 20
    enum s3_payload payload;
    uint8_t payload_sha256[32]; // for S3_PAYLOAD_SHA256
    const char *virtual_bucket; // the caller's string, or NULL
};

// What chunk signatures are chained from. Only meaningful for S3_PAYLOAD_CHUNKED*.
struct s3_chunk_key {
    uint8_t key[32];
    char seed[65]; // the signature of the head, hex
    char date[17];
    char scope[S3_REGION_BYTES + 32]; // "20130524/us-east-1/s3/aws4_request"
};

// Reads who claims to ask. `virtual_bucket` is the bucket the Host named, or NULL for path style (SigV2 signs
// it). S3_OK also for anonymous requests. Otherwise one of AccessDenied, AuthorizationHeaderMalformed,
// AuthorizationQueryParametersError, RequestTimeTooSkewed, REQUEST_EXPIRED, InvalidRequest, NotImplemented.
enum s3_code s3_claim_read(const struct s3_request *r, const char *virtual_bucket, struct s3_claim *out,
                           struct err *e);

// S3_OK, or SignatureDoesNotMatch; InvalidURI for a path that cannot be decoded. `key` may be NULL. The
// signature is compared in constant time. `secret` has at most S3_SECRET_BYTES_MAX bytes.
enum s3_code s3_claim_verify(const struct s3_request *r, const struct s3_claim *claim, const char *secret,
                             struct s3_chunk_key *key, struct err *e);

// --- our own signatures, for an external store -----------------------------------------------------

struct s3_signer {
    const char *access_key, *secret, *region;
};

#define S3_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define S3_EMPTY_SHA256     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Appends the value of the Authorization header. `r` must hold Host, X-Amz-Date (s3_amz_date of r->now) and
// X-Amz-Content-Sha256 among its headers; all its headers but those that proxies rewrite are signed.
// `r->path` must be encoded by s3_encode_path.
enum s3_code s3_sign_header(const struct s3_signer *s, const struct s3_request *r, struct buf *out,
                            struct err *e);

// Appends the query of a presigned URL, without '?', r->query included. `r` must hold Host; other headers are
// signed too and must then be sent. expires_s: 1..S3_PRESIGN_S_MAX.
enum s3_code s3_presign(const struct s3_signer *s, const struct s3_request *r, int64_t expires_s,
                        struct buf *out, struct err *e);

void s3_amz_date(char out[17], wall_ms t); // "20130524T000000Z"
bool s3_amz_date_read(const char *text, int64_t *ms_since_1970);

#endif
