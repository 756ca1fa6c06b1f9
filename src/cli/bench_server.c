// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_server.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/child.h"

#define READY_S 20

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench_spread bench_spread(double *v, size_t n)
{
    if (n == 0)
        return (struct bench_spread){0};
    qsort(v, n, sizeof *v, ascending);
    return (struct bench_spread){n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2, v[0], v[n - 1]};
}

void bench_beside(FILE *out, struct bench_spread ours, struct bench_spread theirs, const char *unit,
                  const struct bench_rival *r)
{
    fprintf(out, "      rival: %.4g%s (%.4g..%.4g), ours is %.3g times that; %s; %s%s%s\n", theirs.median,
            unit, theirs.least, theirs.most, theirs.median > 0 ? ours.median / theirs.median : 0, r->version,
            r->command, r->durability ? "; " : "", r->durability ? r->durability : "");
}

// The port stands in the line that the server prints when it is ready.
static int read_port(const char *log)
{
    char line[512];
    int port = 0;
    FILE *f = fopen(log, "re");
    while (f && port == 0 && fgets(line, sizeof line, f))
        sscanf(line, "ondol: server ready at http://127.0.0.1:%d", &port);
    if (f)
        fclose(f);
    return port;
}

static int launch(struct bench_server *s, struct err *e)
{
    char data[300], log[300], program[4096];
    snprintf(data, sizeof data, "%s/data", s->dir);
    snprintf(log, sizeof log, "%s/server-%d.log", s->dir, s->starts++);
    beside_self("ondol", program, sizeof program);
    const char *argv[] = {program,
                          "server",
                          "--data",
                          data,
                          "--listen",
                          "127.0.0.1:0",
                          "--token",
                          BENCH_TOKEN,
                          "--node-token",
                          BENCH_TOKEN,
                          "--instances-per-task",
                          "100000",
                          NULL};
    s->port = 0;
    s->pid[0] = child_start(argv, NULL, log, e);
    if (s->pid[0] < 0)
        return (int)s->pid[0];
    for (double until = bench_now_s() + READY_S;
         s->port == 0 && bench_now_s() < until && child_alive(&s->pid[0]);) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        s->port = read_port(log);
    }
    if (s->port == 0)
        return err_set(e, -ETIMEDOUT, "bench: the server did not start (see %s)", log);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
    api_client_init(&s->api, s->url, BENCH_TOKEN);
    return 0;
}

int bench_server_start(struct bench_server *s, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    *s = (struct bench_server){0};
    snprintf(s->dir, sizeof s->dir, "%.200s/ondol-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(s->dir))
        return err_set(e, -errno, "%s: %s", s->dir, strerror(errno));
    return launch(s, e);
}

int bench_server_crash(struct bench_server *s, struct err *e)
{
    kill(s->pid[0], SIGKILL);
    waitpid(s->pid[0], NULL, 0);
    s->pid[0] = 0;
    return launch(s, e);
}

int bench_server_agent(struct bench_server *s, int boards, struct err *e)
{
    char program[4096], log[300], count[16], cores[16];
    beside_self("ondol-agent", program, sizeof program);
    snprintf(log, sizeof log, "%s/agent.log", s->dir);
    snprintf(count, sizeof count, "%d", boards);
    snprintf(cores, sizeof cores, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    const char *argv[] = {program,        "--server",  s->url,         "--token", BENCH_TOKEN,  "--node",
                          "bench",        "--virtual", "--boards",     count,     "--setpoint", "26",
                          "--start-temp", "10",        "--host-cores", cores,     "--empty",    NULL};
    s->pid[1] = child_start(argv, NULL, log, e);
    if (s->pid[1] < 0)
        return (int)s->pid[1];
    for (double until = bench_now_s() + READY_S; bench_now_s() < until && child_alive(&s->pid[1]);) {
        json_t *got = NULL;
        struct err ignore;
        int code = api_json(&s->api, "GET", "/ondol/v1/boards", NULL, &got, &ignore);
        int online = code ? 0 : (int)json_integer_value(json_object_get(got, "total"));
        json_decref(got);
        if (online >= boards)
            return 0;
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    return err_set(e, -ETIMEDOUT, "bench: the agent did not call home (see %s)", log);
}

double bench_rss_kb(pid_t pid)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "VmRSS: %lf", &kb);
    if (f)
        fclose(f);
    return kb;
}

double bench_cpu_s(pid_t pid)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    const char *rest = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (rest)
        sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    if (f)
        fclose(f);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

double bench_server_rss_mb(const struct bench_server *s)
{
    return bench_rss_kb(s->pid[0]) / 1024;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void bench_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void bench_server_stop(struct bench_server *s)
{
    children_stop(&s->pid[1], 1, 6000);
    children_stop(&s->pid[0], 1, 6000);
    if (s->dir[0])
        bench_remove(s->dir);
    s->dir[0] = '\0';
}
