// SPDX-License-Identifier: Apache-2.0
// Where a task may run and would rather: residency, distance, prices of sites, circuits, gangs, whose turn it
// is. And a large fleet at random.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/rng.h"
#include "core/plan/policy.h"

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static house_ms now = {.v = 1000000};

static void site(struct planner *p, uint32_t at, const char *country, int32_t lat_mdeg)
{
    struct plan_site s = {.cap_mw = -1, .has_position = true, .lat_mdeg = lat_mdeg};
    memcpy(s.country, country, 3);
    planner_site(p, at, &s);
}

static void zone(struct planner *p, uint32_t at, uint32_t of_site, int32_t watts)
{
    planner_zone(
        p, at,
        &(struct plan_zone){.site = of_site, .online = true, .request = {.target_w = watts, .max_w = watts}});
}

static void hold(struct planner *p, uint32_t at, uint32_t task, enum activity a, uint64_t account)
{
    planner_board(p, at,
                  &(struct plan_board){.zone = at,
                                       .spec = &spec,
                                       .curve = curve_default(),
                                       .usable = true,
                                       .task = task,
                                       .activity = a,
                                       .account = account});
}

static void idle(struct planner *p, uint32_t at)
{
    hold(p, at, PLAN_NONE, ACTIVITY_IDLE, 0);
}

// Zone and board of one number, `per_site` of them on each site.
static struct planner *fleet(uint32_t n, uint32_t per_site)
{
    struct planner *p = planner_new(price_table_default());
    for (uint32_t i = 0; i < n; i++) {
        site(p, i / per_site, "FR", 48000);
        zone(p, i, i / per_site, 100);
        idle(p, i);
    }
    return p;
}

static struct plan_task waiting(int32_t pending, uint64_t order)
{
    return (struct plan_task){
        .activity = ACTIVITY_FLEX, .account = 1, .order = order, .pending = pending, .since = now};
}

static void put(struct planner *p, uint32_t at, struct plan_task t)
{
    planner_task(p, at, &t);
}

static struct plan run(struct planner *p)
{
    struct plan out = {0};
    struct err e = ERR_NULL;
    planner_run(p, now, &out);
    if (plan_check(p, now, &out, &e) < 0)
        fail_msg("%s", e.text);
    return out;
}

