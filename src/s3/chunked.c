// SPDX-License-Identifier: Apache-2.0
//
// The decoder is a machine of four states; what it keeps is one line of framing and the running hashes.
//
//            size > 0              all of it came           CRLF
//   LINE ------------------> DATA ------------------> CRLF ------> LINE
//    |
//    | size 0                  empty line, nothing missing
//    +-------> TRAILER (lines) ------------------------------> the end, which s3_chunked_finish asks for
//
// Each chunk signature covers the one before it, beginning with that of the head, so chunks can be neither
// left out nor moved; the empty last chunk is signed too, so the end cannot be cut off. Source: "Signature
// calculations for the Authorization header: transferring payload in multiple chunks", AWS S3 API reference.
#include "s3/chunked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/mem.h"
#include "s3/hmac.h"

enum state { LINE, DATA, DATA_END, TRAILER };

struct s3_chunked {
    enum s3_payload payload;
    struct s3_chunk_key key;
    uint64_t decoded_length;
    s3_chunk_sink sink;
    void *ctx;

    enum state state;
    enum s3_code failed; // the first error, told again ever after
    char line[S3_CHUNK_LINE_BYTES];
    size_t line_n;
    uint64_t left;       // of this chunk
    uint64_t total;      // decoded so far
    uint8_t given[32];   // the signature this chunk claims
    struct s3_sum chunk; // SHA-256 of this chunk; begun only if signed

    enum s3_sum_kind announced; // by x-amz-trailer
    struct s3_sum sum;
    uint8_t sum_v[S3_SUM_BYTES_MAX]; // what the trailer says
    bool has_sum, has_signature;
    struct s3_sum trailer; // SHA-256 of the trailer's lines
    int trailers;
    bool ended, finished;
    char sum_text[S3_SUM_TEXT];
};

static bool is_signed(const struct s3_chunked *c)
{
    return c->payload != S3_PAYLOAD_UNSIGNED_TRAILER;
}

static enum s3_code read_announced(const char *text, enum s3_sum_kind *out, struct err *e)
{
    *out = S3_SUM_NONE;
    if (!text || !*text)
        return S3_OK;
    *out = s3_sum_by_header(text);
    return *out
               ? S3_OK
               : s3_fail(e, S3_INVALID_REQUEST, "x-amz-trailer must be one of the x-amz-checksum-* headers.");
}

enum s3_code s3_chunked_new(struct s3_chunked **ret, const struct s3_chunked_config *cfg, struct err *e)
{
    enum s3_sum_kind announced;
    enum s3_code code = read_announced(cfg->trailer, &announced, e);
    if (code)
        return code;
    if (!s3_payload_is_chunked(cfg->payload) || (cfg->payload != S3_PAYLOAD_UNSIGNED_TRAILER && !cfg->key))
        return s3_fail(e, S3_INVALID_REQUEST, "The body is not in signed chunks.");
    if (announced && cfg->payload == S3_PAYLOAD_CHUNKED)
        return s3_fail(e, S3_INVALID_REQUEST,
                       "x-amz-trailer is given, but x-amz-content-sha256 announces none.");
    struct s3_chunked *c = mem_alloc(sizeof *c);
    c->payload = cfg->payload;
    if (cfg->key)
        c->key = *cfg->key;
    c->decoded_length = cfg->decoded_length;
    c->sink = cfg->sink;
    c->ctx = cfg->ctx;
    c->announced = announced;
    s3_sum_init(&c->sum, announced);
    if (is_signed(c))
        s3_sum_init(&c->trailer, S3_SUM_SHA256);
    *ret = c;
    return S3_OK;
}

void s3_chunked_free(struct s3_chunked *c)
{
    if (!c)
        return;
    s3_sum_deinit(&c->chunk);
    s3_sum_deinit(&c->sum);
    s3_sum_deinit(&c->trailer);
    explicit_bzero(&c->key, sizeof c->key);
    free(c);
}

// Compares what is claimed with the link of the chain that `what` and `hashes` make, and moves the chain on.
static enum s3_code link_check(struct s3_chunked *c, const char *what, const char *hashes,
                               const uint8_t given[32])
{
    char text[1024];
    int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n%s", what, c->key.date, c->key.scope, c->key.seed,
                     hashes);
    uint8_t mac[32];
    if (n < 0 || (size_t)n >= sizeof text)
        return S3_SIGNATURE_DOES_NOT_MATCH;
    s3_hmac_sha256(mac, c->key.key, sizeof c->key.key, text, (size_t)n);
    if (!s3_same(mac, given, sizeof mac))
        return S3_SIGNATURE_DOES_NOT_MATCH;
    hex_text(c->key.seed, mac, sizeof mac);
    return S3_OK;
}

