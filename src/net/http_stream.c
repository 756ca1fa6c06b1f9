// SPDX-License-Identifier: Apache-2.0
//
// Streams. A bounded queue lies between the sending threads and libmicrohttpd, which asks for bytes whenever
// the socket takes some. When the queue is empty the connection is suspended until somebody sends; when it
// would overflow, the reader is too slow and the socket is shut down: its next write fails and libmicrohttpd
// ends the request.
//
//      send: append ----> [queue, <= HTTP_STREAM_QUEUE_BYTES] ----> read_more (thread H) ----> socket
//              \--- empty and suspended: resume                        \--- empty: suspend
#include "net/http_inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

struct http_stream {
    atomic_int refs; // libmicrohttpd's response, the request, the holder
    pthread_mutex_t lock;
    struct http_server *server;
    struct MHD_Connection *mc; // NULL once its request has ended
    int fd;
    struct buf queue;
    size_t taken;   // bytes at the front of the queue already given to libmicrohttpd
    bool suspended; // waiting for bytes
    bool ended;     // no more bytes come
    bool cut;       // the client is gone or too slow
};

static void stream_unref(void *stream)
{
    struct http_stream *st = stream;
    if (atomic_fetch_sub(&st->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&st->lock);
    buf_deinit(&st->queue);
    free(st);
}

// Thread H; libmicrohttpd asks for at most `max` bytes.
static ssize_t read_more(void *stream, uint64_t pos, char *out, size_t max)
{
    (void)pos;
    struct http_stream *st = stream;
    ssize_t n;
    pthread_mutex_lock(&st->lock);
    size_t left = st->queue.n - st->taken;
    if (st->cut) {
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (left) {
        size_t take = left < max ? left : max;
        memcpy(out, st->queue.v + st->taken, take);
        st->taken += take;
        if (st->taken == st->queue.n) {
            buf_clear(&st->queue);
            st->taken = 0;
        }
        n = (ssize_t)take;
    } else if (st->ended) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        st->suspended = true;
        MHD_suspend_connection(st->mc);
        n = 0;
    }
    pthread_mutex_unlock(&st->lock);
    return n;
}

struct http_stream *http_stream_start(struct http_request *r, const char *content_type)
{
    struct http_stream *st = mem_alloc(sizeof *st);
    atomic_init(&st->refs, 3);
    pthread_mutex_init(&st->lock, NULL);
    st->server = r->server;
    st->mc = r->mc;
    st->fd = r->conn->fd;
    st->queue = BUF_INIT(2 * HTTP_STREAM_QUEUE_BYTES);
    pthread_mutex_lock(&r->lock);
    r->stream = st;
    st->ended = !watch_open(r);
    pthread_mutex_unlock(&r->lock);
    struct MHD_Response *m =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 * 1024, read_more, st, stream_unref);
    if (!m)
        abort();
    if (content_type)
        MHD_add_response_header(m, "Content-Type", content_type);
    MHD_add_response_header(m, "Cache-Control", "no-cache");
    MHD_queue_response(r->mc, 200, m);
    MHD_destroy_response(m);
    r->stage = STAGE_ANSWERED;
    return st;
}

// With stream.lock held.
static void wake(struct http_stream *st)
{
    if (st->suspended && st->mc) {
        st->suspended = false;
        server_resume(st->server, st->mc);
    }
}

// With stream.lock held.
static void cut(struct http_stream *st)
{
    st->cut = true;
    if (st->mc)
        shutdown(st->fd, SHUT_RDWR);
    wake(st);
}

bool http_stream_send(struct http_stream *st, const void *data, size_t n)
{
    pthread_mutex_lock(&st->lock);
    bool good = st->mc && !st->cut && !st->ended;
    if (good && st->queue.n - st->taken + n > HTTP_STREAM_QUEUE_BYTES) {
        cut(st);
        good = false;
    }
    if (good && n) {
        // Bytes already given away are dropped only once they are as many as what may wait: each byte moves
        // once at most.
        if (st->taken > HTTP_STREAM_QUEUE_BYTES / 2) {
            buf_drop_front(&st->queue, st->taken);
            st->taken = 0;
        }
        buf_put(&st->queue, data, n);
        wake(st);
    }
    pthread_mutex_unlock(&st->lock);
    return good;
}

void http_stream_end(struct http_stream *st)
{
    stream_finish(st);
    stream_unref(st);
}

void stream_finish(struct http_stream *st)
{
    pthread_mutex_lock(&st->lock);
    st->ended = true;
    wake(st);
    pthread_mutex_unlock(&st->lock);
}

void stream_cut(struct http_stream *st)
{
    pthread_mutex_lock(&st->lock);
    cut(st);
    pthread_mutex_unlock(&st->lock);
}

void stream_close(struct http_stream *st)
{
    pthread_mutex_lock(&st->lock);
    st->mc = NULL;
    st->cut = true;
    pthread_mutex_unlock(&st->lock);
    stream_unref(st);
}
