// SPDX-License-Identifier: Apache-2.0
//
// A file that was cut at the end of a row is a good file of fewer rows. So it is asked what it is for: rows for all of
// the run are enough; whole days are what repeats, hour of the day by hour of the day; of anything else the hours
// would drift against the clock, and nobody means it.
#include "cli/sim_cover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"

static const int64_t DAY_MS = 86400000, HOUR_MS = 3600000;

#define SPAN_BYTES 48

// "3 days", "1 day 5 h", "2 h", "90 min", "36 s".
static void span_text(char out[SPAN_BYTES], int64_t ms)
{
    int64_t days = ms / DAY_MS, hours = ms % DAY_MS / HOUR_MS;
    if (ms % HOUR_MS)
        snprintf(out, SPAN_BYTES, ms % 60000 ? "%" PRId64 " s" : "%" PRId64 " min",
                 ms % 60000 ? ms / 1000 : ms / 60000);
    else if (days == 0)
        snprintf(out, SPAN_BYTES, "%" PRId64 " h", hours);
    else if (hours)
        snprintf(out, SPAN_BYTES, "%" PRId64 " day%s %" PRId64 " h", days, days == 1 ? "" : "s", hours);
    else
        snprintf(out, SPAN_BYTES, "%" PRId64 " day%s", days, days == 1 ? "" : "s");
}

struct held {                      // by a file
    const char *kind, *key, *file; // of the section that names it
    size_t index;
    const char *column; // that has the moments; what the lines are
    int64_t from_ms, length_ms;
    size_t last_line;
    bool dated; // else it begins with the run
};

static bool whole_year(int64_t ms)
{
    return ms == 365 * DAY_MS || ms == 366 * DAY_MS;
}

static int too_short(const struct sim_loaded *l, const struct held *h, struct err *e)
{
    char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES], holds[SPAN_BYTES], run[SPAN_BYTES];
    span_text(holds, h->length_ms);
    span_text(run, l->scenario.length_ms);
    date_format(from, HOUSE_MS(h->from_ms));
    date_format(to, l->scenario.start);
    err_set(
        e, -EINVAL,
        "line %zu: %s: ends after %s%s%s: the run is %s from %s on (rows for all of it, or for whole days, "
        "which repeat)",
        h->last_line, h->column, holds, h->dated ? " from " : "", h->dated ? from : "", run, to);
    err_prefix(e, "%s", h->file);
    return scenario_blame_key(&l->scenario, h->kind, h->index, h->key, e);
}

static int cover(struct sim_loaded *l, const struct held *h, struct err *e)
{
    int64_t start = l->scenario.start.v, end = start + l->scenario.length_ms;
    int64_t from = h->dated ? h->from_ms : start;
    if (from <= start && from + h->length_ms >= end)
        return 0;
    if (h->length_ms % DAY_MS != 0)
        return too_short(l, h, e);
    if (whole_year(h->length_ms))
        return 0;
    char holds[SPAN_BYTES], date[DATE_TEXT_BYTES];
    struct err note = ERR_NULL;
    span_text(holds, h->length_ms);
    date_format(date, HOUSE_MS(from));
    err_set(&note, 0, "%s covers %s%s%.10s and repeats", h->file, holds, h->dated ? " from " : "",
            h->dated ? date : "");
    if (strstr(buf_str(&l->notes), note.text)) // of another site that has the same file
        return 0;
    scenario_blame_key(&l->scenario, h->kind, h->index, h->key, &note);
    sim_load_note(l, note.text);
    return 0;
}

static int cover_series(struct sim_loaded *l, const struct series *s, struct held h, struct err *e)
{
    if (s->n == 0)
        return 0;
    h.from_ms = s->start_ms;
    h.length_ms = (int64_t)s->n * s->step_ms;
    h.last_line = s->last_line;
    h.dated = true;
    return cover(l, &h, e);
}

static void cover_holidays(struct sim_loaded *l, size_t i)
{
    const struct scenario *s = &l->scenario;
    const struct scenario_site *x = &s->site[i];
    int64_t offset = (int64_t)x->utc_offset_min * 60000, lack = 0, first = 0;
    int64_t from = calendar_day(s->start.v + offset),
            to = calendar_day(s->start.v + offset + s->length_ms - 1);
    if (!x->holidays_file[0] || !x->holidays_zone[0])
        return;
    for (int64_t day = from; day <= to; day++)
        if (!calendar_knows(&l->inputs.site[i].calendar, day) && lack++ == 0)
            first = day;
    if (lack == 0)
        return;
    char date[DATE_TEXT_BYTES];
    struct err note = ERR_NULL;
    date_format(date, HOUSE_MS(first * DAY_MS));
    err_set(&note, 0,
            "%s says nothing of %" PRId64 " of %" PRId64 " days, the first %.10s: usual weeks there",
            x->holidays_file, lack, to - from + 1, date);
    scenario_blame_key(s, "site", i, "holidays_file", &note);
    sim_load_note(l, note.text);
}

int sim_cover(struct sim_loaded *l, struct err *e)
{
    const struct scenario *s = &l->scenario;
    int bad = 0;
    for (size_t i = 0; i < s->n_sites && !bad; i++) {
        const struct sim_site_inputs *in = &l->inputs.site[i];
        struct held h = {.kind = "site",
                         .index = i,
                         .key = "carbon_file",
                         .file = s->site[i].carbon_file,
                         .column = "utc_hour_start"};
        bad = cover_series(l, &in->carbon, h, e);
        h.key = "tariff_file";
        h.file = s->site[i].tariff_file;
        if (!bad)
            bad = cover_series(l, &in->tariff, h, e);
        cover_holidays(l, i);
    }
    for (size_t i = 0; i < s->n_zones && !bad; i++) {
        const struct sim_zones_inputs *in = &l->inputs.zones[i];
        struct held h = {.kind = "zones", .index = i, .key = "demand_file", .file = s->zones[i].demand_file};
        h.column = "demand";
        bad = cover_series(l, &in->demand, h, e);
        if (bad || in->draw.n == 0)
            continue;
        h = (struct held){.kind = "zones", .index = i, .key = "draw_file", .file = s->zones[i].draw_file};
        h.column = "flow";
        h.length_ms = (int64_t)in->draw.n * in->draw.step_ms;
        h.last_line = in->draw.n;
        bad = cover(l, &h, e);
    }
    return bad;
}
