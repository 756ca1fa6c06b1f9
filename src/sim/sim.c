// SPDX-License-Identifier: Apache-2.0
//
// The run: its steps, and what happens within them.
#include "sim/fetch.h"
#include "sim/published.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define OUTSIDE_MS 900000 // how often thermostats are told of the weather
#define HOUR_MS    3600000
#define DAY_MS     86400000
#define LEVELS_MS  600000
#define BACKLOG_MS 60000

// ---- what happens

static void script_next(struct sim_run *r)
{
    r->have_script = false;
    if (!r->in->script.next)
        return;
    if (r->in->script.next(r->in->script.ctx, &r->next_script, &r->err) <= 0)
        return;
    r->have_script = true;
    int64_t at = r->next_script.at_ms > r->now ? r->next_script.at_ms : r->now;
    queue_push(&r->queue, (struct happening){.at = at, .kind = HAPPEN_SCRIPT});
}

static void script_happens(struct sim_run *r)
{
    if (r->have_script)
        fault_happen(r, &r->next_script);
    script_next(r);
}

// Which of the zone's boards that is: some may have been put to sleep again, or begun anew.
static void zone_booted(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    bool any = false;
    drive_settle(r, zone);
    for (uint32_t i = z->first_board; i < z->first_board + z->n_boards; i++) {
        struct sim_board *b = &r->board[i];
        if (!b->booting || b->boot_end > r->now)
            continue;
        b->booting = false;
        any = true;
    }
    if (!any)
        return;
    zone_stale(r, z);
    zone_changed(r, zone);
}

static void board_event(struct sim_run *r, const struct happening *h)
{
    struct sim_board *b = &r->board[h->index];
    if (h->kind == HAPPEN_STAGED ? b->phase != BOARD_WAITS || b->lease != (uint64_t)h->extra
                                 : b->stamp != h->stamp)
        return;
    uint32_t zone = b->zone;
    drive_settle(r, zone);
    if (h->kind == HAPPEN_STAGED) {
        b->data_missing = false;
    } else if (b->phase == BOARD_RUNS && b->foreseen == h->extra) {
        job_end(r, h->index, ATTEMPT_SUCCESS);
    } else {
        return;
    }
    zone_stale(r, &r->zone[zone]);
    // Its end is told first and the board filled again; only if nothing comes it is driven without.
    if (h->kind == HAPPEN_END)
        link_settle(r);
    zone_changed(r, zone);
}

static void happens(struct sim_run *r, const struct happening *h)
{
    switch ((enum happen)h->kind) {
    case HAPPEN_SCRIPT:
        script_happens(r);
        break;
    case HAPPEN_FAULT:
        fault_strike(r, h->index);
        break;
    case HAPPEN_HEALED: {
        struct sim_happening back = {
            .at_ms = r->now, .kind = (enum sim_happening_kind)h->extra, .index = h->index};
        fault_happen(r, &back);
        break;
    }
    case HAPPEN_SCHEDULE:
        people_schedule(r, h->index);
        break;
    case HAPPEN_KNOB:
        people_knob(r, h->index);
        break;
    case HAPPEN_HEARD:
        people_heard(r, h->index);
        break;
    case HAPPEN_LINK:
        if (h->stamp == r->site[h->index].link_stamp)
            data_link(r, h->index);
        break;
    case HAPPEN_COPIED:
        data_copied(r, h->index, (uint64_t)h->extra);
        break;
    case HAPPEN_BOOTED:
        zone_booted(r, h->index);
        break;
    case HAPPEN_STAGED:
    case HAPPEN_END:
        board_event(r, h);
        break;
    case HAPPEN_LAPSE:
        fault_lapse(r, h->index);
        break;
    case HAPPEN_BEAT:
        link_beat(r, h->index);
        break;
    case HAPPEN_ARRIVAL:
        jobs_arrive(r);
        break;
    case HAPPEN_TICK:
        link_tick(r);
        break;
    }
}

// Which zone it is about that happens k turns from now; SIM_NONE: none, or none that is to be fetched.
static uint32_t zone_ahead(const struct sim_run *r, size_t k)
{
    const struct happening *h = queue_ahead(&r->queue, k);
    if (h && h->kind == HAPPEN_BOOTED)
        return h->index;
    return h && (h->kind == HAPPEN_END || h->kind == HAPPEN_STAGED) ? r->board[h->index].zone : SIM_NONE;
}

