// SPDX-License-Identifier: Apache-2.0
//
// The room's numbers and its exact step. Air is taken at 1.2 kg/m3 and 1005 J/kgK under a ceiling of 2.5 m;
// furniture and plaster make the air node 4.4 times as heavy as its air (13.3 kJ/K per m2 of floor; 3 to 5
// times is usual), and 20.5 W/K per m2 of floor couple it with the mass (4.5 m2 of surface at 4.6 W/m2K).
// With these, 30 m2 of 1948-1974 have time constants of 18.4 hours and 9.9 minutes.
#include "world/room.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

static const double CEILING_M = 2.5;
static const double VENT_W_K_PER_M3_H = 0.33; // 1.2 kg/m3 x 1005 J/kgK / 3600 s, as usual rounded
static const double OPEN_AIR_CHANGE_H = 6;    // a window tilted 2-4, wide open 10 and more
static const double AIR_J_K_M2 = 13333;
static const double AIR_MASS_W_K_M2 = 20.5;
static const double SOLAR_AIR = 0.1; // most of the sun falls on floor and walls
static const double SENSOR_S = 240;  // a small box on a wall
static const double BALANCE_FLOOR_J = 100;

const struct room_archetype *room_archetypes(void)
{
    static const struct room_archetype table[] = {
        // name        H    kJ/K  n/h   glass  fc  UAh Ch  m2  W/m2
        {"before1948", 2.30, 260, 0.60, 0.13, 0.6, 10, 25, 20, 4},
        {"1948-1974", 2.70, 165, 0.50, 0.16, 0.6, 10, 25, 20, 4},
        {"1975-1988", 1.80, 165, 0.50, 0.15, 0.6, 10, 25, 20, 4},
        {"1989-2004", 1.30, 165, 0.45, 0.15, 0.6, 10, 25, 25, 4},
        {"rt2005", 1.00, 165, 0.40, 0.16, 0.6, 10, 25, 25, 4},
        {"rt2012", 0.65, 165, 0.35, 0.17, 0.6, 10, 25, 30, 4},
        {"passive", 0.45, 260, 0.12, 0.20, 0.6, 10, 25, 40, 3},
        {"office", 1.30, 165, 0.60, 0.20, 0.6, 10, 25, 25, 5},
        {NULL},
    };
    return table;
}

const struct room_archetype *room_archetype_find(const char *name)
{
    for (const struct room_archetype *a = room_archetypes(); a->name; a++)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}

void room_spec_init(struct room_spec *s, const struct room_archetype *a, double floor_m2)
{
    double floor = floor_m2 > 0 ? num_clamp(floor_m2, 4, 2000) : a->floor_m2;
    double volume_m3 = floor * CEILING_M;
    double vent_w_k = VENT_W_K_PER_M3_H * a->air_change_h * volume_m3;
    *s = (struct room_spec){
        .floor_m2 = floor,
        .glass_m2 = a->glass_m2_m2 * floor,
        .air_j_k = AIR_J_K_M2 * floor,
        .mass_j_k = a->mass_kj_k_m2 * 1e3 * floor,
        .heater_j_k = a->heater_kj_k * 1e3,
        .air_mass_w_k = AIR_MASS_W_K_M2 * floor,
        .mass_out_w_k = a->loss_w_k_m2 * floor - vent_w_k,
        .vent_w_k = vent_w_k,
        .vent_open_w_k = vent_w_k + VENT_W_K_PER_M3_H * OPEN_AIR_CHANGE_H * volume_m3,
        .heater_w_k = a->heater_w_k,
        .convected = a->convected,
        .solar_air = SOLAR_AIR,
        .sensor_s = SENSOR_S,
    };
}

