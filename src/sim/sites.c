// SPDX-License-Identifier: Apache-2.0
//
// What the operator of each site has told the server, as over its API: its link, what its
// electricity costs and emits. What is constant is told once; of hourly figures a day ahead, at every
// midnight (UTC), as markets and grids publish them; and the local time when clocks are changed.
#include "sim/run.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/num.h"

#define DAY_MS     INT64_C(86400000)
#define HOUR_MS    INT64_C(3600000)
#define TOLD_HOURS 48 // what is known of the hours to come

static void put_tariff(const struct sim_run *r, uint32_t site, struct buf *out)
{
    const struct scenario_site *s = &r->s->site[site];
    const struct series *hours = &r->in->site[site].tariff;
    buf_puts(out, "tariff = ");
    if (hours->n) {
        int64_t from = r->s->start.v + r->now + r->site[site].offset_ms;
        for (int64_t h = 0; h < 24; h++) // by the local clock: each hour of the day from now on, once
            buf_putf(out, "%sdaily %02d:00 %.6f", h ? ", " : "", (int)((from / HOUR_MS + h) % 24),
                     series_at(hours, r->s->start.v + r->now + h * HOUR_MS));
    } else if (s->night_from_hour == s->night_to_hour) {
        buf_putf(out, "daily 00:00 %.6f", s->tariff_eur_kwh);
    } else {
        buf_putf(out, "daily %02d:00 %.6f, daily %02d:00 %.6f", s->night_from_hour % 24,
                 s->tariff_night_eur_kwh, s->night_to_hour % 24, s->tariff_eur_kwh);
    }
    buf_putc(out, '\n');
}

static void put_carbon(const struct sim_run *r, uint32_t site, struct buf *out)
{
    const struct series *hours = &r->in->site[site].carbon;
    char from[DATE_TEXT_BYTES];
    int64_t n = hours->n ? TOLD_HOURS : (r->s->length_ms - r->now) / DAY_MS + 1;
    date_format(from, HOUSE_MS(r->s->start.v + r->now));
    buf_putf(out, "carbon = %s %d", from, hours->n ? 60 : 1440);
    for (int64_t i = 0; i < n && i < 8784; i++)
        buf_putf(out, " %d",
                 (int)num_round(hours->n ? series_at(hours, r->s->start.v + r->now + i * HOUR_MS)
                                         : r->s->site[site].carbon_g_kwh));
    buf_putc(out, '\n');
}

// By groups, each with its price.
static void put_other_heat(const struct sim_run *r, uint32_t site, struct buf *out)
{
    const char *before = "other_heat = ";
    uint32_t group = SIM_NONE;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct scenario_zones *g = &r->s->zones[r->zone[i].group];
        if (g->site != site || g->other_heat_eur_kwh < 0)
            continue;
        if (r->zone[i].group != group) {
            buf_putf(out, "%s%.6f", before, g->other_heat_eur_kwh);
            before = ", ";
            group = r->zone[i].group;
        }
        buf_putf(out, " z%" PRIu32, i);
    }
    if (group != SIM_NONE)
        buf_putc(out, '\n');
}

static void tell(struct sim_run *r, uint32_t site, bool first)
{
    const struct scenario_site *s = &r->s->site[site];
    struct sim_site *x = &r->site[site];
    struct buf text = BUF_INIT(1 << 18);
    if (first)
        buf_putf(&text, "link_mbit_s = %d\nlatency_ms = %d\ndisk_free_mb = %d\n",
                 (int)num_clamp(s->wan_mbit_s, 1, 1e6), (int)num_clamp(s->wan_latency_ms, 0, 1e4),
                 (int)num_clamp(s->cache_bytes / 1e6, 0, 2e9));
    if (first && s->carbon_eur_t > 0)
        buf_putf(&text, "carbon_price = %d\n", (int)s->carbon_eur_t);
    if (first)
        put_other_heat(r, site, &text);
    if (first || r->in->site[site].tariff.n)
        put_tariff(r, site, &text);
    if (first || r->in->site[site].carbon.n)
        put_carbon(r, site, &text);
    struct event ev = {.kind = EVENT_SITE_SET,
                       .site = {.site = s->name,
                                .has_cap = first && s->cap_w >= 0,
                                .cap_mw = (int64_t)(s->cap_w * 1000),
                                .has_utc_offset = true,
                                .utc_offset_min = (int32_t)(x->offset_ms / 60000),
                                .setting = buf_str(&text)}};
    x->told_offset_ms = x->offset_ms;
    link_event(r, &ev);
    buf_deinit(&text);
}

void sites_tell(struct sim_run *r)
{
    for (uint32_t i = 0; i < r->s->n_sites; i++) {
        bool series = r->in->site[i].carbon.n || r->in->site[i].tariff.n, has_zones = false;
        for (uint32_t z = 0; z < r->n_zones && !has_zones; z++)
            has_zones = r->zone[z].site == i;
        if (has_zones && (r->now == 0 || series || r->site[i].told_offset_ms != r->site[i].offset_ms))
            tell(r, i, r->now == 0);
    }
}
