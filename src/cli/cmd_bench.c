// SPDX-License-Identifier: Apache-2.0
//
// `ondol bench [NAME...]`: measures this machine. It reports and asserts nothing.
//
// The benches run in a child; this process only waits for its end or for a signal. Either way it then ends
// whatever the benches left running (orphans come to it, as their subreaper) and removes the one folder that
// all of them work in.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bench_engine.h"
#include "cli/bench_heat.h"
#include "cli/bench_agent.h"
#include "cli/bench_api.h"
#include "cli/bench_http.h"
#include "cli/bench_plan.h"
#include "cli/bench_s3.h"
#include "cli/bench_sandbox.h"
#include "cli/bench_server.h"
#include "cli/bench_sim.h"
#include "cli/bench_store.h"
#include "cli/bench_world.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/options.h"

static const struct bench {
    const char *name;
    int (*run)(FILE *out);
} benches[] = {
    {"engine", bench_engine}, {"plan", bench_plan},       {"world", bench_world}, {"heat", bench_heat},
    {"store", bench_store},   {"sandbox", bench_sandbox}, {"http", bench_http},   {"api", bench_api},
    {"run", bench_run},       {"agent", bench_agent},     {"s3", bench_s3},       {"sim", bench_sim},
};

static const struct option_row rows[] = {{0}};

static const struct options options = {
    .command = "bench",
    .args = "[NAME...]",
    .args_max = OPTIONS_ARGS_MAX,
    .what =
        "Measures: engine (events and plans), plan (large plans), world (physics), heat (thermostats), "
        "store, sandbox, http (submissions, lists, cancelling, memory), api (bulk calls, long lists, clients "
        "that ask over and over), run (tasks on their whole way), agent (memory and processor while idle), "
        "s3 "
        "(objects large and small), sim (the simulator); all of them without a NAME, in some six minutes. "
        "Medians of five rounds and their spread, beside SQLite, bubblewrap and (if installed) Slurm. "
        "Reports, "
        "asserts nothing.",
    .row = rows,
};

static const struct bench *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(benches); i++)
        if (!strcmp(benches[i].name, name))
            return &benches[i];
    return NULL;
}

static int run(const struct option_args *args)
{
    int code = CLI_DONE;
    for (size_t i = 0; args->n == 0 && i < ARRAY_LEN(benches); i++)
        if (benches[i].run(stdout) != 0)
            code = CLI_FAILED;
    for (int i = 0; i < args->n; i++)
        if (find(args->v[i])->run(stdout) != 0)
            code = CLI_FAILED;
    return code;
}

static _Noreturn void child(const struct option_args *args, const char *dir, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CLI_FAILED); // it ended before the line above
    setenv("TMPDIR", dir, 1);
    setvbuf(stdout, NULL, _IOLBF, 0); // a line is shown when it is known, also in a pipe
    exit(run(args));
}

// Reaps until the bench has ended (its exit code) or a signal came (128 and its number, as a shell says it).
static int wait_for(pid_t bench)
{
    for (;;) {
        int status, sig = signals_wait(1000);
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == bench)
                return WIFEXITED(status) ? WEXITSTATUS(status) : CLI_FAILED;
        if (sig == SIGINT || sig == SIGTERM)
            return 128 + sig;
    }
}

// The pids of our own children, of which /proc keeps a list.
static size_t own_children(pid_t *pid, size_t most)
{
    char path[64];
    int n = 0;
    size_t found = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "re");
    while (f && found < most && fscanf(f, "%d", &n) == 1)
        pid[found++] = (pid_t)n;
    if (f)
        fclose(f);
    return found;
}

// Children of children come to us when their parents have ended; so it is asked again until there is none.
static void end_all(void)
{
    pid_t pid[64];
    for (size_t n, rounds = 0; rounds < 100 && (n = own_children(pid, ARRAY_LEN(pid))) > 0; rounds++)
        children_stop(pid, n, rounds ? 0 : 6000);
}

int cmd_bench(int argc, char **argv)
{
    struct option_args args = {0};
    int code = options_parse(&options, NULL, &args, argc, argv);
    if (code >= 0)
        return code;
    for (int i = 0; i < args.n; i++)
        if (!find(args.v[i]))
            return cli_fail(CLI_USAGE, "bench: %s: there is no such bench (ondol bench --help lists them)",
                            args.v[i]);
    char dir[256];
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.200s/ondol-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        return cli_fail(CLI_FAILED, "bench: %s: %s", dir, strerror(errno));
    chmod(dir, 0711); // daemons that are measured beside ours want to be reached through it
    signals_hold();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t parent = getpid(), bench = fork();
    if (bench == 0)
        child(&args, dir, parent);
    code = bench < 0 ? cli_fail(CLI_FAILED, "bench: %s", strerror(errno)) : wait_for(bench);
    end_all();
    bench_remove(dir);
    return code;
}
