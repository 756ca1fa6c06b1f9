// SPDX-License-Identifier: Apache-2.0
//
// The answers that are no lists.
#include <string.h>

#include "s3/xml.h"
#include "s3/xml_text.h"

void s3_xml_error(struct buf *out, const struct s3_error_facts *f)
{
    buf_puts(out, XML_HEAD "<Error>");
    xml_element(out, "Code", s3_code_text(f->code));
    xml_element(out, "Message", f->text && *f->text ? f->text : s3_code_message(f->code));
    xml_element(out, "BucketName", f->bucket);
    xml_element(out, "Key", f->key);
    xml_element(out, "Resource", f->resource);
    xml_element(out, "RequestId", f->request_id);
    xml_element(out, "HostId", f->host_id);
    buf_puts(out, "</Error>");
}

void s3_xml_buckets(struct buf *out, const struct s3_owner *owner, const struct s3_bucket_entry *v, size_t n)
{
    buf_puts(out, XML_HEAD "<ListAllMyBucketsResult" XML_SPACE ">");
    xml_owner(out, "Owner", owner);
    buf_puts(out, "<Buckets>");
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "<Bucket>");
        xml_element(out, "Name", v[i].name);
        xml_time(out, "CreationDate", v[i].created_ms);
        buf_puts(out, "</Bucket>");
    }
    buf_puts(out, "</Buckets></ListAllMyBucketsResult>");
}

void s3_xml_location(struct buf *out, const char *region)
{
    buf_puts(out, XML_HEAD);
    if (!*region || !strcmp(region, "us-east-1")) {
        buf_puts(out, "<LocationConstraint" XML_SPACE "/>");
        return;
    }
    buf_puts(out, "<LocationConstraint" XML_SPACE ">");
    xml_text(out, region, strlen(region));
    buf_puts(out, "</LocationConstraint>");
}

void s3_xml_versioning(struct buf *out)
{
    buf_puts(out, XML_HEAD "<VersioningConfiguration" XML_SPACE "/>");
}

void s3_xml_acl(struct buf *out, const struct s3_owner *owner)
{
    buf_puts(out, XML_HEAD "<AccessControlPolicy" XML_SPACE ">");
    xml_owner(out, "Owner", owner);
    buf_puts(out,
             "<AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
             "xsi:type=\"CanonicalUser\">");
    xml_element(out, "ID", owner->id);
    xml_element(out, "DisplayName", owner->display_name);
    buf_puts(
        out,
        "</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>");
}

void s3_xml_tagging(struct buf *out)
{
    buf_puts(out, XML_HEAD "<Tagging" XML_SPACE "><TagSet/></Tagging>");
}

void s3_xml_copy(struct buf *out, bool part, const char *etag, int64_t modified_ms)
{
    const char *name = part ? "CopyPartResult" : "CopyObjectResult";
    buf_putf(out, XML_HEAD "<%s" XML_SPACE ">", name);
    xml_time(out, "LastModified", modified_ms);
    xml_etag(out, etag);
    buf_putf(out, "</%s>", name);
}

void s3_xml_upload_created(struct buf *out, const char *bucket, const char *key, const char *upload_id)
{
    buf_puts(out, XML_HEAD "<InitiateMultipartUploadResult" XML_SPACE ">");
    xml_element(out, "Bucket", bucket);
    xml_element(out, "Key", key);
    xml_element(out, "UploadId", upload_id);
    buf_puts(out, "</InitiateMultipartUploadResult>");
}

void s3_xml_upload_completed(struct buf *out, const char *location, const char *bucket, const char *key,
                             const char *etag, enum s3_sum_kind sum, const char *sum_text)
{
    buf_puts(out, XML_HEAD "<CompleteMultipartUploadResult" XML_SPACE ">");
    xml_element(out, "Location", location);
    xml_element(out, "Bucket", bucket);
    xml_element(out, "Key", key);
    xml_etag(out, etag);
    if (s3_sum_element(sum))
        xml_element(out, s3_sum_element(sum), sum_text);
    buf_puts(out, "</CompleteMultipartUploadResult>");
}

void s3_xml_deleted_begin(struct buf *out)
{
    buf_puts(out, XML_HEAD "<DeleteResult" XML_SPACE ">");
}

void s3_xml_deleted(struct buf *out, const char *key, const char *version_id, enum s3_code code,
                    const char *text, bool quiet)
{
    if (!code && quiet)
        return;
    const char *name = code ? "Error" : "Deleted";
    buf_putf(out, "<%s>", name);
    xml_element(out, "Key", key);
    if (version_id && *version_id)
        xml_element(out, "VersionId", version_id);
    if (code) {
        xml_element(out, "Code", s3_code_text(code));
        xml_element(out, "Message", text && *text ? text : s3_code_message(code));
    }
    buf_putf(out, "</%s>", name);
}

void s3_xml_deleted_end(struct buf *out)
{
    buf_puts(out, "</DeleteResult>");
}
