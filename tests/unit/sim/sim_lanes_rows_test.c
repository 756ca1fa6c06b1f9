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
    int32_t whole[20][N], draw[TABLE];
    uint32_t decided[N];
    uint16_t log[N], look[ROWS];
};

static void rooms_init(struct rooms *m, uint64_t seed)
{
    struct rng rng;
    memset(m, 0, sizeof *m);
    rng_seed(&rng, seed);
    struct heat_lanes *h = &m->l.heat;
    int32_t **at[] = {&h->room_mc,      &h->heatsink_mc,  &h->cpu_mc,       &h->draw_mw,
                      &h->target_w,     &h->max_w,        &h->min_w,        &m->l.want_w,
                      &m->l.driven_w,   &m->l.fast,       &m->l.run,        &m->l.told_target_w,
                      &m->l.told_max_w, &m->l.told_min_w, &m->l.quiet_step, &m->l.restless,
                      &m->l.crawled,    &m->l.levels_step};
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++)
        *at[k] = m->whole[k];
    m->l.decided = m->decided;
    m->l.look = m->look;
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
        m->l.want_w[i] = i % 3 ? (h->target_w[i] < h->max_w[i] ? h->target_w[i] : h->max_w[i]) : 7;
        m->l.driven_w[i] = m->l.want_w[i];
        m->l.fast[i] = i % 7 == 0 ? -1 : (int32_t)rng_below(&rng, 400);
        m->l.run[i] = i % 5 == 0 ? DRIVE_MIXED : (int32_t)rng_below(&rng, 3);
        m->l.told_target_w[i] = (int32_t)rng_below(&rng, 200);
        m->l.told_max_w[i] = (int32_t)rng_below(&rng, 300);
        m->l.told_min_w[i] = i % 4 ? h->min_w[i] : 0;
        m->l.quiet_step[i] = STEP - 3 + (int32_t)rng_below(&rng, 8);
        m->l.restless[i] = i % 11 == 0;
        m->l.crawled[i] = (int32_t)rng_below(&rng, 2) << 1;
        m->l.levels_step[i] = STEP - 1 + (int32_t)rng_below(&rng, 5);
    }
}

static bool looks(const struct rooms *m, int i)
{
    return m->look[i / WIDE_ROW] >> i % WIDE_ROW & 1;
}

static void followed_is_as_for_one(const struct rooms *is, const struct rooms *was)
{
    for (int i = 0; i < N; i++) {
        const struct sim_lanes *l = &was->l;
        int32_t target = l->heat.target_w[i], max = l->heat.max_w[i], want = target < max ? target : max;
        int32_t entry = want != l->want_w[i] && l->fast[i] >= 0 ? was->draw[l->fast[i] + want] : -1;
        bool done = entry >= 0 && (l->run[i] == DRIVE_MIXED || (entry & 15) == l->run[i]);
        assert_int_equal(is->l.heat.draw_mw[i], done ? entry >> DRAW_SHIFT : l->heat.draw_mw[i]);
        assert_int_equal(is->l.driven_w[i], done ? want : l->driven_w[i]);
        assert_int_equal(is->l.want_w[i], done ? want : l->want_w[i]);
        assert_int_equal(is->decided[i], done ? decided_next(0, want, STEP) : 0);
        assert_int_equal(is->log[i], is->l.driven_w[i]);
        assert_int_equal(looks(is, i),
                         (want != l->want_w[i] && !done) || l->restless[i] || STEP + 1 >= l->quiet_step[i]);
    }
}

static void quiet_is_who_crawls_as_before(const struct rooms *m)
{
    int quiet = 0;
    for (int i = 0; i < N; i++) {
        const struct sim_lanes *l = &m->l;
        int32_t entry = l->fast[i] >= 0 ? m->draw[l->fast[i] + l->driven_w[i]] : -1;
        bool same = entry >= 0 && (entry >> 4 & 15) == l->crawled[i] && STEP < l->levels_step[i];
        assert_int_equal(looks(m, i), !same);
        quiet += same;
    }
    assert_in_range(quiet, 1, N - 1);
}

static void told_is_as_for_one(const struct rooms *m, bool borne)
{
    for (int i = 0; i < N; i++) {
        const struct sim_lanes *l = &m->l;
        int32_t target = l->heat.target_w[i], max = l->heat.max_w[i], min = l->heat.min_w[i];
        int32_t want = target < max ? target : max, counts = want > 60 || min > 0 ? want : 0;
        assert_int_equal(looks(m, i), request_moved(borne ? target : counts, l->told_target_w[i], 30) ||
                                          request_moved(borne ? max : 0, l->told_max_w[i], 60) ||
                                          request_moved(min, l->told_min_w[i], 30));
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
