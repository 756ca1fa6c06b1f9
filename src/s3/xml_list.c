// SPDX-License-Identifier: Apache-2.0
//
// The lists: objects in three shapes, parts, uploads. The order of elements is that of the S3 API reference.
#include <string.h>

#include "s3/xml.h"
#include "s3/xml_text.h"

static void named(struct buf *out, const struct s3_route *route, const char *name, const char *value)
{
    xml_name(out, name, value, strlen(value), route->encode_url);
}

// Elements that are left out when empty.
static void named_if(struct buf *out, const struct s3_route *route, const char *name, const char *value)
{
    if (value && *value)
        named(out, route, name, value);
}

static const char *root_of(const struct s3_route *route)
{
    return route->op == S3_OP_LIST_VERSIONS ? "ListVersionsResult" : "ListBucketResult";
}

static void encoding(struct buf *out, const struct s3_route *route)
{
    if (route->encode_url)
        xml_element(out, "EncodingType", "url");
}

static void begin_v2(struct buf *out, const struct s3_list_facts *f)
{
    named_if(out, f->route, "StartAfter", f->route->marker);
    if (f->route->has_continuation)
        xml_element(out, "ContinuationToken", f->route->continuation);
    if (f->truncated)
        xml_element(out, "NextContinuationToken", f->next);
    xml_number(out, "KeyCount", f->count);
}

static void begin_versions(struct buf *out, const struct s3_list_facts *f)
{
    named(out, f->route, "KeyMarker", f->route->marker);
    xml_element(out, "VersionIdMarker", f->route->id_marker);
    if (f->truncated && f->next) {
        named(out, f->route, "NextKeyMarker", f->next);
        xml_element(out, "NextVersionIdMarker", "null");
    }
}

void s3_xml_list_begin(struct buf *out, const struct s3_list_facts *f)
{
    const struct s3_route *route = f->route;
    buf_putf(out, XML_HEAD "<%s" XML_SPACE ">", root_of(route));
    xml_element(out, "Name", route->bucket);
    named(out, route, "Prefix", route->prefix);
    if (route->op == S3_OP_LIST_OBJECTS_V2) {
        begin_v2(out, f);
    } else if (route->op == S3_OP_LIST_VERSIONS) {
        begin_versions(out, f);
    } else {
        named(out, route, "Marker", route->marker);
        if (f->truncated)
            named_if(out, route, "NextMarker", f->next);
    }
    xml_number(out, "MaxKeys", (uint64_t)route->max);
    named_if(out, route, "Delimiter", route->delimiter);
    xml_bool(out, "IsTruncated", f->truncated);
    encoding(out, route);
}

void s3_xml_list_entry(struct buf *out, const struct s3_route *route, const struct s3_object_entry *o,
                       const struct s3_owner *owner)
{
    bool version = route->op == S3_OP_LIST_VERSIONS;
    buf_puts(out, version ? "<Version>" : "<Contents>");
    xml_name(out, "Key", o->key, o->key_n, route->encode_url);
    if (version)
        buf_puts(out, "<VersionId>null</VersionId><IsLatest>true</IsLatest>");
    xml_time(out, "LastModified", o->modified_ms);
    xml_etag(out, o->etag);
    xml_number(out, "Size", o->size);
    if (owner && (route->op != S3_OP_LIST_OBJECTS_V2 || route->fetch_owner))
        xml_owner(out, "Owner", owner);
    buf_puts(out, "<StorageClass>STANDARD</StorageClass>");
    buf_puts(out, version ? "</Version>" : "</Contents>");
}

void s3_xml_list_prefix(struct buf *out, const struct s3_route *route, const char *prefix, size_t n)
{
    buf_puts(out, "<CommonPrefixes>");
    xml_name(out, "Prefix", prefix, n, route->encode_url);
    buf_puts(out, "</CommonPrefixes>");
}

void s3_xml_list_end(struct buf *out, const struct s3_route *route)
{
    buf_putf(out, "</%s>", root_of(route));
}

void s3_xml_parts(struct buf *out, const struct s3_route *route, const struct s3_owner *owner,
                  const struct s3_part_entry *v, size_t n, bool truncated)
{
    buf_puts(out, XML_HEAD "<ListPartsResult" XML_SPACE ">");
    xml_element(out, "Bucket", route->bucket);
    xml_name(out, "Key", route->key, route->key_n, route->encode_url);
    xml_element(out, "UploadId", route->upload_id);
    xml_owner(out, "Initiator", owner);
    xml_owner(out, "Owner", owner);
    xml_element(out, "StorageClass", "STANDARD");
    xml_number(out, "PartNumberMarker", (uint64_t)route->part_marker);
    xml_number(out, "NextPartNumberMarker", n ? (uint64_t)v[n - 1].number : 0);
    xml_number(out, "MaxParts", (uint64_t)route->max);
    xml_bool(out, "IsTruncated", truncated);
    encoding(out, route);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "<Part>");
        xml_number(out, "PartNumber", (uint64_t)v[i].number);
        xml_time(out, "LastModified", v[i].modified_ms);
        xml_etag(out, v[i].etag);
        xml_number(out, "Size", v[i].size);
        buf_puts(out, "</Part>");
    }
    buf_puts(out, "</ListPartsResult>");
}

static void upload(struct buf *out, const struct s3_route *route, const struct s3_owner *owner,
                   const struct s3_upload_entry *u)
{
    buf_puts(out, "<Upload>");
    named(out, route, "Key", u->key);
    xml_element(out, "UploadId", u->upload_id);
    xml_owner(out, "Initiator", owner);
    xml_owner(out, "Owner", owner);
    xml_element(out, "StorageClass", "STANDARD");
    xml_time(out, "Initiated", u->created_ms);
    buf_puts(out, "</Upload>");
}

void s3_xml_uploads(struct buf *out, const struct s3_list_facts *f, const struct s3_owner *owner,
                    const struct s3_upload_entry *v, size_t n, const char *const *prefix, size_t n_prefix)
{
    const struct s3_route *route = f->route;
    buf_puts(out, XML_HEAD "<ListMultipartUploadsResult" XML_SPACE ">");
    xml_element(out, "Bucket", route->bucket);
    named(out, route, "KeyMarker", route->marker);
    xml_element(out, "UploadIdMarker", route->id_marker);
    if (f->truncated) {
        named_if(out, route, "NextKeyMarker", f->next);
        xml_element(out, "NextUploadIdMarker", f->next_id);
    }
    named_if(out, route, "Prefix", route->prefix);
    named_if(out, route, "Delimiter", route->delimiter);
    xml_number(out, "MaxUploads", (uint64_t)route->max);
    xml_bool(out, "IsTruncated", f->truncated);
    encoding(out, route);
    for (size_t i = 0; i < n; i++)
        upload(out, route, owner, &v[i]);
    for (size_t i = 0; i < n_prefix; i++)
        s3_xml_list_prefix(out, route, prefix[i], strlen(prefix[i]));
    buf_puts(out, "</ListMultipartUploadsResult>");
}
