// SPDX-License-Identifier: Apache-2.0
//
// One instance of the example task array: its share of a Monte-Carlo pricing (examples/basket/market.h says
// of what). It knows nothing of Ondol but two variables that every instance has.
//
//   INSTANCE_ID, INSTANCE_COUNT   which share (0 of 1 when unset)
//   BASKET_SEED                   the run (1); another seed is another run of random numbers
//   BASKET_PATHS                  paths of this instance (PATHS_DEFAULT)
//
// Prints "progress 5", "progress 10", ... "progress 100" as it goes, then one line of JSON with its sums,
// which examples/basket/combine.c puts together. Exit code 0; 2 when a variable makes no sense; 1 when nobody
// takes the output.
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "examples/basket/paths.h"

// About 105 ns a path on a server core of 2021: 2.3 s when it has the core to itself.
#define PATHS_DEFAULT UINT64_C(22000000)
#define PATHS_MAX     UINT64_C(1000000000000)
#define INSTANCES_MAX UINT64_C(1000000)
#define STEPS         20 // progress is told this often

static uint64_t setting(const char *name, uint64_t otherwise, uint64_t max)
{
    const char *text = getenv(name);
    if (!text || !*text)
        return otherwise;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || v > max) {
        fprintf(stderr, "basket: %s=%s: not a whole number from 0 to %" PRIu64 "\n", name, text, max);
        exit(2);
    }
    return v;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(void)
{
    uint64_t instance = setting("INSTANCE_ID", 0, INSTANCES_MAX - 1);
    uint64_t count = setting("INSTANCE_COUNT", 1, INSTANCES_MAX);
    uint64_t seed = setting("BASKET_SEED", 1, UINT64_MAX);
    uint64_t paths = setting("BASKET_PATHS", PATHS_DEFAULT, PATHS_MAX);

    struct market m = market_example();
    struct paths_stream r;
    struct paths_sums s = {0};
    paths_stream_init(&r, seed, (uint32_t)instance);
    printf("instance %" PRIu64 " of %" PRIu64 ": %" PRIu64 " paths, seed %" PRIu64 "\n", instance, count,
           paths, seed);
    for (uint64_t step = 1; step <= STEPS; step++) {
        paths_run(&m, &r, paths / STEPS * step + paths % STEPS * step / STEPS - s.paths, &s);
        printf("progress %" PRIu64 "\n", step * 100 / STEPS);
        if (fflush(stdout))
            return 1;
    }
    // 17 digits: what is read back is bit for bit what was summed.
    printf("{\"instance\":%" PRIu64 ",\"paths\":%" PRIu64 ",\"sum\":%.17g,\"sum2\":%.17g,\"geo_sum\":%.17g,"
           "\"geo_sum2\":%.17g,\"cross\":%.17g,\"cpu_s\":%.3f}\n",
           instance, s.paths, s.sum, s.sum2, s.geo_sum, s.geo_sum2, s.cross, cpu_seconds());
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
