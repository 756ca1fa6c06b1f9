// SPDX-License-Identifier: Apache-2.0
//
// Sites, zones, boards and kinds as the planner was told them, and the sums it keeps of them.
#include <string.h>

#include "base/hash.h"
#include "core/plan/planner_state.h"

static void changed(struct planner *p)
{
    p->version++;
    p->dirty = true;
}

void zone_stale(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    for (int a = 0; a < PLAN_CLASSES; a++) {
        if (z->stale & 1U << a)
            continue;
        z->stale |= (uint8_t)(1U << a);
        list_add(&p->stale[a], zone);
    }
    if (p->policy->evicts && !(z->stale & 1U << PLAN_CLASSES)) {
        z->stale |= (uint8_t)(1U << PLAN_CLASSES);
        list_add(&p->warm, zone);
    }
}

// ---- free boards of a site, for policies whose choice depends on them

static int32_t free_boards(const struct planner *p, const struct zone_state *z)
{
    int32_t n = 0;
    for (size_t i = 0; i < z->n_boards && z->zone.online; i++) {
        const struct plan_board *b = &p->board[z->board[i]].board;
        n += b->usable && b->task == PLAN_NONE;
    }
    return n;
}

static void count_slots(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    enum slot_class now = z->zone.site < p->n_sites ? qstd_slot(&z->zone) : SLOT_NONE;
    int32_t slots = now == SLOT_NONE ? 0 : free_boards(p, z);
    if (now == z->slot && slots == z->slots)
        return;
    if (z->slots)
        p->site[z->zone.site].free_slots[z->slot] -= z->slots;
    if (slots)
        p->site[z->zone.site].free_slots[now] += slots;
    z->slot = (uint8_t)now;
    z->slots = slots;
    for (uint32_t other = 0; other < p->n_zones; other++)
        if (p->zone[other].zone.site == z->zone.site)
            zone_stale(p, other);
}

// ---- the site's cap

void zone_capped(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    if (z->capped || z->zone.site >= p->n_sites)
        return;
    z->capped = true;
    list_add(&p->site[z->zone.site].capped, zone);
}

// There may be room again.
static void site_release(struct planner *p, uint32_t site)
{
    struct site_state *s = &p->site[site];
    for (size_t i = 0; i < s->capped.n; i++) {
        p->zone[s->capped.v[i]].capped = false;
        zone_stale(p, s->capped.v[i]);
    }
    s->capped.n = 0;
}

void zone_count(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    if (p->policy->counts_slots)
        count_slots(p, zone);
    int64_t mw = zone_work_mw(z, z->most_mw, z->at_work, z->at_work_urgent > 0);
    int64_t more = mw - z->work_mw;
    z->work_mw = mw;
    if (z->zone.site >= p->n_sites)
        return;
    p->site[z->zone.site].work_mw += more;
    if (more < 0)
        site_release(p, z->zone.site);
}

void planner_site(struct planner *p, uint32_t site, const struct plan_site *s)
{
    mem_grow(&p->site, &p->cap_sites, (size_t)site + 1, sizeof *p->site);
    if (site >= p->n_sites)
        p->n_sites = (size_t)site + 1;
    p->site[site].site = *s;
    site_release(p, site);
    changed(p);
}

// ---- zones

static struct zone_state *zone_at(struct planner *p, uint32_t zone)
{
    mem_grow(&p->zone, &p->cap_zones, (size_t)zone + 1, sizeof *p->zone);
    while (p->n_zones <= zone)
        p->zone[p->n_zones++].zone.site = PLAN_NONE;
    return &p->zone[zone];
}

static bool same_zone(const struct planner *p, const struct plan_zone *a, const struct plan_zone *b)
{
    if (p->policy->sees_rooms && (a->room_mc != b->room_mc || a->setpoint_mc != b->setpoint_mc))
        return false;
    return a->site == b->site && a->online == b->online && a->request.target_w == b->request.target_w &&
           a->request.min_w == b->request.min_w && a->request.max_w == b->request.max_w;
}

