// SPDX-License-Identifier: Apache-2.0
//
// Plug flow is a shift by volume: after v litres went down through a stretch of layers, the first v litres of
// the stretch are the new water and the rest are the old layers, v litres lower; the last v litres leave.
// Each layer then holds the mean of what now lies in it. Because every litre that leaves a layer enters
// exactly one other, energy is conserved by construction, whatever v. Shifts larger than the stretch go in
// several rounds.
//
// The losses' part solves (C/h + conductances) T' = C/h T + ambient terms for the temperatures at the end of
// the step; the heat lost is taken at these, so the balance closes although the scheme is of first order (its
// error: the jacket's time constant is days, a step is minutes).
#include "world/tank.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "world/water.h"

static const double BALANCE_FLOOR_J = 100;
static const double JACKET_W_M2_K = 0.4; // 100 mm of foam with its fittings

void tank_spec_init(struct tank_spec *s, double litres)
{
    // V = pi/4 d^2 h with h = 2.5 d; d by Newton's iteration on d^3 = 1.6 V / pi.
    double cube = 1.6 * litres / 1e3 / NUM_PI, d = 1;
    for (int i = 0; i < 60; i++)
        d = (2 * d + cube / (d * d)) / 3;
    double surface_m2 = NUM_PI * d * 2.5 * d + NUM_PI / 2 * d * d;
    *s = (struct tank_spec){
        .litres = litres,
        .nodes = 15,
        .height_m = 2.5 * d,
        .loss_w_k = JACKET_W_M2_K * surface_m2,
        .conduct_w_mk = 0.8,
        .backup_w = 15 * litres,
        .backup_node = 4,
        .backup_band_k = 3,
    };
}

int tank_init(struct tank *t, const struct tank_spec *s, double start_c, struct err *e)
{
    const struct {
        const char *name;
        double value, low, high;
    } field[] = {
        {"litres", s->litres, 5, 1e6},
        {"nodes", s->nodes, 2, TANK_NODES_MAX},
        {"height_m", s->height_m, 0.1, 50},
        {"loss_w_k", s->loss_w_k, 0, 1e4},
        {"conduct_w_mk", s->conduct_w_mk, 0, 100},
        {"loop_l_min", s->loop_l_min, 0, 1e5},
        {"loop_w_k", s->loop_w_k, 0, 1e5},
        {"backup_w", s->backup_w, 0, 1e8},
        {"backup_node", s->backup_node, 0, s->nodes - 1},
        {"backup_band_k", s->backup_band_k, 0, 30},
        {"boiler", s->boiler, TANK_BOILER_BOTTOM, TANK_BOILER_LOOP_RETURN},
        {"start_c", start_c, 0, 95},
    };
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!(field[i].value >= field[i].low && field[i].value <= field[i].high))
            return err_set(e, -EINVAL, "tank: %s is %g (%g to %g)", field[i].name, field[i].value,
                           field[i].low, field[i].high);
    if (s->boiler == TANK_BOILER_LOOP_RETURN && !(s->loop_l_min > 0))
        return err_set(e, -EINVAL, "tank: loop_l_min is 0: a boiler in the return of the loop needs a loop");
    *t = (struct tank){.spec = *s};
    for (int i = 0; i < s->nodes; i++)
        t->t[i] = start_c;
    return 0;
}

static double node_litres(const struct tank *t)
{
    return t->spec.litres / t->spec.nodes;
}

// Lets v litres of `in_c` into layer `from` while as many leave at layer `to`, both ends included; down when
// from <= to, up otherwise. v is at most the volume of the stretch. Gives the mean temperature that left.
static double shift_once(struct tank *t, int from, int to, double v, double in_c)
{
    double size = node_litres(t), old[TANK_NODES_MAX];
    int n = (from <= to ? to - from : from - to) + 1, dir = from <= to ? 1 : -1;
    for (int k = 0; k < n; k++)
        old[k] = t->t[from + dir * k];
    int whole = (int)floor(v / size);
    if (whole >= n) // v is the whole stretch, or rounding says so
        whole = n - 1;
    double part = num_clamp((v - whole * size) / size, 0, 1); // of a layer
    double left = 0;
    for (int k = n - whole; k < n; k++)
        left += old[k] * size;
    left += old[n - 1 - whole] * part * size;
    for (int k = 0; k < n; k++) {
        double upper = k - whole - 1 >= 0 ? old[k - whole - 1] : in_c;
        double lower = k - whole >= 0 ? old[k - whole] : in_c;
        t->t[from + dir * k] = part * upper + (1 - part) * lower;
    }
    return left / ((whole + part) * size);
}

