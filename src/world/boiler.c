// SPDX-License-Identifier: Apache-2.0
//
// The store is stepped exactly (world/water.h) in pieces of at most ten seconds, each with the watts that the
// limits leave at its start: the cut-out of a boiler is a hardware thermostat and does not wait for a
// simulation's minute. The junction follows the water within seconds and is taken at once.
#include "world/boiler.h"

#include <errno.h>
#include <math.h>

#include "base/mem.h"
#include "base/num.h"
#include "world/water.h"

static const double PIECE_S = 10;
static const double CUT_OUT_BAND_K = 5;
static const double BALANCE_FLOOR_J = 100;

void boiler_spec_init(struct boiler_spec *s, int processors)
{
    *s = (struct boiler_spec){
        .processors = processors,
        .processor_w = 105,
        .r_th_k_w = 0.15,
        .tjmax_c = 95,
        .margin_k = 8,
        .outlet_max_c = 75,
        .flow_min_l_min = 0.05 * processors,
        .body_j_k = 2000.0 * processors, // a quarter of a litre and a kilogram of copper and aluminium
        .loss_w_k = 0.05 * processors,
    };
}

int boiler_init(struct boiler *b, const struct boiler_spec *s, double water_c, struct err *e)
{
    const struct {
        const char *name;
        double value, low, high;
    } field[] = {
        {"processors", s->processors, 1, 100000},
        {"processor_w", s->processor_w, 1, 2000},
        {"r_th_k_w", s->r_th_k_w, 0.001, 10},
        {"tjmax_c", s->tjmax_c, 40, 150},
        {"margin_k", s->margin_k, 0, 40},
        {"outlet_max_c", s->outlet_max_c, 20, 95},
        {"flow_min_l_min", s->flow_min_l_min, 0.001, 1e5},
        {"body_j_k", s->body_j_k, 100, 1e9},
        {"loss_w_k", s->loss_w_k, 0, 1e5},
        {"water_c", water_c, 0, 95},
    };
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!(field[i].value >= field[i].low && field[i].value <= field[i].high))
            return err_set(e, -EINVAL, "boiler: %s is %g (%g to %g)", field[i].name, field[i].value,
                           field[i].low, field[i].high);
    *b = (struct boiler){.spec = *s, .water_c = water_c};
    return 0;
}

static double full_w(const struct boiler_spec *s)
{
    return s->processors * s->processor_w;
}

double boiler_cap_w(const struct boiler_spec *s, double return_c, double flow_l_min)
{
    if (flow_l_min < s->flow_min_l_min)
        return 0;
    double water_k_w = 60 / (flow_l_min * WATER_J_L_K); // rise of the water per watt
    double junction_w = (s->tjmax_c - s->margin_k - return_c) / (water_k_w + s->r_th_k_w / s->processors);
    double outlet_w = (s->outlet_max_c - return_c) / water_k_w;
    return num_clamp(num_min(junction_w, outlet_w), 0, full_w(s));
}

// The watts of the next piece and why they are less than asked.
static double grant(struct boiler *b, const struct boiler_input *in, enum boiler_state *state)
{
    const struct boiler_spec *s = &b->spec;
    if (b->water_c > s->outlet_max_c)
        b->hot = true;
    else if (b->water_c < s->outlet_max_c - CUT_OUT_BAND_K)
        b->hot = false;
    *state = BOILER_OK;
    if (in->flow_l_min < s->flow_min_l_min) {
        *state = BOILER_NO_FLOW;
        return 0;
    }
    if (b->hot) {
        *state = BOILER_HOT;
        return 0;
    }
    // The junctions stand on the water as it is now; the cap at rest knows where it will come to.
    double now_w = (s->tjmax_c - s->margin_k - b->water_c) / s->r_th_k_w * s->processors;
    double most = num_min(boiler_cap_w(s, in->return_c, in->flow_l_min), num_max(0, now_w));
    if (in->asked_w > most)
        *state = BOILER_CAPPED;
    return num_min(in->asked_w, most);
}

void boiler_step(struct boiler *b, const struct boiler_input *in, int64_t step_ms, struct boiler_flows *out)
{
    const struct boiler_spec *s = &b->spec;
    double step_s = (double)step_ms / 1e3, water_w_k = in->flow_l_min / 60 * WATER_J_L_K, sum_c = 0;
    int pieces = (int)((step_s - 1e-9) / PIECE_S) + 1;
    double h = step_s / pieces, w = 0;
    struct boiler_flows f = {.state = BOILER_OK};
    for (int i = 0; i < pieces; i++) {
        enum boiler_state state;
        w = grant(b, in, &state);
        f.state = state > f.state ? state : f.state;
        double net_w =
            w - water_w_k * (b->water_c - in->return_c) - s->loss_w_k * (b->water_c - in->ambient_c);
        struct water_relaxed r = water_relax(b->water_c, s->body_j_k, net_w, water_w_k + s->loss_w_k, h);
        f.electric_j += w * h;
        f.water_j += water_w_k * (r.mean_c - in->return_c) * h;
        f.jacket_j += s->loss_w_k * (r.mean_c - in->ambient_c) * h;
        f.stored_j += s->body_j_k * (r.end_c - b->water_c);
        sum_c += r.mean_c;
        b->water_c = r.end_c;
    }
    f.given_w = f.electric_j / step_s;
    f.outlet_c = sum_c / pieces;
    f.junction_c = b->water_c + w / s->processors * s->r_th_k_w;
    *out = f;
}

double boiler_energy_error(const struct boiler_flows *f)
{
    double missing = f->stored_j - (f->electric_j - f->water_j - f->jacket_j);
    double moved = f->electric_j + fabs(f->water_j) + fabs(f->jacket_j);
    return fabs(missing) / num_max(moved, BALANCE_FLOOR_J);
}
