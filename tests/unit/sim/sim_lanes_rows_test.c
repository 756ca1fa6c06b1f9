// SPDX-License-Identifier: Apache-2.0
// The loops over all rooms give the same in registers of all widths, and what they say is so for one room.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "sim/lanes_rows.h"

#define ROWS  5
#define N     (ROWS * WIDE_ROW)
#define TABLE 700
#define STEP  1000

struct rooms {
    struct sim_lanes l;
    double sensor_c[N], heater_c[N];
    struct sim_row row[ROWS];
    int32_t whole[7][N], draw[TABLE];
    uint16_t log[N];
};

static struct sim_row *of(const struct rooms *m, int i)
{
    return lane_row(&m->l, (uint32_t)i);
}

static void rooms_init(struct rooms *m, uint64_t seed)
{
    struct rng rng;
    memset(m, 0, sizeof *m);
    rng_seed(&rng, seed);
    struct heat_lanes *h = &m->l.heat;
    int32_t **at[] = {&h->room_mc,  &h->heatsink_mc, &h->cpu_mc, &h->draw_mw,
                      &h->target_w, &h->max_w,       &h->min_w};
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++)
        *at[k] = m->whole[k];
    m->l.row = m->row;
    for (int i = 0; i < TABLE; i++)
        m->draw[i] = rng_below(&rng, 5) == 0 ? -1
                                             : (i * 1000 << DRAW_SHIFT) + ((int32_t)rng_below(&rng, 2) << 5) +
                                                   (int32_t)rng_below(&rng, 3);
    for (int i = 0; i < N; i++) {
        m->sensor_c[i] = 15 + 10 * rng_unit(&rng);
        m->heater_c[i] = 20 + 60 * rng_unit(&rng);
        h->draw_mw[i] = (int32_t)rng_below(&rng, 500000);
        h->target_w[i] = (int32_t)rng_below(&rng, 200);
        h->max_w[i] = (int32_t)rng_below(&rng, 300);
        h->min_w[i] = (int32_t)rng_below(&rng, 2) * 20;
        struct sim_row *w = of(m, i);
        uint32_t j = in_row((uint32_t)i);
        w->want_w[j] = i % 3 ? (h->target_w[i] < h->max_w[i] ? h->target_w[i] : h->max_w[i]) : 7;
        w->driven_w[j] = w->want_w[j];
        w->fast[j] = i % 7 == 0 ? -1 : (int32_t)rng_below(&rng, 400);
        w->run[j] = i % 5 == 0 ? DRIVE_MIXED : (int32_t)rng_below(&rng, 3);
        w->told_target_w[j] = (int32_t)rng_below(&rng, 200);
        w->told_max_w[j] = (int32_t)rng_below(&rng, 300);
        w->told_min_w[j] = i % 4 ? h->min_w[i] : 0;
        w->quiet_step[j] = STEP - 3 + (int32_t)rng_below(&rng, 8);
        if (i % 11 == 0)
            w->restless |= row_bit((uint32_t)i);
        w->crawled[j] = (int32_t)rng_below(&rng, 2) << 1;
        w->levels_step[j] = STEP - 1 + (int32_t)rng_below(&rng, 5);
    }
}

static bool looks(const struct rooms *m, int i)
{
    return of(m, i)->look & row_bit((uint32_t)i);
}

