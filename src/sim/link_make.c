// SPDX-License-Identifier: Apache-2.0
//
// The engine of a run, as the scenario wants it, and the first call of every node.
#include "sim/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/plan/policy.h"

#define BEATS_MS       INT64_C(600000) // beats that are rare come together, so that one plan does for some
#define BEAT_MOST_MS   INT64_C(2592000000) // sums in ledgers are the same, whenever they are told
#define BEAT_ROOMS_MS  INT64_C(43200000)   // where somebody decides by what beats tell of rooms
#define LEASE_SHORT_MS INT64_C(600000)

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
            ev.now = link_wall(r);
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
                                                                : LINK_LEASE_LONG_MS;
    r->tells_together = !r->tells_at_once && r->lease_ms >= LINK_LEASE_LONG_MS && !r->o.mutants.planner_blind;
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
    server_restore_from(r->server, link_wall(r));
    server_restored(r->server, link_wall(r));
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
