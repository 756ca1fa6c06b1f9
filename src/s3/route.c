// SPDX-License-Identifier: Apache-2.0
//
// Three tables: which sub-resources there are, which operation each method is on them, and where each
// parameter goes. A sub-resource that S3 has and we have not must never fall through to the plain operation:
// PUT ?acl is no PutObject.
#include "s3/route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "s3/query.h"
#include "s3/route_params.h"

enum level { SERVICE, BUCKET, OBJECT };

// Sub-resources of S3: parameters that make it another operation.
static const char *const sub_words[] = {
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
};

static const struct row {
    enum level level;
    const char *method;
    const char *sub; // NULL: none
    enum s3_op op;
    enum s3_code absent;
} rows[] = {
    {SERVICE, "GET", NULL, S3_OP_LIST_BUCKETS, S3_OK},
    {BUCKET, "GET", NULL, S3_OP_LIST_OBJECTS, S3_OK},
    {BUCKET, "PUT", NULL, S3_OP_CREATE_BUCKET, S3_OK},
    {BUCKET, "HEAD", NULL, S3_OP_HEAD_BUCKET, S3_OK},
    {BUCKET, "DELETE", NULL, S3_OP_DELETE_BUCKET, S3_OK},
    {BUCKET, "GET", "acl", S3_OP_GET_BUCKET_ACL, S3_OK},
    {BUCKET, "GET", "location", S3_OP_GET_BUCKET_LOCATION, S3_OK},
    {BUCKET, "GET", "versioning", S3_OP_GET_BUCKET_VERSIONING, S3_OK},
    {BUCKET, "GET", "versions", S3_OP_LIST_VERSIONS, S3_OK},
    {BUCKET, "GET", "uploads", S3_OP_LIST_UPLOADS, S3_OK},
    {BUCKET, "POST", "delete", S3_OP_DELETE_OBJECTS, S3_OK},
    {BUCKET, "GET", "cors", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_CORS_CONFIGURATION},
    {BUCKET, "GET", "encryption", S3_OP_GET_BUCKET_ABSENT, S3_SERVER_SIDE_ENCRYPTION_NOT_FOUND},
    {BUCKET, "GET", "lifecycle", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_LIFECYCLE_CONFIGURATION},
    {BUCKET, "GET", "object-lock", S3_OP_GET_BUCKET_ABSENT, S3_OBJECT_LOCK_NOT_FOUND},
    {BUCKET, "GET", "ownershipControls", S3_OP_GET_BUCKET_ABSENT, S3_OWNERSHIP_CONTROLS_NOT_FOUND},
    {BUCKET, "GET", "policy", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_BUCKET_POLICY},
    {BUCKET, "GET", "policyStatus", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_BUCKET_POLICY},
    {BUCKET, "GET", "publicAccessBlock", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_PUBLIC_ACCESS_BLOCK},
    {BUCKET, "GET", "replication", S3_OP_GET_BUCKET_ABSENT, S3_REPLICATION_NOT_FOUND},
    {BUCKET, "GET", "tagging", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_TAG_SET},
    {BUCKET, "GET", "website", S3_OP_GET_BUCKET_ABSENT, S3_NO_SUCH_WEBSITE_CONFIGURATION},
    {OBJECT, "GET", NULL, S3_OP_GET_OBJECT, S3_OK},
    {OBJECT, "HEAD", NULL, S3_OP_HEAD_OBJECT, S3_OK},
    {OBJECT, "PUT", NULL, S3_OP_PUT_OBJECT, S3_OK},
    {OBJECT, "DELETE", NULL, S3_OP_DELETE_OBJECT, S3_OK},
    {OBJECT, "GET", "acl", S3_OP_GET_OBJECT_ACL, S3_OK},
    {OBJECT, "GET", "tagging", S3_OP_GET_OBJECT_TAGGING, S3_OK},
    {OBJECT, "GET", "attributes", S3_OP_GET_OBJECT_ATTRIBUTES, S3_OK},
    {OBJECT, "POST", "uploads", S3_OP_CREATE_UPLOAD, S3_OK},
    {OBJECT, "PUT", "uploadId", S3_OP_UPLOAD_PART, S3_OK},
    {OBJECT, "GET", "uploadId", S3_OP_LIST_PARTS, S3_OK},
    {OBJECT, "POST", "uploadId", S3_OP_COMPLETE_UPLOAD, S3_OK},
    {OBJECT, "DELETE", "uploadId", S3_OP_ABORT_UPLOAD, S3_OK},
};

