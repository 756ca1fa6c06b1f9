// SPDX-License-Identifier: Apache-2.0
//
// A large body. The HTTP thread copies what arrives into a ring; one worker at a time empties it: hashes, writes. A
// full ring holds the connection back. So the network, the hashing and the disk go on side by side, in constant
// memory, and a slow disk or a fast client hurts nobody else.
//
//   HTTP thread: push ... push, then whole (handle) or cut (the client is gone)
//   worker:      takes from the ring until it is empty; then, if all has come, ends the body and answers
//
// `running` says that a worker has the upload, and only that worker touches what is below the line; whoever finds it
// false and leaves something to do sets it and submits.
#include "s3/serve_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define RING_BYTES  (512 * 1024)
#define PIECE_BYTES (128 * 1024) // hashed and written at a time

struct upload {
    struct ask *c;
    pthread_mutex_t lock;
    char *ring;
    size_t from, n; // what waits in the ring
    bool full, whole, cut, running;
    // ----
    struct objects_writer *writer;
    struct err disk;
};

static enum s3_code to_disk(void *upload, const void *data, size_t n)
{
    struct upload *u = upload;
    int code = objects_writer_put(u->writer, data, n, &u->disk);
    return code ? store_code(code, &u->disk, &u->c->intake.e) : S3_OK;
}

struct upload *upload_new(struct ask *c)
{
    struct upload *u = mem_alloc(sizeof *u);
    *u = (struct upload){.c = c, .ring = malloc(RING_BYTES), .writer = objects_writer_new(c->s->cfg.objects)};
    if (!u->ring)
        abort();
    pthread_mutex_init(&u->lock, NULL);
    c->intake.out = to_disk;
    c->intake.ctx = u;
    return u;
}

static void upload_free(struct upload *u)
{
    objects_writer_free(u->writer);
    pthread_mutex_destroy(&u->lock);
    free(u->ring);
    free(u);
}

static void finish(struct upload *u)
{
    struct ask *c = u->c;
    struct err e = ERR_NULL;
    enum s3_code code = intake_finish(&c->intake, &e);
    int bad = code ? 0 : objects_writer_finish(u->writer, &c->content, &u->disk);
    if (bad)
        code = store_code(bad, &u->disk, &e);
    c->upload = NULL;
    upload_free(u);
    put_received(c, code, &e);
}

// With the lock held: the next piece without a break, 0 bytes when there is none.
static size_t piece(const struct upload *u, const char **at)
{
    size_t n = u->n < RING_BYTES - u->from ? u->n : RING_BYTES - u->from;
    *at = u->ring + u->from;
    return n < PIECE_BYTES ? n : PIECE_BYTES;
}

static void work(void *upload)
{
    struct upload *u = upload;
    const char *at;
    size_t n;
    pthread_mutex_lock(&u->lock);
    while (!u->cut && (n = piece(u, &at)) > 0) {
        pthread_mutex_unlock(&u->lock);
        intake_push(&u->c->intake, at, n);
        pthread_mutex_lock(&u->lock);
        u->from = (u->from + n) % RING_BYTES;
        u->n -= n;
        if (u->full && u->n <= RING_BYTES / 2) {
            u->full = false;
            http_flow_more(u->c->flow); // never comes back into here
        }
    }
    bool cut = u->cut, whole = u->whole && u->n == 0;
    u->running = cut || whole; // nobody else may start any more
    pthread_mutex_unlock(&u->lock);
    if (cut) {
        struct ask *c = u->c;
        c->upload = NULL;
        upload_free(u);
        ask_free(c);
    } else if (whole) {
        finish(u);
    }
}

// With the lock held. True: the caller submits after letting go of it.
static bool start(struct upload *u)
{
    bool idle = !u->running;
    u->running = true;
    return idle;
}

size_t upload_push(void *ask, const void *data, size_t n)
{
    struct upload *u = ((struct ask *)ask)->upload;
    struct pool *pool = &u->c->s->pool;
    pthread_mutex_lock(&u->lock);
    size_t room = RING_BYTES - u->n, took = n < room ? n : room;
    size_t to = (u->from + u->n) % RING_BYTES, first = took < RING_BYTES - to ? took : RING_BYTES - to;
    memcpy(u->ring + to, data, first);
    memcpy(u->ring, (const char *)data + first, took - first);
    u->n += took;
    u->full = took < n;
    bool submit = start(u);
    pthread_mutex_unlock(&u->lock);
    if (submit)
        pool_submit(pool, work, u);
    return took;
}

void upload_whole(struct ask *c)
{
    struct upload *u = c->upload;
    struct pool *pool = &c->s->pool;
    pthread_mutex_lock(&u->lock);
    u->whole = true;
    bool submit = start(u);
    pthread_mutex_unlock(&u->lock);
    if (submit)
        pool_submit(pool, work, u);
}

void upload_cut(void *ask)
{
    struct upload *u = ((struct ask *)ask)->upload;
    struct pool *pool = &u->c->s->pool;
    pthread_mutex_lock(&u->lock);
    u->cut = true;
    bool submit = start(u);
    pthread_mutex_unlock(&u->lock);
    if (submit)
        pool_submit(pool, work, u);
}
