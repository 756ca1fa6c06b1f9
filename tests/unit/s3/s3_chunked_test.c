// SPDX-License-Identifier: Apache-2.0
// aws-chunked bodies: the examples of the S3 documentation in pieces of every size, and what must not pass.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "s3/canon.h"
#include "s3/chunked.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define TOTAL  66560
#define FIRST  65536

static enum s3_code keep(void *ctx, const void *data, size_t n)
{
    buf_put(ctx, data, n);
    return S3_OK;
}

static enum s3_code refuse(void *ctx, const void *data, size_t n)
{
    (void)ctx, (void)data, (void)n;
    return S3_QUOTA_EXCEEDED;
}

static struct s3_chunk_key key_from(const char *seed)
{
    struct s3_chunk_key k = {.date = "20130524T000000Z", .scope = "20130524/us-east-1/s3/aws4_request"};
    memcpy(k.seed, seed, 64);
    canon_v4_key(k.key, SECRET, k.date, "us-east-1");
    return k;
}

// Decodes `body` in pieces of `piece` bytes; *out is what came.
static enum s3_code decode(const struct s3_chunked_config *cfg, const struct buf *body, size_t piece,
                           struct buf *out, struct err *e)
{
    struct s3_chunked_config mine = *cfg;
    struct s3_chunked *c;
    if (!mine.sink)
        mine.sink = keep;
    mine.ctx = out;
    buf_clear(out);
    *e = ERR_NULL;
    enum s3_code code = s3_chunked_new(&c, &mine, e);
    if (code)
        return code;
    for (size_t at = 0; at < body->n && !code; at += piece)
        code = s3_chunked_push(c, body->v + at, body->n - at < piece ? body->n - at : piece, e);
    enum s3_code last = s3_chunked_finish(c, e);
    assert_int_equal(code ? code : last, last); // the first error stays
    assert_int_equal(s3_chunked_finish(c, NULL), last);
    char text[S3_SUM_TEXT];
    if (!last)
        assert_int_equal(s3_chunked_sum(c, text), s3_sum_by_header(cfg->trailer ? cfg->trailer : ""));
    s3_chunked_free(c);
    return last;
}

static void put_as(struct buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_putc(b, 'a');
}

static void documented(struct buf *b, const char *one, const char *two, const char *three, const char *rest)
{
    buf_putf(b, "10000;chunk-signature=%s\r\n", one);
    put_as(b, FIRST);
    buf_putf(b, "\r\n400;chunk-signature=%s\r\n", two);
    put_as(b, TOTAL - FIRST);
    buf_putf(b, "\r\n0;chunk-signature=%s\r\n%s\r\n", three, rest);
}

#define ONE   "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
#define TWO   "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
#define THREE "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
#define SEED  "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"

static void the_documented_chunks_decode_in_pieces_of_any_size(void **state)
{
    (void)state;
    struct s3_chunk_key key = key_from(SEED);
    struct s3_chunked_config cfg = {.payload = S3_PAYLOAD_CHUNKED, .key = &key, .decoded_length = TOTAL};
    struct buf body = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    struct err e;
    documented(&body, ONE, TWO, THREE, "");
    static const size_t pieces[] = {1, 2, 3, 7, 85, 86, 87, 4096, 65536, 1 << 20};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        assert_int_equal(decode(&cfg, &body, pieces[i], &out, &e), S3_OK);
        assert_int_equal(out.n, TOTAL);
    }
    buf_deinit(&body);
    buf_deinit(&out);
}

