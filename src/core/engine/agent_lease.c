// SPDX-License-Identifier: Apache-2.0
//
// What comes from above, and what happens when it no longer comes. An answer is whole and says at what house
// time it was made: of two answers the later one counts, in whatever order they arrive.
#include <string.h>

#include "core/engine/agent_inside.h"

// A person's word, obeyed once, and only while the lid is closed by its own contact: thermostat_clear_lid
// sees to that.
static void lid_clear(struct agent *a, size_t zone, house_ms at, house_ms now)
{
    struct err e = ERR_NULL;
    if (at.v == 0 || at.v == a->zone[zone].lid_clear.v)
        return;
    a->zone[zone].lid_clear = at;
    if (thermostat_clear_lid(&a->thermostat[zone], &e) == 0)
        a->next_control = now, a->wish_changed = true;
}

static void zone_wish_set(struct agent *a, const struct desired_zone *d, house_ms now)
{
    for (size_t i = 0; i < a->n_zones; i++) {
        struct agent_zone *z = &a->zone[i];
        if (strcmp(a->cfg.offer.zone[i].name, d->name) != 0)
            continue;
        struct err e = ERR_NULL;
        struct schedule s = {0};
        if (d->schedule && *d->schedule && schedule_parse(d->schedule, &s, &e) < 0)
            s = z->schedule; // unreadable: the last readable week goes on
        z->schedule = s;
        z->utc_offset_min = d->utc_offset_min;
        z->boost_until = d->boost_until;
        a->regulate_due |= z->work_only != d->work_only;
        z->work_only = d->work_only;
        // Later this node knows better than the parent, which hears of it.
        if (d->lid_open && !z->heard)
            thermostat_latch_lid(&a->thermostat[i], now);
        if (!z->heard)
            a->next_control = now, a->regulate_due = true;
        z->heard = true;
        lid_clear(a, i, d->lid_clear, now);
        if (!z->knob_pending)
            z->base = (struct zone_wish){(enum zone_mode)d->mode, d->setpoint_mc};
        struct zone_wish w = agent_wish_ahead(a, i, now);
        if (w.mode != a->thermostat[i].wish.mode || w.setpoint_mc != a->thermostat[i].wish.setpoint_mc)
            a->next_control = now, a->wish_changed = true; // somebody waits for the heater to follow
    }
}

static void assignment_set(struct agent *a, const struct assignment *as, const struct task_body *body,
                           house_ms now, struct agent_actions *out)
{
    struct agent_run *r = run_find(a, as->lease);
    if (!r) {
        run_assign(a, as, body, now);
        return;
    }
    r->listed = true;
    if (house_before(r->until, as->until)) {
        r->until = as->until;
        r->renewed_at = now;
        a->regulate_due |= r->paused;
        r->paused = false;
    }
    r->on_lapse = (enum on_lapse)as->on_lapse;
    run_hold(a, r, as->hold, now, out);
    if (r->state != RUN_ENDED)
        order_take(r, as->orders, now, false);
    if (as->stop)
        run_end(a, r, as->stop_end, "", "", now, out);
}

static void desired_set(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    const struct sync_down *d = ev->answer.down;
    a->have = d->version;
    a->have_house = d->house;
    a->wish_until = d->until;
    a->cap_mw = d->cap_mw;
    a->filler_allowed = d->filler_allowed;
    a->donated_allowed = d->donated_allowed;
    for (size_t i = 0; i < d->n_zones; i++)
        zone_wish_set(a, &d->zone[i], ev->now);
    for (size_t i = 0; i < a->n_runs; i++)
        a->run[i].listed = false;
    for (size_t i = 0; i < d->n_assignments; i++)
        assignment_set(a, &d->assignment[i], ev->answer.body ? ev->answer.body[i] : NULL, ev->now, out);
    for (size_t i = 0; i < a->n_runs; i++)
        if (!a->run[i].listed)
            run_stop(a, &a->run[i], ATTEMPT_PREEMPTED, "", "", ev->now, out);
    heat_lids(a, ev->now, out); // before any of these starts
}

