// SPDX-License-Identifier: Apache-2.0
//
// The text of a setting, read key by key into a copy that takes the place of the old one when all of it is
// good.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/site_setting.h"

#define MINUTE_MS   INT64_C(60000)
#define CAP_MAX_W   1000000000
#define PRICE_MAX   1000000000 // micro-euros per kWh, also below zero: exchanges have paid for taking it
#define CARBON_MAX  5000
#define CARBON_PRICE_MAX 10000 // euro per tonne
#define WEATHER_MAX 90000
#define STEP_MAX    1440 // minutes

// ---- words

struct words {
    const char *p, *end;
};

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// The next word up to a space or a comma; false: there is none before the next comma or the end.
static bool word(struct words *w, const char **at, size_t *n)
{
    while (w->p < w->end && space(*w->p))
        w->p++;
    *at = w->p;
    while (w->p < w->end && !space(*w->p) && *w->p != ',')
        w->p++;
    *n = (size_t)(w->p - *at);
    return *n > 0;
}

// To the next item of a list: over the comma. False: that was the last.
static bool next_item(struct words *w)
{
    while (w->p < w->end && space(*w->p))
        w->p++;
    if (w->p == w->end || *w->p != ',')
        return false;
    w->p++;
    return true;
}

static bool at_end(struct words w)
{
    const char *at;
    size_t n;
    return !word(&w, &at, &n) && w.p == w.end;
}

// A number with so many decimals at most, as a whole number of the last of them.
static bool decimal(const char *at, size_t n, int decimals, int64_t lo, int64_t hi, int64_t *out)
{
    bool minus = n && *at == '-', point = false;
    int64_t v = 0;
    int digits = 0, after = 0;
    for (size_t i = minus; i < n; i++) {
        if (at[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (at[i] < '0' || at[i] > '9' || ++digits > 17 || (point && ++after > decimals))
            return false;
        v = 10 * v + (at[i] - '0');
    }
    for (; after < decimals; after++) {
        if (v > INT64_MAX / 10)
            return false;
        v *= 10;
    }
    v = minus ? -v : v;
    if (!digits || v < lo || v > hi)
        return false;
    *out = v;
    return true;
}

static bool number(struct words *w, int decimals, int64_t lo, int64_t hi, int64_t *out)
{
    const char *at;
    size_t n;
    return word(w, &at, &n) && decimal(at, n, decimals, lo, hi, out);
}

static bool name(struct words *w, char out[NAME_BYTES])
{
    const char *at;
    size_t n;
    if (!word(w, &at, &n) || n >= NAME_BYTES)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (i == 0 || !strchr("._-", c)))
            return false;
    }
    memset(out, 0, NAME_BYTES);
    memcpy(out, at, n);
    return true;
}

// ---- single values

static int bad(struct err *e, const char *key, const char *want)
{
    return err_set(e, -EINVAL, "%s: must be %s", key, want);
}

static int read_country(struct site_setting *s, struct words w, struct err *e)
{
    const char *at;
    size_t n;
    memset(s->country, 0, sizeof s->country);
    if (!word(&w, &at, &n))
        return 0;
    bool ok = n == 2 && at_end(w);
    for (size_t i = 0; i < 2 && ok; i++) {
        char c = at[i] >= 'a' && at[i] <= 'z' ? (char)(at[i] - 32) : at[i];
        ok = c >= 'A' && c <= 'Z';
        s->country[i] = c;
    }
    return ok ? 0 : bad(e, "country", "two letters (ISO 3166, as FR)");
}

static int read_position(struct site_setting *s, struct words w, struct err *e)
{
    int64_t lat = 0, lon = 0;
    s->has_position = !at_end(w);
    bool ok = !s->has_position || (number(&w, 3, -90000, 90000, &lat) && next_item(&w) &&
                                   number(&w, 3, -180000, 180000, &lon) && at_end(w));
    s->lat_mdeg = (int32_t)lat;
    s->lon_mdeg = (int32_t)lon;
    return ok ? 0 : bad(e, "position", "latitude -90..90 and longitude -180..180, at most 3 decimals");
}

