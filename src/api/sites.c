// SPDX-License-Identifier: Apache-2.0
//
// Sites: what operators say of them, and what holds now. The body becomes the text of site_setting.h, which
// the engine reads again when it is its turn.
#include <errno.h>
#include <math.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_in.h"
#include "api/ondol_fleet.h"
#include "base/mem.h"
#include "core/engine/site_setting.h"

#define CAP_MAX_W 1000000000

// ---- out

static void out_series(struct json_out *o, const char *key, const char *values, const struct site_series *v,
                       int decimals)
{
    if (!v->n) {
        out_null(o, key);
        return;
    }
    out_object(o, key);
    out_date(o, "from", v->start.v);
    out_int(o, "step_min", v->step_ms / 60000);
    out_array(o, values);
    for (size_t i = 0; i < v->n; i++)
        out_fixed(o, NULL, v->v[i], decimals);
    out_end_array(o);
    out_end_object(o);
}

static void out_tariff(struct json_out *o, const struct site_setting *s)
{
    out_array(o, "tariff");
    for (size_t i = 0; i < s->n_tariff; i++) {
        struct buf days = BUF_INIT(64);
        char from[8];
        site_days_format(s->tariff[i].days, &days);
        snprintf(from, sizeof from, "%02d:%02d", s->tariff[i].minute / 60 % 24, s->tariff[i].minute % 60);
        out_object(o, NULL);
        out_string(o, "days", buf_str(&days));
        out_string(o, "from", from);
        out_fixed(o, "eur_per_kwh", s->tariff[i].ueur_per_kwh, 6);
        out_end_object(o);
        buf_deinit(&days);
    }
    out_end_array(o);
}

static void out_circuits(struct json_out *o, const struct site_setting *s)
{
    out_array(o, "circuits");
    for (size_t i = 0; i < s->n_circuits; i++) {
        out_object(o, NULL);
        out_string(o, "name", s->circuit[i].name);
        out_fixed(o, "cap_w", s->circuit[i].cap_mw, 3);
        out_array(o, "zones");
        for (size_t z = 0; z < s->n_zones; z++)
            if (s->zone[z].circuit == i)
                out_string(o, NULL, s->zone[z].name);
        out_end_array(o);
        out_end_object(o);
    }
    out_end_array(o);
}

// One entry a price, as long as zones of one stand together.
static void out_other_heat(struct json_out *o, const struct site_setting *s)
{
    out_array(o, "other_heat");
    for (size_t i = 0; i < s->n_other_heat; i++) {
        const struct site_other_heat *h = &s->other_heat[i];
        if (i == 0 || h->ueur_per_kwh != h[-1].ueur_per_kwh) {
            out_object(o, NULL);
            out_fixed(o, "eur_per_kwh", h->ueur_per_kwh, 6);
            out_array(o, "zones");
        }
        out_string(o, NULL, h->zone);
        if (i + 1 == s->n_other_heat || h->ueur_per_kwh != h[1].ueur_per_kwh) {
            out_end_array(o);
            out_end_object(o);
        }
    }
    out_end_array(o);
}

static void out_known(struct json_out *o, const char *key, int64_t value)
{
    if (value)
        out_int(o, key, value);
    else
        out_null(o, key);
}

static void out_now(struct json_out *o, const struct site_view *v)
{
    out_object(o, "now");
    if (v->has_tariff)
        out_fixed(o, "eur_per_kwh", v->tariff_ueur_per_kwh, 6);
    else
        out_null(o, "eur_per_kwh");
    out_when(o, "eur_until", v->has_tariff && v->tariff_until.v != INT64_MAX ? v->tariff_until.v : 0);
    if (v->has_carbon)
        out_int(o, "g_per_kwh", v->carbon_g_per_kwh);
    else
        out_null(o, "g_per_kwh");
    out_when(o, "g_until", v->has_carbon ? v->carbon_until.v : 0);
    out_end_object(o);
}

