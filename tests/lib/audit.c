// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#define NEED(what, ...)                                                                                      \
    do {                                                                                                     \
        if (!(what))                                                                                         \
            return err_set(e, -EINVAL, "audit: " __VA_ARGS__);                                               \
    } while (0)

static int audit_lease(const struct server *s, uint32_t at, struct err *e)
{
    const struct lease *l = &s->lease[at];
    const struct task *t = &s->task[l->task];
    unsigned long long id = l->id;
    NEED(t->id, "lease %llu is of no task", id);
    if (l->within == NONE) {
        const struct board *b = s->board[l->board];
        NEED((l->beneath ? b->beneath : b->lease) == at, "lease %llu does not hold its board", id);
        NEED(!l->beneath || l->state == LEASE_HELD || l->state == LEASE_STOPPING,
             "lease %llu is set aside and runs", id);
        NEED(l->state != LEASE_HELD || (l->beneath && l->hold_timed && b->lease != NONE &&
                                        s->lease[b->lease].activity < l->activity),
             "lease %llu is set aside for nobody", id);
        NEED(t->pool == NONE || t->holder, "lease %llu: a task of a pool runs outside of it", id);
    } else {
        const struct lease *w = &s->lease[l->within];
        NEED(w->id && w->board == l->board && s->board[l->board]->lease == l->within && !t->holder &&
                 s->task[w->task].holder && s->task[w->task].pool == t->pool && w->ready,
             "lease %llu runs in no node of its pool", id);
    }
    int32_t inside = 0, cores = 0;
    for (uint32_t i = l->first_inside; i != NONE; i = s->lease[i].next_inside, inside++) {
        NEED(s->lease[i].within == at, "lease %llu lists what runs elsewhere", id);
        cores += s->lease[i].cores;
    }
    NEED(inside == l->n_inside && cores <= l->cores && (!inside || inside <= s->pool[t->pool].slots_per_node),
         "lease %llu has %d inside, %d cores of %d", id, (int)inside, (int)cores, (int)l->cores);
    NEED(!ranges_has(&t->pending, l->instance), "lease %llu: its instance waits too", id);
    if (t->sets)
        NEED(!ranges_has(&t->sets->succeeded, l->instance) && !ranges_has(&t->sets->failed, l->instance) &&
                 !ranges_has(&t->sets->cancelled, l->instance),
             "lease %llu: its instance has ended", id);
    bool listed = false;
    for (uint32_t i = s->node[l->node].first_lease; i != NONE; i = s->lease[i].next_on_node)
        listed = listed || i == at;
    NEED(listed, "lease %llu is not in its node's list", id);
    NEED(s->node[l->node].online, "lease %llu is on a node that is given up", id);
    NEED(l->move.to == NONE || s->board[l->move.to]->kept_for == id, "lease %llu: its next board is not kept",
         id);
    return 0;
}

// Instances whose results are to be published have no lease and no end.
static int32_t publishing_of(const struct server *s, const struct task *t, int32_t *all)
{
    int32_t ends = 0;
    *all = 0;
    for (size_t i = 0; i < s->n_publishing; i++) {
        *all += s->publishing[i].task == t->id;
        ends += s->publishing[i].task == t->id && s->publishing[i].part == 0;
    }
    return ends;
}

static int audit_sets(const struct server *s, const struct task *t, struct err *e)
{
    int32_t publishing, ends = publishing_of(s, t, &publishing), uploading = 0;
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next)
        uploading += s->lease[l].uploading;
    NEED(publishing == rare_of(t)->n_publishing && uploading == rare_of(t)->n_uploading,
         "task %llu counts %d uploads and %d to be published, has %d and %d", (unsigned long long)t->id,
         (int)rare_of(t)->n_uploading, (int)rare_of(t)->n_publishing, (int)uploading, (int)publishing);
    struct ranges all = RANGES_NULL;
    ranges_copy(&all, &t->pending);
    uint64_t held = (uint64_t)(t->n_assigned + t->n_started + ends), sum = ranges_count(&t->pending) + held;
    if (t->sets) {
        const struct ranges *const set[] = {&t->sets->succeeded, &t->sets->failed, &t->sets->cancelled};
        for (int i = 0; i < 3; i++) {
            ranges_union(&all, set[i]);
            sum += ranges_count(set[i]);
        }
    }
    uint64_t distinct = ranges_count(&all) + held;
    ranges_deinit(&all);
    NEED(sum == (uint64_t)t->instances && distinct == sum,
         "task %llu has %d instances, %llu are accounted for", (unsigned long long)t->id, (int)t->instances,
         (unsigned long long)sum);
    return 0;
}

