// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "core/plan/policy.h"

// ---- keys that are like no other

static int set_board_preset(void *section, const char *value, struct err *e)
{
    struct scenario_board *b = section;
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
static int set_curve(void *section, const char *value, struct err *e)
{
    struct scenario_board *b = section;
    int n = 0;
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

static int set_archetype(void *section, const char *value, struct err *e)
{
    struct scenario_zones *z = section;
    const struct room_archetype *a = room_archetype_find(value);
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

static int set_floor(void *section, const char *value, struct err *e)
{
    struct scenario_zones *z = section;
    double m2;
    if (!num_read(value, strlen(value), '.', &m2) || !(m2 >= 4 && m2 <= 2000))
        return err_set(e, -EINVAL, "%s: is not 4 to 2000 square metres", value);
    struct room_spec was = z->room;
    room_spec_init(&z->room, room_archetype_find(z->archetype[0] ? z->archetype : "rt2005"), m2);
    z->room.heater_w_k = was.heater_w_k;
    z->room.heater_j_k = was.heater_j_k;
    return 0;
}

static int set_schedule(void *section, const char *value, struct err *e)
{
    struct scenario_zones *z = section;
    if (strlen(value) >= sizeof z->schedule)
        return err_set(e, -EINVAL, "a text of more than %zu bytes", sizeof z->schedule - 1);
    memcpy(z->schedule, value, strlen(value) + 1);
    if (!z->setpoints_said)
        z->setpoints = *value ? SETPOINTS_SCHEDULE : SETPOINTS_FIXED;
    return 0;
}

static int set_weather(void *section, const char *value, struct err *e)
{
    struct scenario_site *s = section;
    double c;
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

int scenario_set_policy(struct scenario *s, const char *value, struct err *e)
{
    char all[160] = "";
    for (size_t i = 0; plan_policy_at(i); i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", plan_policy_at(i)->name);
    if (!plan_policy_find(value) || strlen(value) >= sizeof s->policy)
        return err_set(e, -EINVAL, "%s: there is no such policy (%s)", value, all);
    memcpy(s->policy, value, strlen(value) + 1);
    return 0;
}

static int set_policy(void *section, const char *value, struct err *e)
{
    return scenario_set_policy(section, value, e);
}

static int set_cores(void *section, const char *value, struct err *e)
{
    struct scenario_board *b = section;
    double n;
    if (!num_read(value, strlen(value), '.', &n) || !(n >= 1 && n <= 1024) || n != (int)n)
        return err_set(e, -EINVAL, "%s: is not a whole number, 1 to 1024", value);
    b->spec.cores = b->curve.cores = (int32_t)n;
    return 0;
}

// ---- the tables

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
static const struct scenario_row scenario_rows[] = {
    {"title", TEXT, S(title)},
    {"start", DATE, S(start)},
    {"days", ROUNDED, S(length_ms), 0.01, 3660, 86400000},
    {"step_s", ROUNDED, S(step_ms), 1, 300, 1000},
    {"lease_s", ROUNDED, S(lease_ms), 0, 864000, 1000},
    {"seed", SEED, S(seed)},
    {"policy", SPECIAL, .set = set_policy},
    {"hold", FLAG, S(hold), .choice = yes_no},
    {"donated", FLAG, S(donated), .choice = yes_no},
    {"filler", FLAG, S(filler), .choice = yes_no},
    {"burn", FLAG, S(burn), .choice = yes_no},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_site, f)
static const struct scenario_row site_rows[] = {
    {"weather", SPECIAL, .set = set_weather},
    {"weather_shift_k", REAL, S(weather_shift_k), -40, 40},
    {"weather_without_sun", FLAG, S(weather_dark), .choice = sun_choice},
    {"carbon_g_kwh", REAL, S(carbon_g_kwh), 0, SCENARIO_CARBON_MAX},
    {"carbon_file", TEXT, S(carbon_file)},
    {"carbon_eur_t", INT32, S(carbon_eur_t), 0, 10000},
    {"tariff_eur_kwh", REAL, S(tariff_eur_kwh), SCENARIO_TARIFF_LEAST, SCENARIO_TARIFF_MOST},
    {"tariff_night_eur_kwh", REAL, S(tariff_night_eur_kwh), SCENARIO_TARIFF_LEAST, SCENARIO_TARIFF_MOST},
    {"tariff_file", TEXT, S(tariff_file)},
    {"night_from_hour", INT32, S(night_from_hour), 0, 23},
    {"night_to_hour", INT32, S(night_to_hour), 0, 23},
    {"displaced_g_kwh_heat", REAL, S(displaced_g_kwh_heat), 0, 5000},
    {"displaced_eur_kwh_heat", REAL, S(displaced_eur_kwh_heat), 0, 10},
    {"calendar", CHOICE, S(calendar), .choice = calendar_choice},
    {"holidays_file", TEXT, S(holidays_file)},
    {"holidays_zone", NAME, S(holidays_zone)},
    {"utc_offset_min", INT32, S(utc_offset_min), -840, 840},
    {"cap_w", REAL, S(cap_w), 0, 1e9},
    {"circuit_cap_w", REAL, S(circuit_cap_w), 1, 1e6},
    {"wan_mbit_s", REAL, S(wan_mbit_s), 0.001, 1e6},
    {"wan_latency_ms", REAL, S(wan_latency_ms), 0, 60000},
    {"lan_mbit_s", REAL, S(lan_mbit_s), 0, 1e6},
    {"overhead_w", REAL, S(overhead_w), 0, 1e7},
    {"cache_gb", REAL, S(cache_bytes), 0, 1e6, 1e9},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_board, f)
static const struct scenario_row board_rows[] = {
    {"preset", SPECIAL, .set = set_board_preset},
    {"curve", SPECIAL, .set = set_curve},
    {"cores", SPECIAL, .set = set_cores},
    {"memory_mb", INT32, S(spec.memory_mb), 1, 100000000},
    {"idle_w", ROUNDED, S(idle_mw_64), 0.001, 10000, 1000},
    {"sleep_w", ROUNDED, S(sleep_mw_64), 0, 10000, 1000},
    {"boot_s", ROUNDED, S(boot_ms_64), 0, 3600, 1000},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_zones, f)
static const struct scenario_row zones_rows[] = {
    {"site", NAME, S(site_name)},
    {"board", NAME, S(board_name)},
    {"kind", CHOICE, S(kind), .choice = zone_choice},
    {"count", INT32, S(count), 1, 1000000},
    {"boards", INT32, S(boards), 1, 240},
    {"circuit_cap_w", REAL, S(circuit_cap_w), 0, 1e6},
    {"may_sleep", FLAG, S(may_sleep), .choice = yes_no},
    {"low_power", REAL, S(low_power), 0, 1},
    {"start_c", REAL, S(start_c), -20, 90},
    {"other_heat_eur_kwh", REAL, S(other_heat_eur_kwh), 0, 10},
    {"setpoints", CHOICE, S(setpoints), .choice = setpoints_choice, .of = ROOM},
    {"setpoint", REAL, S(setpoint_c), 7, 80, .of = ROOM | TANK | POOL},
    {"schedule", SPECIAL, .set = set_schedule, .of = ROOM},
    {"archetype", SPECIAL, .set = set_archetype, .of = ROOM},
    {"floor_m2", SPECIAL, .set = set_floor, .of = ROOM},
    {"glass_m2", REAL, S(room.glass_m2), 0, 1000, .of = ROOM},
    {"vent_w_k", REAL, S(room.vent_w_k), 0, 1e5, .of = ROOM},
    {"vent_open_w_k", REAL, S(room.vent_open_w_k), 0, 1e5, .of = ROOM},
    {"mass_out_w_k", REAL, S(room.mass_out_w_k), 0.001, 1e5, .of = ROOM},
    {"mass_kj_k", REAL, S(room.mass_j_k), 1, 1e9, 1e3, .of = ROOM},
    {"air_kj_k", REAL, S(room.air_j_k), 1, 1e9, 1e3, .of = ROOM},
    {"heater_w_k", REAL, S(room.heater_w_k), 0.1, 1e4, .of = ROOM},
    {"heater_kj_k", REAL, S(room.heater_j_k), 0.1, 1e5, 1e3, .of = ROOM},
    {"internal_w_m2", REAL, S(internal_w_m2), 0, 500, .of = ROOM},
    {"facade_deg", REAL, S(facade_deg), 0, 360, .of = ROOM},
    {"facade_turn_deg", REAL, S(facade_turn_deg), 0, 360, .of = ROOM},
    {"spread", REAL, S(spread), 0, 0.5, .of = ROOM},
    {"neighbour_w_k", REAL, S(neighbour_w_k), 0, 1e5, .of = ROOM},
    {"rooms_together", INT32, S(rooms_together), 1, 1000000, .of = ROOM},
    {"people", CHOICE, S(people), .choice = people_choice, .of = ROOM},
    {"windows", FLAG, S(windows), .choice = yes_no, .of = ROOM},
    {"tank_l", REAL, S(tank_l), 50, 1e6, .of = TANK},
    {"draw_l_day", REAL, S(draw_l_day), 1, 1e5, .of = TANK},
    {"draw_mixed_c", REAL, S(draw_mixed_c), 20, 80, .of = TANK},
    {"draw_file", TEXT, S(draw_file), .of = TANK},
    {"draw_file_step_s", ROUNDED, S(draw_file_step_ms), 1, 86400, 1000, .of = TANK},
    {"cold_c", REAL, S(cold_c), 0, 40, .of = TANK | POOL},
    {"loop_l_min", REAL, S(loop_l_min), 0, 1000, .of = TANK},
    {"loop_w_k", REAL, S(loop_w_k), 0, 1e4, .of = TANK},
    {"backup_w", REAL, S(backup_w), 0, 1e7, .of = TANK | POOL},
    {"loop_return", FLAG, S(loop_return), .choice = yes_no, .of = TANK},
    {"pool_m2", REAL, S(pool_m2), 5, 1e4, .of = POOL},
    {"pool_depth_m", REAL, S(pool_depth_m), 0.3, 10, .of = POOL},
    {"bathers_day", REAL, S(bathers_day), 0, 1e5, .of = POOL},
    {"hall_c", REAL, S(hall_c), 5, 45, .of = POOL},
    {"hall_humidity", REAL, S(hall_humidity), 0, 1, .of = POOL},
    {"demand_peak_w", REAL, S(demand_peak_w), 0, 1e9, .of = NETWORK},
    {"demand_base_w", REAL, S(demand_base_w), 0, 1e9, .of = NETWORK},
    {"demand_cold_c", REAL, S(demand_cold_c), -50, 40, .of = NETWORK},
    {"demand_mild_c", REAL, S(demand_mild_c), -40, 50, .of = NETWORK},
    {"demand_file", TEXT, S(demand_file), .of = NETWORK},
    {"demand_column", NAME, S(demand_column), .of = NETWORK},
    {"supply_cold_c", REAL, S(supply_cold_c), 20, 110, .of = NETWORK},
    {"supply_mild_c", REAL, S(supply_mild_c), 20, 110, .of = NETWORK},
    {"return_c", REAL, S(return_c), 5, 80, .of = NETWORK},
    {"flow_l_min", REAL, S(flow_l_min), 0.01, 1e4, .of = TANK | POOL | NETWORK},
    {"r_th_k_w", REAL, S(r_th_k_w), 0.01, 2, .of = TANK | POOL | NETWORK},
    {"tjmax_c", REAL, S(tjmax_c), 60, 125, .of = TANK | POOL | NETWORK},
    {0},
};
#undef S
enum {
    BACKLOG = 1 << WORK_BACKLOG,
    RANDOM = 1 << WORK_RANDOM,
    BATSIM = 1 << WORK_BATSIM,
    TRACE = BATSIM | 1 << WORK_SWF | 1 << WORK_WFFORMAT
};

#define S(f) offsetof(struct scenario_work, f)
static const struct scenario_row work_rows[] = {
    {"kind", CHOICE, S(kind), .choice = work_choice},
    {"class", CHOICE, S(activity), .choice = class_choice},
    {"file", TEXT, S(file), .of = TRACE},
    {"data_file", TEXT, S(data_file), .of = BATSIM},
    {"from_day", REAL, S(from_day), 0, 3660},
    {"days", REAL, S(days), 0, 3660},
    {"stretch", REAL, S(stretch), 0.001, 1000, .of = TRACE},
    {"repeat", FLAG, S(repeat), .choice = yes_no, .of = TRACE},
    {"share", REAL, S(share), 0, 100},
    {"cores", INT32, S(cores), 0, 1024},
    {"memory_mb", INT32, S(memory_mb), 0, 100000000},
    {"instances", INT32, S(instances), 1, 2048, .of = BACKLOG},
    {"run_s", REAL, S(run_s), 1, 3e6, .of = BACKLOG},
    {"data_gb", REAL, S(data_gb), 0, 1e5, .of = RANDOM},
    {"data_sets", INT32, S(data_sets), 1, 1000000, .of = RANDOM},
    {"save_s", REAL, S(save_s), 0, 1e6},
    {"accounts", INT32, S(accounts), 1, 10000},
    {0},
};
#undef S
#define S(f) offsetof(struct scenario_fault, f)
static const struct scenario_row fault_rows[] = {
    {"kind", CHOICE, S(kind), .choice = fault_choice},
    {"site", NAME, S(site_name)},
    {"per_day", REAL, S(per_day), 0, 1000},
    {"median_s", REAL, S(median_s), 1, 1e7},
    {"p90_s", REAL, S(p90_s), 1, 1e8},
    {"at_day", REAL, S(at_day), 0, 3660},
    {0},
};
#undef S

const struct scenario_section scenario_sections[] = {
    {"scenario", scenario_rows},
    {"site", site_rows},
    {"board", board_rows},
    {"zones", zones_rows},
    {"work", work_rows},
    {"fault", fault_rows},
    {0},
};

// ---- values

const char *scenario_work_kind_name(enum scenario_work_kind k)
{
    return (unsigned)k < ARRAY_LEN(work_choice) - 1 ? work_choice[k] : "unknown";
}

bool scenario_name_ok(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < SIM_NAME_BYTES &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

// A title is shown on terminals and pages; no path that is meant has such a byte either.
static int set_text(char *out, size_t cap, const char *value, struct err *e)
{
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127)
            return err_set(e, -EINVAL, "holds a byte %d (only what can be printed)", *p);
    if (!utf8_valid(value, strlen(value)))
        return err_set(e, -EINVAL, "is no UTF-8 text");
    if (strlen(value) >= cap)
        return err_set(e, -EINVAL, "a text of more than %zu bytes", cap - 1);
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int set_number(const struct scenario_row *k, void *at, const char *value, struct err *e)
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
    if (k->kind == ROUNDED) {
        *(int64_t *)at = num_round(v * scale);
        return 0;
    }
    if (v != (double)(int64_t)v)
        return err_set(e, -EINVAL, "%s: is not a whole number", value);
    *(int32_t *)at = (int32_t)v;
    return 0;
}

static int set_choice(const struct scenario_row *k, void *at, const char *value, struct err *e)
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

// The floor and single figures of a room that were given stay when its kind or its floor is given after them.
static void keep_said(struct scenario_zones *z, const struct scenario_zones *was, bool is_new_kind)
{
    _Static_assert(ARRAY_LEN(zones_rows) <= 64, "a bit for each key");
    for (const struct scenario_row *k = zones_rows; k->name; k++)
        if (is_new_kind && k->set == set_floor && was->said >> (k - zones_rows) & 1)
            room_spec_init(&z->room, room_archetype_find(z->archetype), was->room.floor_m2);
    for (const struct scenario_row *k = zones_rows; k->name; k++) {
        size_t room = offsetof(struct scenario_zones, room);
        bool figure = (k->at >= room && k->at < room + sizeof z->room) ||
                      k->at == offsetof(struct scenario_zones, internal_w_m2);
        if (k->kind == REAL && figure && was->said >> (k - zones_rows) & 1)
            memcpy((char *)z + k->at, (const char *)was + k->at, sizeof(double));
    }
}

static int set_special(const struct scenario_row *k, void *section, const char *value, struct err *e)
{
    if (k->set != set_archetype && k->set != set_floor)
        return k->set(section, value, e);
    struct scenario_zones was = *(struct scenario_zones *)section;
    int bad = k->set(section, value, e);
    if (!bad)
        keep_said(section, &was, k->set == set_archetype);
    return bad;
}

static int set(const struct scenario_row *k, void *section, const char *value, struct err *e)
{
    void *at = (char *)section + k->at;
    switch (k->kind) {
    case TEXT:
        return set_text(at, SIM_TEXT_BYTES, value, e);
    case NAME:
        if (!scenario_name_ok(value))
            return err_set(e, -EINVAL, "%s: is no name (letters, digits and . _ -, at most %d)", value,
                           SIM_NAME_BYTES - 1);
        return set_text(at, SIM_NAME_BYTES, value, e);
    case REAL:
    case INT32:
    case ROUNDED:
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
    return set_special(k, section, value, e);
}

int scenario_key_set(const struct scenario_row *k, void *section, const char *value, struct err *e)
{
    int bad = set(k, section, value, e);
    if (!bad && k >= zones_rows && k < zones_rows + ARRAY_LEN(zones_rows))
        ((struct scenario_zones *)section)->said |= UINT64_C(1) << (k - zones_rows);
    return bad;
}
