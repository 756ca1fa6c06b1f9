// SPDX-License-Identifier: Apache-2.0
//
// Five rounds; each runs the batch at two sizes and with open windows, single rooms, rooms with walls between
// them, the arithmetic alone, a tank and a pool for 40 ms, one after the other, so that a busy minute of the
// machine falls on all. Reported: the median and the spread (largest less smallest).
//
// The arithmetic limit is what 25 products and 25 sums cost when every operand is in a register: 24
// independent chains x := x a + b, which keeps the adders and multipliers full (two of each a cycle, four
// cycles deep, two lanes of double). A wider instruction set would lower both.
#include "cli/bench_world.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "world/house.h"
#include "world/pool.h"
#include "world/room.h"
#include "world/tank.h"

#define ROUNDS     5
#define LOOK_EVERY 8 // steps between two looks at the clock

static const size_t SMALL = 300;     // rooms whose arrays stay in the first cache
static const size_t LARGE = 30000;   // rooms whose arrays do not
static const double SLICE_NS = 40e6; // of each figure and round
static const int PAIRS_A_ROOM = 25;  // products, and as many sums

enum figure { BATCH_SMALL, BATCH_LARGE, BATCH_OPEN, SINGLE, WALLS, LIMIT, TANK, POOL, FIGURES };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_batch(const struct room_model *m, size_t n, size_t open_every, double *witness)
{
    struct room_batch b;
    room_batch_init(&b, m, n, 18);
    for (size_t i = 0; i < n; i++)
        b.heater_w[i] = 100 + (double)(i % 400);
    for (size_t i = 0; open_every && i < n; i += open_every)
        b.window_open[i] = 1;
    size_t steps = 0;
    double start = now_ns(), took = 0;
    for (; took < SLICE_NS; took = now_ns() - start)
        for (int k = 0; k < LOOK_EVERY; k++, steps++)
            room_batch_step(&b, (double)(steps % 10));
    *witness += b.air_c[n / 2];
    room_batch_deinit(&b);
    return took / (double)(steps * n);
}

static double time_single(const struct room_model *m, double *witness)
{
    struct room_state *s = mem_array(SMALL, sizeof *s);
    struct room_input *in = mem_array(SMALL, sizeof *in);
    for (size_t i = 0; i < SMALL; i++) {
        s[i] = room_state_at(18);
        in[i].heater_w = 100 + (double)i;
    }
    size_t steps = 0;
    double start = now_ns(), took = 0;
    for (; took < SLICE_NS; took = now_ns() - start)
        for (int k = 0; k < LOOK_EVERY; k++, steps++)
            room_step(m, s, in, SMALL);
    *witness += s[0].air_c;
    free(s);
    free(in);
    return took / (double)(steps * SMALL);
}

// Each room shares a wall with the next and one with the room ten further on, as on a floor of ten.
static double time_walls(const struct room_model *m, double *witness)
{
    struct room_batch b;
    struct house h;
    room_batch_init(&b, m, SMALL, 18);
    for (size_t i = 0; i < SMALL; i++)
        b.heater_w[i] = 100 + (double)(i % 400);
    if (house_init(&h, &b, 1, NULL) < 0)
        return 0;
    for (size_t i = 0; i < SMALL; i++)
        for (size_t by = 1; by <= 10; by += 9)
            if (i + by < SMALL)
                house_add_wall(&h, (struct house_room){0, i}, (struct house_room){0, i + by}, 25, NULL);
    size_t steps = 0;
    double start = now_ns(), took = 0;
    for (; took < SLICE_NS; took = now_ns() - start)
        for (int k = 0; k < LOOK_EVERY; k++, steps++)
            house_step(&h, (double)(steps % 10));
    *witness += b.air_c[SMALL / 2];
    house_deinit(&h);
    room_batch_deinit(&b);
    return took / (double)(steps * SMALL);
}

// Fifteen layers with boiler and loop; every fourth minute somebody draws.
static double time_tank(double *witness)
{
    struct tank_spec s;
    struct tank t;
    tank_spec_init(&s, 1500);
    s.loop_l_min = 5;
    s.loop_w_k = 10;
    if (tank_init(&t, &s, 50, NULL) < 0)
        return 0;
    size_t steps = 0;
    double start = now_ns(), took = 0;
    for (; took < SLICE_NS; took = now_ns() - start)
        for (int k = 0; k < LOOK_EVERY; k++, steps++) {
            struct tank_input in = {.draw_l = steps % 4 ? 0 : 6,
                                    .cold_c = 12,
                                    .ambient_c = 18,
                                    .boiler_w = 4000,
                                    .boiler_l_min = 2,
                                    .backup_set_c = 55};
            struct tank_flows f;
            tank_step(&t, &in, 60000, &f);
        }
    *witness += t.t[0];
    return took / (double)steps;
}

