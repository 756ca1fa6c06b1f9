// SPDX-License-Identifier: Apache-2.0
//
// The state of the house as a text file, written whole and put in place by rename, so that a kill at any
// moment leaves the last whole one. Numbers are written so that they read back as they were.
//
//   ondol-world 1
//   at HOUSE_MS
//   zone NAME AIR MASS HEATER SENSOR SHADOW_AIR SHADOW_MASS SHADOW_J
//   board NAME SHOWN_UJ
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "device/slurp.h"
#include "device/twin_inside.h"

#define STATE_BYTES_MAX ((size_t)4 << 20)

int twin_state_save(const struct twin *t, struct err *e)
{
    struct buf b = BUF_INIT(STATE_BYTES_MAX);
    buf_putf(&b, "ondol-world 1\nat %" PRId64 "\n", t->world.v);
    for (size_t i = 0; i < t->n_rooms; i++) {
        const struct twin_room *r = &t->room[i];
        buf_putf(&b, "zone %s %.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", r->cfg.name, r->state.air_c,
                 r->state.mass_c, r->state.heater_c, r->state.sensor_c, r->shadow.air_c, r->shadow.mass_c,
                 r->shadow.energy_j);
    }
    for (size_t i = 0; i < t->n_nodes; i++)
        buf_putf(&b, "board %s %.17g\n", t->node[i].cfg.name, t->node[i].shown_uj);
    char part[4096];
    snprintf(part, sizeof part, "%s.part", t->state_file);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, buf_str(&b), b.n) == (ssize_t)b.n;
    if (fd >= 0 && close(fd) < 0)
        ok = false;
    buf_deinit(&b);
    if (!ok || rename(part, t->state_file) < 0)
        return err_set(e, -errno, "%s: cannot be written: %s", t->state_file, strerror(errno));
    return 0;
}

static bool line_read(struct twin *t, const char *line)
{
    char name[NAME_BYTES];
    double v[7];
    if (sscanf(line, "at %" SCNd64, &t->world.v) == 1)
        return true;
    if (sscanf(line, "zone %63s %lf %lf %lf %lf %lf %lf %lf", name, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
               &v[6]) == 8) {
        for (size_t i = 0; i < t->n_rooms; i++) {
            if (strcmp(t->room[i].cfg.name, name) != 0)
                continue;
            t->room[i].state = (struct room_state){v[0], v[1], v[2], v[3]};
            t->room[i].shadow = (struct shadow){v[4], v[5], v[6]};
            return true;
        }
        return false;
    }
    if (sscanf(line, "board %63s %lf", name, &v[0]) == 2) {
        for (size_t i = 0; i < t->n_nodes; i++) {
            if (strcmp(t->node[i].cfg.name, name) != 0)
                continue;
            t->node[i].shown_uj = v[0];
            return true;
        }
    }
    return false;
}

int twin_state_load(struct twin *t, struct err *e)
{
    char *text, *save = NULL;
    size_t n;
    int r = slurp(t->state_file, STATE_BYTES_MAX, &text, &n, e);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    int number = 0;
    house_ms now = t->now;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool ok = number++ == 0 ? strcmp(line, "ondol-world 1") == 0 : line_read(t, line);
        if (ok)
            continue;
        r = err_set(e, -EINVAL, "%s:%d: is not of this house (remove the file to start it anew)",
                    t->state_file, number);
        break;
    }
    free(text);
    // A clock that went back (another --house-epoch-ms) must not step backwards.
    if (house_before(now, t->world) || house_since(now, t->world) > INT64_C(400) * 86400000)
        t->world = now;
    return r < 0 ? r : 1;
}
