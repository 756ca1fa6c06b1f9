// SPDX-License-Identifier: Apache-2.0
//
// The body of a real heater, through sysfs. Every path is below `sysroot` ("" on a real machine, a made-up
// tree in tests):
//
//   room sensor     a file of milli-degC (hwmon temp*_input, iio, w1): .../temp1_input
//   processor       hwmon or thermal file of milli-degC, and of the heatsink
//   energy          /sys/class/powercap/intel-rapl:0/energy_uj, wraps at max_energy_range_uj
//   frequency       /sys/devices/system/cpu/cpufreq/policy*/scaling_max_freq, kHz
//   lid             a gpio value file: 1 is open (0 when `lid_open_value` says so)
//   knob            what the occupant turns or presses: see knob.h
//
// A sensor without path, or whose file cannot be read or is no number, reads as "none": the thermostat's
// guards decide what that means. One board is the computer this runs on; duty below the lowest frequency is
// the sandbox's lever, and burning is the agent's (agent/fire.h), not ours.
#ifndef ONDOL_DEVICE_LINUX_H
#define ONDOL_DEVICE_LINUX_H

#include "device/knob.h"
#include "port/device.h"

struct linux_zone {
    const char *room, *heatsink, *cpu, *lid; // paths below the sysroot; NULL: none
    int32_t lid_open_value;                  // what the lid's file says when it is open; usually 1
    struct knob_config knob;                 // paths below the sysroot
};

struct linux_board {
    size_t zone;
    // Folder with energy_uj. NULL: energy is the curve's at the frequency that was set, by how busy
    // /proc/stat says the processors were; no meter, and told apart from one by its wrap of 0.
    const char *powercap;
    const char *cpufreq;       // folder that holds policy*/; NULL: the frequency is not ours to set
    const struct curve *curve; // must outlive the device
    int32_t base_mhz;          // clock above which the processor boosts; 0: it does not, or not known
};

struct linux_config {
    const char *sysroot;
    const struct linux_zone *zone;
    size_t n_zones;
    const struct linux_board *board;
    size_t n_boards;
};

// Copies what it needs. 0, or a negative errno when a folder that is named does not exist.
int linux_init(struct device *d, const struct linux_config *cfg, house_ms now, struct err *e);

#endif
