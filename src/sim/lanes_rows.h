// SPDX-License-Identifier: Apache-2.0
//
// The loops of lanes.c over all rooms of a batch, by rows of sixteen, for each width of registers
// (base/wide_row.h).
#ifndef ONDOL_SIM_LANES_ROWS_H
#define ONDOL_SIM_LANES_ROWS_H

#include "sim/run.h"

struct sim_lanes_rows {
    // Readings of the sensors: rooms to a sixteenth of a kelvin, heatsinks, and processors, which are
    // `cpu_k_per_w` of all that is drawn above theirs.
    void (*sense)(struct heat_lanes *l, const double *sensor_c, const double *heater_c, float cpu_k_per_w,
                  size_t rows);
    // Other watts where they are only another row of the zone's table: drive_same() for many. The rest is to
    // be looked at: `look`. Returns whether any is.
    bool (*follow)(struct sim_lanes *l, const int32_t *draw, uint16_t *log, int32_t step, size_t rows);
    // Into `look` whose boards crawl otherwise than when their levels were looked at, or were looked at for so long
    // that they are to be again, and whom drive_crawls() must ask; likewise.
    bool (*loud)(struct sim_lanes *l, const int32_t *draw, int32_t step, size_t rows);
    // link_worth_telling() for many, into `look`; likewise.
    bool (*news)(struct sim_lanes *l, int32_t tell_w, int32_t idle_w, bool borne, size_t rows);
};

extern const struct sim_lanes_rows sim_lanes_rows_128, sim_lanes_rows_256, sim_lanes_rows_512;

// As wide as the processor can.
static inline const struct sim_lanes_rows *sim_lanes_rows(void)
{
#if defined(__x86_64__)
    if (wide_bits() == 512)
        return &sim_lanes_rows_512;
    if (wide_bits() == 256)
        return &sim_lanes_rows_256;
#endif
    return &sim_lanes_rows_128;
}

#endif