static int read_one(const char *key, struct words w, int64_t lo, int64_t hi, int64_t *out, struct err *e)
{
    *out = 0;
    if (at_end(w) || (number(&w, 0, lo, hi, out) && at_end(w)))
        return 0;
    return err_set(e, -EINVAL, "%s: must be a whole number from %lld to %lld", key, (long long)lo,
                   (long long)hi);
}

static int read_link(struct site_setting *s, struct words w, struct err *e)
{
    return read_one("link_mbit_s", w, 1, 1000000, &s->link_mbit_s, e);
}

static int read_latency(struct site_setting *s, struct words w, struct err *e)
{
    int64_t v;
    int r = read_one("latency_ms", w, 0, 10000, &v, e);
    s->latency_ms = (int32_t)v;
    return r;
}

static int read_disk(struct site_setting *s, struct words w, struct err *e)
{
    return read_one("disk_free_mb", w, 0, INT64_C(1000000000000), &s->disk_free_mb, e);
}

// ---- the tariff

static int day_of(const char *at, size_t n)
{
    for (int d = 0; d < 7 && n == 3; d++)
        if (memcmp(at, site_day_name(d), 3) == 0)
            return d;
    return -1;
}

// "mon-fri", "sat", "daily"; 0: no days.
static uint8_t days_of(const char *at, size_t n)
{
    if (n == 5 && memcmp(at, "daily", 5) == 0)
        return 0x7f;
    int first = day_of(at, n < 3 ? n : 3), last = first;
    if (n == 7 && at[3] == '-')
        last = day_of(at + 4, 3);
    else if (n != 3)
        return 0;
    uint8_t days = 0;
    for (int d = first; first >= 0 && last >= 0; d = (d + 1) % 7) {
        days |= (uint8_t)(1u << d);
        if (d == last)
            break;
    }
    return days;
}

static bool clock_minute(struct words *w, int16_t *minute)
{
    const char *at;
    size_t n;
    int64_t h, m;
    if (!word(w, &at, &n) || n != 5 || at[2] != ':' || !decimal(at, 2, 0, 0, 23, &h) ||
        !decimal(at + 3, 2, 0, 0, 59, &m))
        return false;
    *minute = (int16_t)(60 * h + m);
    return true;
}

static int read_tariff(struct site_setting *s, struct words w, struct err *e)
{
    s->n_tariff = 0;
    if (at_end(w))
        return 0;
    do {
        struct tariff_step t;
        const char *at;
        size_t n;
        if (s->n_tariff == SITE_TARIFF_MAX)
            return err_set(e, -EINVAL, "tariff: more than %d steps", SITE_TARIFF_MAX);
        t.days = word(&w, &at, &n) ? days_of(at, n) : 0;
        if (!t.days || !clock_minute(&w, &t.minute) || !number(&w, 6, -PRICE_MAX, PRICE_MAX, &t.ueur_per_kwh))
            return err_set(e, -EINVAL,
                           "tariff: step %zu: must be days, HH:MM and euro per kWh (mon-fri 06:00 0.2146; at "
                           "most 1000 euro and 6 decimals)",
                           s->n_tariff + 1);
        s->tariff[s->n_tariff++] = t;
    } while (next_item(&w));
    return at_end(w) ? 0 : bad(e, "tariff", "steps with commas between them");
}

// ---- series

