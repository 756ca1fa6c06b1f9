// SPDX-License-Identifier: Apache-2.0
//
// The body of a node's heaters: what can be sensed, metered and set. Adapters: device/twin.h (a virtual
// radiator in a simulated room) and device/linux.h (sysfs of a real board).
//
// Order of a beat: used() for every board that runs something, tick(now), then sense() and meter() as of now,
// and apply() for what is to hold until the next beat. One thread.
#ifndef ONDOL_PORT_DEVICE_H
#define ONDOL_PORT_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/engine/agent.h"

struct device {
    void *ctx;
    void (*tick)(void *ctx, house_ms now);
    void (*sense)(void *ctx, size_t zone, struct zone_sense *s);
    void (*meter)(void *ctx, size_t board, struct board_meter *m);
    // How the board is to run from now on. 0 or a negative errno; called again with the same when it failed.
    int (*apply)(void *ctx, size_t board, const struct board_order *o, struct err *e);

    // The rest concerns virtual bodies only; NULL for a real one.
    // Host processor time that the board's task used since the last call, microseconds, and the share it may
    // use.
    void (*used)(void *ctx, size_t board, int64_t cpu_us, int32_t share_permille);
    // What the zone is to reach now, for the shadow: the ideal heater of the same room.
    void (*wish)(void *ctx, size_t zone, int32_t setpoint_mc);
    void (*shadow)(void *ctx, size_t zone, struct zone_shadow *s);
    // Writes the state of the world to its file, if it has one.
    int (*save)(void *ctx, struct err *e);

    void (*free)(void *ctx);

    // Whether the occupant set something at the heater since the last call; `wish` comes in as what holds
    // now. NULL: it has no knob.
    bool (*knob)(void *ctx, size_t zone, struct zone_wish *wish);
};

#endif
