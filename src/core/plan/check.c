// SPDX-License-Identifier: Apache-2.0
//
// What any plan satisfies, whoever made it. Looks at the planner's state after the run (the slots it gave are
// held) with plain loops over everything: slow, and independent of every index that the planner uses.
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/plan/planner_state.h"

static int check_assign(const struct planner *p, const struct plan_assign *a, uint8_t *seen, struct err *e)
{
    if (a->board >= p->n_boards || a->task >= p->n_tasks || !p->board[a->board].known ||
        !p->task[a->task].known)
        return err_set(e, -EINVAL, "plan: task %u on board %u: unknown", a->task, a->board);
    const struct plan_board *b = &p->board[a->board].board;
    const struct known_task *t = &p->task[a->task];
    const struct queue *q = &p->queue[t->queue];
    const struct shape *s = &p->shape[q->shape];
    const struct zone_state *z = &p->zone[b->zone];
    if (seen[a->board]++)
        return err_set(e, -EINVAL, "plan: board %u is given twice", a->board);
    if (b->task != a->task)
        return err_set(e, -EINVAL, "plan: board %u is held by task %u, given to %u", a->board, b->task,
                       a->task);
    if (b->account != p->account[q->account].id)
        return err_set(e, -EINVAL, "plan: board %u would have two accounts", a->board);
    if (!b->usable || !z->zone.online)
        return err_set(e, -EINVAL, "plan: board %u may not be used", a->board);
    if (!constraint_holds(&s->constraint, b->spec))
        return err_set(e, -EINVAL, "plan: board %u lacks what task %u asks for", a->board, a->task);
    if (!where_holds(&s->where, &p->site[z->zone.site].site, z->zone.site))
        return err_set(e, -EINVAL, "plan: task %u may not run on site %u", a->task, z->zone.site);
    if (data_goes_first(p) && !data_is_there(p, s, z->zone.site))
        return err_set(e, -EINVAL, "plan: board %u would wait for data of task %u", a->board, a->task);
    if (zone_refuses(z) && !p->policy->heat_blind && !p->prices.refused_heat_allowed[s->ask.activity])
        return err_set(e, -EINVAL, "plan: zone %u refuses heat", b->zone);
    if (b->beneath != ACTIVITY_RESERVED && b->beneath <= s->ask.activity)
        return err_set(e, -EINVAL,
                       "plan: board %u: task %u is of no better class than what is set aside there", a->board,
                       a->task);
    if (a->aside && b->beneath == ACTIVITY_RESERVED)
        return err_set(e, -EINVAL, "plan: board %u: nothing is set aside there for task %u", a->board,
                       a->task);
    if (t->pending < 0)
        return err_set(e, -EINVAL, "plan: task %u has more instances placed than wait", a->task);
    return 0;
}

// Counts as coming from now on, and is ordered once.
static int check_fetch(const struct planner *p, const struct plan *plan, size_t of, struct err *e)
{
    const struct plan_fetch *f = &plan->fetch[of];
    if (f->data >= p->n_datas || f->site >= p->n_sites || !p->site[f->site].known)
        return err_set(e, -EINVAL, "plan: data %u is to be fetched to site %u: unknown", f->data, f->site);
    if (planner_replica_at(p, f->data, f->site) != (f->in_advance ? REPLICA_HERE : REPLICA_COMING))
        return err_set(e, -EINVAL, "plan: data %u is fetched to site %u, which has it", f->data, f->site);
    for (size_t i = 0; i < of; i++)
        if (plan->fetch[i].data == f->data && plan->fetch[i].site == f->site)
            return err_set(e, -EINVAL, "plan: data %u is fetched to site %u twice", f->data, f->site);
    return 0;
}

