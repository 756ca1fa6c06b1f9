// SPDX-License-Identifier: Apache-2.0
#include "device/knob.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "device/sysfs.h"

struct knob {
    struct knob_config cfg;
    char *position, *keys;
    bool seen; // position_mc is a reading
    int32_t position_mc;
    int fd; // of keys; -1: not open
};

struct knob *knob_new(const struct knob_config *cfg)
{
    struct knob *k = mem_alloc(sizeof *k);
    k->cfg = *cfg;
    k->position = mem_strdup(cfg->position);
    k->keys = mem_strdup(cfg->keys);
    k->fd = -1;
    return k;
}

void knob_free(struct knob *k)
{
    if (!k)
        return;
    if (k->fd >= 0)
        close(k->fd);
    free(k->position);
    free(k->keys);
    free(k);
}

// ---- position

static int32_t mc_of(const struct knob_config *c, int64_t raw)
{
    double part = (double)(raw - c->raw_low) / ((double)c->raw_high - c->raw_low);
    double mc = c->low_mc + num_clamp(part, 0, 1) * (c->high_mc - c->low_mc);
    return (int32_t)mc;
}

static int32_t to_step(int32_t mc)
{
    return (mc + KNOB_STEP_MC / 2) / KNOB_STEP_MC * KNOB_STEP_MC;
}

// A converter trembles: only what is more than three quarters of a step away from where the knob was is a
// turn.
static bool position_turned(struct knob *k, struct zone_wish *wish)
{
    int64_t raw;
    if (!sysfs_read(k->position, &raw))
        return false;
    int32_t mc = mc_of(&k->cfg, raw), away = mc - k->position_mc;
    if (k->seen && abs(away) <= KNOB_STEP_MC * 3 / 4)
        return false;
    bool turned = k->seen;
    k->seen = true;
    k->position_mc = to_step(mc);
    if (turned)
        *wish = (struct zone_wish){ZONE_COMFORT, k->position_mc};
    return turned;
}

// ---- keys

static int steps_of(const struct input_event *e)
{
    if (e->type == EV_REL && (e->code == REL_DIAL || e->code == REL_WHEEL || e->code == REL_X))
        return e->value < -38 ? -38 : e->value > 38 ? 38 : (int)e->value; // from one end to the other
    if (e->type != EV_KEY || e->value == 0)                               // released
        return 0;
    switch (e->code) {
    case KEY_UP:
    case KEY_VOLUMEUP:
    case KEY_KPPLUS:
        return 1;
    case KEY_DOWN:
    case KEY_VOLUMEDOWN:
    case KEY_KPMINUS:
        return -1;
    default:
        return 0;
    }
}

static bool one_event(const struct input_event *e, struct zone_wish *wish)
{
    if (e->type == EV_KEY && e->code == KEY_POWER && e->value == 1) {
        wish->mode = wish->mode == ZONE_OFF ? ZONE_COMFORT : ZONE_OFF;
        return true;
    }
    int steps = steps_of(e);
    if (!steps)
        return false;
    int32_t mc = to_step(wish->setpoint_mc) + steps * KNOB_STEP_MC;
    wish->setpoint_mc = (int32_t)int_clamp(mc, KNOB_MIN_MC, KNOB_MAX_MC);
    wish->mode = ZONE_COMFORT;
    return true;
}

static bool keys_turned(struct knob *k, struct zone_wish *wish)
{
    struct input_event e[32];
    bool turned = false;
    if (k->fd < 0)
        k->fd = open(k->keys, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (k->fd < 0)
        return false;
    for (;;) {
        ssize_t n = read(k->fd, e, sizeof e);
        for (ssize_t i = 0; i < n / (ssize_t)sizeof *e; i++)
            turned |= one_event(&e[i], wish);
        if (n < (ssize_t)sizeof e) {
            if (n < 0 && errno != EAGAIN && errno != EINTR) { // unplugged: a new one may come under this name
                close(k->fd);
                k->fd = -1;
            }
            return turned;
        }
    }
}

bool knob_turned(struct knob *k, struct zone_wish *wish)
{
    bool turned = k->position && position_turned(k, wish);
    return (k->keys && keys_turned(k, wish)) || turned;
}
