// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/heat/schedule.h"
#include "sim/sim.h"

#define START_MS INT64_C(1514764800000) // 2018-01-01T00:00Z

static const char *const kind_names[ZONE_KIND_N] = {"room", "tank", "pool", "network"};

const char *scenario_zone_kind_name(enum scenario_zone_kind k)
{
    return (unsigned)k < ZONE_KIND_N ? kind_names[k] : "unknown";
}

void scenario_init(struct scenario *s)
{
    *s = (struct scenario){
        .seed = 1,
        .start = HOUSE_MS(START_MS),
        .length_ms = INT64_C(7) * 86400000,
        .step_ms = 60000,
        .policy = "market",
        .donated = true,
        .hold = true,
        .filler = true,
        .burn = true,
    };
}

void scenario_deinit(struct scenario *s)
{
    free(s->site);
    free(s->board);
    free(s->zones);
    free(s->work);
    free(s->fault);
    free(s->laid);
    free(s->said);
    *s = SCENARIO_NULL;
}

// Carbon and prices: France, heat from gas at 0.227 kg/kWh and an efficiency of 0.9.
void scenario_site_default(struct scenario_site *s)
{
    *s = (struct scenario_site){
        .carbon_g_kwh = 52,
        .tariff_eur_kwh = 0.165,
        .tariff_night_eur_kwh = 0.165,
        .displaced_g_kwh_heat = 252,
        .displaced_eur_kwh_heat = 0.1,
        .outside_c = 10,
        .calendar = CALENDAR_FRENCH,
        .country = "FR",
        .utc_offset_min = 60,
        .cap_w = -1,
        .circuit_cap_w = -1,
        .wan_mbit_s = 200,
        .wan_latency_ms = 10,
        .lan_mbit_s = 1000,
        .overhead_w = 0,
        .cache_bytes = 1e12,
    };
}

void scenario_board_default(struct scenario_board *b)
{
    *b = (struct scenario_board){.curve = *curve_default(),
                                 .spec = {.cores = 8, .memory_mb = 32768},
                                 .idle_mw_64 = -1,
                                 .sleep_mw_64 = -1,
                                 .boot_ms_64 = -1};
    memcpy(b->spec.key, "8c-32g-amd-ryzen1700", sizeof "8c-32g-amd-ryzen1700");
    memcpy(b->spec.cpu_model, "AMD Ryzen 7 1700", sizeof "AMD Ryzen 7 1700");
}

void scenario_zones_default(struct scenario_zones *z)
{
    *z = (struct scenario_zones){
        .count = 1,
        .boards = 3,
        .may_sleep = true,
        .other_heat_eur_kwh = -1,
        .circuit_cap_w = -1,
        .start_c = 19,
        .setpoint_c = 20,
        .internal_w_m2 = 4,
        .facade_deg = 180,
        .rooms_together = 3,
        .people = PEOPLE_HOME,
        .windows = true,
        .tank_l = 2000,
        .draw_l_day = 2000,
        .draw_mixed_c = 40,
        .cold_c = 12,
        .backup_w = 24000,
        .pool_m2 = 250,
        .pool_depth_m = 1.8,
        .bathers_day = 300,
        .hall_c = 29,
        .hall_humidity = 0.6,
        .demand_peak_w = 60000,
        .demand_base_w = 6000,
        .demand_cold_c = -5,
        .demand_mild_c = 18,
        .supply_cold_c = 65,
        .supply_mild_c = 60,
        .return_c = 35,
        .r_th_k_w = 0.15,
        .tjmax_c = 95,
    };
    room_spec_init(&z->room, room_archetype_find("rt2005"), 0);
}

void scenario_work_default(struct scenario_work *w)
{
    *w = (struct scenario_work){
        .activity = ACTIVITY_FLEX,
        .days = -1,
        .stretch = 1,
        .share = 1,
        .instances = 64,
        .run_s = 3600,
        .data_sets = 50,
        .accounts = 1,
    };
}

void scenario_fault_default(struct scenario_fault *f)
{
    *f = (struct scenario_fault){.site = -1, .per_day = -1, .at_day = -1, .median_s = 600, .p90_s = 75600};
}

static int fail_at(const char *file, int line, struct err *e, const char *what)
{
    return line > 0 ? err_set(e, -EINVAL, "%s:%d: %s", file, line, what)
                    : err_set(e, -EINVAL, "%s: %s", file[0] ? file : "scenario", what);
}

