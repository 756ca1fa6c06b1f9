// SPDX-License-Identifier: Apache-2.0
//
// Why is my task waiting, why is my room at 19.2 degC: one sentence with the figures, from the same records
// that decided.
#include "core/engine/server_fleet.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <stdio.h>

struct tally {
    int64_t boards, unusable, resting, hardware, refuses, cap, worthless, held, kept, elsewhere, data, free;
    int64_t best_ueur;
    char lack[120];
};

static void tally_boards(const struct server *s, uint32_t slot, house_ms now, struct tally *n)
{
    for (uint32_t b = 0; b < s->n_boards; b++) {
        enum plan_bar bar = BAR_NONE;
        int64_t net = planner_net(s->planner, slot, b, now, &bar);
        n->boards++;
        n->unusable += bar == BAR_UNUSABLE && !board_rests(s, s->board[b]);
        n->resting += bar == BAR_UNUSABLE && board_rests(s, s->board[b]);
        n->hardware += bar == BAR_HARDWARE;
        n->refuses += bar == BAR_REFUSES_HEAT;
        n->cap += bar == BAR_SITE_CAP;
        n->worthless += bar == BAR_WORTHLESS;
        n->held += bar == BAR_HELD;
        n->kept += bar == BAR_KEPT;
        n->elsewhere += bar == BAR_RESIDENCY;
        n->data += bar == BAR_DATA;
        n->free += bar == BAR_NONE;
        if (bar == BAR_WORTHLESS && net > n->best_ueur)
            n->best_ueur = net;
        if (bar == BAR_HARDWARE && !*n->lack && s->task[slot].constraint)
            constraint_lack(s->task[slot].constraint, &s->board[b]->make->spec, n->lack, sizeof n->lack);
    }
}

static void part(struct buf *out, bool *first, int64_t n, const char *text)
{
    if (!n)
        return;
    buf_putf(out, "%s%lld %s", *first ? "" : ", ", (long long)n, text);
    *first = false;
}

static void waiting_for_tasks(const struct server *s, const struct task *t, struct buf *out)
{
    const struct depends *d = &t->in_job->depends;
    size_t open = 0;
    for (size_t i = 0; i < d->n; i++) {
        uint32_t other;
        char uuid[UUID_TEXT_BYTES];
        if (d->v[i].end != DEPEND_OPEN || open++)
            continue;
        uuid_format(uuid, d->v[i].uuid);
        bool known = server_task_uuid(s, d->v[i].uuid, &other);
        buf_putf(out, "waiting for task %s of its job, which is %s", uuid,
                 known ? task_state_name((enum task_state)s->task[other].state) : "about to end");
    }
    if (open > 1)
        buf_putf(out, ", and for %zu more", open - 1);
}

static void waiting_for(const struct server *s, uint32_t slot, house_ms now, struct buf *out);

static void waiting_in_pool(const struct server *s, const struct pool *p, house_ms now, struct buf *out)
{
    const struct task *holder = &s->task[p->holder];
    int32_t ready = 0, preparing = 0, busy = 0;
    for (uint32_t i = holder->first_lease; i != NONE; i = s->lease[i].next) {
        ready += s->lease[i].ready;
        preparing += !s->lease[i].ready;
        busy += s->lease[i].n_inside;
    }
    buf_putf(out,
             "waiting for a slot of its pool: of the %d nodes that it wants %d are ready (%d of %d slots are "
             "taken), %d on their way",
             (int)p->wanted, (int)ready, (int)busy, (int)(ready * p->slots_per_node), (int)preparing);
    if (!ranges_count(&holder->pending))
        return;
    buf_putf(out, "; a node is ");
    waiting_for(s, p->holder, now, out);
}

// Instances that start together or not at all; 0: each for itself.
static int32_t gang_of(const struct task *t)
{
    int64_t waits = (int64_t)ranges_count(&t->pending), gang = rare_of(t)->place ? rare_of(t)->place->gang : 0;
    return (int32_t)(gang < waits ? gang : waits);
}

