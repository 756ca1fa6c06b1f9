// SPDX-License-Identifier: Apache-2.0
//
// Inside of the signatures: what a request says of its own signature, between claim.c (reading) and verify.c.
#ifndef ONDOL_S3_CLAIM_H
#define ONDOL_S3_CLAIM_H

#include "s3/query.h"
#include "s3/sign.h"

// The payload line of the canonical request: the text of x-amz-content-sha256, or UNSIGNED-PAYLOAD.
const char *claim_payload_text(const struct s3_request *r, const struct s3_query *q,
                               const struct s3_claim *claim);
// The line of the date in the older signature.
const char *claim_v2_date(const struct s3_request *r, const struct s3_query *q, const struct s3_claim *claim);

// Copies `n` bytes and a NUL; false when they do not fit or one is a control character: what a claim says
// goes into logs and, line by line, into what is signed.
bool claim_copy(char *out, size_t room, const char *text, size_t n);

enum s3_code claim_v4_header(const struct s3_request *r, const char *text, struct s3_claim *out,
                             struct err *e);
enum s3_code claim_v4_query(const struct s3_request *r, const struct s3_query *q, struct s3_claim *out,
                            struct err *e);
enum s3_code claim_v2_header(const struct s3_request *r, const char *text, struct s3_claim *out,
                             struct err *e);
enum s3_code claim_v2_query(const struct s3_request *r, const struct s3_query *q, struct s3_claim *out,
                            struct err *e);

#endif