// What a pool has is what it wants, as soon as what it has too much of has ended.
static int audit_pool(const struct server *s, uint32_t at, struct err *e)
{
    const struct pool *p = &s->pool[at];
    const struct task *h = &s->task[p->holder];
    int32_t listed = 0, own = 0, nodes = (int32_t)ranges_count(&h->pending);
    unsigned long long id = p->id;
    NEED(id && h->id == id && h->pool == at, "pool %llu has no holder", id);
    NEED(!p->dirty && !p->gone, "pool %llu was not written", id);
    for (uint32_t t = p->first; t != NONE; t = s->task[t].pool_next)
        listed++;
    for (uint32_t t = 0; t < s->n_tasks; t++)
        own += s->task[t].id && s->task[t].pool == at && !s->task[t].holder;
    NEED(listed == own && own == p->n_tasks, "pool %llu lists %d tasks, has %d", id, listed, own);
    for (uint32_t i = h->first_lease; i != NONE; i = s->lease[i].next)
        nodes += s->lease[i].state != LEASE_STOPPING;
    struct plan_task seen = {0};
    int64_t waits = h->held_back ? 0 : (int64_t)ranges_count(&h->pending);
    bool known = planner_task_at(s->planner, p->holder, &seen);
    NEED((known ? seen.pending : 0) == h->exposed, "pool %llu: its nodes are not as the planner knows them",
         id);
    NEED(h->exposed <= waits && (h->exposed == waits || h->is_starved),
         "pool %llu: %d of %d nodes are shown and nobody will show the rest", id, (int)h->exposed,
         (int)waits);
    bool ends = p->closing || p->failed || p->deleting;
    NEED(!ends || !nodes, "pool %llu is over and has %d nodes", id, nodes);
    NEED(ends || p->look || nodes >= p->wanted, "pool %llu wants %d nodes, has %d", id, p->wanted, nodes);
    NEED(p->state != POOL_CLOSED || (h->first_lease == NONE && !own),
         "pool %llu is Closed with something left", id);
    return 0;
}

static int audit_task(const struct server *s, uint32_t at, struct err *e)
{
    const struct task *t = &s->task[at];
    unsigned long long id = t->id;
    int32_t assigned = 0, started = 0;
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next) {
        started += lease_under_way(&s->lease[l]);
        assigned += !lease_under_way(&s->lease[l]);
        NEED(s->lease[l].task == at, "task %llu has another's lease", id);
    }
    NEED(assigned == t->n_assigned && started == t->n_started, "task %llu counts %d+%d leases, has %d+%d", id,
         t->n_assigned, t->n_started, assigned, started);
    if (t->holder)
        return audit_pool(s, t->pool, e);
    NEED(!task_state_final(t->state), "task %llu has ended and is in memory", id);
    NEED(!t->dirty, "task %llu is marked but was not written", id);
    NEED(!(t->aborting || t->deleting) ||
             (!ranges_count(&t->pending) && assigned + started + rare_of(t)->n_publishing > 0),
         "task %llu is being ended and nothing is left to end it", id);
    struct plan_task p;
    if (t->pool != NONE) // known by its pool only
        return audit_sets(s, t, e);
    NEED(planner_task_at(s->planner, at, &p), "task %llu is not known to the planner", id);
    int64_t waits =
        t->aborting || t->deleting || t->held_back || task_waits(t) ? 0 : (int64_t)task_ready_count(t);
    NEED(p.pending == t->exposed && p.order == t->id, "task %llu: %d wait for the planner, %d for the engine",
         id, (int)p.pending, (int)t->exposed);
    NEED(t->exposed <= waits && (t->exposed == waits || t->is_starved),
         "task %llu: %d of %d instances are shown and nobody will show the rest", id, (int)t->exposed,
         (int)waits);
    return audit_sets(s, t, e);
}

