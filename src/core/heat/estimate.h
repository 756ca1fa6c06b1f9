// SPDX-License-Identifier: Apache-2.0
//
// Estimate of a zone from what its thermostat itself saw. First order in the room, with a term for the air
// that answers at once; every ESTIMATE_SAMPLE_S:
//
//   y+ - y = th0 (To - y)/10 + th1 p + th2 (p - p_last) + th3
//
//   y   filtered room temperature, degC           To  outside, or 10 degC where nobody tells
//   p   heat that left the metal / nameplate      th3 gains of sun and people (and of To where it is not known)
//
// Recursive least squares with additive forgetting: th3 wanders, the properties of the building hardly do, so
// that days at constant power do not wash out what a change of power taught. The prior is a room that the
// heater fits.
#ifndef ONDOL_CORE_HEAT_ESTIMATE_H
#define ONDOL_CORE_HEAT_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESTIMATE_SAMPLE_S  900
#define ESTIMATE_TERMS     4
#define ESTIMATE_OUTSIDE_C 10.0 // assumed where outside is not known

struct zone_estimate {
    double theta[ESTIMATE_TERMS], cov[ESTIMATE_TERMS * ESTIMATE_TERMS];
    double last_y, last_p;
    double sum_s; // running sample: seconds,
    float sum_p_s; // and the integral of p
    int32_t samples;
    int32_t sane; // samples in a row within the gate
    bool outside_known;
    bool started; // last_y is a reading
    bool have_last_p;
    bool capacity_known; // th1 is plausible and settled
    bool usable;         // th0 too: time constant and missing watts mean something
};

void estimate_init(struct zone_estimate *e);

// Whether outside_c below is told by somebody. What th3 stands for changes with it, so that it starts again.
void estimate_set_outside_known(struct zone_estimate *e, bool known);

// Throws away the running sample: an open window or a broken sensor says nothing about the building.
void estimate_skip(struct zone_estimate *e);

// Of the estimate once usable, else of the prior. Scaled by the nameplate.
double estimate_capacity_j_per_k(const struct zone_estimate *e, int32_t nameplate_w);
double estimate_tau_s(const struct zone_estimate *e);

// Watts that hold `room_c` in the long run, by the estimate; may be negative in a warm season.
double estimate_need_w(const struct zone_estimate *e, int32_t nameplate_w, double room_c, double outside_c);

// Seconds until the room, now y_c, reaches limit_c at power_w: -tau ln((limit - Tss)/(y - Tss)). INT32_MAX:
// never. 0: it is there already (`up`: at or above; else at or below).
int32_t estimate_time_s(const struct zone_estimate *e, int32_t nameplate_w, double y_c, double limit_c,
                        double power_w, double outside_c, bool up);

#endif
