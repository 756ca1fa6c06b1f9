// SPDX-License-Identifier: Apache-2.0
//
// What an operator says of a site beside its cap: where it is, what its electricity costs and emits, its
// link, its circuits, the weather to come. One text of "key = value" lines is what configuration files,
// events and rows carry; an event's text may name some keys only, and what it does not name stays.
//
//   country = FR                      two letters; empty: not known
//   position = 48.857,2.352           degrees north and east
//   link_mbit_s = 100                 to the outside, 1..1000000
//   latency_ms = 12                   to the outside, there and back, 0..10000
//   disk_free_mb = 200000             for data sets
//   tariff = mon-fri 06:00 0.2146, mon-fri 22:00 0.1696, sat-sun 00:00 0.1696    euro per kWh, local time
//   carbon = 2026-01-01T00:00:00Z 60 54 52 60      from when, minutes of a step, grams per kWh
//   carbon_price = 80                 euro per tonne, 0..10000: added to what electricity costs
//   other_heat = 0.09 pool-1 tank-2, 0.12 hall    euro per kWh for which something else heats these zones
//   weather = 2026-01-01T00:00:00Z 60 7.5 7.1      likewise, degC outside
//   circuits = east 3500 room-1 room-2, west 2300 room-3      name, W, zones on it
//
// An empty value forgets it.
#ifndef ONDOL_CORE_ENGINE_SITE_SETTING_H
#define ONDOL_CORE_ENGINE_SITE_SETTING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/when.h"
#include "core/engine/sync.h"

#define SITE_TARIFF_MAX   32
#define SITE_CARBON_MAX   8784 // hours of a year
#define SITE_WEATHER_MAX  1024
#define SITE_CIRCUITS_MAX 64
#define SITE_ZONES_MAX    1024      // on circuits; with other heat
#define SITE_TEXT_MAX     (1 << 18) // bytes of the whole text

struct tariff_step {
    uint8_t days;   // bit 0: Sunday ... bit 6: Saturday
    int16_t minute; // of the local day
    int64_t ueur_per_kwh;
};

// v[i] holds from start + i x step on, the last for one step. n 0: nothing is known.
struct site_series {
    house_ms start;
    int64_t step_ms;
    int32_t *v;
    size_t n, cap;
};

struct site_circuit {
    char name[NAME_BYTES];
    int64_t cap_mw;
};

struct site_zone { // that hangs on a circuit
    char name[NAME_BYTES];
    uint32_t circuit; // index in the setting
};

struct site_other_heat { // of a zone that a gas boiler, say, would heat as well
    char zone[NAME_BYTES];
    int64_t ueur_per_kwh;
};

struct site_setting {
    char country[4];
    bool has_position;
    int32_t lat_mdeg, lon_mdeg;
    int64_t link_mbit_s; // 0: not known
    int32_t latency_ms;
    int64_t disk_free_mb;
    struct tariff_step tariff[SITE_TARIFF_MAX]; // as written; n_tariff 0: the server's price holds
    size_t n_tariff;
    struct site_series carbon;  // g/kWh
    int64_t carbon_ueur_per_g;  // euro per tonne; 0: not priced
    struct site_series weather; // thousandths of a degree
    struct site_circuit *circuit;
    size_t n_circuits, cap_circuits;
    struct site_zone *zone;
    size_t n_zones, cap_zones;
    struct site_other_heat *other_heat; // as written
    size_t n_other_heat, cap_other_heat;
};

void site_setting_deinit(struct site_setting *s);

// Changes what the text names. -EINVAL with "key: what is wrong (limit)"; `s` is unchanged then.
int site_setting_read(struct site_setting *s, const char *text, struct err *e);

// The normal form, which reads back as the same.
void site_setting_write(const struct site_setting *s, struct buf *out);

// What a kWh costs now, micro-euros, and until when that holds. False: there is no tariff.
bool site_tariff_at(const struct site_setting *s, int32_t utc_offset_min, house_ms now, int64_t *ueur_per_kwh,
                    house_ms *until);

// The value now, and until when it holds. False: nothing is known of now (`until`: when it will be; may be
// INT64_MAX).
bool site_series_at(const struct site_series *v, house_ms now, int32_t *value, house_ms *until);

// The circuit that a zone of this name hangs on, as index + 1; 0: none.
uint32_t site_circuit_of(const struct site_setting *s, const char *zone);

// What a kWh of heat from elsewhere costs a zone of this name, micro-euros. False: there is none.
bool site_other_heat_of(const struct site_setting *s, const char *zone, int64_t *ueur_per_kwh);

const char *site_day_name(int day); // "sun" ... "sat" of 0..6
// "mon-fri", "sat-sun", "daily": the days of a mask.
void site_days_format(uint8_t days, struct buf *out);

#endif