// As shift_once for any v > 0.
static double shift(struct tank *t, int from, int to, double v, double in_c)
{
    double stretch = node_litres(t) * ((from <= to ? to - from : from - to) + 1), sum = 0;
    for (double rest = v; rest > 0; rest -= stretch) {
        double now = num_min(rest, stretch);
        sum += now * shift_once(t, from, to, now, in_c);
    }
    return sum / v;
}

// Merges layers from the top until none is colder than the one below.
static void mix_inversions(struct tank *t)
{
    double mean[TANK_NODES_MAX];
    int size[TANK_NODES_MAX], groups = 0, n = t->spec.nodes, settled = 1;
    while (settled < n && t->t[settled - 1] >= t->t[settled])
        settled++;
    if (settled == n) // as in most steps
        return;
    for (int i = 0; i < n; i++) {
        mean[groups] = t->t[i];
        size[groups++] = 1;
        while (groups > 1 && mean[groups - 2] < mean[groups - 1]) {
            int a = size[groups - 2], b = size[groups - 1];
            mean[groups - 2] = (a * mean[groups - 2] + b * mean[groups - 1]) / (a + b);
            size[groups - 2] = a + b;
            groups--;
        }
    }
    for (int g = 0, i = 0; g < groups; g++)
        for (int k = 0; k < size[g]; k++)
            t->t[i++] = mean[g];
}

// The uppermost layer that water of this temperature does not sink through.
static int layer_for(const struct tank *t, double c)
{
    int i = 0;
    while (i < t->spec.nodes - 1 && t->t[i] > c)
        i++;
    return i;
}

// Water that leaves at layer `take` (the top or the bottom), changes its temperature outside and comes back
// where it is as warm as the tank.
struct circuit {
    double litres;
    double add_j_l; // what a boiler adds to each litre
    double left;    // of the excess over the ambient, behind the pipes: 1 = no loss
    double ambient_c;
    int take;
};

struct circuit_means {
    double taken_c, cooled_c, back_c;
};

// In rounds of less than a layer: all of a round then leaves at the temperature of layer `take`, so that what
// comes back is known before anything moves.
static struct circuit_means circulate(struct tank *t, const struct circuit *c)
{
    struct circuit_means sum = {0};
    double size = node_litres(t);
    int rounds = (int)(c->litres / size) + 1;
    double v = c->litres / rounds;
    for (int i = 0; i < rounds; i++) {
        double taken = t->t[c->take];
        double cooled = c->ambient_c + (taken - c->ambient_c) * c->left;
        double back = cooled + c->add_j_l / WATER_J_L_K;
        shift(t, layer_for(t, back), c->take, v, back);
        mix_inversions(t);
        sum.taken_c += taken / rounds;
        sum.cooled_c += cooled / rounds;
        sum.back_c += back / rounds;
    }
    return sum;
}

static void boiler_at_bottom(struct tank *t, const struct tank_input *in, double step_s, struct tank_flows *f)
{
    int bottom = t->spec.nodes - 1;
    double litres = in->boiler_l_min * step_s / 60;
    f->boiler_in_c = f->boiler_out_c = t->t[bottom];
    f->boiler_j = in->boiler_w * step_s;
    if (litres > 0) {
        struct circuit c = {.litres = litres, .add_j_l = f->boiler_j / litres, .left = 1, .take = bottom};
        struct circuit_means m = circulate(t, &c);
        f->boiler_in_c = m.taken_c;
        f->boiler_out_c = m.back_c;
    } else {
        t->t[bottom] += f->boiler_j / (WATER_J_L_K * node_litres(t));
        f->boiler_out_c = t->t[bottom];
        mix_inversions(t);
    }
}

static void run_loop(struct tank *t, const struct tank_input *in, double step_s, struct tank_flows *f)
{
    bool warmed = t->spec.boiler == TANK_BOILER_LOOP_RETURN;
    double litres = t->spec.loop_l_min * step_s / 60;
    double per_k = t->spec.loop_w_k / (t->spec.loop_l_min / 60 * WATER_J_L_K); // transfer units of the pipes
    struct circuit c = {.litres = litres, .left = num_exp(-per_k), .ambient_c = in->ambient_c, .take = 0};
    if (warmed) {
        f->boiler_j = in->boiler_w * step_s;
        c.add_j_l = f->boiler_j / litres;
    }
    struct circuit_means m = circulate(t, &c);
    f->loop_return_c = m.cooled_c;
    f->loop_j = litres * WATER_J_L_K * (m.taken_c - m.cooled_c);
    if (warmed) {
        f->boiler_in_c = m.cooled_c;
        f->boiler_out_c = m.back_c;
    }
}

