// SPDX-License-Identifier: Apache-2.0
//
// The two sides take turns. Ours is asked over HTTP on keep-alive connections, the rival by its own command,
// a process for each job, as its users do; how many at a time was chosen for the rival's good.
#include "cli/bench_submit.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "cli/bench_load.h"

#define RUNS        5
#define CONNECTIONS 64
#define PER_ROUND   (BENCH_TASKS / RUNS)
#define KEPT        1000
#define RIVAL_S     2.0  // of submissions in a round
#define RIVAL_MOST  5000 // jobs in a round
#define CANCEL_S    60

static const char task[] =
    "{\"name\":\"price of a basket option\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"constants\":"
    "[{\"key\":\"DOCKER_CMD\",\"value\":\"/bin/true ${INSTANCE_ID}\"}]}";

bool bench_slurm(struct slurm *s, const char *bench, FILE *out)
{
    struct err e = ERR_NULL;
    if (slurm_start(s, &e) == 0)
        return true;
    fprintf(out, "%s: not measured beside Slurm: %s\n", bench, e.text);
    return false;
}

static int submit(struct bench_server *s, long n, double *took_s, struct err *e)
{
    struct buf b = BUF_INIT((size_t)1 << 16);
    buf_putf(&b,
             "POST /tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " BENCH_TOKEN
             "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             sizeof task - 1, task);
    int bad = bench_load(s->port, CONNECTIONS, buf_str(&b), b.n, n, took_s, e);
    buf_deinit(&b);
    return bad;
}

// ---- what is there after a kill -9

static int stored(struct bench_server *s, long *n, struct err *e)
{
    json_t *got = NULL;
    if (api_json(&s->api, "GET", "/info", NULL, &got, e))
        return -EIO;
    *n = (long)json_integer_value(json_object_get(got, "taskCount"));
    json_decref(got);
    return 0;
}

static int kept_slurm(struct slurm *slurm, FILE *out, struct err *e)
{
    struct commands_run r;
    long left = 0, id = 0;
    double took_s;
    int bad = slurm_submit(slurm, KEPT, RIVAL_S, &r, e);
    if (!bad)
        bad = slurm_crash(slurm, e);
    if (!bad)
        bad = slurm_queued(slurm, &left, e);
    if (!bad)
        bad = slurm_last_id(slurm, &id, e);
    if (!bad)
        fprintf(out,
                "      rival: of %ld jobs acknowledged before kill -9 of slurmctld %ld are there after a "
                "restart, %ld ids are given again; %s; %s\n",
                r.done, left, id <= r.done ? r.done - id + 1 : 0, slurm->version, SLURM_SUBMIT);
    return bad ? bad : slurm_cancel(slurm, CANCEL_S, &took_s, e);
}

int bench_kept(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e)
{
    double took_s;
    long left = 0;
    int bad = submit(s, KEPT, &took_s, e);
    if (!bad)
        bad = bench_server_crash(s, e);
    if (!bad)
        bad = stored(s, &left, e);
    if (bad)
        return bad;
    fprintf(
        out,
        "http: of %d tasks acknowledged before kill -9 of the server %ld are there after a restart (all)\n",
        KEPT, left);
    if (api_json(&s->api, "POST", "/ondol/v1/tasks/abort", NULL, NULL, e))
        return -EIO;
    return slurm ? kept_slurm(slurm, out, e) : 0;
}

// ---- submissions and memory

struct sides {
    double ours[RUNS], theirs[RUNS];
};

static int submission_round(struct bench_server *s, struct slurm *slurm, struct sides *rate, struct sides *kb,
                            int i, struct err *e)
{
    double took_s = 1, before = bench_rss_kb(s->pid[0]);
    int bad = submit(s, PER_ROUND, &took_s, e);
    rate->ours[i] = PER_ROUND / took_s;
    kb->ours[i] = (bench_rss_kb(s->pid[0]) - before) / PER_ROUND;
    if (bad || !slurm)
        return bad;
    struct commands_run r;
    before = slurm_rss_kb(slurm);
    bad = slurm_submit(slurm, RIVAL_MOST, RIVAL_S, &r, e);
    rate->theirs[i] = (double)r.done / r.took_s;
    kb->theirs[i] = r.done ? (slurm_rss_kb(slurm) - before) / (double)r.done : 0;
    return bad;
}

int bench_submissions(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e)
{
    struct sides rate = {0}, kb = {0};
    double before = bench_rss_kb(s->pid[0]);
    int bad = 0;
    for (int i = 0; i < RUNS && !bad; i++)
        bad = submission_round(s, slurm, &rate, &kb, i, e);
    if (bad)
        return bad;
    double all_kb = (bench_rss_kb(s->pid[0]) - before) / BENCH_TASKS;
    struct bench_spread r = bench_spread(rate.ours, RUNS), m = bench_spread(kb.ours, RUNS);
    struct bench_rival rival = {slurm ? slurm->version : "", SLURM_SUBMIT ", 8 at a time", SLURM_DURABLE};
    fprintf(out,
            "http: durable single-task submissions, %d connections: %.0f/s (%.0f..%.0f; at least 4,000); "
            "acknowledged when it is on disk\n",
            CONNECTIONS, r.median, r.least, r.most);
    if (slurm)
        bench_beside(out, r, bench_spread(rate.theirs, RUNS), "/s", &rival);
    fprintf(out,
            "http: memory for each of %d queued tasks: %.2f kB resident (at most 0.5); by rounds of %d: %.2f "
            "(%.2f..%.2f)\n",
            BENCH_TASKS, all_kb, PER_ROUND, m.median, m.least, m.most);
    if (slurm)
        bench_beside(out, m, bench_spread(kb.theirs, RUNS), " kB", &rival);
    return 0;
}

// ---- cancelling

// used_s: of processor, by the server.
static int cancel_round(struct bench_server *s, struct slurm *slurm, struct sides *rate, double *used_s,
                        int i, long *jobs, struct err *e)
{
    struct commands_run more;
    double took_s;
    int bad = i ? submit(s, PER_ROUND, &took_s, e) : 0;
    double began = bench_now_s(), used = bench_cpu_s(s->pid[0]);
    if (bad || api_json(&s->api, "POST", "/ondol/v1/tasks/abort", NULL, NULL, e))
        return -EIO;
    *used_s = bench_cpu_s(s->pid[0]) - used;
    rate->ours[i] = (i ? PER_ROUND : BENCH_TASKS) / (bench_now_s() - began);
    if (!slurm)
        return 0;
    bad = i ? slurm_submit(slurm, RIVAL_MOST, RIVAL_S, &more, e) : 0;
    if (!bad)
        bad = slurm_queued(slurm, jobs, e);
    if (!bad)
        bad = slurm_cancel(slurm, CANCEL_S, &took_s, e);
    rate->theirs[i] = (double)*jobs / took_s;
    return bad;
}

int bench_cancelling(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e)
{
    struct sides rate = {0};
    double used_s[RUNS] = {0};
    long jobs = 0, first = 0;
    int bad = 0;
    for (int i = 0; i < RUNS && !bad; i++) {
        bad = cancel_round(s, slurm, &rate, &used_s[i], i, &jobs, e);
        first = i ? first : jobs;
    }
    if (bad)
        return bad;
    double all_s = BENCH_TASKS / rate.ours[0];
    struct bench_spread r = bench_spread(rate.ours, RUNS);
    fprintf(
        out,
        "http: cancel %d queued tasks: %.2f s (at most 1), %.2f s of processor, then %d at a time: %.0f/s "
        "(%.0f..%.0f); all are ended on disk\n",
        BENCH_TASKS, all_s, used_s[0], PER_ROUND, r.median, r.least, r.most);
    char command[80];
    snprintf(command, sizeof command, "scancel -p closed, %ld jobs, then about %ld at a time", first, jobs);
    if (slurm)
        bench_beside(out, r, bench_spread(rate.theirs, RUNS), "/s",
                     &(struct bench_rival){slurm->version, command, SLURM_DURABLE});
    return 0;
}
