// SPDX-License-Identifier: Apache-2.0
//
// What nodes and engine say to each other: the sync of the live programs, without the wire. A node is a zone
// with its heater; it calls when there is something worth telling. Names are numbers: node n7 has zone z7 and
// boards b21, b22, b23.
#include "sim/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/plan/policy.h"

#define METERS_MS      INT64_C(21600000)
#define BEATS_MS       INT64_C(600000) // beats that are rare come together, so that one plan does for some
#define BEAT_MOST_MS   INT64_C(2592000000) // sums in ledgers are the same, whenever they are told
#define BEAT_ROOMS_MS  INT64_C(43200000)   // where somebody decides by what beats tell of rooms
#define LEASE_LONG_MS  INT64_C(5270400000)
#define LEASE_SHORT_MS INT64_C(600000)

static house_ms wall(const struct sim_run *r)
{
    return house_add(r->s->start, r->now);
}

// n7, z7, b21: a hundred thousand times a day, so not by snprintf.
static void name_put(char out[NAME_BYTES], char letter, uint32_t number)
{
    char digits[10];
    int n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    *out++ = letter;
    while (n > 0)
        *out++ = digits[--n];
    *out = '\0';
}

static void touch(struct sim_run *r, uint32_t zone)
{
    if (r->zone[zone].listed)
        return;
    r->zone[zone].listed = true;
    *VEC_PUSH(r->touched, r->n_touched, r->cap_touched) = zone;
}

static void apply(struct sim_run *r, struct event *ev)
{
    ev->seq = ++r->event;
    ev->now = wall(r);
    server_apply(r->server, ev, &r->fx);
    r->dirty = true;
    if (r->fx.n_replies == 0)
        return;
    const struct reply *last = &r->fx.reply[r->fx.n_replies - 1];
    if (last->code >= 400 && !r->err.code)
        err_set(&r->err, -EINVAL, "the engine refused: %s",
                last->message ? last->message : "no reason given");
    r->fx.n_replies = 0;
}

void link_event(struct sim_run *r, struct event *ev)
{
    apply(r, ev);
}

static void fill_sync(const struct sim_run *r, uint32_t zone, struct event *ev)
{
    const struct sim_zone *z = &r->zone[zone];
    *ev = (struct event){.kind = EVENT_SYNC, .token = (uint64_t)zone + 1};
    name_put(ev->sync.node, 'n', zone);
    ev->sync.nonce = (uint64_t)z->lives << 32 | (zone + 1);
    ev->sync.have = z->version;
    ev->sync.known = z->node_known;
}

void link_hello(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    const struct scenario_board *model = &r->s->board[z->model];
    struct offer_zone offer = {.nameplate_w = z->nameplate_w,
                               .setpoint_mc = z->base.setpoint_mc,
                               .mode = z->base.mode,
                               .is_virtual = true};
    struct offer_board *board = mem_array(z->n_boards, sizeof *board);
    snprintf(offer.name, NAME_BYTES, "z%" PRIu32, zone);
    snprintf(offer.site, NAME_BYTES, "%s", r->s->site[z->site].name);
    snprintf(offer.label, NAME_BYTES, "%.60s", g->name);
    for (uint32_t i = 0; i < z->n_boards; i++) {
        snprintf(board[i].name, NAME_BYTES, "b%" PRIu32, z->first_board + i);
        snprintf(board[i].heater, NAME_BYTES, "h%" PRIu32, zone);
        snprintf(board[i].zone, NAME_BYTES, "z%" PRIu32, zone);
        board[i].spec = model->spec;
        board[i].curve = model->curve;
        board[i].sandbox = true;
        board[i].can_hold = r->s->hold;
    }
    z->lives++;
    z->epoch = z->lives;
    z->seq = 0;
    z->n_outbox = 0;
    struct event ev;
    fill_sync(r, zone, &ev);
    ev.sync.has_offer = true;
    ev.sync.offer = (struct offer){.zone = &offer, .n_zones = 1, .board = board, .n_boards = z->n_boards};
    apply(r, &ev);
    free(board);
    if (r->fx.n_syncs > 0) {
        z->node = r->fx.sync[r->fx.n_syncs - 1].node;
        z->node_known = r->fx.sync[r->fx.n_syncs - 1].at;
        while (r->n_known <= z->node_known)
            *VEC_PUSH(r->zone_known, r->n_known, r->cap_known) = SIM_NONE;
        r->zone_known[z->node_known] = zone;
    }
    if (!z->id) { // it is the engine's latest
        struct zone_view v;
        server_zone(r->server, server_zones(r->server) - 1, &v);
        z->id = v.id;
    }
    r->fx.n_syncs = 0;
    z->told_any = false;
    if (!z->water)
        row_at(r, z)->told_target_w[in_row(z->at)] = INT32_MIN / 2;
    touch(r, zone);
    link_meters(r, zone); // what meters show from here on counts
    link_zone_report(r, zone);
    link_sync(r, zone);
}