// Every open dependency is an edge at the task that is waited for, and there are no others.
static int audit_waits(const struct server *s, uint32_t at, size_t *edges, struct err *e)
{
    const struct task *t = &s->task[at];
    const struct membership *m = t->in_job;
    unsigned long long id = t->id;
    if (!m)
        return 0;
    NEED(m->job < s->n_jobs && s->job[m->job].id, "task %llu is in a job that is gone", id);
    NEED(!m->dirty, "task %llu: what it waits for was not written", id);
    NEED(m->waits == (depends_state(&m->depends) == DEPEND_WAITING) || t->aborting || t->deleting,
         "task %llu waits wrongly", id);
    NEED(!m->waits || t->first_lease == NONE, "task %llu waits and runs", id);
    NEED(depends_state(&m->depends) != DEPEND_NOT_FULFILLED || t->aborting || t->deleting,
         "task %llu can never start", id);
    for (size_t i = 0; i < m->depends.n; i++) {
        if (m->depends.v[i].end != DEPEND_OPEN)
            continue;
        size_t found = 0;
        for (uint32_t o = 0; o < s->n_tasks; o++) {
            if (!s->task[o].id || !s->task[o].in_job ||
                memcmp(s->task[o].uuid, m->depends.v[i].uuid, 16) != 0)
                continue;
            for (uint32_t k = s->task[o].in_job->first_edge; k != NONE; k = s->edge[k].next)
                found += s->edge[k].task == t->id && s->edge[k].which == i;
        }
        NEED(found == 1, "task %llu: its dependency %zu has %zu edges", id, i, found);
    }
    for (uint32_t k = m->first_edge; k != NONE; k = s->edge[k].next)
        (*edges)++;
    return 0;
}

static int audit_jobs(const struct server *s, struct err *e)
{
    size_t edges = 0, unused = 0;
    for (uint32_t i = 0; i < s->n_tasks; i++) {
        int r = s->task[i].id ? audit_waits(s, i, &edges, e) : 0;
        if (r)
            return r;
    }
    for (uint32_t k = s->free_edge; k; k = s->edge[k - 1].next)
        unused++;
    NEED(edges + unused == s->n_edges, "%zu edges are used and %zu free, of %zu", edges, unused, s->n_edges);
    NEED(!s->n_resolved, "ends were not told to those who wait");
    for (uint32_t i = 0; i < s->n_jobs; i++) {
        const struct job *j = &s->job[i];
        int32_t listed = 0, own = 0;
        for (uint32_t t = j->first; j->id && t != NONE; t = s->task[t].in_job->next)
            listed++;
        for (uint32_t t = 0; t < s->n_tasks; t++)
            own += s->task[t].id && s->task[t].in_job && s->task[t].in_job->job == i;
        NEED(listed == own && own == j->n_tasks, "job %llu lists %d tasks, has %d", (unsigned long long)j->id,
             (int)listed, (int)own);
        NEED(!j->dirty && !j->gone, "job %llu was not written", (unsigned long long)j->id);
        NEED(j->state != JOB_COMPLETED || !own, "job %llu is Completed with tasks that live",
             (unsigned long long)j->id);
        NEED(j->state != JOB_TERMINATING || own, "job %llu is Terminating without a task",
             (unsigned long long)j->id);
    }
    return 0;
}

// What ended is known as the store has it, and jobs are as there.
static int audit_job_rows(const struct server *s, const struct model_store *m, struct err *e)
{
    size_t n, live = 0;
    uint64_t at, end;
    uint8_t uuid[16];
    for (uint32_t i = 0; i < s->n_jobs; i++)
        live += s->job[i].id != 0;
    const struct change *c = model_store_rows(m, CHANGE_JOB, &n);
    NEED(live == n, "%zu jobs in the store, %zu in memory", n, live);
    for (size_t i = 0; i < n; i++)
        NEED(idmap_get(&s->job_by_id, c[i].job.id, &at) && s->job[at].state == c[i].job.state &&
                 s->job[at].swept == c[i].job.swept,
             "job %llu: the store has another", (unsigned long long)c[i].job.id);
    c = model_store_rows(m, CHANGE_TASK_NEW, &n);
    size_t known = 0, there = 0, keep = 0;
    for (size_t i = 0; i < n; i++) {
        const struct row_task *t = &c[i].task;
        if (!task_state_final(t->live.state))
            continue;
        keep += t->keep_ms > 0;
        NEED((t->keep_ms > 0) == idmap_get(&s->expiring_by_id, t->id, NULL),
             "task %llu: does it delete itself?", (unsigned long long)t->id);
        if (!t->job || !idmap_get(&s->job_by_id, t->job, &at) || s->job[at].state != JOB_ACTIVE ||
            !s->job[at].use_dependencies)
            continue;
        NEED(uuid_parse(t->uuid, uuid) && idmap_get(&s->job[at].ended, uuid_key(uuid), &end) &&
                 end == depend_end_of((enum task_state)t->live.state),
             "task %llu: its job does not know how it ended", (unsigned long long)t->id);
        known++;
    }
    for (uint32_t i = 0; i < s->n_jobs; i++)
        there += s->job[i].ended.n;
    NEED(there == known, "jobs know the end of %zu tasks, the store of %zu", there, known);
    NEED(keep == s->n_expiring, "%zu tasks delete themselves, memory knows %zu", keep, s->n_expiring);
    return 0;
}

