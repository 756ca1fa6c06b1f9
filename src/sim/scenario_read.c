// SPDX-License-Identifier: Apache-2.0
//
// The scenario file. One row of a table describes one key: section, name, what it is, where its value goes,
// its limits. A section that comes again goes on with the one of the same name, so that one file can be laid
// over another.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "ini/ini_text.h"
#include "sim/scenario.h"

enum kind { TEXT, NAME, REAL, INT32, SEED, FLAG, CHOICE, DATE, MINUTES_H, SPECIAL };

struct reading;
struct row {
    const char *name;
    enum kind kind;
    size_t at;
    double min, max, scale; // REAL: value x scale is kept, scale 0 is 1
    const char *const *choice;
    int (*set)(struct reading *r, void *section, const char *value, struct err *e); // SPECIAL
    unsigned of; // kinds of zones that have it, bits 1 << enum scenario_zone_kind; 0: all
};

struct reading {
    struct scenario s;
    int line;          // of the key
    struct idmap seen; // keys of this file, to their lines
};

static int set_board_preset(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_board *b = section;
    (void)r;
    if (!strcmp(value, "ryzen1700")) {
        b->curve = *curve_default();
    } else if (!strcmp(value,
                       "published")) { // the straight line of the published traces: 4 W for each 100 MHz
        b->curve = (struct curve){.model = "published",
                                  .cores = 1,
                                  .idle_mw = 10000,
                                  .sleep_mw = 1000,
                                  .boot_ms = 0,
                                  .n = 2,
                                  .p = {{100, 14000}, {4000, 160000}}};
        b->spec.cores = 1;
    } else {
        return err_set(e, -EINVAL, "%s: there is no such curve (ryzen1700, published)", value);
    }
    return 0;
}

// "3000:59 3500:78": MHz and watts, ascending.
static int set_curve(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_board *b = section;
    int n = 0;
    (void)r;
    for (const char *p = value; *p;) {
        char *end;
        p += strspn(p, " \t");
        if (!*p)
            break;
        long mhz = strtol(p, &end, 10);
        if (end == p || *end != ':')
            return err_set(e, -EINVAL, "%s: is not MHZ:WATTS MHZ:WATTS ...", value);
        size_t len = strcspn(end + 1, " \t");
        double w;
        if (mhz < 1 || mhz > 20000 || !num_read(end + 1, len, '.', &w) || !(w > 0 && w <= 10000))
            return err_set(e, -EINVAL, "point %d is not 1..20000 MHz with 0..10000 W", n + 1);
        if (n == CURVE_POINTS_MAX)
            return err_set(e, -EINVAL, "more than %d points", CURVE_POINTS_MAX);
        b->curve.p[n++] = (struct curve_point){(int32_t)mhz, (int32_t)(w * 1000 + 0.5)};
        p = end + 1 + len;
    }
    b->curve.n = n;
    return 0;
}

static int set_archetype(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_zones *z = section;
    const struct room_archetype *a = room_archetype_find(value);
    (void)r;
    if (!a)
        return err_set(
            e, -EINVAL,
            "%s: there is no such kind of room (before1948, 1948-1974, 1975-1988, 1989-2004, rt2005, "
            "rt2012, passive, office)",
            value);
    room_spec_init(&z->room, a, 0);
    z->internal_w_m2 = a->internal_w_m2;
    memcpy(z->archetype, value, strlen(value) + 1);
    return 0;
}

static int set_floor(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_zones *z = section;
    double m2;
    (void)r;
    if (!num_read(value, strlen(value), '.', &m2) || !(m2 >= 4 && m2 <= 2000))
        return err_set(e, -EINVAL, "%s: is not 4 to 2000 square metres", value);
    struct room_spec was = z->room;
    room_spec_init(&z->room, room_archetype_find(z->archetype[0] ? z->archetype : "rt2005"), m2);
    z->room.heater_w_k = was.heater_w_k;
    z->room.heater_j_k = was.heater_j_k;
    return 0;
}

static int set_schedule(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_zones *z = section;
    (void)r;
    if (strlen(value) >= sizeof z->schedule)
        return err_set(e, -EINVAL, "a text of more than %zu bytes", sizeof z->schedule - 1);
    memcpy(z->schedule, value, strlen(value) + 1);
    if (!z->setpoints_said)
        z->setpoints = *value ? SETPOINTS_SCHEDULE : SETPOINTS_FIXED;
    return 0;
}

