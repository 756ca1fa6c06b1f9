// SPDX-License-Identifier: Apache-2.0
#include "core/plan/expect.h"

static int32_t median_s(const struct expect *e)
{
    int32_t v[EXPECT_KEPT];
    for (int i = 0; i < e->n; i++) { // sorted as they come
        int at = i;
        for (; at > 0 && v[at - 1] > e->last_s[i]; at--)
            v[at] = v[at - 1];
        v[at] = e->last_s[i];
    }
    return v[e->n / 2];
}

void expect_add(struct expect *e, int64_t run_s)
{
    e->last_s[e->next] = run_s < 0 ? 0 : run_s > INT32_MAX ? INT32_MAX : (int32_t)run_s;
    e->next = (uint8_t)((e->next + 1) % EXPECT_KEPT);
    e->n += e->n < EXPECT_KEPT;
    e->median_s = median_s(e);
}

int32_t expect_run_s(const struct expect *e)
{
    return e->n < EXPECT_LEAST ? -1 : e->median_s;
}

int64_t expect_whole_s(int64_t known_s, int64_t prior_s, int64_t done_s)
{
    if (known_s >= 0)
        return known_s;
    return 2 * done_s > prior_s ? 2 * done_s : prior_s;
}

int64_t expect_left_s(int64_t known_s, int64_t prior_s, int64_t done_s)
{
    if (known_s < 0 || done_s < known_s)
        return expect_whole_s(known_s, prior_s, done_s) - done_s;
    return done_s;
}

enum plan_run plan_run_of(int64_t run_s)
{
    return run_s <= 600 ? RUN_SHORT : run_s <= 3600 ? RUN_HOUR : run_s <= 14400 ? RUN_HOURS : RUN_LONG;
}

int64_t plan_run_typical_s(enum plan_run run)
{
    static const int64_t typical[PLAN_RUNS] = {
        [RUN_SHORT] = 300, [RUN_HOUR] = 1800, [RUN_HOURS] = 9000, [RUN_LONG] = 28800};
    return typical[run];
}
