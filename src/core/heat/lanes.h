// SPDX-License-Identifier: Apache-2.0
//
// Thermostats of one make, side by side. What moves at every step of a usual zone lies in arrays, one value a
// zone, so that a processor steps up to sixteen zones at once; the rest stays in each zone's struct
// thermostat. A zone in which something is unusual (a guard suspected or new, an odd reading, boost) is
// stepped alone by the same formulas (formulas.h). heat_step() goes through here too: what a simulated fleet does
// is what an agent does.
//
//     while in the lanes, a zone's struct is behind in the fields that move; lanes_pull() brings it up to
//     date, and lanes_push() takes what was changed in it
#ifndef ONDOL_CORE_HEAT_LANES_H
#define ONDOL_CORE_HEAT_LANES_H

#include "core/heat/thermostat.h"
#include "core/heat/usual.h"

struct learn_row;

#define LANE_EMPTY UINT32_MAX

struct heat_lanes {
    struct thermostat *zone; // borrowed: zone[place[i]] is in lane i
    const uint32_t *place;   // borrowed; LANE_EMPTY: none is; NULL: zone[i]
    size_t n;
    struct heat_row *row;    // of sixteen lanes each (usual.h)
    struct learn_row *learn; // of as many (learn_row.h); NULL: the estimates stay in the structs
    uint8_t *behind;         // 1: the struct's estimate is behind its lanes
    float *r_c;              // setpoints in force, as the rows have them; NULL: only there
    // readings, written by the caller before a step; as in struct zone_sense
    int32_t *room_mc, *heatsink_mc, *cpu_mc, *draw_mw;
    bool borrows;         // heatsink_mc and cpu_mc
    int32_t *hot_draw_mw; // NULL, not known apart, unless the caller puts an array of wide_room(n) here
    // watts of the request, written by the step
    int32_t *target_w, *max_w, *min_w;
    house_ms last_step_at, last_sense_at; // of all lanes that are not odd
    house_ms epoch;                       // that times in rows begin with
    double sum_s;
    uint32_t *alone;              // those of the last step, in order
    heat_usual_fn *usual;         // as wide as the processor can
    struct heat_spacing *spacing; // by step, by reading
};

// n lanes of zones whose configurations are equal, each initialised; not all of them empty. The arrays are
// owned.
void lanes_init(struct heat_lanes *l, struct thermostat *zone, const uint32_t *place, size_t n);
void lanes_deinit(struct heat_lanes *l);
// From now on these two readings are in arrays of wide_room(n) that several lanes may share which are stepped one after
// the other: they are read within a step only.
void lanes_borrow(struct heat_lanes *l, int32_t *heatsink_mc, int32_t *cpu_mc);

// One control step of all lanes with readings made at `at`; as heat_step(). Returns how many were stepped
// alone, of which `alone` is the list: only their guards can have changed.
size_t lanes_step(struct heat_lanes *l, house_ms at, house_ms now);

// The zone's struct as of the last step, to read, or to change between pull and push; but for the joules and
// times of its request, which lanes_request() brings up to date too.
struct thermostat *lanes_pull(struct heat_lanes *l, size_t i);
void lanes_push(struct heat_lanes *l, size_t i);
const struct heat_request *lanes_request(struct heat_lanes *l, size_t i);

// thermostat_set_outside() for all.
void lanes_set_outside(struct heat_lanes *l, int32_t outside_mc);

#endif
