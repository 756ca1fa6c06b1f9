// SPDX-License-Identifier: Apache-2.0
//
// The documents of S3, exactly: namespace, order and spelling of elements as the clients' generated readers
// expect them. Writing appends to a buffer whose ceiling is the caller's; reading takes the small documents a
// client may send. Times are milliseconds since 1970 and are written "2013-05-24T00:00:00.000Z". Strings are
// UTF-8; control characters, which XML 1.0 cannot hold, are written as U+FFFD except in lists with
// encode_url, where keys are percent-encoded.
#ifndef ONDOL_S3_XML_H
#define ONDOL_S3_XML_H

#include "base/buf.h"
#include "s3/checksum.h"
#include "s3/names.h"
#include "s3/route.h"
#include "s3/sign.h"

struct s3_owner {
    const char *id, *display_name;
};

// --- writing ---------------------------------------------------------------------------------------

// Code and message of `c`, or `text` if it is not empty. Resource is the decoded path. `bucket` and `key` may
// be NULL; they become <BucketName>, which the Python SDK prints of NoSuchBucket, and <Key>.
struct s3_error_facts {
    enum s3_code code;
    const char *text;
    const char *bucket, *key, *resource, *request_id, *host_id;
};
void s3_xml_error(struct buf *out, const struct s3_error_facts *f);

struct s3_bucket_entry {
    const char *name;
    int64_t created_ms;
};
void s3_xml_buckets(struct buf *out, const struct s3_owner *owner, const struct s3_bucket_entry *v, size_t n);

void s3_xml_location(struct buf *out, const char *region);      // "" or "us-east-1": the empty element
void s3_xml_versioning(struct buf *out);                        // never enabled: the empty document
void s3_xml_acl(struct buf *out, const struct s3_owner *owner); // the owner has FULL_CONTROL
void s3_xml_tagging(struct buf *out);                           // no tags

// One list, begun with what was asked, then entries and common prefixes as they come (entries all first),
// then ended. Works for S3_OP_LIST_OBJECTS, _V2 and _VERSIONS; which elements appear follows from route->op.
struct s3_object_entry {
    const char *key;
    size_t key_n;
    const char *etag; // without quotes
    uint64_t size;
    int64_t modified_ms;
};
struct s3_list_facts {
    const struct s3_route *route;
    bool truncated;
    size_t count;        // entries and common prefixes together (KeyCount)
    const char *next;    // truncated: NextMarker, NextContinuationToken or NextKeyMarker; NULL otherwise
    const char *next_id; // uploads only, truncated: NextUploadIdMarker
};
void s3_xml_list_begin(struct buf *out, const struct s3_list_facts *f);
void s3_xml_list_entry(struct buf *out, const struct s3_route *route, const struct s3_object_entry *o,
                       const struct s3_owner *owner);
void s3_xml_list_prefix(struct buf *out, const struct s3_route *route, const char *prefix, size_t n);
void s3_xml_list_end(struct buf *out, const struct s3_route *route);

// CopyObjectResult, CopyPartResult.
void s3_xml_copy(struct buf *out, bool part, const char *etag, int64_t modified_ms);

void s3_xml_upload_created(struct buf *out, const char *bucket, const char *key, const char *upload_id);
// `location` is the whole URL of the object. sum_text may be NULL.
void s3_xml_upload_completed(struct buf *out, const char *location, const char *bucket, const char *key,
                             const char *etag, enum s3_sum_kind sum, const char *sum_text);

struct s3_part_entry {
    int number;
    const char *etag;
    uint64_t size;
    int64_t modified_ms;
};
void s3_xml_parts(struct buf *out, const struct s3_route *route, const struct s3_owner *owner,
                  const struct s3_part_entry *v, size_t n, bool truncated);

struct s3_upload_entry {
    const char *key, *upload_id;
    int64_t created_ms;
};
// Uploads and, behind them, the common prefixes (`n_prefix` strings).
void s3_xml_uploads(struct buf *out, const struct s3_list_facts *f, const struct s3_owner *owner,
                    const struct s3_upload_entry *v, size_t n, const char *const *prefix, size_t n_prefix);

// DeleteResult: begin, one call for each object, end. `code` S3_OK: deleted (left out if `quiet`).
void s3_xml_deleted_begin(struct buf *out);
void s3_xml_deleted(struct buf *out, const char *key, const char *version_id, enum s3_code code,
                    const char *text, bool quiet);
void s3_xml_deleted_end(struct buf *out);

// --- reading: no doctype, no entities but the five of XML, at most S3_XML_DEPTH deep -----------------

#define S3_XML_DEPTH       6
#define S3_XML_BYTES_MAX   (8 * 1024 * 1024) // 1,000 keys of 1,024 quotes, each written &quot;, fit
#define S3_DELETE_KEYS_MAX 1000

struct s3_delete {
    bool quiet;
    size_t n;
    struct s3_delete_key {
        char *key; // owned; UTF-8, 1..1024 bytes
        char version_id[64];
    } * v;
    size_t cap;
};
// MalformedXML (the text says where and why), MaxMessageLengthExceeded, KeyTooLongError; NotImplemented for a
// condition on an entry, which must not be ignored. On failure `out` is empty.
enum s3_code s3_xml_read_delete(const char *data, size_t n, struct s3_delete *out, struct err *e);
void s3_delete_deinit(struct s3_delete *d);

struct s3_complete {
    size_t n;
    struct s3_complete_part {
        int number;               // 1..S3_PARTS_MAX, ascending
        char etag[S3_ETAG_BYTES]; // without quotes
        enum s3_sum_kind sum;     // S3_SUM_NONE if none was given
        uint8_t sum_v[S3_SUM_BYTES_MAX];
    } * v;
    size_t cap;
};
// Besides: InvalidPartOrder, InvalidPart for an ETag that is none.
enum s3_code s3_xml_read_complete(const char *data, size_t n, struct s3_complete *out, struct err *e);
void s3_complete_deinit(struct s3_complete *c);

// CreateBucketConfiguration; an empty body is fine. Writes LocationConstraint, "" if empty or absent.
enum s3_code s3_xml_read_create_bucket(const char *data, size_t n, char location[S3_REGION_BYTES],
                                       struct err *e);

#endif
