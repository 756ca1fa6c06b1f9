// SPDX-License-Identifier: Apache-2.0
//
// Dead-beat control. Without heat the air would end the step at `cold`; each watt lifts that by
// bd[air][heater], so the watts wanted are (setpoint - cold) / bd, cut to what the heater can. It cannot
// ring: the watts go to the node that is controlled, and the mass behind it only follows.
#include "world/shadow.h"

#include "base/num.h"

enum { AIR, MASS };
enum { IN_WALLS = ROOM_INPUTS, INPUTS }; // watts from neighbours, into the air

// The room without heater metal and sensor: electricity goes to air and mass at once, in the same shares.
static void shadow_system(struct lti *out, const struct room_spec *s, bool window_open)
{
    struct room_spec bare = *s;
    bare.heater_w_k = 0;
    struct lti room;
    room_system(&room, &bare, window_open);
    *out = (struct lti){.n = 2, .m = INPUTS};
    const int node[2] = {ROOM_AIR, ROOM_MASS};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++)
            out->a[i][j] = room.a[node[i]][node[j]];
        for (int j = 0; j < ROOM_INPUTS; j++)
            out->b[i][j] = room.b[node[i]][j];
    }
    out->b[AIR][ROOM_IN_HEATER] = s->convected / s->air_j_k;
    out->b[MASS][ROOM_IN_HEATER] = (1 - s->convected) / s->mass_j_k;
    out->b[AIR][IN_WALLS] = 1 / s->air_j_k;
}

static struct shadow_rows rows_of(const struct lti_step *d, const struct room_spec *s)
{
    double w_per_k = s->air_j_k / d->step_s; // that bring a kelvin's joules in a step
    struct shadow_rows c = {.gain = d->bd[AIR][ROOM_IN_HEATER],
                            .mass_gain = d->bd[MASS][ROOM_IN_HEATER],
                            .per_gain = 1 / d->bd[AIR][ROOM_IN_HEATER],
                            .wall = d->bd[AIR][IN_WALLS] * w_per_k,
                            .mass_wall = d->bd[MASS][IN_WALLS] * w_per_k};
    for (int j = 0; j < 2; j++) {
        c.air[j] = d->ad[AIR][j];
        c.mass[j] = d->ad[MASS][j];
    }
    for (int i = 0; i < 2; i++) {
        c.in[i][0] = d->bd[i][ROOM_IN_OUTSIDE];
        c.in[i][1] = d->bd[i][ROOM_IN_INTERNAL];
        c.in[i][2] = d->bd[i][ROOM_IN_SOLAR];
    }
    return c;
}

int shadow_model_init(struct shadow_model *m, const struct room_spec *s, int64_t step_ms, struct err *e)
{
    struct room_model checked; // refuses what is no room, with the same words
    int r = room_model_init(&checked, s, step_ms, e);
    if (r < 0)
        return r;
    struct shadow_model made = {.step_ms = step_ms};
    struct lti sys;
    shadow_system(&sys, s, false);
    r = lti_discretise(&made.shut, &sys, (double)step_ms / 1e3, e);
    if (r < 0)
        return r;
    shadow_system(&sys, s, true);
    r = lti_discretise(&made.open, &sys, (double)step_ms / 1e3, e);
    if (r < 0)
        return r;
    made.shut_rows = rows_of(&made.shut, s);
    made.open_rows = rows_of(&made.open, s);
    *m = made;
    return 0;
}

struct shadow shadow_at(double temperature_c)
{
    return (struct shadow){.air_c = temperature_c, .mass_c = temperature_c};
}

double shadow_step(const struct shadow_model *m, struct shadow *s, const struct room_input *in,
                   double setpoint_c, double max_w)
{
    const struct lti_step *d = in->window_open ? &m->open : &m->shut;
    const struct shadow_rows *c = in->window_open ? &m->open_rows : &m->shut_rows;
    double u[INPUTS] = {[ROOM_IN_OUTSIDE] = in->outside_c,
                        [ROOM_IN_INTERNAL] = in->internal_w,
                        [ROOM_IN_SOLAR] = in->solar_w};
    double x[LTI_STATES_MAX] = {s->air_c, s->mass_c};
    lti_advance(d, x, u, NULL);
    double watts = num_clamp((setpoint_c - x[AIR]) * c->per_gain, 0, num_max(max_w, 0));
    s->air_c = x[AIR] + c->gain * watts;
    s->mass_c = x[MASS] + c->mass_gain * watts;
    s->energy_j += watts * (double)m->step_ms / 1e3;
    return watts;
}