// An outbox that was sent goes to the next zone that has something to say: most are sent at once, and so all
// of them together hardly leave the processor's cache.
static void outbox_take(struct sim_run *r, struct sim_zone *z)
{
    z->outbox = r->spare_outbox;
    z->cap_outbox = r->cap_spare_outbox;
    r->spare_outbox = NULL;
    r->cap_spare_outbox = 0;
}

static void outbox_give(struct sim_run *r, struct sim_zone *z)
{
    bool keep = z->cap_outbox > r->cap_spare_outbox && z->cap_outbox <= 256; // more only after a long cut
    free(keep ? r->spare_outbox : z->outbox);
    if (keep) {
        r->spare_outbox = z->outbox;
        r->cap_spare_outbox = z->cap_outbox;
    }
    z->outbox = NULL;
    z->n_outbox = z->cap_outbox = 0;
}

// Of a report, what those of its kind have, without long texts: most of it is room for them.
static size_t report_bytes(enum report_kind kind)
{
    size_t head = offsetof(struct report, zone);
    switch (kind) {
    case REPORT_ZONE:
        return offsetof(struct report, zone.why) + 1;
    case REPORT_STARTED:
        return head + sizeof((struct report *)0)->started;
    case REPORT_LEVEL:
        return head + sizeof((struct report *)0)->level;
    case REPORT_METER_BOARD:
        return head + sizeof((struct report *)0)->meter_board;
    case REPORT_METER_LEASE:
        return head + sizeof((struct report *)0)->meter_lease;
    case REPORT_METER_ZONE:
        return head + sizeof((struct report *)0)->meter_zone;
    default:
        return sizeof(struct report);
    }
}

struct report *link_report(struct sim_run *r, uint32_t zone, enum report_kind kind)
{
    struct sim_zone *z = &r->zone[zone];
    if (!z->outbox)
        outbox_take(r, z);
    struct report *rep = VEC_PUSH(z->outbox, z->n_outbox, z->cap_outbox);
    memset(rep, 0, report_bytes(kind));
    rep->seq = ++z->seq;
    rep->at = wall(r);
    rep->kind = kind;
    return rep;
}

void link_sync(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (z->down || z->cut || z->n_outbox == 0)
        return;
    struct event ev;
    fill_sync(r, zone, &ev);
    ev.sync.epoch = z->epoch;
    ev.sync.report = z->outbox;
    ev.sync.n_reports = z->n_outbox;
    // Of what was told nothing comes back by itself: who is to do something else is woken. Where a node may fall
    // silent, the answer also says until when it may go on, and under a site's cap what is the node's share of it.
    bool answer = r->lease_ms < LEASE_LONG_MS || r->s->site[z->site].cap_w >= 0;
    apply(r, &ev);
    r->fx.n_syncs = 0;
    r->out->totals.syncs++;
    outbox_give(r, z);
    if (answer)
        touch(r, zone);
}

// ---- what is worth telling

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
                                 .valid_until = wall(r)};
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
    name_put(rep->name, 'z', zone);
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
    apply(r, &ev);
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
    name_put(rep->name, 'b', board);
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
    name_put(rep->name, 'z', zone);
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

// ---- down

static uint32_t board_named(const struct sim_run *r, uint32_t zone, const char *name)
{
    uint32_t b = 0;
    for (const char *p = name + 1; *p >= '0' && *p <= '9'; p++)
        b = b * 10 + (uint32_t)(*p - '0');
    return b < r->n_boards && r->board[b].zone == zone ? b : SIM_NONE;
}

static void drop_unlisted(struct sim_run *r, uint32_t zone, const struct sync_down *down)
{
    struct sim_zone *z = &r->zone[zone];
    if (!z->runs && !z->held)
        return;
    for (uint32_t i = 0; i < z->n_boards; i++)
        r->board[z->first_board + i].listed = r->board[z->first_board + i].held_listed = false;
    for (size_t k = 0; k < down->n_assignments; k++) {
        uint32_t board = board_named(r, zone, down->assignment[k].board);
        if (board != SIM_NONE && r->board[board].lease == down->assignment[k].lease)
            r->board[board].listed = true;
        if (board != SIM_NONE && r->board[board].held &&
            r->board[board].held->lease == down->assignment[k].lease)
            r->board[board].held_listed = true;
    }
    for (uint32_t i = 0; i < z->n_boards; i++) {
        const struct sim_board *b = &r->board[z->first_board + i];
        if (b->held && !b->held_listed) {
            r->out->class[b->held->activity].lost++;
            job_held_end(r, z->first_board + i, ATTEMPT_LOST, true);
        }
        if (b->listed || b->phase == BOARD_FREE)
            continue;
        r->out->class[b->activity].lost++; // the engine has given it up already: nothing to report
        job_drop(r, z->first_board + i);
    }
}