// Each layer loses by its share of the jacket; top and bottom are counted into it.
static double conduct_and_lose(struct tank *t, double ambient_c, double step_s)
{
    int n = t->spec.nodes;
    double size_m = t->spec.height_m / n, area_m2 = t->spec.litres / 1e3 / t->spec.height_m;
    double between = t->spec.conduct_w_mk * area_m2 / size_m, loss = t->spec.loss_w_k / n;
    double store = WATER_J_L_K * node_litres(t) / step_s;
    double upper[TANK_NODES_MAX], right[TANK_NODES_MAX];
    for (int i = 0; i < n; i++) { // elimination downwards of -between, diagonal, -between
        double diagonal = store + loss + (i > 0 ? between : 0) + (i < n - 1 ? between : 0);
        double value = store * t->t[i] + loss * ambient_c;
        if (i > 0) {
            diagonal -= between * upper[i - 1];
            value += between * right[i - 1];
        }
        upper[i] = between / diagonal;
        right[i] = value / diagonal;
    }
    double lost_w = 0;
    for (int i = n - 1; i >= 0; i--) {
        t->t[i] = right[i] + (i < n - 1 ? upper[i] * t->t[i + 1] : 0);
        lost_w += loss * (t->t[i] - ambient_c);
    }
    return lost_w * step_s;
}

// Over a long step the heater would shoot past its thermostat: it gives at most what brings its own layer and
// those it rises through to the set temperature.
static double backup(struct tank *t, double set_c, double step_s)
{
    double felt = t->t[t->spec.backup_node], to_set_j = 0;
    if (felt >= set_c)
        t->backup_on = false;
    else if (felt < set_c - t->spec.backup_band_k)
        t->backup_on = true;
    if (!t->backup_on)
        return 0;
    for (int i = 0; i <= t->spec.backup_node; i++)
        to_set_j += num_max(0, set_c - t->t[i]) * WATER_J_L_K * node_litres(t);
    double j = num_min(t->spec.backup_w * step_s, to_set_j);
    t->t[t->spec.backup_node] += j / (WATER_J_L_K * node_litres(t));
    mix_inversions(t);
    return j;
}

void tank_step(struct tank *t, const struct tank_input *in, int64_t step_ms, struct tank_flows *out)
{
    double step_s = (double)step_ms / 1e3, was[TANK_NODES_MAX];
    struct tank_flows f = {0};
    int bottom = t->spec.nodes - 1;
    memcpy(was, t->t, sizeof was);
    if (t->spec.boiler == TANK_BOILER_BOTTOM)
        boiler_at_bottom(t, in, step_s, &f);
    f.loop_return_c = t->t[0];
    if (t->spec.loop_l_min > 0)
        run_loop(t, in, step_s, &f);
    f.outlet_c = t->t[0];
    if (in->draw_l > 0) {
        f.outlet_c = shift(t, bottom, 0, in->draw_l, in->cold_c);
        f.draw_j = in->draw_l * WATER_J_L_K * (f.outlet_c - in->cold_c);
    }
    mix_inversions(t); // the mains may be warmer than a tank that was left to cool
    f.jacket_j = conduct_and_lose(t, in->ambient_c, step_s);
    f.backup_j = backup(t, in->backup_set_c, step_s);
    mix_inversions(t);
    for (int i = 0; i <= bottom; i++)
        f.stored_j += (t->t[i] - was[i]) * WATER_J_L_K * node_litres(t);
    *out = f;
}

double tank_energy_error(const struct tank_flows *f)
{
    double missing = f->stored_j - (f->boiler_j + f->backup_j - f->draw_j - f->loop_j - f->jacket_j);
    double moved = fabs(f->boiler_j) + f->backup_j + fabs(f->draw_j) + fabs(f->loop_j) + fabs(f->jacket_j);
    return fabs(missing) / num_max(moved, BALANCE_FLOOR_J);
}

double tank_stored_j(const struct tank *t, double above_c)
{
    double sum = 0;
    for (int i = 0; i < t->spec.nodes; i++)
        sum += (t->t[i] - above_c) * WATER_J_L_K * node_litres(t);
    return sum;
}

double tank_bottom_c(const struct tank *t)
{
    return t->t[t->spec.nodes - 1];
}
