// SPDX-License-Identifier: Apache-2.0
//
// The canonical request of AWS4-HMAC-SHA256, as S3 wants it: the path is decoded and encoded once (not
// normalised: "a//b" and "a/../b" are keys), the query is sorted by its encoded names and then values, header
// values lose outer white space and runs of inner spaces become one. Source: "Signature calculations for the
// Authorization header", AWS S3 API reference.
#include "s3/canon.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "s3/hmac.h"

static enum s3_code put_path(struct buf *out, const char *raw, struct err *e)
{
    size_t n = strlen(raw), plain_n;
    char *plain = mem_array(n + 1, 1);
    bool good = s3_decode(raw, n, false, plain, &plain_n);
    if (good)
        s3_encode(out, plain, plain_n, true);
    free(plain);
    return good ? S3_OK : s3_fail(e, S3_INVALID_URI, "The path is not percent-encoded text.");
}

struct encoded {
    char *name, *value; // owned
};

static int by_name_and_value(const void *a, const void *b)
{
    const struct encoded *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    return d ? d : strcmp(x->value, y->value);
}

static char *encoded(const char *s, size_t n)
{
    struct buf b = BUF_INIT(3 * n + 1);
    s3_encode(&b, s, n, false);
    return buf_take(&b);
}

static void put_query(struct buf *out, const struct s3_query *q, const char *leave_out)
{
    struct encoded v[S3_QUERY_PAIRS];
    size_t n = 0;
    for (size_t i = 0; i < q->n; i++) {
        if (leave_out && !strcmp(q->v[i].name, leave_out))
            continue;
        v[n].name = encoded(q->v[i].name, q->v[i].name_n);
        v[n++].value = encoded(q->v[i].value, q->v[i].value_n);
    }
    if (n)
        qsort(v, n, sizeof *v, by_name_and_value);
    for (size_t i = 0; i < n; i++) {
        buf_putf(out, "%s%s=%s", i ? "&" : "", v[i].name, v[i].value);
        free(v[i].name);
        free(v[i].value);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void put_byte(struct buf *out, char c, bool latin1)
{
    unsigned char u = (unsigned char)c;
    if (latin1 && u >= 0x80)
        buf_putf(out, "%c%c", 0xc0 | u >> 6, 0x80 | (u & 0x3f));
    else
        buf_putc(out, c);
}

static void put_value(struct buf *out, const char *value, bool latin1)
{
    size_t n = strlen(value);
    latin1 = latin1 && !utf8_valid(value, n);
    while (n && is_blank(value[n - 1]))
        n--;
    size_t i = 0;
    while (i < n && is_blank(value[i]))
        i++;
    for (; i < n; i++) {
        if (!is_blank(value[i]))
            put_byte(out, value[i], latin1);
        else if (!is_blank(value[i + 1])) // the last of a run; value[n] is no part of the text, but readable
            buf_putc(out, ' ');
    }
}

// One line "name:value[,value...]"; false when no such header came.
static bool put_header(struct buf *out, const struct canon_v4 *c, const char *name, size_t n)
{
    const struct s3_request *r = c->r;
    size_t found = 0;
    for (size_t i = 0; i < r->header_n; i++) {
        const struct s3_header *h = &r->header[i];
        if (strncasecmp(h->name, name, n) != 0 || h->name[n])
            continue;
        if (!found++) {
            for (size_t k = 0; k < n; k++)
                buf_putc(out, (char)tolower((unsigned char)name[k]));
            buf_putc(out, ':');
        } else {
            buf_putc(out, ',');
        }
        put_value(out, h->value, c->latin1);
    }
    if (found)
        buf_putc(out, '\n');
    return found > 0;
}

bool canon_is_signed(const char *list, const char *name, size_t n)
{
    for (;;) {
        size_t len = strcspn(list, ";");
        if (len == n && !strncasecmp(list, name, n))
            return true;
        if (!list[len])
            return false;
        list += len + 1;
    }
}

enum s3_code canon_v4_request(struct buf *out, const struct canon_v4 *c, struct err *e)
{
    buf_putf(out, "%s\n", c->r->method);
    enum s3_code code = put_path(out, c->r->path, e);
    if (code)
        return code;
    buf_putc(out, '\n');
    put_query(out, c->query, c->leave_out);
    buf_putc(out, '\n');
    for (const char *at = c->signed_headers;;) {
        size_t n = strcspn(at, ";");
        if (!put_header(out, c, at, n))
            return s3_fail(e, S3_ACCESS_DENIED, "The signed header %.*s is not in the request.", (int)n, at);
        if (!at[n])
            break;
        at += n + 1;
    }
    buf_putf(out, "\n%s\n%s", c->signed_headers, c->payload);
    return out->failed ? s3_fail(e, S3_INVALID_REQUEST, "The head of the request is too large to be signed.")
                       : S3_OK;
}

void canon_v4_text(struct buf *out, const char *date, const char *scope, const struct buf *request)
{
    uint8_t hash[32];
    char hex[65];
    s3_sha256(hash, buf_str(request), request->n);
    hex_text(hex, hash, sizeof hash);
    buf_putf(out, V4_ALGORITHM "\n%s\n%s\n%s", date, scope, hex);
}

void canon_v4_scope(char *out, size_t room, const char *date, const char *region)
{
    snprintf(out, room, "%.8s/%s/s3/aws4_request", date, region);
}

void canon_v4_key(uint8_t out[32], const char *secret, const char *date, const char *region)
{
    struct buf first = BUF_INIT(S3_SECRET_BYTES_MAX + 5);
    buf_putf(&first, "AWS4%s", secret);
    s3_hmac_sha256(out, buf_str(&first), first.n, date, 8);
    s3_hmac_sha256(out, out, 32, region, strlen(region));
    s3_hmac_sha256(out, out, 32, "s3", 2);
    s3_hmac_sha256(out, out, 32, "aws4_request", 12);
    explicit_bzero(first.v, first.n);
    buf_deinit(&first);
}
