// SPDX-License-Identifier: Apache-2.0
//
// Clients are due in turn at even distances: one of a thousand every 0.1 ms. A client whose answer is not
// there when it is due again waits for it, as a real one would, and asks then; that poll was late or missed.
// All are one thread with requests made before, so that the machine is left to the server. On a machine that
// has other work to do the processor time that the server used says more than what it managed to answer.
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bench_api.h"
#include "cli/bench_line.h"

#define EVERY_S    0.1
#define GIVE_UP    10.0 // seconds without any answer
#define ANSWER     ((size_t)1 << 20)
#define MISSED_PPM 10000 // of the polls; with more the server did not keep up

struct poller {
    struct bench_line line;
    char request[160];
    size_t request_n;
    double sent_s; // 0: nothing is under way
    bool late;     // asks as soon as it is answered
};

struct polls {
    struct poller *v;
    int n, epoll;
    double begin_s, end_s;
    long turn; // whose client's it is: turn % n, due at begin_s + turn * EVERY_S / n
    double *took_ms;
    long n_took, under_way;
};

struct used { // seconds of processor
    double server_s, clients_s;
};

static struct used used_now(const struct bench_server *s)
{
    return (struct used){bench_cpu_s(s->pid[0]), (double)clock() / CLOCKS_PER_SEC};
}

// ---- which processor

// Every thread of the server; what it starts later is where its parent is.
static void place(pid_t pid, const cpu_set_t *set)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *t; d && (t = readdir(d));)
        if (t->d_name[0] != '.')
            sched_setaffinity((pid_t)atol(t->d_name), sizeof *set, set);
    if (d)
        closedir(d);
}

// The server on the first processor we may use, we on the others, if there are any. Gives their number.
static int apart(pid_t server, cpu_set_t *before)
{
    cpu_set_t one, rest;
    int n = 0;
    CPU_ZERO(&one);
    CPU_ZERO(before);
    sched_getaffinity(0, sizeof *before, before);
    rest = *before;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, before))
            continue;
        if (n++ == 0) {
            CPU_SET(i, &one);
            CPU_CLR(i, &rest);
        }
    }
    place(server, &one);
    if (n > 1)
        sched_setaffinity(0, sizeof rest, &rest);
    return n;
}

// ---- clients

static int pollers_open(struct polls *p, const struct bench_server *s, char (*uuid)[40], struct err *e)
{
    int bad = 0;
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < p->n && !bad; i++) {
        struct poller *c = &p->v[i];
        char target[64];
        struct buf b = BUF_INIT(sizeof c->request - 1);
        snprintf(target, sizeof target, "/tasks/%s", uuid[i]);
        bench_request(&b, "GET", target, NULL, 0);
        snprintf(c->request, sizeof c->request, "%s", buf_str(&b));
        c->request_n = b.n;
        buf_deinit(&b);
        bad = bench_line_open(&c->line, s->port, ANSWER, e);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
        if (!bad && epoll_ctl(p->epoll, EPOLL_CTL_ADD, c->line.fd, &ev) < 0)
            bad = err_set(e, -errno, "bench: client %d: %s", i + 1, strerror(errno));
    }
    return bad;
}

static int ask(struct polls *p, struct poller *c, double now, struct err *e)
{
    c->sent_s = now;
    c->late = false;
    p->under_way++;
    return bench_line_send(&c->line, c->request, c->request_n, e);
}

static int answers(struct polls *p, int timeout_ms, struct err *e)
{
    struct epoll_event ready[128];
    int n = epoll_wait(p->epoll, ready, (int)ARRAY_LEN(ready), timeout_ms);
    for (int i = 0; i < n; i++) {
        struct poller *c = ready[i].data.ptr;
        int got = bench_line_step(&c->line, e);
        if (got < 0)
            return got;
        if (got == 0)
            continue;
        if (c->line.status != 200)
            return err_set(e, -EPROTO, "bench: the answer is %.120s", buf_str(&c->line.answer));
        double now = bench_now_s();
        p->took_ms[p->n_took++] = (now - c->sent_s) * 1000;
        c->sent_s = 0;
        p->under_way--;
        if (c->late && now < p->end_s && (got = ask(p, c, now, e)) < 0)
            return got;
    }
    return n;
}

