// SPDX-License-Identifier: Apache-2.0
//
// `qstd`: the two-level scheduler of the published simulator of a heater fleet (PyBatsim, schedulers/greco;
// described in Inria RR-9282), with its thresholds. diff = setpoint - room, in millikelvin; positive: the
// room is cold.
//
//   slot class   counts a free board when   who may use it
//   bkgd         diff >= +1 K               background, low, high
//   low          diff >= -1 K               low, high
//   high         diff >= -4 K               high
//
// Slot classes are filled in this order; within one, buildings by increasing number of its free slots, so
// that large blocks stay for clusters; within a building high goes to the coolest heater, low to the warmest
// that qualifies. A group asks boards back from lower groups only. Work is stopped when its room is too warm:
// background below -1 K, low below -3 K, all below -10 K. Our classes: reserved and onDemand are high, flex
// is low, donated is background.
//
// A board whose instance has ended goes on with the next of the same task, if no better class waits; its slot
// class is not asked then, so that it works on between -1 K and -3 K.
//
// Unlike the published one it decides at every event and not each 30 s on counts, which only makes it faster.
#include "core/plan/planner_state.h"

enum group { GROUP_BKGD, GROUP_LOW, GROUP_HIGH };

static enum group group_of(enum activity a)
{
    return activity_is_urgent(a) ? GROUP_HIGH : a == ACTIVITY_FLEX ? GROUP_LOW : GROUP_BKGD;
}

// A zone whose temperature nobody knows counts as being at its setpoint.
static int32_t diff_of(const struct plan_zone *z)
{
    if (z->room_mc == PLAN_MC_UNKNOWN || z->setpoint_mc == PLAN_MC_UNKNOWN)
        return 0;
    int64_t diff = (int64_t)z->setpoint_mc - z->room_mc;
    return diff > 100000 ? 100000 : diff < -100000 ? -100000 : (int32_t)diff;
}

enum slot_class qstd_slot(const struct plan_zone *z)
{
    int32_t diff = diff_of(z);
    return diff >= 1000 ? SLOT_BKGD : diff >= -1000 ? SLOT_LOW : diff >= -4000 ? SLOT_HIGH : SLOT_NONE;
}

static int64_t qstd_worth(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                          enum plan_bar *why)
{
    const struct board_state *b = &p->board[board];
    const struct plan_zone *z = &p->zone[b->board.zone].zone;
    enum slot_class slot = qstd_slot(z);
    enum group group = group_of(ask.activity);
    (void)as_if_free;
    *why = BAR_REFUSES_HEAT;
    if (slot == SLOT_NONE || (int)slot > (int)group)
        return INT64_MIN;
    *why = BAR_NONE;
    int64_t free_slots = p->site[z->site].free_slots[slot], cool = diff_of(z) + (1 << 18);
    int64_t by_room = group == GROUP_LOW ? (1 << 19) - cool : cool;
    return ((int64_t)(SLOT_NONE - slot) << 48) - (free_slots << 20) + by_room;
}

static int64_t qstd_gain(const struct planner *p, struct plan_ask ask, uint32_t board, enum plan_bar *why)
{
    if (group_of(p->board[board].board.activity) >= group_of(ask.activity))
        return 0;
    int64_t worth = worth_on(p, ask, board, true, why);
    return worth > 0 ? worth : 0;
}

static bool qstd_evicts(const struct planner *p, uint32_t board)
{
    const struct plan_board *b = &p->board[board].board;
    int32_t diff = diff_of(&p->zone[b->zone].zone);
    switch (group_of(b->activity)) {
    case GROUP_BKGD:
        return diff < -1000;
    case GROUP_LOW:
        return diff < -3000;
    default:
        return diff < -10000;
    }
}

int32_t qstd_next_mhz(const struct curve *c, int32_t freq_mhz, int32_t diff_mc)
{
    enum { STEP_MHZ = 100 };
    int32_t to = diff_mc >= 1000 ? freq_mhz + STEP_MHZ : diff_mc <= -1000 ? freq_mhz - STEP_MHZ : freq_mhz;
    int32_t least = c->p[0].freq_mhz, most = c->p[c->n - 1].freq_mhz;
    return to < least ? least : to > most ? most : to;
}

bool qstd_burns(int32_t diff_mc)
{
    return diff_mc >= 1000;
}

#define PUBLISHED                                                                                            \
    .worth = qstd_worth, .gain = qstd_gain, .evicts = qstd_evicts, .sees_rooms = true,                       \
    .heat_blind = true, /* it looks at temperatures, not at what the zone asks for */                        \
        .counts_slots = true, .fewest_running_first = true, .direct = true

const struct plan_policy policy_qstd = {
    PUBLISHED,
    .name = "qstd",
    .summary = "the published two-level scheduler of heaters, with its thresholds",
};

const struct plan_policy policy_locality = {
    PUBLISHED,
    .name = "locality",
    .summary = "qstd, but first the buildings that have most of the data",
    .near_data = true,
};

const struct plan_policy policy_replicate3 = {
    PUBLISHED,
    .name = "replicate3",
    .summary = "locality, and a new task's data is copied to the three emptiest disks",
    .near_data = true,
    .copies = 3,
};

const struct plan_policy policy_replicate10 = {
    PUBLISHED,
    .name = "replicate10",
    .summary = "locality, and a new task's data is copied to the ten emptiest disks",
    .near_data = true,
    .copies = 10,
};

const struct plan_policy policy_full_replicate = {
    PUBLISHED,    .name = "full-replicate", .summary = "qstd with all data in every building in advance",
    .copies = -1, .in_advance = true,
};
