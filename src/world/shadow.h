// SPDX-License-Identifier: Apache-2.0
//
// The shadow of a room: the same room, sky, sun and people, heated by an ideal electric heater of the same
// greatest power. It has no metal to warm and a perfect thermostat on the true air: each step it gives
// exactly the watts in 0..max that bring the air to the setpoint at the end of the step. What it reaches is
// the best comfort anyone could have given; what it draws is the heat that was asked for, the reference
// against which delivered heat is counted as useful.
//
// Nobody acts on it, so its step may be longer than that of the rooms it stands beside (the simulator: five
// minutes), under the sky, gains and setpoint that they have in its middle: half of all changes come before it,
// half after. A window that was open for a part of it counts for that part: the step is so much between that of
// an open and that of a shut window.
#ifndef ONDOL_WORLD_SHADOW_H
#define ONDOL_WORLD_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world/lti.h"
#include "world/room.h"

struct shadow_model {
    int64_t step_ms;
    struct lti_step shut, open;           // states air, mass; inputs as ROOM_IN_*
    struct shadow_rows {                  // the same, as the kernel wants it
        double air[2], mass[2];           // from air, mass
        double in[2][3];                  // into each, from outside, internal, solar
        double gain, mass_gain, per_gain; // of the heater; 1 / gain
        double wall, mass_wall;           // from each kelvin of air that walls bring, evenly over the step
    } shut_rows, open_rows;
};

struct shadow {
    double air_c, mass_c;
    double energy_j; // asked for since the start
};

// Takes the spec of the real room; its heater's metal and sensor do not matter. Fails as room_model_init
// does.
int shadow_model_init(struct shadow_model *m, const struct room_spec *s, int64_t step_ms, struct err *e);

struct shadow shadow_at(double temperature_c); // all of it so warm, nothing drawn yet

// One step. `in` is the real room's input; its heater_w is not looked at. max_w 0 is a heater that is off.
// Gives the watts of this step, at most max_w, and adds them to energy_j.
double shadow_step(const struct shadow_model *m, struct shadow *s, const struct room_input *in,
                   double setpoint_c, double max_w);

// Many shadows of one model under one sky, as arrays; the same digits as shadow_step. The caller writes
// setpoint_c and max_w; the gains are those of the real rooms (`b` has as many).
struct shadow_batch {
    const struct shadow_model *model; // borrowed
    size_t n;
    double *air_c, *mass_c, *watts; // watts: of the last step
    // The air as the last step left it. What air_c differs by since then came through walls (world/house.h); the
    // next step gives it evenly over its time, so that the heater can meet it. A caller that sets air_c sets both.
    double *left_c;
    double *sum_w; // step by step, since the caller set it to 0
    double *setpoint_c, *max_w;
    double *aim_c, *internal_w, *solar_w; // setpoint and gains as of the middle look
    uint8_t *opened;                      // in how many looks since the last step the window was open
};

#define SHADOW_BATCH_NULL ((struct shadow_batch){0})

void shadow_batch_init(struct shadow_batch *s, const struct shadow_model *m, size_t n, double start_c);
void shadow_batch_deinit(struct shadow_batch *s);
struct shadow_batch shadow_batch_part(const struct shadow_batch *whole, const struct shadow_model *m,
                                      size_t from, size_t n); // as room_batch_part
// Looks at the windows of the rooms of `b`, in every step of theirs, at most 255 times a step of the shadows; in
// the middle one also at their gains and the setpoints.
void shadow_batch_look(struct shadow_batch *s, const struct room_batch *b, bool middle);
// By one step, with this air outside (degC), after so many looks.
void shadow_batch_step(struct shadow_batch *s, double outside_c, int looks);

#endif