// A gang is placed whole on a site: as often as there are whole ones, and what is left of a task last.
static int check_gang(const struct planner *p, const struct plan *plan, size_t of, struct err *e)
{
    const struct plan_assign *a = &plan->assign[of];
    int32_t gang = p->shape[p->queue[p->task[a->task].queue].shape].gang, all = 0, here = 0;
    uint32_t site = p->zone[p->board[a->board].board.zone].zone.site;
    for (size_t i = 0; i < plan->n_assigns && gang > 1; i++) {
        if (plan->assign[i].task != a->task)
            continue;
        all++;
        here += p->zone[p->board[plan->assign[i].board].board.zone].zone.site == site;
    }
    if (gang <= 1 || here % gang == 0 || (p->task[a->task].pending == 0 && here % gang == all % gang))
        return 0;
    return err_set(e, -EINVAL, "plan: task %u needs %d boards at once on a site, got %d on site %u", a->task,
                   (int)gang, (int)here, site);
}

// Zones of a site that have a free board worth having: each could take one member whatever the others do.
static int check_gang_waits(const struct planner *p, uint32_t task, struct err *e)
{
    const struct shape *s = &p->shape[p->queue[p->task[task].queue].shape];
    int32_t n = p->task[task].pending < s->gang ? p->task[task].pending : s->gang;
    for (uint32_t site = 0; site < p->n_sites && s->gang > 1; site++) {
        int32_t zones = 0;
        if (!p->site[site].known || p->site[site].site.cap_mw >= 0 ||
            site_is_kept(p, site, s->ask.activity) || !place_holds(p, s, site))
            continue;
        for (size_t i = 0; i < p->site[site].zones.n; i++) {
            const struct zone_state *z = &p->zone[p->site[site].zones.v[i]];
            bool one = false;
            for (size_t k = 0; k < z->n_boards && !z->zone.circuit; k++) {
                int64_t worth = worth_on(p, s->ask, z->board[k], false, NULL);
                one = one || (worth > 0 && worth + place_worth(p, s, site) > 0 &&
                              constraint_holds(&s->constraint, p->board[z->board[k]].board.spec));
            }
            zones += one;
        }
        if (zones >= n)
            return err_set(e, -EINVAL,
                           "plan: task %u waits for %d boards while site %u has %d zones with one free", task,
                           (int)n, site, (int)zones);
    }
    return 0;
}

// What the boards at work of every zone draw at most, counted from the boards. The caller frees it.
static int64_t *drawn_mw(const struct planner *p)
{
    struct count {
        int32_t most, at_work;
        bool urgent;
    } *zone = mem_array(p->n_zones + 1, sizeof *zone);
    int64_t *drawn = mem_array(p->n_zones + 1, sizeof *drawn);
    for (size_t i = 0; i < p->n_boards; i++) {
        const struct plan_board *b = &p->board[i].board;
        if (!p->board[i].known)
            continue;
        struct count *z = &zone[b->zone];
        z->most = curve_max_mw(b->curve) > z->most ? curve_max_mw(b->curve) : z->most;
        z->at_work += b->task != PLAN_NONE;
        z->urgent = z->urgent || (b->task != PLAN_NONE && activity_is_urgent(b->activity));
    }
    for (size_t i = 0; i < p->n_zones; i++)
        drawn[i] = zone_work_mw(&p->zone[i], zone[i].most, zone[i].at_work, zone[i].urgent);
    free(zone);
    return drawn;
}

static int check_cap(const char *what, uint32_t at, int64_t cap_mw, int64_t drawn_mw_there, struct err *e)
{
    if (cap_mw < 0 || drawn_mw_there <= cap_mw)
        return 0;
    return err_set(e, -EINVAL, "plan: %s %u would draw %lld mW for work, its cap is %lld", what, at,
                   (long long)drawn_mw_there, (long long)cap_mw);
}

// A cap that was lowered under running work is not this plan's doing: only where it gave something.
static int check_caps(const struct planner *p, const struct plan *plan, struct err *e)
{
    int64_t *drawn = drawn_mw(p), *site = mem_array(p->n_sites + 1, sizeof *site),
            *fuse = mem_array(p->n_circuits + 1, sizeof *fuse);
    int r = 0;
    for (size_t i = 0; i < p->n_zones; i++) {
        const struct plan_zone *z = &p->zone[i].zone;
        site[z->site < p->n_sites ? z->site : p->n_sites] += drawn[i];
        fuse[z->circuit < p->n_circuits ? z->circuit : p->n_circuits] += drawn[i];
    }
    for (size_t i = 0; i < plan->n_assigns && !r; i++) {
        const struct plan_zone *z = &p->zone[p->board[plan->assign[i].board].board.zone].zone;
        r = check_cap("site", z->site, p->site[z->site].site.cap_mw, site[z->site], e);
        if (!r && z->circuit && z->circuit < p->n_circuits)
            r = check_cap("circuit", z->circuit, p->circuit[z->circuit].cap_mw, fuse[z->circuit], e);
    }
    free(drawn);
    free(site);
    free(fuse);
    return r;
}