static void followed_is_as_for_one(const struct rooms *is, const struct rooms *was)
{
    for (int i = 0; i < N; i++) {
        const struct heat_lanes *h = &was->l.heat;
        const struct sim_row *w = of(was, i), *now = of(is, i);
        uint32_t j = in_row((uint32_t)i);
        int32_t target = h->target_w[i], max = h->max_w[i], want = target < max ? target : max;
        bool other = want != w->want_w[j];
        int32_t entry = other && w->fast[j] >= 0 ? was->draw[w->fast[j] + want] : -1;
        bool done = entry >= 0 && (w->run[j] == DRIVE_MIXED || (entry & 15) == w->run[j]);
        assert_int_equal(is->l.heat.draw_mw[i], done ? entry >> DRAW_SHIFT : h->draw_mw[i]);
        assert_int_equal(now->driven_w[j], done ? want : w->driven_w[j]);
        assert_int_equal(now->want_w[j], done ? want : w->want_w[j]);
        assert_int_equal(now->decided[j], done ? decided_next(0, want, STEP) : 0);
        assert_int_equal(is->log[i], now->driven_w[j]);
        assert_int_equal(looks(is, i), (other && !done) || (w->restless & row_bit((uint32_t)i)) ||
                                           STEP + 1 >= w->quiet_step[j]);
    }
}

static void quiet_is_who_crawls_as_before(const struct rooms *m)
{
    int quiet = 0;
    for (int i = 0; i < N; i++) {
        const struct sim_row *w = of(m, i);
        uint32_t j = in_row((uint32_t)i);
        int32_t entry = w->fast[j] >= 0 ? m->draw[w->fast[j] + w->driven_w[j]] : -1;
        bool same = entry >= 0 && (entry >> 4 & 15) == w->crawled[j] && STEP < w->levels_step[j];
        assert_int_equal(looks(m, i), !same);
        quiet += same;
    }
    assert_in_range(quiet, 1, N - 1);
}

static void told_is_as_for_one(const struct rooms *m, bool borne)
{
    for (int i = 0; i < N; i++) {
        const struct heat_lanes *h = &m->l.heat;
        const struct sim_row *w = of(m, i);
        uint32_t j = in_row((uint32_t)i);
        int32_t target = h->target_w[i], max = h->max_w[i], min = h->min_w[i];
        int32_t want = target < max ? target : max, counts = want > 60 || min > 0 ? want : 0;
        assert_int_equal(looks(m, i), request_moved(borne ? target : counts, w->told_target_w[j], 30) ||
                                          request_moved(borne ? max : 0, w->told_max_w[j], 60) ||
                                          request_moved(min, w->told_min_w[j], 30));
    }
}

static void every_width_does_as_is_done_for_one_room(void **state)
{
    (void)state;
    const struct sim_lanes_rows *all[] = {&sim_lanes_rows_128, NULL, NULL};
#if defined(__x86_64__)
    all[1] = wide_bits() >= 256 ? &sim_lanes_rows_256 : NULL;
    all[2] = wide_bits() >= 512 ? &sim_lanes_rows_512 : NULL;
#endif
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (int k = 0; k < 3 && all[k]; k++) {
            static struct rooms is, was, first;
            print_message("seed %d, width %d\n", (int)seed, k);
            rooms_init(&was, seed);
            rooms_init(&is, seed);
            all[k]->follow(&is.l, is.draw, is.log, STEP, ROWS);
            followed_is_as_for_one(&is, &was);
            all[k]->sense(&is.l.heat, is.sensor_c, is.heater_c, 0.0375f, ROWS);
            for (int i = 0; i < N; i++) {
                assert_true(is.l.heat.room_mc[i] - is.sensor_c[i] * 1000 <= 32 &&
                            is.sensor_c[i] * 1000 - is.l.heat.room_mc[i] <= 32);
                assert_true(is.l.heat.cpu_mc[i] >= is.l.heat.heatsink_mc[i]);
            }
            if (k == 0)
                memcpy(&first, &is, sizeof is);
            assert_memory_equal(first.whole, is.whole, sizeof is.whole);
            assert_memory_equal(first.row, is.row, sizeof is.row);
            all[k]->loud(&is.l, is.draw, STEP, ROWS);
            quiet_is_who_crawls_as_before(&is);
            all[k]->news(&is.l, 30, 60, seed % 2, ROWS);
            told_is_as_for_one(&is, seed % 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_width_does_as_is_done_for_one_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
