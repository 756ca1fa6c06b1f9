// SPDX-License-Identifier: Apache-2.0
//
// What a task costs on its whole way: API, store, planner, sync, agent, sandbox, and back. The boards are
// virtual (their curve sets quotas for the sandboxes), the sandboxes are real.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/bench_http.h"
#include "cli/bench_sandbox.h"
#include "cli/bench_submit.h"
#include "cli/cli.h"

#define RUNS           5
#define INSTANCES      200
#define SLURM_JOBS_TWO 8 // it runs about two a second then
#define SLURM_JOBS_ALL 100
#define SINGLES        15
#define RUN_S          60       // for one round at most
#define LOOK_NS        20000000 // asking oftener takes the time that is to be measured

static int submit(struct bench_server *s, const char *cmd, int instances, char uuid[40], struct err *e)
{
    json_t *got = NULL, *body = json_pack("{s:s,s:s,s:i,s:s,s:[{s:s,s:s}]}", "name", "bench", "profile",
                                          "docker-batch", "instanceCount", instances, "schedulingType",
                                          "OnDemand", "constants", "key", "DOCKER_CMD", "value", cmd);
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

// What is measured in each round, a second's worth: ours, the sandbox's own rival without any server, and a
// batch system.
struct rates {
    double ours[RUNS], bare[RUNS], slurm[RUNS];
};

static int dispatch_ours(struct bench_server *s, double *rate, struct err *e)
{
    char uuid[40];
    double began = bench_now_s();
    int bad = submit(s, "/bin/true", INSTANCES, uuid, e);
    if (!bad)
        bad = wait_for(s, uuid, e);
    *rate = INSTANCES / (bench_now_s() - began);
    return bad;
}

static int dispatch_rivals(int slots, struct slurm *slurm, struct rates *r, int i, struct err *e)
{
    struct commands_run bare;
    double took_s = 1;
    int jobs = slots == 2 ? SLURM_JOBS_TWO : SLURM_JOBS_ALL;
    int bad = commands_run(bench_bare_bwrap, NULL, slots, INSTANCES, RUN_S, &bare, e);
    r->bare[i] = (double)bare.done / bare.took_s;
    if (!bad && slurm)
        bad = slurm_array(slurm, slots == 2 ? "two" : "all", jobs, RUN_S, &took_s, e);
    r->slurm[i] = jobs / took_s;
    return bad;
}

static int dispatch(FILE *out, int boards, struct slurm *slurm, struct err *e)
{
    struct bench_server s;
    struct rates r;
    int bad = bench_server_start(&s, e);
    if (!bad)
        bad = bench_server_agent(&s, boards, e);
    for (int i = 0; i < RUNS && !bad; i++) {
        bad = dispatch_ours(&s, &r.ours[i], e);
        if (!bad)
            bad = dispatch_rivals(boards, slurm, &r, i, e);
    }
    bench_server_stop(&s);
    if (bad)
        return bad;
    struct bench_spread ours = bench_spread(r.ours, RUNS), bare = bench_spread(r.bare, RUNS);
    char bwrap[64], array[64];
    snprintf(array, sizeof array, "sbatch --array of %d, `true`, %d at a time",
             boards == 2 ? SLURM_JOBS_TWO : SLURM_JOBS_ALL, boards);
    fprintf(out,
            "run: dispatch and run of `true`, %2d boards: %.0f/s (%.0f..%.0f; at least 250), %.2f times the "
            "time of bare bwrap (at most 1.5); all is kept\n",
            boards, ours.median, ours.least, ours.most, bare.median / ours.median);
    bench_beside(out, ours, bare, "/s",
                 &(struct bench_rival){bench_bwrap_version(bwrap, sizeof bwrap),
                                       "as `ondol bench sandbox` shows it", NULL});
    if (slurm)
        bench_beside(out, ours, bench_spread(r.slurm, RUNS), "/s",
                     &(struct bench_rival){slurm->version, array, SLURM_DURABLE});
    return 0;
}

// The instance says what time it is when it begins.
static int latency_ours(struct bench_server *s, double *ms, struct err *e)
{
    struct timespec t;
    struct buf text;
    char uuid[40], path[64];
    clock_gettime(CLOCK_REALTIME, &t);
    double began = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    int bad = submit(s, "date +%s.%N", 1, uuid, e);
    if (!bad)
        bad = wait_for(s, uuid, e);
    snprintf(path, sizeof path, "/tasks/%s/stdout/0", uuid);
    if (bad || api_call(&s->api, "GET", path, NULL, "text/plain", &text, e))
        return bad ? bad : -EIO;
    *ms = (strtod(buf_str(&text), NULL) - began) * 1000;
    buf_deinit(&text);
    return 0;
}

static int latency(FILE *out, struct slurm *slurm, struct err *e)
{
    struct bench_server s;
    double ms[SINGLES], theirs[RUNS];
    int bad = bench_server_start(&s, e);
    if (!bad)
        bad = bench_server_agent(&s, 2, e);
    for (int i = 0; i < SINGLES && !bad; i++) {
        bad = latency_ours(&s, &ms[i], e);
        if (!bad && slurm && i % (SINGLES / RUNS) == 0)
            bad = slurm_first_instruction(slurm, &theirs[i / (SINGLES / RUNS)], e);
    }
    bench_server_stop(&s);
    if (bad)
        return bad;
    struct bench_spread r = bench_spread(ms, SINGLES);
    fprintf(out,
            "run: submit to first instruction, idle: %.1f ms (%.1f..%.1f; at most 30); acknowledged when it "
            "is on disk\n",
            r.median, r.least, r.most);
    if (slurm)
        bench_beside(out, r, bench_spread(theirs, RUNS), " ms",
                     &(struct bench_rival){slurm->version, "sbatch --wrap 'date +%s.%N'", SLURM_DURABLE});
    return 0;
}

int bench_run(FILE *out)
{
    struct err e = ERR_NULL;
    struct slurm slurm;
    bool rival = bench_slurm(&slurm, "run", out);
    int bad = dispatch(out, 2, rival ? &slurm : NULL, &e);
    if (!bad)
        bad = dispatch(out, 64, rival ? &slurm : NULL, &e);
    if (!bad)
        bad = latency(out, rival ? &slurm : NULL, &e);
    slurm_stop(&slurm);
    if (bad)
        cli_fail_err(0, &e);
    return bad != 0;
}
