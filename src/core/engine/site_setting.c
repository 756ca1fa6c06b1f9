// SPDX-License-Identifier: Apache-2.0
//
// What a setting says of a moment and of a zone. Its text: site_setting_read.c, site_setting_write.c.
#include "core/engine/site_setting.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    INT64_C(86400000)

void site_setting_deinit(struct site_setting *s)
{
    free(s->carbon.v);
    free(s->weather.v);
    free(s->circuit);
    free(s->zone);
    free(s->other_heat);
    *s = (struct site_setting){0};
}

const char *site_day_name(int day)
{
    static const char *const name[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    return name[day];
}

// Looks a week back and ahead: a step of one day of the week holds until the next step, whatever its day.
bool site_tariff_at(const struct site_setting *s, int32_t utc_offset_min, house_ms now, int64_t *ueur_per_kwh,
                    house_ms *until)
{
    int64_t local = now.v + utc_offset_min * MINUTE_MS, midnight = local - (local % DAY_MS + DAY_MS) % DAY_MS;
    int64_t from = INT64_MIN, to = INT64_MAX;
    for (int64_t day = midnight - 7 * DAY_MS; day <= midnight + 7 * DAY_MS; day += DAY_MS) {
        int weekday = (int)(((day / DAY_MS + 4) % 7 + 7) % 7); // 1 January 1970 was a Thursday
        for (size_t i = 0; i < s->n_tariff; i++) {
            int64_t at = day + s->tariff[i].minute * MINUTE_MS;
            if (!(s->tariff[i].days >> weekday & 1))
                continue;
            if (at <= local && at >= from) {
                from = at;
                *ueur_per_kwh = s->tariff[i].ueur_per_kwh;
            } else if (at > local && at < to) {
                to = at;
            }
        }
    }
    *until = to == INT64_MAX ? HOUSE_MS(to) : HOUSE_MS(to - utc_offset_min * MINUTE_MS);
    return s->n_tariff > 0;
}

bool site_series_at(const struct site_series *v, house_ms now, int32_t *value, house_ms *until)
{
    *until = HOUSE_MS(INT64_MAX);
    if (!v->n)
        return false;
    if (house_before(now, v->start)) {
        *until = v->start;
        return false;
    }
    int64_t i = house_since(now, v->start) / v->step_ms;
    if (i >= (int64_t)v->n)
        return false;
    *value = v->v[i];
    *until = house_add(v->start, (i + 1) * v->step_ms);
    return true;
}

uint32_t site_circuit_of(const struct site_setting *s, const char *zone)
{
    for (size_t i = 0; i < s->n_zones; i++)
        if (strcmp(s->zone[i].name, zone) == 0)
            return s->zone[i].circuit + 1;
    return 0;
}

bool site_other_heat_of(const struct site_setting *s, const char *zone, int64_t *ueur_per_kwh)
{
    for (size_t i = 0; i < s->n_other_heat; i++)
        if (strcmp(s->other_heat[i].zone, zone) == 0) {
            *ueur_per_kwh = s->other_heat[i].ueur_per_kwh;
            return true;
        }
    return false;
}
