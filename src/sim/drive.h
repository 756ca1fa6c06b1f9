// SPDX-License-Identifier: Apache-2.0
//
// What drive.c and drive_book.c share: rooms whose watts follow their thermostat in the lanes, and what their boards
// do then.
#ifndef ONDOL_SIM_DRIVE_H
#define ONDOL_SIM_DRIVE_H

#include "base/wide.h"
#include "sim/run.h"

static inline bool in_lanes(const struct sim_run *r, const struct sim_zone *z)
{
    return !z->water && row_at(r, z)->fast[in_row(z->at)] >= 0;
}

// The row that a room is driven by in this step; it may have changed in the lanes.
static inline const struct drive_row *row_in(const struct sim_run *r, const struct sim_zone *z)
{
    if (r->step == z->row_step)
        return z->row;
    return &r->table[z->table].row[row_at(r, z)->driven_w[in_row(z->at)]]; // as the log has it of this step
}

static inline void show_row(struct sim_run *r, const struct sim_zone *z, const struct drive_row *row)
{
    for (int i = 0; !z->alike && i < z->n_boards; i++) {
        struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
        b->run = row->run[i];
        b->draw_mw = row->draw_mw[i];
        b->work_mhz = row->work_mhz[i];
    }
}

static inline void row_now(struct sim_run *r, struct sim_zone *z)
{
    if (!in_lanes(r, z))
        return;
    z->row = row_in(r, z);
    z->row_step = r->step;
    show_row(r, z, z->row);
}

#endif
