// SPDX-License-Identifier: Apache-2.0
//
// The keys of the agent's configuration: one row each, with what it is, where it goes, and its limits.
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/config_inside.h"
#include "base/mem.h"

enum kind {
    NAME,    // char[NAME_BYTES]
    TEXT,    // char[max]
    STRING,  // const char *, in the arena
    HOUSING, // likewise, a kind of building that the twin knows
    REAL,    // double
    INT,     // int32_t
    DEGREES, // int32_t, milli-degrees; a setpoint
    FLAG,    // bool
    OTHER,   // `set` sees to it
};

struct row {
    const char *key;
    enum kind kind;
    size_t at;
    double min, max;
    int (*set)(struct config *c, void *record, const char *v, struct err *e);
};

static int bad(struct err *e, const char *key, const char *value, const char *want)
{
    return err_set(e, -EINVAL, "%s = %.60s: is not %s", key, value, want);
}

// ---- values

static int text_value(const char *v, const char *key, char *out, size_t bytes, struct err *e)
{
    if (strlen(v) >= bytes)
        return err_set(e, -EINVAL, "%s = %.60s: is longer than %zu bytes", key, v, bytes - 1);
    memset(out, 0, bytes);
    memcpy(out, v, strlen(v));
    return 0;
}

static int housing_value(struct config *c, const char *v, const char *key, const char **out, struct err *e)
{
    if (!twin_archetype_known(v))
        return bad(e, key, v,
                   "one of before1948, 1948-1974, 1975-1988, 1989-2004, rt2005, rt2012, passive, office");
    *out = arena_strdup(&c->arena, v);
    return 0;
}

static int real_value(const char *v, const char *key, double lo, double hi, double *out, struct err *e)
{
    char *end, want[80];
    double x = strtod(v, &end);
    snprintf(want, sizeof want, "a number from %g to %g", lo, hi);
    if (end == v || *end || !(x >= lo && x <= hi))
        return bad(e, key, v, want);
    *out = x;
    return 0;
}

static int int_value(const char *v, const char *key, long lo, long hi, int32_t *out, struct err *e)
{
    char *end, want[80];
    errno = 0;
    long x = strtol(v, &end, 10);
    snprintf(want, sizeof want, "a whole number from %ld to %ld", lo, hi);
    if (end == v || *end || errno || x < lo || x > hi)
        return bad(e, key, v, want);
    *out = (int32_t)x;
    return 0;
}

static int degrees_value(const char *v, const char *key, int32_t *mc, struct err *e)
{
    double c;
    int r = real_value(v, key, 7, 26, &c, e);
    *mc = r == 0 ? (int32_t)(c * 1000 + 0.5) : *mc;
    return r;
}

static int flag_value(const char *v, const char *key, bool *out, struct err *e)
{
    bool yes = strcasecmp(v, "yes") == 0 || strcasecmp(v, "true") == 0 || strcmp(v, "1") == 0;
    bool no = strcasecmp(v, "no") == 0 || strcasecmp(v, "false") == 0 || strcmp(v, "0") == 0;
    if (!yes && !no)
        return bad(e, key, v, "yes or no");
    *out = yes;
    return 0;
}

// ---- keys that are like no other

static int set_seed(struct config *c, void *record, const char *v, struct err *e)
{
    int32_t seed;
    (void)record;
    int r = int_value(v, "seed", 0, INT_MAX, &seed, e);
    c->seed = r == 0 ? (uint64_t)seed : c->seed;
    return r;
}

static int set_mode(struct config *c, void *record, const char *v, struct err *e)
{
    struct offer_zone *z = record;
    (void)c;
    for (int m = 0; m < ZONE_MODE_N; m++) {
        if (strcmp(v, zone_mode_name((enum zone_mode)m)) == 0) {
            z->mode = (uint8_t)m;
            return 0;
        }
    }
    return bad(e, "mode", v, "off, frost, eco, comfort or boost");
}

static int set_zone(struct config *c, void *record, const char *v, struct err *e)
{
    struct config_heater *h = record;
    for (size_t z = 0; z < c->offer.n_zones; z++) {
        if (strcmp(c->offer.zone[z].name, v) == 0) {
            h->zone = z;
            return 0;
        }
    }
    return bad(e, "zone", v, "a zone that stands above");
}

