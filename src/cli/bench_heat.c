// SPDX-License-Identifier: Apache-2.0
//
// Rooms by the minute, each a single warm mass so that next to nothing but the thermostats is measured; the
// rooms' own step is timed alone first and taken off. Side by side as in the simulator (lanes), and one by
// one. No rival runs beside it: what one can hold it against is a year of 300 zones by the minute (157.7
// million zone-steps), printed too.
#include "cli/bench_heat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/heat/lanes.h"

#define RUNS          5
#define STEPS_PER_RUN 6000000
#define START_MS      INT64_C(1764547200000) // 2025-12-01T00:00:00Z

struct batch {
    size_t n;
    struct thermostat *t;
    struct zone_sense *s;
    struct heat_lanes lanes;
    bool wide;
    double *room_c;
    int64_t minute;
};

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void batch_init(struct batch *b, size_t n, bool wide)
{
    struct rng rng;
    rng_seed(&rng, 7);
    *b = (struct batch){.n = n,
                        .wide = wide,
                        .t = mem_array(n, sizeof *b->t),
                        .s = mem_array(n, sizeof *b->s),
                        .room_c = mem_array(n, sizeof *b->room_c)};
    for (size_t i = 0; i < n; i++) {
        struct thermostat_config c;
        thermostat_config_default(&c, 500);
        thermostat_init(&b->t[i], &c);
        thermostat_set_wish(&b->t[i],
                            &(struct zone_wish){ZONE_COMFORT, 19000 + (int32_t)rng_below(&rng, 2000)});
        b->room_c[i] = 18 + 2 * rng_unit(&rng);
    }
    lanes_init(&b->lanes, b->t, NULL, n);
}

static void batch_deinit(struct batch *b)
{
    lanes_deinit(&b->lanes);
    free(b->t);
    free(b->s);
    free(b->room_c);
}

// The rooms' minute: 5 MJ/K and 20 W/K at 5 degC outside.
static void rooms_minute(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        int32_t w = b->wide ? b->lanes.target_w[i] : b->t[i].request.target_w;
        b->room_c[i] += (w - 20 * (b->room_c[i] - 5)) * (60 / 5e6);
        b->s[i] = (struct zone_sense){
            .at = HOUSE_MS(START_MS + b->minute * 60000),
            .room_mc = (int32_t)(b->room_c[i] * 1000),
            .heatsink_mc = INT32_MIN,
            .cpu_mc = 60000,
            .draw_mw = w * 1000,
        };
        b->lanes.room_mc[i] = b->s[i].room_mc;
        b->lanes.heatsink_mc[i] = INT32_MIN;
        b->lanes.cpu_mc[i] = 60000;
        b->lanes.draw_mw[i] = w * 1000;
    }
    b->minute++;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run(struct batch *b, int minutes)
{
    struct batch alone =
        *b; // rooms without control, on their own temperatures: they must not run away with ours
    alone.room_c = mem_array(b->n, sizeof *b->room_c);
    memcpy(alone.room_c, b->room_c, b->n * sizeof *b->room_c);
    double rooms = -now_ns();
    for (int i = 0; i < minutes; i++)
        rooms_minute(&alone);
    rooms += now_ns();
    free(alone.room_c);
    double all = -now_ns();
    for (int i = 0; i < minutes; i++) {
        rooms_minute(b);
        if (b->wide)
            lanes_step(&b->lanes, b->s[0].at, b->s[0].at);
        else
            heat_step(b->t, b->s, b->n, b->s[0].at);
    }
    all += now_ns();
    return (all - rooms) / ((double)minutes * (double)b->n);
}

int bench_heat(FILE *out)
{
    static const size_t sizes[] = {300, 10000, 300};
    for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
        struct batch b;
        double ns[RUNS];
        bool wide = k < 2;
        int minutes = (int)(STEPS_PER_RUN / sizes[k]);
        batch_init(&b, sizes[k], wide);
        run(&b, minutes / 10 + 1);
        for (int i = 0; i < RUNS; i++)
            ns[i] = run(&b, minutes);
        qsort(ns, RUNS, sizeof ns[0], by_value);
        fprintf(out,
                "thermostats, %zu zones by the minute, %s: median %.1f ns per zone-step (%.1f to %.1f in %d "
                "runs)",
                sizes[k], wide ? "side by side" : "as an agent calls them", ns[RUNS / 2], ns[0], ns[RUNS - 1],
                RUNS);
        fprintf(out, "; a year of 300 zones: %.1f s\n", ns[RUNS / 2] * 300 * 525600 * 1e-9);
        batch_deinit(&b);
    }
    return 0;
}
