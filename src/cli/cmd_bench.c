// SPDX-License-Identifier: Apache-2.0
//
// `ondol bench [NAME...]`: measures this machine. It reports and asserts nothing.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/bench_engine.h"
#include "cli/bench_heat.h"
#include "cli/bench_agent.h"
#include "cli/bench_http.h"
#include "cli/bench_s3.h"
#include "cli/bench_sandbox.h"
#include "cli/bench_store.h"
#include "cli/bench_world.h"
#include "cli/cli.h"
#include "cli/options.h"

static const struct bench {
    const char *name;
    int (*run)(FILE *out);
} benches[] = {
    {"engine", bench_engine}, {"world", bench_world}, {"heat", bench_heat}, {"store", bench_store},
    {"sandbox", bench_sandbox}, {"http", bench_http}, {"run", bench_run}, {"agent", bench_agent},
    {"s3", bench_s3},
};

static const struct option_row rows[] = {{0}};

static const struct options options = {
    .command = "bench",
    .args = "[NAME...]",
    .args_max = OPTIONS_ARGS_MAX,
    .what = "Measures: engine (events and plans), world (physics), heat (thermostats), store, sandbox, http (submissions, lists, cancelling, memory), run (tasks on "
            "their whole way), agent (memory and processor while idle), s3 (objects large and small); all of them without a NAME. Medians of five rounds and their spread. Reports, asserts nothing.",
    .row = rows,
};

static const struct bench *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(benches); i++)
        if (!strcmp(benches[i].name, name))
            return &benches[i];
    return NULL;
}

int cmd_bench(int argc, char **argv)
{
    struct option_args args = {0};
    int code = options_parse(&options, NULL, &args, argc, argv);
    if (code >= 0)
        return code;
    for (int i = 0; i < args.n; i++)
        if (!find(args.v[i]))
            return cli_fail(CLI_USAGE, "bench: %s: there is no such bench (ondol bench --help lists them)", args.v[i]);
    code = CLI_DONE;
    for (size_t i = 0; args.n == 0 && i < ARRAY_LEN(benches); i++)
        if (benches[i].run(stdout) != 0)
            code = CLI_FAILED;
    for (int i = 0; i < args.n; i++)
        if (find(args.v[i])->run(stdout) != 0)
            code = CLI_FAILED;
    return code;
}
