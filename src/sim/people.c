// SPDX-License-Identifier: Apache-2.0
//
// People: who is in, which window is open, how they set the knob.
//
// A day of every room is drawn at its midnight and kept as changes in order of the minute. Knobs are turned
// as the published traces of May 2019 show (AdwaitB/greco-p2p-analysis): four heaters in ten are never
// touched, the others about every second day, around 7-10, 17-18 and 21-22 h; half of the time stands at 16,
// a fifth at 26, the rest between.
#include "sim/run.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"
#include "core/heat/ahead.h"
#include "world/occupant.h"

#define DAY_MS    INT64_C(86400000)
#define LATE_MS   3600000 // mutants.steps_late
#define MINUTE_MS 60000
#define PUPIL_W   85.0
#define HEAT_MS   600000
#define HOT_C     26.5

enum { SOMEBODY = 1, AIRS = 2, AIRS_HEAT = 4 };

// What a room's people do from a minute on. A large fleet has millions of these a day.
struct occupancy {
    double internal_w;
    uint32_t batch; // the room
    uint16_t at;
    uint8_t state; // SOMEBODY, AIRS
};

struct people {
    struct occupant *who; // one a zone
    uint8_t *state;       // bits: somebody is in, the day says open, open against the heat
    uint32_t n_against;   // rooms whose window is open against the heat
    uint32_t start[1441]; // of each minute of today, in change
    struct occupancy *change;  // in order
    struct occupancy *drawn;   // room by room, while a day is drawn
    size_t n, cap_change, cap; // cap: of drawn
    uint16_t *minute;
    size_t n_minute, cap_minute;
    int64_t day; // drawn; local of the first site
    int next;    // minute that comes next
};

static int64_t local_day(const struct sim_run *r, uint32_t site, int64_t t)
{
    return calendar_day(r->s->start.v + t + r->site[site].offset_ms);
}

static void site_day(struct sim_run *r, uint32_t site)
{
    const struct scenario_site *s = &r->s->site[site];
    const struct calendar *c = &r->in->site[site].calendar;
    struct sim_site *x = &r->site[site];
    int64_t standard = (int64_t)s->utc_offset_min * 60000, now = r->s->start.v + r->t;
    x->offset_ms = s->calendar == CALENDAR_FRENCH ? calendar_eu_offset_ms(now, standard) : standard;
    int64_t day = local_day(r, site, r->t);
    bool work = calendar_weekday(day) >= 1 && calendar_weekday(day) <= 5;
    bool summer =
        false; // without a table of school holidays: July and August, and two weeks around the new year
    struct civil d = civil_from_ms(day * DAY_MS);
    if (!calendar_knows(c, day))
        summer = d.month == 7 || d.month == 8 || (d.month == 12 && d.day > 20) || (d.month == 1 && d.day < 4);
    x->closed = s->calendar == CALENDAR_FRENCH && calendar_is_public(c, day);
    x->school = work && !x->closed && !summer && !calendar_is_school(c, day);
}

// A class of 30: 8 to 12 and 13 to 17 h on school days; the air is changed while they are in (the window's
// ventilation).
static void class_day(struct sim_run *r, uint32_t zone, struct occupant_change out[OCCUPANT_CHANGES_MAX],
                      int *n)
{
    const struct scenario_zones *g = &r->s->zones[r->zone[zone].group];
    double pupils = g->room.floor_m2 / 2, base = 0.5 * g->internal_w_m2 * g->room.floor_m2;
    struct occupant_now in = {.people = (int)pupils,
                              .awake = true,
                              .window_open = g->windows,
                              .internal_w = base + pupils * PUPIL_W};
    struct occupant_now away = {.internal_w = base};
    *n = 1;
    out[0] = (struct occupant_change){0, away};
    if (!r->site[r->zone[zone].site].school)
        return;
    static const int hour[4] = {8, 12, 13, 17};
    for (int i = 0; i < 4; i++)
        out[(*n)++] = (struct occupant_change){hour[i] * 60, i % 2 == 0 ? in : away};
}

static void zone_day(struct sim_run *r, uint32_t zone, int64_t day)
{
    struct people *p = r->people;
    const struct sim_zone *z = &r->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    struct occupant_change c[OCCUPANT_CHANGES_MAX];
    int n = 0;
    if (g->people == PEOPLE_CLASS)
        class_day(r, zone, c, &n);
    else
        n = occupant_day(&p->who[zone], day, r->site[z->site].closed, c);
    for (int i = 0; i < n; i++) {
        const struct occupant_now *now = &c[i].now;
        int state = (now->people > 0 ? SOMEBODY : 0) | (now->window_open && g->windows ? AIRS : 0);
        *VEC_PUSH(p->drawn, p->n, p->cap) =
            (struct occupancy){now->internal_w, z->batch, (uint16_t)z->at, (uint8_t)state};
        *VEC_PUSH(p->minute, p->n_minute, p->cap_minute) = (uint16_t)c[i].minute;
    }
}

