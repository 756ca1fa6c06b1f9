// SPDX-License-Identifier: Apache-2.0
//
// Gangs: so many instances at once on one site, or none. A gang never holds some boards while it waits for
// others, so two gangs cannot block each other. That alone would let single instances take every board that
// falls free for ever. So one gang of each class, the oldest that waited for gang_patience_ms, has a site
// kept for it: its own and lower classes get no more boards there that the gang could use, and boards of
// lower classes are asked back there, until enough are free.
#include "core/plan/planner_state.h"

static bool is_gang(const struct planner *p, uint32_t queue)
{
    return p->shape[p->queue[queue].shape].gang > 1;
}

static int32_t members(const struct planner *p, uint32_t queue, uint32_t task)
{
    int32_t gang = p->shape[p->queue[queue].shape].gang;
    return p->task[task].pending < gang ? p->task[task].pending : gang;
}

// All on one site, or none.
static bool gang_on(struct planner *p, uint32_t shape, uint32_t task, int32_t n, uint32_t site,
                    struct plan *out)
{
    size_t before = out->n_assigns;
    for (int64_t net; n > 0; n--) {
        uint32_t board = best_on_site(p, shape, site, &net);
        if (board == PLAN_NONE)
            break;
        plan_place_maybe(p, task, board, net, out);
    }
    while (n > 0 && out->n_assigns > before)
        plan_hold(p, out->assign[--out->n_assigns].board, task, false);
    for (size_t i = before; i < out->n_assigns; i++)
        data_used(p, &p->shape[shape]); // not by those that were tried and taken back
    return n == 0;
}

// Free boards on a site that the shape could have, at most: entries of a heap may be old.
static size_t free_there(struct planner *p, struct shape *s, uint32_t site)
{
    size_t n = 0;
    for (size_t i = 0; i < p->site[site].kinds.n; i++) {
        uint32_t kind = p->site[site].kinds.v[i];
        if (shape_fits(p, s, kind))
            n += p->kind[kind].lane[lane_of(s->ask)].heap[SIDE_FREE].n;
    }
    return n;
}

// The site whose best board is worth most is tried first.
static bool place_anywhere(struct planner *p, uint32_t queue, uint32_t task, struct plan *out)
{
    uint32_t shape = p->queue[queue].shape;
    int32_t n = members(p, queue, task);
    p->sites.n = 0;
    best_by_kind(p, lane_of(p->shape[shape].ask));
    for (uint32_t site = 0; site < p->n_sites; site++) {
        int64_t net;
        if (free_there(p, &p->shape[shape], site) >= (size_t)n &&
            best_on_site(p, shape, site, &net) != PLAN_NONE)
            heap_push(&p->sites, (struct heap_entry){.key = net, .index = site});
    }
    for (; p->sites.n; heap_pop(&p->sites))
        if (gang_on(p, shape, task, n, p->sites.v[0].index, out))
            return true;
    return false;
}

// ---- the site that is kept

// Boards on the site that the gang could use one day: `is_free` those of them that it could have now.
static int32_t could_use(struct planner *p, uint32_t shape, uint32_t site, bool is_free)
{
    struct shape *s = &p->shape[shape];
    int32_t n = 0;
    for (size_t i = 0; i < p->site[site].zones.n; i++) {
        const struct zone_state *z = &p->zone[p->site[site].zones.v[i]];
        for (size_t k = 0; k < z->n_boards; k++) {
            uint32_t b = z->board[k];
            bool open = p->board[b].board.task == PLAN_NONE;
            if ((open || !is_free) && shape_fits(p, s, p->board[b].kind))
                n += worth_on(p, s->ask, b, true, NULL) > 0;
        }
    }
    return n;
}

static void set_kept(struct planner *p, enum activity a, uint32_t task, uint32_t site)
{
    struct kept *k = &p->kept[a];
    uint32_t old = k->site;
    if (k->task == task && old == site)
        return;
    p->kept_moved = true;
    k->task = task;
    k->site = site;
    for (int i = 0; i < 2; i++, old = site)
        for (size_t z = 0; old != PLAN_NONE && z < p->site[old].zones.n; z++)
            zone_stale(p, p->site[old].zones.v[z]);
}

static void choose_site(struct planner *p, enum activity a, uint32_t queue, uint32_t task)
{
    uint32_t best = PLAN_NONE, shape = p->queue[queue].shape;
    int32_t most = members(p, queue, task) - 1;
    for (uint32_t site = 0; site < p->n_sites; site++) {
        int32_t n = p->site[site].known ? could_use(p, shape, site, false) : 0;
        if (n > most) {
            most = n;
            best = site;
        }
    }
    p->kept[a].until = house_add(p->now, p->prices.gang_patience_ms);
    set_kept(p, a, best == PLAN_NONE ? PLAN_NONE : task, best);
}

