// SPDX-License-Identifier: Apache-2.0
//
// With more litres on the cold side more heat passes but at a lower temperature: the outlet falls steadily
// with the flow, so the flow that just reaches the supply temperature is found by halving. Sixty halvings
// give it to the last bit and always take the same path, so the figure is the same on every machine.
#include "world/network.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/num.h"
#include "world/water.h"

void network_spec_init(struct network_spec *s, double peak_w)
{
    *s = (struct network_spec){
        .supply_cold_c = 65,
        .supply_mild_c = 60,
        .outside_cold_c = -5,
        .outside_mild_c = 15,
        .return_c = 35,
        .exchanger_w_k = peak_w / 3, // equal flows: the difference is 3 K all along
        .efficiency = 0.98,
        .efficiency_per_k = 0.002,
    };
}

int network_check(const struct network_spec *s, struct err *e)
{
    const struct {
        const char *name;
        double value, low, high;
    } field[] = {
        {"supply_cold_c", s->supply_cold_c, 20, 150},
        {"supply_mild_c", s->supply_mild_c, 20, 150},
        {"outside_cold_c", s->outside_cold_c, -60, 40},
        {"outside_mild_c", s->outside_mild_c, s->outside_cold_c, 40},
        {"return_c", s->return_c, 5, num_min(s->supply_cold_c, s->supply_mild_c) - 1},
        {"exchanger_w_k", s->exchanger_w_k, 0.001, 1e9},
        {"efficiency", s->efficiency, 0.3, 1.2},
        {"efficiency_per_k", s->efficiency_per_k, 0, 0.01},
    };
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!(field[i].value >= field[i].low && field[i].value <= field[i].high))
            return err_set(e, -EINVAL, "network: %s is %g (%g to %g)", field[i].name, field[i].value,
                           field[i].low, field[i].high);
    return 0;
}

double network_supply_c(const struct network_spec *s, double outside_c)
{
    double range = s->outside_mild_c - s->outside_cold_c;
    double mild =
        range > 0 ? num_clamp((outside_c - s->outside_cold_c) / range, 0, 1) : outside_c > s->outside_cold_c;
    return s->supply_cold_c + mild * (s->supply_mild_c - s->supply_cold_c);
}

double network_effectiveness(double ntu, double c)
{
    if (1 - c < 1e-9) // the general form is 0/0 there and noise close to it
        return ntu / (1 + ntu);
    double left = num_exp(-ntu * (1 - c));
    return (1 - left) / (1 - c * left);
}

// Heat through the exchanger for capacity flows in W/K.
static double passed_w(const struct network_spec *s, const struct network_input *in, double hot_w_k,
                       double cold_w_k)
{
    double least = num_min(hot_w_k, cold_w_k), most = num_max(hot_w_k, cold_w_k);
    if (!(least > 0))
        return 0;
    return network_effectiveness(s->exchanger_w_k / least, least / most) * least * (in->hot_c - s->return_c);
}

// The largest cold flow up to `most` that still comes out at `supply_c`, 0 when none does.
static double flow_to_supply(const struct network_spec *s, const struct network_input *in, double hot_w_k,
                             double most, double supply_c)
{
    double need_k = supply_c - s->return_c;
    if (passed_w(s, in, hot_w_k, most) >= most * need_k)
        return most;
    double low = 0, high = most;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (passed_w(s, in, hot_w_k, middle) >= middle * need_k)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void network_flow(const struct network_spec *s, const struct network_input *in, struct network_flows *out)
{
    double supply_c = network_supply_c(s, in->outside_c), hot_w_k = in->hot_l_min / 60 * WATER_J_L_K;
    double branch_w_k = in->demand_w / (supply_c - s->return_c); // what the consumers draw
    struct network_flows f = {.supply_c = supply_c,
                              .return_c = s->return_c,
                              .out_c = s->return_c,
                              .hot_return_c = in->hot_c,
                              .generator_in_c = s->return_c};
    double cold_w_k = 0;
    if (hot_w_k > 0 && branch_w_k > 0 && in->hot_c > s->return_c) {
        // A flow of less than a thousandth of the branch is the trickle that any hot water could bring up.
        cold_w_k = in->hot_c > supply_c ? flow_to_supply(s, in, hot_w_k, branch_w_k, supply_c) : 0;
        f.mode = cold_w_k > branch_w_k / 1000 ? NETWORK_SUPPLY : NETWORK_PREHEAT;
        if (f.mode == NETWORK_PREHEAT)
            cold_w_k = branch_w_k;
        f.injected_w = passed_w(s, in, hot_w_k, cold_w_k);
        if (f.mode == NETWORK_SUPPLY) // a valve on the hot side keeps it at the supply temperature
            f.injected_w = num_min(f.injected_w, cold_w_k * (supply_c - s->return_c));
        f.out_c = s->return_c + f.injected_w / cold_w_k;
        f.hot_return_c = in->hot_c - f.injected_w / hot_w_k;
        f.injected_l_min = cold_w_k * 60 / WATER_J_L_K;
    }
    f.generator_w = in->demand_w - f.injected_w;
    double efficiency = s->efficiency;
    if (f.mode == NETWORK_PREHEAT) {
        f.generator_in_c = f.out_c;
        efficiency = num_max(0.1, s->efficiency - s->efficiency_per_k * (f.out_c - s->return_c));
    }
    f.fuel_w = f.generator_w / efficiency;
    f.loss_w = f.fuel_w - f.generator_w / s->efficiency;
    f.displaced_w = in->demand_w / s->efficiency - f.fuel_w;
    *out = f;
}
