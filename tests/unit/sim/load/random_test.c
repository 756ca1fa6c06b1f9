// SPDX-License-Identifier: Apache-2.0
//
// Long streams of the generator against the figures it claims: those of the platform in May 2019.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"
#include "sim/figure/stat.h"
#include "sim/load/load.h"

#define DAY_MS  INT64_C(86400000)
#define WEEK_MS (7 * DAY_MS)
#define MONDAY  (4 * DAY_MS) // 5 January 1970

static void close_to(const char *what, double got, double want, double by)
{
    if (!(got >= want - by && got <= want + by))
        fail_msg("%s: %.6g, not %.6g within %g", what, got, want, by);
}

static const struct load_frame six_years = {
    .seed = 7, .to_ms = 312 * WEEK_MS, .activity = ACTIVITY_FLEX, .accounts = 5, .save_ms = 60000};
static const struct load_random busy = {
    .local_ms = MONDAY, .work_cores = 100, .cores = 4, .data_bytes = 1.3e9, .data_sets = 50};

struct seen {
    struct stat_sample run, width;
    double work, by_hour[24], by_day[7], tasks, instances, small_runs;
    double popular, bytes_median;
    struct stat_sample bytes;
};

static void count_job(struct seen *s, const struct sim_job *j, int64_t *before)
{
    assert_true(j->submit_ms >= *before && j->submit_ms < six_years.to_ms);
    assert_true(j->instances >= 1 && j->instances <= 1233 && j->cores == 4 && j->account < 5 &&
                j->save_ms == 60000);
    *before = j->submit_ms;
    s->tasks++;
    s->by_hour[j->submit_ms / 3600000 % 24]++;
    s->by_day[j->submit_ms / DAY_MS % 7]++; // from Monday
    stat_add(&s->width, j->instances);
    int64_t bytes = 0;
    for (size_t i = 0; i < j->n_data; i++)
        bytes += j->data[i].bytes;
    stat_add(&s->bytes, (double)bytes);
    for (int32_t i = 0; i < j->instances; i++) {
        s->work += (double)j->work_each_core_ms[i];
        stat_add(&s->run, (double)j->work_each_core_ms[i] / 4000.0);
    }
}

static void drain(struct sim_workload w, struct seen *s)
{
    struct sim_job j;
    struct err e = ERR_NULL;
    int64_t before = 0;
    while (w.next(w.ctx, &j, &e) == 1)
        count_job(s, &j, &before);
    sim_workload_free(&w);
}

static void test_six_years_have_the_published_figures(void **state)
{
    (void)state;
    struct seen s = {0};
    drain(load_random(&busy, &six_years), &s);
    close_to("tasks", s.tasks,
             100.0 / (load_random_mean_run_s() * load_random_mean_width() * 4) * 312 * 7 * 86400,
             0.01 * s.tasks);
    close_to("work", s.work / (double)six_years.to_ms, 100, 8); // few tasks have most of it
    close_to("run p25", stat_quantile(&s.run, 0.25), 113, 10);
    close_to("run p50", stat_quantile(&s.run, 0.50), 204, 20);
    close_to("run p75", stat_quantile(&s.run, 0.75), 502, 40);
    close_to("run p90", stat_quantile(&s.run, 0.90), 941, 113); // the spread within tasks widens it
    close_to("width p70", stat_quantile(&s.width, 0.69), 1, 0);
    close_to("width p80", stat_quantile(&s.width, 0.80), 5, 1);
    close_to("width p95", stat_quantile(&s.width, 0.95), 21, 2);
    close_to("width p99", stat_quantile(&s.width, 0.99), 193, 15);
    close_to("width mean", stat_mean(&s.width), load_random_mean_width(), 0.5);
    for (int h = 0; h < 24; h++) {
        double want = 0;
        for (int d = 0; d < 7; d++)
            want += load_random_rate(d, h) / (24 * 7);
        close_to("hour", s.by_hour[h] / s.tasks, want, 0.06 * want + 0.0005);
    }
    for (int d = 0; d < 7; d++) {
        double want = 0;
        for (int h = 0; h < 24; h++)
            want += load_random_rate((d + 1) % 7, h) / (24 * 7);
        close_to("weekday", s.by_day[d] / s.tasks, want, 0.05 * want);
    }
    close_to("bytes p50", stat_quantile(&s.bytes, 0.5), 1.31e9, 0.03e9);
    close_to("bytes p90", stat_quantile(&s.bytes, 0.85), 1.4e9, 0.08e9);
    assert_true(stat_quantile(&s.bytes, 1) > 10e9 && stat_quantile(&s.bytes, 1) < 80e9);
    stat_deinit(&s.run);
    stat_deinit(&s.width);
    stat_deinit(&s.bytes);
}

