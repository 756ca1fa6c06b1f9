// SPDX-License-Identifier: Apache-2.0
//
// Zones and boards as the planner was told them, and the sums it keeps of them.
#include <string.h>

#include "core/plan/planner_state.h"

void planner_changed(struct planner *p)
{
    p->version++;
    p->dirty = true;
}

void zone_stale(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    reach_forget(p, zone);
    z->stamp = ++p->stamp;
    for (size_t i = 0; p->tops && i < z->n_boards; i++)
        best_unsettle(p, z->board[i]);
    log_zone(p, zone, SIDE_FREE);
    log_zone(p, zone, SIDE_TAKE);
    if (p->policy->evicts && !z->warm) {
        z->warm = true;
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
    enum slot_class now = zone_sited(p, z) ? qstd_slot(&z->zone) : SLOT_NONE;
    int32_t slots = now == SLOT_NONE ? 0 : free_boards(p, z);
    if (now == z->slot && slots == z->slots)
        return;
    if (z->slots)
        p->site[z->zone.site].free_slots[z->slot] -= z->slots;
    if (slots)
        p->site[z->zone.site].free_slots[now] += slots;
    z->slot = (uint8_t)now;
    z->slots = slots;
    if (z->zone.site >= p->n_sites)
        return;
    for (size_t i = 0; i < p->site[z->zone.site].zones.n; i++)
        zone_stale(p, p->site[z->zone.site].zones.v[i]);
}

void zone_count(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    if (p->policy->counts_slots)
        count_slots(p, zone);
    fuses_count(p, zone, zone_work_mw(z, z->most_mw, z->at_work, urgent_at_work(z) > 0));
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
    return a->site == b->site && a->circuit == b->circuit && a->online == b->online &&
           a->request.target_w == b->request.target_w && a->request.min_w == b->request.min_w &&
           a->request.max_w == b->request.max_w && a->request.keep_w == b->request.keep_w &&
           a->has_other_heat == b->has_other_heat && a->has_ahead == b->has_ahead &&
           (!a->has_ahead || memcmp(a->ahead_w, b->ahead_w, sizeof a->ahead_w) == 0) &&
           a->other_heat_ueur_per_kwh == b->other_heat_ueur_per_kwh;
}

static void site_leave(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    if (z->zone.site >= p->n_sites)
        return;
    struct site_state *s = &p->site[z->zone.site];
    s->free_slots[z->slot] -= z->slots;
    z->slots = 0;
    uint32_t last = s->zones.v[--s->zones.n];
    s->zones.v[z->in_site] = last;
    p->zone[last].in_site = z->in_site;
}

static void site_join(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    uint32_t site = z->zone.site;
    if (site == PLAN_NONE)
        return;
    mem_grow(&p->site, &p->cap_sites, (size_t)site + 1, sizeof *p->site);
    while (p->n_sites <= site)
        p->site[p->n_sites++].fuse.cap_mw = -1;
    z->in_site = (uint32_t)p->site[site].zones.n;
    list_add(&p->site[site].zones, zone);
}

// Its boards are of other kinds now: kinds are of one site.
static void kinds_anew(struct planner *p, const struct zone_state *z)
{
    for (size_t i = 0; i < z->n_boards; i++) {
        struct board_state *b = &p->board[z->board[i]];
        uint32_t old = b->kind;
        best_unsettle(p, z->board[i]);
        struct board_spec spec =
            family_of_kind(p, old)->spec; // copies: families move when there are more of them
        struct curve curve = family_of_kind(p, old)->curve;
        b->kind = kind_of(p, &(struct plan_board){.spec = &spec, .curve = &curve}, z->zone.site);
        kind_join(p, b->kind);
        kind_leave(p, old);
    }
}

void planner_zone(struct planner *p, uint32_t zone, const struct plan_zone *z)
{
    struct zone_state *to = zone_at(p, zone);
    bool same = same_zone(p, &to->zone, z), moved = to->zone.site != z->site;
    if (same) {
        to->zone = *z; // only its validity moved: nobody's mind changes
        return;
    }
    if (moved || to->zone.circuit != z->circuit)
        fuses_leave(p, zone);
    if (moved)
        site_leave(p, zone);
    to->zone = *z;
    if (moved) {
        site_join(p, zone);
        kinds_anew(p, to);
    }
    zone_count(p, zone);
    zone_stale(p, zone);
    planner_changed(p);
}

// Nothing else of it has moved, and so nothing else is compared or copied.
void planner_wants(struct planner *p, uint32_t zone, const struct heat_request *r)
{
    if (zone >= p->n_zones)
        return;
    struct heat_request *to = &p->zone[zone].zone.request;
    if (to->target_w == r->target_w && to->min_w == r->min_w && to->max_w == r->max_w &&
        to->keep_w == r->keep_w)
        return;
    to->target_w = r->target_w;
    to->min_w = r->min_w;
    to->max_w = r->max_w;
    to->keep_w = r->keep_w;
    zone_count(p, zone);
    zone_stale(p, zone);
    planner_changed(p);
}

static void zone_measure(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    z->most_mw = 0;
    z->family = z->n_boards ? p->kind[p->board[z->board[0]].kind].family : PLAN_NONE;
    for (size_t i = 0; i < z->n_boards; i++) {
        const struct kind *k = &p->kind[p->board[z->board[i]].kind];
        int32_t most = curve_max_mw(&p->family[k->family].curve);
        z->family = k->family == z->family ? z->family : PLAN_NONE;
        z->most_mw = most > z->most_mw ? most : z->most_mw;
    }
}

// A board more.
static void zone_measure_new(struct planner *p, uint32_t board)
{
    const struct kind *k = &p->kind[p->board[board].kind];
    struct zone_state *z = &p->zone[p->board[board].board.zone];
    int32_t most = curve_max_mw(&p->family[k->family].curve);
    z->family = z->n_boards == 1 || z->family == k->family ? k->family : PLAN_NONE;
    z->most_mw = most > z->most_mw ? most : z->most_mw;
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

// ---- boards

void board_count(struct planner *p, uint32_t board, int sign)
{
    const struct plan_board *b = &p->board[board].board;
    struct zone_state *z = &p->zone[b->zone];
    if (b->task == PLAN_NONE) {
        z->free += sign;
        p->free += sign;
        return;
    }
    if (b->activity > ACTIVITY_RESERVED)
        z->low += sign;
    if ((unsigned)b->activity < PLAN_CLASSES)
        z->held[b->activity] += sign;
    task_running(p, b->task, sign);
    z->at_work += sign;
    if (b->stopping) {
        p->stopping += sign;
    } else if ((unsigned)b->activity < PLAN_CLASSES) {
        p->held[b->activity] += sign;
        if (p->policy->fair) {
            struct board_state *s = &p->board[board];
            if (s->account >= p->n_accounts || p->account[s->account].id != b->account)
                s->account = account_of(p, b->account);
            int32_t cores =
                family_of_kind(p, s->kind)->spec.cores; // as counted: the board's own may have changed by now
            p->account[s->account].of[b->activity].cores += sign * cores;
            if (sign < 0)
                turn_lowered(p, s->account);
        }
    }
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
    return a->zone == b->zone && a->spec == b->spec && a->curve == b->curve && a->usable == b->usable &&
           a->asleep == b->asleep && a->task == b->task &&
           (a->task != PLAN_NONE || a->beneath == b->beneath) &&
           (a->task == PLAN_NONE ||
            (a->activity == b->activity && a->account == b->account && a->stopping == b->stopping));
}

// What its work has done by now decides only who goes when somebody must: more of it is no reason to think
// anew.
static void lost_told(struct planner *p, struct plan_board *b, int32_t lost_s, bool holds)
{
    if (b->lost_s == lost_s && b->holds == holds)
        return;
    p->dirty = p->dirty || lost_s < b->lost_s;
    b->lost_s = lost_s;
    b->holds = holds;
    zone_stale(p, b->zone);
    p->version++;
}

void planner_lost(struct planner *p, uint32_t board, int32_t lost_s)
{
    if (board < p->n_boards && p->board[board].known)
        lost_told(p, &p->board[board].board, lost_s, p->board[board].board.holds);
}

void planner_board(struct planner *p, uint32_t board, const struct plan_board *b)
{
    mem_grow(&p->board, &p->cap_boards, (size_t)board + 1, sizeof *p->board);
    if (board >= p->n_boards)
        p->n_boards = (size_t)board + 1;
    struct board_state *to = &p->board[board];
    bool moved = !to->known || to->board.zone != b->zone;
    zone_at(p, b->zone);
    uint32_t site = p->zone[b->zone].zone.site;
    bool same =
        to->known && p->kind[to->kind].site == site &&
        ((to->board.spec == b->spec && to->board.curve == b->curve) || same_kind(p, to->kind, b, site));
    if (same && same_board(&to->board, b)) {
        to->board.beneath = b->beneath;
        lost_told(p, &to->board, b->lost_s, b->holds);
        return;
    }
    uint32_t old_kind = to->kind;
    bool had = to->known;
    if (had) {
        best_unsettle(p, board);
        board_count(p, board, -1);
        zone_count(p, to->board.zone);
    }
    if (!same) {
        to->kind = kind_of(p, b, site);
        kind_join(p, to->kind);
    }
    if (had && moved)
        zone_leave(p, to->board.zone, board);
    if (had && !same)
        kind_leave(p, old_kind);
    if (moved)
        zone_join(p, b->zone, board);
    if (b->task == PLAN_NONE && (!to->known || to->board.task != PLAN_NONE))
        to->freed = p->version;
    if (p->policy->direct && b->task == PLAN_NONE && to->known)
        direct_note(p, board);
    to->known = true;
    to->board = *b;
    if (b->task == PLAN_NONE || !b->stopping)
        board_stop_for(p, board, 0);
    if (moved && same)
        zone_measure(p, b->zone);
    else if (!same && had)
        zone_measure(p, b->zone);
    else if (!same)
        zone_measure_new(p, board);
    board_count(p, board, 1);
    zone_count(p, b->zone);
    zone_stale(p, b->zone);
    planner_changed(p);
}

void planner_fetch_zone(const struct planner *p, uint32_t zone)
{
    if (zone < p->n_zones)
        mem_fetch(&p->zone[zone], sizeof *p->zone);
    for (int run = 0; run < PLAN_RUNS; run++)
        if (zone < p->n_reach[run])
            __builtin_prefetch(&p->reach_mw[run][zone]);
}

void planner_fetch_board(const struct planner *p, uint32_t board)
{
    if (board >= p->n_boards)
        return;
    __builtin_prefetch(&p->board[board]);
    __builtin_prefetch(&p->board[board].kind);
}

const struct plan_board *planner_board_at(const struct planner *p, uint32_t board)
{
    return board < p->n_boards && p->board[board].known ? &p->board[board].board : NULL;
}