static int set_heater(struct config *c, void *record, const char *v, struct err *e)
{
    struct offer_board *b = record;
    for (size_t h = 0; h < c->n_heaters; h++) {
        if (strcmp(c->heater[h].name, v) == 0) {
            strcpy(b->heater, v);
            strcpy(b->zone, c->offer.zone[c->heater[h].zone].name);
            return 0;
        }
    }
    return bad(e, "heater", v, "a heater that stands above");
}

static int set_cores(struct config *c, void *record, const char *v, struct err *e)
{
    struct offer_board *b = record;
    (void)c;
    int r = int_value(v, "cores", 1, 1024, &b->spec.cores, e);
    b->curve.cores = b->spec.cores;
    return r;
}

static int set_curve(struct config *c, void *record, const char *v, struct err *e)
{
    struct curve *k = &((struct offer_board *)record)->curve;
    (void)c;
    k->n = 0;
    for (int used = 0; sscanf(v, " %n", &used) >= 0 && v[used]; v += used) {
        int mhz, mw;
        if (k->n == CURVE_POINTS_MAX || sscanf(v, " %d:%d%n", &mhz, &mw, &used) != 2)
            return bad(e, "curve", v, "a list of at most 16 MHZ:MILLIWATT");
        k->p[k->n++] = (struct curve_point){mhz, mw};
    }
    return 0;
}

// ---- the tables

#define AT(f) offsetof(struct config, f)
static const struct row node_rows[] = {
    {"name", NAME, AT(node)},
    {"site", NAME, AT(site)},
    {"cap_w", INT, AT(cap_w), 0, 10000000},
    {"low_power", INT, AT(low_power), 0, 100},
    {"filler", FLAG, AT(filler)},
    {"burn", FLAG, AT(burn)},
    {"sleep", FLAG, AT(may_sleep)},
    {"hold", FLAG, AT(hold)},
    {"sysroot", STRING, AT(sysroot)},
    {0},
};
static const struct row network_rows[] = {
    {"allow", STRING, AT(net_allow)},
    {"deny", STRING, AT(net_deny)},
    {"box", STRING, AT(net_box)},
    {0},
};
static const struct row virtual_rows[] = {
    {"archetype", HOUSING, AT(archetype)}, {"start_temp", REAL, AT(start_c), -20, 40},
    {"people", FLAG, AT(people)},          {"weather", STRING, AT(weather)},
    {"seed", OTHER, .set = set_seed},      {0},
};
#undef AT
#define AT(f) offsetof(struct offer_zone, f)
static const struct row zone_rows[] = {
    {"label", TEXT, AT(label), .max = sizeof(((struct offer_zone *)0)->label)},
    {"setpoint", DEGREES, AT(setpoint_mc)},
    {"mode", OTHER, .set = set_mode},
    {0},
};
#undef AT
#define AT(f) offsetof(struct twin_zone, f)
static const struct row twin_rows[] = {
    {"archetype", HOUSING, AT(archetype)},
    {"floor_m2", REAL, AT(floor_m2), 4, 2000},
    {"start_temp", REAL, AT(start_c), -20, 40},
    {"facade_deg", REAL, AT(facade_deg), 0, 360},
    {"office", FLAG, AT(office)},
    {0},
};
#undef AT
#define AT(f) offsetof(struct linux_zone, f)
static const struct row real_rows[] = {
    {"room", STRING, AT(room)},
    {"heatsink", STRING, AT(heatsink)},
    {"cpu", STRING, AT(cpu)},
    {"lid", STRING, AT(lid)},
    {"lid_open_value", INT, AT(lid_open_value), 0, 1},
    {"knob", STRING, AT(knob.position)},
    {"keys", STRING, AT(knob.keys)},
    {"knob_raw_low", INT, AT(knob.raw_low), INT_MIN, INT_MAX},
    {"knob_raw_high", INT, AT(knob.raw_high), INT_MIN, INT_MAX},
    {"knob_low", DEGREES, AT(knob.low_mc)},
    {"knob_high", DEGREES, AT(knob.high_mc)},
    {0},
};
#undef AT
static const struct row heater_rows[] = {
    {"zone", OTHER, .set = set_zone},
    {0},
};
#define AT(f) offsetof(struct offer_board, f)
static const struct row board_rows[] = {
    {"heater", OTHER, .set = set_heater},
    {"cores", OTHER, .set = set_cores},
    {"memory_mb", INT, AT(spec.memory_mb), 64, 16777216},
    {"key", TEXT, AT(spec.key), .max = sizeof(((struct board_spec *)0)->key)},
    {"cpu_model", TEXT, AT(spec.cpu_model), .max = sizeof(((struct board_spec *)0)->cpu_model)},
    {"gpu", FLAG, AT(spec.gpu)},
    {"ssd", FLAG, AT(spec.ssd)},
    {"curve", OTHER, .set = set_curve},
    {"idle_mw", INT, AT(curve.idle_mw), 0, 10000000},
    {"sleep_mw", INT, AT(curve.sleep_mw), 0, 10000000},
    {"boot_ms", INT, AT(curve.boot_ms), 0, 3600000},
    {0},
};
#undef AT
#define AT(f) offsetof(struct linux_board, f)
static const struct row metal_rows[] = {
    {"powercap", STRING, AT(powercap)},
    {"cpufreq", STRING, AT(cpufreq)},
    {"base_mhz", INT, AT(base_mhz), 0, 100000},
    {0},
};
#undef AT