static int audit_board(const struct server *s, uint32_t at, struct err *e)
{
    const struct board *b = s->board[at];
    const struct plan_board *p = planner_board_at(s->planner, at);
    NEED(p, "board %s is not known to the planner", b->name);
    bool usable = b->node != NONE && s->node[b->node].online && b->sandbox && !b->barred && !b->node_barred &&
                  !house_before(s->now, b->rests_until) && !b->kept_for && !s->zone[b->zone]->lid_open.v;
    bool not_told_yet =
        b->rests_until.v > 0 && server_next_tick(s).v <= s->now.v; // its rest ended between two events
    NEED(p->usable == usable || (usable && not_told_yet), "board %s: the planner thinks it %s", b->name,
         p->usable ? "usable" : "not usable");
    NEED(p->zone == b->zone, "board %s: the planner has it in another zone", b->name);
    NEED((p->task == PLAN_NONE) == (b->lease == NONE),
         "board %s: engine and planner differ on whether it is held", b->name);
    if (b->lease != NONE) {
        const struct lease *l = &s->lease[b->lease];
        NEED(l->id && l->board == at, "board %s holds a lease that is over", b->name);
        NEED(p->task == l->task && p->stopping == (l->state == LEASE_STOPPING) && p->activity == l->activity,
             "board %s: engine and planner differ on what holds it", b->name);
        NEED(p->holds == lease_can_hold(s, b->lease), "board %s: the planner thinks it %s be set aside",
             b->name, p->holds ? "can" : "cannot");
        NEED(p->lost_s == lease_lost_s(s, b->lease) / (p->holds ? 4 : 1),
             "board %s: the planner thinks that %d s would be lost", b->name, (int)p->lost_s);
    }
    bool goes_on = b->beneath != NONE && s->lease[b->beneath].state == LEASE_HELD;
    NEED(p->beneath == (goes_on ? (enum activity)s->lease[b->beneath].activity : ACTIVITY_RESERVED),
         "board %s: engine and planner differ on what is set aside there", b->name);
    uint64_t mover;
    if (b->kept_for) // for an instance that is on its way here
        NEED(idmap_get(&s->lease_by_id, b->kept_for, &mover) && s->lease[mover].move.to == at,
             "board %s is kept for nobody", b->name);
    int64_t sum = 0;
    for (int a = 0; a < ACTIVITY_N; a++)
        sum += b->energy_mj[a];
    NEED(sum == b->meter.total_mj, "board %s: its rows add up to %lld mJ, its meter says %lld", b->name,
         (long long)sum, (long long)b->meter.total_mj);
    return 0;
}

static int audit_node(const struct server *s, uint32_t at, house_ms now, struct err *e)
{
    const struct node *n = &s->node[at];
    struct arena a = ARENA_NULL;
    struct sync_down d;
    server_desired(s, n->id, at + 1, now, &a, &d);
    size_t leases = 0, found = 0, stopping = 0;
    for (uint32_t i = 0; i < s->n_leases; i++) {
        if (!s->lease[i].id || s->lease[i].node != at)
            continue;
        leases++;
        stopping += s->lease[i].state == LEASE_STOPPING;
        for (size_t k = 0; k < d.n_assignments; k++)
            found += d.assignment[k].lease == s->lease[i].id;
    }
    size_t wanted = d.n_assignments;
    arena_deinit(&a);
    NEED(wanted == leases && found == leases, "node %s should run %zu leases and is told %zu", n->name,
         leases, wanted);
    NEED(n->n_stopping == stopping, "node %s: %zu leases are to stop, %u counted", n->name, stopping,
         n->n_stopping);
    for (size_t i = 0; i < n->n_boards; i++)
        NEED(s->board[n->board[i]]->node == at, "node %s lists a board of another", n->name);
    for (size_t i = 0; i < n->n_zones; i++)
        NEED(s->zone[n->zone[i]]->node == at, "node %s lists a zone of another", n->name);
    NEED(!n->online || n->timed, "node %s is online and no timer watches it", n->name);
    return 0;
}

