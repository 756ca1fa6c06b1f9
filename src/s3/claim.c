// SPDX-License-Identifier: Apache-2.0
//
// Which of the four ways a request is signed, if any. A request signed twice is refused: two readers could
// take different ones for the truth.
#include "s3/claim.h"

#include <string.h>
#include <strings.h>

static enum s3_code count_auth(const struct s3_request *r, const char **header, struct err *e)
{
    size_t n = 0;
    *header = NULL;
    for (size_t i = 0; i < r->header_n; i++)
        if (!strcasecmp(r->header[i].name, "authorization")) {
            *header = r->header[i].value;
            n++;
        }
    return n > 1 ? s3_fail(e, S3_INVALID_ARGUMENT, "There is more than one Authorization header.") : S3_OK;
}

static enum s3_code read_kind(const struct s3_request *r, const struct s3_query *q, struct s3_claim *out,
                              struct err *e)
{
    const char *header;
    enum s3_code code = count_auth(r, &header, e);
    if (code)
        return code;
    bool v4 = s3_query_get(q, "X-Amz-Algorithm") || s3_query_get(q, "X-Amz-Signature");
    bool v2 = s3_query_get(q, "AWSAccessKeyId") || s3_query_get(q, "Signature");
    if (v4 + v2 + (header != NULL) > 1)
        return s3_fail(e, S3_INVALID_ARGUMENT, "Only one way of signing is allowed in a request.");
    if (v4)
        return claim_v4_query(r, q, out, e);
    if (v2)
        return claim_v2_query(r, q, out, e);
    if (!header)
        return S3_OK;
    if (!strncmp(header, "AWS4-HMAC-SHA256", 16) && (header[16] == ' ' || header[16] == '\t'))
        return claim_v4_header(r, header + 17, out, e);
    if (!strncmp(header, "AWS ", 4))
        return claim_v2_header(r, header + 4, out, e);
    return s3_fail(e, S3_INVALID_ARGUMENT,
                   "The scheme of the Authorization header is not one of AWS4-HMAC-SHA256, AWS.");
}

// Whether `text`, a list, has the coding aws-chunked.
static bool is_aws_chunked(const char *text)
{
    while (text && *text) {
        text += strspn(text, " \t,");
        size_t n = strcspn(text, " \t,");
        if (n == 11 && !strncasecmp(text, "aws-chunked", n))
            return true;
        text += n;
    }
    return false;
}

enum s3_code s3_claim_read(const struct s3_request *r, const char *virtual_bucket, struct s3_claim *out,
                           struct err *e)
{
    memset(out, 0, sizeof *out);
    out->virtual_bucket = virtual_bucket;
    struct s3_query q;
    enum s3_code code = s3_query_read(r->query, &q, e);
    if (!code)
        code = read_kind(r, &q, out, e);
    // The older signature and presigned URLs have no word for it, but boto3 sends such bodies with them too.
    if (out->payload == S3_PAYLOAD_UNSIGNED && is_aws_chunked(s3_header_get(r, "content-encoding")) &&
        s3_header_get(r, "x-amz-decoded-content-length"))
        out->payload = S3_PAYLOAD_UNSIGNED_TRAILER;
    s3_query_deinit(&q);
    return code;
}