static int set_weather(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_site *s = section;
    double c;
    (void)r;
    if (!strcmp(value, "synthetic")) {
        s->weather = WEATHER_PARIS_SYNTHETIC;
    } else if (num_read(value, strlen(value), '.', &c)) {
        if (!(c >= -50 && c <= 60))
            return err_set(e, -EINVAL, "%s degC (-50 to 60)", value);
        s->weather = WEATHER_CONSTANT;
        s->outside_c = c;
    } else if (strlen(value) < sizeof s->weather_file) {
        s->weather = WEATHER_EPW;
        memcpy(s->weather_file, value, strlen(value) + 1);
    } else {
        return err_set(e, -EINVAL, "a path of more than %zu bytes", sizeof s->weather_file - 1);
    }
    return 0;
}

static int set_cores(struct reading *r, void *section, const char *value, struct err *e)
{
    struct scenario_board *b = section;
    double n;
    (void)r;
    if (!num_read(value, strlen(value), '.', &n) || !(n >= 1 && n <= 1024) || n != (int)n)
        return err_set(e, -EINVAL, "%s: is not a whole number, 1 to 1024", value);
    b->spec.cores = b->curve.cores = (int32_t)n;
    return 0;
}

static const char *const yes_no[] = {"no", "yes", NULL};
static const char *const sun_choice[] = {"made", "dark", NULL};
static const char *const calendar_choice[] = {"none", "french", NULL};
static const char *const zone_choice[] = {"room", "tank", "pool", "network", NULL};
static const char *const setpoints_choice[] = {"fixed", "schedule", "bimodal", NULL};
static const char *const people_choice[] = {"none", "home", "office", "class", NULL};
static const char *const work_choice[] = {"backlog", "random", "swf", "batsim", "wfformat", NULL};
static const char *const class_choice[] = {"reserved", "ondemand", "flex", "donated", NULL};
static const char *const fault_choice[] = {"board", "agent", "wan", "sensor", NULL};

enum {
    ROOM = 1 << ZONE_KIND_ROOM,
    TANK = 1 << ZONE_KIND_TANK,
    POOL = 1 << ZONE_KIND_POOL,
    NETWORK = 1 << ZONE_KIND_NETWORK
};

#define S(f) offsetof(struct scenario, f)
static const struct row scenario_rows[] = {
    {"title", TEXT, S(title), 0, 0, 0, NULL, NULL},
    {"start", DATE, S(start), 0, 0, 0, NULL, NULL},
    {"days", MINUTES_H, S(length_ms), 0.01, 3660, 86400000, NULL, NULL},
    {"step_s", MINUTES_H, S(step_ms), 1, 300, 1000, NULL, NULL},
    {"lease_s", MINUTES_H, S(lease_ms), 0, 864000, 1000, NULL, NULL},
    {"seed", SEED, S(seed), 0, 0, 0, NULL, NULL},
    {"policy", NAME, S(policy), 0, 0, 0, NULL, NULL},
    {"donated", FLAG, S(donated), 0, 0, 0, yes_no, NULL},
    {"filler", FLAG, S(filler), 0, 0, 0, yes_no, NULL},
    {"burn", FLAG, S(burn), 0, 0, 0, yes_no, NULL},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_site, f)
