// SPDX-License-Identifier: Apache-2.0
//
// Small fleets for a few days: that a run is the same twice, that its books agree, that faults do what they
// say.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/sim.h"

#define HEAD "[scenario]\nstart = 2018-01-15\ndays = 2\n[site home]\nweather = synthetic\n"
#define ROOMS                                                                                                \
    "[zones room]\nsite = home\ncount = 6\nboards = 3\nfloor_m2 = 22\nneighbour_w_k = 20\nsetpoints = "      \
    "bimodal\n"
#define WORK "[work w]\nkind = backlog\nshare = 0.6\ninstances = 4\nrun_s = 1800\nsave_s = 600\n"

struct made {
    struct scenario s;
    struct sim_inputs in;
};

static void make(struct made *m, const char *text)
{
    struct err e = ERR_NULL;
    *m = (struct made){0};
    if (scenario_read(&m->s, "x.ini", text, strlen(text), &e) < 0)
        fail_msg("%s", e.text);
    m->in.site = mem_array(m->s.n_sites, sizeof *m->in.site);
    m->in.zones = mem_array(m->s.n_zones, sizeof *m->in.zones);
    for (size_t i = 0; i < m->s.n_sites; i++)
        if (m->s.site[i].weather == WEATHER_PARIS_SYNTHETIC)
            weather_synthetic_paris(&m->in.site[i].weather, 2018, 3 + i);
}

static void unmake(struct made *m)
{
    for (size_t i = 0; i < m->s.n_sites; i++)
        weather_deinit(&m->in.site[i].weather);
    free(m->in.site);
    free(m->in.zones);
    scenario_deinit(&m->s);
}

static void run(const char *text, struct sim_workload *w, struct sim_script *x, struct sim_result *r)
{
    struct made m;
    struct err e = ERR_NULL;
    struct sim_options o = {.check_plans = true, .check_balances = true};
    make(&m, text);
    if (w)
        m.in.work = *w;
    if (x)
        m.in.script = *x;
    if (sim_run(&m.s, &m.in, &o, r, &e) < 0)
        fail_msg("%s", e.text);
    unmake(&m);
}

// A job each hour.
struct few {
    int64_t n, given;
};

static int give_few(void *ctx, struct sim_job *job, struct err *e)
{
    struct few *f = ctx;
    (void)e;
    if (f->given == f->n)
        return 0;
    *job = (struct sim_job){.id = (uint64_t)f->given,
                            .submit_ms = f->given * 3600000 + 90000,
                            .activity = ACTIVITY_FLEX,
                            .instances = 1,
                            .cores = 16,
                            .work_core_ms = 1800 * 16000,
                            .expected_run_ms = -1};
    f->given++;
    return 1;
}

static void test_twice_is_the_same_and_a_seed_is_not(void **state)
{
    (void)state;
    struct sim_result a, b, c;
    run(HEAD ROOMS WORK, NULL, NULL, &a);
    run(HEAD ROOMS WORK, NULL, NULL, &b);
    run("[scenario]\nseed = 2\n" HEAD ROOMS WORK, NULL, NULL, &c);
    assert_true(a.trace_hash == b.trace_hash);
    assert_true(a.totals.it_j == b.totals.it_j);
    assert_true(a.trace_hash != c.trace_hash);
    sim_result_deinit(&a);
    sim_result_deinit(&b);
    sim_result_deinit(&c);
}