static enum s3_code chunk_check(struct s3_chunked *c)
{
    if (!is_signed(c))
        return S3_OK;
    uint8_t hash[S3_SUM_BYTES_MAX];
    char text[2 * 64 + 2] = S3_EMPTY_SHA256 "\n"; // the hash of no headers, then that of the data
    s3_sum_final(&c->chunk, hash);
    hex_text(text + 65, hash, 32);
    return link_check(c, "AWS4-HMAC-SHA256-PAYLOAD", text, c->given);
}

// HEX, up to 16 digits; returns how many there were.
static size_t read_size(const char *text, uint64_t *out)
{
    size_t n = strspn(text, "0123456789abcdefABCDEF");
    if (!n || n > 16)
        return 0;
    *out = strtoull(text, NULL, 16);
    return n;
}

static enum s3_code begin_chunk(struct s3_chunked *c, struct err *e)
{
    static const char word[] = ";chunk-signature=";
    uint64_t size;
    size_t n = read_size(c->line, &size);
    const char *rest = c->line + n;
    if (!n || (*rest && *rest != ';'))
        return s3_fail(e, S3_INVALID_REQUEST,
                       "A chunk does not begin with its size, 1 to 16 hexadecimal digits.");
    if (is_signed(c)) {
        if (strncmp(rest, word, sizeof word - 1) != 0 || strlen(rest) != sizeof word - 1 + 64 ||
            !hex_bytes(c->given, 32, rest + sizeof word - 1))
            return s3_fail(e, S3_INVALID_REQUEST, "A chunk has no chunk-signature of 64 hexadecimal digits.");
        s3_sum_init(&c->chunk, S3_SUM_SHA256);
    }
    if (size > S3_CHUNK_BYTES_MAX)
        return s3_fail(e, S3_INVALID_REQUEST, "A chunk is larger than %llu bytes.",
                       (unsigned long long)S3_CHUNK_BYTES_MAX);
    if (size > c->decoded_length - c->total)
        return s3_fail(e, S3_INVALID_REQUEST,
                       "The chunks hold more than x-amz-decoded-content-length, %llu bytes.",
                       (unsigned long long)c->decoded_length);
    c->left = size;
    c->state = size ? DATA : TRAILER;
    return size ? S3_OK : chunk_check(c);
}

static enum s3_code trailer_signature(struct s3_chunked *c, const char *value, struct err *e)
{
    uint8_t hash[S3_SUM_BYTES_MAX], given[32];
    char text[65];
    if (c->payload != S3_PAYLOAD_CHUNKED_TRAILER || c->has_signature || strlen(value) != 64 ||
        !hex_bytes(given, 32, value))
        return s3_fail(e, S3_MALFORMED_TRAILER,
                       "The trailer has an x-amz-trailer-signature that is twice there, not "
                       "announced, or not 64 hexadecimal digits.");
    c->has_signature = true;
    s3_sum_final(&c->trailer, hash);
    hex_text(text, hash, 32);
    return link_check(c, "AWS4-HMAC-SHA256-TRAILER", text, given);
}

// A line "name:value" of the trailer. What is signed of it is "name:value\n".
static enum s3_code trailer_line(struct s3_chunked *c, struct err *e)
{
    char *colon = strchr(c->line, ':');
    if (c->payload == S3_PAYLOAD_CHUNKED || !colon)
        return s3_fail(e, S3_MALFORMED_TRAILER,
                       "The last chunk is followed by something that is no trailer.");
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    if (!strcasecmp(c->line, "x-amz-trailer-signature"))
        return trailer_signature(c, value, e);
    if (!c->announced || s3_sum_by_header(c->line) != c->announced)
        return s3_fail(e, S3_MALFORMED_TRAILER,
                       "The trailer has a field that x-amz-trailer does not announce.");
    if (c->has_sum || c->has_signature || !s3_sum_read(c->announced, value, c->sum_v))
        return s3_fail(e, S3_MALFORMED_TRAILER,
                       "The trailer has %s twice, after its signature, or not as base64 of %zu "
                       "bytes.",
                       s3_sum_header(c->announced), s3_sum_bytes(c->announced));
    c->has_sum = true;
    if (is_signed(c)) {
        const char *name = s3_sum_header(c->announced);
        s3_sum_update(&c->trailer, name, strlen(name));
        s3_sum_update(&c->trailer, ":", 1);
        s3_sum_update(&c->trailer, value, strlen(value));
        s3_sum_update(&c->trailer, "\n", 1);
    }
    return S3_OK;
}