static const struct row site_rows[] = {
    {"weather", SPECIAL, 0, 0, 0, 0, NULL, set_weather},
    {"weather_shift_k", REAL, S(weather_shift_k), -40, 40, 1, NULL, NULL},
    {"weather_without_sun", FLAG, S(weather_dark), 0, 0, 0, sun_choice, NULL},
    {"carbon_g_kwh", REAL, S(carbon_g_kwh), 0, 5000, 1, NULL, NULL},
    {"carbon_file", TEXT, S(carbon_file), 0, 0, 0, NULL, NULL},
    {"tariff_eur_kwh", REAL, S(tariff_eur_kwh), 0, 10, 1, NULL, NULL},
    {"tariff_night_eur_kwh", REAL, S(tariff_night_eur_kwh), 0, 10, 1, NULL, NULL},
    {"tariff_file", TEXT, S(tariff_file), 0, 0, 0, NULL, NULL},
    {"night_from_hour", INT32, S(night_from_hour), 0, 23, 1, NULL, NULL},
    {"night_to_hour", INT32, S(night_to_hour), 0, 23, 1, NULL, NULL},
    {"displaced_g_kwh_heat", REAL, S(displaced_g_kwh_heat), 0, 5000, 1, NULL, NULL},
    {"displaced_eur_kwh_heat", REAL, S(displaced_eur_kwh_heat), 0, 10, 1, NULL, NULL},
    {"calendar", CHOICE, S(calendar), 0, 0, 0, calendar_choice, NULL},
    {"holidays_file", TEXT, S(holidays_file), 0, 0, 0, NULL, NULL},
    {"holidays_zone", NAME, S(holidays_zone), 0, 0, 0, NULL, NULL},
    {"utc_offset_min", INT32, S(utc_offset_min), -840, 840, 1, NULL, NULL},
    {"cap_w", REAL, S(cap_w), 0, 1e9, 1, NULL, NULL},
    {"circuit_cap_w", REAL, S(circuit_cap_w), 1, 1e6, 1, NULL, NULL},
    {"wan_mbit_s", REAL, S(wan_mbit_s), 0.001, 1e6, 1, NULL, NULL},
    {"wan_latency_ms", REAL, S(wan_latency_ms), 0, 60000, 1, NULL, NULL},
    {"lan_mbit_s", REAL, S(lan_mbit_s), 0.001, 1e6, 1, NULL, NULL},
    {"overhead_w", REAL, S(overhead_w), 0, 1e7, 1, NULL, NULL},
    {"cache_gb", REAL, S(cache_bytes), 0, 1e6, 1e9, NULL, NULL},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_board, f)
static const struct row board_rows[] = {
    {"preset", SPECIAL, 0, 0, 0, 0, NULL, set_board_preset},
    {"curve", SPECIAL, 0, 0, 0, 0, NULL, set_curve},
    {"cores", SPECIAL, 0, 0, 0, 0, NULL, set_cores},
    {"memory_mb", INT32, S(spec.memory_mb), 1, 100000000, 1, NULL, NULL},
    {"idle_w", MINUTES_H, S(idle_mw_64), 0.001, 10000, 1000, NULL, NULL},
    {"sleep_w", MINUTES_H, S(sleep_mw_64), 0, 10000, 1000, NULL, NULL},
    {"boot_s", MINUTES_H, S(boot_ms_64), 0, 3600, 1000, NULL, NULL},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_zones, f)