// Means of the tables against the published ones: 660 s an instance, 11 instances a task.
static void test_the_means_are_those_of_may_2019(void **state)
{
    (void)state;
    close_to("run", load_random_mean_run_s(), 660, 130);
    close_to("width", load_random_mean_width(), 10.9, 1.5);
    double sum = 0;
    for (int d = 0; d < 7; d++)
        for (int h = 0; h < 24; h++)
            sum += load_random_rate(d, h);
    close_to("rates", sum / (24 * 7), 1, 1e-12);
    assert_true(load_random_rate(3, 3) > 4 * load_random_rate(3, 23)); // the nightly tests
}

static void test_data_sets_come_and_go(void **state)
{
    (void)state;
    struct load_frame year = six_years;
    year.to_ms = 365 * DAY_MS;
    struct sim_workload w = load_random(&busy, &year);
    struct sim_job j;
    struct err e = ERR_NULL;
    struct idmap first = IDMAP_NULL, last = IDMAP_NULL, bytes = IDMAP_NULL;
    double tasks = 0, longest = 0;
    while (w.next(w.ctx, &j, &e) == 1) {
        tasks++;
        assert_true(j.n_data >= 1 && j.n_data <= 3);
        for (size_t i = 0; i < j.n_data; i++) {
            uint64_t at = 0, size = 0;
            if (!idmap_get(&first, j.data[i].set, &at))
                idmap_set(&first, j.data[i].set, at = (uint64_t)j.submit_ms + 1);
            if (idmap_get(&bytes, j.data[i].set, &size))
                assert_int_equal(size, (uint64_t)j.data[i].bytes); // the same set is the same bytes
            idmap_set(&bytes, j.data[i].set, (uint64_t)j.data[i].bytes);
            double age = (double)((uint64_t)j.submit_ms + 1 - at);
            longest = age > longest ? age : longest;
        }
    }
    assert_true(longest <= 80.0 * (double)DAY_MS && longest > 60.0 * (double)DAY_MS);
    close_to("sets a year", (double)bytes.n, 50 * (365 / 80.0 + 1), 40);
    sim_workload_free(&w);
    idmap_deinit(&first);
    idmap_deinit(&last);
    idmap_deinit(&bytes);
    assert_true(tasks > 1000);
}

static void test_the_same_seed_is_the_same_stream(void **state)
{
    (void)state;
    struct load_frame week = six_years, other = six_years;
    week.to_ms = other.to_ms = WEEK_MS;
    other.seed = 8;
    struct sim_workload a = load_random(&busy, &week), b = load_random(&busy, &week),
                        c = load_random(&busy, &other);
    struct sim_job x, y, z;
    struct err e = ERR_NULL;
    bool differs = false;
    while (a.next(a.ctx, &x, &e) == 1) {
        assert_int_equal(b.next(b.ctx, &y, &e), 1);
        assert_int_equal(x.submit_ms, y.submit_ms);
        assert_int_equal(x.work_core_ms, y.work_core_ms);
        differs = differs || c.next(c.ctx, &z, &e) != 1 || z.submit_ms != x.submit_ms;
    }
    assert_int_equal(b.next(b.ctx, &y, &e), 0);
    assert_true(differs);
    sim_workload_free(&a);
    sim_workload_free(&b);
    sim_workload_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six_years_have_the_published_figures),
        cmocka_unit_test(test_the_means_are_those_of_may_2019),
        cmocka_unit_test(test_data_sets_come_and_go),
        cmocka_unit_test(test_the_same_seed_is_the_same_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
