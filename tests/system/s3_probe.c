// SPDX-License-Identifier: Apache-2.0
//
// The protocol of the S3 endpoint at the end of a pipe: a JSON object a line in, one a line out. For
// s3_botocore.py, which asks about requests another signer has signed. Fields: do ("verify", "sign",
// "presign", "body"), now (ms), method, path, query, headers [[name, value], ...], bucket or base and host,
// key, secret, region, expires, body (hex).
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"
#include "s3/chunked.h"
#include "s3/hmac.h"
#include "s3/route.h"
#include "s3/sign.h"

static const char *text(const json_t *in, const char *name)
{
    const char *s = json_string_value(json_object_get(in, name));
    return s ? s : "";
}

static void read_request(const json_t *in, struct s3_request *r)
{
    const json_t *list = json_object_get(in, "headers");
    size_t n = json_array_size(list);
    struct s3_header *h = mem_array(n + 1, sizeof *h);
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(list, i);
        h[i].name = json_string_value(json_array_get(pair, 0));
        h[i].value = json_string_value(json_array_get(pair, 1));
    }
    *r = (struct s3_request){text(in, "method"), text(in, "path"), text(in, "query"), h, n, {0}};
    r->now = WALL_MS(json_integer_value(json_object_get(in, "now")));
}

static enum s3_code keep(void *ctx, const void *data, size_t n)
{
    s3_sum_update(ctx, data, n);
    return S3_OK;
}

// The SHA-256 of what an aws-chunked body holds.
static enum s3_code read_body(const json_t *in, const struct s3_request *r, const struct s3_claim *claim,
                              const struct s3_chunk_key *key, json_t *out, struct err *e)
{
    const char *hex = text(in, "body"), *length = s3_header_get(r, "x-amz-decoded-content-length");
    size_t n = strlen(hex) / 2;
    uint8_t *body = mem_alloc(n + 1), sum_v[S3_SUM_BYTES_MAX];
    struct s3_sum sum;
    s3_sum_init(&sum, S3_SUM_SHA256);
    struct s3_chunked_config cfg = {.payload = claim->payload,
                                    .key = key,
                                    .trailer = s3_header_get(r, "x-amz-trailer"),
                                    .sink = keep,
                                    .ctx = &sum};
    struct s3_chunked *c = NULL;
    enum s3_code code = S3_INVALID_REQUEST;
    if (hex_bytes(body, n, hex) && length && s3_length_read(length, &cfg.decoded_length))
        code = s3_chunked_new(&c, &cfg, e);
    for (size_t at = 0; !code && at < n; at += 1000)
        code = s3_chunked_push(c, body + at, n - at < 1000 ? n - at : 1000, e);
    if (!code)
        code = s3_chunked_finish(c, e);
    s3_chunked_free(c);
    char digits[65];
    s3_sum_final(&sum, sum_v);
    hex_text(digits, sum_v, 32);
    json_object_set_new(out, "sha256", json_string(digits));
    free(body);
    return code;
}

static enum s3_code verify(const json_t *in, const struct s3_request *r, json_t *out, struct err *e)
{
    static struct s3_route route;
    struct s3_claim claim;
    struct s3_chunk_key key;
    char bucket[S3_BUCKET_BYTES] = "";
    enum s3_code code = s3_virtual_bucket(s3_header_get(r, "host"), text(in, "base"), bucket, e);
    if (!code)
        code = s3_claim_read(r, bucket, &claim, e);
    if (!code)
        code = s3_claim_verify(r, &claim, text(in, "secret"), &key, e);
    if (!code && s3_payload_is_chunked(claim.payload))
        code = read_body(in, r, &claim, &key, out, e);
    if (code)
        return code;
    json_object_set_new(out, "key", json_string(claim.access_key));
    code = s3_route_read(r, bucket, &route, e);
    json_object_set_new(out, "op", json_string(s3_op_text(route.op)));
    json_object_set_new(out, "bucket", json_string(route.bucket));
    json_object_set_new(out, "object", json_string(route.key));
    return code;
}

static json_t *answer(const json_t *in)
{
    struct s3_request r;
    struct err e = ERR_NULL;
    json_t *out = json_object();
    struct buf b = BUF_INIT(1 << 20);
    const struct s3_signer s = {text(in, "key"), text(in, "secret"), text(in, "region")};
    read_request(in, &r);
    enum s3_code code;
    if (!strcmp(text(in, "do"), "sign"))
        code = s3_sign_header(&s, &r, &b, &e);
    else if (!strcmp(text(in, "do"), "presign"))
        code = s3_presign(&s, &r, json_integer_value(json_object_get(in, "expires")), &b, &e);
    else
        code = verify(in, &r, out, &e);
    json_object_set_new(out, "code", json_string(s3_code_text(code)));
    json_object_set_new(out, "text", json_string(e.text));
    json_object_set_new(out, "value", json_string(buf_str(&b)));
    buf_deinit(&b);
    free((void *)r.header);
    return out;
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        json_error_t why;
        json_t *in = json_loads(line, 0, &why);
        if (!in) {
            fprintf(stderr, "s3_probe: %s\n", why.text);
            free(line);
            return 1;
        }
        json_t *out = answer(in);
        json_dumpf(out, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(out);
        json_decref(in);
    }
    free(line);
    return 0;
}