// The parent does not know this epoch: another agent of this name was granted a newer one, or the parent
// forgot. All leases are void, so the work dies first; only then is a new epoch asked for.
static void epoch_lost(struct agent *a, house_ms now, struct agent_actions *out)
{
    a->rejoin = true;
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        r->mute = true;
        run_stop(a, r, ATTEMPT_LOST, "epoch-refused", "", now, out);
    }
    outbox_clear(a);
}

void lease_answer(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    const struct sync_down *d = ev->answer.down;
    *(ev->answer.call == CALL_PARK ? &a->parked : &a->reporting) = false;
    if (ev->answer.nonce != a->nonce || a->rejoin)
        return; // to an earlier life of this node
    if (d->epoch_refused) {
        epoch_lost(a, ev->now, out);
        if (!agent_has_runs(a))
            lease_rejoin(a, ev->entropy, ev->now);
        return;
    }
    if (a->epoch == 0 && d->epoch != 0) {
        a->epoch = d->epoch;
        a->levels_at = HOUSE_MS(INT64_MIN / 2); // the new parent wants to know everything now
    }
    if (d->epoch == 0 || d->epoch != a->epoch)
        return;
    a->answered_at = ev->now;
    outbox_acked(a, d->acked);
    bool newer =
        house_before(a->have_house, d->house) || (a->have_house.v == d->house.v && d->version >= a->have);
    if (newer)
        desired_set(a, ev, out);
}

void lease_rejoin(struct agent *a, uint64_t entropy, house_ms now)
{
    a->rejoin = false;
    a->nonce = entropy;
    a->epoch = a->have = a->seq = 0;
    a->have_house = HOUSE_MS(INT64_MIN);
    a->answered_at = now;
    outbox_clear(a);
    meter_restart(a);
    for (size_t i = 0; i < a->n_zones; i++)
        a->zone[i].knob_pending = false;
}

// The margin is the parent's assurance that nothing runs any more when it gives the work to another: it waits
// beyond `until`, the node ends before. Very short leases (a fast clock) have a quarter of their length as
// margin.
static bool lapsed(const struct agent *a, const struct agent_run *r, house_ms now)
{
    int64_t quarter = house_since(r->until, r->renewed_at) / 4;
    int64_t margin = quarter < a->cfg.lease_margin_ms ? quarter : a->cfg.lease_margin_ms;
    return house_since(r->until, now) <= (margin > 0 ? margin : 0);
}

void lease_step(struct agent *a, house_ms now, struct agent_actions *out)
{
    if (a->wish_until.v != INT64_MIN && !house_before(now, a->wish_until)) {
        a->wish_until = HOUSE_MS(INT64_MIN);
        // The cap goes on: the parent counts on it until this node calls again (server_cap.c), and a circuit
        // does not grow because a link is lost.
        a->donated_allowed = false;
    }
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        if (r->state == RUN_ENDED || !lapsed(a, r, now))
            continue;
        if (r->on_lapse == LAPSE_DROP)
            run_stop(a, r, ATTEMPT_LOST, "lease-lapsed", "the heater lost its link for longer than the lease",
                     now, out);
        else
            r->paused = r->on_lapse == LAPSE_PAUSE;
    }
}

void lease_knob(struct agent *a, const struct agent_event *ev)
{
    if (ev->knob.zone >= a->n_zones)
        return;
    struct agent_zone *z = &a->zone[ev->knob.zone];
    z->base = (struct zone_wish){(enum zone_mode)ev->knob.mode, ev->knob.setpoint_mc};
    z->boost_until = HOUSE_MS(0);
    // By hand until the week says something new, as every room thermostat with a clock does.
    z->knob_until = z->schedule.n > 0
                        ? schedule_next(&z->schedule, HOUSE_MS(0), ev->now, z->utc_offset_min * 60000)
                        : HOUSE_MS(0);
    z->knob = z->base;
    z->knob_pending = true;
    a->next_control = ev->now;
    struct report *r = outbox_add(a, REPORT_SETPOINT, a->cfg.offer.zone[ev->knob.zone].name, 0, ev->now);
    r->setpoint.setpoint_mc = ev->knob.setpoint_mc;
    r->setpoint.mode = ev->knob.mode;
}
