// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_s3.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/bench_s3_plain.h"
#include "cli/bench_line.h"
#include "cli/bench_server.h"
#include "cli/cli.h"
#include "s3/serve.h"
#include "s3/sign.h"

#define RUNS        5
#define LARGE_BYTES ((size_t)64 << 20)
#define SMALL_BYTES 4096
#define SMALL_N     20000
#define CONNECTIONS 64
#define KEY         "bench@example.org"

struct place {
    char dir[256], data[300], file[300];
    struct objects *objects;
    struct s3_serve *s3;
    struct bench_plain *plain;
    char *body; // LARGE_BYTES
};

static bool account(void *ctx, const char *access_key, size_t nth, struct arena *a, struct s3_account *out)
{
    (void)ctx, (void)a;
    *out = (struct s3_account){.id = 1, .name = KEY, .secret = BENCH_TOKEN};
    return nth == 0 && strcmp(access_key, KEY) == 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int place_start(struct place *p, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(p->dir, sizeof p->dir, "%.200s/ondol-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(p->dir))
        return err_set(e, -errno, "%s: %s", p->dir, strerror(errno));
    snprintf(p->data, sizeof p->data, "%s/objects", p->dir);
    snprintf(p->file, sizeof p->file, "%s/plain", p->dir);
    p->body = mem_alloc(LARGE_BYTES);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        p->body[i] = (char)(i * 7 + i / 4099);
    int code = objects_open(&p->objects, &(struct objects_config){.dir = p->data}, e);
    if (!code)
        code = s3_serve_start(
            &p->s3,
            &(struct s3_serve_config){.objects = p->objects, .listen = "127.0.0.1:0", .account = account}, e);
    return code ? code : bench_plain_start(&p->plain, p->file, e);
}

static void place_stop(struct place *p)
{
    bench_plain_stop(p->plain);
    s3_serve_stop(p->s3);
    objects_close(p->objects);
    free(p->body);
    if (p->dir[0])
        nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// The head of a signed request whose body is not signed.
static void sign(struct buf *out, int port, const char *method, const char *path, size_t n)
{
    char host[64], date[17];
    struct buf text = BUF_INIT(4096);
    wall_ms now = WALL_MS(real_ms());
    snprintf(host, sizeof host, "127.0.0.1:%d", port);
    s3_amz_date(date, now);
    struct s3_header h[] = {
        {"Host", host}, {"X-Amz-Date", date}, {"X-Amz-Content-Sha256", S3_UNSIGNED_PAYLOAD}};
    struct s3_request r = {
        .method = method, .path = path, .query = "", .header = h, .header_n = ARRAY_LEN(h), .now = now};
    s3_sign_header(&(struct s3_signer){KEY, BENCH_TOKEN, "here"}, &r, &text, NULL);
    buf_putf(out, "%s %s HTTP/1.1\r\n", method, path);
    for (size_t i = 0; i < ARRAY_LEN(h); i++)
        buf_putf(out, "%s: %s\r\n", h[i].name, h[i].value);
    buf_putf(out, "Authorization: %s\r\nContent-Length: %zu\r\n\r\n", buf_str(&text), n);
    buf_deinit(&text);
}

static bool send_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t k = send(fd, data, n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        data += k;
        n -= (size_t)k;
    }
    return true;
}

// One request on a connection of its own; gives its seconds, negative when it did not answer 200 with `want`
// bytes.
static double once(int port, const char *head, size_t head_n, const char *body, size_t n, size_t want)
{
    static char room[1 << 18];
    double began = bench_now_s();
    int fd = bench_dial(port);
    size_t got = 0, whole = 0;
    bool good = fd >= 0 && send_all(fd, head, head_n) && send_all(fd, body, n);
    while (good && (whole == 0 || got < whole)) {
        ssize_t k = recv(fd, whole ? room : room + got, whole ? sizeof room : sizeof room - 1 - got, 0);
        good = k > 0;
        got += good ? (size_t)k : 0;
        if (good && !whole) {
            room[got] = '\0';
            const char *end = strstr(room, "\r\n\r\n");
            if (end)
                whole = (size_t)(end + 4 - room) + want;
            good = got < 12 || !strncmp(room, "HTTP/1.1 200", 12);
        }
    }
    if (fd >= 0)
        close(fd);
    return good ? bench_now_s() - began : -1;
}

// The two take turns, each first in every other round, and the limit is on the median of the rounds' ratios:
// what else the machine does falls on both.
static int large(struct place *p, bool put, FILE *out, struct err *e)
{
    double s3_s[RUNS], plain_s[RUNS], ratio[RUNS];
    for (int i = 0; i < RUNS; i++) {
        int port[] = {bench_plain_port(p->plain), s3_serve_port(p->s3)};
        double took[2];
        for (int turn = 0; turn < 2; turn++) {
            int k = (i + turn) % 2;
            struct buf head = BUF_INIT(8192);
            sign(&head, port[k], put ? "PUT" : "GET", "/bench/large", put ? LARGE_BYTES : 0);
            took[k] =
                once(port[k], buf_str(&head), head.n, p->body, put ? LARGE_BYTES : 0, put ? 0 : LARGE_BYTES);
            buf_deinit(&head);
            if (took[k] < 0)
                return err_set(e, -EPROTO, "bench: a large object was refused");
        }
        plain_s[i] = took[0];
        s3_s[i] = took[1];
        ratio[i] = took[1] / took[0];
    }
    struct bench_spread a = bench_spread(s3_s, RUNS), b = bench_spread(plain_s, RUNS);
    struct bench_spread r = bench_spread(ratio, RUNS);
    fprintf(out,
            "s3: %s of 64 MiB: %.0f MiB/s (%.3f s, %.3f..%.3f); a plain handler%s, in turns: %.3f s "
            "(%.3f..%.3f); %.2f times (%.2f..%.2f; at most 1.5: %s)\n",
            put ? "durable PUT" : "GET", 64 / a.median, a.median, a.least, a.most, put ? " that syncs too" : "",
            b.median, b.least, b.most, r.median, r.least, r.most, r.median <= 1.5 ? "yes" : "no");
    return 0;
}

struct line {
    int fd;
    size_t n;
    char answer[4097];
};

static bool next(struct line *l, int port, const char *body, long serial)
{
    char path[64];
    struct buf b = BUF_INIT(16384);
    snprintf(path, sizeof path, "/bench/small/%08ld", serial);
    sign(&b, port, "PUT", path, SMALL_BYTES);
    buf_put(&b, body, SMALL_BYTES);
    l->n = 0;
    bool good = send_all(l->fd, buf_str(&b), b.n);
    buf_deinit(&b);
    return good;
}

// 1: answered, 0: more is to come, -1: refused.
static int step(struct line *l)
{
    ssize_t k = recv(l->fd, l->answer + l->n, sizeof l->answer - 1 - l->n, 0);
    if (k <= 0)
        return -1;
    l->n += (size_t)k;
    l->answer[l->n] = '\0';
    if (!strstr(l->answer, "\r\n\r\n"))
        return 0;
    return strncmp(l->answer, "HTTP/1.1 200", 12) ? -1 : 1;
}

static int run_small(struct place *p, struct line *line, int epoll, long first, long n, struct err *e)
{
    int port = s3_serve_port(p->s3);
    long sent = 0, done = 0;
    for (int i = 0; i < CONNECTIONS; i++)
        if (!next(&line[i], port, p->body, first + sent++))
            return err_set(e, -EIO, "bench: a request could not be sent");
    while (done < n) {
        struct epoll_event ready[CONNECTIONS];
        int k = epoll_wait(epoll, ready, CONNECTIONS, 10000);
        if (k <= 0)
            return err_set(e, -ETIMEDOUT, "bench: no answer within 10 s");
        for (int i = 0; i < k; i++) {
            struct line *l = ready[i].data.ptr;
            int got = step(l);
            if (got < 0)
                return err_set(e, -EPROTO, "bench: the answer is %.200s", l->answer);
            done += got;
            if (got && sent < n && !next(l, port, p->body, first + sent++))
                return err_set(e, -EIO, "bench: a request could not be sent");
        }
    }
    return 0;
}

static int small(struct place *p, FILE *out, struct err *e)
{
    struct line *line = mem_array(CONNECTIONS, sizeof *line);
    int epoll = epoll_create1(EPOLL_CLOEXEC), code = 0;
    double rate[RUNS];
    clock_t used = clock();
    for (int i = 0; i < CONNECTIONS && !code; i++) {
        line[i].fd = bench_dial(s3_serve_port(p->s3));
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &line[i]};
        if (line[i].fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, line[i].fd, &ev) < 0)
            code = err_set(e, -errno, "bench: connection %d: %s", i + 1, strerror(errno));
    }
    for (int i = 0; i < RUNS && !code; i++) {
        double began = bench_now_s();
        code = run_small(p, line, epoll, (long)i * (SMALL_N / RUNS), SMALL_N / RUNS, e);
        rate[i] = SMALL_N / RUNS / (bench_now_s() - began);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        if (line[i].fd > 0)
            close(line[i].fd);
    close(epoll);
    free(line);
    if (code)
        return code;
    struct bench_spread r = bench_spread(rate, RUNS);
    fprintf(out,
            "s3: durable PUT of 4 kB, %d connections, each key new: %.0f/s (%.0f..%.0f; at least 3,000: %s)\n",
            CONNECTIONS, r.median, r.least, r.most, r.median >= 3000 ? "yes" : "no");
    fprintf(out, "    %.0f us of processor for each, client and signing included\n",
            (double)(clock() - used) * 1e6 / CLOCKS_PER_SEC / SMALL_N);
    return 0;
}

int bench_s3(FILE *out)
{
    struct place p = {0};
    struct err e = ERR_NULL;
    int bad = place_start(&p, &e);
    struct objects_op bucket = {
        .kind = OBJECTS_CREATE_BUCKET, .account = 1, .name = "bench", .now_ms = real_ms()};
    if (!bad && (bad = objects_do(p.objects, &bucket)) < 0)
        e = bucket.e;
    if (!bad)
        bad = large(&p, true, out, &e);
    if (!bad)
        bad = large(&p, false, out, &e);
    if (!bad)
        bad = small(&p, out, &e);
    place_stop(&p);
    if (bad)
        cli_fail_err(0, &e);
    return bad != 0;
}
