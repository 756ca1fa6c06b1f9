// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/bench_server.h"
#include "cli/bench_submit.h"
#include "cli/cli.h"
#include "core/heat/curve.h"
#include "net/wire.h"

#define TASKS  BENCH_TASKS
#define PAGES  21
#define BOARDS 1000

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
        fprintf(
            out,
            "http: a page of 50 of %d tasks, %s: %.1f ms with a connection each (%.1f..%.1f; at most 20)\n",
            TASKS, what[k], r.median, r.least, r.most);
    }
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
        *z = (struct offer_zone){.site = "home",
                                 .nameplate_w = 150,
                                 .setpoint_mc = 20000,
                                 .mode = ZONE_COMFORT,
                                 .is_virtual = true};
        *o = (struct offer_board){.spec = {.cores = 8, .memory_mb = 16384, .key = "8c-16g"},
                                  .curve = *curve_default(),
                                  .sandbox = true};
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
        fprintf(out, "http: server idle with %d boards: %.1f MB resident (at most 30)\n", BOARDS,
                bench_server_rss_mb(&s));
    }
    bench_server_stop(&s);
    free(text);
    return bad;
}

static int all(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e)
{
    int bad = bench_kept(s, slurm, out, e);
    if (!bad)
        bad = bench_submissions(s, slurm, out, e);
    if (!bad)
        bad = pages(s, out, e);
    return bad ? bad : bench_cancelling(s, slurm, out, e);
}

int bench_http(FILE *out)
{
    struct bench_server s;
    struct slurm slurm;
    struct err e = ERR_NULL;
    bool rival = bench_slurm(&slurm, "http", out);
    int bad = bench_server_start(&s, &e);
    if (!bad)
        bad = all(&s, rival ? &slurm : NULL, out, &e);
    bench_server_stop(&s);
    slurm_stop(&slurm);
    if (!bad)
        bad = idle_memory(out, &e);
    if (bad)
        cli_fail_err(0, &e);
    return bad != 0;
}