void planner_zone(struct planner *p, uint32_t zone, const struct plan_zone *z)
{
    struct zone_state *to = zone_at(p, zone);
    bool same = same_zone(p, &to->zone, z);
    if (to->zone.site != z->site && to->zone.site < p->n_sites) {
        p->site[to->zone.site].work_mw -= to->work_mw;
        to->work_mw = 0;
        p->site[to->zone.site].free_slots[to->slot] -= to->slots;
        to->slots = 0;
        site_release(p, to->zone.site);
    }
    to->zone = *z;
    if (same)
        return; // only its validity moved: nobody's mind changes
    zone_count(p, zone);
    zone_stale(p, zone);
    changed(p);
}

static void zone_measure(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    z->most_mw = 0;
    for (size_t i = 0; i < z->n_boards; i++) {
        int32_t most = curve_max_mw(&p->kind[p->board[z->board[i]].kind].curve);
        z->most_mw = most > z->most_mw ? most : z->most_mw;
    }
}

static void zone_leave(struct planner *p, uint32_t zone, uint32_t board)
{
    struct zone_state *z = &p->zone[zone];
    for (size_t i = 0; i < z->n_boards; i++) {
        if (z->board[i] != board)
            continue;
        memmove(&z->board[i], &z->board[i + 1], (z->n_boards - i - 1) * sizeof *z->board);
        z->n_boards--;
        break;
    }
    zone_measure(p, zone);
    zone_count(p, zone);
    zone_stale(p, zone);
}

static void zone_join(struct planner *p, uint32_t zone, uint32_t board)
{
    struct zone_state *z = &p->zone[zone];
    uint32_t *at = VEC_PUSH(z->board, z->n_boards, z->cap_boards);
    *at = board;
}

// ---- kinds: field by field, because what stands behind the end of a text is nobody's business

static bool same_kind(const struct kind *k, const struct plan_board *b)
{
    const struct board_spec *s = b->spec;
    const struct curve *c = b->curve;
    return k->spec.cores == s->cores && k->spec.memory_mb == s->memory_mb && k->spec.gpu == s->gpu && k->spec.ssd == s->ssd &&
           strcmp(k->spec.key, s->key) == 0 && strcmp(k->spec.cpu_model, s->cpu_model) == 0 && k->curve.cores == c->cores &&
           k->curve.idle_mw == c->idle_mw && k->curve.n == c->n &&
           memcmp(k->curve.p, c->p, (size_t)c->n * sizeof *c->p) == 0;
}

static uint64_t kind_hash(const struct plan_board *b)
{
    const struct board_spec *s = b->spec;
    const struct curve *c = b->curve;
    uint64_t h = hash_i64(hash_i64(HASH_SEED, s->cores), s->memory_mb);
    h = hash_i64(hash_i64(h, s->gpu * 2 + s->ssd), c->idle_mw);
    h = hash_bytes(h, s->key, strlen(s->key) + 1);
    h = hash_bytes(h, s->cpu_model, strlen(s->cpu_model) + 1);
    h = hash_bytes(h, c->p, (size_t)c->n * sizeof *c->p);
    return hash_mix(hash_i64(h, c->cores)) | 1;
}

static uint32_t kind_of(struct planner *p, const struct plan_board *b)
{
    uint64_t hash = kind_hash(b), first = 0;
    idmap_get(&p->kind_at, hash, &first);
    for (uint32_t k = (uint32_t)first; k; k = p->kind[k - 1].next)
        if (same_kind(&p->kind[k - 1], b))
            return k - 1;
    uint32_t at = (uint32_t)p->n_kinds;
    if (p->free_kind.n)
        at = p->free_kind.v[--p->free_kind.n];
    else
        (void)VEC_PUSH(p->kind, p->n_kinds, p->cap_kinds);
    struct kind *k = &p->kind[at];
    k->spec = *b->spec;
    k->curve = *b->curve;
    k->hash = hash;
    k->next = (uint32_t)first;
    idmap_set(&p->kind_at, hash, (uint64_t)at + 1);
    queue_kind_changed(p, at);
    return at;
}