static bool runs_lease(const struct sim_board *b, uint64_t lease)
{
    return b->phase != BOARD_FREE && b->lease == lease;
}

static bool holds_lease(const struct sim_board *b, uint64_t lease)
{
    return b->held && b->held->lease == lease;
}

// First who makes room.
static void set_aside(struct sim_run *r, uint32_t zone, const struct sync_down *down)
{
    for (size_t i = 0; i < down->n_assignments; i++) {
        const struct assignment *a = &down->assignment[i];
        uint32_t board = a->hold ? board_named(r, zone, a->board) : SIM_NONE;
        if (board != SIM_NONE && runs_lease(&r->board[board], a->lease))
            job_hold(r, board);
    }
}

static void obey(struct sim_run *r, uint32_t zone, uint32_t board, const struct assignment *a)
{
    const struct sim_board *b = &r->board[board];
    if (holds_lease(b, a->lease)) {
        if (a->stop)
            job_held_end(r, board, (enum attempt_end)a->stop_end, false);
        else if (!a->hold && b->phase == BOARD_FREE)
            job_go_on(r, board);
        return;
    }
    bool mine = runs_lease(b, a->lease);
    if (mine && a->stop)
        job_end(r, board, (enum attempt_end)a->stop_end);
    else if (!mine && !a->stop && !a->hold)
        job_assigned(r, board, a);
    else if (!mine && a->stop) // not here any more: its end is in the outbox, or was never begun
        job_unknown_stop(r, zone, a);
}

static void adopt(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct sync_down down;
    arena_clear(&r->arena);
    server_desired(r->server, z->node, z->node_known, wall(r), &r->arena, &down);
    z->version = down.version;
    z->until = house_since(down.until, r->s->start);
    if (z->cap_mw != down.cap_mw)
        zone_stale(r, z);
    z->cap_mw = down.cap_mw;
    bool work_only = down.n_zones > 0 && down.zone[0].work_only;
    if (z->work_only != work_only)
        zone_stale(r, z);
    z->work_only = work_only;
    if (z->runs || down.n_assignments)
        drive_settle(r, zone);
    drop_unlisted(r, zone, &down);
    set_aside(r, zone, &down);
    for (size_t i = 0; i < down.n_assignments; i++) {
        uint32_t board = board_named(r, zone, down.assignment[i].board);
        if (board != SIM_NONE)
            obey(r, zone, board, &down.assignment[i]);
    }
    zone_changed(r, zone);
}

void link_settle(struct sim_run *r)
{
    for (int rounds = 0; (r->dirty || r->n_touched) && rounds < 10000; rounds++) {
        if (r->dirty) {
            link_news(r);
            r->dirty = false;
            server_settle(r->server, wall(r), &r->fx);
            r->out->totals.plans++;
            for (size_t i = 0; i < r->fx.n_wakes; i++) {
                uint32_t at = r->fx.wake[i].at;
                if (at < r->n_known && r->zone_known[at] != SIM_NONE)
                    touch(r, r->zone_known[at]);
            }
            for (size_t i = 0; i < r->fx.n_copies; i++)
                data_copy(r, &r->fx.copy[i]);
            effects_clear(&r->fx);
        }
        size_t n = r->n_touched;
        for (size_t i = 0; i < n; i++) {
            uint32_t zone = r->touched[i];
            fetch_listed(r, r->touched, r->n_touched, i, FETCH_CALLS);
            r->zone[zone].listed = false;
            if (!r->zone[zone].down && !r->zone[zone].cut)
                adopt(r, zone);
        }
        memmove(r->touched, r->touched + n, (r->n_touched - n) * sizeof *r->touched);
        r->n_touched -= n;
    }
}

void link_tick(struct sim_run *r)
{
    if (house_before(wall(r), server_next_tick(r->server)))
        return;
    struct event ev = {.kind = EVENT_TICK};
    apply(r, &ev);
}

// Told even when nothing happens: a sign of life twice a lease, with meters where the last are six hours old.
void link_beat(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    queue_push(&r->queue, (struct happening){.at = r->now + r->beat_ms, .kind = HAPPEN_BEAT, .index = zone});
    if (z->down)
        return;
    if (r->now - z->beat_at >= METERS_MS)
        link_meters(r, zone);
    if (!z->cut)
        link_zone_report(r, zone);
    link_sync(r, zone);
}

// ---- start

static bool can_fall_silent(const struct scenario *s)
{
    for (size_t i = 0; i < s->n_faults; i++)
        if (s->fault[i].kind == FAULT_AGENT || s->fault[i].kind == FAULT_WAN)
            return true;
    return false;
}