// One waiting task against one board: is somebody less worth in its place?
static int check_waiting(const struct planner *p, uint32_t task, uint32_t board, struct err *e)
{
    const struct queue *t = &p->queue[p->task[task].queue];
    const struct shape *s = &p->shape[t->shape];
    const struct plan_board *b = &p->board[board].board;
    uint32_t site = p->zone[b->zone].zone.site;
    if (s->gang > 1 || site_is_kept(p, site, s->ask.activity) || !constraint_holds(&s->constraint, b->spec) ||
        !place_holds(p, s, site))
        return 0;
    int64_t here = worth_on(p, s->ask, board, true, NULL), place = place_worth(p, s, site);
    int64_t mine = here == INT64_MIN ? here : here + place;
    if (mine <= 0)
        return 0;
    if (b->task == PLAN_NONE)
        return err_set(e, -EINVAL, "plan: task %u waits while board %u is free and worth %lld", task, board,
                       (long long)mine);
    if (b->activity <= s->ask.activity || b->stopping || t->pending <= p->stopping)
        return 0; // as many as wait are stopping already: they are for it
    if (activity_is_urgent(s->ask.activity) && (activity_is_urgent(b->activity) || p->zone[b->zone].free))
        return 0; // by what the zone bears, and after everything else
    int64_t theirs = worth_on(p, holder_of(p, board), board, true, NULL);
    int64_t gain = here - (theirs > 0 ? theirs : 0) - p->prices.preempt_ueur;
    if (gain > 0 && gain_less_loss(p, s->ask, board, gain) + place > 0)
        return err_set(e, -EINVAL,
                       "plan: task %u (%s) waits while board %u is held by %s, which is worth less there",
                       task, activity_name(s->ask.activity), board, activity_name(b->activity));
    return 0;
}

// Tasks of one queue are alike: its oldest speaks for all, and its number for how many wait.
static bool speaks_for_queue(const struct planner *p, uint32_t task, uint8_t *queue_seen)
{
    const struct known_task *t = &p->task[task];
    if (!t->known || t->pending <= 0 || queue_seen[t->queue])
        return false;
    queue_seen[t->queue] = 1;
    return true;
}

int plan_check(const struct planner *p, house_ms now, const struct plan *plan, struct err *e)
{
    (void)now;
    uint8_t *seen = mem_array(p->n_boards + 1, 1);
    uint8_t *queue_seen = mem_array(p->n_queues + 1, 1);
    int r = 0;
    for (size_t i = 0; i < plan->n_assigns && !r; i++)
        r = check_assign(p, &plan->assign[i], seen, e);
    for (size_t i = 0; i < plan->n_assigns && !r; i++)
        r = check_gang(p, plan, i, e);
    for (size_t i = 0; i < plan->n_stops && !r; i++)
        if (plan->stop[i].board >= p->n_boards || p->board[plan->stop[i].board].board.task == PLAN_NONE)
            r = err_set(e, -EINVAL, "plan: board %u is to be stopped but runs nothing", plan->stop[i].board);
    for (size_t i = 0; i < plan->n_fetches && !r; i++)
        r = check_fetch(p, plan, i, e);
    if (!r)
        r = check_caps(p, plan, e);
    for (uint32_t t = 0; t < p->n_tasks && !r && p->policy->keeps_market; t++) {
        if (!speaks_for_queue(p, t, queue_seen))
            continue;
        r = check_gang_waits(p, t, e);
        for (uint32_t b = 0; b < p->n_boards && !r; b++)
            if (p->board[b].known && zone_sited(p, &p->zone[p->board[b].board.zone]))
                r = check_waiting(p, t, b, e);
    }
    free(seen);
    free(queue_seen);
    return r;
}
