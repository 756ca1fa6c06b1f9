// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/bench_line.h"
#include "cli/cli.h"

#define BULK_S    1.0
#define PAGE_MS   50.0
#define WALKS     3
#define BULK_MOST 10000 // tasks in one request (GET /ondol/v1/limits)
#define ANSWER    ((size_t)64 << 20)

static const char *yes(bool held)
{
    return held ? "yes" : "no";
}

static void put_tasks(struct buf *b, int tasks, int instances)
{
    for (int i = 0; i < tasks; i++)
        buf_putf(b,
                 "%c{\"name\":\"frame %d\",\"profile\":\"docker-batch\",\"instanceCount\":%d,\"constants\":"
                 "[{\"key\":\"DOCKER_CMD\",\"value\":\"render ${INSTANCE_ID}\"}]}",
                 i ? ',' : '[', i, instances);
    buf_putc(b, ']');
}

static int bulk_call(struct bench_line *l, int tasks, int instances, double *ms, struct err *e)
{
    struct buf body = BUF_INIT(ANSWER), request = BUF_INIT(ANSWER);
    put_tasks(&body, tasks, instances);
    bench_request(&request, "POST", "/tasks", buf_str(&body), body.n);
    int bad = bench_line_ask(l, buf_str(&request), request.n, ms, e);
    buf_deinit(&body);
    buf_deinit(&request);
    return bad;
}

static int abort_all(struct bench_line *l, struct err *e)
{
    struct buf request = BUF_INIT(1024);
    double ms;
    bench_request(&request, "POST", "/ondol/v1/tasks/abort", "", 0);
    int bad = bench_line_ask(l, buf_str(&request), request.n, &ms, e);
    buf_deinit(&request);
    return bad;
}

// All are ended after each round, so that every round begins with a server that has nothing to do.
static int bulk(struct bench_server *s, const struct bench_api_size *z, int tasks, FILE *out, struct err *e)
{
    struct bench_line l;
    double *took_s = mem_array((size_t)z->rounds, sizeof *took_s), ms = 0;
    double used_s = 0;
    int bad = bench_line_open(&l, s->port, ANSWER, e), instances = z->instances / tasks;
    for (int i = 0; i < z->rounds && !bad; i++) {
        used_s -= bench_cpu_s(s->pid[0]);
        bad = bulk_call(&l, tasks, instances, &ms, e);
        used_s += bench_cpu_s(s->pid[0]);
        took_s[i] = ms / 1000;
        bad = bad ? bad : abort_all(&l, e);
    }
    bench_line_close(&l);
    struct bench_spread r = bench_spread(took_s, (size_t)z->rounds);
    free(took_s);
    if (bad)
        return bad;
    fprintf(out,
            "api: one POST /tasks with %d tasks of %d instances, %d in all: %.3f s (%.3f..%.3f; under %.0f: "
            "%s), %.2f s of processor; acknowledged when it is on disk\n",
            tasks, instances, tasks * instances, r.median, r.least, r.most, BULK_S, yes(r.median < BULK_S),
            used_s / z->rounds);
    return 0;
}

// ---- pages

// The text after "name":" up to the next quote; "" when it is null or not there.
static void member(const char *text, const char *name, char *out, size_t cap)
{
    char front[40];
    snprintf(front, sizeof front, "\"%s\":\"", name);
    const char *at = strstr(text, front);
    at = at ? at + strlen(front) : "";
    snprintf(out, cap, "%.*s", (int)strcspn(at, "\""), at);
}

// The members of the page itself stand after its data.
static const char *last(const char *text, const char *name)
{
    const char *at = NULL;
    for (const char *p = text; (p = strstr(p, name)); p++)
        at = p;
    return at ? at : "";
}

struct walk {
    const char *target;
    int page, n_pages;
    double *least_ms, most_ms; // of each page over all walks, of any page in any walk
};

static int page(struct bench_line *l, const struct walk *w, char token[400], double *ms, struct err *e)
{
    struct buf body = BUF_INIT(1024), request = BUF_INIT(4096);
    char quoted[420];
    snprintf(quoted, sizeof quoted, *token ? "\"%s\"" : "null", token);
    buf_putf(&body, "{\"token\":%s,\"filter\":null,\"maximumResults\":%d}", quoted, w->page);
    bench_request(&request, "POST", w->target, buf_str(&body), body.n);
    int bad = bench_line_ask(l, buf_str(&request), request.n, ms, e);
    if (!bad)
        member(last(bench_line_body(l), "\"nextToken\":"), "nextToken", token, 400);
    buf_deinit(&body);
    buf_deinit(&request);
    return bad;
}

