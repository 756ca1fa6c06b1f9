// SPDX-License-Identifier: Apache-2.0
//
// A year of outside, hour by hour, in the local standard time of its place (no daylight saving), as EPW files
// have it: row k is the hour from k:00 to k+1:00 since 1 January 00:00. Temperature and wind are values at
// the end of the hour, the sun's are means over it. Asked for any moment of any year, it answers from the
// same date and hour of its own year: 29 February is answered from the 28th where the weather has none, and
// the night of 31 December joins on to 1 January.
#ifndef ONDOL_WORLD_WEATHER_H
#define ONDOL_WORLD_WEATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/when.h"
#include "world/sun.h"

#define WEATHER_HOURS_MAX 8784

struct weather_hour {
    double dry_c; // dry bulb
    double wind_m_s;
    struct irradiance sun;
};

enum weather_sun {
    WEATHER_SUN_GIVEN,  // every row had a global value
    WEATHER_SUN_PARTLY, // some rows were filled in from a clear sky and the mean cloud
    WEATHER_SUN_MADE,   // none had: all of the sun is made up. Say so wherever a figure rests on it.
    WEATHER_SUN_NONE,   // missing and left at zero, as the caller asked
};

struct weather {
    char place[64];
    double latitude_deg, longitude_deg, elevation_m;
    int64_t zone_ms; // local standard time less UTC
    int year;        // of the data; of the first row where months come from several years
    bool leap;       // 8784 rows with a 29 February
    enum weather_sun sun_origin;
    size_t filled_dry, filled_sun, filled_wind; // rows whose value was missing and is made up
    size_t n;                                   // 8760 or 8784
    struct weather_hour *hour;                  // owned
};

#define WEATHER_NULL ((struct weather){0})

void weather_deinit(struct weather *w);

// The weather of a moment: temperature and wind interpolated between hours, the sun's means of the hour it
// falls in (so that an hour's sum is exactly the row's), the sun's place at that moment.
struct weather_now {
    double dry_c, wind_m_s;
    struct irradiance irradiance;
    struct sun sun;
};

// Air and wind on straight lines between the hours, the sun of the hour; the file is taken for every year.
void weather_at(const struct weather *w, house_ms t, struct weather_now *out);

// All of it but the sun's place, which takes sines: that stays as it was in `out`.
void weather_air_at(const struct weather *w, house_ms t, struct weather_now *out);

// The same for who asks minute after minute: the hour that was found last, zeroed to begin with. Of one weather.
struct weather_found {
    house_ms begins;
    const struct weather_hour *from, *to; // what the hour begins and ends with
};
void weather_air_next(const struct weather *w, house_ms t, struct weather_found *f, struct weather_now *out);

// A Paris that never was, the same for the same year and seed:
//     To = 11.7 - 8 cos(2 pi (d-20)/365) + 4 sin(2 pi (h-9)/24) + noise
// d the day of the year, h the hour; noise is AR(1) by the hour, rho 0.98, sigma 3 K, with its mean over the
// year taken out, so that every seed has the climate's mean of 11.7. The sun is the clear sky times a cloud
// factor, AR(1) too (rho 0.95), which comes to some 1,100 to 1,300 kWh/m2 a year; wind is AR(1) around 3.5
// m/s.
void weather_synthetic_paris(struct weather *w, int year, uint64_t seed);

struct weather_summary {
    double dry_min_c, dry_mean_c, dry_max_c;
    double hdd18; // sum over days of max(0, 18 - mean of the 24 hours)
    double dju18; // the French count: sum of max(0, 18 - (Tmin + Tmax)/2)
    double global_kwh_m2;
};

// Over the whole file.
struct weather_summary weather_summarise(const struct weather *w);

#endif
