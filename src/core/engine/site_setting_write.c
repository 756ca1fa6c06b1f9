// SPDX-License-Identifier: Apache-2.0
//
// The normal form of a setting: what is known, in the order of the header, numbers without needless digits.
#include "core/engine/site_setting.h"

#define MINUTE_MS INT64_C(60000)

static void put_decimal(struct buf *b, int64_t v, int decimals)
{
    int64_t one = 1;
    for (int i = 0; i < decimals; i++)
        one *= 10;
    int64_t size = v < 0 ? -v : v;
    buf_putf(b, "%s%lld", v < 0 ? "-" : "", (long long)(size / one));
    int64_t part = size % one;
    if (part)
        buf_putc(b, '.');
    for (; part; part = part * 10 % one)
        buf_putc(b, (char)('0' + part * 10 / one));
}

void site_days_format(uint8_t days, struct buf *out)
{
    int first = 0;
    if ((days & 0x7f) == 0x7f) {
        buf_puts(out, "daily");
        return;
    }
    while (!(days >> first & 1) ||
           days >> ((first + 6) % 7) & 1) // a run of days begins where the day before is not in it
        first = (first + 1) % 7;
    int last = first;
    while (days >> ((last + 1) % 7) & 1)
        last = (last + 1) % 7;
    buf_puts(out, site_day_name(first));
    if (last != first)
        buf_putf(out, "-%s", site_day_name(last));
}

static void write_series(struct buf *out, const char *key, const struct site_series *v, int decimals)
{
    char date[DATE_TEXT_BYTES];
    if (!v->n)
        return;
    date_format(date, v->start);
    buf_putf(out, "%s = %s %lld", key, date, (long long)(v->step_ms / MINUTE_MS));
    for (size_t i = 0; i < v->n; i++) {
        buf_putc(out, ' ');
        put_decimal(out, v->v[i], decimals);
    }
    buf_putc(out, '\n');
}

static void write_circuits(const struct site_setting *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        buf_putf(out, "%s%s ", i ? ", " : "circuits = ", s->circuit[i].name);
        put_decimal(out, s->circuit[i].cap_mw, 3);
        for (size_t z = 0; z < s->n_zones; z++)
            if (s->zone[z].circuit == i)
                buf_putf(out, " %s", s->zone[z].name);
    }
    if (s->n_circuits)
        buf_putc(out, '\n');
}

// Neighbours of one price in one item.
static void write_other_heat(const struct site_setting *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_other_heat; i++) {
        const struct site_other_heat *o = &s->other_heat[i];
        if (i == 0 || o->ueur_per_kwh != o[-1].ueur_per_kwh) {
            buf_puts(out, i ? ", " : "other_heat = ");
            put_decimal(out, o->ueur_per_kwh, 6);
        }
        buf_putf(out, " %s", o->zone);
    }
    if (s->n_other_heat)
        buf_putc(out, '\n');
}

void site_setting_write(const struct site_setting *s, struct buf *out)
{
    if (*s->country)
        buf_putf(out, "country = %s\n", s->country);
    if (s->has_position) {
        buf_puts(out, "position = ");
        put_decimal(out, s->lat_mdeg, 3);
        buf_putc(out, ',');
        put_decimal(out, s->lon_mdeg, 3);
        buf_putc(out, '\n');
    }
    if (s->link_mbit_s)
        buf_putf(out, "link_mbit_s = %lld\n", (long long)s->link_mbit_s);
    if (s->latency_ms)
        buf_putf(out, "latency_ms = %d\n", (int)s->latency_ms);
    if (s->disk_free_mb)
        buf_putf(out, "disk_free_mb = %lld\n", (long long)s->disk_free_mb);
    for (size_t i = 0; i < s->n_tariff; i++) {
        const struct tariff_step *t = &s->tariff[i];
        buf_puts(out, i ? ", " : "tariff = ");
        site_days_format(t->days, out);
        buf_putf(out, " %02d:%02d ", t->minute / 60, t->minute % 60);
        put_decimal(out, t->ueur_per_kwh, 6);
    }
    if (s->n_tariff)
        buf_putc(out, '\n');
    write_series(out, "carbon", &s->carbon, 0);
    write_series(out, "weather", &s->weather, 3);
    write_circuits(s, out);
    if (s->carbon_ueur_per_g)
        buf_putf(out, "carbon_price = %lld\n", (long long)s->carbon_ueur_per_g);
    write_other_heat(s, out);
}
