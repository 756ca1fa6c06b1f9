// SPDX-License-Identifier: Apache-2.0
#include "s3/xml_reader.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 64
#define TEXT_BYTES 4096 // a key has 1,024 bytes; more of it is only read to say how long it is

struct state {
    struct xml_reader reader;
    XML_Parser parser;
    const struct xml_doc *doc;
    enum s3_code code; // the first failure
    int depth;
    char path[S3_XML_DEPTH * NAME_BYTES];
    size_t path_n[S3_XML_DEPTH + 1]; // of the path of each depth
    bool parent[S3_XML_DEPTH + 1];   // whether the element of that depth has elements
    struct buf text;                 // of the innermost element that is open
};

static void stop(struct state *r, enum s3_code code)
{
    if (!code || r->code)
        return;
    r->code = code;
    XML_StopParser(r->parser, XML_FALSE);
}

enum s3_code xml_malformed(struct xml_reader *reader, const char *why)
{
    struct state *r = reader->inside;
    return s3_fail(reader->e, S3_MALFORMED_XML, "Line %lu: %s.",
                   (unsigned long)XML_GetCurrentLineNumber(r->parser), why);
}

static bool is_blank(const struct buf *b)
{
    return strspn(buf_str(b), " \t\r\n") == b->n;
}

static void on_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct state *r = ctx;
    (void)attributes;
    if (r->code)
        return;
    const char *colon = strrchr(name, ':');
    const char *local = colon ? colon + 1 : name;
    size_t n = strlen(local), at = r->path_n[r->depth];
    if (r->depth == S3_XML_DEPTH || n >= NAME_BYTES) {
        stop(r, xml_malformed(&r->reader, "elements nest too deep, or a name is too long"));
        return;
    }
    if (!r->depth && strcmp(local, r->doc->root) != 0) {
        stop(r, s3_fail(r->reader.e, S3_MALFORMED_XML, "The document is not a %s.", r->doc->root));
        return;
    }
    if (!is_blank(&r->text)) {
        stop(r, xml_malformed(&r->reader, "text stands beside elements"));
        return;
    }
    r->parent[r->depth] = true;
    r->parent[r->depth + 1] = false;
    if (r->depth)
        r->path[at++] = '/';
    memcpy(r->path + at, local, n + 1);
    r->path_n[++r->depth] = at + n;
    buf_clear(&r->text);
    stop(r, r->doc->begin ? r->doc->begin(&r->reader, r->path) : S3_OK);
}

static void on_end(void *ctx, const XML_Char *name)
{
    struct state *r = ctx;
    (void)name;
    if (r->code)
        return;
    if (r->text.failed) {
        stop(r, xml_malformed(&r->reader, "a text has more than 4096 bytes"));
        return;
    }
    if (r->parent[r->depth] && !is_blank(&r->text)) {
        stop(r, xml_malformed(&r->reader, "text stands beside elements"));
        return;
    }
    stop(r, r->doc->end(&r->reader, r->path, buf_str(&r->text), r->text.n));
    r->depth--;
    r->path[r->path_n[r->depth]] = '\0';
    buf_clear(&r->text);
}

static void on_text(void *ctx, const XML_Char *s, int n)
{
    struct state *r = ctx;
    if (!r->code)
        buf_put(&r->text, s, (size_t)n);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    struct state *r = ctx;
    (void)name, (void)system, (void)public, (void)internal;
    stop(r, xml_malformed(&r->reader, "a document type is not allowed"));
}

enum s3_code xml_read(const struct xml_doc *doc, const char *data, size_t n, void *out, struct err *e)
{
    if (n > S3_XML_BYTES_MAX)
        return s3_fail(e, S3_MAX_MESSAGE_LENGTH_EXCEEDED, "The request document has more than %d bytes.",
                       S3_XML_BYTES_MAX);
    struct state r = {.reader = {.out = out, .e = e}, .doc = doc, .text = BUF_INIT(TEXT_BYTES)};
    r.reader.inside = &r;
    r.parser = XML_ParserCreate("UTF-8");
    if (!r.parser)
        abort(); // no memory, as in base/mem.h
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_begin, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    enum XML_Status status = XML_Parse(r.parser, data, (int)n, XML_TRUE);
    if (status != XML_STATUS_OK && !r.code)
        r.code = xml_malformed(&r.reader, XML_ErrorString(XML_GetErrorCode(r.parser)));
    XML_ParserFree(r.parser);
    buf_deinit(&r.text);
    return r.code;
}

const char *xml_trim(const char *s, size_t *n)
{
    while (*n && strchr(" \t\r\n", s[*n - 1]))
        (*n)--;
    while (*n && strchr(" \t\r\n", *s)) {
        s++;
        (*n)--;
    }
    return s;
}
