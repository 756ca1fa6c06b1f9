// SPDX-License-Identifier: Apache-2.0
//
// A body made of src/world: true rooms with sun, people and windows, metal that stores heat, a wall sensor
// that lags and reads in sixteenths of a kelvin, boards that draw what their curve says for what they really
// do, and meters with an error of their own (gain within +-0.5 %, and they wrap). Beside each room its
// shadow: the same room with an ideal heater.
//
// A board that runs a task draws by the processor time the task really used of its share: one that sleeps in
// its sandbox heats little. Filler and burn are only accounted for; they use no processor of the host.
//
// With a state file the house outlives the program: rooms go on cooling at 0 W for as long as it was gone.
#ifndef ONDOL_DEVICE_TWIN_H
#define ONDOL_DEVICE_TWIN_H

#include <stdbool.h>

#include "port/device.h"
#include "world/weather.h"

#define TWIN_STEP_MS 10000
#define TWIN_WRAP_MJ INT64_C(262144000) // as a processor's own counter of 32 bits in units of 61 uJ

struct twin_zone {
    char name[NAME_BYTES];
    const char *archetype; // world/room.h
    double floor_m2;       // 0: the archetype's
    double facade_deg;     // where its window looks
    double start_c;
    bool office;         // kind of people
    int32_t setpoint_mc; // of the shadow until wish() is called
};

struct twin_board {
    char name[NAME_BYTES];
    size_t zone;
    const struct curve *curve; // must outlive the twin
};

struct twin_config {
    const struct twin_zone *zone; // copied
    size_t n_zones;
    const struct twin_board *board; // copied
    size_t n_boards;
    const struct weather *weather; // must outlive the twin
    bool people;                   // false: no gains, no open windows
    uint64_t seed;
    int32_t speed;          // house time over wall time
    const char *state_file; // NULL: none
};

// 0; -EINVAL: an archetype that does not exist, or a state file that is not one of this house (the sentence
// says which).
int twin_init(struct device *d, const struct twin_config *cfg, house_ms now, struct err *e);

bool twin_archetype_known(const char *name);

// True air temperature, milli-degrees, and what the boards of a zone drew since the start, for tests.
int32_t twin_air_mc(const struct device *d, size_t zone);
int64_t twin_true_mj(const struct device *d, size_t board);

#endif
