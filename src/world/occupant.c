// SPDX-License-Identifier: Apache-2.0
//
// Heat of a person: 80 W up, 60 W asleep. Four tenths of the archetype's mean run always and six while
// somebody is up and in (nine hours of a usual day); with one person that makes 124 W over the week in 30 m2
// of 4 W/m2.
#include "world/occupant.h"

#include "base/hash.h"
#include "base/num.h"
#include "base/rng.h"

#define AIRINGS 2

static const double PERSON_UP_W = 80, PERSON_ASLEEP_W = 60;

// Minutes of the local day; an interval is from <= minute < to, empty where from >= to.
struct interval {
    int from, to;
};

struct day {
    struct interval up;   // awake, in or out
    struct interval away; // nobody is in
    bool night;           // people sleep here
    struct interval airing[AIRINGS];
};

static bool within(struct interval i, int minute)
{
    return minute >= i.from && minute < i.to;
}

static int around(struct rng *r, int minute, int spread)
{
    return minute - spread + (int)rng_below(r, (uint64_t)spread * 2 + 1);
}

static struct interval airing_after(struct rng *r, int from)
{
    int start = from + 5 + (int)rng_below(r, 40);
    return (struct interval){start, start + 5 + (int)rng_below(r, 11)};
}

static struct day draw_day(const struct occupant *o, int64_t number, int weekday)
{
    struct rng r;
    rng_seed(&r, hash_mix(hash_i64(hash_i64(HASH_SEED, (int64_t)o->seed), number)));
    bool weekend = weekday == 0 || weekday == 6;
    struct day d = {.night = o->kind == OCCUPANT_HOME};
    if (o->kind == OCCUPANT_HOME) {
        d.up = (struct interval){around(&r, weekend ? 480 : 390, 30), around(&r, 1365, 45)};
        bool out = !weekend && rng_below(&r, 10) >= 2;
        struct interval away = {around(&r, 495, 30), around(&r, 1080, 60)};
        d.away = out ? away : (struct interval){0, 0};
    } else {
        d.up = (struct interval){around(&r, 525, 30), around(&r, 1080, 45)};
        d.away = weekend ? (struct interval){0, 1440} : (struct interval){0, 0};
    }
    bool first = rng_below(&r, 10) < 7, second = rng_below(&r, 10) < 2;
    struct interval morning = airing_after(&r, d.up.from), later = airing_after(&r, around(&r, 1110, 20));
    d.airing[0] = first ? morning : (struct interval){0, 0};
    d.airing[1] = second ? later : (struct interval){0, 0};
    return d;
}

void occupant_init(struct occupant *o, enum occupant_kind kind, uint64_t seed, int64_t zone_ms,
                   double floor_m2, double internal_w_m2)
{
    double mean_w = num_max(0, floor_m2 * internal_w_m2);
    *o = (struct occupant){
        .kind = kind, .seed = seed, .zone_ms = zone_ms, .base_w = 0.4 * mean_w, .live_w = 0.6 * mean_w};
    // A room with a heater: one person to each 25 m2 at home, to each 12 m2 at work.
    o->people = (int)num_clamp(floor_m2 / (kind == OCCUPANT_HOME ? 25 : 12), 1, 200);
}

static void at_minute(const struct occupant *o, const struct day *d, int minute, struct occupant_now *out)
{
    bool up = within(d->up, minute), in = !within(d->away, minute) && (up || d->night);
    *out = (struct occupant_now){.people = in ? o->people : 0, .awake = in && up};
    for (int i = 0; i < AIRINGS; i++)
        out->window_open |= out->awake && within(d->airing[i], minute);
    out->internal_w =
        o->base_w + (out->awake ? o->live_w : 0) + out->people * (out->awake ? PERSON_UP_W : PERSON_ASLEEP_W);
}

void occupant_at(const struct occupant *o, house_ms t, struct occupant_now *out)
{
    struct civil c = civil_from_ms(t.v + o->zone_ms);
    int64_t midnight_ms = civil_to_ms(c.year, c.month, c.day, 0, 0, 0);
    struct day d = draw_day(o, midnight_ms / 86400000, c.weekday);
    at_minute(o, &d, c.hour * 60 + c.minute, out);
}

int occupant_day(const struct occupant *o, int64_t day, bool closed,
                 struct occupant_change out[OCCUPANT_CHANGES_MAX])
{
    struct day d = draw_day(o, day, closed ? 0 : (int)((day + 4) % 7));
    int edge[OCCUPANT_CHANGES_MAX] = {0, d.up.from, d.up.to, d.away.from, d.away.to}, n = 5, made = 0;
    for (int i = 0; i < AIRINGS; i++) {
        edge[n++] = d.airing[i].from;
        edge[n++] = d.airing[i].to;
    }
    for (int i = 1; i < n; i++) { // a dozen at most: insertion
        int e = edge[i], k = i;
        for (; k > 0 && edge[k - 1] > e; k--)
            edge[k] = edge[k - 1];
        edge[k] = e;
    }
    for (int i = 0; i < n; i++) {
        if (edge[i] < 0 || edge[i] > 1439 || (i > 0 && edge[i] == edge[i - 1]))
            continue;
        out[made].minute = edge[i];
        at_minute(o, &d, edge[i], &out[made++].now);
    }
    return made;
}
