// SPDX-License-Identifier: Apache-2.0
//
// Each thread lists the children that it made itself, so the walk visits threads. A process that forks while
// we walk may be missed: stopping therefore walks again until a walk finds nobody new, and at most a few
// times, since the next beat walks again anyway.
#include "sandbox/procs.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/sysfile.h"

#define STOP_WALKS 4

bool procs_supported(void)
{
    return access("/proc/self/task/1/children", F_OK) == 0 || access("/proc/thread-self/children", F_OK) == 0;
}

static size_t add_children_of_thread(const char *dir, const char *tid, pid_t *out, size_t n, size_t max)
{
    char thread[96], text[8192];
    snprintf(thread, sizeof thread, "%s/%s", dir, tid);
    if (sysfile_read(thread, "children", text, sizeof text) <= 0)
        return n;
    for (char *p = text; n < max;) {
        char *end;
        long pid = strtol(p, &end, 10);
        if (end == p || pid <= 0)
            break;
        out[n++] = (pid_t)pid;
        p = end;
    }
    return n;
}

static size_t add_children(pid_t pid, pid_t *out, size_t n, size_t max)
{
    char dir[64];
    snprintf(dir, sizeof dir, "/proc/%d/task", (int)pid);
    DIR *d = opendir(dir);
    if (!d)
        return n;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            n = add_children_of_thread(dir, e->d_name, out, n, max);
    closedir(d);
    return n;
}

size_t procs_below(pid_t root, pid_t *out, size_t max)
{
    size_t n = add_children(root, out, 0, max);
    for (size_t i = 0; i < n; i++)
        n = add_children(out[i], out, n, max);
    return n;
}

size_t procs_stop(pid_t root, bool stop)
{
    pid_t *list = mem_array(PROCS_MAX, sizeof *list);
    size_t before = 0, n = 0;
    for (int walk = 0; walk < STOP_WALKS; walk++) {
        n = procs_below(root, list, PROCS_MAX);
        for (size_t i = 1; i < n; i++) // [0] is the sandbox's own first process
            kill(list[i], stop ? SIGSTOP : SIGCONT);
        if (n <= before)
            break;
        before = n;
    }
    free(list);
    return n > 0 ? n - 1 : 0;
}

// Fields 14 to 17 of /proc/PID/stat: user and system time of its own and of the children it has reaped, in
// clock ticks.
static int64_t cpu_ticks(pid_t pid)
{
    char dir[32], text[1024];
    unsigned long long user, system;
    long long child_user, child_system;
    snprintf(dir, sizeof dir, "/proc/%d", (int)pid);
    const char *p = sysfile_read(dir, "stat", text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
    if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld", &user,
                     &system, &child_user, &child_system) != 4)
        return 0;
    return (int64_t)user + (int64_t)system + child_user + child_system;
}

int64_t procs_cpu_us(pid_t root)
{
    pid_t *list = mem_array(PROCS_MAX, sizeof *list);
    size_t n = procs_below(root, list, PROCS_MAX);
    int64_t ticks = cpu_ticks(root);
    for (size_t i = 0; i < n; i++)
        ticks += cpu_ticks(list[i]);
    free(list);
    return ticks * (1000000 / sysconf(_SC_CLK_TCK));
}

int64_t procs_memory(pid_t root)
{
    pid_t *list = mem_array(PROCS_MAX, sizeof *list);
    size_t n = procs_below(root, list, PROCS_MAX);
    int64_t pages = 0;
    for (size_t i = 0; i < n; i++) {
        char dir[32], text[128];
        long long resident;
        snprintf(dir, sizeof dir, "/proc/%d", (int)list[i]);
        if (sysfile_read(dir, "statm", text, sizeof text) > 0 && sscanf(text, "%*d %lld", &resident) == 1)
            pages += resident;
    }
    free(list);
    return pages * sysconf(_SC_PAGESIZE);
}