// Sorted by the minute, stably: counting.
static void sort_day(struct people *p)
{
    uint32_t count[1441] = {0};
    for (size_t i = 0; i < p->n; i++)
        count[p->minute[i] + 1]++;
    for (int m = 0; m < 1440; m++)
        count[m + 1] += count[m];
    for (int m = 0; m <= 1440; m++)
        p->start[m] = count[m];
    if (p->n > p->cap_change) {
        free(p->change);
        p->change = mem_array(p->n, sizeof *p->change);
        p->cap_change = p->n;
    }
    for (size_t i = 0; i < p->n; i++)
        p->change[count[p->minute[i]]++] = p->drawn[i];
}

static void draw_day(struct sim_run *r, int64_t day)
{
    struct people *p = r->people;
    p->n = p->n_minute = 0;
    for (uint32_t i = 0; i < r->s->n_sites; i++)
        site_day(r, i);
    for (uint32_t i = 0; i < r->n_zones; i++)
        if (r->zone[i].kind == ZONE_KIND_ROOM && r->s->zones[r->zone[i].group].people != PEOPLE_NONE)
            zone_day(r, i, day);
    sort_day(p);
    p->day = day;
    p->next = 0;
}

static void take(struct sim_run *r, const struct occupancy *c)
{
    struct room_batch *b = &r->batch[c->batch];
    uint8_t *state = &r->people->state[r->rooms[c->batch].zone[c->at]];
    b->internal_w[c->at] = c->internal_w;
    *state = (uint8_t)((*state & AIRS_HEAT) | c->state);
    b->window_open[c->at] = (*state & (AIRS | AIRS_HEAT)) != 0;
}

WIDE_INLINE void any_hot_any(const double *air_c, size_t n, int64_t *some)
{
    int64_t any = 0;
    WIDE_LOOP
    for (size_t i = 0; i < n; i++)
        any |= wide_mask(air_c[i] >= HOT_C);
    *some = any;
}
WIDE(any_hot, (const double *air_c, size_t n, int64_t *some), (air_c, n, some))

// Whoever is in a room that is too warm opens the window while it is cooler outside.
static void against_heat(struct sim_run *r)
{
    for (uint32_t b = 0; b < r->n_batches; b++) {
        const struct sim_rooms *rooms = &r->rooms[b];
        double outside = r->site[rooms->site].outside_c;
        int64_t some;
        if (!r->s->zones[rooms->group].windows)
            continue;
        any_hot(r->batch[b].air_c, wide_end(rooms->n), &some);
        if (!some && r->people->n_against == 0)
            continue;
        for (uint32_t i = 0; i < rooms->n; i++) {
            if (rooms->zone[i] == LANE_EMPTY)
                continue;
            uint8_t *state = &r->people->state[rooms->zone[i]];
            double air = r->batch[b].air_c[i];
            bool open = *state & AIRS_HEAT;
            if (!open && air < HOT_C)
                continue;
            bool want = (*state & SOMEBODY) && outside < air - 1 && air > (open ? HOT_C - 2.5 : HOT_C);
            *state = (uint8_t)(want ? *state | AIRS_HEAT : *state & ~AIRS_HEAT);
            r->people->n_against += (uint32_t)want - (uint32_t)open;
            r->batch[b].window_open[i] = (*state & (AIRS | AIRS_HEAT)) != 0;
        }
    }
}

// All sites go by the local time of the first: a day of people is a day of people.
void people_step(struct sim_run *r)
{
    struct people *p = r->people;
    int64_t local = r->s->start.v + r->t + r->site[0].offset_ms, day = calendar_day(local);
    if (day != p->day)
        draw_day(r, day);
    int minute = (int)((local - day * DAY_MS) / MINUTE_MS);
    for (; p->next <= minute; p->next++)
        for (uint32_t i = p->start[p->next]; i < p->start[p->next + 1]; i++)
            take(r, &p->change[i]);
    if (r->t % HEAT_MS == 0)
        against_heat(r);
}

int people_make(struct sim_run *r, struct err *e)
{
    (void)e;
    struct people *p = r->people = mem_alloc(sizeof *p);
    p->who = mem_array((size_t)r->n_zones + 1, sizeof *p->who);
    p->state = mem_array((size_t)r->n_zones + 1, 1);
    p->day = INT64_MIN;
    for (uint32_t i = 0; i < r->s->n_sites; i++)
        site_day(r, i);
    for (uint32_t i = 0; i < r->n_zones; i++) {
        struct sim_zone *z = &r->zone[i];
        const struct scenario_zones *g = &r->s->zones[z->group];
        uint64_t seed = hash_mix(hash_i64(hash_i64(HASH_SEED, (int64_t)r->s->seed), i));
        rng_seed(&z->rng, seed);
        if (g->kind != ZONE_KIND_ROOM)
            continue;
        occupant_init(&p->who[i], g->people == PEOPLE_OFFICE ? OCCUPANT_OFFICE : OCCUPANT_HOME,
                      rng_next(&z->rng), 0, g->room.floor_m2, g->internal_w_m2);
        if (g->people == PEOPLE_NONE)
            r->batch[z->batch].internal_w[z->at] = g->internal_w_m2 * g->room.floor_m2;
    }
    return 0;
}

