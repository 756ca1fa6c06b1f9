// SPDX-License-Identifier: Apache-2.0
//
// The small documents of requests. Elements nobody asked for are passed over.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/xml_reader.h"

static bool is(const char *path, const char *want)
{
    return !strcmp(path, want);
}

// --- Delete ----------------------------------------------------------------------------------------

static enum s3_code delete_begin(struct xml_reader *r, const char *path)
{
    struct s3_delete *d = r->out;
    if (!is(path, "Delete/Object"))
        return S3_OK;
    if (d->n == S3_DELETE_KEYS_MAX)
        return s3_fail(r->e, S3_MALFORMED_XML, "More than %d objects are named.", S3_DELETE_KEYS_MAX);
    (void)VEC_PUSH(d->v, d->n, d->cap);
    return S3_OK;
}

static enum s3_code delete_key(struct xml_reader *r, const char *text, size_t n)
{
    struct s3_delete *d = r->out;
    struct s3_delete_key *k = &d->v[d->n - 1];
    if (k->key)
        return xml_malformed(r, "an object has two keys");
    enum s3_code code = s3_key_check(text, n, r->e);
    if (!code)
        k->key = mem_strndup(text, n);
    return code == S3_INVALID_URI ? xml_malformed(r, "a key is empty") : code;
}

static enum s3_code delete_end(struct xml_reader *r, const char *path, const char *text, size_t n)
{
    struct s3_delete *d = r->out;
    if (is(path, "Delete/Object/Key"))
        return delete_key(r, text, n);
    if (is(path, "Delete/Object"))
        return d->v[d->n - 1].key ? S3_OK : xml_malformed(r, "an object has no key");
    if (is(path, "Delete/Object/ETag") || is(path, "Delete/Object/LastModifiedTime") ||
        is(path, "Delete/Object/Size"))
        return s3_fail(r->e, S3_NOT_IMPLEMENTED,
                       "Conditions on the objects to delete are not implemented here.");
    if (is(path, "Delete/Object/VersionId")) {
        text = xml_trim(text, &n);
        if (n >= sizeof d->v->version_id)
            return xml_malformed(r, "a version id has more than 63 bytes");
        memcpy(d->v[d->n - 1].version_id, text, n);
        d->v[d->n - 1].version_id[n] = '\0';
    }
    if (is(path, "Delete/Quiet")) {
        text = xml_trim(text, &n);
        d->quiet = n == 4 && !memcmp(text, "true", 4);
    }
    return is(path, "Delete") && !d->n ? xml_malformed(r, "no object is named") : S3_OK;
}

enum s3_code s3_xml_read_delete(const char *data, size_t n, struct s3_delete *out, struct err *e)
{
    static const struct xml_doc doc = {"Delete", delete_begin, delete_end};
    *out = (struct s3_delete){0};
    enum s3_code code = xml_read(&doc, data, n, out, e);
    if (code)
        s3_delete_deinit(out);
    return code;
}

void s3_delete_deinit(struct s3_delete *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->v[i].key);
    free(d->v);
    *d = (struct s3_delete){0};
}

// --- CompleteMultipartUpload -----------------------------------------------------------------------

static enum s3_code complete_begin(struct xml_reader *r, const char *path)
{
    struct s3_complete *c = r->out;
    if (!is(path, "CompleteMultipartUpload/Part"))
        return S3_OK;
    if (c->n == S3_PARTS_MAX)
        return s3_fail(r->e, S3_MALFORMED_XML, "More than %d parts are named.", S3_PARTS_MAX);
    (void)VEC_PUSH(c->v, c->n, c->cap);
    return S3_OK;
}

static enum s3_code part_number(struct xml_reader *r, struct s3_complete_part *p, const char *text, size_t n)
{
    text = xml_trim(text, &n);
    int v = 0;
    if (!n || n > 5 || strspn(text, "0123456789") < n)
        return xml_malformed(r, "a part number is not 1..10000");
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (text[i] - '0');
    if (v < 1 || v > S3_PARTS_MAX)
        return xml_malformed(r, "a part number is not 1..10000");
    p->number = v;
    return S3_OK;
}

static enum s3_code part_field(struct xml_reader *r, struct s3_complete_part *p, const char *name,
                               const char *text, size_t n)
{
    char plain[128];
    if (is(name, "PartNumber"))
        return part_number(r, p, text, n);
    text = xml_trim(text, &n);
    if (n >= sizeof plain)
        return is(name, "ETag") ? S3_INVALID_PART
                                : xml_malformed(r, "a field of a part has more than 127 bytes");
    memcpy(plain, text, n);
    plain[n] = '\0';
    if (is(name, "ETag"))
        return s3_etag_read(plain, p->etag) ? S3_OK : S3_INVALID_PART;
    for (enum s3_sum_kind k = S3_SUM_CRC32; k <= S3_SUM_SHA256; k++)
        if (is(name, s3_sum_element(k))) {
            p->sum = k;
            return s3_sum_read(k, plain, p->sum_v)
                       ? S3_OK
                       : xml_malformed(r, "a checksum is not base64 of its length");
        }
    return S3_OK;
}

static enum s3_code complete_end(struct xml_reader *r, const char *path, const char *text, size_t n)
{
    static const char part[] = "CompleteMultipartUpload/Part";
    struct s3_complete *c = r->out;
    if (!strncmp(path, part, sizeof part - 1) && path[sizeof part - 1] == '/' &&
        !strchr(path + sizeof part, '/'))
        return part_field(r, &c->v[c->n - 1], path + sizeof part, text, n);
    if (is(path, part)) {
        const struct s3_complete_part *p = &c->v[c->n - 1];
        if (!p->number || !p->etag[0])
            return xml_malformed(r, "a part lacks its PartNumber or its ETag");
        return c->n > 1 && p->number <= p[-1].number ? S3_INVALID_PART_ORDER : S3_OK;
    }
    return is(path, "CompleteMultipartUpload") && !c->n ? xml_malformed(r, "no part is named") : S3_OK;
}

enum s3_code s3_xml_read_complete(const char *data, size_t n, struct s3_complete *out, struct err *e)
{
    static const struct xml_doc doc = {"CompleteMultipartUpload", complete_begin, complete_end};
    *out = (struct s3_complete){0};
    enum s3_code code = xml_read(&doc, data, n, out, e);
    if (code)
        s3_complete_deinit(out);
    return code;
}

void s3_complete_deinit(struct s3_complete *c)
{
    free(c->v);
    *c = (struct s3_complete){0};
}

// --- CreateBucketConfiguration ---------------------------------------------------------------------

static enum s3_code location_end(struct xml_reader *r, const char *path, const char *text, size_t n)
{
    char *location = r->out;
    if (!is(path, "CreateBucketConfiguration/LocationConstraint"))
        return S3_OK;
    text = xml_trim(text, &n);
    if (n >= S3_REGION_BYTES)
        return s3_fail(r->e, S3_INVALID_LOCATION_CONSTRAINT, "The location has more than %d bytes.",
                       S3_REGION_BYTES - 1);
    memcpy(location, text, n);
    location[n] = '\0';
    return S3_OK;
}

enum s3_code s3_xml_read_create_bucket(const char *data, size_t n, char location[S3_REGION_BYTES],
                                       struct err *e)
{
    static const struct xml_doc doc = {"CreateBucketConfiguration", NULL, location_end};
    location[0] = '\0';
    size_t left = n;
    xml_trim(data, &left);
    return left ? xml_read(&doc, data, n, location, e) : S3_OK;
}
