// SPDX-License-Identifier: Apache-2.0
//
// Why a zone gets what it gets, as one sentence with its figures: temperature for setpoint, then the guard or
// what the loop does.
#include <stdint.h>
#include <stdio.h>

#include "base/num.h"
#include "core/heat/guards.h"

#define CLOCK_BYTES  8
#define REASON_BYTES 160

static void clock_text(house_ms at, int64_t utc_offset_ms, char out[CLOCK_BYTES])
{
    struct civil c = civil_from_ms(at.v + utc_offset_ms);
    snprintf(out, CLOCK_BYTES, "%02u:%02u", (unsigned)c.hour % 24u, (unsigned)c.minute % 60u);
}

static void add_missing(const struct thermostat *t, char *out, int n)
{
    int missing = (int)thermostat_missing_w(t);
    if (missing > 0 && n > 0 && n < REASON_BYTES)
        snprintf(out + n, REASON_BYTES - (size_t)n, ", heater too small by %d W", missing);
}

static void add_keep(const struct thermostat *t, char *out, int n)
{
    if (t->request.keep_w > 0 && n > 0 && n < REASON_BYTES)
        snprintf(out + n, REASON_BYTES - (size_t)n, "; low-power mode: up to %d W so that work goes on",
                 (int)t->request.keep_w);
}

static void add_lift(const struct thermostat *t, char *out, int n)
{
    if (t->lift_w > 0 && n > 0 && n < REASON_BYTES)
        snprintf(out + n, REASON_BYTES - (size_t)n, ", and %d W more: warmed within its band by urgent work",
                 (int)t->lift_w);
}

static void guard_text(const struct thermostat *t, const char *since, char *out)
{
    int w = (int)t->request.target_w, max = (int)t->request.max_w, n;
    switch (t->guard) {
    case GUARD_OFF:
        snprintf(out, REASON_BYTES, "off since %s, %d W (frost protection at 7 degC goes on)", since, w);
        return;
    case GUARD_SENSOR_STALE:
        snprintf(out, REASON_BYTES, "no room reading since %s, goes on blind with %d W, no filler", since, w);
        return;
    case GUARD_SENSOR_IMPOSSIBLE:
        snprintf(out, REASON_BYTES, "room readings impossible since %s, goes on blind with %d W, no filler",
                 since, w);
        return;
    case GUARD_WINDOW_OPEN:
        snprintf(out, REASON_BYTES, "a window seems open since %s, %d W until it is shut or 30 min are over",
                 since, w);
        return;
    case GUARD_ROOM_HOT:
        n = snprintf(out, REASON_BYTES, "too warm since %s (limit %.1f), takes no heat", since, t->hot_c);
        add_keep(t, out, n);
        return;
    case GUARD_CPU_HOT:
        snprintf(out, REASON_BYTES, "a processor over %d degC since %s, cut back to %d W",
                 (int)(t->cfg.cpu_max_mc / 1000), since, max);
        return;
    case GUARD_SURFACE_HOT:
        n = snprintf(out, REASON_BYTES, "at the %d W that keep its metal below %d degC since %s", max,
                     (int)(t->cfg.surface_max_mc / 1000), since);
        add_missing(t, out, n);
        return;
    case GUARD_COVERED:
        snprintf(out, REASON_BYTES, "the heater seems covered since %s, off (uncover it)", since);
        return;
    case GUARD_LID_OPEN:
        snprintf(out, REASON_BYTES, "the heater was opened at %s, off until a person clears it", since);
        return;
    case GUARD_NONE:
    case GUARD_N:
        break;
    }
    snprintf(out, REASON_BYTES, "%d W", w);
}

static void loop_text(const struct thermostat *t, int64_t utc_offset_ms, char *out)
{
    char since[CLOCK_BYTES];
    double gap = t->r_c - t->room_c;
    int w = (int)t->request.target_w;
    if (t->full_since.v != 0) {
        clock_text(t->full_since, utc_offset_ms, since);
        add_missing(t, out, snprintf(out, REASON_BYTES, "at full power (%d W) since %s", w, since));
    } else if (gap < -t->cfg.band_up_mc * 1e-3) {
        add_keep(t, out, snprintf(out, REASON_BYTES, "warm enough, takes no heat"));
    } else if (gap > t->cfg.band_down_mc * 1e-3) {
        add_lift(t, out, snprintf(out, REASON_BYTES, "heating up at %d W of %d", w, (int)t->cfg.nameplate_w));
    } else {
        add_lift(t, out, snprintf(out, REASON_BYTES, "holding with %d W of %d", w, (int)t->cfg.nameplate_w));
    }
}

void thermostat_why(const struct thermostat *t, house_ms now, int64_t utc_offset_ms, char *out,
                    size_t out_bytes)
{
    char reason[REASON_BYTES], since[CLOCK_BYTES];
    if (!t->started) {
        snprintf(out, out_bytes, "no room reading yet: %d W, at most %d", (int)t->request.target_w,
                 (int)(GUARD_BLIND_SHARE * t->cfg.nameplate_w));
        return;
    }
    clock_text(house_before(now, t->guard_since) ? now : t->guard_since, utc_offset_ms, since);
    if (t->guard != GUARD_NONE)
        guard_text(t, since, reason);
    else
        loop_text(t, utc_offset_ms, reason);
    char at[CLOCK_BYTES + 8] = "";
    if (house_before(now, t->ahead_of)) {
        clock_text(t->ahead_of, utc_offset_ms, since);
        snprintf(at, sizeof at, " at %s", since);
    }
    snprintf(out, out_bytes, "%.1f degC for %.1f%s (%s): %s", t->room_c, t->r_c, at,
             zone_mode_name(t->wish.mode), reason);
}