static void look_again(struct planner *p, house_ms at)
{
    if (house_before(at, p->look_again))
        p->look_again = at;
}

static void keep_for_class(struct planner *p, enum activity a)
{
    struct kept *k = &p->kept[a];
    uint32_t queue = PLAN_NONE, task = PLAN_NONE;
    for (size_t i = 0; i < p->active[a].n && p->gangs[a]; i++) {
        uint32_t q = p->active[a].v[i], head = is_gang(p, q) ? queue_head(p, q) : PLAN_NONE;
        if (head != PLAN_NONE && (task == PLAN_NONE || p->task[head].order < p->task[task].order)) {
            queue = q;
            task = head;
        }
    }
    house_ms due = task == PLAN_NONE ? p->now : house_add(p->task[task].since, p->prices.gang_patience_ms);
    if (task == PLAN_NONE || house_before(p->now, due)) {
        set_kept(p, a, PLAN_NONE, PLAN_NONE);
        if (task != PLAN_NONE)
            look_again(p, due);
        return;
    }
    if (k->tried != task || !house_before(p->now, k->until))
        choose_site(p, a, queue, task);
    k->tried = task;
    look_again(p, k->until);
}

// What it waited for elsewhere it needs no longer.
bool gang_place(struct planner *p, uint32_t queue, uint32_t task, struct plan *out)
{
    enum activity a = p->shape[p->queue[queue].shape].ask.activity;
    if (!place_anywhere(p, queue, task, out))
        return false;
    if (p->kept[a].task == task)
        set_kept(p, a, PLAN_NONE, PLAN_NONE);
    look_again(p, p->now); // for the next one, whose patience may be over before anything is told
    return true;
}

void gang_keep(struct planner *p)
{
    if (!p->policy->gain || p->policy->classless)
        return; // it asks nobody to make room
    for (int a = 0; a < PLAN_CLASSES; a++)
        if (p->pending[a] || p->kept[a].site != PLAN_NONE)
            keep_for_class(p, (enum activity)a);
}

bool site_is_kept(const struct planner *p, uint32_t site, enum activity from)
{
    for (int a = 0; a <= (int)from && a < PLAN_CLASSES; a++)
        if (p->kept[a].site == site)
            return true;
    return false;
}

// The kept boards are in no heap, not of the gang's lane either: they are looked at one by one until enough
// are free.
void gang_place_kept(struct planner *p, enum activity a, struct plan *out)
{
    uint32_t task = p->kept[a].task, site = p->kept[a].site;
    if (site == PLAN_NONE || task >= p->n_tasks || !p->task[task].known || p->task[task].pending <= 0)
        return;
    uint32_t queue = p->task[task].queue, shape = p->queue[queue].shape;
    int32_t n = members(p, queue, task);
    if (could_use(p, shape, site, true) >= n) {
        bool moved = p->kept_moved;
        set_kept(p, a, PLAN_NONE, PLAN_NONE);
        if (!gang_on(p, shape, task, n, site, out)) {
            set_kept(p, a, task, site);
            p->kept_moved = moved;
        } else {
            look_again(p, p->now); // as in gang_place
        }
    }
}

void gang_preempt(struct planner *p, enum activity a, struct plan *out)
{
    uint32_t task = p->kept[a].task, site = p->kept[a].site;
    if (site == PLAN_NONE || !p->policy->gain)
        return;
    struct shape *s = &p->shape[p->queue[p->task[task].queue].shape];
    int32_t wanted =
        members(p, p->task[task].queue, task) - could_use(p, p->queue[p->task[task].queue].shape, site, true);
    for (int pass = 0; pass < 2; pass++) { // what is stopping already counts
        for (size_t i = 0; i < p->site[site].zones.n; i++) {
            const struct zone_state *z = &p->zone[p->site[site].zones.v[i]];
            for (size_t k = 0; k < z->n_boards && wanted > 0; k++) {
                const struct board_state *b = &p->board[z->board[k]];
                enum plan_bar why;
                if (b->board.task == PLAN_NONE || !shape_fits(p, s, b->kind))
                    continue;
                if (pass == 0 && b->board.stopping)
                    wanted--;
                if (pass == 0 || gain_of_stopping(p, s->ask, z->board[k], &why) <= 0)
                    continue;
                plan_stop_board(p, z->board[k], task, out);
                wanted--;
            }
        }
    }
}