void room_system(struct lti *out, const struct room_spec *s, bool window_open)
{
    double vent = window_open ? s->vent_open_w_k : s->vent_w_k;
    double to_air = s->convected * s->heater_w_k, to_mass = (1 - s->convected) * s->heater_w_k;
    *out = (struct lti){.n = ROOM_STATES, .m = ROOM_INPUTS};

    out->a[ROOM_AIR][ROOM_AIR] = -(s->air_mass_w_k + vent + to_air) / s->air_j_k;
    out->a[ROOM_AIR][ROOM_MASS] = s->air_mass_w_k / s->air_j_k;
    out->a[ROOM_AIR][ROOM_HEATER] = to_air / s->air_j_k;
    out->b[ROOM_AIR][ROOM_IN_OUTSIDE] = vent / s->air_j_k;
    out->b[ROOM_AIR][ROOM_IN_INTERNAL] = 0.5 / s->air_j_k;
    out->b[ROOM_AIR][ROOM_IN_SOLAR] = s->solar_air / s->air_j_k;

    out->a[ROOM_MASS][ROOM_AIR] = (s->air_mass_w_k - to_mass) / s->mass_j_k;
    out->a[ROOM_MASS][ROOM_MASS] = -(s->air_mass_w_k + s->mass_out_w_k) / s->mass_j_k;
    out->a[ROOM_MASS][ROOM_HEATER] = to_mass / s->mass_j_k;
    out->b[ROOM_MASS][ROOM_IN_OUTSIDE] = s->mass_out_w_k / s->mass_j_k;
    out->b[ROOM_MASS][ROOM_IN_INTERNAL] = 0.5 / s->mass_j_k;
    out->b[ROOM_MASS][ROOM_IN_SOLAR] = (1 - s->solar_air) / s->mass_j_k;

    out->a[ROOM_HEATER][ROOM_AIR] = s->heater_w_k / s->heater_j_k;
    out->a[ROOM_HEATER][ROOM_HEATER] = -s->heater_w_k / s->heater_j_k;
    out->b[ROOM_HEATER][ROOM_IN_HEATER] = 1 / s->heater_j_k;

    out->a[ROOM_SENSOR][ROOM_AIR] = 1 / s->sensor_s;
    out->a[ROOM_SENSOR][ROOM_SENSOR] = -1 / s->sensor_s;
}

static int check_spec(const struct room_spec *s, struct err *e)
{
    const struct {
        const char *name;
        double value, low, high;
    } field[] = {
        {"air_j_k", s->air_j_k, 1e3, 1e12},
        {"mass_j_k", s->mass_j_k, 1e3, 1e13},
        {"heater_j_k", s->heater_j_k, 100, 1e9},
        {"air_mass_w_k", s->air_mass_w_k, 0.1, 1e8},
        {"mass_out_w_k", s->mass_out_w_k, 1e-3, 1e8},
        {"vent_w_k", s->vent_w_k, 0, 1e8},
        {"vent_open_w_k", s->vent_open_w_k, 0, 1e8},
        {"heater_w_k", s->heater_w_k, 0.1, 1e6},
        {"convected", s->convected, 0, 1},
        {"solar_air", s->solar_air, 0, 1},
        {"sensor_s", s->sensor_s, 1, 1e5},
    };
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!(field[i].value >= field[i].low && field[i].value <= field[i].high))
            return err_set(e, -EINVAL, "room: %s is %g (%g to %g)", field[i].name, field[i].value,
                           field[i].low, field[i].high);
    return 0;
}

int room_model_init(struct room_model *m, const struct room_spec *s, int64_t step_ms, struct err *e)
{
    if (step_ms < 1 || step_ms > 86400000)
        return err_set(e, -EINVAL, "room: a step of %lld ms (1 to 86400000)", (long long)step_ms);
    int r = check_spec(s, e);
    if (r < 0)
        return r;
    struct room_model made = {.spec = *s, .step_ms = step_ms};
    struct lti sys;
    room_system(&sys, s, false);
    r = lti_discretise(&made.shut, &sys, (double)step_ms / 1e3, e);
    if (r == 0) {
        room_system(&sys, s, true);
        r = lti_discretise(&made.open, &sys, (double)step_ms / 1e3, e);
    }
    if (r < 0)
        return err_prefix(e, "room");
    made.shut_rows = room_rows_of(&made.shut);
    made.open_rows = room_rows_of(&made.open);
    *m = made;
    return 0;
}

struct room_state room_state_at(double temperature_c)
{
    return (struct room_state){temperature_c, temperature_c, temperature_c, temperature_c};
}

