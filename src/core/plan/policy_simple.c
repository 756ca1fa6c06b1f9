// SPDX-License-Identifier: Apache-2.0
//
// Two baselines that know little. `blind` knows classes and no heat: whatever board was idle longest, in
// whatever room, while the thermostats slow it down. `fifo` knows neither class nor price: the oldest task
// first, on the first free board by number in a zone that takes heat. Neither asks a board back.
#include "core/plan/planner_state.h"

static int64_t blind_worth(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                           enum plan_bar *why)
{
    (void)ask;
    (void)as_if_free;
    *why = BAR_NONE;
    return INT64_MAX / 2 - (int64_t)p->board[board].freed;
}

static int64_t fifo_worth(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                          enum plan_bar *why)
{
    (void)p;
    (void)ask;
    (void)board;
    (void)as_if_free;
    *why = BAR_NONE;
    return 1; // equal worth: the smallest number
}

const struct plan_policy policy_blind = {
    .name = "blind",
    .summary = "no heat awareness: the board that was idle longest, wherever it stands",
    .worth = blind_worth,
    .heat_blind = true,
};

const struct plan_policy policy_fifo = {
    .name = "fifo",
    .summary = "first come, first served: no classes, no prices, no preemption",
    .worth = fifo_worth,
    .classless = true,
};
