// SPDX-License-Identifier: Apache-2.0
//
// What nodes and engine say to each other: the sync of the live programs, without the wire. A node is a zone
// with its heater; it calls when there is something worth telling. Names are numbers: node n7 has zone z7 and
// boards b21, b22, b23.
#include "sim/fetch.h"
#include "sim/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define METERS_MS INT64_C(21600000)

house_ms link_wall(const struct sim_run *r)
{
    return house_add(r->s->start, r->now);
}

// A hundred thousand times a day, so not by snprintf.
void link_name(char out[NAME_BYTES], char letter, uint32_t number)
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

void link_wake(struct sim_run *r, uint32_t zone)
{
    if (r->zone[zone].listed)
        return;
    r->zone[zone].listed = true;
    *VEC_PUSH(r->touched, r->n_touched, r->cap_touched) = zone;
}

void link_event(struct sim_run *r, struct event *ev)
{
    ev->seq = ++r->event;
    ev->now = link_wall(r);
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

static void fill_sync(const struct sim_run *r, uint32_t zone, struct event *ev)
{
    const struct sim_zone *z = &r->zone[zone];
    *ev = (struct event){.kind = EVENT_SYNC, .token = (uint64_t)zone + 1};
    link_name(ev->sync.node, 'n', zone);
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
    link_event(r, &ev);
    free(board);
    if (r->err.code) // it was refused, and there is nothing to speak of
        return;
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
    link_wake(r, zone);
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
    rep->at = link_wall(r);
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
    bool answer = r->lease_ms < LINK_LEASE_LONG_MS || r->s->site[z->site].cap_w >= 0;
    link_event(r, &ev);
    r->fx.n_syncs = 0;
    r->out->totals.syncs++;
    outbox_give(r, z);
    if (answer)
        link_wake(r, zone);
}
void link_settle(struct sim_run *r)
{
    for (int rounds = 0; (r->dirty || r->n_touched) && rounds < 10000; rounds++) {
        if (r->dirty) {
            link_news(r);
            r->dirty = false;
            server_settle(r->server, link_wall(r), &r->fx);
            r->out->totals.plans++;
            for (size_t i = 0; i < r->fx.n_wakes; i++) {
                uint32_t at = r->fx.wake[i].at;
                if (at < r->n_known && r->zone_known[at] != SIM_NONE)
                    link_wake(r, r->zone_known[at]);
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
                link_adopt(r, zone);
        }
        memmove(r->touched, r->touched + n, (r->n_touched - n) * sizeof *r->touched);
        r->n_touched -= n;
    }
}

void link_tick(struct sim_run *r)
{
    if (house_before(link_wall(r), server_next_tick(r->server)))
        return;
    struct event ev = {.kind = EVENT_TICK};
    link_event(r, &ev);
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
