// SPDX-License-Identifier: Apache-2.0
//
// The heat request: what a heater asks for now. It is to heat what hardware constraints are to computing.
#ifndef ONDOL_CORE_HEAT_REQUEST_H
#define ONDOL_CORE_HEAT_REQUEST_H

#include <stdint.h>

#include "base/when.h"

struct heat_request {
    int32_t target_w; // what the thermostat wants now
    int32_t min_w;    // below this the zone gets too cold: heat that is owed
    int32_t max_w;    // above this the zone gets too warm, or a safety limit is reached; 0: refuses heat
    int64_t up_j;     // joules it could still take before its upper band
    int64_t down_j;   // joules it could spare before its lower band
    int32_t t_up_s;   // time to the upper band at max_w; INT32_MAX: never gets there
    int32_t t_down_s; // time to the lower band at 0 W; INT32_MAX: never
    // Low-power mode: that its boards at work may draw together though nobody wants the heat, so that
    // computing goes on where heat is refused; no filler and no burn in it. 0: more is wanted than that, or
    // not allowed.
    int32_t keep_w;
    house_ms valid_until;
};

#endif