static const struct row zones_rows[] = {
    {"site", NAME, S(site_name), 0, 0, 0, NULL, NULL},
    {"board", NAME, S(board_name), 0, 0, 0, NULL, NULL},
    {"kind", CHOICE, S(kind), 0, 0, 0, zone_choice, NULL},
    {"count", INT32, S(count), 1, 1000000, 1, NULL, NULL},
    {"boards", INT32, S(boards), 1, 240, 1, NULL, NULL},
    {"may_sleep", FLAG, S(may_sleep), 0, 0, 0, yes_no, NULL},
    {"low_power", REAL, S(low_power), 0, 1, 1, NULL, NULL},
    {"start_c", REAL, S(start_c), -20, 90, 1, NULL, NULL},
    {"setpoints", CHOICE, S(setpoints), 0, 0, 0, setpoints_choice, NULL, ROOM},
    {"setpoint", REAL, S(setpoint_c), 7, 80, 1, NULL, NULL},
    {"schedule", SPECIAL, 0, 0, 0, 0, NULL, set_schedule, ROOM},
    {"archetype", SPECIAL, 0, 0, 0, 0, NULL, set_archetype, ROOM},
    {"floor_m2", SPECIAL, 0, 0, 0, 0, NULL, set_floor, ROOM},
    {"glass_m2", REAL, S(room.glass_m2), 0, 1000, 1, NULL, NULL, ROOM},
    {"vent_w_k", REAL, S(room.vent_w_k), 0, 1e5, 1, NULL, NULL, ROOM},
    {"vent_open_w_k", REAL, S(room.vent_open_w_k), 0, 1e5, 1, NULL, NULL, ROOM},
    {"mass_out_w_k", REAL, S(room.mass_out_w_k), 0.001, 1e5, 1, NULL, NULL, ROOM},
    {"mass_kj_k", REAL, S(room.mass_j_k), 1, 1e9, 1e3, NULL, NULL, ROOM},
    {"air_kj_k", REAL, S(room.air_j_k), 1, 1e9, 1e3, NULL, NULL, ROOM},
    {"heater_w_k", REAL, S(room.heater_w_k), 0.1, 1e4, 1, NULL, NULL, ROOM},
    {"heater_kj_k", REAL, S(room.heater_j_k), 0.1, 1e5, 1e3, NULL, NULL, ROOM},
    {"internal_w_m2", REAL, S(internal_w_m2), 0, 500, 1, NULL, NULL, ROOM},
    {"facade_deg", REAL, S(facade_deg), 0, 360, 1, NULL, NULL, ROOM},
    {"facade_turn_deg", REAL, S(facade_turn_deg), 0, 360, 1, NULL, NULL, ROOM},
    {"spread", REAL, S(spread), 0, 0.5, 1, NULL, NULL, ROOM},
    {"neighbour_w_k", REAL, S(neighbour_w_k), 0, 1e5, 1, NULL, NULL, ROOM},
    {"rooms_together", INT32, S(rooms_together), 1, 1000000, 1, NULL, NULL, ROOM},
    {"people", CHOICE, S(people), 0, 0, 0, people_choice, NULL, ROOM},
    {"windows", FLAG, S(windows), 0, 0, 0, yes_no, NULL, ROOM},
    {"tank_l", REAL, S(tank_l), 50, 1e6, 1, NULL, NULL, TANK},
    {"draw_l_day", REAL, S(draw_l_day), 0, 1e6, 1, NULL, NULL, TANK},
    {"draw_mixed_c", REAL, S(draw_mixed_c), 20, 80, 1, NULL, NULL, TANK},
    {"draw_file", TEXT, S(draw_file), 0, 0, 0, NULL, NULL, TANK},
    {"draw_file_step_s", MINUTES_H, S(draw_file_step_ms), 1, 86400, 1000, NULL, NULL, TANK},
    {"cold_c", REAL, S(cold_c), 0, 40, 1, NULL, NULL, TANK | POOL},
    {"loop_l_min", REAL, S(loop_l_min), 0, 1000, 1, NULL, NULL, TANK},
    {"loop_w_k", REAL, S(loop_w_k), 0, 1e4, 1, NULL, NULL, TANK},
    {"backup_w", REAL, S(backup_w), 0, 1e7, 1, NULL, NULL, TANK | POOL},
    {"loop_return", FLAG, S(loop_return), 0, 0, 0, yes_no, NULL, TANK},
    {"pool_m2", REAL, S(pool_m2), 5, 1e4, 1, NULL, NULL, POOL},
    {"pool_depth_m", REAL, S(pool_depth_m), 0.3, 10, 1, NULL, NULL, POOL},
    {"bathers_day", REAL, S(bathers_day), 0, 1e5, 1, NULL, NULL, POOL},
    {"hall_c", REAL, S(hall_c), 5, 45, 1, NULL, NULL, POOL},
    {"hall_humidity", REAL, S(hall_humidity), 0, 1, 1, NULL, NULL, POOL},
    {"demand_peak_w", REAL, S(demand_peak_w), 0, 1e9, 1, NULL, NULL, NETWORK},
    {"demand_base_w", REAL, S(demand_base_w), 0, 1e9, 1, NULL, NULL, NETWORK},
    {"demand_cold_c", REAL, S(demand_cold_c), -50, 40, 1, NULL, NULL, NETWORK},
    {"demand_mild_c", REAL, S(demand_mild_c), -40, 50, 1, NULL, NULL, NETWORK},
    {"demand_file", TEXT, S(demand_file), 0, 0, 0, NULL, NULL, NETWORK},
    {"demand_column", NAME, S(demand_column), 0, 0, 0, NULL, NULL, NETWORK},
    {"supply_cold_c", REAL, S(supply_cold_c), 20, 110, 1, NULL, NULL, NETWORK},
    {"supply_mild_c", REAL, S(supply_mild_c), 20, 110, 1, NULL, NULL, NETWORK},
    {"return_c", REAL, S(return_c), 5, 80, 1, NULL, NULL, NETWORK},
    {"flow_l_min", REAL, S(flow_l_min), 0.01, 1e4, 1, NULL, NULL, TANK | POOL | NETWORK},
    {"r_th_k_w", REAL, S(r_th_k_w), 0.01, 2, 1, NULL, NULL, TANK | POOL | NETWORK},
    {"tjmax_c", REAL, S(tjmax_c), 60, 125, 1, NULL, NULL, TANK | POOL | NETWORK},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_work, f)
