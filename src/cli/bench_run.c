// SPDX-License-Identifier: Apache-2.0
//
// What a task costs on its whole way: API, store, planner, sync, agent, sandbox, and back. The boards are virtual (their curve
// sets quotas for the sandboxes), the sandboxes are real.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/bench_http.h"
#include "cli/bench_server.h"
#include "cli/cli.h"

#define RUNS      5
#define INSTANCES 200
#define SINGLES   15
#define LOOK_NS   2000000

static int submit(struct bench_server *s, const char *cmd, int instances, char uuid[40], struct err *e)
{
    json_t *got = NULL, *body = json_pack("{s:s,s:s,s:i,s:s,s:[{s:s,s:s}]}", "name", "bench", "profile", "docker-batch",
                                          "instanceCount", instances, "schedulingType", "OnDemand", "constants", "key", "DOCKER_CMD",
                                          "value", cmd);
    int code = api_json(&s->api, "POST", "/tasks", body, &got, e);
    json_decref(body);
    snprintf(uuid, 40, "%s", code ? "" : json_string_value(json_object_get(got, "uuid")));
    json_decref(got);
    return code ? -EIO : 0;
}

static int wait_for(struct bench_server *s, const char *uuid, struct err *e)
{
    char path[64], state[24] = "";
    snprintf(path, sizeof path, "/tasks/%s", uuid);
    for (double until = bench_now_s() + 60; bench_now_s() < until;) {
        json_t *got = NULL;
        if (api_json(&s->api, "GET", path, NULL, &got, e))
            return -EIO;
        snprintf(state, sizeof state, "%s", json_string_value(json_object_get(got, "state")));
        json_decref(got);
        if (!strcmp(state, "Success"))
            return 0;
        if (!strcmp(state, "Failure"))
            return err_set(e, -EIO, "bench: the task failed");
        nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
    }
    return err_set(e, -ETIMEDOUT, "bench: the task is still %s after 60 s", state);
}

static int dispatch(FILE *out, int boards, struct err *e)
{
    struct bench_server s;
    double rate[RUNS];
    char uuid[40];
    int bad = bench_server_start(&s, e);
    if (!bad)
        bad = bench_server_agent(&s, boards, e);
    for (int i = 0; i < RUNS && !bad; i++) {
        double began = bench_now_s();
        bad = submit(&s, "/bin/true", INSTANCES, uuid, e);
        if (!bad)
            bad = wait_for(&s, uuid, e);
        rate[i] = INSTANCES / (bench_now_s() - began);
    }
    bench_server_stop(&s);
    if (bad)
        return bad;
    struct bench_spread r = bench_spread(rate, RUNS);
    fprintf(out, "run: dispatch and run of `true`, %2d boards: %.0f/s (%.0f..%.0f; at least 250)\n", boards, r.median, r.least, r.most);
    return 0;
}

// The instance says what time it is when it begins.
static int latency(FILE *out, struct err *e)
{
    struct bench_server s;
    double ms[SINGLES];
    char uuid[40], path[64];
    int bad = bench_server_start(&s, e);
    if (!bad)
        bad = bench_server_agent(&s, 2, e);
    for (int i = 0; i < SINGLES && !bad; i++) {
        struct timespec t;
        struct buf text;
        clock_gettime(CLOCK_REALTIME, &t);
        double began = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
        bad = submit(&s, "date +%s.%N", 1, uuid, e);
        if (!bad)
            bad = wait_for(&s, uuid, e);
        snprintf(path, sizeof path, "/tasks/%s/stdout/0", uuid);
        if (bad || api_call(&s.api, "GET", path, NULL, "text/plain", &text, e)) {
            bad = bad ? bad : -EIO;
            break;
        }
        ms[i] = (strtod(buf_str(&text), NULL) - began) * 1000;
        buf_deinit(&text);
    }
    bench_server_stop(&s);
    if (bad)
        return bad;
    struct bench_spread r = bench_spread(ms, SINGLES);
    fprintf(out, "run: submit to first instruction, idle: %.1f ms (%.1f..%.1f; at most 30); Slurm 22.05, measured apart: 900 to 2,900 ms\n",
            r.median, r.least, r.most);
    return 0;
}

int bench_run(FILE *out)
{
    struct err e = ERR_NULL;
    int bad = dispatch(out, 2, &e);
    if (!bad)
        bad = dispatch(out, 64, &e);
    if (!bad) {
        fprintf(out, "     rival, measured apart: Slurm 22.05 srun, 62/s with 64 slots, at most 2/s with 2\n");
        bad = latency(out, &e);
    }
    if (bad)
        cli_fail_err(0, &e);
    return bad != 0;
}
