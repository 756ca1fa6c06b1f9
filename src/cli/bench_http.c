// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/bench_load.h"
#include "cli/bench_server.h"
#include "cli/cli.h"
#include "core/heat/curve.h"
#include "net/wire.h"

#define RUNS        5
#define CONNECTIONS 64
#define TASKS       100000
#define PAGES       21
#define BOARDS      1000

static const char task[] = "{\"name\":\"price of a basket option\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"constants\":"
                           "[{\"key\":\"DOCKER_CMD\",\"value\":\"/bin/true ${INSTANCE_ID}\"}]}";

static void request(struct buf *b, const char *path, const char *body, size_t n)
{
    *b = BUF_INIT((size_t)8 << 20);
    buf_putf(b, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " BENCH_TOKEN
                "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", path, n);
    buf_put(b, body, n);
}

static int submissions(struct bench_server *s, FILE *out, struct err *e)
{
    struct buf b;
    double rate[RUNS], idle_mb = bench_server_rss_mb(s);
    request(&b, "/tasks", task, sizeof task - 1);
    int bad = 0;
    for (int i = 0; i < RUNS && !bad; i++) {
        double took_s;
        bad = bench_load(s->port, CONNECTIONS, buf_str(&b), b.n, TASKS / RUNS, &took_s, e);
        rate[i] = TASKS / RUNS / took_s;
    }
    buf_deinit(&b);
    if (bad)
        return bad;
    struct bench_spread r = bench_spread(rate, RUNS);
    double kb = (bench_server_rss_mb(s) - idle_mb) * 1024 / TASKS;
    fprintf(out, "http: durable single-task submissions, %d connections: %.0f/s (%.0f..%.0f; at least 4,000)\n", CONNECTIONS, r.median,
            r.least, r.most);
    fprintf(out, "      rival, measured apart: Slurm 22.05 sbatch, about 1,000/s and not durable (kill -9 lost the last 1,000)\n");
    fprintf(out, "http: memory for each queued task: %.2f kB resident (at most 0.5); Slurm 22.05: 4.4 kB\n", kb);
    return 0;
}

static int pages(struct bench_server *s, FILE *out, struct err *e)
{
    static const char *const what[] = {"/tasks/paginate", "/tasks/summaries/paginate"};
    for (size_t k = 0; k < ARRAY_LEN(what); k++) {
        double ms[PAGES];
        json_t *token = json_null();
        int code = 0;
        for (int i = 0; i < PAGES && !code; i++) {
            json_t *got = NULL, *body = json_pack("{s:O,s:i}", "token", token, "maximumResults", 50);
            double began = bench_now_s();
            code = api_json(&s->api, "POST", what[k], body, &got, e);
            ms[i] = (bench_now_s() - began) * 1000;
            json_decref(body);
            json_decref(token);
            token = json_incref(json_object_get(got, "nextToken"));
            json_decref(got);
        }
        json_decref(token);
        if (code)
            return -EIO;
        struct bench_spread r = bench_spread(ms, PAGES);
        fprintf(out, "http: a page of 50 of %d tasks, %s: %.1f ms with a connection each (%.1f..%.1f; at most 20)\n", TASKS, what[k],
                r.median, r.least, r.most);
    }
    return 0;
}

static int cancelling(struct bench_server *s, FILE *out, struct err *e)
{
    double began = bench_now_s();
    if (api_json(&s->api, "POST", "/ondol/v1/tasks/abort", NULL, NULL, e))
        return -EIO;
    double took_s = bench_now_s() - began;
    fprintf(out, "http: cancel %d queued tasks: %.2f s (at most 1); Slurm 22.05 scancel, measured apart: over 300 s\n", TASKS, took_s);
    return 0;
}

// A node that offers 1,000 boards and then says nothing more.
static int idle_memory(FILE *out, struct err *e)
{
    struct bench_server s;
    struct buf got;
    struct sync_up up = {.node = "building", .nonce = 1, .has_offer = true};
    up.offer.zone = mem_array(BOARDS, sizeof *up.offer.zone);
    up.offer.board = mem_array(BOARDS, sizeof *up.offer.board);
    up.offer.n_zones = up.offer.n_boards = BOARDS;
    for (int i = 0; i < BOARDS; i++) {
        struct offer_zone *z = &up.offer.zone[i];
        struct offer_board *o = &up.offer.board[i];
        *z = (struct offer_zone){.site = "home", .nameplate_w = 150, .setpoint_mc = 20000, .mode = ZONE_COMFORT, .is_virtual = true};
        *o = (struct offer_board){.spec = {.cores = 8, .memory_mb = 16384, .key = "8c-16g"}, .curve = *curve_default(), .sandbox = true};
        snprintf(z->name, sizeof z->name, "zone-%d", i);
        snprintf(o->name, sizeof o->name, "board-%d", i);
        snprintf(o->heater, sizeof o->heater, "heater-%d", i);
        snprintf(o->zone, sizeof o->zone, "zone-%d", i);
    }
    size_t n;
    char *text = wire_up_encode(&up, &n);
    free(up.offer.zone);
    free(up.offer.board);
    int bad = bench_server_start(&s, e);
    if (!bad && api_call(&s.api, "POST", WIRE_PATH, text, NULL, &got, e))
        bad = -EIO;
    else if (!bad)
        buf_deinit(&got);
    if (!bad) {
        nanosleep(&(struct timespec){1, 0}, NULL);
        fprintf(out, "http: server idle with %d boards: %.1f MB resident (at most 30)\n", BOARDS, bench_server_rss_mb(&s));
    }
    bench_server_stop(&s);
    free(text);
    return bad;
}

int bench_http(FILE *out)
{
    struct bench_server s;
    struct err e = ERR_NULL;
    int bad = bench_server_start(&s, &e);
    if (!bad)
        bad = submissions(&s, out, &e);
    if (!bad)
        bad = pages(&s, out, &e);
    if (!bad)
        bad = cancelling(&s, out, &e);
    bench_server_stop(&s);
    if (!bad)
        bad = idle_memory(out, &e);
    if (bad)
        cli_fail_err(0, &e);
    return bad != 0;
}
