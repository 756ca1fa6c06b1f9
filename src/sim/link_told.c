// SPDX-License-Identifier: Apache-2.0
//
// What of a zone is worth telling the engine, and when: what it wants, what its meters show.
#include "sim/fetch.h"
#include "sim/link.h"

// How many joules until when only people are shown, who do not look here; watts are in the lanes.
static struct heat_request room_request(struct sim_run *r, const struct sim_zone *z)
{
    if (r->rooms[z->batch].keep_w)
        return *lanes_request(&lanes_of(r, z)->heat, z->at);
    struct heat_watts w = request_w(r, z);
    return (struct heat_request){.target_w = w.target_w,
                                 .min_w = w.min_w,
                                 .max_w = w.max_w,
                                 .t_up_s = INT32_MAX,
                                 .t_down_s = INT32_MAX,
                                 .valid_until = link_wall(r)};
}

static void note_told(struct sim_run *r, struct sim_zone *z, struct heat_watts w, int32_t keep_w)
{
    z->told = decisive(r->tells_borne, w, idle_w(r, z));
    z->told_keep_w = keep_w;
    z->told_any = true;
    if (!z->water) {
        struct sim_row *row = row_at(r, z);
        row->told_target_w[in_row(z->at)] = z->told.target_w;
        row->told_max_w[in_row(z->at)] = z->told.max_w;
        row->told_min_w[in_row(z->at)] = z->told.min_w;
    }
}

void link_zone_report(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct heat_request q = z->water ? *z->request : room_request(r, z);
    if (r->o.mutants.planner_blind)
        q = (struct heat_request){.target_w = z->nameplate_w,
                                  .min_w = z->nameplate_w / 2,
                                  .max_w = z->nameplate_w,
                                  .t_up_s = INT32_MAX,
                                  .t_down_s = INT32_MAX,
                                  .valid_until = q.valid_until};
    struct report *rep = link_report(r, zone, REPORT_ZONE);
    link_name(rep->name, 'z', zone);
    rep->zone.room_mc = room_mc(r, zone);
    rep->zone.setpoint_mc = z->wish.setpoint_mc;
    rep->zone.mode = z->wish.mode;
    rep->zone.guard = z->water ? GUARD_NONE : r->thermostat[zone].guard;
    rep->zone.draw_w = zone_mw(r, z) / 1000;
    rep->zone.request = q;
    note_told(r, z, (struct heat_watts){q.target_w, q.max_w, q.min_w}, q.keep_w);
}

void link_zone_news(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    if (z->down || z->cut || !link_worth_telling(r, z))
        return;
    link_zone_report(r, zone);
    link_sync(r, zone);
}

// A market decides by requests when something waits to be placed and at no other time: until then what has
// moved is kept back, and told as it stands when it is needed. Policies that stop work by what a zone asks
// for, and caps that are shared out by it, are told at once.
static bool decides_by_requests(const struct sim_run *r)
{
    int64_t waiting = 0;
    for (size_t a = 0; a < ARRAY_LEN(r->waiting); a++)
        waiting += r->waiting[a];
    return r->tells_at_once || waiting > 0;
}

// Of a room that was told of before, for the call of all.
static void zone_wants(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (z->down || z->cut || !link_worth_telling(r, z))
        return;
    struct heat_watts w = request_w(r, z);
    int32_t keep_w =
        !z->water && r->rooms[z->batch].keep_w ? lanes_request(&lanes_of(r, z)->heat, z->at)->keep_w : 0;
    *VEC_PUSH(r->want, r->n_wants, r->cap_wants) = (struct zone_want){
        .zone = z->id, .target_w = w.target_w, .min_w = w.min_w, .max_w = w.max_w, .keep_w = keep_w};
    note_told(r, z, w, keep_w);
}

static void tell_wants(struct sim_run *r)
{
    if (r->n_wants == 0)
        return;
    struct event ev = {.kind = EVENT_ZONES_WANT, .wants = {.zone = r->want, .n = r->n_wants}};
    link_event(r, &ev);
    r->out->totals.syncs++;
    r->n_wants = 0;
}

void link_news(struct sim_run *r)
{
    if (r->news_step == r->step || !decides_by_requests(r))
        return;
    r->news_step = r->step; // thermostats move once a step
    rooms_news(r);
    size_t n = run_visit(r, r->attend, r->attend);
    for (size_t k = 0; k < n; k++) {
        uint32_t zone = r->visit[k];
        fetch_told(r, k + TOLD_AHEAD < n ? r->visit[k + TOLD_AHEAD] : SIM_NONE,
                   k + TOLD_AHEAD / 2 < n ? r->visit[k + TOLD_AHEAD / 2] : SIM_NONE);
        if (r->tells_together && r->zone[zone].told_any)
            zone_wants(r, zone);
        else
            link_zone_news(r, zone);
    }
    tell_wants(r);
}

// ---- meters

static void board_meter(struct sim_run *r, uint32_t board)
{
    const struct sim_board *b = &r->board[board];
    struct report *rep = link_report(r, b->zone, REPORT_METER_BOARD);
    int64_t all = 0;
    link_name(rep->name, 'b', board);
    for (int a = 0; a < ACTIVITY_UNATTRIBUTED; a++) {
        int64_t uj = board_uj(r, board, (enum activity)a), base = b->base_uj ? b->base_uj[a] : 0;
        all += uj;
        rep->meter_board.part_mj[a] = (uj - base) / 1000;
        rep->meter_board.part_ms[a] = board_ms(r, board, (enum activity)a);
    }
    rep->meter_board.raw_mj = all / 1000;
}

static void lease_meter(struct sim_run *r, uint32_t board)
{
    const struct sim_board *b = &r->board[board];
    if (b->phase != BOARD_RUNS)
        return;
    struct report *rep = link_report(r, b->zone, REPORT_METER_LEASE);
    rep->lease = b->lease;
    rep->meter_lease.energy_mj = b->lease_uj / 1000;
    rep->meter_lease.core_ms = (r->now - b->started_at) * r->s->board[r->zone[b->zone].model].spec.cores;
}

void link_board_meters(struct sim_run *r, uint32_t board)
{
    board_meter(r, board);
    lease_meter(r, board);
}

void link_meters(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    drive_settle(r, zone);
    for (uint32_t i = 0; i < z->n_boards; i++)
        link_board_meters(r, z->first_board + i);
    struct report *rep = link_report(r, zone, REPORT_METER_ZONE);
    link_name(rep->name, 'z', zone);
    int64_t asked = z->agent_asked_uj, useful = z->useful_uj, total = z->total_uj + step_uj(r, z);
    if (!z->water) {
        const struct sim_row *w = row_at(r, z);
        uint32_t j = in_row(z->at);
        asked += asked_uj(r, w->asked_w[j]);
        useful += lane_useful_uj(r, w, j);
        total += lane_total_uj(r, w, j);
    }
    rep->meter_zone.asked_mj = (asked - z->base_asked_uj) / 1000;
    rep->meter_zone.delivered_mj = (total - z->base_total_uj) / 1000;
    rep->meter_zone.useful_mj = (useful - z->base_useful_uj) / 1000;
    rep->meter_zone.shadow_mc = INT32_MIN;
    z->beat_at = r->now;
}