static int fail(const struct scenario *s, struct err *e, const char *what)
{
    return err_set(e, -EINVAL, "%s: %s", s->file[0] ? s->file : "scenario", what);
}

int scenario_blame(const struct scenario *s, const char *from_file, int line, const char *kind,
                   const char *name, struct err *e)
{
    return line > 0 ? err_prefix(e, "%s:%d: [%s %s]", from_file, line, kind, name)
                    : err_prefix(e, "%s: [%s %s]", s->file, kind, name);
}

static int find_site(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->n_sites; i++)
        if (!strcmp(s->site[i].name, name))
            return (int)i;
    return -1;
}

static int check_water(const struct scenario_zones *z, struct err *e)
{
    char what[200];
    if (z->kind == ZONE_KIND_ROOM || z->kind == ZONE_KIND_NETWORK || z->setpoint_c > 20)
        return 0;
    snprintf(what, sizeof what,
             "[zones %s]: setpoint %g: water of a %s is kept warmer than 20 degC (as: setpoint = %d)",
             z->name, z->setpoint_c, scenario_zone_kind_name(z->kind), z->kind == ZONE_KIND_POOL ? 28 : 60);
    return fail_at(z->from_file, z->line, e, what);
}

static int check_network(const struct scenario_zones *z, struct err *e)
{
    char what[200] = "";
    double supply_c = num_min(z->supply_cold_c, z->supply_mild_c);
    if (z->kind != ZONE_KIND_NETWORK)
        return 0;
    if (z->demand_mild_c < z->demand_cold_c)
        snprintf(what, sizeof what, "[zones %s] demand_mild_c: %g is colder than demand_cold_c, %g", z->name,
                 z->demand_mild_c, z->demand_cold_c);
    else if (z->return_c > supply_c - 1)
        snprintf(what, sizeof what, "[zones %s] return_c: %g is not 1 K below the supply, %g degC", z->name,
                 z->return_c, supply_c);
    return what[0] ? fail_at(z->from_file, z->line, e, what) : 0;
}

static int check_keys(struct scenario_zones *z, struct err *e)
{
    char what[200];
    if (z->odd_key[z->kind]) {
        snprintf(what, sizeof what,
                 "[zones %s] %s: a %s has no such key (kind is room, tank, pool or network)", z->name,
                 z->odd_key[z->kind], scenario_zone_kind_name(z->kind));
        return fail_at(z->odd_file[z->kind], z->odd_line[z->kind], e, what);
    }
    if (z->kind == ZONE_KIND_ROOM && z->setpoints == SETPOINTS_SCHEDULE && !z->schedule[0]) {
        snprintf(what, sizeof what,
                 "[zones %s] setpoints: schedule, but there is no schedule (as: schedule = "
                 "daily 06:00 20; daily 22:00 eco)",
                 z->name);
        return fail_at(z->from_file, z->line, e, what);
    }
    if (!z->start_said && (z->kind == ZONE_KIND_TANK || z->kind == ZONE_KIND_POOL))
        z->start_c = z->setpoint_c;
    return 0;
}

// A room whose parts follow each other within less than that is none, and its matrices cannot be made: a step of 300 s
// is to be less than 10^4 of it, also of the smallest floor where they differ.
#define ROOM_S_LEAST 0.2

static int check_room(const struct scenario *s, const struct scenario_zones *z, struct err *e)
{
    const struct room_spec *r = &z->room;
    const struct part {
        const char *key, *with;
        double j_k, w_k;
    } part[] = {
        {"air_kj_k", "vent_w_k, vent_open_w_k, heater_w_k and walls", r->air_j_k,
         num_max(r->vent_w_k, r->vent_open_w_k) + r->air_mass_w_k + r->heater_w_k},
        {"mass_kj_k", "mass_out_w_k, heater_w_k and walls", r->mass_j_k,
         r->mass_out_w_k + r->air_mass_w_k + r->heater_w_k},
        {"heater_kj_k", "heater_w_k", r->heater_j_k, r->heater_w_k},
    };
    for (size_t i = 0; i < ARRAY_LEN(part) && z->kind == ZONE_KIND_ROOM; i++) {
        const struct part *p = &part[i];
        if (p->j_k >= ROOM_S_LEAST * p->w_k)
            continue;
        err_set(e, -EINVAL,
                "%g: with %g W/K (%s) it follows in %.2g s: at least %g s (more kJ/K, or less W/K)",
                p->j_k / 1e3, p->w_k, p->with, p->j_k / p->w_k, ROOM_S_LEAST);
        return scenario_blame_key(s, "zones", (size_t)(z - s->zones), p->key, e);
    }
    return 0;
}