static enum s3_code find_sub(const struct s3_query *q, const char **sub, struct err *e)
{
    *sub = NULL;
    for (size_t i = 0; i < q->n; i++)
        for (size_t k = 0; k < ARRAY_LEN(sub_words); k++) {
            if (strcmp(q->v[i].name, sub_words[k]) != 0)
                continue;
            if (*sub)
                return s3_fail(e, S3_INVALID_ARGUMENT, "The sub-resources %s and %s exclude one another.",
                               *sub, sub_words[k]);
            *sub = sub_words[k];
        }
    return S3_OK;
}

static enum s3_code find_row(const struct s3_request *r, enum level level, const char *sub,
                             struct s3_route *out, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *t = &rows[i];
        if (t->level == level && !strcmp(t->method, r->method) && !t->sub == !sub &&
            (!sub || !strcmp(t->sub, sub))) {
            out->op = t->op;
            out->absent = t->absent;
            return S3_OK;
        }
    }
    if (sub)
        return s3_fail(e, S3_NOT_IMPLEMENTED, "%.16s ?%s is not implemented here.", r->method, sub);
    return s3_fail(e, S3_METHOD_NOT_ALLOWED, "%.16s is not allowed on this resource.", r->method);
}

// BUCKET/KEY, percent-encoded; a query behind it names the version.
static enum s3_code read_source(const char *text, struct s3_route *out, struct err *e)
{
    char plain[S3_PATH_BYTES_MAX + 1];
    text += *text == '/';
    size_t n = strcspn(text, "?"), plain_n;
    if (n > S3_PATH_BYTES_MAX || !s3_decode(text, n, false, plain, &plain_n))
        return s3_fail(e, S3_INVALID_ARGUMENT,
                       "x-amz-copy-source is not percent-encoded text of at most %d bytes.",
                       S3_PATH_BYTES_MAX);
    char *slash = strchr(plain, '/');
    if (!slash || slash == plain || !slash[1] || slash - plain >= S3_BUCKET_BYTES)
        return s3_fail(e, S3_INVALID_ARGUMENT, "x-amz-copy-source is not BUCKET/KEY.");
    *slash = '\0';
    enum s3_code code = s3_bucket_check(plain, e);
    out->source_key_n = plain_n - (size_t)(slash + 1 - plain);
    if (!code)
        code = s3_key_check(slash + 1, out->source_key_n, e);
    if (code)
        return code;
    memcpy(out->source_bucket, plain, strlen(plain) + 1);
    memcpy(out->source_key, slash + 1, out->source_key_n + 1);
    const char *version = strstr(text + n, "versionId=");
    if (version) {
        version += strlen("versionId=");
        size_t len = strcspn(version, "&");
        if (len >= sizeof out->source_version_id)
            return s3_fail(e, S3_INVALID_ARGUMENT,
                           "The versionId of x-amz-copy-source has more than %zu bytes.",
                           sizeof out->source_version_id - 1);
        memcpy(out->source_version_id, version, len);
    }
    return S3_OK;
}

// What only the parameters and headers tell: copies, the second list, parts.
static enum s3_code refine(const struct s3_request *r, const struct s3_query *q, struct s3_route *out,
                           struct err *e)
{
    const char *list = s3_query_get(q, "list-type");
    if (out->op == S3_OP_LIST_OBJECTS && list) {
        if (strcmp(list, "2") != 0)
            return s3_fail(e, S3_INVALID_ARGUMENT, "The parameter list-type must be 2.");
        out->op = S3_OP_LIST_OBJECTS_V2;
    }
    if (out->op == S3_OP_PUT_OBJECT && s3_query_get(q, "partNumber"))
        return s3_fail(e, S3_INVALID_ARGUMENT, "A part needs the parameter uploadId.");
    if (out->op == S3_OP_UPLOAD_PART && !s3_query_get(q, "partNumber"))
        return s3_fail(e, S3_INVALID_ARGUMENT, "A part needs the parameter partNumber, 1..%d.", S3_PARTS_MAX);
    bool is_put = out->op == S3_OP_PUT_OBJECT || out->op == S3_OP_UPLOAD_PART;
    const char *source = is_put ? s3_header_or_param(r, q, "x-amz-copy-source") : NULL;
    if (!source)
        return S3_OK;
    out->op = out->op == S3_OP_PUT_OBJECT ? S3_OP_COPY_OBJECT : S3_OP_UPLOAD_PART_COPY;
    return read_source(source, out, e);
}

