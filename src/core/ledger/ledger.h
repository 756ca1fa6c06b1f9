// SPDX-License-Identifier: Apache-2.0
//
// The open cells of the ledger: what each activity of a board, and each zone, used in the current hour. A
// cell is written as its absolute figures, so that writing it again after a crash changes nothing. Cells of
// past hours leave memory once they are written; the store keeps them.
#ifndef ONDOL_CORE_LEDGER_LEDGER_H
#define ONDOL_CORE_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/when.h"
#include "core/work/activity.h"

#define LEDGER_HOUR_MS INT64_C(3600000)

// What a board draws and the time that it spends, by hour, activity and task. Most are no task's, but the board's own:
// idle, asleep, filler, burn, unattributed. They are found by a chain that begins in the board's record, which is at
// hand when its meter is read, and are as small as they can be, as a million boards have some of them each hour.
// Those of tasks can be any number to a board and hour and are found by a map.
struct ledger_work {
    int64_t hour_ms;
    uint64_t board; // 0: what was given back of a task: no energy, no time, a cost below zero
    int64_t energy_mj, ms;
    union {
        uint32_t next;   // of the board's own: index + 1 of the one made before it; 0: none was
        uint32_t billed; // of a task's: index
    };
    uint8_t activity; // enum activity
    bool of_task, dirty;
};

// What a task's cell has besides.
struct ledger_billed {
    uint64_t task, account, project;
    int64_t core_ms;
    int64_t cost_neur; // at the prices of when it was used (bill.h)
};

// A board's own open cells. It need not be told when cells are forgotten: a chain is empty unless it begins with a
// cell of its board.
struct ledger_chain {
    uint32_t first; // index + 1 of the newest
};

struct ledger_zone {
    int64_t hour_ms;
    uint64_t zone;
    int64_t asked_mj, delivered_mj, useful_mj, shadow_mj;
    bool dirty;
};

struct ledger {
    struct ledger_work *work;
    size_t n_work, cap_work;
    struct ledger_billed *billed; // in the order of the cells
    size_t n_billed, cap_billed;
    struct ledger_zone *zone;
    size_t n_zone, cap_zone;
    struct idmap task_at, zone_at; // hash of the key -> index + 1
    struct ledger_list {           // indexes of cells that became dirty, oldest first, from `taken` on
        uint32_t *v;
        size_t n, cap, taken;
    } dirty_work, dirty_zone;
    int64_t horizon_ms; // start of the oldest hour whose cells are all known here
};

// `horizon`: cells before it may be on disk and not here; what is reported for a time before it is booked in
// its hour, since a cell that is written absolutely must be known whole.
void ledger_init(struct ledger *l, house_ms horizon);
void ledger_deinit(struct ledger *l);

// The cell of a key; made when it is not there. The pointer is valid until the next call. Marks it dirty.
// `own` NULL: nobody will look for it again.
struct ledger_work *ledger_board_cell(struct ledger *l, house_ms at, uint64_t board, struct ledger_chain *own,
                                      enum activity activity);
struct ledger_work *ledger_task_cell(struct ledger *l, house_ms at, uint64_t board, enum activity activity,
                                     uint64_t task, uint64_t account);
struct ledger_zone *ledger_zone_cell(struct ledger *l, house_ms at, uint64_t zone);

// NULL: it is no task's.
struct ledger_billed *ledger_billed(const struct ledger *l, const struct ledger_work *c);

// The next cell to write, now clean; NULL when there are no more. Valid until the next call.
const struct ledger_work *ledger_take_work(struct ledger *l);
const struct ledger_zone *ledger_take_zone(struct ledger *l);

// Forgets clean cells of hours before the one of `now`, and moves the horizon there when all of them were
// clean. `chains` finds a board's chain, or NULL when there is no such board.
struct ledger_chains {
    struct ledger_chain *(*of)(void *ctx, uint64_t board);
    void *ctx;
};
void ledger_forget(struct ledger *l, house_ms now, struct ledger_chains chains);

#endif
