// SPDX-License-Identifier: Apache-2.0
//
// One object on its way out: bytes from a file (sendfile where there is no TLS), from parts, or from memory.
#include "s3/serve_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "s3/attributes.h"

static void free_body(void *body)
{
    objects_body_free(body);
}

struct slice {
    struct objects_body *body;
    uint64_t first;
};

static ssize_t read_slice(void *ctx, uint64_t at, char *out, size_t room)
{
    struct slice *s = ctx;
    return objects_body_read(s->body, s->first + at, out, room);
}

static void free_slice(void *ctx)
{
    free_body(((struct slice *)ctx)->body);
    free(ctx);
}

static ssize_t read_nothing(void *ctx, uint64_t at, char *out, size_t room)
{
    (void)ctx, (void)at, (void)out, (void)room;
    return -1; // the answer to a HEAD has a length, and no body
}

// The headers kept with the object; those that the query overrides take its value. Gives the type.
static const char *object_answer(struct ask *c, const struct objects_info *info)
{
    const struct s3_route *r = &c->route;
    const struct {
        const char *name, *shown, *instead;
    } known[] = {{"cache-control", "Cache-Control", r->cache_control},
                 {"content-disposition", "Content-Disposition", r->content_disposition},
                 {"content-encoding", "Content-Encoding", r->content_encoding},
                 {"content-language", "Content-Language", r->content_language},
                 {"expires", "Expires", r->expires}};
    const char *mode = s3_header_get(&c->r, "x-amz-checksum-mode");
    bool sums =
        mode && !strcasecmp(mode, "ENABLED") && !s3_header_get(&c->r, "Range") && c->route.part_number == 0;
    const char *type = *r->content_type ? r->content_type : NULL;
    char *text = arena_strdup(&c->a, info->headers), *save = NULL;
    for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
        char *value = strstr(l, ": ");
        if (!value)
            continue;
        *value = '\0';
        value += 2;
        bool shown = false;
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
            if (!strcmp(l, known[i].name)) {
                shown = true;
                if (!*known[i].instead)
                    ask_header(c, known[i].shown, value);
            }
        if (!strcmp(l, "content-type"))
            type = type ? type : value;
        else if (!shown && (sums || strncmp(l, "x-amz-checksum-", 15) != 0))
            ask_header(c, l, value);
    }
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        ask_header(c, known[i].shown, *known[i].instead ? arena_strdup(&c->a, known[i].instead) : NULL);
    return type ? type : "binary/octet-stream";
}

static void dates(struct ask *c, const struct objects_info *info)
{
    char date[S3_HTTP_DATE_BYTES];
    s3_http_date(date, info->modified_ms);
    ask_etag(c, info->etag);
    ask_headerf(c, "Last-Modified", "%s", date);
    ask_header(c, "Accept-Ranges", "bytes");
}

static void answer_bytes(struct ask *c, int status, const char *type, struct objects_body *body,
                         uint64_t first, uint64_t n)
{
    struct http_content content = {.n = n, .fd = -1};
    if (c->route.op == S3_OP_HEAD_OBJECT || n == 0) {
        content.read = read_nothing;
        objects_body_free(body);
    } else if ((content.fd = objects_body_file(body)) >= 0) {
        content.offset = first;
        objects_body_free(body);
    } else {
        struct slice *s = mem_alloc(sizeof *s);
        *s = (struct slice){body, first};
        content.read = read_slice;
        content.free = free_slice;
        content.ctx = s;
    }
    ask_answer_content(c, status, type, &content);
}

// The bytes of ?partNumber=: of an object that was not uploaded in parts the first is the whole.
static enum s3_code part_range(struct ask *c, const struct objects_info *info,
                               const struct objects_body *body, struct s3_range *range, struct err *e)
{
    const char *dash = strchr(info->etag, '-');
    int parts = dash ? atoi(dash + 1) : 1;
    uint64_t first = 0, n = info->size;
    if (s3_header_get(&c->r, "Range"))
        return s3_fail(e, S3_INVALID_REQUEST, "Either Range or partNumber, not both.");
    if (c->route.part_number > parts)
        return S3_INVALID_PART_NUMBER;
    if (parts > 1 && !objects_body_part(body, parts, c->route.part_number, &first, &n))
        return s3_fail(e, S3_NOT_IMPLEMENTED, "Where the parts of this object lie is not known.");
    if (dash)
        ask_headerf(c, "x-amz-mp-parts-count", "%d", parts);
    if (n)
        *range = (struct s3_range){.first = first, .last = first + n - 1};
    else
        *range = (struct s3_range){.whole = true, .empty = true};
    return S3_OK;
}