static void together(const struct server *s, const struct task *t, int32_t gang, struct buf *out)
{
    int32_t most = server_most_together(s, t->constraint, rare_of(t)->place);
    buf_putf(out, "; it needs %d at once on one site", (int)gang);
    if (most < gang)
        buf_putf(out, ", and the fleet has %d: it cannot run before more are there", (int)most);
}

static void waiting_for(const struct server *s, uint32_t slot, house_ms now, struct buf *out)
{
    const struct task *t = &s->task[slot];
    struct tally n = {.best_ueur = INT64_MIN};
    if (t->held_back) {
        buf_puts(out, "waiting: new tasks are held back for a moment (dispatch delay)");
        return;
    }
    if (task_waits(t)) {
        waiting_for_tasks(s, t, out);
        return;
    }
    if (t->pool != NONE && !t->holder) {
        waiting_in_pool(s, &s->pool[t->pool], now, out);
        return;
    }
    if (quota_why(s, slot, out))
        return;
    tally_boards(s, slot, now, &n);
    if (!n.boards) {
        buf_puts(out, "waiting: no board has ever called home");
        return;
    }
    bool first = true;
    buf_putf(out, "waiting: of %lld board%s ", (long long)n.boards, n.boards == 1 ? "" : "s");
    part(out, &first, n.held, "work for others or for this task already");
    part(out, &first, n.worthless, "stand in zones that want no heat now, worth less than the electricity");
    part(out, &first, n.refuses, "stand in zones that refuse heat");
    part(out, &first, n.cap, "are held back by the power cap of their site or circuit");
    part(out, &first, n.elsewhere, "stand where this task may not run");
    part(out, &first, n.data, "stand where its data is not yet");
    part(out, &first, n.kept, "are kept for a group that needs many at once");
    part(out, &first, n.resting, "rest, because they did not start what they were given");
    part(out, &first, n.unusable, "are offline, barred or cannot isolate");
    if (n.hardware) {
        buf_putf(out, "%s%lld lack what is asked for", first ? "" : ", ", (long long)n.hardware);
        if (*n.lack)
            buf_putf(out, " (%s)", n.lack);
        first = false;
    }
    int32_t gang = gang_of(t);
    part(out, &first, n.free, gang > 1 ? "are free" : "are free and will take it at the next plan");
    if (gang > 1)
        together(s, t, gang, out);
    if (n.best_ueur != INT64_MIN && n.best_ueur < 0)
        buf_putf(out, "; the best of them would lose %.3f euro per hour", (double)-n.best_ueur / 1e6);
}

// Urgent work has what its zone can bear, other work what it asks for.
static void slow_why(const struct server *s, const struct lease *l, struct buf *out)
{
    const struct heat_request *q = &s->zone[s->board[l->board]->zone]->request;
    bool lifts = activity_is_urgent(l->activity) && q->max_w > q->target_w;
    buf_putf(out, "; instance %u at %d MHz, %d %% of the time: its zone %s %d W", (unsigned)l->instance,
             (int)l->freq_mhz, (int)(l->duty_permille / 10), lifts ? "bears" : "asks for",
             (int)(lifts ? q->max_w : q->target_w));
}

// "; instance 3 is downloading 3 of 12 files, 1.2 of 5.0 GB"; of many the first few.
static void files_moving(const struct server *s, const struct task *t, struct buf *out)
{
    int said = 0;
    for (uint32_t i = t->first_lease; i != NONE && said < 3; i = s->lease[i].next) {
        const struct lease *l = &s->lease[i];
        char text[120];
        if (l->phase != PHASE_DOWNLOAD && l->phase != PHASE_UPLOAD)
            continue;
        staging_text(l->staging.files, l->staging.files_n, l->staging.bytes, l->staging.bytes_n, text,
                     sizeof text);
        buf_putf(out, "; instance %u is %s %s", (unsigned)l->instance,
                 l->phase == PHASE_DOWNLOAD ? "downloading" : "uploading", text);
        said++;
    }
    if (rare_of(t)->n_publishing)
        buf_putf(out, "%sresults of %d instance%s are being put into their bucket",
                 t->n_started || t->n_assigned ? "; " : "", (int)rare_of(t)->n_publishing,
                 rare_of(t)->n_publishing == 1 ? "" : "s");
}

