// SPDX-License-Identifier: Apache-2.0
//
// Short questions about a zone of a run, and what is to be set with it. Part of sim/run.h, which includes it at its end.
#ifndef ONDOL_SIM_RUN_ZONE_H
#define ONDOL_SIM_RUN_ZONE_H

#include "sim/run.h"

// What a room was driven at, one after the other.
static inline uint32_t decided_next(uint32_t hash, int32_t want_w, int32_t step)
{
    hash = (hash ^ (uint32_t)want_w ^ (uint32_t)step * 0x85ebca6bu) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

static inline bool request_moved(int32_t a, int32_t b, int32_t by)
{
    return a > b + by || b > a + by || (a == 0) != (b == 0);
}

static inline struct sim_lanes *lanes_of(const struct sim_run *r, const struct sim_zone *z)
{
    return &r->rooms[z->batch].lanes;
}

static inline struct sim_row *lane_row(const struct sim_lanes *l, uint32_t at)
{
    return &l->row[at / WIDE_ROW];
}

static inline struct sim_row *row_at(const struct sim_run *r, const struct sim_zone *z)
{
    return lane_row(lanes_of(r, z), z->at);
}

// Which of a row's values, and of its bits, are a room's.
static inline uint32_t in_row(uint32_t at)
{
    return at % WIDE_ROW;
}

static inline uint16_t row_bit(uint32_t at)
{
    return (uint16_t)(1u << at % WIDE_ROW);
}

static inline struct heat_watts request_w(const struct sim_run *r, const struct sim_zone *z)
{
    if (z->water)
        return (struct heat_watts){z->request->target_w, z->request->max_w, z->request->min_w};
    const struct heat_lanes *l = &lanes_of(r, z)->heat;
    return (struct heat_watts){l->target_w[z->at], l->max_w[z->at], l->min_w[z->at]};
}

static inline int32_t zone_mw(const struct sim_run *r, const struct sim_zone *z)
{
    return z->water ? z->total_mw : lanes_of(r, z)->heat.draw_mw[z->at];
}

// Of what a site has drawn, the whole joules: in microjoules 64 bits hold no more than 2,562 MWh.
static inline void site_joules(struct sim_site *x)
{
    x->it_j += x->it_uj / 1000000;
    x->it_uj %= 1000000;
    x->last_it_uj = x->it_uj;
}

static inline int64_t asked_uj(const struct sim_run *r, int32_t asked_w)
{
    return (int64_t)asked_w * 1000 * r->s->step_ms;
}

// Of a room, since its lanes were flushed and until the step that is under way.
static inline int64_t lane_useful_uj(const struct sim_run *r, const struct sim_row *w, uint32_t j)
{
    return w->useful_mw[j] * r->s->step_ms + (int64_t)w->useful_uj[j];
}

static inline int64_t lane_total_uj(const struct sim_run *r, const struct sim_row *w, uint32_t j)
{
    return w->drawn_mw[j] * r->s->step_ms + (int64_t)w->total_uj[j];
}

static inline int64_t step_uj(const struct sim_run *r, const struct sim_zone *z)
{
    return z->water ? z->step_uj : (int64_t)row_at(r, z)->booked_uj[in_row(z->at)];
}

// Low-power mode: what its boards at work may draw, whatever heat it wants. `all`: if all of them worked.
static inline int32_t zone_keep_w(struct sim_run *r, const struct sim_zone *z, bool all)
{
    if (z->water || !r->rooms[z->batch].keep_w)
        return 0;
    const struct thermostat_config *c = &r->thermostat[z - r->zone].cfg;
    return thermostat_keep_share_w(c, lanes_request(&lanes_of(r, z)->heat, z->at)->keep_w,
                                   all ? c->keep_boards : z->runs);
}

// A room is looked at in every step while its boards are not yet driven as they should be, or wait for sleep,
// while urgent work may draw what it bears, and where there is low-power mode.
static inline void zone_restless(struct sim_run *r, struct sim_zone *z)
{
    if (z->water)
        return;
    if (z->stale)
        drive_slow(r, z);
    struct sim_row *w = row_at(r, z);
    bool waits = z->low_since != INT64_MIN && !z->resting && w->fast[in_row(z->at)] < 0;
    bool restless = z->stale || z->urgent || waits || r->rooms[z->batch].keep_w;
    w->restless = (uint16_t)(restless ? w->restless | row_bit(z->at) : w->restless & ~row_bit(z->at));
}

// When a room is to be looked at though its watts are as they were: an instance may end, or its boards have waited
// for sleep in the lanes for long enough.
static inline void zone_next_look(struct sim_run *r, const struct sim_zone *z)
{
    struct sim_row *w = row_at(r, z);
    int64_t step_ms = r->s->step_ms, quiet = z->runs ? int_quotient(z->quiet_until, step_ms) : INT64_MAX;
    if (z->low_since != INT64_MIN && w->fast[in_row(z->at)] >= 0) {
        int64_t due = int_quotient(z->low_since + SLEEP_AFTER_MS + step_ms - 1, step_ms) + 1;
        quiet = due < quiet ? due : quiet;
    }
    w->quiet_step[in_row(z->at)] = (int32_t)int_clamp(quiet, 0, INT32_MAX);
}

// When its levels are to be looked at again; INT64_MAX: only when something changes.
static inline void zone_levels_next(struct sim_run *r, struct sim_zone *z, int64_t at)
{
    z->levels_at = at;
    if (z->water)
        return;
    int64_t step_ms = r->s->step_ms;
    struct sim_row *w = row_at(r, z);
    w->crawled[in_row(z->at)] = z->crawls;
    w->levels_step[in_row(z->at)] =
        at < INT32_MAX * step_ms ? (int32_t)int_quotient(at + step_ms - 1, step_ms) : INT32_MAX;
}

// Of what is kept of a row in sim_run.draw: its milliwatts, then four bits of who crawls, then what all its boards run.
static inline int32_t draw_entry(const struct drive_row *row)
{
    if (row->total_mw >= 1 << (31 - DRAW_SHIFT))
        return -1; // it is asked for every time
    return row->total_mw << DRAW_SHIFT | row->crawls << 4 | (row->alike ? row->run[0] : DRIVE_MIXED);
}

// An instance more on its boards, or one less.
static inline void zone_runs(struct sim_run *r, struct sim_zone *z, int sign)
{
    uint32_t zone = (uint32_t)(z - r->zone);
    uint64_t bit = UINT64_C(1) << zone % 64;
    z->runs = (int16_t)(z->runs + sign);
    r->busy[zone / 64] = z->runs ? r->busy[zone / 64] | bit : r->busy[zone / 64] & ~bit;
}

// The zones whose bits are set in both, in order, into `visit`; those of the first are empty afterwards.
static inline size_t run_visit(struct sim_run *r, uint64_t *bits, const uint64_t *of)
{
    size_t n = 0;
    for (uint32_t w = 0; w <= r->n_zones / 64; w++) {
        for (uint64_t left = bits[w] & of[w]; left; left &= left - 1)
            r->visit[n++] = w * 64 + (uint32_t)__builtin_ctzll(left);
        bits[w] = 0;
    }
    return n;
}

static inline void zone_stale(struct sim_run *r, struct sim_zone *z)
{
    z->stale = true;
    zone_restless(r, z);
}

// Most that a zone's circuit bears; below 0: all.
static inline double circuit_cap_w(const struct sim_run *r, const struct sim_zone *z)
{
    double own_w = r->s->zones[z->group].circuit_cap_w;
    return own_w < 0 ? r->s->site[z->site].circuit_cap_w : own_w > 0 ? own_w : -1;
}

// Of a request, what somebody decides by. What is borne beyond what is wanted is for urgent work only; and where no
// more is wanted than one board draws without work, and nothing is owed, it is as if nothing were.
static inline struct heat_watts decisive(bool borne, struct heat_watts q, int32_t idle_w)
{
    if (borne)
        return q;
    int32_t want = q.target_w < q.max_w ? q.target_w : q.max_w;
    return (struct heat_watts){.target_w = want > idle_w || q.min_w > 0 ? want : 0, .min_w = q.min_w};
}

// As the engine's price table has it (move_ratio_permille): twice as fast is not possible elsewhere. Of a board's
// work in MHz, all its cores'.
static inline bool is_crawl(const struct sim_run *r, uint8_t model, enum activity run, int32_t work_mhz)
{
    const struct curve *c = &r->s->board[model].curve;
    return !activity_is_task(run) ||
           work_mhz < (c->p[c->n - 1].freq_mhz + 1) / 2 * r->s->board[model].spec.cores;
}

static inline int32_t idle_w(const struct sim_run *r, const struct sim_zone *z)
{
    return r->s->board[z->model].curve.idle_mw / 1000;
}

// Heaters that draw what a mutant says, whatever the thermostat asks for.
static inline bool heaters_deaf(const struct sim_run *r)
{
    const struct sim_mutants *m = &r->o.mutants;
    return m->thermostat_off || m->heaters_full || m->heaters_none;
}

// Whether the engine should hear of the zone's request.
static inline bool link_worth_telling(struct sim_run *r, const struct sim_zone *z)
{
    const struct heat_watts q = decisive(r->tells_borne, request_w(r, z), idle_w(r, z)), *told = &z->told;
    if (r->o.mutants.planner_blind)
        return !z->told_any;
    return !z->told_any || request_moved(q.target_w, told->target_w, z->tell_w) ||
           request_moved(q.max_w, told->max_w, 2 * z->tell_w) ||
           request_moved(q.min_w, told->min_w, z->tell_w) ||
           request_moved(zone_keep_w(r, z, true), z->told_keep_w, z->tell_w);
}

#endif
