// SPDX-License-Identifier: Apache-2.0
//
// A request as text, the request line's method and target first, then a header a line: whatever it says of
// its signature is read without harm, nobody is let in with a secret that was not used, and what we sign of
// it we accept.
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "s3/canon.h"
#include "s3/sign.h"

#define HEADERS 24
#define NOW_MS  INT64_C(1369353600000) // 2013-05-24T00:00:00Z, the date of the corpus

static char *cut(char *s, char c)
{
    char *at = strchr(s, c);
    if (at)
        *at++ = '\0';
    return at;
}

static void read_text(char *text, struct s3_header *h, struct s3_request *r)
{
    char *rest = cut(text, '\n');
    char *path = cut(text, ' ');
    *r = (struct s3_request){
        .method = text, .path = path ? path : "", .query = "", .header = h, .now = WALL_MS(NOW_MS)};
    if (path) {
        char *query = cut(path, '?');
        r->query = query ? query : "";
    }
    while (rest && *rest && r->header_n < HEADERS) {
        char *line = rest;
        rest = cut(line, '\n');
        char *value = cut(line, ':');
        h[r->header_n++] = (struct s3_header){line, value ? value + strspn(value, " ") : ""};
    }
}

static void claims(const struct s3_request *r)
{
    struct s3_claim claim;
    struct s3_chunk_key key;
    struct err e = ERR_NULL;
    if (s3_claim_read(r, NULL, &claim, &e) || claim.kind == S3_ANONYMOUS)
        return;
    assert(claim.access_key[0] && strlen(claim.access_key) < S3_ACCESS_KEY_BYTES);
    assert(s3_claim_verify(r, &claim, "not the secret", &key, &e) != S3_OK);
    if (claim.kind == S3_V4_HEADER || claim.kind == S3_V4_QUERY)
        assert(canon_is_signed(claim.signed_headers, "host", 4));
}

// Canonical text of what is canonical already is the same.
static void is_stable(const char *query)
{
    struct s3_query q;
    if (!s3_query_read(query, &q, NULL)) {
        struct s3_request r = {.method = "GET", .path = "/", .query = query};
        struct s3_header host = {"host", "h"};
        r.header = &host;
        r.header_n = 1;
        struct canon_v4 c = {.r = &r, .query = &q, .signed_headers = "host", .payload = ""};
        struct buf once = BUF_INIT(CANON_BYTES_MAX), twice = BUF_INIT(CANON_BYTES_MAX);
        assert(!canon_v4_request(&once, &c, NULL));
        char *line = mem_strdup(buf_str(&once) + strlen("GET\n/\n"));
        *strchr(line, '\n') = '\0';
        struct s3_query again;
        assert(!s3_query_read(line, &again, NULL));
        c.query = &again;
        assert(!canon_v4_request(&twice, &c, NULL));
        assert(!strcmp(buf_str(&once), buf_str(&twice)));
        s3_query_deinit(&again);
        free(line);
        buf_deinit(&once);
        buf_deinit(&twice);
    }
    s3_query_deinit(&q);
}

static void we_accept_ourselves(struct s3_request r)
{
    static const struct s3_signer signer = {"a.b+c@example.org", "secret", "any region"};
    struct s3_header h[HEADERS + 4];
    size_t n = 0;
    for (size_t i = 0; i < r.header_n; i++) {
        const char *name = r.header[i].name;
        if (strcasecmp(name, "authorization") && strcasecmp(name, "x-amz-date") && strcasecmp(name, "host") &&
            *name && strcasecmp(name, "x-amz-content-sha256") && !strpbrk(name, ";, \t"))
            h[n++] = r.header[i];
    }
    h[n++] = (struct s3_header){"Host", "s3.example.org"};
    h[n++] = (struct s3_header){"X-Amz-Date", "20130524T000000Z"};
    h[n++] = (struct s3_header){"X-Amz-Content-Sha256", S3_UNSIGNED_PAYLOAD};
    r.header = h;
    r.header_n = n;
    struct buf b = BUF_INIT(CANON_BYTES_MAX);
    struct s3_claim claim;
    if (!s3_sign_header(&signer, &r, &b, NULL)) {
        h[r.header_n++] = (struct s3_header){"Authorization", buf_str(&b)};
        enum s3_code code = s3_claim_read(&r, NULL, &claim, NULL);
        // Signed in its query as well, or with more names than are read: refused before.
        assert(code == S3_OK || code == S3_INVALID_ARGUMENT || code == S3_AUTHORIZATION_HEADER_MALFORMED);
        if (!code) {
            assert(!strcmp(claim.access_key, signer.access_key));
            assert(s3_claim_verify(&r, &claim, "secret", NULL, NULL) == S3_OK);
            assert(s3_claim_verify(&r, &claim, "Secret", NULL, NULL) == S3_SIGNATURE_DOES_NOT_MATCH);
        }
    }
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = mem_strndup((const char *)data, n);
    struct s3_header h[HEADERS];
    struct s3_request r;
    read_text(text, h, &r);
    claims(&r);
    is_stable(r.query);
    we_accept_ourselves(r);
    free(text);
    return 0;
}