static double time_pool(double *witness)
{
    struct pool_spec s;
    struct pool p;
    pool_spec_init(&s, 250, 1.8);
    if (pool_init(&p, &s, 28, NULL) < 0)
        return 0;
    size_t steps = 0;
    double start = now_ns(), took = 0;
    for (; took < SLICE_NS; took = now_ns() - start)
        for (int k = 0; k < LOOK_EVERY; k++, steps++) {
            struct pool_input in = {.air_c = 29,
                                    .humidity = 0.6,
                                    .wind_m_s = 0.1,
                                    .bathers = (double)(steps % 30),
                                    .mains_c = 12,
                                    .ground_c = 12,
                                    .boiler_w = 28000};
            struct pool_flows f;
            pool_step(&p, &in, 60000, &f);
        }
    *witness += p.water_c;
    return took / (double)steps;
}

typedef double lanes __attribute__((vector_size(16)));

static double time_limit(double *witness)
{
    enum { CHAINS = 12 };
    lanes x[CHAINS], a = {0.999, 0.998}, b = {0.5, 0.25};
    for (int i = 0; i < CHAINS; i++)
        x[i] = (lanes){(double)i, 1.0};
    size_t passes = 0;
    double start = now_ns(), took = 0;
    for (; took < SLICE_NS; took = now_ns() - start)
        for (int k = 0; k < 1000; k++, passes++) {
#pragma GCC unroll 12
            for (int i = 0; i < CHAINS; i++)
                x[i] = x[i] * a + b;
        }
    for (int i = 0; i < CHAINS; i++)
        *witness += x[i][0] + x[i][1];
    return took / (double)(passes * 2 * CHAINS) * PAIRS_A_ROOM;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void report(FILE *out, const char *what, double round[ROUNDS], double limit)
{
    qsort(round, ROUNDS, sizeof *round, by_size);
    fprintf(out, "world: %-34s %6.2f ns/room-step  spread %.2f  %.1f times the arithmetic\n", what,
            round[ROUNDS / 2], round[ROUNDS - 1] - round[0], round[ROUNDS / 2] / limit);
}

static void report_water(FILE *out, const char *what, const char *store, double round[ROUNDS])
{
    qsort(round, ROUNDS, sizeof *round, by_size);
    fprintf(out, "world: %-34s %6.1f ns/%s-step  spread %.1f\n", what, round[ROUNDS / 2], store,
            round[ROUNDS - 1] - round[0]);
}

int bench_world(FILE *out)
{
    struct room_spec s;
    struct room_model m;
    struct err e = ERR_NULL;
    room_spec_init(&s, room_archetype_find("rt2012"), 30);
    int r = room_model_init(&m, &s, 60000, &e);
    if (r < 0)
        return r;
    double round[FIGURES][ROUNDS], witness = 0;
    for (int k = 0; k < ROUNDS; k++) {
        round[BATCH_SMALL][k] = time_batch(&m, SMALL, 0, &witness);
        round[LIMIT][k] = time_limit(&witness);
        round[BATCH_LARGE][k] = time_batch(&m, LARGE, 0, &witness);
        round[BATCH_OPEN][k] = time_batch(&m, SMALL, 50, &witness);
        round[SINGLE][k] = time_single(&m, &witness);
        round[WALLS][k] = time_walls(&m, &witness);
        round[TANK][k] = time_tank(&witness);
        round[POOL][k] = time_pool(&witness);
    }
    if (witness != witness) // also keeps the compiler from dropping what nobody reads
        return -EDOM;
    double limit[ROUNDS];
    for (int k = 0; k < ROUNDS; k++)
        limit[k] = round[LIMIT][k];
    qsort(limit, ROUNDS, sizeof *limit, by_size);
    report(out, "batch of 300 rooms, 4 states", round[BATCH_SMALL], limit[ROUNDS / 2]);
    report(out, "batch of 30000 rooms, 4 states", round[BATCH_LARGE], limit[ROUNDS / 2]);
    report(out, "300 rooms, one window in 50 open", round[BATCH_OPEN], limit[ROUNDS / 2]);
    report(out, "single rooms, 4 states", round[SINGLE], limit[ROUNDS / 2]);
    report(out, "300 rooms, two walls each", round[WALLS], limit[ROUNDS / 2]);
    report(out, "the arithmetic in registers", round[LIMIT], limit[ROUNDS / 2]);
    report_water(out, "tank, 15 layers, loop, boiler", "tank", round[TANK]);
    report_water(out, "pool", "pool", round[POOL]);
    return ferror(out) ? -EIO : 0;
}