static enum s3_code read_path(const char *raw, const char *virtual_bucket, struct s3_route *out,
                              struct err *e)
{
    char plain[S3_PATH_BYTES_MAX + 1];
    size_t n = strlen(raw), plain_n;
    if (raw[0] != '/')
        return s3_fail(e, S3_INVALID_URI, "The path does not begin with a slash.");
    if (n > S3_PATH_BYTES_MAX)
        return s3_fail(e, S3_KEY_TOO_LONG, "The path has more than %d bytes.", S3_PATH_BYTES_MAX);
    raw++;
    out->virtual_host = virtual_bucket && *virtual_bucket;
    size_t bucket_n = out->virtual_host ? 0 : strcspn(raw, "/");
    if (!s3_decode(out->virtual_host ? virtual_bucket : raw,
                   out->virtual_host ? strlen(virtual_bucket) : bucket_n, false, plain, &plain_n))
        return s3_fail(e, S3_INVALID_URI, "The path is not percent-encoded text.");
    if (!plain_n && !raw[bucket_n])
        return S3_OK; // the service
    enum s3_code code = s3_bucket_check(plain, e);
    if (code)
        return code;
    memcpy(out->bucket, plain, plain_n + 1);
    const char *key = raw + bucket_n + (!out->virtual_host && raw[bucket_n] == '/');
    if (!*key)
        return S3_OK;
    if (!s3_decode(key, strlen(key), false, plain, &plain_n))
        return s3_fail(e, S3_INVALID_URI, "The path is not percent-encoded text.");
    code = s3_key_check(plain, plain_n, e);
    if (code)
        return code;
    memcpy(out->key, plain, plain_n + 1);
    out->key_n = plain_n;
    return S3_OK;
}

enum s3_code s3_route_read(const struct s3_request *r, const char *virtual_bucket, struct s3_route *out,
                           struct err *e)
{
    memset(out, 0, sizeof *out);
    out->max = S3_LIST_MAX;
    struct s3_query q = S3_QUERY_NULL;
    const char *sub;
    enum s3_code code = read_path(r->path, virtual_bucket, out, e);
    if (!code)
        code = s3_query_read(r->query, &q, e);
    if (!code)
        code = find_sub(&q, &sub, e);
    if (!code)
        code = find_row(r, out->key_n ? OBJECT : out->bucket[0] ? BUCKET : SERVICE, sub, out, e);
    if (!code)
        code = refine(r, &q, out, e);
    if (!code)
        code = route_params(&q, out, e);
    s3_query_deinit(&q);
    return code;
}

const char *s3_op_text(enum s3_op op)
{
    static const char *const words[S3_OP_COUNT] = {
        [S3_OP_NONE] = "None",
        [S3_OP_LIST_BUCKETS] = "ListBuckets",
        [S3_OP_CREATE_BUCKET] = "CreateBucket",
        [S3_OP_HEAD_BUCKET] = "HeadBucket",
        [S3_OP_DELETE_BUCKET] = "DeleteBucket",
        [S3_OP_GET_BUCKET_ACL] = "GetBucketAcl",
        [S3_OP_GET_BUCKET_LOCATION] = "GetBucketLocation",
        [S3_OP_GET_BUCKET_VERSIONING] = "GetBucketVersioning",
        [S3_OP_GET_BUCKET_ABSENT] = "GetBucketConfiguration",
        [S3_OP_LIST_OBJECTS] = "ListObjects",
        [S3_OP_LIST_OBJECTS_V2] = "ListObjectsV2",
        [S3_OP_LIST_VERSIONS] = "ListObjectVersions",
        [S3_OP_LIST_UPLOADS] = "ListMultipartUploads",
        [S3_OP_DELETE_OBJECTS] = "DeleteObjects",
        [S3_OP_PUT_OBJECT] = "PutObject",
        [S3_OP_COPY_OBJECT] = "CopyObject",
        [S3_OP_GET_OBJECT] = "GetObject",
        [S3_OP_HEAD_OBJECT] = "HeadObject",
        [S3_OP_DELETE_OBJECT] = "DeleteObject",
        [S3_OP_GET_OBJECT_ACL] = "GetObjectAcl",
        [S3_OP_GET_OBJECT_TAGGING] = "GetObjectTagging",
        [S3_OP_GET_OBJECT_ATTRIBUTES] = "GetObjectAttributes",
        [S3_OP_CREATE_UPLOAD] = "CreateMultipartUpload",
        [S3_OP_UPLOAD_PART] = "UploadPart",
        [S3_OP_UPLOAD_PART_COPY] = "UploadPartCopy",
        [S3_OP_LIST_PARTS] = "ListParts",
        [S3_OP_COMPLETE_UPLOAD] = "CompleteMultipartUpload",
        [S3_OP_ABORT_UPLOAD] = "AbortMultipartUpload",
    };
    return (unsigned)op < S3_OP_COUNT ? words[op] : "None";
}