// `whole`: with the series, which are long.
static void site(struct json_out *o, const struct site_view *v, bool whole)
{
    const struct site_setting *s = v->setting;
    out_object(o, NULL);
    out_string(o, "name", v->name);
    char uuid[UUID_TEXT_BYTES];
    uuid_of_name(uuid, "site", v->name);
    out_string(o, "uuid", uuid);
    out_int(o, "utc_offset_min", v->utc_offset_min);
    if (v->cap_mw < 0)
        out_null(o, "cap_w");
    else
        out_fixed(o, "cap_w", v->cap_mw, 3);
    out_int(o, "zones", v->n_zones);
    out_int(o, "boards", v->n_boards);
    out_string(o, "country", *s->country ? s->country : NULL);
    if (s->has_position) {
        out_object(o, "position");
        out_fixed(o, "latitude", s->lat_mdeg, 3);
        out_fixed(o, "longitude", s->lon_mdeg, 3);
        out_end_object(o);
    } else {
        out_null(o, "position");
    }
    out_known(o, "link_mbit_s", s->link_mbit_s);
    out_known(o, "latency_ms", s->latency_ms);
    out_known(o, "disk_free_mb", s->disk_free_mb);
    out_int(o, "carbon_price", s->carbon_ueur_per_g);
    out_now(o, v);
    if (whole) {
        out_tariff(o, s);
        out_series(o, "carbon", "g_per_kwh", &s->carbon, 0);
        out_series(o, "weather", "outside_c", &s->weather, 3);
        out_circuits(o, s);
        out_other_heat(o, s);
    }
    out_end_object(o);
}

void fleet_sites(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_sites(c->engine); i < n; i++) {
        struct site_view v;
        if (!fleet_page_row(&p))
            continue;
        server_site(c->engine, i, c->now, &v);
        site(&p.o, &v, false);
    }
    fleet_page_close(&p);
}

void fleet_site(struct call *c)
{
    size_t i;
    if (!server_find_site(c->engine, c->param[0], &i)) {
        call_fail(c, 404, "No such site: %s", c->param[0]);
        return;
    }
    struct site_view v;
    struct json_out o = {.b = &c->out};
    server_site(c->engine, i, c->now, &v);
    site(&o, &v, true);
}

// ---- in: JSON to "key = value" lines

// A word that means itself in the text.
static bool plain(const json_t *v, struct buf *out)
{
    const char *s = json_string_value(v);
    if (!s || !*s)
        return false;
    for (const char *p = s; *p; p++)
        if (*p <= ' ' || *p == ',' || *p == '=' || *p == 127)
            return false;
    buf_puts(out, s);
    return true;
}

static bool number(const json_t *v, int decimals, struct buf *out)
{
    double x = json_number_value(v);
    if (!json_is_number(v) || !(fabs(x) < 1e12))
        return false;
    if (json_is_integer(v))
        buf_putf(out, "%lld", (long long)json_integer_value(v));
    else
        buf_putf(out, "%.*f", decimals, x);
    return true;
}

static bool wrong(struct err *e, const char *what)
{
    err_set(e, -EINVAL, "%s", what);
    return false;
}

static bool in_word(const json_t *v, struct buf *out, struct err *e)
{
    return plain(v, out) || wrong(e, "country: must be two letters (ISO 3166, as FR)");
}

static bool in_whole(const json_t *v, struct buf *out, struct err *e)
{
    return number(v, 3, out) || wrong(e, "must be a whole number");
}

static bool in_position(const json_t *v, struct buf *out, struct err *e)
{
    bool ok = json_is_object(v) && number(in_get(v, "latitude"), 3, out);
    buf_putc(out, ',');
    return (ok && number(in_get(v, "longitude"), 3, out)) ||
           wrong(e, "position: must be {\"latitude\": -90..90, \"longitude\": -180..180}");
}

static bool in_tariff(const json_t *v, struct buf *out, struct err *e)
{
    bool ok = json_is_array(v);
    for (size_t i = 0; ok && i < json_array_size(v); i++) {
        const json_t *step = json_array_get(v, i);
        buf_puts(out, i ? ", " : "");
        ok = plain(in_get(step, "days"), out);
        buf_putc(out, ' ');
        ok = ok && plain(in_get(step, "from"), out);
        buf_putc(out, ' ');
        ok = ok && number(in_get(step, "eur_per_kwh"), 6, out);
    }
    return ok || wrong(e, "tariff: must be a list of {\"days\": \"mon-fri\", \"from\": \"06:00\", "
                          "\"eur_per_kwh\": 0.2146}");
}

static bool in_series(const json_t *v, const char *values, int decimals, struct buf *out)
{
    const json_t *list = in_get(v, values);
    bool ok = json_is_object(v) && plain(in_get(v, "from"), out);
    buf_putc(out, ' ');
    ok = ok && number(in_get(v, "step_min"), 0, out) && json_is_array(list);
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        buf_putc(out, ' ');
        ok = number(json_array_get(list, i), decimals, out);
    }
    return ok;
}

static bool in_carbon(const json_t *v, struct buf *out, struct err *e)
{
    return in_series(v, "g_per_kwh", 0, out) ||
           wrong(e, "carbon: must be {\"from\": date, \"step_min\": minutes, \"g_per_kwh\": [numbers]}");
}

