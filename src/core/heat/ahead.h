// SPDX-License-Identifier: Apache-2.0
//
// Heating ahead of a step that the week announces. A computer heater carries 25 to 40 kg of metal that has to
// be warm before it heats: at full power it gives what an ideal heater gives only a lag later. It is
// therefore started before the step, by just so much that the room is where a heater without metal, started
// at the step, would have it. Nothing is heated for longer than that, and a turn of a knob, which nobody
// announces, is followed at once and with the lag.
//
// From the start on the metal gives q = P - (P - q0) exp(-t/tau), and holds tau (q - q0) joules that the room
// does not have. Heat beyond q0 that started `lead` earlier makes up for them when
//
//     lead (P - q0) = tau (q - q0)       so       lead = tau (1 - exp(-(lead + ramp)/tau))
//
// where `ramp` is how long the ideal heater takes: much for a long way up, little for a short one.
#ifndef ONDOL_CORE_HEAT_AHEAD_H
#define ONDOL_CORE_HEAT_AHEAD_H

#include "core/heat/schedule.h"
#include "core/heat/thermostat.h"

#define AHEAD_LEAST_K 1.0     // smaller steps are not worth it
#define AHEAD_MOST_MS 3600000 // never earlier

// Milliseconds before a step from `is` to `next` at which the heater has to start; 0: the step is not that
// much up, or the zone is there already.
int64_t ahead_lead_ms(const struct thermostat *t, const struct zone_wish *is, const struct zone_wish *next);

// The wish for the thermostat: the schedule's answer, or the one that follows it when its time to start has
// come; t->ahead_of remembers that. `look_at` (may be NULL): when the answer may next be another.
struct zone_wish ahead_wish(struct thermostat *t, const struct schedule *s, const struct zone_wish *base,
                            house_ms boost_until, house_ms now, int64_t utc_offset_ms, house_ms *look_at);

#endif