static int ask_those_due(struct polls *p, double now, struct err *e)
{
    int bad = 0;
    for (; !bad && p->begin_s + (double)p->turn * EVERY_S / p->n <= now; p->turn++) {
        struct poller *c = &p->v[p->turn % p->n];
        if (c->sent_s > 0)
            c->late = true;
        else
            bad = ask(p, c, now, e);
    }
    return bad;
}

static int run(struct polls *p, struct err *e)
{
    double heard_s = bench_now_s();
    for (double now; (now = bench_now_s()) < p->end_s || p->under_way;) {
        int bad = now < p->end_s ? ask_those_due(p, now, e) : 0;
        int got = bad ? bad : answers(p, 1, e);
        if (got < 0)
            return got;
        if (got > 0 || !p->under_way)
            heard_s = now;
        if (now - heard_s > GIVE_UP)
            return err_set(e, -ETIMEDOUT, "bench: no answer within %.0f s", GIVE_UP);
    }
    return 0;
}

static void report(const struct polls *p, const struct bench_api_size *z, struct used used, int processors,
                   const char *which, FILE *out)
{
    double want = z->poll_s / EVERY_S * z->pollers, n = p->n_took ? (double)p->n_took : 1;
    struct bench_spread r = bench_spread(p->took_ms, (size_t)p->n_took);
    bool kept_up = n >= want * (1 - MISSED_PPM / 1e6);
    fprintf(
        out,
        "api: %d clients, GET /tasks/{id}%s every %.0f ms each, server on one of %d processors: no error, "
        "%ld of %.0f answered in %.0f s: %s; %.1f ms (%.1f..%.1f, 99 %% within %.1f)\n"
        "     the server used %.2f s of processor, %.0f us for each: %.0f answers in each such second; the "
        "clients %.2f s\n",
        p->n, which, EVERY_S * 1000, processors, p->n_took, want, z->poll_s,
        kept_up ? "yes" : "no, it fell behind", r.median, r.least, r.most,
        p->n_took ? p->took_ms[p->n_took * 99 / 100] : 0, used.server_s, used.server_s * 1e6 / n,
        used.server_s > 0 ? n / used.server_s : 0, used.clients_s);
}

static int poll_all(struct polls *p, const struct bench_server *s, char (*uuid)[40], struct used *used,
                    double poll_s, struct err *e)
{
    int bad = pollers_open(p, s, uuid, e);
    struct used before = used_now(s);
    p->begin_s = bench_now_s();
    p->end_s = p->begin_s + poll_s;
    if (!bad)
        bad = run(p, e);
    *used = used_now(s);
    used->server_s -= before.server_s;
    used->clients_s -= before.clients_s;
    for (int i = 0; i < p->n; i++)
        bench_line_close(&p->v[i].line);
    close(p->epoll);
    return bad;
}

int bench_poll(struct bench_server *s, char (*uuid)[40], const char *which, const struct bench_api_size *z,
               FILE *out, struct err *e)
{
    struct polls p = {.n = z->pollers, .v = mem_array((size_t)z->pollers, sizeof *p.v)};
    size_t most = (size_t)(z->poll_s / EVERY_S + 2) * (size_t)z->pollers;
    cpu_set_t before;
    struct used used;
    p.took_ms = mem_array(most, sizeof *p.took_ms);
    int processors = apart(s->pid[0], &before);
    int bad = poll_all(&p, s, uuid, &used, z->poll_s, e);
    sched_setaffinity(0, sizeof before, &before);
    place(s->pid[0], &before);
    if (!bad)
        report(&p, z, used, processors, which, out);
    free(p.took_ms);
    free(p.v);
    return bad;
}
