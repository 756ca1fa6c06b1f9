// SPDX-License-Identifier: Apache-2.0
//
// What an occupant turns or presses at the heater itself.
//
//   position   a file with a number that follows the knob: a potentiometer through an ADC (iio
//              in_voltage0_raw). raw_low..raw_high are low_mc..high_mc, rounded to half a degree. Where it
//              stands at start changes nothing: only turning it does, so that a restart does not undo what
//              was set elsewhere
//   keys       an input device of the kernel (gpio-keys, rotary-encoder): KEY_UP, KEY_VOLUMEUP, KEY_KPPLUS
//              and clicks of a dial or wheel are half a degree more; KEY_DOWN, KEY_VOLUMEDOWN, KEY_KPMINUS
//              half a degree less; KEY_POWER is off and on again
//
// A device that is unplugged is tried again; it is no reason not to heat.
#ifndef ONDOL_DEVICE_KNOB_H
#define ONDOL_DEVICE_KNOB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/heat/thermostat.h"

#define KNOB_STEP_MC 500
#define KNOB_MIN_MC  7000
#define KNOB_MAX_MC  26000

struct knob_config {
    const char *position, *keys; // NULL: none
    int32_t raw_low, raw_high;   // different; raw_low may be the larger
    int32_t low_mc, high_mc;     // low_mc < high_mc
};

struct knob;
struct knob *knob_new(const struct knob_config *cfg); // copies
void knob_free(struct knob *k);

// Whether the occupant did something since the last call; then `wish`, which comes in as what holds now, is
// what is wanted from now on: 7 to 26 degC, comfort or off.
bool knob_turned(struct knob *k, struct zone_wish *wish);

#endif
