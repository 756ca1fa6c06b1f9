// SPDX-License-Identifier: Apache-2.0
//
// The sun as a vector: no inverse trigonometry is needed, because a wall only wants the cosine of the angle
// between its own direction and the sun's.
#include "world/sun.h"

#include "base/num.h"

static const double RADIAN = NUM_PI / 180;
static const double SOLAR_CONSTANT_W_M2 = 1361;
static const double LOW_SUN = 0.052; // sine of 3 degrees: a division by less makes beams that never were
static const double ALBEDO = 0.2;

struct sun sun_at(double latitude_deg, double longitude_deg, house_ms t)
{
    struct civil c = civil_from_ms(t.v);
    double hour = c.hour + c.minute / 60.0 + c.second / 3600.0;
    double year_days = is_leap_year(c.year) ? 366 : 365;
    double day = 2 * NUM_PI * (c.yearday + (hour - 12) / 24) / year_days; // Spencer's day angle
    double c1 = num_cos(day), s1 = num_sin(day), c2 = num_cos(2 * day), s2 = num_sin(2 * day);
    double c3 = num_cos(3 * day), s3 = num_sin(3 * day);
    double declination = 0.006918 - 0.399912 * c1 + 0.070257 * s1 - 0.006758 * c2 + 0.000907 * s2 -
                         0.002697 * c3 + 0.00148 * s3;
    double equation_min = 229.18 * (0.000075 + 0.001868 * c1 - 0.032077 * s1 - 0.014615 * c2 - 0.040849 * s2);
    double distance = 1.00011 + 0.034221 * c1 + 0.00128 * s1 + 0.000719 * c2 + 0.000077 * s2;
    double angle =
        ((hour - 12) * 15 + equation_min / 4 + longitude_deg) * RADIAN; // 0 at noon, grows westward
    double sin_lat = num_sin(latitude_deg * RADIAN), cos_lat = num_cos(latitude_deg * RADIAN);
    double sin_dec = num_sin(declination), cos_dec = num_cos(declination), cos_angle = num_cos(angle);
    return (struct sun){
        .east = -cos_dec * num_sin(angle),
        .north = cos_lat * sin_dec - sin_lat * cos_dec * cos_angle,
        .up = sin_lat * sin_dec + cos_lat * cos_dec * cos_angle,
        .outer_w_m2 = SOLAR_CONSTANT_W_M2 * distance,
    };
}

double sun_clear_sky(const struct sun *s)
{
    return s->up > 0.001 ? 1098 * s->up * num_exp(-0.059 / s->up) : 0;
}

static double diffuse_share(double clearness)
{
    double k = clearness;
    if (k <= 0.22)
        return 1 - 0.09 * k;
    if (k <= 0.8)
        return 0.9511 - 0.1604 * k + 4.388 * k * k - 16.638 * k * k * k + 12.336 * k * k * k * k;
    return 0.165;
}

struct irradiance sun_split(const struct sun *s, double global_w_m2)
{
    double global = num_max(global_w_m2, 0);
    if (s->up < LOW_SUN)
        return (struct irradiance){global, 0, global};
    double diffuse = global * diffuse_share(global / (s->outer_w_m2 * s->up));
    double direct = (global - diffuse) / s->up;
    if (direct > s->outer_w_m2) { // an hour's mean over a rising sun: no beam is stronger than above the air
        direct = s->outer_w_m2;
        diffuse = global - direct * s->up;
    }
    return (struct irradiance){global, direct, diffuse};
}

struct facade facade_usual(double azimuth_deg, double glass_m2)
{
    return (struct facade){
        .azimuth_deg = azimuth_deg, .glass_m2 = glass_m2, .g = 0.6, .frame = 0.7, .shade = 0.8};
}

struct facing facing_of(double azimuth_deg)
{
    return (struct facing){.east = num_sin(azimuth_deg * RADIAN), .north = num_cos(azimuth_deg * RADIAN)};
}

double sun_on_facing(const struct sun *s, const struct irradiance *i, struct facing f)
{
    double cosine = s->east * f.east + s->north * f.north;
    double beam = s->up > 0 && cosine > 0 ? i->direct_w_m2 * cosine : 0;
    return beam + 0.5 * i->diffuse_w_m2 + 0.5 * ALBEDO * i->global_w_m2;
}

double sun_on_facade(const struct sun *s, const struct irradiance *i, double azimuth_deg)
{
    return sun_on_facing(s, i, facing_of(azimuth_deg));
}

double sun_gain_w(const struct sun *s, const struct irradiance *i, const struct facade *f, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += f[k].glass_m2 * f[k].g * f[k].frame * f[k].shade * sun_on_facade(s, i, f[k].azimuth_deg);
    return sum;
}
