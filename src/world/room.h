// SPDX-License-Identifier: Apache-2.0
//
// The true room: what the house does, not what the thermostat believes. Nothing under core/ may include this.
//
//            solar fa, internal 1/2, fc of the heater          solar 1-fa, internal 1/2, 1-fc of the heater
//                          |                                                   |
//     outside --- vent --- AIR ------------- air_mass ----------------------- MASS --- mass_out --- outside
//                         /   \                      (walls, floor, furniture in depth)
//               heater_w_k     sensor (lags by sensor_s, takes no heat)
//                     /
//     electricity - HEATER (metal)
//
//     Ci dTi/dt = Him (Tm-Ti) + Hve (To-Ti) + fc UAh (Th-Ti) + Gint/2 + fa Gsol
//     Cm dTm/dt = Him (Ti-Tm) + Htr (To-Tm) + (1-fc) UAh (Th-Ti) + Gint/2 + (1-fa) Gsol
//     Ch dTh/dt = P - UAh (Th-Ti)                       ts dTs/dt = Ti - Ts
//
// An open window raises Hve: the room then steps by a second set of matrices. Steps are exact for inputs held
// over the step (world/lti.h), so the step may be a second or ten minutes. Inputs are held from the start of
// a step to its end. Walls between rooms are in world/house.h.
#ifndef ONDOL_WORLD_ROOM_H
#define ONDOL_WORLD_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "world/lti.h"

// A kind of building, per square metre of floor: loss by age of French dwellings (representative figures, to
// compare with TABULA/EPISCOPE). H includes ventilation; Htr is what is left of it.
struct room_archetype {
    const char *name;
    double loss_w_k_m2;   // H, all losses
    double mass_kj_k_m2;  // Cm: 110 light, 165 medium, 260 heavy
    double air_change_h;  // air changes per hour, less what a heat exchanger gives back
    double glass_m2_m2;   // window area
    double convected;     // fc, 0..1
    double heater_w_k;    // UAh: 10 W/K puts 500 W at 50 K above the air
    double heater_kj_k;   // Ch: 25-40 kg of mostly aluminium
    double floor_m2;      // a usual room of one heater
    double internal_w_m2; // people and appliances, mean over the day
};

// NULL-terminated by name: before1948, 1948-1974, 1975-1988, 1989-2004, rt2005, rt2012, passive, office.
const struct room_archetype *room_archetypes(void);
const struct room_archetype *room_archetype_find(const char *name); // NULL when there is none

// One room in absolute numbers. Any of them may be changed between room_spec_init and room_model_init.
struct room_spec {
    double floor_m2, glass_m2;
    double air_j_k, mass_j_k, heater_j_k; // Ci, Cm, Ch
    double air_mass_w_k, mass_out_w_k;    // Him, Htr
    double vent_w_k, vent_open_w_k;       // Hve with the window shut and open
    double heater_w_k, convected;         // UAh, fc
    double solar_air;                     // fa: the part of the sun that warms the air at once
    double sensor_s;                      // lag of the wall sensor
};

// floor_m2 0 takes the archetype's own; otherwise 4..2000.
void room_spec_init(struct room_spec *s, const struct room_archetype *a, double floor_m2);

struct room_state {
    double air_c, mass_c, heater_c, sensor_c;
};

struct room_input {
    double outside_c;  // mean over the step
    double heater_w;   // electricity of the heater; all of it ends as heat
    double internal_w; // people and appliances
    double solar_w;    // sun through the glass (world/sun.h)
    bool window_open;
};

enum { ROOM_AIR, ROOM_MASS, ROOM_HEATER, ROOM_SENSOR, ROOM_STATES };
enum { ROOM_IN_OUTSIDE, ROOM_IN_HEATER, ROOM_IN_INTERNAL, ROOM_IN_SOLAR, ROOM_INPUTS };

// The continuous system of a room, in the orders of the two enums above.
void room_system(struct lti *out, const struct room_spec *s, bool window_open);

// What a step adds up for each body: from air, mass and metal, the heater's watts, internal and solar gains; into
// the sensor from itself, too; from outside.
struct room_rows {
    double air[6], mass[6], heater[6], sensor[7], outside[ROOM_STATES];
};

// A room stepped by step_ms; shared by all rooms of the same spec. About 4 kB, no pointers.
struct room_model {
    struct room_spec spec;
    int64_t step_ms;
    struct lti_step shut, open;
    struct room_rows shut_rows, open_rows; // the same, as the kernels want it
};

struct room_rows room_rows_of(const struct lti_step *d);

// step_ms 1..86,400,000. -EINVAL names the field of the spec that is not a positive finite number or out of
// 0..1.
int room_model_init(struct room_model *m, const struct room_spec *s, int64_t step_ms, struct err *e);

// All four nodes at one temperature.
struct room_state room_state_at(double temperature_c);

// The states at rest under inputs that never change.
int room_rest(const struct room_spec *s, const struct room_input *in, struct room_state *out, struct err *e);

// The electricity that holds the air at `air_c` for ever (negative: the room would have to be cooled).
double room_holding_w(const struct room_spec *s, const struct room_input *in, double air_c);

// One step of n rooms of the same model, s[i] under in[i].
void room_step(const struct room_model *m, struct room_state *s, const struct room_input *in, size_t n);

// Exact means of the four temperatures over the step that starts at `before`: for degree-hours and energy.
void room_means(const struct room_model *m, const struct room_state *before, const struct room_input *in,
                struct room_state *mean);

// The heat of one step, in joules, exact. Losses are positive when heat leaves.
struct room_flows {
    double electric_j, internal_j, solar_j; // in
    double vent_j, fabric_j;                // out
    double heater_to_room_j;                // inside: metal to air and mass
    double stored_j;                        // sum of C (T after - T before)
};

void room_flows(const struct room_model *m, const struct room_state *before, const struct room_state *after,
                const struct room_input *in, struct room_flows *out);

// |stored - (in - out)| over the larger of the heat that moved and 100 J. Rounding gives below 1e-9; more is
// a bug.
double room_energy_error(const struct room_model *m, const struct room_state *before,
                         const struct room_state *after, const struct room_input *in);

// Many rooms of one model under one sky, as arrays, for a few nanoseconds a room. Gives the same digits as
// room_step. The caller writes heater_w, internal_w, solar_w and window_open (0 or 1) and reads the
// temperatures.
struct room_batch {
    const struct room_model *model; // borrowed, must outlive the batch
    size_t n;
    double *air_c, *mass_c, *heater_c, *sensor_c;
    double *heater_w, *internal_w, *solar_w;
    uint8_t *window_open;
    bool borrows; // heater_w
};

#define ROOM_BATCH_NULL ((struct room_batch){0})

void room_batch_init(struct room_batch *b, const struct room_model *m, size_t n, double start_c);
void room_batch_deinit(struct room_batch *b);
// From now on heater_w is this array of wide_room(n), which several batches may share that are stepped one after the
// other: it is written before each step and read within it only. Before parts are made.
void room_batch_borrow(struct room_batch *b, double *heater_w);
// n rooms of a model in the arrays of `whole`, from place `from` on, a multiple of WIDE_ROW (base/wide.h); the next
// part begins at the next multiple after its end. Nothing is owned.
struct room_batch room_batch_part(const struct room_batch *whole, const struct room_model *m, size_t from,
                                  size_t n);
// All rooms of the batch by one step of their model, with this air outside (degC).
void room_batch_step(struct room_batch *b, double outside_c);

#endif