static int read_series(struct site_series *v, const char *key, struct words w, int decimals, int64_t lo,
                       int64_t hi, size_t most, struct err *e)
{
    const char *at;
    size_t n;
    char date[32] = "";
    int64_t start, step, x;
    free(v->v);
    *v = (struct site_series){0};
    if (at_end(w))
        return 0;
    if (word(&w, &at, &n) && n < sizeof date)
        memcpy(date, at, n);
    if (!date_parse(date, &start) || !number(&w, 0, 1, STEP_MAX, &step))
        return err_set(e, -EINVAL,
                       "%s: must begin with a date as 2026-01-01T00:00:00Z and minutes of a step (1..%d)",
                       key, STEP_MAX);
    v->start = HOUSE_MS(start);
    v->step_ms = step * MINUTE_MS;
    while (!at_end(w)) {
        if (v->n == most)
            return err_set(e, -EINVAL, "%s: more than %zu values", key, most);
        if (!number(&w, decimals, lo, hi, &x))
            return err_set(e, -EINVAL,
                           "%s: value %zu: must be a number from %lld to %lld, at most %d decimals", key,
                           v->n + 1, (long long)(decimals ? lo / 1000 : lo),
                           (long long)(decimals ? hi / 1000 : hi), decimals);
        *VEC_PUSH(v->v, v->n, v->cap) = (int32_t)x;
    }
    return v->n ? 0 : err_set(e, -EINVAL, "%s: has no values", key);
}

static int read_carbon(struct site_setting *s, struct words w, struct err *e)
{
    return read_series(&s->carbon, "carbon", w, 0, 0, CARBON_MAX, SITE_CARBON_MAX, e);
}

static int read_weather(struct site_setting *s, struct words w, struct err *e)
{
    return read_series(&s->weather, "weather", w, 3, -WEATHER_MAX, WEATHER_MAX, SITE_WEATHER_MAX, e);
}

// ---- circuits

static int read_circuits(struct site_setting *s, struct words w, struct err *e)
{
    s->n_circuits = s->n_zones = 0;
    if (at_end(w))
        return 0;
    do {
        struct site_circuit c;
        int64_t cap_mw;
        if (s->n_circuits == SITE_CIRCUITS_MAX)
            return err_set(e, -EINVAL, "circuits: more than %d", SITE_CIRCUITS_MAX);
        if (!name(&w, c.name) || !number(&w, 3, 0, CAP_MAX_W * INT64_C(1000), &cap_mw))
            return err_set(e, -EINVAL, "circuits: number %zu: must be a name, watts (0..%d) and zones",
                           s->n_circuits + 1, CAP_MAX_W);
        for (size_t i = 0; i < s->n_circuits; i++)
            if (strcmp(s->circuit[i].name, c.name) == 0)
                return err_set(e, -EINVAL, "circuits: %s is there twice", c.name);
        c.cap_mw = cap_mw;
        *VEC_PUSH(s->circuit, s->n_circuits, s->cap_circuits) = c;
        for (struct words ahead = w; !at_end(ahead) && !next_item(&ahead); ahead = w) {
            struct site_zone z = {.circuit = (uint32_t)s->n_circuits - 1};
            if (s->n_zones == SITE_ZONES_MAX)
                return err_set(e, -EINVAL, "circuits: more than %d zones", SITE_ZONES_MAX);
            if (!name(&w, z.name))
                return err_set(e, -EINVAL, "circuits: %s: must list names of zones", c.name);
            if (site_circuit_of(s, z.name))
                return err_set(e, -EINVAL, "circuits: zone %s hangs on two", z.name);
            *VEC_PUSH(s->zone, s->n_zones, s->cap_zones) = z;
        }
    } while (next_item(&w));
    return 0;
}

// ---- heat from elsewhere

static int read_carbon_price(struct site_setting *s, struct words w, struct err *e)
{
    return read_one("carbon_price", w, 0, CARBON_PRICE_MAX, &s->carbon_ueur_per_g, e);
}