static enum s3_code judge(struct ask *c, const struct objects_info *info, const struct objects_body *body,
                          struct s3_range *range, struct err *e)
{
    struct s3_conditions asked = s3_conditions_of(&c->r);
    enum s3_code code = s3_conditions_check(&asked, info->etag, info->modified_ms, true);
    if (code)
        return code;
    return c->route.part_number ? part_range(c, info, body, range, e)
                                : s3_range_read(s3_header_get(&c->r, "Range"), info->size, range);
}

void do_get(struct ask *c)
{
    struct objects_info info;
    struct objects_body *body = NULL;
    struct s3_range range = {.whole = true};
    struct err e = ERR_NULL;
    bool bytes = c->route.op != S3_OP_HEAD_OBJECT || c->route.part_number;
    int found =
        objects_get(c->s->cfg.objects, c->bucket.id, ask_key(c), &c->a, &info, bytes ? &body : NULL, &e);
    if (found) {
        if (found == 1)
            ask_fail(c, S3_NO_SUCH_KEY, NULL);
        else
            ask_fail_store(c, found, &e);
        return;
    }
    enum s3_code code = judge(c, &info, body, &range, &e);
    if (code) {
        objects_body_free(body);
        if (code == S3_NOT_MODIFIED)
            dates(c, &info);
        if (code == S3_INVALID_RANGE)
            ask_headerf(c, "Content-Range", "bytes */%llu", (unsigned long long)info.size);
        ask_fail(c, code, &e);
        return;
    }
    dates(c, &info);
    const char *type = object_answer(c, &info);
    uint64_t first = range.whole ? 0 : range.first, n = range.empty   ? 0
                                                        : range.whole ? info.size
                                                                      : range.last - range.first + 1;
    if (!range.whole)
        ask_headerf(c, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)range.first,
                    (unsigned long long)range.last, (unsigned long long)info.size);
    answer_bytes(c, range.whole ? 200 : 206, type, body, first, n);
}

// Whether the object is there; false: answered.
static bool is_there(struct ask *c, struct objects_info *info)
{
    struct err e = ERR_NULL;
    int found = objects_get(c->s->cfg.objects, c->bucket.id, ask_key(c), &c->a, info, NULL, &e);
    if (found == 1)
        ask_fail(c, S3_NO_SUCH_KEY, NULL);
    else if (found < 0)
        ask_fail_store(c, found, &e);
    return found == 0;
}

void do_object_acl(struct ask *c)
{
    struct buf xml = BUF_INIT(8192);
    struct objects_info info;
    struct s3_owner owner = ask_owner(c);
    if (!is_there(c, &info))
        return;
    s3_xml_acl(&xml, &owner);
    ask_answer_xml(c, 200, &xml);
}

void do_object_tagging(struct ask *c)
{
    struct buf xml = BUF_INIT(8192);
    struct objects_info info;
    if (!is_there(c, &info))
        return;
    s3_xml_tagging(&xml);
    ask_answer_xml(c, 200, &xml);
}

// The checksum that is kept with the object, of its lines of headers.
static void kept_sum(struct ask *c, const char *headers, struct s3_attribute_facts *f)
{
    char *text = arena_strdup(&c->a, headers), *save = NULL;
    for (char *l = strtok_r(text, "\n", &save); l && !f->sum; l = strtok_r(NULL, "\n", &save)) {
        char *value = strstr(l, ": ");
        if (!value)
            continue;
        *value = '\0';
        f->sum = s3_sum_by_header(l);
        f->sum_text = value + 2;
    }
}

void do_object_attributes(struct ask *c)
{
    struct buf xml = BUF_INIT(8192);
    struct objects_info info;
    struct err e = ERR_NULL;
    char date[S3_HTTP_DATE_BYTES];
    unsigned wanted;
    enum s3_code code = s3_attributes_read(&c->r, &wanted, &e);
    if (code) {
        ask_fail(c, code, &e);
        return;
    }
    if (!is_there(c, &info))
        return;
    struct s3_attribute_facts f = {.etag = info.etag, .size = info.size};
    kept_sum(c, info.headers, &f);
    s3_http_date(date, info.modified_ms);
    ask_headerf(c, "Last-Modified", "%s", date);
    s3_xml_attributes(&xml, wanted, &f);
    ask_answer_xml(c, 200, &xml);
}