static void goes_to(struct planner *p, const uint32_t *boards, size_t n)
{
    struct plan out = run(p);
    assert_int_equal(out.n_assigns, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(out.assign[i].board, boards[i]);
    plan_deinit(&out);
}

static void work_stays_in_its_country_and_on_its_site(void **state)
{
    (void)state;
    struct planner *p = fleet(3, 1);
    struct plan_task t = waiting(3, 1);
    enum plan_bar why;
    site(p, 1, "NO", 60000);
    memcpy(t.where.country, "NO", 3);
    put(p, 0, t);
    goes_to(p, (uint32_t[]){1}, 1);
    assert_int_equal(planner_net(p, 0, 0, now, &why), INT64_MIN);
    assert_int_equal(why, BAR_RESIDENCY);
    planner_task_gone(p, 0);
    t = waiting(3, 2);
    t.where.site = 3;
    put(p, 1, t);
    goes_to(p, (uint32_t[]){2}, 1);
    site(p, 0, "NO", 60000); // a border moved: what was looked at before is not forgotten
    memcpy(t.where.country, "NO", 3);
    t.where.site = 0;
    put(p, 2, t);
    goes_to(p, (uint32_t[]){0}, 1);
    planner_free(p);
}

static void residency_that_is_broken_is_found(void **state)
{
    (void)state;
    struct planner *p = fleet(1, 1);
    struct err e = ERR_NULL;
    struct plan_task t = waiting(0, 1);
    memcpy(t.where.country, "NO", 3);
    put(p, 0, t);
    hold(p, 0, 0, ACTIVITY_FLEX, 1);
    struct plan_assign a = {.task = 0, .board = 0};
    assert_int_equal(plan_check(p, now, &(struct plan){.assign = &a, .n_assigns = 1}, &e), -EINVAL);
    assert_non_null(strstr(e.text, "may not run on site"));
    planner_free(p);
}

static void the_nearer_of_equal_sites_is_taken(void **state)
{
    (void)state;
    struct planner *p = fleet(3, 1);
    struct plan_task t = waiting(3, 1);
    site(p, 0, "FR", 40000);
    site(p, 1, "FR", 48500);
    site(p, 2, "FR", 44000);
    t.where.has_near = true;
    t.where.lat_mdeg = 48000;
    put(p, 0, t);
    goes_to(p, (uint32_t[]){1, 2, 0}, 3);
    planner_free(p);
}

// A pool that gas would heat as well: the cheaper electricity, or the cleaner, is used first.
static void work_goes_where_the_electricity_is_cheap_and_clean(void **state)
{
    (void)state;
    struct price_table prices = *price_table_default();
    prices.carbon_ueur_per_g = 100;
    struct planner *p = planner_new(&prices);
    for (uint32_t i = 0; i < 3; i++) {
        planner_site(p, i,
                     &(struct plan_site){.cap_mw = -1,
                                         .has_tariff = true,
                                         .tariff_ueur_per_kwh = i == 1 ? 90000 : 100000,
                                         .carbon_g_per_kwh = i == 2 ? 0 : 500});
        planner_zone(p, i,
                     &(struct plan_zone){.site = i,
                                         .online = true,
                                         .has_other_heat = true,
                                         .other_heat_ueur_per_kwh = 80000,
                                         .request = {.target_w = 100, .max_w = 100}});
        idle(p, i);
    }
    put(p, 0, waiting(3, 1));
    goes_to(p, (uint32_t[]){2, 1, 0}, 3);
    planner_free(p);
}

// Donated work pays less than the electricity where gas is cheap, and runs at night when that is cheaper.
static void low_work_waits_for_the_cheap_hours(void **state)
{
    (void)state;
    struct planner *p = planner_new(price_table_default());
    struct plan_site s = {.cap_mw = -1, .has_tariff = true, .tariff_ueur_per_kwh = 250000};
    struct plan_task t = waiting(1, 1);
    planner_site(p, 0, &s);
    planner_zone(p, 0,
                 &(struct plan_zone){.online = true,
                                     .has_other_heat = true,
                                     .other_heat_ueur_per_kwh = 100000,
                                     .request = {.target_w = 100, .max_w = 100}});
    idle(p, 0);
    t.activity = ACTIVITY_DONATED;
    put(p, 0, t);
    goes_to(p, NULL, 0);
    s.tariff_ueur_per_kwh = 110000;
    planner_site(p, 0, &s);
    goes_to(p, (uint32_t[]){0}, 1);
    planner_free(p);
}

static void a_circuit_stays_below_its_fuse(void **state)
{
    (void)state;
    struct planner *p = fleet(4, 4);
    planner_circuit(p, 1, 210000);
    for (uint32_t i = 0; i < 3; i++)
        planner_zone(
            p, i,
            &(struct plan_zone){.online = true, .circuit = 1, .request = {.target_w = 100, .max_w = 100}});
    put(p, 0, waiting(4, 1));
    goes_to(p, (uint32_t[]){0, 1, 3}, 3);
    idle(p, 0); // room on the fuse again
    goes_to(p, (uint32_t[]){0}, 1);
    planner_circuit(p, 1, 310000);
    goes_to(p, NULL, 0); // nothing waits
    put(p, 1, waiting(1, 2));
    goes_to(p, (uint32_t[]){2}, 1);
    planner_free(p);
}

static void a_board_that_is_awake_is_taken_before_one_that_boots(void **state)
{
    (void)state;
    struct planner *p = fleet(2, 2);
    planner_board(p, 0,
                  &(struct plan_board){.zone = 0,
                                       .spec = &spec,
                                       .curve = curve_default(),
                                       .usable = true,
                                       .asleep = true,
                                       .task = PLAN_NONE});
    put(p, 0, waiting(1, 1));
    goes_to(p, (uint32_t[]){1}, 1);
    planner_free(p);
}

// ---- gangs

static struct plan_task gang(int32_t n, uint64_t order)
{
    struct plan_task t = waiting(n, order);
    t.gang = n;
    return t;
}

static void a_gang_is_placed_whole_on_one_site_or_not_at_all(void **state)
{
    (void)state;
    struct planner *p = fleet(5, 2); // sites of 2, 2 and 1
    put(p, 0, gang(3, 1));
    goes_to(p, NULL, 0);
    zone(p, 4, 1, 100); // site 1 has three now
    goes_to(p, (uint32_t[]){2, 3, 4}, 3);
    planner_free(p);
}

static void half_a_gang_is_found(void **state)
{
    (void)state;
    struct planner *p = fleet(2, 1);
    struct err e = ERR_NULL;
    struct plan_task t = gang(2, 1);
    t.pending = 0;
    put(p, 0, t);
    hold(p, 0, 0, ACTIVITY_FLEX, 1);
    hold(p, 1, 0, ACTIVITY_FLEX, 1);
    struct plan_assign a[] = {{.task = 0, .board = 0}, {.task = 0, .board = 1}};
    assert_int_equal(plan_check(p, now, &(struct plan){.assign = a, .n_assigns = 2}, &e), -EINVAL);
    assert_non_null(strstr(e.text, "boards at once"));
    planner_free(p);
}

static void a_gang_that_waits_beside_enough_boards_is_found(void **state)
{
    (void)state;
    struct planner *p = fleet(2, 2);
    struct err e = ERR_NULL;
    put(p, 0, gang(2, 1));
    assert_int_equal(plan_check(p, now, &(struct plan){0}, &e), -EINVAL);
    assert_non_null(strstr(e.text, "waits for 2 boards"));
    planner_free(p);
}

// Singles take every board that falls free, until the gang has waited long enough; then they get no more
// there.
static void a_gang_is_not_starved_by_singles(void **state)
{
    (void)state;
    struct planner *p = fleet(3, 3);
    house_ms began = now;
    for (uint32_t b = 0; b < 3; b++)
        hold(p, b, 9, ACTIVITY_FLEX, 1);
    put(p, 0, gang(3, 1));
    put(p, 1, waiting(1000, 2));
    struct plan out = run(p);
    size_t singles = 0, whole = 0;
    for (uint32_t step = 0; step < 60 && !whole; step++) {
        now = house_add(now, 60000);
        idle(p, step % 3); // one ends each minute
        plan_deinit(&out);
        out = run(p);
        for (size_t i = 0; i < out.n_assigns; i++)
            *(out.assign[i].task == 0 ? &whole : &singles) += 1;
    }
    assert_int_equal(whole, 3);
    assert_in_range(singles, 9, 10); // while its patience lasted
    plan_deinit(&out);
    planner_free(p);
    now = began;
}

// Two gangs that each need most of the site: never half of one and half of the other.
static void two_gangs_do_not_block_each_other(void **state)
{
    (void)state;
    struct planner *p = fleet(3, 3);
    put(p, 0, gang(2, 1));
    put(p, 1, gang(2, 2));
    struct plan out = run(p);
    assert_int_equal(out.n_assigns, 2);
    assert_int_equal(out.assign[0].task, 0);
    for (size_t i = 0; i < out.n_assigns; i++)
        idle(p, out.assign[i].board);
    plan_deinit(&out);
    out = run(p);
    assert_int_equal(out.n_assigns, 2);
    assert_int_equal(out.assign[0].task, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void a_better_gang_asks_boards_back_on_one_site_only(void **state)
{
    (void)state;
    struct planner *p = fleet(5, 3); // sites of 3 and 2
    house_ms began = now;
    for (uint32_t b = 0; b < 5; b++)
        hold(p, b, 9, ACTIVITY_DONATED, 1);
    struct plan_task t = gang(2, 1);
    t.activity = ACTIVITY_RESERVED;
    put(p, 0, t);
    struct plan out = run(p);
    assert_int_equal(out.n_stops, 0);
    now = house_add(now, price_table_default()->gang_patience_ms); // nothing changed but the time
    plan_deinit(&out);
    out = run(p);
    assert_int_equal(out.n_stops, 2);
    assert_true(out.stop[0].board < 3 && out.stop[1].board < 3);
    for (size_t i = 0; i < 2; i++)
        idle(p, out.stop[i].board);
    plan_deinit(&out);
    out = run(p);
    assert_int_equal(out.n_assigns, 2);
    plan_deinit(&out);
    planner_free(p);
    now = began;
}

// The kept gang is placed: when the next one's patience is over is not forgotten for it.
static void the_next_gangs_patience_is_looked_at_in_time(void **state)
{
    (void)state;
    struct planner *p = fleet(3, 3);
    int64_t patience = price_table_default()->gang_patience_ms;
    house_ms began = now;
    for (uint32_t b = 0; b < 3; b++)
        hold(p, b, 9, ACTIVITY_RESERVED, 1);
    struct plan_task first = gang(2, 1), next = gang(2, 2);
    now = house_add(now, patience);
    first.since = house_add(now, -patience);
    next.since = house_add(first.since, 1000);
    put(p, 0, first);
    put(p, 1, next);
    struct plan out = run(p); // a site is kept for the first
    assert_int_equal(out.n_assigns, 0);
    plan_deinit(&out);
    idle(p, 0);
    idle(p, 1);
    out = run(p);
    assert_int_equal(out.n_assigns, 2);
    assert_true(planner_look_again(p).v <= now.v + 1000);
    plan_deinit(&out);
    planner_free(p);
    now = began;
}

// ---- whose turn it is

static void customers_of_a_class_share(void **state)
{
    (void)state;
    struct planner *p = fleet(8, 8);
    struct plan_task late = waiting(100, 2);
    late.account = 2;
    put(p, 0, waiting(1000, 1));
    put(p, 1, late);
    struct plan out = run(p);
    size_t second = 0;
    for (size_t i = 0; i < out.n_assigns; i++)
        second += out.assign[i].task == 1;
    assert_int_equal(out.n_assigns, 8);
    assert_int_equal(second, 4);
    plan_deinit(&out);
    planner_free(p);
}

// Who holds more gets the next board when they have waited longer than the price table's minutes for each
// core more.
static void who_holds_more_is_not_starved(void **state)
{
    (void)state;
    for (int minutes = 15; minutes <= 17; minutes++) {
        struct planner *p = fleet(3, 3);
        struct plan_task mine = waiting(1, 1), other = waiting(1, 2);
        hold(p, 0, 9, ACTIVITY_FLEX, 1); // two boards of eight cores
        hold(p, 1, 9, ACTIVITY_FLEX, 1);
        mine.since = house_add(now, -60000LL * minutes);
        other.account = 2;
        put(p, 0, mine);
        put(p, 1, other);
        struct plan out = run(p);
        assert_int_equal(out.n_assigns, 1);
        assert_int_equal(out.assign[0].task, minutes >= 16 ? 0 : 1);
        plan_deinit(&out);
        planner_free(p);
    }
}

// ---- ten thousand boards at random, checked after every plan

enum { BOARDS = 10000, SITES = 60, TASKS = 400 };

static struct plan_task some_task(struct rng *r, uint64_t order)
{
    struct plan_task t = waiting((int32_t)rng_below(r, 80), order);
    t.activity = (enum activity)rng_below(r, PLAN_CLASSES);
    t.account = 1 + rng_below(r, 5);
    t.run = (enum plan_run)rng_below(r, PLAN_RUNS);
    t.gang = rng_below(r, 5) ? 1 : 2 + (int32_t)rng_below(r, 20);
    t.where.site = rng_below(r, 8) ? 0 : 1 + (uint32_t)rng_below(r, SITES);
    t.where.has_near = rng_below(r, 5) == 0;
    t.where.lat_mdeg = 30000 + (int32_t)rng_below(r, 30) * 1000;
    if (rng_below(r, 6) == 0)
        memcpy(t.where.country, rng_below(r, 2) ? "FR" : "NO", 3);
    return t;
}

static void some_zone(struct rng *r, struct planner *p, uint32_t at)
{
    int32_t w = (int32_t)rng_below(r, 8) * 50;
    planner_zone(p, at,
                 &(struct plan_zone){.site = at % SITES,
                                     .online = rng_below(r, 20) > 0,
                                     .circuit = 1 + at % 200,
                                     .request = {.target_w = w, .min_w = w / 2, .max_w = w * 2}});
}

static void a_large_fleet_is_planned_without_a_fault(void **state)
{
    (void)state;
    struct planner *p = planner_new(price_table_default());
    static struct plan_task task[TASKS];
    struct rng r;
    size_t done = 0;
    rng_seed(&r, 20);
    for (uint32_t s = 0; s < SITES; s++)
        site(p, s, s % 3 ? "FR" : "NO", 30000 + (int32_t)s * 500);
    for (uint32_t c = 1; c <= 200; c++)
        planner_circuit(p, c, c % 2 ? -1 : 2500000);
    for (uint32_t b = 0; b < BOARDS; b++)
        planner_board(p, b,
                      &(struct plan_board){.zone = b / 3,
                                           .spec = &spec,
                                           .curve = curve_default(),
                                           .usable = true,
                                           .asleep = b % 7 == 0,
                                           .task = PLAN_NONE});
    for (uint32_t z = 0; z <= BOARDS / 3; z++)
        some_zone(&r, p, z);
    for (int step = 0; step < 25; step++) {
        for (int i = 0; i < 40; i++) {
            uint32_t at = (uint32_t)rng_below(&r, TASKS);
            planner_task_gone(p, at);
            task[at] = some_task(&r, (uint64_t)step * 1000 + (uint64_t)i + 1);
            put(p, at, task[at]);
        }
        for (int i = 0; i < 300; i++) {
            uint32_t b = (uint32_t)rng_below(&r, BOARDS);
            some_zone(&r, p, (uint32_t)rng_below(&r, BOARDS / 3));
            planner_board(p, b,
                          &(struct plan_board){.zone = b / 3,
                                               .spec = &spec,
                                               .curve = curve_default(),
                                               .usable = true,
                                               .task = PLAN_NONE});
        }
        struct plan out = run(p);
        done += out.n_assigns + out.n_stops;
        plan_deinit(&out);
        now = house_add(now, 200000);
    }
    assert_true(done > BOARDS);
    planner_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_stays_in_its_country_and_on_its_site),
        cmocka_unit_test(residency_that_is_broken_is_found),
        cmocka_unit_test(the_nearer_of_equal_sites_is_taken),
        cmocka_unit_test(work_goes_where_the_electricity_is_cheap_and_clean),
        cmocka_unit_test(low_work_waits_for_the_cheap_hours),
        cmocka_unit_test(a_circuit_stays_below_its_fuse),
        cmocka_unit_test(a_board_that_is_awake_is_taken_before_one_that_boots),
        cmocka_unit_test(a_gang_is_placed_whole_on_one_site_or_not_at_all),
        cmocka_unit_test(half_a_gang_is_found),
        cmocka_unit_test(a_gang_that_waits_beside_enough_boards_is_found),
        cmocka_unit_test(a_gang_is_not_starved_by_singles),
        cmocka_unit_test(two_gangs_do_not_block_each_other),
        cmocka_unit_test(a_better_gang_asks_boards_back_on_one_site_only),
        cmocka_unit_test(the_next_gangs_patience_is_looked_at_in_time),
        cmocka_unit_test(customers_of_a_class_share),
        cmocka_unit_test(who_holds_more_is_not_starved),
        cmocka_unit_test(a_large_fleet_is_planned_without_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