static void input_vector(double u[ROOM_INPUTS], const struct room_input *in)
{
    u[ROOM_IN_OUTSIDE] = in->outside_c;
    u[ROOM_IN_HEATER] = in->heater_w;
    u[ROOM_IN_INTERNAL] = in->internal_w;
    u[ROOM_IN_SOLAR] = in->solar_w;
}

int room_rest(const struct room_spec *s, const struct room_input *in, struct room_state *out, struct err *e)
{
    int r = check_spec(s, e);
    if (r < 0)
        return r;
    struct lti sys;
    double u[ROOM_INPUTS], x[ROOM_STATES];
    room_system(&sys, s, in->window_open);
    input_vector(u, in);
    r = lti_rest(&sys, u, x, e);
    if (r < 0)
        return r;
    *out = (struct room_state){x[ROOM_AIR], x[ROOM_MASS], x[ROOM_HEATER], x[ROOM_SENSOR]};
    return 0;
}

double room_holding_w(const struct room_spec *s, const struct room_input *in, double air_c)
{
    // At rest the metal gives off what it takes in, so two heat balances are left, of the air and of the
    // mass, in the two unknowns mass temperature and watts; the first is put into the second.
    double vent = in->window_open ? s->vent_open_w_k : s->vent_w_k;
    double air_needs_w = vent * (air_c - in->outside_c) - 0.5 * in->internal_w - s->solar_air * in->solar_w;
    double mass_gets_w = 0.5 * in->internal_w + (1 - s->solar_air) * in->solar_w;
    // air:  Him (Tm-Ti) = air_needs - fc P      mass: (1-fc) P + mass_gets = Him (Tm-Ti) + Htr (Tm-To)
    double fabric = s->mass_out_w_k, ratio = fabric / s->air_mass_w_k;
    double right = air_needs_w * (1 + ratio) + fabric * (air_c - in->outside_c) - mass_gets_w;
    return right / (1 + s->convected * ratio);
}

void room_means(const struct room_model *m, const struct room_state *before, const struct room_input *in,
                struct room_state *mean)
{
    double x[ROOM_STATES] = {before->air_c, before->mass_c, before->heater_c, before->sensor_c};
    double u[ROOM_INPUTS], over[LTI_STATES_MAX];
    input_vector(u, in);
    lti_mean(in->window_open ? &m->open : &m->shut, x, u, over);
    *mean = (struct room_state){over[ROOM_AIR], over[ROOM_MASS], over[ROOM_HEATER], over[ROOM_SENSOR]};
}

void room_flows(const struct room_model *m, const struct room_state *before, const struct room_state *after,
                const struct room_input *in, struct room_flows *out)
{
    const struct room_spec *s = &m->spec;
    struct room_state mean;
    room_means(m, before, in, &mean);
    double step_s = (double)m->step_ms / 1e3, vent = in->window_open ? s->vent_open_w_k : s->vent_w_k;
    *out = (struct room_flows){
        .electric_j = in->heater_w * step_s,
        .internal_j = in->internal_w * step_s,
        .solar_j = in->solar_w * step_s,
        .vent_j = vent * (mean.air_c - in->outside_c) * step_s,
        .fabric_j = s->mass_out_w_k * (mean.mass_c - in->outside_c) * step_s,
        .heater_to_room_j = s->heater_w_k * (mean.heater_c - mean.air_c) * step_s,
        .stored_j = s->air_j_k * (after->air_c - before->air_c) +
                    s->mass_j_k * (after->mass_c - before->mass_c) +
                    s->heater_j_k * (after->heater_c - before->heater_c),
    };
}

double room_energy_error(const struct room_model *m, const struct room_state *before,
                         const struct room_state *after, const struct room_input *in)
{
    struct room_flows f;
    room_flows(m, before, after, in, &f);
    double moved = fabs(f.electric_j) + fabs(f.internal_j) + fabs(f.solar_j) + fabs(f.vent_j) +
                   fabs(f.fabric_j) + fabs(f.heater_to_room_j);
    double gap = f.electric_j + f.internal_j + f.solar_j - f.vent_j - f.fabric_j - f.stored_j;
    return fabs(gap) / num_max(moved, BALANCE_FLOOR_J);
}
