// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/work/egress.h"

void config_init(struct config *c)
{
    *c = (struct config){.filler = true,
                         .burn = true,
                         .may_sleep = true,
                         .people = true,
                         .cap_w = -1,
                         .start_c = 19,
                         .seed = 1,
                         .archetype = "rt2005",
                         .sysroot = ""};
}

void config_deinit(struct config *c)
{
    free(c->offer.zone);
    free(c->offer.board);
    free(c->heater);
    free(c->twin);
    free(c->real);
    free(c->metal);
    arena_deinit(&c->arena);
}

// ---- values

static int bad(struct err *e, const char *key, const char *value, const char *want)
{
    return err_set(e, -EINVAL, "%s = %.60s: is not %s", key, value, want);
}

static int name_value(const char *v, const char *key, char out[NAME_BYTES], struct err *e)
{
    size_t n = strlen(v);
    bool ok = n > 0 && n < NAME_BYTES && isalnum((unsigned char)v[0]);
    for (size_t i = 0; ok && i < n; i++)
        ok = isalnum((unsigned char)v[i]) || strchr("._-", v[i]);
    if (!ok)
        return bad(e, key, v, "a name (1 to 63 letters, digits, . _ -; starts with a letter or digit)");
    memset(out, 0, NAME_BYTES);
    memcpy(out, v, n);
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

static int bool_value(const char *v, const char *key, bool *out, struct err *e)
{
    bool yes = strcasecmp(v, "yes") == 0 || strcasecmp(v, "true") == 0 || strcmp(v, "1") == 0;
    bool no = strcasecmp(v, "no") == 0 || strcasecmp(v, "false") == 0 || strcmp(v, "0") == 0;
    if (!yes && !no)
        return bad(e, key, v, "yes or no");
    *out = yes;
    return 0;
}

static int text_value(const char *v, const char *key, char *out, size_t bytes, struct err *e)
{
    if (strlen(v) >= bytes)
        return bad(e, key, v, "short enough");
    memset(out, 0, bytes);
    memcpy(out, v, strlen(v));
    return 0;
}

static int curve_value(const char *v, struct curve *c, struct err *e)
{
    c->n = 0;
    for (int used = 0; sscanf(v, " %n", &used) >= 0 && v[used]; v += used) {
        int mhz, mw;
        if (c->n == CURVE_POINTS_MAX || sscanf(v, " %d:%d%n", &mhz, &mw, &used) != 2)
            return bad(e, "curve", v, "a list of at most 16 MHZ:MILLIWATT");
        c->p[c->n++] = (struct curve_point){mhz, mw};
    }
    return 0;
}

// ---- sections

static int node_key(struct config *c, const char *k, const char *v, struct err *e)
{
    if (strcmp(k, "name") == 0)
        return name_value(v, k, c->node, e);
    if (strcmp(k, "site") == 0)
        return name_value(v, k, c->site, e);
    if (strcmp(k, "cap_w") == 0)
        return int_value(v, k, 0, 10000000, &c->cap_w, e);
    if (strcmp(k, "low_power") == 0)
        return int_value(v, k, 0, 100, &c->low_power, e);
    if (strcmp(k, "filler") == 0)
        return bool_value(v, k, &c->filler, e);
    if (strcmp(k, "burn") == 0)
        return bool_value(v, k, &c->burn, e);
    if (strcmp(k, "sleep") == 0)
        return bool_value(v, k, &c->may_sleep, e);
    if (strcmp(k, "sysroot") == 0) {
        c->sysroot = arena_strdup(&c->arena, v);
        return 0;
    }
    return -ENOENT;
}

static int archetype_value(struct config *c, const char *v, const char **out, struct err *e)
{
    if (!twin_archetype_known(v))
        return bad(e, "archetype", v,
                   "one of before1948, 1948-1974, 1975-1988, 1989-2004, rt2005, rt2012, passive, office");
    *out = arena_strdup(&c->arena, v);
    return 0;
}

static int virtual_key(struct config *c, const char *k, const char *v, struct err *e)
{
    c->is_virtual = true;
    int32_t seed;
    if (strcmp(k, "archetype") == 0)
        return archetype_value(c, v, &c->archetype, e);
    if (strcmp(k, "start_temp") == 0)
        return real_value(v, k, -20, 40, &c->start_c, e);
    if (strcmp(k, "people") == 0)
        return bool_value(v, k, &c->people, e);
    if (strcmp(k, "weather") == 0) {
        c->weather = arena_strdup(&c->arena, v);
        return 0;
    }
    if (strcmp(k, "seed") == 0) {
        int r = int_value(v, k, 0, INT_MAX, &seed, e);
        c->seed = r == 0 ? (uint64_t)seed : c->seed;
        return r;
    }
    return -ENOENT;
}

static int degrees_value(const char *v, const char *key, int32_t *mc, struct err *e)
{
    double c;
    int r = real_value(v, key, 7, 26, &c, e);
    *mc = r == 0 ? (int32_t)(c * 1000 + 0.5) : *mc;
    return r;
}

static int knob_key(struct knob_config *knob, const char *k, const char *v, struct err *e)
{
    if (strcmp(k, "knob_raw_low") == 0)
        return int_value(v, k, INT_MIN, INT_MAX, &knob->raw_low, e);
    if (strcmp(k, "knob_raw_high") == 0)
        return int_value(v, k, INT_MIN, INT_MAX, &knob->raw_high, e);
    if (strcmp(k, "knob_low") == 0)
        return degrees_value(v, k, &knob->low_mc, e);
    if (strcmp(k, "knob_high") == 0)
        return degrees_value(v, k, &knob->high_mc, e);
    return -ENOENT;
}

static int zone_key(struct config *c, size_t i, const char *k, const char *v, struct err *e)
{
    struct offer_zone *z = &c->offer.zone[i];
    struct twin_zone *t = &c->twin[i];
    struct linux_zone *l = &c->real[i];
    const struct {
        const char *key, **path;
    } paths[] = {{"room", &l->room}, {"heatsink", &l->heatsink},  {"cpu", &l->cpu},
                 {"lid", &l->lid},   {"knob", &l->knob.position}, {"keys", &l->knob.keys}};
    for (size_t p = 0; p < ARRAY_LEN(paths); p++) {
        if (strcmp(k, paths[p].key) == 0) {
            *paths[p].path = arena_strdup(&c->arena, v);
            return 0;
        }
    }
    if (strcmp(k, "label") == 0)
        return text_value(v, k, z->label, sizeof z->label, e);
    if (strcmp(k, "setpoint") == 0)
        return degrees_value(v, k, &z->setpoint_mc, e);
    if (strcmp(k, "mode") == 0) {
        for (int m = 0; m < ZONE_MODE_N; m++) {
            if (strcmp(v, zone_mode_name((enum zone_mode)m)) == 0) {
                z->mode = (uint8_t)m;
                return 0;
            }
        }
        return bad(e, k, v, "off, frost, eco, comfort or boost");
    }
    if (strcmp(k, "archetype") == 0)
        return archetype_value(c, v, &t->archetype, e);
    if (strcmp(k, "floor_m2") == 0)
        return real_value(v, k, 4, 2000, &t->floor_m2, e);
    if (strcmp(k, "start_temp") == 0)
        return real_value(v, k, -20, 40, &t->start_c, e);
    if (strcmp(k, "facade_deg") == 0)
        return real_value(v, k, 0, 360, &t->facade_deg, e);
    if (strcmp(k, "office") == 0)
        return bool_value(v, k, &t->office, e);
    if (strcmp(k, "lid_open_value") == 0)
        return int_value(v, k, 0, 1, &l->lid_open_value, e);
    return knob_key(&l->knob, k, v, e);
}

static int heater_key(struct config *c, size_t i, const char *k, const char *v, struct err *e)
{
    if (strcmp(k, "zone") != 0)
        return -ENOENT;
    for (size_t z = 0; z < c->offer.n_zones; z++) {
        if (strcmp(c->offer.zone[z].name, v) == 0) {
            c->heater[i].zone = z;
            return 0;
        }
    }
    return bad(e, k, v, "a zone that stands above");
}

static int board_key(struct config *c, size_t i, const char *k, const char *v, struct err *e)
{
    struct offer_board *b = &c->offer.board[i];
    if (strcmp(k, "heater") == 0) {
        for (size_t h = 0; h < c->n_heaters; h++) {
            if (strcmp(c->heater[h].name, v) == 0) {
                strcpy(b->heater, v);
                strcpy(b->zone, c->offer.zone[c->heater[h].zone].name);
                return 0;
            }
        }
        return bad(e, k, v, "a heater that stands above");
    }
    if (strcmp(k, "cores") == 0) {
        int r = int_value(v, k, 1, 1024, &b->spec.cores, e);
        b->curve.cores = b->spec.cores;
        return r;
    }
    if (strcmp(k, "memory_mb") == 0)
        return int_value(v, k, 64, 16777216, &b->spec.memory_mb, e);
    if (strcmp(k, "key") == 0)
        return text_value(v, k, b->spec.key, sizeof b->spec.key, e);
    if (strcmp(k, "cpu_model") == 0)
        return text_value(v, k, b->spec.cpu_model, sizeof b->spec.cpu_model, e);
    if (strcmp(k, "gpu") == 0)
        return bool_value(v, k, &b->spec.gpu, e);
    if (strcmp(k, "ssd") == 0)
        return bool_value(v, k, &b->spec.ssd, e);
    if (strcmp(k, "curve") == 0)
        return curve_value(v, &b->curve, e);
    if (strcmp(k, "idle_mw") == 0)
        return int_value(v, k, 0, 10000000, &b->curve.idle_mw, e);
    if (strcmp(k, "sleep_mw") == 0)
        return int_value(v, k, 0, 10000000, &b->curve.sleep_mw, e);
    if (strcmp(k, "boot_ms") == 0)
        return int_value(v, k, 0, 3600000, &b->curve.boot_ms, e);
    if (strcmp(k, "powercap") == 0 || strcmp(k, "cpufreq") == 0) {
        *(k[0] == 'p' ? &c->metal[i].powercap : &c->metal[i].cpufreq) = arena_strdup(&c->arena, v);
        return 0;
    }
    return -ENOENT;
}

// ---- things by name: found, or added with their defaults

static int zone_add(struct config *c, const char *name, size_t *at, struct err *e)
{
    for (*at = 0; *at < c->offer.n_zones; ++*at)
        if (strcmp(c->offer.zone[*at].name, name) == 0)
            return 0;
    if (c->offer.n_zones == CONFIG_ZONES_MAX)
        return err_set(e, -EINVAL, "zones: more than %d", CONFIG_ZONES_MAX);
    size_t n = c->offer.n_zones;
    struct twin_zone *t = VEC_PUSH(c->twin, n, c->cap_twin);
    n = c->offer.n_zones;
    *VEC_PUSH(c->real, n, c->cap_real) = (struct linux_zone){
        .lid_open_value = 1,
        .knob = {.raw_high = 4095, .low_mc = KNOB_MIN_MC, .high_mc = KNOB_MAX_MC}}; // 12 bits
    struct offer_zone *z = VEC_PUSH(c->offer.zone, c->offer.n_zones, c->cap_zones);
    z->setpoint_mc = 20000;
    z->mode = ZONE_COMFORT;
    // Windows of a building look to all sides: seven eighths of a turn and a bit, so that neighbours differ.
    *t = (struct twin_zone){.start_c = -300, .facade_deg = (double)((*at * 135 + 180) % 360)};
    return name_value(name, "zone", z->name, e);
}

static int heater_add(struct config *c, const char *name, size_t *at, struct err *e)
{
    for (*at = 0; *at < c->n_heaters; ++*at)
        if (strcmp(c->heater[*at].name, name) == 0)
            return 0;
    if (c->n_heaters == CONFIG_BOARDS_MAX)
        return err_set(e, -EINVAL, "heaters: more than %d", CONFIG_BOARDS_MAX);
    VEC_PUSH(c->heater, c->n_heaters, c->cap_heaters)->zone = SIZE_MAX;
    return name_value(name, "heater", c->heater[*at].name, e);
}

static int board_add(struct config *c, const char *name, size_t *at, struct err *e)
{
    for (*at = 0; *at < c->offer.n_boards; ++*at)
        if (strcmp(c->offer.board[*at].name, name) == 0)
            return 0;
    if (c->offer.n_boards == CONFIG_BOARDS_MAX)
        return err_set(e, -EINVAL, "boards: more than %d", CONFIG_BOARDS_MAX);
    size_t n = c->offer.n_boards;
    *VEC_PUSH(c->metal, n, c->cap_metal) = (struct linux_board){0};
    struct offer_board *b = VEC_PUSH(c->offer.board, c->offer.n_boards, c->cap_boards);
    b->curve = *curve_default();
    b->spec = (struct board_spec){.cores = b->curve.cores, .memory_mb = 16384, .key = "8c-16g-amd-ryzen1700"};
    snprintf(b->spec.cpu_model, sizeof b->spec.cpu_model, "%s", b->curve.model);
    return name_value(name, "board", b->name, e);
}

struct reading {
    struct config *c;
    struct err first; // the first thing that was wrong
};

static int network_key(struct config *c, const char *k, const char *v)
{
    const char **to = strcmp(k, "allow") == 0  ? &c->net_allow
                      : strcmp(k, "deny") == 0 ? &c->net_deny
                                               : NULL;
    if (!to)
        return -ENOENT;
    *to = arena_strdup(&c->arena, v);
    return 0;
}

// The ranges of both, before anybody's packets are judged by them.
static int network_check(const struct config *c, struct err *e)
{
    struct cidr_list l = {0};
    int r = c->net_allow ? cidr_read(&l, c->net_allow, e) : 0;
    if (r < 0)
        return err_prefix(e, "network: allow");
    l.n = 0;
    r = c->net_deny ? cidr_read(&l, c->net_deny, e) : 0;
    return r < 0 ? err_prefix(e, "network: deny") : 0;
}

static int section_key(struct config *c, const char *section, const char *k, const char *v, struct err *e)
{
    size_t at;
    if (strcmp(section, "node") == 0)
        return node_key(c, k, v, e);
    if (strcmp(section, "network") == 0)
        return network_key(c, k, v);
    if (strcmp(section, "virtual") == 0)
        return virtual_key(c, k, v, e);
    if (strncmp(section, "zone ", 5) == 0) {
        int r = zone_add(c, section + 5, &at, e);
        return r < 0 ? r : zone_key(c, at, k, v, e);
    }
    if (strncmp(section, "heater ", 7) == 0) {
        int r = heater_add(c, section + 7, &at, e);
        return r < 0 ? r : heater_key(c, at, k, v, e);
    }
    if (strncmp(section, "board ", 6) == 0) {
        int r = board_add(c, section + 6, &at, e);
        return r < 0 ? r : board_key(c, at, k, v, e);
    }
    return err_set(e, -EINVAL, "[%s]: there is no such section (node, network, virtual, zone Z, heater H, board B)",
                   section);
}

static int on_key(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    struct err e = ERR_NULL;
    int got = section_key(r->c, section, name, value, &e);
    if (got == -ENOENT)
        err_set(&e, -EINVAL, "%s: is not a key of [%s]", name, section);
    if (got < 0 && r->first.code == 0)
        r->first = e;
    return got == 0;
}

int config_read(struct config *c, const char *path, struct err *e)
{
    struct reading r = {.c = c};
    int line = ini_parse(path, on_key, &r);
    if (line < 0)
        return err_set(e, -ENOENT, "%s: cannot be read", path);
    if (line == 0)
        return 0;
    if (r.first.code == 0)
        return err_set(e, -EINVAL, "%s:%d: is neither [section] nor key = value", path, line);
    return err_set(e, -EINVAL, "%s:%d: %s", path, line, r.first.text);
}

int config_quick(struct config *c, const struct quick *q, struct err *e)
{
    c->is_virtual = true;
    for (int h = 1; h <= q->heaters; h++) {
        char name[NAME_BYTES + 32];
        size_t z, hi, b;
        snprintf(name, sizeof name, "%s-z%d", c->node, h);
        if (zone_add(c, name, &z, e) < 0)
            return e->code;
        c->offer.zone[z].setpoint_mc = (int32_t)(q->setpoint_c * 1000 + 0.5);
        snprintf(c->offer.zone[z].label, sizeof c->offer.zone[z].label, "room %d", h);
        snprintf(name, sizeof name, "%s-h%d", c->node, h);
        if (heater_add(c, name, &hi, e) < 0)
            return e->code;
        c->heater[hi].zone = z;
        for (int k = 1; k <= q->boards; k++) {
            snprintf(name, sizeof name, "%s-h%d-b%d", c->node, h, k);
            if (board_add(c, name, &b, e) < 0)
                return e->code;
            strcpy(c->offer.board[b].heater, c->heater[hi].name);
            strcpy(c->offer.board[b].zone, c->offer.zone[z].name);
        }
    }
    return 0;
}

static int zone_finish(struct config *c, size_t i, struct err *e)
{
    struct offer_zone *z = &c->offer.zone[i];
    struct twin_zone *t = &c->twin[i];
    strcpy(z->site, c->site);
    z->is_virtual = c->is_virtual;
    if (!z->label[0])
        strcpy(z->label, z->name);
    int64_t mw = 0;
    for (size_t b = 0; b < c->offer.n_boards; b++)
        mw += strcmp(c->offer.board[b].zone, z->name) == 0 ? curve_max_mw(&c->offer.board[b].curve) : 0;
    z->nameplate_w = (int32_t)(mw / 1000);
    const struct knob_config *k = &c->real[i].knob;
    if (k->raw_low == k->raw_high || k->low_mc >= k->high_mc)
        return err_set(
            e, -EINVAL,
            "zone %s: its knob turns nowhere (knob_raw_low and knob_raw_high must differ, knob_low be below "
            "knob_high)",
            z->name);
    if (z->nameplate_w == 0)
        return err_set(e, -EINVAL,
                       "zone %s: has no board (add [heater H] zone = %s and [board B] heater = H)", z->name,
                       z->name);
    strcpy(t->name, z->name);
    t->archetype = t->archetype ? t->archetype : c->archetype;
    t->start_c = t->start_c < -100 ? c->start_c : t->start_c;
    t->setpoint_mc = z->setpoint_mc;
    return 0;
}

int config_finish(struct config *c, struct err *e)
{
    if (!c->node[0])
        return err_set(e, -EINVAL, "node: it has no name (give --node NAME, or name = in [node])");
    if (!c->site[0])
        strcpy(c->site, "home");
    if (network_check(c, e) < 0)
        return e->code;
    if (c->offer.n_zones == 0)
        return err_set(e, -EINVAL, "node %s: it has no zone (give --virtual or --config FILE)", c->node);
    for (size_t b = 0; b < c->offer.n_boards; b++) {
        struct offer_board *o = &c->offer.board[b];
        if (!o->heater[0])
            return err_set(e, -EINVAL, "board %s: has no heater", o->name);
        if (curve_check(&o->curve, e) < 0)
            return err_prefix(e, "board %s", o->name);
        for (size_t z = 0; z < c->offer.n_zones; z++)
            if (strcmp(c->offer.zone[z].name, o->zone) == 0)
                c->metal[b].zone = z;
        c->metal[b].curve = &o->curve;
    }
    for (size_t i = 0; i < c->offer.n_zones; i++)
        if (zone_finish(c, i, e) < 0)
            return e->code;
    return 0;
}
