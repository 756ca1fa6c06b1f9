// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_s3_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_server.h"

struct bench_plain {
    struct http_server *http;
    char *file;
};

struct body {
    int fd;
    bool good;
    struct http_flow *flow;
};

static size_t push(void *ctx, const void *data, size_t n)
{
    struct body *b = ctx;
    b->good = b->good && write(b->fd, data, n) == (ssize_t)n;
    return n;
}

static void end(void *ctx)
{
    struct body *b = ctx;
    close(b->fd);
    http_flow_free(b->flow);
    free(b);
}

static void head(void *ctx, struct http_request *r)
{
    struct bench_plain *p = ctx;
    if (strcmp(http_method(r), "PUT") != 0)
        return;
    struct body *b = mem_alloc(sizeof *b);
    b->fd = open(p->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    b->good = b->fd >= 0;
    b->flow = http_sink(r, &(struct http_sink){.push = push, .cut = end, .ctx = b});
}

static void handle(void *ctx, struct http_request *r)
{
    struct bench_plain *p = ctx;
    struct body *b = http_sink_ctx(r);
    struct stat st;
    if (b) {
        bool good = b->good && fsync(b->fd) == 0;
        end(b);
        http_reply(r, good ? 200 : 500, NULL, NULL, 0, NULL);
        return;
    }
    struct http_content c = {.fd = open(p->file, O_RDONLY | O_CLOEXEC)};
    if (c.fd < 0 || fstat(c.fd, &st) < 0) {
        http_reply(r, 500, NULL, NULL, 0, NULL);
        return;
    }
    c.n = (uint64_t)st.st_size;
    http_reply_content(r, 200, NULL, &c, NULL);
}

int bench_plain_start(struct bench_plain **ret, const char *file, struct err *e)
{
    struct bench_plain *p = mem_alloc(sizeof *p);
    p->file = mem_strdup(file);
    struct http_config h = {
        .listen = "127.0.0.1:0", .limits = {.header_bytes = 32768}, .handle = handle, .head = head, .ctx = p};
    int code = http_server_new(&p->http, &h, e);
    if (code < 0) {
        bench_plain_stop(p);
        return code;
    }
    *ret = p;
    return 0;
}

int bench_plain_port(const struct bench_plain *p)
{
    return http_server_port(p->http);
}

void bench_plain_stop(struct bench_plain *p)
{
    if (!p)
        return;
    http_server_free(p->http);
    free(p->file);
    free(p);
}