static const struct row work_rows[] = {
    {"kind", CHOICE, S(kind), 0, 0, 0, work_choice, NULL},
    {"class", CHOICE, S(activity), 0, 0, 0, class_choice, NULL},
    {"file", TEXT, S(file), 0, 0, 0, NULL, NULL},
    {"data_file", TEXT, S(data_file), 0, 0, 0, NULL, NULL},
    {"from_day", REAL, S(from_day), 0, 3660, 1, NULL, NULL},
    {"days", REAL, S(days), 0, 3660, 1, NULL, NULL},
    {"stretch", REAL, S(stretch), 0.001, 1000, 1, NULL, NULL},
    {"repeat", FLAG, S(repeat), 0, 0, 0, yes_no, NULL},
    {"share", REAL, S(share), 0, 100, 1, NULL, NULL},
    {"cores", INT32, S(cores), 0, 1024, 1, NULL, NULL},
    {"memory_mb", INT32, S(memory_mb), 0, 100000000, 1, NULL, NULL},
    {"instances", INT32, S(instances), 1, 2048, 1, NULL, NULL},
    {"run_s", REAL, S(run_s), 1, 3e6, 1, NULL, NULL},
    {"data_gb", REAL, S(data_gb), 0, 1e5, 1, NULL, NULL},
    {"data_sets", INT32, S(data_sets), 1, 1000000, 1, NULL, NULL},
    {"save_s", REAL, S(save_s), 0, 1e6, 1, NULL, NULL},
    {"accounts", INT32, S(accounts), 1, 10000, 1, NULL, NULL},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_fault, f)
static const struct row fault_rows[] = {
    {"kind", CHOICE, S(kind), 0, 0, 0, fault_choice, NULL},
    {"site", NAME, S(site_name), 0, 0, 0, NULL, NULL},
    {"per_day", REAL, S(per_day), 0, 1000, 1, NULL, NULL},
    {"median_s", REAL, S(median_s), 1, 1e7, 1, NULL, NULL},
    {"p90_s", REAL, S(p90_s), 1, 1e8, 1, NULL, NULL},
    {"at_day", REAL, S(at_day), 0, 3660, 1, NULL, NULL},
    {0},
};
#undef S

static const struct section {
    const char *kind;
    const struct row *row;
} sections[] = {
    {"scenario", scenario_rows}, {"site", site_rows}, {"board", board_rows},
    {"zones", zones_rows},       {"work", work_rows}, {"fault", fault_rows},
};

// The record of a section, made when it comes first. Names are kept at the same place in all of them.
static void *record(struct reading *r, size_t kind, const char *name)
{
    struct scenario *s = &r->s;
#define FIND(vec, n, cap, make)                                                                              \
    do {                                                                                                     \
        for (size_t i = 0; i < s->n; i++)                                                                    \
            if (!strcmp(s->vec[i].name, name))                                                               \
                return &s->vec[i];                                                                           \
        (void)VEC_PUSH(s->vec, s->n, s->cap);                                                                \
        make(&s->vec[s->n - 1]);                                                                             \
        memcpy(s->vec[s->n - 1].name, name, strlen(name) + 1);                                               \
        s->vec[s->n - 1].line = r->line;                                                                     \
        return &s->vec[s->n - 1];                                                                            \
    } while (0)
    switch (kind) {
    case 1:
        FIND(site, n_sites, cap_sites, scenario_site_default);
    case 2:
        FIND(board, n_board_models, cap_board_models, scenario_board_default);
    case 3:
        FIND(zones, n_zones, cap_zones, scenario_zones_default);
    case 4:
        FIND(work, n_work, cap_work, scenario_work_default);
    case 5:
        FIND(fault, n_faults, cap_faults, scenario_fault_default);
    default:
        return s;
    }
#undef FIND
}

