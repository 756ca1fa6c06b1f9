// SPDX-License-Identifier: Apache-2.0
//
// The small documents of requests, through expat. A document type is refused at its first byte: with it goes
// everything that makes XML dangerous (entities, external files). Elements nobody asked for are passed over;
// namespaces too, since clients send any or none.
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/xml.h"

#define NAME_BYTES 64
#define TEXT_BYTES 4096 // a key has 1,024 bytes; more of it is only read to say how long it is

struct reader;

// What a kind of document does. Paths are "Delete/Object/Key"; the root is already checked.
struct doc {
    const char *root;
    enum s3_code (*begin)(struct reader *r, const char *path);
    enum s3_code (*end)(struct reader *r, const char *path, const char *text, size_t n);
};

struct reader {
    XML_Parser parser;
    const struct doc *doc;
    void *out;
    struct err *e;
    enum s3_code code; // the first failure
    int depth;
    char path[S3_XML_DEPTH * NAME_BYTES];
    size_t path_n[S3_XML_DEPTH + 1]; // of the path of each depth
    bool parent[S3_XML_DEPTH + 1];   // whether the element of that depth has elements
    struct buf text;                 // of the innermost element that is open
};

static void stop(struct reader *r, enum s3_code code)
{
    if (!code || r->code)
        return;
    r->code = code;
    XML_StopParser(r->parser, XML_FALSE);
}

static enum s3_code malformed(struct reader *r, const char *why)
{
    return s3_fail(r->e, S3_MALFORMED_XML, "Line %lu: %s.",
                   (unsigned long)XML_GetCurrentLineNumber(r->parser), why);
}

static bool is_blank(const struct buf *b)
{
    return strspn(buf_str(b), " \t\r\n") == b->n;
}

static void on_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = ctx;
    (void)attributes;
    if (r->code)
        return;
    const char *colon = strrchr(name, ':');
    const char *local = colon ? colon + 1 : name;
    size_t n = strlen(local), at = r->path_n[r->depth];
    if (r->depth == S3_XML_DEPTH || n >= NAME_BYTES) {
        stop(r, malformed(r, "elements nest too deep, or a name is too long"));
        return;
    }
    if (!r->depth && strcmp(local, r->doc->root) != 0) {
        stop(r, s3_fail(r->e, S3_MALFORMED_XML, "The document is not a %s.", r->doc->root));
        return;
    }
    if (!is_blank(&r->text)) {
        stop(r, malformed(r, "text stands beside elements"));
        return;
    }
    r->parent[r->depth] = true;
    r->parent[r->depth + 1] = false;
    if (r->depth)
        r->path[at++] = '/';
    memcpy(r->path + at, local, n + 1);
    r->path_n[++r->depth] = at + n;
    buf_clear(&r->text);
    stop(r, r->doc->begin ? r->doc->begin(r, r->path) : S3_OK);
}

static void on_end(void *ctx, const XML_Char *name)
{
    struct reader *r = ctx;
    (void)name;
    if (r->code)
        return;
    if (r->text.failed) {
        stop(r, malformed(r, "a text has more than 4096 bytes"));
        return;
    }
    if (r->parent[r->depth] && !is_blank(&r->text)) {
        stop(r, malformed(r, "text stands beside elements"));
        return;
    }
    stop(r, r->doc->end(r, r->path, buf_str(&r->text), r->text.n));
    r->depth--;
    r->path[r->path_n[r->depth]] = '\0';
    buf_clear(&r->text);
}

static void on_text(void *ctx, const XML_Char *s, int n)
{
    struct reader *r = ctx;
    if (!r->code)
        buf_put(&r->text, s, (size_t)n);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    struct reader *r = ctx;
    (void)name, (void)system, (void)public, (void)internal;
    stop(r, malformed(r, "a document type is not allowed"));
}

static enum s3_code read_doc(const struct doc *doc, const char *data, size_t n, void *out, struct err *e)
{
    if (n > S3_XML_BYTES_MAX)
        return s3_fail(e, S3_MAX_MESSAGE_LENGTH_EXCEEDED, "The request document has more than %d bytes.",
                       S3_XML_BYTES_MAX);
    struct reader r = {.doc = doc, .out = out, .e = e, .text = BUF_INIT(TEXT_BYTES)};
    r.parser = XML_ParserCreate("UTF-8");
    if (!r.parser)
        abort(); // no memory, as in base/mem.h
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_begin, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    enum XML_Status status = XML_Parse(r.parser, data, (int)n, XML_TRUE);
    if (status != XML_STATUS_OK && !r.code)
        r.code = malformed(&r, XML_ErrorString(XML_GetErrorCode(r.parser)));
    XML_ParserFree(r.parser);
    buf_deinit(&r.text);
    return r.code;
}

static bool is(const char *path, const char *want)
{
    return !strcmp(path, want);
}

// Takes white space off both ends; keys are not to be trimmed.
static const char *trim(const char *s, size_t *n)
{
    while (*n && strchr(" \t\r\n", s[*n - 1]))
        (*n)--;
    while (*n && strchr(" \t\r\n", *s)) {
        s++;
        (*n)--;
    }
    return s;
}

// --- Delete ----------------------------------------------------------------------------------------

static enum s3_code delete_begin(struct reader *r, const char *path)
{
    struct s3_delete *d = r->out;
    if (!is(path, "Delete/Object"))
        return S3_OK;
    if (d->n == S3_DELETE_KEYS_MAX)
        return s3_fail(r->e, S3_MALFORMED_XML, "More than %d objects are named.", S3_DELETE_KEYS_MAX);
    (void)VEC_PUSH(d->v, d->n, d->cap);
    return S3_OK;
}