static int read_other_heat(struct site_setting *s, struct words w, struct err *e)
{
    s->n_other_heat = 0;
    if (at_end(w))
        return 0;
    do {
        struct site_other_heat o;
        if (!number(&w, 6, 0, PRICE_MAX, &o.ueur_per_kwh))
            return bad(e, "other_heat", "euro per kWh and names of zones (0.09 pool-1 tank-2, 0.12 hall)");
        for (struct words ahead = w; !at_end(ahead) && !next_item(&ahead); ahead = w) {
            int64_t said;
            if (s->n_other_heat == SITE_ZONES_MAX)
                return err_set(e, -EINVAL, "other_heat: more than %d zones", SITE_ZONES_MAX);
            if (!name(&w, o.zone))
                return bad(e, "other_heat",
                           "euro per kWh and names of zones (0.09 pool-1 tank-2, 0.12 hall)");
            if (site_other_heat_of(s, o.zone, &said))
                return err_set(e, -EINVAL, "other_heat: zone %s is there twice", o.zone);
            *VEC_PUSH(s->other_heat, s->n_other_heat, s->cap_other_heat) = o;
        }
    } while (next_item(&w));
    return 0;
}

// ---- the text

static const struct {
    const char *key;
    int (*read)(struct site_setting *s, struct words w, struct err *e);
} keys[] = {
    {"country", read_country},       {"position", read_position},
    {"link_mbit_s", read_link},      {"latency_ms", read_latency},
    {"disk_free_mb", read_disk},     {"tariff", read_tariff},
    {"carbon", read_carbon},         {"weather", read_weather},
    {"circuits", read_circuits},     {"carbon_price", read_carbon_price},
    {"other_heat", read_other_heat},
};

static int read_line(struct site_setting *s, const char *line, size_t n, struct err *e)
{
    struct words w = {.p = line, .end = line + n};
    const char *at, *equals = memchr(line, '=', n);
    size_t len = 0;
    if (at_end(w))
        return 0;
    w.end = equals ? equals : w.end;
    bool one = word(&w, &at, &len) && at_end(w);
    for (size_t i = 0; one && equals && i < ARRAY_LEN(keys); i++)
        if (strlen(keys[i].key) == len && memcmp(keys[i].key, at, len) == 0)
            return keys[i].read(s, (struct words){.p = equals + 1, .end = line + n}, e);
    return err_set(
        e, -EINVAL,
        "%.*s: is not known of a site (country, position, link_mbit_s, latency_ms, disk_free_mb, tariff, "
        "carbon, weather, circuits, carbon_price, other_heat)",
        (int)(len < 40 ? len : 40), at);
}

static void *copy(const void *v, size_t n, size_t size)
{
    void *to = n ? mem_array(n, size) : NULL;
    if (n)
        memcpy(to, v, n * size);
    return to;
}

static struct site_setting setting_copy(const struct site_setting *s)
{
    struct site_setting c = *s;
    c.carbon.v = copy(s->carbon.v, c.carbon.cap = s->carbon.n, sizeof *s->carbon.v);
    c.weather.v = copy(s->weather.v, c.weather.cap = s->weather.n, sizeof *s->weather.v);
    c.circuit = copy(s->circuit, c.cap_circuits = s->n_circuits, sizeof *s->circuit);
    c.zone = copy(s->zone, c.cap_zones = s->n_zones, sizeof *s->zone);
    c.other_heat = copy(s->other_heat, c.cap_other_heat = s->n_other_heat, sizeof *s->other_heat);
    return c;
}

int site_setting_read(struct site_setting *s, const char *text, struct err *e)
{
    if (strlen(text) > SITE_TEXT_MAX)
        return err_set(e, -EINVAL, "site: its settings are longer than %d bytes", SITE_TEXT_MAX);
    struct site_setting next = setting_copy(s);
    int r = 0;
    while (*text && r == 0) {
        size_t n = strcspn(text, "\n");
        r = read_line(&next, text, n, e);
        text += n + (text[n] == '\n');
    }
    if (r < 0) {
        site_setting_deinit(&next);
        return r;
    }
    site_setting_deinit(s);
    *s = next;
    return 0;
}
