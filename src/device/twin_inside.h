// SPDX-License-Identifier: Apache-2.0
//
// Shared by twin.c (the beat) and twin_state.c (the file).
#ifndef ONDOL_DEVICE_TWIN_INSIDE_H
#define ONDOL_DEVICE_TWIN_INSIDE_H

#include "device/twin.h"
#include "world/occupant.h"
#include "world/room.h"
#include "world/shadow.h"

struct twin_room {
    struct twin_zone cfg;
    struct room_model model;
    struct shadow_model shadow_model;
    struct occupant people;
    struct facade window;
    struct room_state state;
    struct shadow shadow;
    int32_t setpoint_mc, max_w, cpu_mc;
    int64_t draw_mw;
    double pending_j; // drawn, but not yet stepped into the room
};

struct twin_node {
    struct twin_board cfg;
    enum activity run;
    struct operating_point point;
    int32_t burn_permille; // beside its task: duty of all cores
    int32_t share_permille;
    int64_t credit_us;
    int64_t draw_mw; // of the last stretch, true
    int64_t true_uj; // since the start
    double gain;     // of its meter
    double shown_uj; // what the meter counted
};

struct twin {
    struct twin_room *room;
    struct twin_node *node;
    size_t n_rooms, n_nodes;
    const struct weather *weather;
    bool people;
    int32_t speed;
    char *state_file;
    int32_t outside_mc; // INT32_MIN: not known yet
    house_ms now;       // boards are accounted up to here
    house_ms world;     // rooms are stepped up to here: at most a step behind
};

// 1: read; 0: there is no file yet; negative: there is one, and it is not this house's.
int twin_state_load(struct twin *t, struct err *e);
int twin_state_save(const struct twin *t, struct err *e);

#endif
