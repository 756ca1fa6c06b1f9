// SPDX-License-Identifier: Apache-2.0
//
// Answers from a file (libmicrohttpd uses sendfile where there is no TLS) and from a reader.
#include "net/http_inside.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define BLOCK_BYTES (128 * 1024) // read at a time, and kept for each answer under way

static ssize_t read_block(void *content, uint64_t at, char *out, size_t room)
{
    const struct http_content *c = content;
    ssize_t n = c->read(c->ctx, at, out, room);
    return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_content(void *content)
{
    struct http_content *c = content;
    if (c->free)
        c->free(c->ctx);
    free(c);
}

static struct MHD_Response *from_reader(const struct http_content *c)
{
    struct http_content *own = mem_alloc(sizeof *own);
    *own = *c;
    return MHD_create_response_from_callback(c->n, BLOCK_BYTES, read_block, own, free_content);
}

struct MHD_Response *response_content(const char *content_type, const struct http_content *c,
                                      const char *const *extra_headers)
{
    if (!c->n && !c->read)
        close(c->fd);
    struct MHD_Response *m = c->read ? from_reader(c)
                             : c->n  ? MHD_create_response_from_fd_at_offset64(c->n, c->fd, c->offset)
                                     : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!m)
        abort();
    if (content_type)
        MHD_add_response_header(m, "Content-Type", content_type);
    for (const char *const *h = extra_headers; h && h[0] && h[1]; h += 2)
        MHD_add_response_header(m, h[0], h[1]);
    return m;
}

void http_reply_content(struct http_request *r, int status, const char *content_type,
                        const struct http_content *c, const char *const *extra_headers)
{
    reply_response(r, status, response_content(content_type, c, extra_headers));
}

void http_unpark_content(struct http_park *p, int status, const char *content_type,
                         const struct http_content *c, const char *const *extra_headers)
{
    park_answer(p, status, response_content(content_type, c, extra_headers));
}