static enum s3_code delete_key(struct reader *r, const char *text, size_t n)
{
    struct s3_delete *d = r->out;
    struct s3_delete_key *k = &d->v[d->n - 1];
    if (k->key)
        return malformed(r, "an object has two keys");
    enum s3_code code = s3_key_check(text, n, r->e);
    if (!code)
        k->key = mem_strndup(text, n);
    return code == S3_INVALID_URI ? malformed(r, "a key is empty") : code;
}

static enum s3_code delete_end(struct reader *r, const char *path, const char *text, size_t n)
{
    struct s3_delete *d = r->out;
    if (is(path, "Delete/Object/Key"))
        return delete_key(r, text, n);
    if (is(path, "Delete/Object"))
        return d->v[d->n - 1].key ? S3_OK : malformed(r, "an object has no key");
    if (is(path, "Delete/Object/ETag") || is(path, "Delete/Object/LastModifiedTime") ||
        is(path, "Delete/Object/Size"))
        return s3_fail(r->e, S3_NOT_IMPLEMENTED,
                       "Conditions on the objects to delete are not implemented here.");
    if (is(path, "Delete/Object/VersionId")) {
        text = trim(text, &n);
        if (n >= sizeof d->v->version_id)
            return malformed(r, "a version id has more than 63 bytes");
        memcpy(d->v[d->n - 1].version_id, text, n);
        d->v[d->n - 1].version_id[n] = '\0';
    }
    if (is(path, "Delete/Quiet")) {
        text = trim(text, &n);
        d->quiet = n == 4 && !memcmp(text, "true", 4);
    }
    return is(path, "Delete") && !d->n ? malformed(r, "no object is named") : S3_OK;
}

enum s3_code s3_xml_read_delete(const char *data, size_t n, struct s3_delete *out, struct err *e)
{
    static const struct doc doc = {"Delete", delete_begin, delete_end};
    *out = (struct s3_delete){0};
    enum s3_code code = read_doc(&doc, data, n, out, e);
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

static enum s3_code complete_begin(struct reader *r, const char *path)
{
    struct s3_complete *c = r->out;
    if (!is(path, "CompleteMultipartUpload/Part"))
        return S3_OK;
    if (c->n == S3_PARTS_MAX)
        return s3_fail(r->e, S3_MALFORMED_XML, "More than %d parts are named.", S3_PARTS_MAX);
    (void)VEC_PUSH(c->v, c->n, c->cap);
    return S3_OK;
}

static enum s3_code part_number(struct reader *r, struct s3_complete_part *p, const char *text, size_t n)
{
    text = trim(text, &n);
    int v = 0;
    if (!n || n > 5 || strspn(text, "0123456789") < n)
        return malformed(r, "a part number is not 1..10000");
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (text[i] - '0');
    if (v < 1 || v > S3_PARTS_MAX)
        return malformed(r, "a part number is not 1..10000");
    p->number = v;
    return S3_OK;
}

static enum s3_code part_field(struct reader *r, struct s3_complete_part *p, const char *name,
                               const char *text, size_t n)
{
    char plain[128];
    if (is(name, "PartNumber"))
        return part_number(r, p, text, n);
    text = trim(text, &n);
    if (n >= sizeof plain)
        return is(name, "ETag") ? S3_INVALID_PART : malformed(r, "a field of a part has more than 127 bytes");
    memcpy(plain, text, n);
    plain[n] = '\0';
    if (is(name, "ETag"))
        return s3_etag_read(plain, p->etag) ? S3_OK : S3_INVALID_PART;
    for (enum s3_sum_kind k = S3_SUM_CRC32; k <= S3_SUM_SHA256; k++)
        if (is(name, s3_sum_element(k))) {
            p->sum = k;
            return s3_sum_read(k, plain, p->sum_v) ? S3_OK
                                                   : malformed(r, "a checksum is not base64 of its length");
        }
    return S3_OK;
}

static enum s3_code complete_end(struct reader *r, const char *path, const char *text, size_t n)
{
    static const char part[] = "CompleteMultipartUpload/Part";
    struct s3_complete *c = r->out;
    if (!strncmp(path, part, sizeof part - 1) && path[sizeof part - 1] == '/' &&
        !strchr(path + sizeof part, '/'))
        return part_field(r, &c->v[c->n - 1], path + sizeof part, text, n);
    if (is(path, part)) {
        const struct s3_complete_part *p = &c->v[c->n - 1];
        if (!p->number || !p->etag[0])
            return malformed(r, "a part lacks its PartNumber or its ETag");
        return c->n > 1 && p->number <= p[-1].number ? S3_INVALID_PART_ORDER : S3_OK;
    }
    return is(path, "CompleteMultipartUpload") && !c->n ? malformed(r, "no part is named") : S3_OK;
}

enum s3_code s3_xml_read_complete(const char *data, size_t n, struct s3_complete *out, struct err *e)
{
    static const struct doc doc = {"CompleteMultipartUpload", complete_begin, complete_end};
    *out = (struct s3_complete){0};
    enum s3_code code = read_doc(&doc, data, n, out, e);
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

static enum s3_code location_end(struct reader *r, const char *path, const char *text, size_t n)
{
    char *location = r->out;
    if (!is(path, "CreateBucketConfiguration/LocationConstraint"))
        return S3_OK;
    text = trim(text, &n);
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
    static const struct doc doc = {"CreateBucketConfiguration", NULL, location_end};
    location[0] = '\0';
    size_t left = n;
    trim(data, &left);
    return left ? read_doc(&doc, data, n, location, e) : S3_OK;
}