static int walk(struct bench_line *l, struct walk *w, bool first, struct err *e)
{
    char token[400] = "";
    for (int i = 0; i < w->n_pages; i++) {
        double ms = 0;
        int bad = page(l, w, token, &ms, e);
        if (bad)
            return bad;
        w->least_ms[i] = first || ms < w->least_ms[i] ? ms : w->least_ms[i];
        w->most_ms = ms > w->most_ms ? ms : w->most_ms;
        if (!*token != (i == w->n_pages - 1))
            return err_set(e, -EPROTO, "bench: %s: page %d of %d is %sthe last", w->target, i + 1, w->n_pages,
                           *token ? "not " : "");
    }
    return 0;
}

static int walks(struct bench_server *s, const char *target, int size, int tasks, FILE *out, struct err *e)
{
    struct bench_line l;
    struct walk w = {.target = target, .page = size, .n_pages = (tasks + size - 1) / size};
    w.least_ms = mem_array((size_t)w.n_pages, sizeof *w.least_ms);
    int bad = bench_line_open(&l, s->port, ANSWER, e);
    for (int i = 0; i < WALKS && !bad; i++)
        bad = walk(&l, &w, i == 0, e);
    bench_line_close(&l);
    struct bench_spread r = bench_spread(w.least_ms, (size_t)w.n_pages);
    free(w.least_ms);
    if (!bad)
        fprintf(
            out,
            "api: %d tasks by POST %s, %d pages of %d: %.1f ms (%.1f..%.1f, each page's least of %d walks; "
            "none over %.0f: %s; the longest of all %.1f)\n",
            tasks, target, w.n_pages, size, r.median, r.least, r.most, WALKS, PAGE_MS, yes(r.most <= PAGE_MS),
            w.most_ms);
    return bad;
}

// The uuids of the newest tasks, one for each client.
static int uuids(const char *body, char (*uuid)[40], int n, struct err *e)
{
    for (int i = 0; i < n; i++) {
        body = strstr(body, "\"uuid\":\"");
        if (!body)
            return err_set(e, -EPROTO, "bench: a bulk call gave %d tasks instead of %d", i, n);
        snprintf(uuid[i], sizeof uuid[i], "%.36s", body + 8);
        body += 8;
    }
    return 0;
}

static int fill(struct bench_server *s, const struct bench_api_size *z, char (*uuid)[40], struct err *e)
{
    struct bench_line l;
    double ms;
    int bad = bench_line_open(&l, s->port, ANSWER, e);
    for (int left = z->tasks; left > 0 && !bad; left -= BULK_MOST)
        bad = bulk_call(&l, left < BULK_MOST ? left : BULK_MOST, 1, &ms, e);
    if (!bad)
        bad = uuids(bench_line_body(&l), uuid, z->pollers, e);
    bench_line_close(&l);
    return bad;
}

// The same tasks; the server keeps answers under the uuid as it writes it only, so these are made anew.
static void shout(char (*uuid)[40], int n)
{
    for (int i = 0; i < n; i++)
        for (char *p = uuid[i]; *p; p++)
            *p = *p >= 'a' && *p <= 'f' ? (char)(*p - 'a' + 'A') : *p;
}

// Tasks that were ended before are in lists as well, so that this is a server of its own.
static int lists_and_polls(const struct bench_api_size *z, FILE *out, struct err *e)
{
    static const char *const target[] = {"/tasks/paginate", "/tasks/summaries/paginate"};
    static const int size[] = {50, 1000};
    struct bench_server s;
    char(*uuid)[40] = mem_array((size_t)z->pollers, sizeof *uuid);
    int bad = bench_server_start(&s, e);
    if (!bad)
        bad = fill(&s, z, uuid, e);
    for (size_t i = 0; i < 4 && !bad; i++)
        bad = walks(&s, target[i % 2], size[i / 2], z->tasks, out, e);
    if (!bad)
        bad = bench_poll(&s, uuid, "", z, out, e);
    shout(uuid, z->pollers);
    if (!bad)
        bad = bench_poll(&s, uuid, " in capitals, whose answers are not kept,", z, out, e);
    bench_server_stop(&s);
    free(uuid);
    return bad;
}

int bench_api_part(FILE *out, const struct bench_api_size *z, struct err *e)
{
    struct bench_server s;
    int most = z->instances / 5 < BULK_MOST ? z->instances / 5 : BULK_MOST;
    int bad = bench_server_start(&s, e);
    if (!bad)
        bad = bulk(&s, z, (z->instances + 1999) / 2000, out, e);
    if (!bad)
        bad = bulk(&s, z, most, out, e);
    bench_server_stop(&s);
    return bad ? bad : lists_and_polls(z, out, e);
}

int bench_api(FILE *out)
{
    static const struct bench_api_size size = {
        .rounds = 5, .instances = 50000, .tasks = 100000, .pollers = 1000, .poll_s = 10};
    struct err e = ERR_NULL;
    int bad = bench_api_part(out, &size, &e);
    if (bad)
        cli_fail_err(0, &e);
    return bad != 0;
}