void people_free(struct sim_run *r)
{
    if (!r->people)
        return;
    free(r->people->who);
    free(r->people->state);
    free(r->people->change);
    free(r->people->drawn);
    free(r->people->minute);
    free(r->people);
}

// ---- knobs and week plans

static void wish_now(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    house_ms now = house_add(r->s->start, r->now);
    int64_t offset_ms = r->site[z->site].offset_ms;
    struct zone_wish w = z->base, ahead;
    if (z->schedule)
        w = schedule_wish(z->schedule, &z->base, HOUSE_MS(0), now, offset_ms);
    z->wish = w;
    z->look_at = z->schedule ? schedule_next(z->schedule, HOUSE_MS(0), now, offset_ms) : now;
    if (z->kind != ZONE_KIND_ROOM)
        return;
    struct sim_rooms *rooms = &r->rooms[z->batch];
    if (w.mode == ZONE_OFF && z->low_since != INT64_MIN && !z->may_sleep_now)
        row_at(r, z)->restless |= row_bit(z->at); // its boards wait no longer
    struct thermostat *t = lanes_pull(&rooms->lanes.heat, z->at);
    rooms->shadow.setpoint_c[z->at] =
        thermostat_setpoint_c(t, &w); // nobody tells the ideal heater what will be
    if (r->o.mutants.steps_late && r->now > 0) {
        queue_push(&r->queue,
                   (struct happening){.at = r->now + LATE_MS, .kind = HAPPEN_HEARD, .index = zone});
        return;
    }
    if (z->schedule && !r->o.mutants.steps_late)
        ahead = ahead_wish(t, z->schedule, &z->base, HOUSE_MS(0), now, offset_ms, &z->look_at);
    else
        ahead = w;
    thermostat_set_wish(t, &ahead);
    lanes_push(&rooms->lanes.heat, z->at);
}

void people_heard(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct heat_lanes *l = &r->rooms[z->batch].lanes.heat;
    thermostat_set_wish(lanes_pull(l, z->at), &z->wish);
    lanes_push(l, z->at);
}

void zone_wish_set(struct sim_run *r, uint32_t zone, struct zone_wish base)
{
    r->zone[zone].base = base;
    wish_now(r, zone);
}

void people_schedule(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    wish_now(r, zone);
    int64_t at = house_since(z->look_at, r->s->start);
    // Clocks may be changed on the way: look again at midnight at the latest.
    int64_t midnight = (r->now / DAY_MS + 1) * DAY_MS;
    queue_push(&r->queue, (struct happening){.at = at > r->now && at < midnight ? at : midnight,
                                             .kind = HAPPEN_SCHEDULE,
                                             .index = zone});
}

static double drawn_setpoint(struct rng *rng)
{
    double u = rng_unit(rng);
    if (u < 0.50)
        return 16;
    if (u < 0.60)
        return 17 + (double)rng_below(rng, 5) * 0.5;
    if (u < 0.67)
        return 20;
    if (u < 0.81)
        return 21 + (double)rng_below(rng, 9) * 0.5;
    return 26;
}

// Minute of the local day at which a hand goes to a knob.
static int64_t drawn_minute(struct rng *rng)
{
    static const int16_t from[] = {420, 1020, 1260, 0}, length[] = {180, 90, 90, 1440};
    uint64_t u = rng_below(rng, 100);
    int which = u < 35 ? 0 : u < 55 ? 1 : u < 75 ? 2 : 3;
    return from[which] + (int64_t)rng_below(rng, (uint64_t)length[which]);
}

void people_knob(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (r->now > 0 || z->touches) {
        double c = drawn_setpoint(&z->rng);
        zone_wish_set(r, zone, (struct zone_wish){ZONE_COMFORT, (int32_t)(c * 1000)});
    }
    // 0.5 a day for those who touch it: median 7 changes in 14 days
    int64_t days = 0;
    while (days < 60 && rng_unit(&z->rng) >= 0.5)
        days++;
    int64_t midnight = ((r->s->start.v + r->now + r->site[z->site].offset_ms) / DAY_MS + 1 + days) * DAY_MS;
    int64_t at = midnight + drawn_minute(&z->rng) * MINUTE_MS - r->site[z->site].offset_ms - r->s->start.v;
    if (z->touches)
        queue_push(&r->queue, (struct happening){.at = at, .kind = HAPPEN_KNOB, .index = zone});
}
