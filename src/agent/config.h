// SPDX-License-Identifier: Apache-2.0
//
// What a node is: from an INI file, or from a few options (a quick virtual building).
//
//   [node]     name, site, cap_w, filler, burn, sleep, hold, sysroot
//   [network]  allow, deny (ranges of addresses, core/work/egress.h)
//   [virtual]  archetype, start_temp, people, weather, seed     its presence makes the node virtual
//   [zone Z]   label, setpoint, mode; virtual: archetype, floor_m2, start_temp, facade_deg, office;
//              real: room, heatsink, cpu, lid (paths), lid_open_value; knob, keys (paths),
//              knob_raw_low, knob_raw_high, knob_low, knob_high (device/knob.h)
//   [heater H] zone
//   [board B]  heater, cores, memory_mb, key, cpu_model, gpu, ssd, curve "MHZ:MW ...", idle_mw, sleep_mw, boot_ms,
//              base_mhz;
//              real: powercap, cpufreq (folders)
//
// A section or key that is not known is an error with file and line. A zone comes before its heaters, a
// heater before its boards. Temperatures are degC with a dot.
#ifndef ONDOL_AGENT_CONFIG_H
#define ONDOL_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/engine/sync.h"
#include "device/linux.h"
#include "device/twin.h"

#define CONFIG_ZONES_MAX  512
#define CONFIG_BOARDS_MAX 2048

struct config_heater {
    char name[NAME_BYTES];
    size_t zone;
};

struct config {
    struct arena arena; // texts
    char node[NAME_BYTES], site[NAME_BYTES];
    bool is_virtual, filler, burn, may_sleep, hold, people;
    int32_t cap_w;     // -1: none
    int32_t low_power; // percent of the computing that goes on where heat is refused
    const char *sysroot, *weather, *archetype;
    const char *net_allow, *net_deny, *net_box; // core/work/egress.h; NULL: nothing beside what always holds
    double start_c;
    uint64_t seed;
    struct offer offer;
    struct config_heater *heater;
    struct twin_zone *twin;    // one a zone
    struct linux_zone *real;   // one a zone
    struct linux_board *metal; // one a board
    size_t n_heaters, cap_zones, cap_twin, cap_real, cap_boards, cap_metal, cap_heaters;
};

void config_init(struct config *c);
void config_deinit(struct config *c);

// Reads a file into it. -EINVAL: "FILE:LINE: what: why".
int config_read(struct config *c, const char *path, struct err *e);

// Adds N heaters of `boards` default boards, one a zone, named after the node.
struct quick {
    int heaters, boards;
    double setpoint_c; // NaN: 20 degC
};
int config_quick(struct config *c, const struct quick *q, struct err *e);

// To be called at the end: names, nameplates, what is missing.
int config_finish(struct config *c, struct err *e);

#endif