static int audit_counts(const struct server *s, struct err *e)
{
    struct engine_counts c;
    uint64_t tasks = 0, queued = 0, instances = 0, running = 0, leases = 0, nodes = 0, boards = 0;
    server_counts(s, &c);
    for (size_t i = 0; i < s->n_tasks; i++) {
        bool is = s->task[i].id && !s->task[i].holder;
        tasks += is;
        queued += is && ranges_count(&s->task[i].pending);
        instances += is ? ranges_count(&s->task[i].pending) : 0;
    }
    for (size_t i = 0; i < s->n_leases; i++) {
        leases += s->lease[i].id != 0;
        running += s->lease[i].id && s->lease[i].state == LEASE_STARTED && !s->task[s->lease[i].task].holder;
    }
    for (size_t i = 0; i < s->n_nodes; i++) {
        nodes += s->node[i].online;
        boards += s->node[i].online ? s->node[i].n_boards : 0;
    }
    NEED(c.tasks_live == tasks && c.tasks_queued == queued && c.instances_queued == instances,
         "counts of tasks: %llu %llu %llu", (unsigned long long)c.tasks_live,
         (unsigned long long)c.tasks_queued, (unsigned long long)c.instances_queued);
    NEED(c.leases == leases && c.instances_running == running, "counts of leases");
    NEED(c.nodes_online == nodes && c.boards_online == boards, "counts of nodes");
    for (size_t i = 0; i < s->n_accounts; i++) {
        int64_t cores = 0, own = 0;
        for (size_t l = 0; l < s->n_leases; l++)
            if (s->lease[l].id && s->lease[l].state == LEASE_STARTED && s->lease[l].within == NONE &&
                s->task[s->lease[l].task].account == i)
                cores += s->lease[l].cores;
        for (size_t t = 0; t < s->n_tasks; t++)
            own += s->task[t].id && !s->task[t].holder && s->task[t].account == i;
        for (int k = 0; k < PLAN_CLASSES; k++)
            cores -= s->account[i].cores[k];
        int64_t jobs = 0;
        for (size_t j = 0; j < s->n_jobs; j++)
            jobs += s->job[j].id && s->job[j].account == i;
        NEED(!cores && own == s->account[i].live_tasks && jobs == s->account[i].jobs, "counts of account %zu",
             i);
    }
    return 0;
}

static int audit_quota(const struct quota *q, int64_t held, int64_t cores, int64_t shown, const char *whose,
                       size_t i, struct err *e)
{
    NEED(q->held == held && q->held_cores == cores && q->exposed == shown,
         "quota of %s %zu: %lld boards, %lld cores, %lld shown where %lld, %lld, %lld are", whose, i,
         (long long)q->held, (long long)q->held_cores, (long long)q->exposed, (long long)held,
         (long long)cores, (long long)shown);
    return 0;
}

// What stands under a quota: of an account, of an organisation, or of a reservation (the others are NONE).
static int audit_scope(const struct server *s, const struct quota *q, int kind, uint32_t account,
                       uint32_t organisation, uint32_t reservation, const char *whose, size_t i,
                       struct err *e)
{
    int64_t held = 0, cores = 0, shown = 0;
    for (size_t j = 0; j < s->n_tasks; j++) {
        const struct task *t = &s->task[j];
        if (!t->id || (account != NONE && t->account != account) ||
            (organisation != NONE && s->account[t->account].organisation != organisation) ||
            (reservation != NONE && t->reservation != reservation) ||
            (reservation == NONE && (int)quota_kind_of((enum activity)t->activity) != kind))
            continue;
        shown += t->exposed;
        for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next) {
            if (s->lease[l].within != NONE)
                continue; // its board is counted with the node of the pool
            held++;
            cores += s->lease[l].cores;
        }
    }
    return audit_quota(q, held, cores, shown, whose, i, e);
}

