// SPDX-License-Identifier: Apache-2.0
//
// What the parent has not acknowledged yet, oldest first. A report gets its number when it is first sent;
// from then on it is sent again unchanged until it is acknowledged. When the output of the runs fills its
// part of the memory, their pipes are no longer read: the writers wait, and nothing is lost.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/agent_inside.h"

struct report *outbox_add(struct agent *a, enum report_kind kind, const char *name, uint64_t lease,
                          house_ms now)
{
    struct outbox_item *item = VEC_PUSH(a->out, a->n_out, a->cap_out);
    *item = (struct outbox_item){.r = {.kind = kind, .lease = lease, .at = now}};
    snprintf(item->r.name, sizeof item->r.name, "%s", name);
    return &item->r;
}

void outbox_add_output(struct agent *a, uint64_t lease, uint8_t stream, const char *data, size_t n,
                       house_ms now)
{
    if (n == 0)
        return;
    struct report *r = outbox_add(a, REPORT_OUTPUT, "", lease, now);
    struct outbox_item *item = &a->out[a->n_out - 1];
    item->data = mem_alloc(n);
    memcpy(item->data, data, n);
    r->output.stream = stream;
    r->output.data = item->data;
    r->output.n = n;
    a->out_bytes += n;
}

void outbox_add_names(struct agent *a, struct report *r, char *names)
{
    struct outbox_item *item = &a->out[a->n_out - 1];
    item->data = names;
    r->exited.names = names;
}

static void settled(struct agent *a, const struct report *r)
{
    if (r->kind == REPORT_EXITED) {
        struct agent_run *run = run_find(a, r->lease);
        if (run)
            run->exit_acked = true;
    } else if (r->kind == REPORT_SETPOINT) {
        for (size_t i = 0; i < a->n_zones; i++)
            if (strcmp(a->cfg.offer.zone[i].name, r->name) == 0)
                a->zone[i].knob_pending = false;
    }
}

void outbox_acked(struct agent *a, uint64_t acked)
{
    size_t n = 0;
    while (n < a->n_out && a->out[n].r.seq != 0 && a->out[n].r.seq <= acked) {
        struct outbox_item *item = &a->out[n++];
        settled(a, &item->r);
        if (item->data && item->r.kind == REPORT_OUTPUT)
            a->out_bytes -= item->r.output.n;
        free(item->data);
    }
    if (n == 0)
        return;
    memmove(a->out, a->out + n, (a->n_out - n) * sizeof *a->out);
    a->n_out -= n;
}

void outbox_clear(struct agent *a)
{
    for (size_t i = 0; i < a->n_out; i++)
        free(a->out[i].data);
    a->n_out = a->out_bytes = 0;
}

bool outbox_holds(const struct agent *a, enum report_kind kind, const char *name, uint64_t lease)
{
    for (size_t i = 0; i < a->n_out; i++) {
        const struct report *r = &a->out[i].r;
        if (r->kind == kind && r->lease == lease && strcmp(r->name, name) == 0)
            return true;
    }
    return false;
}

struct report *outbox_unsent(struct agent *a, enum report_kind kind, uint64_t lease)
{
    for (size_t i = a->n_out; i-- > 0;)
        if (a->out[i].r.kind == kind && a->out[i].r.lease == lease && a->out[i].r.seq == 0)
            return &a->out[i].r;
    return NULL;
}

void outbox_drop_level(struct agent *a, uint64_t lease)
{
    for (size_t i = a->n_out; i-- > 0;)
        if (a->out[i].r.kind == REPORT_LEVEL && a->out[i].r.lease == lease && a->out[i].r.seq == 0)
            memmove(a->out + i, a->out + i + 1, (--a->n_out - i) * sizeof *a->out);
}

void outbox_reading(struct agent *a, struct agent_actions *out)
{
    size_t max = a->cfg.outbox_bytes_max;
    bool full = a->out_bytes >= max || a->n_out >= AGENT_OUTBOX_MAX;
    bool roomy = a->out_bytes <= max / 2 && a->n_out <= AGENT_OUTBOX_MAX / 2;
    if (a->congested ? !roomy : !full)
        return;
    a->congested = !a->congested;
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        bool want = !a->congested || (r->state == RUN_STOPPING && !r->lasts);
        if ((r->state != RUN_RUNNING && r->state != RUN_STOPPING) || r->ready || r->reading == want)
            continue;
        struct agent_action *act = agent_act(out, ACT_READ);
        act->lease = r->lease;
        act->read = r->reading = want;
    }
}

