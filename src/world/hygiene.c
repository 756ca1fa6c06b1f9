// SPDX-License-Identifier: Apache-2.0
//
// A step is cut where something changes within it: at the daily reset, where a dose becomes complete, and
// where the alarm begins. Between cuts everything is linear in whole milliseconds, so the counts do not
// depend on how a caller divides time.
#include "world/hygiene.h"

static const int64_t DAY_MS = 86400000;

void hygiene_init(struct hygiene *h, int64_t start_ms, int64_t zone_ms, int reset_hour)
{
    *h = (struct hygiene){
        .zone_ms = zone_ms,
        .reset_hour = reset_hour,
        .now_ms = start_ms,
        .last_dose_ms = start_ms,
        .last_low_ms = INT64_MIN,
    };
}

static int64_t units_a_ms(int32_t outlet_mc)
{
    return outlet_mc >= 70000 ? 30 : outlet_mc >= 65000 ? 15 : outlet_mc >= 60000 ? 1 : 0;
}

static int64_t next_reset(const struct hygiene *h)
{
    int64_t since = (h->now_ms + h->zone_ms - h->reset_hour * INT64_C(3600000)) % DAY_MS;
    if (since < 0)
        since += DAY_MS;
    return h->now_ms + DAY_MS - since;
}

static void end_day(struct hygiene *h)
{
    h->days++;
    if (!h->day_low)
        h->days_by_outlet++;
    else if (h->day_dosed)
        h->days_by_dose++;
    else
        h->days_failed++;
    h->dose = 0;
    h->day_low = h->day_dosed = false;
}

// One stretch that crosses neither a reset nor the completion of a dose.
static void stretch(struct hygiene *h, int64_t dt_ms, int32_t outlet_mc, int32_t loop_mc)
{
    int64_t end = h->now_ms + dt_ms;
    bool low = outlet_mc < HYGIENE_OUTLET_MC;
    h->dose += units_a_ms(outlet_mc) * dt_ms;
    if (low) {
        h->last_low_ms = end;
        h->outlet_low_ms += dt_ms;
        h->day_low = true;
    }
    if (loop_mc < HYGIENE_LOOP_MC)
        h->loop_low_ms += dt_ms;
    // Unsafe is every moment with no dose and some low water in the 24 hours before it.
    int64_t from = h->last_dose_ms + DAY_MS > h->now_ms ? h->last_dose_ms + DAY_MS : h->now_ms;
    int64_t to = h->last_low_ms == INT64_MIN ? from : h->last_low_ms + DAY_MS;
    to = to < end ? to : end;
    bool unsafe = to > from;
    if (unsafe) {
        h->alarm_ms += to - from;
        h->alarms += !h->alarm;
        if (to - h->last_dose_ms > h->longest_gap_ms)
            h->longest_gap_ms = to - h->last_dose_ms;
    }
    h->alarm = unsafe && h->last_low_ms + DAY_MS > end;
    h->now_ms = end;
}

static void complete_dose(struct hygiene *h)
{
    h->doses++;
    h->dose = 0;
    h->day_dosed = true;
    h->last_dose_ms = h->now_ms;
    h->alarm = false;
}

void hygiene_step(struct hygiene *h, int64_t dt_ms, int32_t outlet_mc, int32_t loop_mc)
{
    int64_t end = h->now_ms + dt_ms;
    while (h->now_ms < end) {
        int64_t reset = next_reset(h), to = reset < end ? reset : end;
        int64_t left = hygiene_left_ms(h, outlet_mc);
        if (left < to - h->now_ms)
            to = h->now_ms + left;
        stretch(h, to - h->now_ms, outlet_mc, loop_mc);
        if (h->dose >= HYGIENE_DOSE)
            complete_dose(h);
        if (h->now_ms == reset)
            end_day(h);
    }
}

int64_t hygiene_left_ms(const struct hygiene *h, int32_t outlet_mc)
{
    int64_t units = units_a_ms(outlet_mc);
    return units ? (HYGIENE_DOSE - h->dose + units - 1) / units : INT64_MAX;
}

int64_t hygiene_deadline_ms(const struct hygiene *h)
{
    int64_t at = h->last_dose_ms + DAY_MS;
    return at > h->now_ms ? at : h->now_ms;
}