MEM_FETCHES void happening_fetch(const struct sim_run *r)
{
    const struct happening *h = queue_ahead(&r->queue, fetch_ahead[FETCH_ZONE] + 4);
    uint32_t turn[FETCH_STAGES];
    if (h && (h->kind == HAPPEN_END || h->kind == HAPPEN_STAGED))
        mem_fetch(&r->board[h->index], sizeof *r->board); // it says which zone
    for (int k = 0; k < FETCH_STAGES; k++)
        turn[k] = zone_ahead(r, fetch_ahead[k]);
    fetch_turn(r, turn, FETCH_CALLS);
}

// All that happens before `until`, each moment followed by one plan.
static void happen_until(struct sim_run *r, int64_t until)
{
    struct happening h;
    while (!r->err.code && queue_pop_before(&r->queue, until, &h)) {
        if (h.at > r->now)
            r->now = h.at;
        happening_fetch(r);
        happens(r, &h);
        const struct happening *next = queue_first(&r->queue);
        if (next && next->at <= r->now)
            continue;
        link_settle(r);
    }
}

// ---- a step

static void control(struct sim_run *r)
{
    if (r->t % OUTSIDE_MS == 0)
        for (uint32_t b = 0; b < r->n_batches; b++)
            lanes_set_outside(&r->rooms[b].lanes.heat,
                              (int32_t)num_round(r->site[r->rooms[b].site].outside_c * 1000));
    rooms_control(r);
    for (uint32_t k = 0; k < r->n_water; k++) {
        water_sense(r, r->water[k]);
        water_control(r, r->water[k]);
    }
}

static void zone_step(struct sim_run *r, uint32_t i)
{
    struct sim_zone *z = &r->zone[i];
    if (published_drives(r, z))
        return;
    const struct heat_watts q = request_w(r, z);
    int32_t want = q.target_w < q.max_w ? q.target_w : q.max_w, keep = zone_keep_w(r, z, false);
    want = want > keep ? want : keep;
    int32_t *last = z->water ? &z->last_want : &row_at(r, z)->want_w[in_row(z->at)];
    bool keeps = zone_keep_w(r, z, true) > 0;
    bool ok = !keeps && (z->water || thermostat_filler_allowed(&r->thermostat[i]));
    if (ok != z->filler_ok || keeps != z->keeps) {
        z->filler_ok = ok;
        z->keeps = keeps;
        zone_stale(r, z);
    }
    if (z->water)
        link_zone_news(r, i);
    int32_t bears = z->urgent && q.max_w > want ? q.max_w : want;
    bool same = want == *last && (!z->urgent || bears == z->bears_w) && z->hw_cap_w >= bears &&
                (z->low_since == INT64_MIN || z->resting || (!z->urgent && drive_as_it_is(r, i)));
    *last = want;
    if (!z->stale &&
        (same || (!heaters_deaf(r) && circuit_cap_w(r, z) < 0 && drive_same(r, i, want)))) {
        if (z->runs)
            job_foresee(r, i);
        return;
    }
    zone_stale(r, z);
    zone_changed(r, i);
}

// In the order of their numbers, those that need it.
static void zones_step(struct sim_run *r)
{
    size_t n = run_visit(r, r->attend, r->attend);
    for (size_t k = 0; k < n; k++) {
        fetch_listed(r, r->visit, n, k, FETCH_BOOKS);
        if (k + fetch_ahead[FETCH_ZONE] < n)
            __builtin_prefetch(&r->thermostat[r->visit[k + fetch_ahead[FETCH_ZONE]]].guards);
        zone_step(r, r->visit[k]);
    }
}

static void books(struct sim_run *r)
{
    for (uint32_t k = 0; k < r->n_water; k++) {
        struct sim_zone *z = &r->zone[r->water[k]];
        drive_settle(r, r->water[k]);
        int64_t asked_uj = (int64_t)z->request->target_w * 1000 * r->s->step_ms;
        z->agent_asked_uj += asked_uj;
        z->useful_uj += asked_uj < z->step_uj ? asked_uj : z->step_uj;
        z->total_uj += z->step_uj;
        r->site[z->site].it_uj += z->step_uj;
    }
    r->step_from = r->now;
}