static int set_row(struct config *c, const struct row *k, void *record, const char *v, struct err *e)
{
    void *at = (char *)record + k->at;
    switch (k->kind) {
    case NAME:
        return config_name(v, k->key, at, e);
    case TEXT:
        return text_value(v, k->key, at, (size_t)k->max, e);
    case STRING:
        *(const char **)at = arena_strdup(&c->arena, v);
        return 0;
    case HOUSING:
        return housing_value(c, v, k->key, at, e);
    case REAL:
        return real_value(v, k->key, k->min, k->max, at, e);
    case INT:
        return int_value(v, k->key, (long)k->min, (long)k->max, at, e);
    case DEGREES:
        return degrees_value(v, k->key, at, e);
    case FLAG:
        return flag_value(v, k->key, at, e);
    case OTHER:
        break;
    }
    return k->set(c, record, v, e);
}

// ---- the sections: of each, its tables and what their rows are offsets into

struct table {
    const struct row *row;
    void *record;
};

#define TABLES 3

// 0, or -EINVAL.
static int find_tables(struct config *c, const char *section, struct table t[TABLES], struct err *e)
{
    size_t at;
    if (strcmp(section, "node") == 0) {
        t[0] = (struct table){node_rows, c};
    } else if (strcmp(section, "network") == 0) {
        t[0] = (struct table){network_rows, c};
    } else if (strcmp(section, "virtual") == 0) {
        t[0] = (struct table){virtual_rows, c};
        c->is_virtual = true;
    } else if (strncmp(section, "zone ", 5) == 0) {
        if (config_zone_add(c, section + 5, &at, e) < 0)
            return e->code;
        t[0] = (struct table){zone_rows, &c->offer.zone[at]};
        t[1] = (struct table){twin_rows, &c->twin[at]};
        t[2] = (struct table){real_rows, &c->real[at]};
    } else if (strncmp(section, "heater ", 7) == 0) {
        if (config_heater_add(c, section + 7, &at, e) < 0)
            return e->code;
        t[0] = (struct table){heater_rows, &c->heater[at]};
    } else if (strncmp(section, "board ", 6) == 0) {
        if (config_board_add(c, section + 6, &at, e) < 0)
            return e->code;
        t[0] = (struct table){board_rows, &c->offer.board[at]};
        t[1] = (struct table){metal_rows, &c->metal[at]};
    } else {
        return err_set(e, -EINVAL,
                       "[%s]: there is no such section (node, network, virtual, zone Z, heater H, board B)",
                       section);
    }
    return 0;
}

int config_key(struct config *c, const char *section, const char *key, const char *value, struct err *e)
{
    struct table t[TABLES] = {0};
    if (find_tables(c, section, t, e) < 0)
        return e->code;
    for (size_t i = 0; i < TABLES && t[i].row; i++)
        for (const struct row *k = t[i].row; k->key; k++)
            if (strcmp(k->key, key) == 0)
                return set_row(c, k, t[i].record, value, e);
    return err_set(e, -EINVAL, "%s: is not a key of [%s]", key, section);
}