// The last board of a kind left it: its place is free.
static void kind_leave(struct planner *p, uint32_t kind)
{
    struct kind *k = &p->kind[kind];
    if (--k->boards)
        return;
    uint64_t first = 0;
    idmap_get(&p->kind_at, k->hash, &first);
    if (first == (uint64_t)kind + 1) {
        if (k->next)
            idmap_set(&p->kind_at, k->hash, k->next);
        else
            idmap_remove(&p->kind_at, k->hash);
    } else {
        uint32_t i = (uint32_t)first;
        while (p->kind[i - 1].next != kind + 1)
            i = p->kind[i - 1].next;
        p->kind[i - 1].next = k->next;
    }
    for (int a = 0; a < PLAN_CLASSES; a++)
        k->free[a].n = k->take[a].n = 0;
    list_add(&p->free_kind, kind);
}

// ---- boards

void board_count(struct planner *p, const struct plan_board *b, int sign)
{
    if (b->task == PLAN_NONE)
        return;
    struct zone_state *z = &p->zone[b->zone];
    task_running(p, b->task, sign);
    z->at_work += sign;
    if (class_is_urgent(b->activity))
        z->at_work_urgent += sign;
    if (b->stopping)
        p->stopping += sign;
    else if ((unsigned)b->activity < PLAN_CLASSES)
        p->held[b->activity] += sign;
}

void board_stop_for(struct planner *p, uint32_t board, uint32_t queue_plus_1)
{
    struct board_state *b = &p->board[board];
    if (b->stop_for)
        p->queue[b->stop_for - 1].stops--;
    b->stop_for = queue_plus_1;
    if (b->stop_for)
        p->queue[b->stop_for - 1].stops++;
}

static bool same_board(const struct plan_board *a, const struct plan_board *b)
{
    return a->zone == b->zone && a->spec == b->spec && a->curve == b->curve && a->usable == b->usable && a->task == b->task &&
           (a->task == PLAN_NONE || (a->activity == b->activity && a->account == b->account && a->stopping == b->stopping));
}

void planner_board(struct planner *p, uint32_t board, const struct plan_board *b)
{
    mem_grow(&p->board, &p->cap_boards, (size_t)board + 1, sizeof *p->board);
    if (board >= p->n_boards)
        p->n_boards = (size_t)board + 1;
    struct board_state *to = &p->board[board];
    bool moved = !to->known || to->board.zone != b->zone;
    bool same = to->known && same_kind(&p->kind[to->kind], b); // they may have changed where they stand
    if (same && same_board(&to->board, b))
        return;
    zone_at(p, b->zone);
    uint32_t old_kind = to->kind;
    bool had = to->known;
    if (had) {
        board_count(p, &to->board, -1);
        zone_count(p, to->board.zone);
    }
    if (!same) {
        to->kind = kind_of(p, b);
        p->kind[to->kind].boards++;
    }
    if (had && moved)
        zone_leave(p, to->board.zone, board);
    if (had && !same)
        kind_leave(p, old_kind);
    if (moved)
        zone_join(p, b->zone, board);
    if (b->task == PLAN_NONE && (!to->known || to->board.task != PLAN_NONE))
        to->freed = p->version;
    to->known = true;
    to->board = *b;
    if (b->task == PLAN_NONE || !b->stopping)
        board_stop_for(p, board, 0);
    if (moved && same)
        zone_measure(p, b->zone);
    else if (!same && had)
        zone_measure(p, b->zone);
    else if (!same && curve_max_mw(b->curve) > p->zone[b->zone].most_mw)
        p->zone[b->zone].most_mw = curve_max_mw(b->curve);
    board_count(p, b, 1);
    zone_count(p, b->zone);
    zone_stale(p, b->zone);
    changed(p);
}

const struct plan_board *planner_board_at(const struct planner *p, uint32_t board)
{
    return board < p->n_boards && p->board[board].known ? &p->board[board].board : NULL;
}

size_t planner_boards(const struct planner *p)
{
    return p->n_boards;
}
