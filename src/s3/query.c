// SPDX-License-Identifier: Apache-2.0
#include "s3/query.h"

#include <string.h>
#include <strings.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/mem.h"

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void s3_encode(struct buf *out, const char *s, size_t n, bool keep_slash)
{
    static const char digit[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (is_plain(s[i]) || (keep_slash && c == '/'))
            buf_putc(out, s[i]);
        else
            buf_put(out, (const char[]){'%', digit[c >> 4], digit[c & 15]}, 3);
    }
}

bool s3_decode(const char *in, size_t n, bool plus, char *out, size_t *out_n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = in[i];
        if (c == '%') {
            if (n - i < 3 || hex_digit(in[i + 1]) < 0 || hex_digit(in[i + 2]) < 0)
                return false;
            c = (char)(hex_digit(in[i + 1]) * 16 + hex_digit(in[i + 2]));
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if (!c)
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    *out_n = len;
    return true;
}

// Decodes one half of a pair to *at and moves *at behind its NUL.
static bool take(const char *in, size_t n, char **at, const char **text, size_t *text_n)
{
    if (!s3_decode(in, n, true, *at, text_n))
        return false;
    *text = *at;
    *at += *text_n + 1;
    return true;
}

enum s3_code s3_query_read(const char *raw, struct s3_query *out, struct err *e)
{
    *out = S3_QUERY_NULL;
    char *at = out->arena = mem_array(strlen(raw) + 2, 2); // a NUL for each half, and halves may be empty
    while (*raw) {
        size_t len = strcspn(raw, "&");
        if (len) {
            if (out->n == S3_QUERY_PAIRS)
                return s3_fail(e, S3_INVALID_URI, "The query has more than %d parameters.", S3_QUERY_PAIRS);
            struct s3_param *p = &out->v[out->n++];
            const char *eq = memchr(raw, '=', len);
            size_t name_n = eq ? (size_t)(eq - raw) : len;
            p->has_value = eq != NULL;
            const char *value = eq ? eq + 1 : raw + len;
            if (!take(raw, name_n, &at, &p->name, &p->name_n) ||
                !take(value, (size_t)(raw + len - value), &at, &p->value, &p->value_n)) {
                out->n--;
                return s3_fail(e, S3_INVALID_URI, "Parameter %zu of the query is not percent-encoded text.",
                               out->n + 1);
            }
        }
        raw += len + (raw[len] == '&');
    }
    return S3_OK;
}

void s3_query_deinit(struct s3_query *q)
{
    free(q->arena);
    *q = S3_QUERY_NULL;
}

const char *s3_query_get(const struct s3_query *q, const char *name)
{
    for (size_t i = 0; i < q->n; i++)
        if (!strcmp(q->v[i].name, name))
            return q->v[i].value;
    return NULL;
}

const char *s3_query_get_any(const struct s3_query *q, const char *name)
{
    for (size_t i = 0; i < q->n; i++)
        if (!strcasecmp(q->v[i].name, name))
            return q->v[i].value;
    return NULL;
}

static bool is_presigned(const struct s3_query *q)
{
    return s3_query_get(q, "X-Amz-Signature") || s3_query_get(q, "Signature");
}

const char *s3_header_or_param(const struct s3_request *r, const struct s3_query *q, const char *name)
{
    const char *value = s3_header_get(r, name);
    return value || !is_presigned(q) ? value : s3_query_get_any(q, name);
}

static bool is_header_text(const struct s3_param *p)
{
    for (const char *s = p->name; *s; s++)
        if (!is_plain(*s) || *s == '~')
            return false;
    for (const char *s = p->value; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            return false;
    return true;
}

enum s3_code s3_moved_metadata(const struct s3_request *r, const struct s3_query *q, struct s3_header *out,
                               size_t *n, struct err *e)
{
    for (size_t i = 0; i < q->n && is_presigned(q); i++) {
        const struct s3_param *p = &q->v[i];
        if (strncasecmp(p->name, "x-amz-meta-", 11) != 0 || !p->name[11] || s3_header_get(r, p->name))
            continue;
        if (!is_header_text(p))
            return s3_fail(e, S3_INVALID_ARGUMENT,
                           "An x-amz-meta- parameter of the query cannot be a header.");
        out[(*n)++] = (struct s3_header){p->name, p->value};
    }
    return S3_OK;
}