#define ZONE_W_MAX 1000000 // as the engine has it

static double nameplate_w(const struct scenario *s, const struct scenario_zones *z)
{
    return (double)curve_max_mw(&s->board[z->board].curve) * z->boards / 1e3;
}

static int check_watts(const struct scenario *s, const struct scenario_zones *z, struct err *e)
{
    double watts = nameplate_w(s, z);
    if (watts <= ZONE_W_MAX)
        return 0;
    err_set(e, -EINVAL, "%d: with %g W each that is %g kW: a zone has at most %d", (int)z->boards,
            watts / z->boards, watts / 1e3, ZONE_W_MAX / 1000);
    return scenario_blame_key(s, "zones", (size_t)(z - s->zones), "boards", e);
}

// Whoever builds a heater makes it as large as its watts need: with all of them its surface is at its limit of 65 degC in a
// room of 24, and it has some 25 kg of aluminium for three boards (docs/design/0064-heaters-by-their-watts.md). For 459 W
// that is 11.2 W/K and 25 kJ/K.
#define HEATER_OVER_K  41.0
#define HEATER_J_K_W   54.5
#define HEATER_LEAST_W 50.0 // no case is smaller than for that

static void heater_by_watts(const struct scenario *s, struct scenario_zones *z)
{
    double watts = num_max(nameplate_w(s, z), HEATER_LEAST_W);
    if (!z->heater_w_said)
        z->room.heater_w_k = watts / HEATER_OVER_K;
    if (!z->heater_j_said)
        z->room.heater_j_k = watts * HEATER_J_K_W;
}

static int check_zones(struct scenario *s, struct scenario_zones *z, struct err *e)
{
    char what[300];
    int site = find_site(s, z->site_name);
    if (site < 0) {
        snprintf(what, sizeof what, "[zones %s] site: there is no [site %s]%s", z->name, z->site_name,
                 z->site_name[0] ? "" : " (add a line: site = NAME)");
        return fail_at(z->from_file, z->line, e, what);
    }
    z->site = (uint32_t)site;
    if (check_keys(z, e) < 0)
        return e ? e->code : -EINVAL;
    z->board = 0;
    size_t b = 0;
    while (b < s->n_board_models && z->board_name[0] && strcmp(s->board[b].name, z->board_name) != 0)
        b++;
    if (z->board_name[0] && b == s->n_board_models) {
        snprintf(what, sizeof what, "[zones %s] board: there is no [board %s]", z->name, z->board_name);
        return fail_at(z->from_file, z->line, e, what);
    }
    z->board = (uint32_t)(z->board_name[0] ? b : 0);
    heater_by_watts(s, z);
    struct schedule parsed;
    struct err why = ERR_NULL;
    if (z->setpoints == SETPOINTS_SCHEDULE && schedule_parse(z->schedule, &parsed, &why) < 0) {
        snprintf(what, sizeof what, "[zones %s] schedule: %.200s", z->name, why.text);
        return fail_at(z->from_file, z->line, e, what);
    }
    int bad = check_watts(s, z, e);
    bad = bad ? bad : check_water(z, e);
    bad = bad ? bad : check_network(z, e);
    return bad ? bad : check_room(s, z, e);
}

static int check_fault(struct scenario *s, struct scenario_fault *f, struct err *e)
{
    char what[200] = "";
    f->site = f->site_name[0] ? find_site(s, f->site_name) : -1;
    if (f->site_name[0] && f->site < 0)
        snprintf(what, sizeof what, "[fault %s] site: there is no [site %s]", f->name, f->site_name);
    else if (f->per_day < 0 && f->at_day < 0)
        snprintf(what, sizeof what, "[fault %s]: it never happens (add a line: per_day = N or at_day = N)",
                 f->name);
    if (what[0] || f->p90_s >= f->median_s)
        return what[0] ? fail_at(f->from_file, f->line, e, what) : 0;
    err_set(e, -EINVAL,
            "%g: is below median_s, %g (a tenth lasts longer than p90_s, half longer than median_s)",
            f->p90_s, f->median_s);
    return scenario_blame_key(s, "fault", (size_t)(f - s->fault), "p90_s", e);
}

