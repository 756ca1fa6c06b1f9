// SPDX-License-Identifier: Apache-2.0
//
// Where the sun stands and what it sends through a window.
//   position:      declination and equation of time by Spencer's series (1971): within 0.05 degree of
//                  declination and half a minute of time, years 1950 to 2050
//   clear sky:     Haurwitz (1945), from the height of the sun alone
//   diffuse part:  Erbs, Klein and Duffie (1982), from the clearness index
//   facade:        isotropic sky: beam x cos(incidence) + diffuse / 2 + ground reflection (albedo 0.2) / 2
// Irradiances are W/m2 of the surface named: horizontal, or normal to the beam.
#ifndef ONDOL_WORLD_SUN_H
#define ONDOL_WORLD_SUN_H

#include <stddef.h>

#include "base/when.h"

// Unit vector from the ground to the sun. `up` is the sine of its height; below 0 it is night.
struct sun {
    double east, north, up;
    double outer_w_m2; // on a plane facing the sun above the air
};

struct sun sun_at(double latitude_deg, double longitude_deg, house_ms t); // north and east are positive

struct irradiance {
    double global_w_m2;  // on the horizontal: direct x sine of height + diffuse
    double direct_w_m2;  // normal to the beam
    double diffuse_w_m2; // on the horizontal
};

double sun_clear_sky(const struct sun *s); // global on the horizontal under no cloud; 0 at night

// Splits a global value into beam and sky. At night, and below 3 degrees of height, all of it is diffuse.
struct irradiance sun_split(const struct sun *s, double global_w_m2);

// A glazed piece of wall.
struct facade {
    double azimuth_deg; // outward direction: 0 north, 90 east, 180 south, 270 west
    double glass_m2;
    double g;     // share of the sun's energy that passes the glass: 0.6 for double glazing
    double frame; // share of the opening that is glass: 0.7
    double shade; // what trees, balconies and curtains leave: 0.8
};

struct facade facade_usual(double azimuth_deg, double glass_m2); // with the values named above

// W/m2 of vertical wall.
double sun_on_facade(const struct sun *s, const struct irradiance *i, double azimuth_deg);

// The same where many moments are asked of one wall: the part that the sun does not change, made once.
struct facing {
    double east, north;
};
struct facing facing_of(double azimuth_deg);
double sun_on_facing(const struct sun *s, const struct irradiance *i, struct facing f);

// Gsol = sum over facades of glass x g x frame x shade x irradiance, in watts.
double sun_gain_w(const struct sun *s, const struct irradiance *i, const struct facade *f, size_t n);

#endif
