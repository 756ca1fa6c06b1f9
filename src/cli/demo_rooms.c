// SPDX-License-Identifier: Apache-2.0
//
// The building: an engineering office, as the first real one of its kind was. Losses are such that a radiator
// of four boards (420 W) holds its room at -8 degC outside; the attic's does not, and nobody told its
// occupant.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/demo.h"

// The default board without its two last points: four of them at 4.0 GHz (612 W) would make the metal too hot
// to touch, and the last 200 MHz cost as many watts as the first 3,000.
static const char *const curve =
    "1000:30500 2000:42100 2500:47900 3000:59000 3200:62000 3300:76000 3500:78000 3700:93000 3800:105000";

const struct demo_room demo_rooms[DEMO_ROOMS] = {
    // name      label          archetype    m2  faces start  asks  off    office
    {"room-01", "reception", "rt2005", 17, 180, 17.5, 20.0, false, true},
    {"room-02", "meeting", "rt2012", 26, 90, 18.0, 21.0, false, true},
    {"room-03", "drawing east", "1989-2004", 13, 90, 17.2, 20.0, false, true},
    {"room-04", "drawing west", "rt2005", 18, 270, 18.5, 20.0, false, true},
    {"room-05", "library", "passive", 30, 0, 17.0, 19.0, false, true},
    {"room-06", "workshop", "1975-1988", 10, 0, 17.8, 19.0, false, true},
    {"room-07", "models", "rt2005", 16, 180, 18.2, 20.5, false, true},
    {"room-08", "direction", "office", 13, 180, 17.6, 21.0, false, true},
    {"room-09", "accounts", "rt2012", 24, 270, 18.1, 20.0, false, true},
    {"room-10", "kitchen", "1989-2004", 12, 90, 18.4, 19.0, false, false},
    {"room-11", "corridor", "passive", 24, 0, 18.3, 16.0, false, false},
    {"room-12", "archive", "rt2012", 24, 0, 17.9, 16.0, false, false},
    {"room-13", "store", "passive", 20, 270, 18.5, 16.0, false, false},
    {"room-14", "guest room", "rt2005", 16, 90, 17.1, 20.0, true, false},
    {"room-15", "attic", "before1948", 20, 180, 17.3, 26.0, false, false},
};

// The demonstration's part of the machine, shared among the rooms that will heat. They do not all want full
// power at once, so that each may have somewhat more than its part.
double demo_cores_each(const struct demo *d)
{
    int warm = 0;
    for (size_t i = 0; i < DEMO_ROOMS; i++)
        warm += !demo_rooms[i].off && demo_rooms[i].setpoint_c > demo_rooms[i].start_c;
    return 1.15 * d->opt.cores / warm;
}

int demo_room_write(const struct demo *d, size_t i, char *path, size_t cap, struct err *e)
{
    const struct demo_room *r = &demo_rooms[i];
    snprintf(path, cap, "%s/%s.ini", d->dir, r->name);
    FILE *f = fopen(path, "we");
    if (!f)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    fprintf(f, "[node]\nname = %s\nsite = montrouge\n\n[virtual]\nseed = %ld\n", r->name, d->opt.seed);
    if (d->opt.weather)
        fprintf(f, "weather = %s\n", d->opt.weather);
    fprintf(f,
            "\n[zone %s]\nlabel = %s\narchetype = %s\nfloor_m2 = %.1f\nfacade_deg = %.0f\nstart_temp = %.1f\n"
            "setpoint = %.1f\nmode = %s\noffice = %s\n",
            r->name, r->label, r->archetype, r->floor_m2, r->facade_deg, r->start_c, r->setpoint_c,
            r->off ? "off" : "comfort", r->office ? "yes" : "no");
    fprintf(f, "\n[heater %s-rad]\nzone = %s\n", r->name, r->name);
    for (int b = 1; b <= DEMO_BOARDS; b++)
        fprintf(f, "\n[board %s-b%d]\nheater = %s-rad\ncurve = %s\n", r->name, b, r->name, curve);
    if (fclose(f) != 0)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    return 0;
}

const char *demo_hour_text(double h, char out[16])
{
    long minutes = (long)(h * 60);
    snprintf(out, 16, "%02ld:%02ld", minutes / 60 % 100, minutes % 60);
    return out;
}
