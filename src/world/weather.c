// SPDX-License-Identifier: Apache-2.0
//
// A year of hours asked at moments. The row of a moment comes from its date in the weather's own calendar
// rather than from hours since a start: counting hours would slip by a day for every leap year between the
// two.
#include "world/weather.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

static const int64_t HOUR_MS = 3600000;

void weather_deinit(struct weather *w)
{
    free(w->hour);
    *w = WEATHER_NULL;
}

// Day of the weather's year, 0 = 1 January, of a date of any year.
static int day_of_year(const struct weather *w, const struct civil *c)
{
    int day = c->yearday;
    bool leap = is_leap_year(c->year);
    if (leap && !w->leap && c->yearday >= 59) // 29 February is the 28th again, and March begins a row earlier
        day--;
    if (!leap && w->leap && c->yearday >= 59) // the weather's 29 February is passed over
        day++;
    return day;
}

static struct weather_found find_hour(const struct weather *w, house_ms t)
{
    struct civil c = civil_from_ms(t.v + w->zone_ms);
    size_t row = ((size_t)day_of_year(w, &c) * 24 + (size_t)c.hour) % w->n;
    int64_t into_ms = (int64_t)c.minute * 60000 + (int64_t)c.second * 1000 + c.ms;
    return (struct weather_found){
        .begins = house_add(t, -into_ms), .from = &w->hour[(row + w->n - 1) % w->n], .to = &w->hour[row]};
}

void weather_air_at(const struct weather *w, house_ms t, struct weather_now *out)
{
    struct weather_found f = {0};
    weather_air_next(w, t, &f, out);
}

void weather_air_next(const struct weather *w, house_ms t, struct weather_found *f, struct weather_now *out)
{
    if (!f->to || house_since(t, f->begins) < 0 || house_since(t, f->begins) >= HOUR_MS)
        *f = find_hour(w, t);
    double part = (double)house_since(t, f->begins) / (double)HOUR_MS;
    const struct weather_hour *from = f->from, *to = f->to;
    out->dry_c = from->dry_c + part * (to->dry_c - from->dry_c);
    out->wind_m_s = from->wind_m_s + part * (to->wind_m_s - from->wind_m_s);
    out->irradiance = to->sun;
}

void weather_at(const struct weather *w, house_ms t, struct weather_now *out)
{
    weather_air_at(w, t, out);
    out->sun = sun_at(w->latitude_deg, w->longitude_deg, t);
}

struct paris {
    struct rng rng;
    double warmth, cloud, wind; // AR(1) states
};

// One hour of an AR(1) process of standard deviation sigma.
static double ar1(double x, double rho, double sigma, struct rng *r)
{
    return rho * x + sigma * sqrt(1 - rho * rho) * rng_normal(r);
}

static struct weather_hour paris_hour(struct paris *p, const struct weather *w, size_t row)
{
    double day = (double)(row / 24) + 1, hour_end = (double)(row % 24) + 1;
    p->warmth = ar1(p->warmth, 0.98, 3, &p->rng);
    p->cloud = ar1(p->cloud, 0.95, 0.35, &p->rng);
    p->wind = ar1(p->wind, 0.9, 1.8, &p->rng);
    double season = -8 * num_cos(2 * NUM_PI * (day - 20) / 365);
    double of_day = 4 * num_sin(2 * NUM_PI * (hour_end - 9) / 24);
    int64_t middle_ms =
        civil_to_ms(w->year, 1, 1, 0, 0, 0) - w->zone_ms + (int64_t)row * HOUR_MS + HOUR_MS / 2;
    struct sun s = sun_at(w->latitude_deg, w->longitude_deg, HOUSE_MS(middle_ms));
    double clear = sun_clear_sky(&s) * num_clamp(0.66 + p->cloud, 0.12, 1);
    return (struct weather_hour){
        .dry_c = 11.7 + season + of_day + p->warmth,
        .wind_m_s = num_max(0, 3.5 + p->wind),
        .sun = sun_split(&s, clear),
    };
}

void weather_synthetic_paris(struct weather *w, int year, uint64_t seed)
{
    *w = (struct weather){.latitude_deg = 48.85,
                          .longitude_deg = 2.35,
                          .elevation_m = 60,
                          .zone_ms = HOUR_MS,
                          .year = year,
                          .leap = is_leap_year(year),
                          .sun_origin = WEATHER_SUN_MADE};
    snprintf(w->place, sizeof w->place, "Paris, synthetic");
    w->n = w->leap ? 8784 : 8760;
    w->hour = mem_array(w->n, sizeof *w->hour);
    struct paris p = {0};
    rng_seed(&p.rng, seed);
    for (int i = 0; i < 500; i++) // forget the start at zero
        p.warmth = ar1(p.warmth, 0.98, 3, &p.rng);
    double noise = 0;
    for (size_t i = 0; i < w->n; i++) {
        w->hour[i] = paris_hour(&p, w, i);
        noise += p.warmth;
    }
    for (size_t i = 0; i < w->n; i++)
        w->hour[i].dry_c -= noise / (double)w->n;
}

struct weather_summary weather_summarise(const struct weather *w)
{
    struct weather_summary s = {.dry_min_c = w->hour[0].dry_c, .dry_max_c = w->hour[0].dry_c};
    double sum = 0;
    for (size_t day = 0; day * 24 + 24 <= w->n; day++) {
        double low = w->hour[day * 24].dry_c, high = low, day_sum = 0;
        for (size_t i = day * 24; i < day * 24 + 24; i++) {
            low = num_min(low, w->hour[i].dry_c);
            high = num_max(high, w->hour[i].dry_c);
            day_sum += w->hour[i].dry_c;
            s.global_kwh_m2 += w->hour[i].sun.global_w_m2 / 1000;
        }
        s.dry_min_c = num_min(s.dry_min_c, low);
        s.dry_max_c = num_max(s.dry_max_c, high);
        s.hdd18 += num_max(0, 18 - day_sum / 24);
        s.dju18 += num_max(0, 18 - (low + high) / 2);
        sum += day_sum;
    }
    s.dry_mean_c = sum / (double)w->n;
    return s;
}
