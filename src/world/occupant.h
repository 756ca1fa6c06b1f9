// SPDX-License-Identifier: Apache-2.0
//
// People, for demonstrations: who is in a room, how warm they and their things are, when they open the
// window. A day is drawn once from (seed, day) and then only read, so that the answer for a moment does not
// depend on when or how often one asked before, nor on the step of the simulation.
//   home    up at 6:30 +-0:30 (weekends 8:00), out on weekdays from 8:15 +-0:30 to 18:00 +-1:00 (two days in
//           ten somebody stays), to bed at 22:45 +-0:45
//   office  weekdays from 8:45 +-0:30 to 18:00 +-0:45; empty at weekends
// The window is opened for 5 to 15 minutes, on most days once after getting up or coming in, now and then a
// second time.
#ifndef ONDOL_WORLD_OCCUPANT_H
#define ONDOL_WORLD_OCCUPANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/when.h"

enum occupant_kind { OCCUPANT_HOME, OCCUPANT_OFFICE };

struct occupant {
    enum occupant_kind kind;
    uint64_t seed;
    int64_t zone_ms; // local time less UTC
    int people;
    double base_w; // what runs always: refrigerator, standby, network
    double live_w; // lamps, screens, cooking, while somebody is up
};

struct occupant_now {
    int people; // in the room
    bool awake; // somebody is in and up
    bool window_open;
    double internal_w; // heat of people and things
};

// `internal_w_m2` is the mean of the archetype (world/room.h), `floor_m2` the room.
void occupant_init(struct occupant *o, enum occupant_kind kind, uint64_t seed, int64_t zone_ms,
                   double floor_m2, double internal_w_m2);

// What a day brings, for simulations of many rooms: the moments at which the answer of occupant_at changes,
// in order; the first is minute 0. `day` counts from 1 January 1970 in local time; `closed` makes it a Sunday
// (public holidays). Gives how many there are.
struct occupant_change {
    int minute; // of the local day
    struct occupant_now now;
};
#define OCCUPANT_CHANGES_MAX 12
int occupant_day(const struct occupant *o, int64_t day, bool closed,
                 struct occupant_change out[OCCUPANT_CHANGES_MAX]);

// Who is in and what is open at this moment; the same answer however often and in whatever order it is asked.
void occupant_at(const struct occupant *o, house_ms t, struct occupant_now *out);

#endif