bool server_why_task(const struct server *s, uint64_t task, house_ms now, struct buf *out)
{
    uint32_t slot;
    if (!server_task_slot(s, task, &slot))
        return false;
    const struct task *t = &s->task[slot];
    int64_t waits = (int64_t)ranges_count(&t->pending);
    if (t->aborting || t->deleting) {
        buf_putf(out, "stopping: %d instances still have to end on their boards",
                 (int)(t->n_assigned + t->n_started));
        return true;
    }
    if (t->n_started || t->n_assigned)
        buf_putf(out, "%d running, %d on their way to a board", (int)t->n_started, (int)t->n_assigned);
    files_moving(s, t, out);
    for (uint32_t l = t->first_lease; l != NONE && !waits; l = s->lease[l].next)
        if (s->lease[l].state == LEASE_STARTED && s->lease[l].duty_permille < 1000 &&
            s->lease[l].max_freq_mhz)
            slow_why(s, &s->lease[l], out);
    moves_why(s, t, out);
    holds_why(s, t, out);
    int64_t soonest = -1;
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next) {
        int64_t left = lease_left_s(s, &s->lease[l]);
        soonest = left >= 0 && (soonest < 0 || left < soonest) ? left : soonest;
    }
    if (soonest > 0)
        buf_putf(out, "; the next is expected to end in about %lld min", (long long)((soonest + 59) / 60));
    if (!waits)
        return true;
    int64_t ready = (int64_t)task_ready_count(t);
    if (t->n_started || t->n_assigned)
        buf_puts(out, "; ");
    if (lost_why(t, now, out) && ready)
        buf_puts(out, "; ");
    if (!ready)
        return true;
    buf_putf(out, "%lld instance%s ", (long long)ready, ready == 1 ? "" : "s");
    waiting_for(s, slot, now, out);
    return true;
}

static void site_why(const struct server *s, const struct zone *z, house_ms now, struct buf *out)
{
    struct site_view v;
    if (z->site == NONE)
        return;
    server_site(s, z->site, now, &v);
    if (v.has_tariff)
        buf_putf(out, "; electricity costs %.4f euro per kWh", (double)v.tariff_ueur_per_kwh / 1e6);
    if (v.has_carbon)
        buf_putf(out, "%s %d g of CO2 per kWh", v.has_tariff ? " and emits" : "; electricity emits",
                 (int)v.carbon_g_per_kwh);
    if (z->has_other_heat)
        buf_putf(out, "; heat from elsewhere costs %.4f%s", (double)z->other_heat_ueur_per_kwh / 1e6,
                 zone_work_only(s, z) ? ": for now it is heated by work only" : "");
    if (z->circuit)
        buf_putf(out, "; its circuit bears %lld W", (long long)(zone_circuit_cap_mw(s, z) / 1000));
}

bool server_why_zone(const struct server *s, const char *zone, house_ms now, struct buf *out)
{
    size_t i;
    if (!server_find_zone(s, zone, &i))
        return false;
    const struct zone *z = s->zone[i];
    if (z->at.v < 0) {
        buf_putf(out, "no reading yet: node %s has not reported",
                 z->node == NONE ? "(none)" : s->node[z->node].name);
        return true;
    }
    buf_puts(out, z->why);
    site_why(s, z, now, out);
    if (z->node == NONE || !s->node[z->node].online)
        buf_putf(out, "; that was %lld s ago: its node is not heard from",
                 (long long)(house_since(now, z->at) / 1000));
    return true;
}