static bool misses_trailer(const struct s3_chunked *c)
{
    return (c->announced && !c->has_sum) || (c->payload == S3_PAYLOAD_CHUNKED_TRAILER && !c->has_signature);
}

static enum s3_code end_line(struct s3_chunked *c, struct err *e)
{
    bool had_cr = c->line_n && c->line[c->line_n - 1] == '\r';
    c->line_n -= had_cr;
    c->line[c->line_n] = '\0';
    bool is_empty = !c->line_n, has_nul = strlen(c->line) != c->line_n;
    c->line_n = 0;
    if (has_nul || (!had_cr && c->state != TRAILER))
        return s3_fail(e, S3_INVALID_REQUEST,
                       "A line between the chunks has a NUL, or does not end in CR LF.");
    if (c->state == LINE)
        return begin_chunk(c, e);
    if (c->state == DATA_END) {
        c->state = LINE;
        return is_empty ? S3_OK : s3_fail(e, S3_INVALID_REQUEST, "A chunk is longer than its size says.");
    }
    if (++c->trailers > S3_CHUNK_TRAILERS_MAX)
        return s3_fail(e, S3_MALFORMED_TRAILER, "The trailer has more than %d lines.", S3_CHUNK_TRAILERS_MAX);
    if (!is_empty)
        return c->ended ? s3_fail(e, S3_MALFORMED_TRAILER, "Something follows the end of the body.")
                        : trailer_line(c, e);
    c->ended = !misses_trailer(c);
    return S3_OK;
}

// Takes bytes up to the end of a line; returns how many.
static size_t take_line(struct s3_chunked *c, const char *at, size_t n, enum s3_code *code, struct err *e)
{
    const char *end = memchr(at, '\n', n);
    size_t take = end ? (size_t)(end - at) : n;
    if (take >= sizeof c->line - c->line_n) {
        *code = s3_fail(e, S3_INVALID_REQUEST, "A line between the chunks has more than %d bytes.",
                        S3_CHUNK_LINE_BYTES - 1);
        return n;
    }
    memcpy(c->line + c->line_n, at, take);
    c->line_n += take;
    if (!end)
        return n;
    *code = end_line(c, e);
    return take + 1;
}

static size_t take_data(struct s3_chunked *c, const char *at, size_t n, enum s3_code *code)
{
    size_t take = n < c->left ? n : (size_t)c->left;
    if (is_signed(c))
        s3_sum_update(&c->chunk, at, take);
    s3_sum_update(&c->sum, at, take);
    *code = c->sink(c->ctx, at, take);
    c->left -= take;
    c->total += take;
    if (!*code && !c->left) {
        *code = chunk_check(c);
        c->state = DATA_END;
    }
    return take;
}

enum s3_code s3_chunked_push(struct s3_chunked *c, const void *data, size_t n, struct err *e)
{
    const char *at = data;
    while (n && !c->failed) {
        size_t took = c->state == DATA ? take_data(c, at, n, &c->failed) : take_line(c, at, n, &c->failed, e);
        at += took;
        n -= took;
    }
    return c->failed;
}

static enum s3_code finish(struct s3_chunked *c, struct err *e)
{
    if (c->state != TRAILER || c->line_n || (!c->ended && !c->trailers))
        return s3_fail(e, S3_INCOMPLETE_BODY, "The body ended before its last chunk.");
    if (c->total != c->decoded_length)
        return s3_fail(e, S3_INCOMPLETE_BODY,
                       "The chunks hold %llu bytes; x-amz-decoded-content-length says %llu.",
                       (unsigned long long)c->total, (unsigned long long)c->decoded_length);
    if (misses_trailer(c))
        return s3_fail(e, S3_MALFORMED_TRAILER, "The trailer lacks its checksum or its signature.");
    uint8_t sum[S3_SUM_BYTES_MAX];
    enum s3_sum_kind kind = c->sum.kind;
    size_t bytes = s3_sum_final(&c->sum, sum);
    if (c->has_sum && !s3_same(sum, c->sum_v, bytes))
        return s3_fail(e, S3_BAD_DIGEST, "The %s of the trailer is not that of the body.",
                       s3_sum_header(kind));
    if (c->has_sum)
        s3_sum_text(c->sum_text, sum, bytes);
    return S3_OK;
}

enum s3_code s3_chunked_finish(struct s3_chunked *c, struct err *e)
{
    if (!c->failed && !c->finished)
        c->failed = finish(c, e);
    c->finished = true;
    return c->failed;
}

enum s3_sum_kind s3_chunked_sum(const struct s3_chunked *c, char text[S3_SUM_TEXT])
{
    memcpy(text, c->sum_text, S3_SUM_TEXT);
    return c->sum_text[0] ? c->announced : S3_SUM_NONE;
}
