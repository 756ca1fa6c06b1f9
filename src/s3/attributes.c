// SPDX-License-Identifier: Apache-2.0
#include "s3/attributes.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "s3/xml_text.h"

static const struct {
    const char *word;
    unsigned bit;
} words[] = {{"ETag", S3_ATTRIBUTE_ETAG},
             {"Checksum", S3_ATTRIBUTE_CHECKSUM},
             {"ObjectParts", S3_ATTRIBUTE_PARTS},
             {"StorageClass", S3_ATTRIBUTE_CLASS},
             {"ObjectSize", S3_ATTRIBUTE_SIZE}};

static unsigned bit_of(const char *word, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strlen(words[i].word) == n && memcmp(words[i].word, word, n) == 0)
            return words[i].bit;
    return 0;
}

static enum s3_code read_list(const char *text, unsigned *wanted, struct err *e)
{
    static const char between[] = " \t,";
    for (const char *p = text + strspn(text, between); *p; p += strspn(p, between)) {
        size_t n = strcspn(p, between);
        unsigned bit = bit_of(p, n);
        if (!bit)
            return s3_fail(
                e, S3_INVALID_ARGUMENT,
                "x-amz-object-attributes: %.*s is none of ETag, Checksum, ObjectParts, StorageClass "
                "and ObjectSize.",
                (int)(n < 64 ? n : 64), p);
        *wanted |= bit;
        p += n;
    }
    return S3_OK;
}

static enum s3_code check_number(const struct s3_request *r, const char *name, struct err *e)
{
    const char *v = s3_header_get(r, name);
    size_t n = v ? strlen(v) : 1;
    if (v && (n == 0 || n > 9 || strspn(v, "0123456789") != n))
        return s3_fail(e, S3_INVALID_ARGUMENT, "%s must be a number from 0.", name);
    return S3_OK;
}

enum s3_code s3_attributes_read(const struct s3_request *r, unsigned *wanted, struct err *e)
{
    static const char name[] = "x-amz-object-attributes";
    enum s3_code code = S3_OK;
    *wanted = 0;
    for (size_t i = 0; i < r->header_n && !code; i++)
        if (!strcasecmp(r->header[i].name, name))
            code = read_list(r->header[i].value, wanted, e);
    if (!code && !*wanted)
        code = s3_fail(e, S3_INVALID_ARGUMENT, "%s: at least one is required.", name);
    if (!code)
        code = check_number(r, "x-amz-max-parts", e);
    return code ? code : check_number(r, "x-amz-part-number-marker", e);
}

static void write_parts(struct buf *out, const char *etag)
{
    const char *parts = strchr(etag, '-');
    if (!parts)
        return;
    buf_puts(out, "<ObjectParts>");
    xml_element(out, "PartsCount", parts + 1);
    buf_puts(out, "</ObjectParts>");
}

void s3_xml_attributes(struct buf *out, unsigned wanted, const struct s3_attribute_facts *f)
{
    buf_puts(out, XML_HEAD "<GetObjectAttributesOutput" XML_SPACE ">");
    if (wanted & S3_ATTRIBUTE_ETAG)
        xml_element(out, "ETag", f->etag); // without quotes, other than everywhere else
    if ((wanted & S3_ATTRIBUTE_CHECKSUM) && s3_sum_element(f->sum)) {
        buf_puts(out, "<Checksum>");
        xml_element(out, s3_sum_element(f->sum), f->sum_text);
        xml_element(out, "ChecksumType", "FULL_OBJECT");
        buf_puts(out, "</Checksum>");
    }
    if (wanted & S3_ATTRIBUTE_PARTS)
        write_parts(out, f->etag);
    if (wanted & S3_ATTRIBUTE_CLASS)
        xml_element(out, "StorageClass", "STANDARD");
    if (wanted & S3_ATTRIBUTE_SIZE)
        xml_number(out, "ObjectSize", f->size);
    buf_puts(out, "</GetObjectAttributesOutput>");
}