static int audit_quotas(const struct server *s, struct err *e)
{
    int r = 0;
    for (int k = 0; k < QUOTA_KINDS && !r; k++) {
        for (uint32_t i = 0; i < s->n_accounts && !r; i++)
            r = audit_scope(s, &s->account[i].quota[k], k, i, NONE, NONE, "account", i, e);
        for (uint32_t i = 0; i < s->n_organisations && !r; i++)
            r = audit_scope(s, &s->organisation[i].quota[k], k, NONE, i, NONE, "organisation", i, e);
    }
    for (uint32_t i = 0; i < s->n_reservations && !r; i++)
        r = audit_scope(s, &s->reservation[i].quota, 0, NONE, NONE, i, "reservation", i, e);
    return r;
}

// What the store has is what memory has.
static int audit_store(const struct server *s, const struct model_store *m, struct err *e)
{
    size_t n, live = 0, leases = 0;
    const struct change *c = model_store_rows(m, CHANGE_TASK_NEW, &n);
    for (size_t i = 0; i < n; i++) {
        if (task_state_final(c[i].task.live.state))
            continue;
        live++;
        uint32_t at;
        NEED(server_task_slot(s, c[i].task.id, &at), "task %llu is in the store only",
             (unsigned long long)c[i].task.id);
        NEED(s->task[at].state == c[i].task.live.state, "task %llu: the store has another state",
             (unsigned long long)c[i].task.id);
    }
    c = model_store_rows(m, CHANGE_POOL, &n);
    for (size_t i = 0; i < n; i++) {
        uint64_t at;
        unsigned long long id = c[i].pool.id;
        NEED(idmap_get(&s->pool_by_id, id, &at), "pool %llu is in the store only", id);
        const struct pool *p = &s->pool[at];
        NEED(p->state == c[i].pool.state && p->wanted == c[i].pool.wanted && p->starts == c[i].pool.starts,
             "pool %llu: state %d, %d nodes, %d starts; in the store %d, %d, %d", id, p->state, p->wanted,
             p->starts, c[i].pool.state, c[i].pool.wanted, c[i].pool.starts);
    }
    NEED(n == s->n_pools - s->n_free_pools, "%zu pools in the store", n);
    NEED(live == s->counts.tasks_live, "%zu tasks live in the store, %llu in memory", live,
         (unsigned long long)s->counts.tasks_live);
    c = model_store_rows(m, CHANGE_LEASE, &leases);
    for (size_t i = 0; i < leases; i++)
        NEED(idmap_get(&s->lease_by_id, c[i].lease.id, NULL), "lease %llu is in the store only",
             (unsigned long long)c[i].lease.id);
    NEED(leases == s->counts.leases, "%zu leases in the store", leases);
    c = model_store_rows(m, CHANGE_LEDGER_WORK, &n);
    for (uint32_t b = 0; b < s->n_boards; b++) {
        int64_t sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += c[i].work.board == s->board[b]->id ? c[i].work.energy_mj : 0;
        NEED(sum == s->board[b]->meter.total_mj,
             "board %s: the ledger's rows add up to %lld mJ, its meter says %lld", s->board[b]->name,
             (long long)sum, (long long)s->board[b]->meter.total_mj);
    }
    return 0;
}

int audit_server(const struct server *s, house_ms now, const struct effects *fx, const struct model_store *m,
                 struct err *e)
{
    int r = 0;
    for (size_t i = 0; fx && i < fx->n_notes; i++)
        NEED(strcmp(fx->note[i].kind, "plan-check") != 0, "%s", fx->note[i].json);
    for (uint32_t i = 0; i < s->n_leases && !r; i++)
        r = s->lease[i].id ? audit_lease(s, i, e) : 0;
    for (uint32_t i = 0; i < s->n_tasks && !r; i++)
        r = s->task[i].id ? audit_task(s, i, e) : 0;
    for (uint32_t i = 0; i < s->n_boards && !r; i++)
        r = audit_board(s, i, e);
    for (uint32_t i = 0; i < s->n_nodes && !r; i++)
        r = audit_node(s, i, now, e);
    if (!r)
        r = audit_counts(s, e);
    if (!r)
        r = audit_quotas(s, e);
    if (!r)
        r = audit_jobs(s, e);
    if (!r && m)
        r = audit_job_rows(s, m, e);
    return r || !m ? r : audit_store(s, m, e);
}