// ---- calls

// The next moment at which the levels are to be told: in time to renew the lease that ends first, and at the
// pace of the configuration otherwise, which is the quicker one while something runs or heaters have changed;
// never more often than ten times that pace, whatever the leases say.
static bool levels_due(const struct agent *a, house_ms now)
{
    bool often = agent_has_runs(a) || a->draw_moved;
    house_ms due = house_add(a->levels_at, often ? a->cfg.report_ms : a->cfg.report_idle_ms);
    house_ms ends = a->wish_until.v == INT64_MIN ? HOUSE_MS(INT64_MAX) : a->wish_until;
    for (size_t i = 0; i < a->n_runs; i++)
        if (a->run[i].state != RUN_ENDED && house_before(a->run[i].until, ends))
            ends = a->run[i].until;
    if (ends.v != INT64_MAX) {
        house_ms third = house_add(a->answered_at, house_since(ends, a->answered_at) / 3);
        if (house_before(third, due))
            due = third;
    }
    house_ms soonest = house_add(a->levels_at, a->cfg.report_ms / 10);
    if (house_before(due, soonest))
        due = soonest;
    return !house_before(now, due);
}

// Work that lasts milliseconds ends before its start is told: told together they cost the parent one call and
// one commit instead of two. Only a start waits, and only the first time that it is said.
static int64_t outbox_wait_ms(const struct agent *a, house_ms now)
{
    int64_t wait = a->cfg.gather_ms;
    for (size_t i = 0; i < a->n_out && wait > 0; i++) {
        const struct report *r = &a->out[i].r;
        int64_t left = a->cfg.gather_ms - house_since(now, r->at);
        if (r->kind != REPORT_STARTED || r->seq != 0 || a->shutdown)
            return 0;
        wait = left < wait ? left : wait;
    }
    return wait > 0 ? wait : 0;
}

int64_t agent_call_wait_ms(const struct agent *a, house_ms now)
{
    bool silent = a->rejoin || a->reporting || a->n_out == 0;
    return silent ? 0 : outbox_wait_ms(a, now);
}

enum agent_call agent_call_due(const struct agent *a, house_ms now)
{
    if (a->rejoin)
        return CALL_NONE;
    if (a->reporting)
        return CALL_NONE;
    bool tell = a->n_out > 0 && outbox_wait_ms(a, now) == 0;
    if (a->epoch == 0 || tell || levels_due(a, now))
        return CALL_REPORT;
    return a->parked || a->shutdown ? CALL_NONE : CALL_PARK;
}

void agent_call_make(struct agent *a, enum agent_call call, house_ms now, struct arena *arena,
                     struct sync_up *up)
{
    *up = (struct sync_up){.nonce = a->nonce, .epoch = a->epoch, .have = a->have};
    snprintf(up->node, sizeof up->node, "%s", a->cfg.node);
    if (call == CALL_PARK) {
        a->parked = true;
        return;
    }
    a->reporting = true;
    if (a->epoch == 0) { // reports are numbered within an epoch, so there are none before
        up->has_offer = true;
        up->offer = a->cfg.offer;
        return;
    }
    if (levels_due(a, now))
        report_levels(a, now);
    size_t n = a->n_out < AGENT_CALL_REPORTS ? a->n_out : AGENT_CALL_REPORTS, bytes = 0;
    up->report = arena_alloc(arena, (n + 1) * sizeof *up->report);
    for (size_t i = 0; i < n && bytes < AGENT_CALL_BYTES; i++) {
        struct report *r = &a->out[i].r;
        if (r->seq == 0)
            r->seq = ++a->seq;
        bytes += r->kind == REPORT_OUTPUT ? r->output.n : 0;
        bytes += r->kind == REPORT_EXITED && r->exited.names ? strlen(r->exited.names) : 0;
        up->report[up->n_reports++] = *r;
    }
}