static bool name_ok(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < SIM_NAME_BYTES &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static int set_text(char *out, size_t cap, const char *value, struct err *e)
{
    if (strlen(value) >= cap)
        return err_set(e, -EINVAL, "a text of more than %zu bytes", cap - 1);
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int set_number(const struct row *k, void *at, const char *value, struct err *e)
{
    double v, scale = k->scale != 0 ? k->scale : 1;
    if (!num_read(value, strlen(value), '.', &v))
        return err_set(e, -EINVAL, "%s: is not a number (digits and a point, no unit)", value);
    if (!(v >= k->min && v <= k->max))
        return err_set(e, -EINVAL, "%s: is not within %g to %g", value, k->min, k->max);
    if (k->kind == REAL) {
        *(double *)at = v * scale;
        return 0;
    }
    if (k->kind == MINUTES_H) { // kept as whole thousandths
        *(int64_t *)at = num_round(v * scale);
        return 0;
    }
    if (v != (double)(int64_t)v)
        return err_set(e, -EINVAL, "%s: is not a whole number", value);
    *(int32_t *)at = (int32_t)v;
    return 0;
}

static int set_choice(const struct row *k, void *at, const char *value, struct err *e)
{
    char all[160] = "";
    for (int i = 0; k->choice[i]; i++) {
        if (!strcasecmp(k->choice[i], value)) {
            if (k->kind == FLAG)
                *(bool *)at = i == 1;
            else
                *(int *)at = i;
            return 0;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", k->choice[i]);
    }
    return err_set(e, -EINVAL, "%s: is not one of %s", value, all);
}

static int set_key(struct reading *r, const struct row *k, void *section, const char *value, struct err *e)
{
    void *at = (char *)section + k->at;
    switch (k->kind) {
    case TEXT:
        return set_text(at, SIM_TEXT_BYTES, value, e);
    case NAME:
        if (!name_ok(value))
            return err_set(e, -EINVAL, "%s: is no name (letters, digits and . _ -, at most %d)", value,
                           SIM_NAME_BYTES - 1);
        return set_text(at, SIM_NAME_BYTES, value, e);
    case REAL:
    case INT32:
    case MINUTES_H:
        return set_number(k, at, value, e);
    case SEED: {
        char *end;
        errno = 0;
        unsigned long long v = strtoull(value, &end, 10);
        if (errno || *end || end == value || *value == '-')
            return err_set(e, -EINVAL, "%s: is not a whole number from 0", value);
        *(uint64_t *)at = v;
        return 0;
    }
    case DATE:
        if (!date_parse(value, at) || *(int64_t *)at < 0)
            return err_set(e, -EINVAL, "%s: is not a date YYYY-MM-DD from 1970 on", value);
        return 0;
    case FLAG:
    case CHOICE:
        return set_choice(k, at, value, e);
    case SPECIAL:
        break;
    }
    return k->set(r, section, value, e);
}

// What a group of zones was told. Which kind it is may come later, so that keys of another are found at the
// end.
static void note_zones(struct scenario_zones *z, const struct row *k, int line)
{
    z->start_said |= !strcmp(k->name, "start_c");
    z->setpoints_said |= !strcmp(k->name, "setpoints");
    for (int kind = 0; k->of && kind < ZONE_KIND_N; kind++) {
        if (k->of >> kind & 1 || z->odd_key[kind])
            continue;
        z->odd_key[kind] = k->name;
        z->odd_line[kind] = line;
    }
}

// In one file a key stands once in a section; a file that is laid over another says it again.
static int only_once(struct reading *r, const char *section, const char *name, struct err *e)
{
    uint64_t key =
        hash_mix(hash_bytes(hash_bytes(HASH_SEED, section, strlen(section) + 1), name, strlen(name)));
    uint64_t line;
    if (idmap_get(&r->seen, key | 1, &line))
        return err_set(e, -EINVAL, "[%s] %s: is there already, in line %d", section, name, (int)line);
    idmap_set(&r->seen, key | 1, (uint64_t)r->line);
    return 0;
}

static int take_pair(void *ctx, const struct ini_pair *pair, struct err *e)
{
    struct reading *r = ctx;
    const char *section = pair->section, *name = pair->name;
    r->line = pair->line;
    char kind[32];
    size_t n = strcspn(section, " \t");
    const char *rest = section + n + strspn(section + n, " \t");
    snprintf(kind, sizeof kind, "%.*s", (int)n, section);
    size_t which = 0;
    while (which < ARRAY_LEN(sections) && strcmp(kind, sections[which].kind) != 0)
        which++;
    if (!*section)
        return err_set(e, -EINVAL, "%s: stands in no section", name);
    if (which == ARRAY_LEN(sections))
        return err_set(e, -EINVAL,
                       "[%s]: there is no such section (scenario, site, board, zones, work, fault)", section);
    if (which == 0 ? *rest != '\0' : !name_ok(rest))
        return err_set(e, -EINVAL, "[%s]: %s", section,
                       which == 0 ? "this section has no name"
                                  : "a section of this kind has a name: letters, digits and . _ -");
    const struct row *k = sections[which].row;
    while (k->name && strcmp(k->name, name) != 0)
        k++;
    if (!k->name)
        return err_set(e, -EINVAL, "[%s] %s: there is no such key (ondol-scenario(5) lists them)", section,
                       name);
    if (only_once(r, section, name, e) < 0)
        return e->code;
    struct err why = ERR_NULL;
    void *to = record(r, which, rest);
    if (set_key(r, k, to, pair->value, &why) < 0)
        return err_set(e, -EINVAL, "[%s] %s: %s", section, name, why.text);
    if (k >= zones_rows && k < zones_rows + ARRAY_LEN(zones_rows))
        note_zones(to, k, r->line);
    return 0;
}

// What a board's file says in watts and seconds, into its curve.
static void finish_boards(struct scenario *s)
{
    for (size_t i = 0; i < s->n_board_models; i++) {
        struct scenario_board *b = &s->board[i];
        if (b->idle_mw_64 >= 0)
            b->curve.idle_mw = (int32_t)b->idle_mw_64;
        if (b->sleep_mw_64 >= 0)
            b->curve.sleep_mw = (int32_t)b->sleep_mw_64;
        if (b->boot_ms_64 >= 0)
            b->curve.boot_ms = (int32_t)b->boot_ms_64;
    }
}

static void copy_scenario(struct scenario *to, const struct scenario *from)
{
    *to = *from;
#define COPY(v, n, cap)                                                                                      \
    do {                                                                                                     \
        to->v = NULL;                                                                                        \
        to->cap = 0;                                                                                         \
        mem_grow(&to->v, &to->cap, from->n, sizeof *to->v);                                                  \
        if (from->n)                                                                                         \
            memcpy(to->v, from->v, from->n * sizeof *to->v);                                                 \
    } while (0)
    COPY(site, n_sites, cap_sites);
    COPY(board, n_board_models, cap_board_models);
    COPY(zones, n_zones, cap_zones);
    COPY(work, n_work, cap_work);
    COPY(fault, n_faults, cap_faults);
#undef COPY
}

int scenario_lay_over(struct scenario *s, const char *file, const char *text, size_t n, struct err *e)
{
    struct reading r = {0};
    copy_scenario(&r.s, s);
    int bad = ini_read_text(file, text, n, take_pair, &r, e);
    idmap_deinit(&r.seen);
    if (bad) {
        scenario_deinit(&r.s);
        return bad;
    }
    finish_boards(&r.s);
    snprintf(r.s.file, sizeof r.s.file, "%s", file);
    scenario_deinit(s);
    *s = r.s;
    return 0;
}

int scenario_read(struct scenario *s, const char *file, const char *text, size_t n, struct err *e)
{
    struct scenario made;
    scenario_init(&made);
    int bad = scenario_lay_over(&made, file, text, n, e);
    if (!bad)
        bad = scenario_check(&made, e);
    if (bad) {
        scenario_deinit(&made);
        return bad;
    }
    *s = made;
    return 0;
}
