// SPDX-License-Identifier: Apache-2.0
//
// The aws-chunked body, decoded as it arrives: push bytes in pieces of any size, decoded bytes come out
// through `sink`. Memory is constant. Three kinds:
//
//   signed              HEX;chunk-signature=64HEX CRLF data CRLF ... 0;chunk-signature=64HEX CRLF CRLF
//   signed, trailer     ... 0;chunk-signature=64HEX CRLF x-amz-checksum-crc32:B64 CRLF
//                       x-amz-trailer-signature:64HEX CRLF CRLF
//   unsigned, trailer   HEX CRLF data CRLF ... 0 CRLF x-amz-checksum-crc32:B64 CRLF CRLF
//
// Lines of the trailer may end in LF alone, and empty lines between them are forgiven: clients differ there.
//
// Bytes reach the sink before the signature of their chunk is known: what was written must stay invisible
// until s3_chunked_finish has said S3_OK. After the first error every push answers the same error.
#ifndef ONDOL_S3_CHUNKED_H
#define ONDOL_S3_CHUNKED_H

#include "s3/checksum.h"
#include "s3/sign.h"

#define S3_CHUNK_LINE_BYTES   512 // longest line of framing or trailer, with CRLF
#define S3_CHUNK_BYTES_MAX    (UINT64_C(5) << 30)
#define S3_CHUNK_TRAILERS_MAX 8 // lines of trailer, empty ones included

struct s3_chunked;

// Takes decoded bytes; anything but S3_OK ends the decoding with that answer.
typedef enum s3_code (*s3_chunk_sink)(void *ctx, const void *data, size_t n);

struct s3_chunked_config {
    enum s3_payload payload;        // one for which s3_payload_is_chunked
    const struct s3_chunk_key *key; // copied; NULL for S3_PAYLOAD_UNSIGNED_TRAILER
    uint64_t decoded_length;        // x-amz-decoded-content-length; required
    const char *trailer;            // x-amz-trailer: "x-amz-checksum-crc32"; NULL if absent
    s3_chunk_sink sink;
    void *ctx;
};

// InvalidRequest: a trailer of another kind than x-amz-checksum-*, or more than one.
enum s3_code s3_chunked_new(struct s3_chunked **ret, const struct s3_chunked_config *cfg, struct err *e);
void s3_chunked_free(struct s3_chunked *c); // NULL is fine
enum s3_code s3_chunked_push(struct s3_chunked *c, const void *data, size_t n, struct err *e);
// The body has ended. S3_OK only if all of it was there: the last chunk, the decoded length, the trailer
// announced and its checksum. IncompleteBody, BadDigest, SignatureDoesNotMatch, MalformedTrailerError.
enum s3_code s3_chunked_finish(struct s3_chunked *c, struct err *e);
// The checksum of the trailer, valid after s3_chunked_finish; S3_SUM_NONE if there was none.
enum s3_sum_kind s3_chunked_sum(const struct s3_chunked *c, char text[S3_SUM_TEXT]);

// What is left of Content-Encoding when aws-chunked, which is of the transfer only, is taken out:
// "aws-chunked,gzip" gives "gzip". `out` has room for strlen(value) + 1 bytes.
void s3_content_encoding(const char *value, char *out);

// Reads x-amz-decoded-content-length; false when it is no number up to 2^63 - 1.
bool s3_length_read(const char *text, uint64_t *out);

#endif