static void check_caps(struct sim_run *r)
{
    for (uint32_t s = 0; s < r->s->n_sites; s++) {
        if (r->s->site[s].cap_w < 0)
            continue;
        int64_t mw = 0; // but for what sleeping boards cannot help drawing
        for (uint32_t i = 0; i < r->n_zones; i++)
            if (r->zone[i].site == s)
                mw += zone_mw(r, &r->zone[i]) -
                      r->zone[i].n_boards * (int64_t)r->s->board[r->zone[i].model].curve.sleep_mw;
        if ((double)mw > r->s->site[s].cap_w * 1e3 + 1000 && r->t > HOUR_MS)
            r->out->totals.violations++;
    }
}

// What zones keep of what their thermostats were told, so that nobody has to look there.
static void check_lifts(struct sim_run *r)
{
    for (uint32_t i = 0; r->o.check_balances && i < r->n_zones; i++) {
        const struct sim_zone *z = &r->zone[i];
        bool told = r->thermostat[i].lift_w > 0;
        if (told != z->lifted || (told && !z->urgent))
            r->out->totals.violations++;
    }
}

static void step(struct sim_run *r)
{
    r->now = r->t;
    if (r->t > 0) {
        r->step++;
        r->log_at = r->log_at + 1 == r->log_steps ? 0 : r->log_at + 1;
    }
    sky_step(r);
    people_step(r);
    control(r);
    link_tick(r);
    if (r->t > 0 && r->t % DAY_MS == 0)
        sites_tell(r);
    if (r->t > 0 && r->t % LEVELS_MS == 0)
        levels_tell(r);
    if (r->t % BACKLOG_MS == 0)
        jobs_backlog(r);
    if (r->published)
        published_step(r);
    zones_step(r);
    link_news(r);
    link_settle(r);
    happen_until(r, r->t + r->s->step_ms);
    r->now = r->t + r->s->step_ms;
    books(r);
    check_caps(r);
    check_lifts(r);
    rooms_step(r);
    for (uint32_t k = 0; k < r->n_water; k++) {
        water_step(r, r->water[k]);
        r->zone[r->water[k]].step_uj = 0;
    }
    measure_step(r);
    bound_step(r);
    by_day_step(r);
    r->out->totals.steps++;
}

static int run_all(struct sim_run *r, struct err *e)
{
    int bad = fleet_make(r, e);
    if (bad)
        return bad;
    measure_make(r);
    shown_make(r);
    bound_make(r);
    by_day_make(r);
    bad = published_make(r);
    if (!bad)
        bad = link_make(r, e);
    if (!bad)
        bad = jobs_make(r, e);
    if (bad)
        return bad;
    script_next(r);
    faults_make(r);
    for (r->t = 0; r->t < r->s->length_ms && !r->err.code; r->t += r->s->step_ms) {
        if (r->o.hooks.progress && r->t % HOUR_MS == 0)
            r->o.hooks.progress(r->o.hooks.ctx, r->t, r->s->length_ms);
        step(r);
    }
    if (r->err.code) {
        if (e)
            *e = r->err;
        return r->err.code;
    }
    if (r->o.hooks.progress)
        r->o.hooks.progress(r->o.hooks.ctx, r->s->length_ms, r->s->length_ms);
    for (uint32_t i = 0; i < r->n_zones; i++) {
        link_meters(r, i);
        link_sync(r, i);
    }
    link_settle(r);
    bound_result(r);
    return measure_result(r, e);
}

int sim_run(const struct scenario *s, struct sim_inputs *in, const struct sim_options *o,
            struct sim_result *out, struct err *e)
{
    struct sim_result made = {.seed = s->seed, .start = s->start, .length_ms = s->length_ms};
    struct sim_run r = {.s = s, .in = in, .o = *o, .out = &made};
    memcpy(made.scenario, s->name, sizeof made.scenario);
    memcpy(made.policy, s->policy, sizeof made.policy);
    int bad = run_all(&r, e);
    measure_free(&r);
    bound_free(&r);
    by_day_free(&r);
    jobs_free(&r);
    data_free(&r);
    link_free(&r);
    drive_free(&r);
    published_free(&r);
    fleet_free(&r);
    queue_free(&r.queue);
    sim_workload_free(&in->work);
    sim_script_free(&in->script);
    if (bad) {
        sim_result_deinit(&made);
        return bad;
    }
    *out = made;
    return 0;
}