static bool tells_at_once(const struct sim_run *r, const struct plan_policy *policy)
{
    bool capped = policy->evicts || policy->sees_rooms;
    for (size_t i = 0; i < r->s->n_sites; i++)
        capped |= r->s->site[i].cap_w >= 0 || r->s->site[i].circuit_cap_w >= 0;
    for (size_t i = 0; i < r->s->n_zones; i++)
        capped |= r->s->zones[i].circuit_cap_w > 0;
    return capped;
}

static void accounts_make(struct sim_run *r)
{
    for (size_t i = 0; i < r->s->n_work && r->n_accounts < ARRAY_LEN(r->account); i++)
        for (uint32_t k = 0; k < r->s->work[i].accounts && r->n_accounts < ARRAY_LEN(r->account); k++) {
            char mail[32];
            snprintf(mail, sizeof mail, "a%" PRIu32 "@example.org", r->n_accounts);
            struct event ev = {
                .kind = EVENT_ACCOUNT_PUT,
                .account = {.email = mail, .name = mail, .token_hash = mail, .max_tasks = INT32_MAX}};
            ev.seq = ++r->event;
            ev.now = wall(r);
            server_apply(r->server, &ev, &r->fx);
            r->account[r->n_accounts++] = r->fx.reply[0].id;
            r->fx.n_replies = 0;
        }
}

int link_make(struct sim_run *r, struct err *e)
{
    struct server_config cfg;
    const struct plan_policy *policy = plan_policy_find(r->s->policy);
    if (!policy)
        return err_set(
            e, -EINVAL,
            "%s: [scenario] policy: %s: there is no such policy (market, qstd, blind, fifo, locality, "
            "replicate3, replicate10, full-replicate)",
            r->s->file, r->s->policy);
    server_config_default(&cfg);
    cfg.policy = (uint8_t)plan_policy_number(policy);
    r->moves = policy->keeps_market;
    r->tells_at_once = tells_at_once(r, policy);
    r->tells_borne = r->tells_at_once || !policy->keeps_market;
    r->lease_ms = r->s->lease_ms > 0                            ? r->s->lease_ms
                  : can_fall_silent(r->s) || r->in->script.next ? LEASE_SHORT_MS
                                                                : LEASE_LONG_MS;
    r->tells_together = !r->tells_at_once && r->lease_ms >= LEASE_LONG_MS && !r->o.mutants.planner_blind;
    r->beat_ms = int_clamp(r->lease_ms / 2 - 10000, 10000, r->tells_borne ? BEAT_ROOMS_MS : BEAT_MOST_MS);
    cfg.lease_ms = r->lease_ms;
    cfg.lease_margin_ms = r->lease_ms / 6 < 60000 ? r->lease_ms / 6 : 60000;
    cfg.start_timeout_ms =
        INT64_C(7) * 86400000; // data may take long, and a cold board waits for heat to be asked for
    cfg.preempt_grace_ms = INT64_C(3600000);
    cfg.tasks_per_account = INT32_MAX;
    cfg.reserved_by_all = true; // traces do not say what was reserved
    cfg.makes_copies = true;
    cfg.filler_allowed = r->s->filler;
    cfg.donated_allowed = r->s->donated;
    cfg.check_plans = r->o.check_plans;
    r->server = server_new(&cfg);
    effects_init(&r->fx);
    r->fx.no_rows = true;
    server_restore_from(r->server, wall(r));
    server_restored(r->server, wall(r));
    accounts_make(r);
    for (uint32_t i = 0; i < r->n_zones && !r->err.code; i++) {
        link_hello(r, i);
        if (i % 1000 == 999)
            link_settle(r);
    }
    for (uint32_t i = 0; i < r->s->n_sites; i++)
        strmap_set(&r->site_of_name, r->s->site[i].name, i);
    sites_tell(r);
    link_settle(r);
    r->news_step = -1;
    for (uint32_t i = 0; i < r->n_zones; i++) { // spread, so that they do not all call at once
        int64_t at = r->beat_ms * (i + 1) / r->n_zones;
        if (r->beat_ms > 6 * BEATS_MS)
            at = (at + BEATS_MS - 1) / BEATS_MS * BEATS_MS;
        queue_push(&r->queue, (struct happening){.at = at, .kind = HAPPEN_BEAT, .index = i});
    }
    if (r->err.code && e)
        *e = r->err;
    return r->err.code;
}

void link_free(struct sim_run *r)
{
    for (uint32_t i = 0; r->zone && i < r->n_zones; i++)
        free(r->zone[i].outbox);
    free(r->spare_outbox);
    free(r->want);
    if (r->server) {
        server_free(r->server);
        effects_deinit(&r->fx);
    }
    arena_deinit(&r->arena);
    free(r->zone_known);
    strmap_deinit(&r->site_of_name);
    free(r->touched);
}