static void the_documented_trailer_is_verified(void **state)
{
    (void)state;
    struct s3_chunk_key key = key_from("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
    struct s3_chunked_config cfg = {.payload = S3_PAYLOAD_CHUNKED_TRAILER,
                                    .key = &key,
                                    .decoded_length = TOTAL,
                                    .trailer = "x-amz-checksum-crc32c"};
    struct buf body = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    struct err e;
    documented(
        &body, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        "x-amz-checksum-crc32c:sOO8/Q==\r\n"
        "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n");
    assert_int_equal(decode(&cfg, &body, 1000, &out, &e), S3_OK);
    assert_int_equal(decode(&cfg, &body, 1, &out, &e), S3_OK);
    char *sum = memmem(body.v, body.n, "sOO8", 4);
    *sum = 'S';
    assert_int_equal(decode(&cfg, &body, 1000, &out, &e), S3_SIGNATURE_DOES_NOT_MATCH);
    buf_deinit(&body);
    buf_deinit(&out);
}

// Every byte of a signed body counts: whichever one is changed, the body is refused.
static void no_byte_of_a_signed_body_can_be_changed(void **state)
{
    (void)state;
    struct s3_chunk_key key = key_from(SEED);
    struct s3_chunked_config cfg = {.payload = S3_PAYLOAD_CHUNKED, .key = &key, .decoded_length = TOTAL};
    struct buf body = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    struct err e;
    documented(&body, ONE, TWO, THREE, "");
    for (size_t at = 0; at<body.n; at += at> 100 && at < 65500 ? 4099 : at > 65800 && at < 66500 ? 101 : 1) {
        char was = body.v[at];
        body.v[at] ^= 1;
        if (decode(&cfg, &body, body.n, &out, &e) == S3_OK)
            fail_msg("byte %zu may be %d", at, body.v[at]);
        body.v[at] = was;
    }
    for (size_t cut = 1; cut < 300; cut++) {
        struct buf shorter = body;
        shorter.n -= cut;
        assert_int_not_equal(decode(&cfg, &shorter, body.n, &out, &e), S3_OK);
    }
    struct buf swapped = BUF_INIT(1 << 20);
    documented(&swapped, ONE, THREE, TWO, "");
    assert_int_equal(decode(&cfg, &swapped, body.n, &out, &e), S3_SIGNATURE_DOES_NOT_MATCH);
    buf_deinit(&swapped);
    buf_deinit(&body);
    buf_deinit(&out);
}

// "hello": CRC32 NhCmhg==, SHA-1 qvTGHdzF6KLavt4PO0gs2a6pQ00=.
static void unsigned_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *trailer;
        uint64_t length;
        enum s3_code code;
    } rows[] = {
        {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "x-amz-checksum-crc32", 5, S3_OK},
        {"5\r\nhello\r\n0\r\nX-Amz-Checksum-Crc32: NhCmhg==\n\r\n", "x-amz-checksum-crc32", 5, S3_OK},
        {"5\r\nhello\r\n0\r\n\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "x-amz-checksum-crc32", 5, S3_OK},
        {"2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=\r\n\r\n",
         "X-Amz-Checksum-Sha1", 5, S3_OK},
        {"00000005\r\nhello\r\n0\r\n\r\n", NULL, 5, S3_OK},
        {"5;name=value\r\nhello\r\n0\r\n\r\n", NULL, 5, S3_OK},
        {"0\r\n\r\n", NULL, 0, S3_OK},
        {"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "x-amz-checksum-crc32", 0, S3_OK},
        // The sum is of other bytes, missing, of another kind, twice, or no sum.
        {"5\r\nhellO\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "x-amz-checksum-crc32", 5,
         S3_BAD_DIGEST},
        {"5\r\nhello\r\n0\r\n\r\n", "x-amz-checksum-crc32", 5, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", NULL, 5, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "x-amz-checksum-crc32c", 5,
         S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
         "x-amz-checksum-crc32", 5, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCm\r\n\r\n", "x-amz-checksum-crc32", 5,
         S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nx-amz-meta-a:b\r\n\r\n", "x-amz-checksum-crc32", 5, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nnonsense\r\n\r\n", "x-amz-checksum-crc32", 5, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\nx-amz-trailer-signature:" ONE "\r\n\r\n", NULL, 5, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", NULL, 5, S3_MALFORMED_TRAILER},
        {"0\r\n\r\nGET / HTTP/1.1\r\n", NULL, 0, S3_MALFORMED_TRAILER},
        {"5\r\nhello\r\n0\r\n", "x-amz-checksum-md5", 5, S3_INVALID_REQUEST},
        // Lengths that do not agree.
        {"5\r\nhello\r\n0\r\n\r\n", NULL, 6, S3_INCOMPLETE_BODY},
        {"5\r\nhello\r\n0\r\n\r\n", NULL, 4, S3_INVALID_REQUEST},
        {"5\r\nhello\r\n", NULL, 5, S3_INCOMPLETE_BODY},
        {"5\r\nhello\r\n0\r\n", NULL, 5, S3_INCOMPLETE_BODY},
        {"5\r\nhel", NULL, 5, S3_INCOMPLETE_BODY},
        {"", NULL, 0, S3_INCOMPLETE_BODY},
        {"5\r\nhello!\r\n0\r\n\r\n", NULL, 5, S3_INVALID_REQUEST},
        // Framing that is none.
        {"\r\nhello", NULL, 5, S3_INVALID_REQUEST},
        {"-5\r\nhello\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"0x5\r\nhello\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"5 \r\nhello\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"5\nhello\r\n0\r\n\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"5\r\nhello\n0\r\n\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"ffffffffffffffff\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"00000000000000005\r\nhello\r\n", NULL, 5, S3_INVALID_REQUEST},
        {"140000001\r\n", NULL, UINT64_C(1) << 40, S3_INVALID_REQUEST},
    };
    struct buf out = BUF_INIT(1000);
    struct err e;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t piece = 1; piece < 40; piece += 6) {
            struct s3_chunked_config cfg = {.payload = S3_PAYLOAD_UNSIGNED_TRAILER,
                                            .decoded_length = rows[i].length,
                                            .trailer = rows[i].trailer};
            struct buf body = BUF_INIT(1000);
            buf_puts(&body, rows[i].body);
            enum s3_code code = decode(&cfg, &body, piece, &out, &e);
            buf_deinit(&body);
            if (code != rows[i].code)
                fail_msg("row %zu in pieces of %zu: %s, not %s: %s", i, piece, s3_code_text(code),
                         s3_code_text(rows[i].code), e.text);
            if (!code && rows[i].length)
                assert_string_equal(buf_str(&out), "hello");
        }
    buf_deinit(&out);
}

