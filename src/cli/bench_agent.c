// SPDX-License-Identifier: Apache-2.0
//
// Both agents run side by side and are looked at through /proc: private pages by smaps_rollup, time by stat.
// No rival runs beside them: the goals are under 12 MB and under 0.5 % of a core. The parent is missing on
// purpose: an agent that looks for one in vain does more than one whose calls are parked.
#include "cli/bench_agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/child.h"

#define AGENTS     2
#define SETTLE_MS  2000
#define MEASURE_MS 30000

static const char *const heaters[AGENTS] = {"1", "15"};

static void pause_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static double private_mb(pid_t pid)
{
    char path[64], line[256];
    long kb, sum = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Private_%*[^:]: %ld kB", &kb) == 1)
            sum += kb;
    if (f)
        fclose(f);
    return (double)sum / 1024;
}

// Seconds of processor time so far; the command's name stands in brackets and may hold anything.
static double cpu_s(pid_t pid)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    const char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

int bench_agent(FILE *out)
{
    char agent[4096];
    pid_t pid[AGENTS] = {0};
    double before[AGENTS];
    struct err e = ERR_NULL;
    int r = 0;
    beside_self("ondol-agent", agent, sizeof agent);
    for (int i = 0; i < AGENTS && r == 0; i++) {
        const char *argv[] = {agent,      "--virtual",          "--node", "bench", "--heaters", heaters[i],
                              "--server", "http://127.0.0.1:9", NULL};
        pid[i] = child_start(argv, NULL, "/dev/null", &e);
        r = pid[i] < 0 ? (int)pid[i] : 0;
    }
    if (r == 0) {
        pause_ms(SETTLE_MS);
        for (int i = 0; i < AGENTS; i++)
            before[i] = cpu_s(pid[i]);
        pause_ms(MEASURE_MS);
        for (int i = 0; i < AGENTS; i++) {
            double share = (cpu_s(pid[i]) - before[i]) * 100 / (MEASURE_MS / 1000.0);
            double mb = private_mb(pid[i]);
            if (child_alive(&pid[i]))
                fprintf(out,
                        "agent, idle, %s heater%s: private memory %.1f MB (goal: under 12), processor %.2f "
                        "%% of a core (goal: under 0.5)\n",
                        heaters[i], i ? "s" : "", mb, share);
            else
                r = err_set(&e, -ECHILD, "ondol-agent: ended by itself");
        }
    }
    if (r < 0)
        fprintf(out, "agent: not measured: %s\n", e.text);
    for (int i = 0; i < AGENTS; i++)
        pid[i] = pid[i] < 0 ? 0 : pid[i];
    children_stop(pid, AGENTS, 2000);
    return r;
}