int32_t scenario_most_memory_mb(const struct scenario *s)
{
    int32_t most = 0;
    for (size_t i = 0; i < s->n_zones; i++) {
        int32_t mb = s->board[s->zones[i].board].spec.memory_mb;
        most = mb > most ? mb : most;
    }
    return most;
}

// Work that no board can take would wait for ever.
static int check_work(const struct scenario *s, size_t i, int32_t most_mb, struct err *e)
{
    if (s->work[i].memory_mb <= most_mb)
        return 0;
    err_set(e, -EINVAL, "%d: no board of any zone has more than %d", (int)s->work[i].memory_mb, (int)most_mb);
    return scenario_blame_key(s, "work", i, "memory_mb", e);
}

// As many as the settings of a site can name.
static int check_other_heat(const struct scenario *s, const struct scenario_zones *z, struct err *e)
{
    int64_t n = 0;
    char what[200];
    for (size_t i = 0; i < s->n_zones; i++)
        if (s->zones[i].site == z->site && s->zones[i].other_heat_eur_kwh >= 0)
            n += s->zones[i].count;
    if (z->other_heat_eur_kwh < 0 || n <= SIM_OTHER_HEAT_MAX)
        return 0;
    snprintf(what, sizeof what, "[zones %s] other_heat_eur_kwh: %lld zones of site %s have it (at most %d)",
             z->name, (long long)n, z->site_name, SIM_OTHER_HEAT_MAX);
    return fail_at(z->from_file, z->line, e, what);
}

int scenario_check(struct scenario *s, struct err *e)
{
    if (s->n_sites == 0)
        return fail(s, e,
                    "there is no [site NAME] with a key (a scenario needs one; a section without any key is "
                    "not seen)");
    if (s->n_zones == 0)
        return fail(s, e,
                    "there is no [zones NAME] with a key (a scenario needs one; a section without any key is "
                    "not seen)");
    if (s->n_board_models == 0) { // the default board
        struct scenario_board *b = VEC_PUSH(s->board, s->n_board_models, s->cap_board_models);
        scenario_board_default(b);
        memcpy(b->name, "default", sizeof "default");
    }
    for (size_t i = 0; i < s->n_board_models; i++) {
        struct err why = ERR_NULL;
        if (curve_check(&s->board[i].curve, &why) == 0)
            continue;
        char what[400];
        snprintf(what, sizeof what, "[board %s]: %s", s->board[i].name, why.text);
        return fail_at(s->board[i].from_file, s->board[i].line, e, what);
    }
    int bad = 0;
    for (size_t i = 0; i < s->n_zones && !bad; i++)
        bad = check_zones(s, &s->zones[i], e);
    for (size_t i = 0; i < s->n_zones && !bad; i++)
        bad = check_other_heat(s, &s->zones[i], e);
    int32_t most_mb = bad ? 0 : scenario_most_memory_mb(s);
    for (size_t i = 0; i < s->n_work && !bad; i++)
        bad = check_work(s, i, most_mb, e);
    for (size_t i = 0; i < s->n_faults && !bad; i++)
        bad = check_fault(s, &s->fault[i], e);
    if (!bad && s->length_ms % s->step_ms != 0) {
        err_set(e, -EINVAL, "%g: does not divide the length of the run, %g s", (double)s->step_ms / 1e3,
                (double)s->length_ms / 1e3);
        bad = scenario_blame_key(s, "scenario", 0, "step_s", e);
    }
    if (!bad && s->n_board_models > 200)
        bad = fail(s, e, "more than 200 [board NAME]");
    if (!bad && scenario_board_count(s) > 4000000)
        bad = fail(s, e, "more than 4,000,000 boards");
    return bad;
}

int64_t scenario_zone_count(const struct scenario *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n_zones; i++)
        n += s->zones[i].count;
    return n;
}

int64_t scenario_board_count(const struct scenario *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n_zones; i++)
        n += (int64_t)s->zones[i].count * s->zones[i].boards;
    return n;
}

void scenario_zone_name(const struct scenario_zones *z, int32_t index, char out[SIM_NAME_BYTES + 16])
{
    if (z->count == 1)
        snprintf(out, SIM_NAME_BYTES + 16, "%s", z->name);
    else
        snprintf(out, SIM_NAME_BYTES + 16, "%s-%d", z->name, (int)index + 1);
}