// More rooms than lie side by side: each is stepped once, by its own people, and has its own name.
static void test_a_large_group_is_as_many_rooms_as_it_says(void **state)
{
    (void)state;
    struct sim_result r;
    char name[16];
    run("[scenario]\nstart = 2018-01-15\ndays = 0.5\n[site home]\nweather = synthetic\n[zones room]\nsite = "
        "home\n"
        "count = 1400\nspread = 0.3\nneighbour_w_k = 20\nsetpoints = bimodal\n"
        "[zones hall]\nsite = home\ncount = 600\nneighbour_w_k = 20\nsetpoints = bimodal\n",
        NULL, NULL, &r);
    assert_int_equal(r.n_zones, 2000);
    assert_true(r.totals.energy_error < 1e-9);
    int64_t delivered = 0;
    for (size_t i = 0; i < r.n_zones; i++) {
        const struct sim_zone_result *z = &r.zone[i];
        snprintf(name, sizeof name, i < 1400 ? "room-%d" : "hall-%d", (int)(i < 1400 ? i : i - 1400) + 1);
        assert_string_equal(z->name, name);
        assert_true(z->mean_c > 10 && z->max_c < 35);
        delivered += z->delivered_j;
        for (size_t k = i > 8 ? i - 8 : 0; k < i; k++)
            if (z->asked_j == r.zone[k].asked_j && z->mean_c == r.zone[k].mean_c)
                fail_msg("%s is %s", z->name, r.zone[k].name);
    }
    assert_in_range(r.totals.it_j - delivered, 0, 2000);
    sim_result_deinit(&r);
}

// Boards, classes, zones and sites are counted apart; whole joules are cut off in each.
static void test_books_agree(void **state)
{
    (void)state;
    struct sim_result r;
    run(HEAD ROOMS WORK, NULL, NULL, &r);
    int64_t classes = 0, zones = 0;
    for (int a = 0; a < ACTIVITY_N; a++)
        classes += r.class[a].energy_j;
    for (size_t i = 0; i < r.n_zones; i++)
        zones += r.zone[i].delivered_j;
    assert_true(llabs(classes - zones) < 500);
    assert_true(llabs(r.totals.it_j - zones) < 500);
    assert_true(r.totals.it_j > 10000000);
    assert_true(llabs(r.totals.unattributed_j) <
                100); // the engine's ledger explains every joule but roundings
    assert_true(r.totals.energy_error < 1e-9);
    assert_true(r.totals.balances_checked == 6 * 2 * 1440);
    assert_true(r.totals.violations == 0);
    // The metal's heat is late by less than a day.
    assert_true(r.totals.heat_coverage_day > r.totals.heat_coverage_able);
    assert_true(r.totals.heat_coverage_day > 0.97 && r.totals.heat_coverage_day <= 1);
    struct sim_class_result *c = &r.class[ACTIVITY_FLEX];
    assert_true(c->submitted == c->completed + c->waiting + c->running);
    assert_true(c->completed > 20);
    const int64_t one = 1800 * 8 * 1000;
    // and what those had saved that were moved, each cut off to whole milliseconds
    assert_true(c->work_core_ms >= c->completed * one - c->preempted);
    assert_true(c->work_core_ms <= (c->completed + c->preempted) * one);
    sim_result_deinit(&r);
}

// Work that never ends waits from the first second: all that its heat can do, less boots and what boards take
// idle, and never more. What a run with less work did is bounded by what came.
static void test_nobody_does_more_than_the_bound(void **state)
{
    (void)state;
    struct sim_result r;
    static const char plenty[] = "[work w]\nkind = backlog\nshare = 2\ninstances = 4\nrun_s = 900\n",
                      little[] = "[work w]\nkind = backlog\nshare = 0.2\ninstances = 1\nrun_s = 7200\n";
    const char *const work[] = {plenty, little};
    for (int i = 0; i < 2; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s%s", HEAD, ROOMS, work[i]);
        run(text, NULL, NULL, &r);
        const struct sim_class_result *c = &r.class[ACTIVITY_FLEX];
        double done = (double)(c->work_core_ms + c->open_core_ms);
        assert_true(done <= r.totals.bound_core_ms);
        assert_true(done > 0.9 * r.totals.bound_core_ms);
        assert_true(c->open_core_ms > 0);
        sim_result_deinit(&r);
    }
}

// A job of 3600 core-seconds on one core of a board, and one on all eight, at 19 degC in a room that wants
// full power.
struct one_job {
    struct sim_job job;
    int left;
};

static int give(void *ctx, struct sim_job *job, struct err *e)
{
    struct one_job *o = ctx;
    (void)e;
    if (o->left-- <= 0)
        return 0;
    *job = o->job;
    return 1;
}

