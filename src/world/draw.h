// SPDX-License-Identifier: Apache-2.0
//
// Hot water drawn by people: a flow for each step of equal length, in whole litres an hour, going round and
// round. Three sources:
//   a file       one flow a line, as DHWcalc (University of Kassel) writes them
//   a table      the draw-offs of a day by the energy they need, as the tapping profiles of the EU
//   a generator  four kinds of draw-off, as published for DHWcalc by Jordan and Vajen (IEA SHC Task 26)
// A flow is of water at the temperature of the tap's mixer; draw_hot_l tells how much of it a tank gives.
#ifndef ONDOL_WORLD_DRAW_H
#define ONDOL_WORLD_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DRAW_STEPS_MAX (1u << 20) // a year of minutes is 527,040
#define DRAW_BYTES_MAX (16u * 1024 * 1024)
#define DRAW_L_H_MAX   1000000

struct draw {
    int64_t step_ms;
    size_t n;
    uint32_t *l_h;
};

#define DRAW_NULL ((struct draw){0})

void draw_deinit(struct draw *d);

// One whole number of litres an hour on each line, blanks around it allowed; empty lines at the end only; a
// byte-order mark is passed over. -EINVAL with "line N: flow: why", -EFBIG above DRAW_BYTES_MAX or
// DRAW_STEPS_MAX; `out` is DRAW_NULL then.
int draw_read(struct draw *out, const char *text, size_t n, int64_t step_ms, struct err *e);

// A draw-off of a tapping profile: from a minute of the day, the energy it needs above the cold water.
struct draw_tap {
    int minute; // of the day, 0..1439
    double kwh;
    double l_min; // flow at the tap
};

// A day of minutes. Each draw-off takes as many litres of mixed_c as hold its energy above cold_c, and as
// long as its flow takes for them. Energies are kept to half a millilitre a draw-off. Taps are in order of
// time and end before midnight.
int draw_from_taps(struct draw *out, const struct draw_tap *taps, size_t n, double mixed_c, double cold_c,
                   struct err *e);

struct draw_wish {
    double litres_day; // mean over the period, at the mixer; 200 is a family
    int days;          // 1..366
    int first_weekday; // of the first day, 0 = Sunday
    int first_yearday; // of the first day, 0 = 1 January: people draw 10 % more in winter
    double max_l_h;    // most at one moment; 0: 1200 for a family, more for more people
    uint64_t seed;
};

// Minutes whose sum is litres_day x days to the litre. 14 % of it are short draws (1 l/min, a minute), 36 %
// medium (6 l/min, a minute), 40 % showers (8 l/min, five minutes), 10 % baths (14 l/min, ten minutes), each
// flow spread by 2 l/min; 20 % more on Saturdays and Sundays, morning and evening peaks. -ERANGE when max_l_h
// cannot hold so much.
int draw_generate(struct draw *out, const struct draw_wish *wish, struct err *e);

// Litres drawn between two moments from the start of the profile (negative and later moments go round).
double draw_litres(const struct draw *d, int64_t from_ms, int64_t to_ms);

// Litres of the whole profile.
double draw_total_l(const struct draw *d);

// Of `litres` mixed to mixed_c, what comes from a tank at hot_c, the rest being cold_c. All of it when the
// tank is no warmer than the mixture.
double draw_hot_l(double litres, double mixed_c, double hot_c, double cold_c);

#endif
