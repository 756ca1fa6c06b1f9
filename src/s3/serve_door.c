// SPDX-License-Identifier: Apache-2.0
//
// The door for attempts when the objects lie outside (docs/design/0036): what a lease may do is judged as
// ever, and the answer is where to do it, a URL that is good for this one request and for minutes. No byte of
// an object comes through here, and no key of the storage leaves the server.
#include <stdlib.h>
#include <string.h>

#include "s3/outside.h"
#include "s3/serve_inside.h"

#define URL_LIVES_S 300

static void answer(struct ask *c, int status)
{
    ask_header(c, "x-amz-request-id", c->id);
    http_refuse(c->request, status, NULL, NULL, 0, c->header);
    ask_free(c);
}

// Where the bytes really are.
static bool address(const struct ask *c, struct s3_outside_ask *to, char bucket[S3_OUTSIDE_BUCKET_BYTES],
                    struct buf *key)
{
    const struct s3_outside *o = c->s->cfg.outside;
    if (c->route.bucket[0] == '~') { // serve_lease.c gave it this name
        buf_putf(key, "%s/", c->route.bucket + 1);
        buf_put(key, c->route.key, c->route.key_n);
        to->bucket = o->staging;
    } else {
        buf_put(key, c->route.key, c->route.key_n);
        if (!s3_outside_bucket(o, c->account.id, c->route.bucket, bucket))
            return false;
        to->bucket = bucket;
    }
    to->key = c->route.key_n ? buf_str(key) : NULL;
    to->key_n = c->route.key_n ? key->n : 0;
    return true;
}

void door_answer(struct ask *c)
{
    char bucket[S3_OUTSIDE_BUCKET_BYTES];
    struct err e = ERR_NULL;
    if (c->route.op == S3_OP_CREATE_BUCKET) { // its place is there
        answer(c, 200);
        return;
    }
    struct buf key = BUF_INIT(4096), url = BUF_INIT(S3_OUTSIDE_URL_BYTES);
    const char *md5 = http_header(c->request, "Content-MD5");
    struct s3_header signed_too = {"Content-MD5", md5};
    struct s3_outside_ask to = {.method = c->r.method,
                                .query = c->r.query,
                                .header = &signed_too,
                                .header_n = md5 ? 1 : 0,
                                .lives_s = URL_LIVES_S};
    enum s3_code code = S3_NO_SUCH_BUCKET;
    if (address(c, &to, bucket, &key))
        code = s3_outside_url(c->s->cfg.outside, &to, WALL_MS(c->now_ms), &url, &e);
    if (!code)
        ask_header(c, "Location", arena_strdup(&c->a, buf_str(&url)));
    buf_deinit(&key);
    buf_deinit(&url);
    if (code)
        ask_refuse(c, code, &e);
    else
        answer(c, 307);
}