struct seen {
    struct sim_instance_result r;
    int n;
};

static void see(void *ctx, const struct sim_instance_result *r)
{
    struct seen *s = ctx;
    s->r = *r;
    s->n++;
}

static int64_t time_of(int32_t cores, int64_t work_core_ms)
{
    struct made m;
    struct err e = ERR_NULL;
    struct seen seen = {0};
    struct one_job o = {.left = 1,
                        .job = {.submit_ms = 123456,
                                .activity = ACTIVITY_FLEX,
                                .instances = 1,
                                .cores = cores,
                                .work_core_ms = work_core_ms,
                                .expected_run_ms = -1}};
    struct sim_options so = {.hooks = {.ctx = &seen, .instance = see}};
    struct sim_result r;
    make(&m, "[scenario]\ndays = 1\n[site home]\nweather = -10\n[board b]\ncurve = 1000:30 2000:60\nboot_s = "
             "0\n[zones room]\nsite = home\n"
             "boards = 1\nboard = b\narchetype = before1948\npeople = none\n[work w]\nkind = swf\n");
    m.in.work = (struct sim_workload){&o, give, NULL};
    if (sim_run(&m.s, &m.in, &so, &r, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.r.submit_ms, 123456);
    assert_int_equal(seen.r.started_ms, 123456); // to the millisecond: not at the next step
    sim_result_deinit(&r);
    unmake(&m);
    return seen.r.ended_ms - seen.r.started_ms;
}

static void test_an_instance_takes_its_work_over_its_cores(void **state)
{
    (void)state;
    assert_int_equal(time_of(1, 3600000), 3600000);
    assert_int_equal(time_of(8, 3600000), 450000);
    assert_int_equal(time_of(100, 3600000), 450000); // the board has eight
}

struct starts {
    int64_t at[4];
    int n;
};

static void note_start(void *ctx, const struct sim_instance_result *r)
{
    struct starts *s = ctx;
    if (s->n < 4)
        s->at[s->n++] = r->started_ms;
}

// Two boards, one job before a pair: without the word one of the pair would begin beside the first job.
static void test_instances_that_belong_together_start_together(void **state)
{
    (void)state;
    for (int together = 0; together < 2; together++) {
        struct made m;
        struct err e = ERR_NULL;
        struct starts starts = {0};
        struct one_job o = {.left = 2,
                            .job = {.submit_ms = 1000,
                                    .activity = ACTIVITY_ONDEMAND,
                                    .instances = 2,
                                    .cores = 8,
                                    .work_core_ms = 8 * 600000,
                                    .expected_run_ms = -1,
                                    .together = together}};
        struct sim_options so = {.hooks = {.ctx = &starts, .instance = note_start}};
        struct sim_result r;
        make(&m,
             "[scenario]\ndays = 1\n[site home]\nweather = -10\n[board b]\ncurve = 1000:30 2000:60\nboot_s = "
             "0\n[zones room]\nsite = home\n"
             "boards = 3\nboard = b\narchetype = before1948\npeople = none\n[work w]\nkind = swf\n");
        m.in.work = (struct sim_workload){&o, give, NULL};
        if (sim_run(&m.s, &m.in, &so, &r, &e) < 0)
            fail_msg("%s", e.text);
        assert_int_equal(starts.n, 4);
        // three boards, two pairs: in pairs the third board waits
        int at_once = 0;
        for (int i = 0; i < 4; i++)
            at_once += starts.at[i] == 1000;
        assert_int_equal(at_once, together ? 2 : 3);
        sim_result_deinit(&r);
        unmake(&m);
    }
}

static void test_data_are_brought_once_to_a_site(void **state)
{
    (void)state;
    struct sim_data data = {.set = 5, .bytes = 1000000000};
    struct one_job o = {.left = 3,
                        .job = {.submit_ms = 1000,
                                .activity = ACTIVITY_FLEX,
                                .instances = 2,
                                .cores = 8,
                                .work_core_ms = 80000,
                                .expected_run_ms = -1,
                                .data = &data,
                                .n_data = 1}};
    struct sim_workload w = {&o, give, NULL};
    struct sim_result r;
    run(HEAD ROOMS "[work w]\nkind = swf\n", &w, NULL, &r);
    assert_true(r.site[0].moved_bytes == 1000000000);
    assert_true(r.site[0].transfers == 1);
    assert_true(r.site[0].asked_bytes == 6000000000);
    assert_int_equal(r.class[ACTIVITY_FLEX].completed, 6);
    assert_true(r.class[ACTIVITY_FLEX].wait.p50_s >= 48); // 40 s over the link, 8 s to the board
    sim_result_deinit(&r);
}

static void test_faults_lose_work_and_not_for_good(void **state)
{
    (void)state;
    static const char *const kinds[] = {"board", "agent", "wan", "sensor"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char text[1024];
        struct sim_result r;
        snprintf(text, sizeof text,
                 "%s%s%s[fault f]\nkind = %s\nat_day = 0.5\nmedian_s = 3600\np90_s = 7200\n", HEAD, ROOMS,
                 WORK, kinds[i]);
        run(text, NULL, NULL, &r);
        struct sim_class_result *c = &r.class[ACTIVITY_FLEX];
        assert_true(c->submitted == c->completed + c->waiting + c->running);
        assert_true(i == 3 ? c->lost == 0 : c->lost > 0);
        assert_true(c->completed > 10);
        assert_true(r.totals.energy_error < 1e-9);
        if (i == 0 || i == 3) // of a lease that was given up nobody hears what it used: it stays unattributed
            if (llabs(r.totals.unattributed_j) >= 1000)
                fail_msg("%s: %lld J are not explained", kinds[i], (long long)r.totals.unattributed_j);
        for (size_t z = 0; z < r.n_zones; z++) // the frost limit holds whatever breaks
            assert_true(r.zone[z].min_c > 7);
        sim_result_deinit(&r);
    }
}

// Requests are kept back while nothing waits. Where a circuit has a cap, even one that binds nothing, all are
// told at once: hardly any figure is another, and the calls are many more.
static void test_what_is_kept_back_changes_no_decision_that_counts(void **state)
{
    (void)state;
    const char *work = "[work w]\nkind = random\nclass = flex\n"; // whose; the jobs come from below
    char kept[1024], at_once[1024];
    struct sim_result a, b;
    snprintf(kept, sizeof kept, "%s%s%s", HEAD, ROOMS, work);
    snprintf(at_once, sizeof at_once, "%scircuit_cap_w = 100000\n%s%s", HEAD, ROOMS, work);
    struct few few_a = {.n = 48}, few_b = {.n = 48};
    run(kept, &(struct sim_workload){&few_a, give_few, NULL}, NULL, &a);
    run(at_once, &(struct sim_workload){&few_b, give_few, NULL}, NULL, &b);
    const struct sim_class_result *x = &a.class[ACTIVITY_FLEX], *y = &b.class[ACTIVITY_FLEX];
    assert_true(x->completed >= 40);
    assert_in_range(x->completed, y->completed - 2, y->completed + 2);
    assert_true((double)llabs(a.totals.delivered_j - b.totals.delivered_j) <
                0.005 * (double)b.totals.delivered_j);
    assert_true(a.totals.syncs < b.totals.syncs * 4 / 5); // levels of what runs are told in both
    sim_result_deinit(&a);
    sim_result_deinit(&b);
}

static void test_a_cap_is_kept(void **state)
{
    (void)state;
    struct sim_result r;
    run("[scenario]\nstart = 2018-01-15\ndays = 1\n[site home]\nweather = -5\ncap_w = 900\n" ROOMS WORK, NULL,
        NULL, &r);
    assert_true(r.totals.violations == 0);
    assert_true(r.totals.it_j < 900 * 86400);
    assert_true(r.totals.it_j > 700 * 86400);
    sim_result_deinit(&r);
}

// Of two kinds of rooms one wants full power and one next to nothing: what was begun in the second while it
// was cold, and is long, ends in the first.
static void test_what_crawls_is_moved(void **state)
{
    (void)state;
    static const char rooms[] =
        "[zones room]\nsite = home\ncount = 3\nboards = 3\nfloor_m2 = 22\nsetpoints = schedule\n"
        "schedule = daily 00:00 21; daily 06:00 16; daily 20:00 21\n"
        "[zones hall]\nsite = home\ncount = 3\nboards = 3\nfloor_m2 = 30\nsetpoint = 21\n";
    static const char work[] =
        "[work w]\nkind = backlog\nshare = 0.4\ninstances = 4\nrun_s = 36000\nsave_s = 600\n";
    char text[1024];
    struct sim_result ours, theirs;
    snprintf(text, sizeof text, "%s%s%s", HEAD, rooms, work);
    run(text, NULL, NULL, &ours);
    snprintf(text, sizeof text, "[scenario]\npolicy = fifo\n%s%s%s", HEAD, rooms, work);
    run(text, NULL, NULL, &theirs);
    assert_true(ours.class[ACTIVITY_FLEX].preempted > 0);
    assert_true(theirs.class[ACTIVITY_FLEX].preempted == 0); // it never moves anybody
    sim_result_deinit(&ours);
    sim_result_deinit(&theirs);
}

// The engine refuses what it cannot read, and a refusal ends the run.
static void test_the_engine_is_told_of_tariffs_and_carbon(void **state)
{
    (void)state;
    static const char *sites[] = {
        ("tariff_eur_kwh = 0.21\ntariff_night_eur_kwh = 0.16\nnight_from_hour = 22\n"
         "night_to_hour = 6\ncalendar = french\n"),
        "carbon_g_kwh = 61.5\ncap_w = 2000\n", "tariff_eur_kwh = -0.21\n",
        "tariff_eur_kwh = -0.21\ntariff_night_eur_kwh = -1\nnight_to_hour = 6\n"};
    for (size_t i = 0; i <= ARRAY_LEN(sites); i++) {
        struct made m;
        struct err e = ERR_NULL;
        struct sim_result r;
        char text[1024];
        double *hour = mem_array(48, sizeof *hour);
        snprintf(text, sizeof text, "%s%s%s%s", HEAD, i < ARRAY_LEN(sites) ? sites[i] : "", ROOMS, WORK);
        make(&m, text);
        for (int h = 0; h < 48; h++)
            hour[h] = h * 0.01 - 0.02; // a tariff may be below nothing
        if (i == ARRAY_LEN(sites))
            m.in.site[0].tariff =
                (struct series){.start_ms = m.s.start.v, .step_ms = 3600000, .n = 48, .v = hour};
        if (i == ARRAY_LEN(sites))
            m.in.site[0].carbon = m.in.site[0].tariff;
        if (sim_run(&m.s, &m.in, &(struct sim_options){0}, &r, &e) < 0)
            fail_msg("site %zu: %s", i, e.text);
        assert_true(r.totals.violations == 0);
        assert_true((r.totals.cost_eur < 0) == (i == 2 || i == 3)); // the bill has no such limit
        sim_result_deinit(&r);
        unmake(&m);
        free(hour);
    }
}

// The published control of heaters is theirs and not ours: it swings by its kelvin where our thermostat
// stands still, burns and is switched off where ours spreads, and its work starts at full speed.
static void test_the_published_scheduler_regulates_by_its_own_thresholds(void **state)
{
    (void)state;
    struct sim_result ours, theirs, blind;
    run("[scenario]\nburn = yes\n" HEAD ROOMS WORK, NULL, NULL, &ours);
    run("[scenario]\nburn = yes\npolicy = qstd\n" HEAD ROOMS WORK, NULL, NULL, &theirs);
    run("[scenario]\nburn = yes\npolicy = blind\n" HEAD ROOMS WORK, NULL, NULL, &blind);
    assert_true(ours.totals.zone_rmse_k < 0.2 && blind.totals.zone_rmse_k < 0.2);
    assert_true(theirs.totals.zone_rmse_k > 0.4);
    assert_true(theirs.class[ACTIVITY_FILLER].energy_j == 0 &&
                theirs.class[ACTIVITY_IDLE].energy_j * 50 < theirs.totals.it_j); // it burns or is off
    assert_true(theirs.class[ACTIVITY_BURN].energy_j > 0 && theirs.class[ACTIVITY_FLEX].completed > 20);
    assert_true(theirs.totals.violations == 0 && theirs.totals.energy_error < 1e-9);
    sim_result_deinit(&ours);
    sim_result_deinit(&theirs);
    sim_result_deinit(&blind);
}

#define SUMMER                                                                                               \
    "[scenario]\nstart = 2018-07-02\ndays = 2\n[site home]\nweather = 20\nweather_without_sun = dark\n"      \
    "[zones room]\nsite = home\ncount = 6\nboards = 3\nsetpoint = 16\nstart_c = 20\nvent_w_k = 60\n"         \
    "vent_open_w_k = 60\n"
#define ALWAYS "[work w]\nkind = backlog\nshare = 2\ninstances = 4\nrun_s = 1800\n"

// Rooms that want no heat for two days: nothing runs, or half of what the boards can do for a quarter of
// their watts (26 %), by the setting. What was not at its end yet is not counted: at most 12 boards' half
// hours of 18 boards' 48 hours, 0.7 %, and as much for the start.
static void test_low_power_mode_keeps_half_of_the_computing_in_summer(void **state)
{
    (void)state;
    struct sim_result none, low;
    run(SUMMER ALWAYS, NULL, NULL, &none);
    run(SUMMER "low_power = 0.5\n" ALWAYS, NULL, NULL, &low);
    double all_ghz_h = 18 * 48 * 8 * 4.0, all_j = 18 * 48 * 3600 * 153.0;
    assert_true(none.class[ACTIVITY_FLEX].work_ghz_h == 0);
    double work = low.class[ACTIVITY_FLEX].work_ghz_h / all_ghz_h, watts = (double)low.totals.it_j / all_j;
    assert_true(work >= 0.485);
    assert_true(watts <= 0.26);
    assert_true(low.class[ACTIVITY_FILLER].energy_j == 0 && low.class[ACTIVITY_BURN].energy_j == 0);
    assert_true(low.totals.violations == 0);
    assert_true(low.totals.asked_j == 0); // no heat is said to be of use that nobody asked for
    sim_result_deinit(&none);
    sim_result_deinit(&low);
}

// At 28 degC it ends, whoever allowed it.
static void test_low_power_mode_ends_where_rooms_are_hot(void **state)
{
    (void)state;
    struct sim_result r;
    run("[scenario]\nstart = 2018-07-02\ndays = 1\n[site home]\nweather = 29\nweather_without_sun = dark\n"
        "[zones room]\nsite = home\ncount = 2\nboards = 3\nsetpoint = 20\nstart_c = 29\nlow_power = "
        "0.5\n" ALWAYS,
        NULL, NULL, &r);
    assert_true(r.class[ACTIVITY_FLEX].work_ghz_h == 0);
    sim_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_large_group_is_as_many_rooms_as_it_says),
        cmocka_unit_test(test_low_power_mode_keeps_half_of_the_computing_in_summer),
        cmocka_unit_test(test_low_power_mode_ends_where_rooms_are_hot),
        cmocka_unit_test(test_twice_is_the_same_and_a_seed_is_not),
        cmocka_unit_test(test_books_agree),
        cmocka_unit_test(test_nobody_does_more_than_the_bound),
        cmocka_unit_test(test_an_instance_takes_its_work_over_its_cores),
        cmocka_unit_test(test_instances_that_belong_together_start_together),
        cmocka_unit_test(test_data_are_brought_once_to_a_site),
        cmocka_unit_test(test_faults_lose_work_and_not_for_good),
        cmocka_unit_test(test_what_is_kept_back_changes_no_decision_that_counts),
        cmocka_unit_test(test_a_cap_is_kept),
        cmocka_unit_test(test_what_crawls_is_moved),
        cmocka_unit_test(test_the_engine_is_told_of_tariffs_and_carbon),
        cmocka_unit_test(test_the_published_scheduler_regulates_by_its_own_thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
