// SPDX-License-Identifier: Apache-2.0
//
// Where each parameter goes and how long it may be.
#include "s3/route_params.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"

// Texts of the query. HEADER: becomes a header of the answer, so a line break in it would be one of ours.
enum text_kind { TEXT, HEADER };
#define AT(field) offsetof(struct s3_route, field), sizeof((struct s3_route *)0)->field
static const struct text_row {
    const char *name;
    enum s3_op op; // S3_OP_NONE: any
    enum text_kind kind;
    size_t at, room;
} texts[] = {
    {"versionId", S3_OP_NONE, TEXT, AT(version_id)},
    {"uploadId", S3_OP_NONE, TEXT, AT(upload_id)},
    {"prefix", S3_OP_NONE, TEXT, AT(prefix)},
    {"delimiter", S3_OP_NONE, TEXT, AT(delimiter)},
    {"marker", S3_OP_LIST_OBJECTS, TEXT, AT(marker)},
    {"start-after", S3_OP_LIST_OBJECTS_V2, TEXT, AT(marker)},
    {"key-marker", S3_OP_LIST_VERSIONS, TEXT, AT(marker)},
    {"key-marker", S3_OP_LIST_UPLOADS, TEXT, AT(marker)},
    {"version-id-marker", S3_OP_LIST_VERSIONS, TEXT, AT(id_marker)},
    {"upload-id-marker", S3_OP_LIST_UPLOADS, TEXT, AT(id_marker)},
    {"continuation-token", S3_OP_LIST_OBJECTS_V2, TEXT, AT(continuation)},
    {"response-content-type", S3_OP_NONE, HEADER, AT(content_type)},
    {"response-content-language", S3_OP_NONE, HEADER, AT(content_language)},
    {"response-expires", S3_OP_NONE, HEADER, AT(expires)},
    {"response-cache-control", S3_OP_NONE, HEADER, AT(cache_control)},
    {"response-content-disposition", S3_OP_NONE, HEADER, AT(content_disposition)},
    {"response-content-encoding", S3_OP_NONE, HEADER, AT(content_encoding)},
};

static const struct number_row {
    const char *name;
    size_t at;
    int least, most; // most: what is larger counts as this, unless exact
    bool exact;
} numbers[] = {
    {"partNumber", offsetof(struct s3_route, part_number), 1, S3_PARTS_MAX, true},
    {"part-number-marker", offsetof(struct s3_route, part_marker), 0, S3_PARTS_MAX, false},
    {"max-keys", offsetof(struct s3_route, max), 0, S3_LIST_MAX, false},
    {"max-parts", offsetof(struct s3_route, max), 0, S3_LIST_MAX, false},
    {"max-uploads", offsetof(struct s3_route, max), 0, S3_LIST_MAX, false},
};

static enum s3_code read_text(const struct text_row *t, const struct s3_param *p, struct s3_route *out,
                              struct err *e)
{
    if (p->value_n >= t->room)
        return s3_fail(e, S3_INVALID_ARGUMENT, "The parameter %s has more than %zu bytes.", t->name,
                       t->room - 1);
    if (!utf8_valid(p->value, p->value_n))
        return s3_fail(e, S3_INVALID_ARGUMENT, "The parameter %s is not UTF-8.", t->name);
    for (size_t i = 0; t->kind == HEADER && i < p->value_n; i++)
        if ((unsigned char)p->value[i] < ' ' || p->value[i] == 127)
            return s3_fail(e, S3_INVALID_ARGUMENT, "The parameter %s holds a control character.", t->name);
    memcpy((char *)out + t->at, p->value, p->value_n + 1);
    return S3_OK;
}

static enum s3_code read_number(const struct number_row *t, const struct s3_param *p, struct s3_route *out,
                                struct err *e)
{
    long v = 0;
    bool good = p->value_n > 0 && p->value_n <= 10;
    for (size_t i = 0; good && i < p->value_n; i++) {
        good = p->value[i] >= '0' && p->value[i] <= '9';
        v = v * 10 + (p->value[i] - '0');
    }
    if (!good || v < t->least || v > INT32_MAX || (t->exact && v > t->most))
        return s3_fail(e, S3_INVALID_ARGUMENT, "The parameter %s must be a number %d..%d.", t->name, t->least,
                       t->exact ? t->most : INT32_MAX);
    int value = v > t->most ? t->most : (int)v;
    memcpy((char *)out + t->at, &value, sizeof value);
    return S3_OK;
}

static enum s3_code read_param(const struct s3_param *p, struct s3_route *out, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!strcmp(texts[i].name, p->name) && (!texts[i].op || texts[i].op == out->op)) {
            out->has_continuation |= texts[i].at == offsetof(struct s3_route, continuation);
            return read_text(&texts[i], p, out, e);
        }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (!strcmp(numbers[i].name, p->name))
            return read_number(&numbers[i], p, out, e);
    if (!strcmp(p->name, "encoding-type")) {
        out->encode_url = !strcmp(p->value, "url");
        if (!out->encode_url)
            return s3_fail(e, S3_INVALID_ARGUMENT, "The parameter encoding-type must be url.");
    }
    if (!strcmp(p->name, "fetch-owner"))
        out->fetch_owner = !strcasecmp(p->value, "true");
    return S3_OK;
}

enum s3_code route_params(const struct s3_query *q, struct s3_route *out, struct err *e)
{
    for (size_t i = 0; i < q->n; i++) {
        enum s3_code code = read_param(&q->v[i], out, e);
        if (code)
            return code;
    }
    return S3_OK;
}
