// SPDX-License-Identifier: Apache-2.0
//
// What a node has, by name: zones, heaters, boards, found or added with their defaults.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/config_inside.h"
#include "base/mem.h"

int config_name(const char *v, const char *key, char out[NAME_BYTES], struct err *e)
{
    size_t n = strlen(v);
    bool ok = n > 0 && n < NAME_BYTES && isalnum((unsigned char)v[0]);
    for (size_t i = 0; ok && i < n; i++)
        ok = isalnum((unsigned char)v[i]) || strchr("._-", v[i]);
    if (!ok)
        return err_set(
            e, -EINVAL,
            "%s = %.60s: is not a name (1 to 63 letters, digits, . _ -; starts with a letter or digit)", key,
            v);
    memset(out, 0, NAME_BYTES);
    memcpy(out, v, n);
    return 0;
}

int config_zone_add(struct config *c, const char *name, size_t *at, struct err *e)
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
    return config_name(name, "zone", z->name, e);
}

int config_heater_add(struct config *c, const char *name, size_t *at, struct err *e)
{
    for (*at = 0; *at < c->n_heaters; ++*at)
        if (strcmp(c->heater[*at].name, name) == 0)
            return 0;
    if (c->n_heaters == CONFIG_BOARDS_MAX)
        return err_set(e, -EINVAL, "heaters: more than %d", CONFIG_BOARDS_MAX);
    VEC_PUSH(c->heater, c->n_heaters, c->cap_heaters)->zone = SIZE_MAX;
    return config_name(name, "heater", c->heater[*at].name, e);
}

int config_board_add(struct config *c, const char *name, size_t *at, struct err *e)
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
    return config_name(name, "board", b->name, e);
}