static bool in_weather(const json_t *v, struct buf *out, struct err *e)
{
    return in_series(v, "outside_c", 3, out) ||
           wrong(e, "weather: must be {\"from\": date, \"step_min\": minutes, \"outside_c\": [numbers]}");
}

static bool in_circuits(const json_t *v, struct buf *out, struct err *e)
{
    bool ok = json_is_array(v);
    for (size_t i = 0; ok && i < json_array_size(v); i++) {
        const json_t *circuit = json_array_get(v, i), *zones = in_get(circuit, "zones");
        buf_puts(out, i ? ", " : "");
        ok = plain(in_get(circuit, "name"), out);
        buf_putc(out, ' ');
        ok = ok && number(in_get(circuit, "cap_w"), 3, out) && json_is_array(zones);
        for (size_t z = 0; ok && z < json_array_size(zones); z++) {
            buf_putc(out, ' ');
            ok = plain(json_array_get(zones, z), out);
        }
    }
    return ok ||
           wrong(e, "circuits: must be a list of {\"name\": name, \"cap_w\": watts, \"zones\": [names]}");
}

static bool in_other_heat(const json_t *v, struct buf *out, struct err *e)
{
    bool ok = json_is_array(v);
    for (size_t i = 0; ok && i < json_array_size(v); i++) {
        const json_t *heat = json_array_get(v, i), *zones = in_get(heat, "zones");
        buf_puts(out, i ? ", " : "");
        ok = number(in_get(heat, "eur_per_kwh"), 6, out) && json_is_array(zones);
        for (size_t z = 0; ok && z < json_array_size(zones); z++) {
            buf_putc(out, ' ');
            ok = plain(json_array_get(zones, z), out);
        }
    }
    return ok || wrong(e, "other_heat: must be a list of {\"eur_per_kwh\": 0.09, \"zones\": [names]}");
}

static const struct {
    const char *key;
    bool (*in)(const json_t *v, struct buf *out, struct err *e);
} keys[] = {
    {"country", in_word},       {"position", in_position},     {"link_mbit_s", in_whole},
    {"latency_ms", in_whole},   {"disk_free_mb", in_whole},    {"tariff", in_tariff},
    {"carbon", in_carbon},      {"weather", in_weather},       {"circuits", in_circuits},
    {"carbon_price", in_whole}, {"other_heat", in_other_heat},
};

// null forgets what was said. False: with the sentence in `e`.
static bool setting_in(const json_t *in, struct buf *text, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const json_t *v = json_object_get(in, keys[i].key);
        if (!v)
            continue;
        buf_putf(text, "%s = ", keys[i].key);
        if (!json_is_null(v) && !keys[i].in(v, text, e)) {
            if (keys[i].in == in_whole)
                err_set(e, -EINVAL, "%s: must be a whole number", keys[i].key);
            return false;
        }
        buf_putc(text, '\n');
    }
    struct site_setting trial = {0};
    int bad = text->failed ? err_set(e, -EINVAL, "The settings are longer than %d bytes", SITE_TEXT_MAX)
                           : site_setting_read(&trial, buf_str(text), e);
    site_setting_deinit(&trial);
    return bad == 0;
}

void fleet_site_put(struct call *c)
{
    int64_t cap_w = -1, offset = 0;
    struct err e = ERR_NULL;
    if (!call_object(c))
        return;
    struct buf text = BUF_INIT(SITE_TEXT_MAX);
    bool has_cap = json_object_get(c->in, "cap_w") != NULL,
         has_offset = in_get(c->in, "utc_offset_min") != NULL;
    if (!in_int(c->in, "cap_w", 0, CAP_MAX_W, &cap_w, &e) ||
        !in_int(c->in, "utc_offset_min", -840, 840, &offset, &e) || !setting_in(c->in, &text, &e)) {
        call_fail(c, 400, "%s", e.text);
    } else if (!has_cap && !has_offset && !text.n) {
        call_fail(c, 400,
                  "Nothing to change: give cap_w (W, null for none), utc_offset_min, country, position, "
                  "link_mbit_s, "
                  "latency_ms, disk_free_mb, tariff, carbon, weather, circuits, carbon_price or other_heat");
    } else {
        struct submission *s = call_submission(c, EVENT_SITE_SET);
        s->event.site.site = arena_strdup(&s->arena, c->param[0]);
        s->event.site.has_cap = has_cap;
        s->event.site.cap_mw = cap_w < 0 ? -1 : cap_w * 1000;
        s->event.site.has_utc_offset = has_offset;
        s->event.site.utc_offset_min = (int32_t)offset;
        s->event.site.setting = text.n ? arena_strdup(&s->arena, buf_str(&text)) : NULL;
        fleet_submit(c, s, fleet_site);
    }
    buf_deinit(&text);
}