static void a_line_without_end_is_cut_off(void **state)
{
    (void)state;
    struct s3_chunked_config cfg = {.payload = S3_PAYLOAD_UNSIGNED_TRAILER, .decoded_length = 5};
    struct buf body = BUF_INIT(100000), out = BUF_INIT(100);
    struct err e;
    buf_puts(&body, "5;");
    put_as(&body, S3_CHUNK_LINE_BYTES - 4);
    buf_puts(&body, "\r\nhello\r\n0\r\n\r\n");
    assert_int_equal(decode(&cfg, &body, 100, &out, &e), S3_OK); // the longest line there may be
    buf_clear(&body);
    buf_puts(&body, "5;");
    put_as(&body, 50000);
    assert_int_equal(decode(&cfg, &body, 100, &out, &e), S3_INVALID_REQUEST);
    assert_non_null(strstr(e.text, "511"));
    buf_deinit(&body);
    buf_deinit(&out);
}

static void the_sink_may_refuse(void **state)
{
    (void)state;
    struct s3_chunked_config cfg = {
        .payload = S3_PAYLOAD_UNSIGNED_TRAILER, .decoded_length = 5, .sink = refuse};
    struct buf body = BUF_INIT(100), out = BUF_INIT(100);
    struct err e;
    buf_puts(&body, "5\r\nhello\r\n0\r\n\r\n");
    assert_int_equal(decode(&cfg, &body, 100, &out, &e), S3_QUOTA_EXCEEDED);
    buf_deinit(&body);
    buf_deinit(&out);
}

static void unfit_configurations_are_refused(void **state)
{
    (void)state;
    struct s3_chunk_key key = key_from(SEED);
    struct s3_chunked *c;
    struct s3_chunked_config bad[] = {
        {.payload = S3_PAYLOAD_CHUNKED},
        {.payload = S3_PAYLOAD_SHA256, .key = &key},
        {.payload = S3_PAYLOAD_CHUNKED, .key = &key, .trailer = "x-amz-checksum-crc32"},
        {.payload = S3_PAYLOAD_UNSIGNED_TRAILER, .trailer = "x-amz-checksum-crc32,x-amz-checksum-sha1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(s3_chunked_new(&c, &bad[i], NULL), S3_INVALID_REQUEST);
}

static void the_coding_of_the_transfer_is_taken_out(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"aws-chunked", ""},
        {"aws-chunked,gzip", "gzip"},
        {"gzip , AWS-Chunked", "gzip"},
        {"gzip, br", "gzip,br"},
        {"", ""},
        {" , ", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[64];
        s3_content_encoding(rows[i][0], out);
        assert_string_equal(out, rows[i][1]);
    }
    uint64_t v = 0;
    assert_true(s3_length_read("9223372036854775807", &v));
    assert_true(v == INT64_MAX);
    assert_false(s3_length_read("9223372036854775808", &v));
    assert_false(s3_length_read("", &v));
    assert_false(s3_length_read("+1", &v));
    assert_false(s3_length_read("1 ", &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_chunks_decode_in_pieces_of_any_size),
        cmocka_unit_test(the_documented_trailer_is_verified),
        cmocka_unit_test(no_byte_of_a_signed_body_can_be_changed),
        cmocka_unit_test(unsigned_bodies),
        cmocka_unit_test(a_line_without_end_is_cut_off),
        cmocka_unit_test(the_sink_may_refuse),
        cmocka_unit_test(unfit_configurations_are_refused),
        cmocka_unit_test(the_coding_of_the_transfer_is_taken_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
