// SPDX-License-Identifier: Apache-2.0
//
// Which board is best: values what changed, keeps the best of every kind, and for every shape a heap of the
// kinds that fit.
//
// A heap's top is the best there is: every zone whose worth changed, also by what this run places, is in the
// log and is valued anew before the next look. Only a cap can spoil an entry from afar, so it is asked again
// at the top.
#include "core/plan/planner_state.h"

// ---- the logs of changed zones

static bool of_use(const struct zone_state *z, enum heap_side side)
{
    return side == SIDE_FREE ? z->free > 0 : z->low > 0;
}

// Drops entries that a later one replaces, that every lane has read, or that are of no use by now.
static void log_compact(struct planner *p, enum heap_side side)
{
    struct zone_log *log = &p->changed[side];
    uint64_t read[PLAN_LANES], first = UINT64_MAX;
    size_t kept = 0;
    for (unsigned l = 0; l < PLAN_LANES; l++)
        first = p->lane[l].read[side] < first ? p->lane[l].read[side] : first;
    for (size_t i = 0; i <= log->n; i++) {
        for (unsigned l = 0; l < PLAN_LANES; l++)
            if (p->lane[l].read[side] == log->base + i)
                read[l] = log->base + kept;
        if (i == log->n)
            break;
        uint32_t zone = log->v[i];
        struct zone_state *z = &p->zone[zone];
        if (z->logged[side] != log->base + i + 1)
            continue;
        z->logged[side] = 0;
        if (log->base + i < first || !of_use(z, side))
            continue;
        log->v[kept++] = zone;
        z->logged[side] = log->base + kept;
    }
    log->n = kept;
    log->read = log->base;
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        p->lane[l].read[side] = read[l];
        log->read = read[l] > log->read ? read[l] : log->read;
    }
}

void log_zone(struct planner *p, uint32_t zone, enum heap_side side)
{
    struct zone_log *log = &p->changed[side];
    struct zone_state *z = &p->zone[zone];
    if (!of_use(z, side) || z->logged[side] > log->read)
        return; // or nobody has read its last entry yet
    size_t most = side == SIDE_FREE && p->free < (int64_t)p->n_zones ? 2 * (size_t)p->free : 2 * p->n_zones;
    if (log->n >= most + 64)
        log_compact(p, side);
    *VEC_PUSH(log->v, log->n, log->cap) = zone;
    z->logged[side] = log->base + log->n;
}

static void log_clear(struct planner *p, enum heap_side side)
{
    struct zone_log *log = &p->changed[side];
    log->base += log->n;
    log->read = log->base;
    log->n = 0;
    for (unsigned l = 0; l < PLAN_LANES; l++)
        p->lane[l].read[side] = log->base;
}

void log_rest(struct planner *p)
{
    if (!p->free)
        log_clear(p, SIDE_FREE);
}

void best_reset(struct planner *p)
{
    for (size_t k = 0; k < p->n_kinds; k++) {
        p->kind[k].topped = 0;
        for (unsigned l = 0; l < PLAN_LANES; l++) {
            struct kind_lane *kl = &p->kind[k].lane[l];
            kl->unsettled = false;
            for (int side = 0; side < SIDES; side++) {
                kl->heap[side].n = 0;
                kl->top[side].index = PLAN_NONE;
            }
        }
    }
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        struct lane *lane = &p->lane[l];
        for (size_t f = 0; f < p->n_families; f++)
            p->family[f].best[l][SIDE_FREE].n = p->family[f].best[l][SIDE_TAKE].n = 0;
        lane->unsettled.n = lane->topped.n = 0;
        lane->tops[SIDE_FREE] = lane->tops[SIDE_TAKE] = 0;
        lane->epoch++;
    }
    log_clear(p, SIDE_FREE);
    log_clear(p, SIDE_TAKE);
    for (uint32_t z = 0; z < p->n_zones; z++)
        zone_stale(p, z);
}

// ---- what a board is worth to a lane

static void compact(const struct planner *p, struct heap *h, uint32_t boards)
{
    if (h->n < 64 || h->n < 2 * (size_t)boards)
        return;
    size_t n = h->n;
    h->n = 0;
    for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
        struct heap_entry e = h->v[i];
        if (e.stamp == p->board[e.index].stamp)
            heap_push(h, e);
    }
}

static void unsettle(struct planner *p, uint32_t kind, unsigned lane)
{
    struct kind_lane *kl = &p->kind[kind].lane[lane];
    if (kl->unsettled)
        return;
    kl->unsettled = true;
    list_add(&p->lane[lane].unsettled, kind);
}

void best_forget(struct planner *p, uint32_t board)
{
    struct board_state *b = &p->board[board];
    b->stamp++;
    for (uint32_t bits = p->kind[b->kind].topped; bits; bits &= bits - 1) {
        unsigned at = (unsigned)__builtin_ctz(bits);
        if (p->kind[b->kind].lane[at / SIDES].top[at % SIDES].index == board)
            unsettle(p, b->kind, at / SIDES);
    }
}

static void value_board(struct planner *p, uint32_t board, unsigned lane, enum heap_side side)
{
    struct board_state *b = &p->board[board];
    enum plan_bar why;
    if ((b->board.task == PLAN_NONE) != (side == SIDE_FREE) || !zone_sited(p, &p->zone[b->board.zone]))
        return;
    struct plan_ask ask = ask_of(lane);
    int64_t key =
        side == SIDE_FREE ? worth_on(p, ask, board, false, &why) : gain_of_stopping(p, ask, board, &why);
    if (why == BAR_SITE_CAP)
        zone_capped(p, b->board.zone);
    int64_t least = side == SIDE_FREE ? -crawl_cost(p, ask, board) : 0; // which may be waived
    if (key <= least || site_is_kept(p, p->zone[b->board.zone].zone.site, ask.activity))
        return;
    struct kind *kind = &p->kind[b->kind];
    struct heap *h = &kind->lane[lane].heap[side];
    compact(p, h, kind->boards);
    heap_push(h, (struct heap_entry){.key = key, .index = board, .stamp = b->stamp});
    if (h->v[0].index == board)
        unsettle(p, b->kind, lane);
}

// ---- the best of a kind, and of a family

static bool is_top(const struct planner *p, const struct heap_entry *e, unsigned lane, enum heap_side side)
{
    const struct heap_entry *top = &p->kind[p->board[e->index].kind].lane[lane].top[side];
    return top->index == e->index && top->key == e->key;
}

static void family_offer(struct planner *p, uint32_t kind, unsigned lane, enum heap_side side)
{
    struct heap *h = &p->family[p->kind[kind].family].best[lane][side];
    struct heap_entry top = p->kind[kind].lane[lane].top[side];
    if (h->n > 2 * p->n_kinds + 64) {
        size_t n = h->n;
        h->n = 0;
        for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
            struct heap_entry e = h->v[i];
            bool doubled = e.stamp != p->kind[p->board[e.index].kind].lane[lane].offers[side];
            if (!doubled && is_top(p, &e, lane, side))
                heap_push(h, e);
        }
    }
    if (top.index == PLAN_NONE)
        return;
    top.stamp = ++p->kind[kind].lane[lane].offers[side];
    heap_push(h, top);
}

// Looks at a kind's best again, and says so in the lane's log when it is another.
static void settle(struct planner *p, uint32_t kind, unsigned lane)
{
    struct kind_lane *kl = &p->kind[kind].lane[lane];
    struct lane *l = &p->lane[lane];
    bool moved = false;
    kl->unsettled = false;
    for (int side = 0; side < SIDES; side++) {
        struct heap *h = &kl->heap[side];
        while (h->n && h->v[0].stamp != p->board[h->v[0].index].stamp)
            heap_pop(h);
        struct heap_entry top = h->n ? h->v[0] : (struct heap_entry){.index = PLAN_NONE};
        if (top.index == kl->top[side].index && top.key == kl->top[side].key)
            continue;
        l->tops[side] += (top.index != PLAN_NONE) - (kl->top[side].index != PLAN_NONE);
        kl->top[side] = top;
        uint32_t bit = 1u << (lane * SIDES + (unsigned)side);
        p->kind[kind].topped = (p->kind[kind].topped & ~bit) | (top.index != PLAN_NONE ? bit : 0);
        moved = true;
        family_offer(p, kind, lane, (enum heap_side)side);
    }
    if (!moved)
        return;
    if (l->topped.n > 4 * p->n_kinds + 256) {
        l->topped.n = 0;
        l->epoch++;
    }
    list_add(&l->topped, kind);
    kl->logged = (uint32_t)l->topped.n;
}

void best_refresh(struct planner *p, unsigned lane, enum heap_side side)
{
    struct lane *l = &p->lane[lane];
    struct zone_log *log = &p->changed[side];
    for (; l->read[side] < log->base + log->n; l->read[side]++) {
        const struct zone_state *z = &p->zone[log->v[l->read[side] - log->base]];
        if (z->logged[side] != l->read[side] + 1)
            continue;
        for (size_t k = 0; k < z->n_boards; k++)
            value_board(p, z->board[k], lane, side);
    }
    log->read = l->read[side] > log->read ? l->read[side] : log->read;
    for (size_t i = 0; i < l->unsettled.n; i++)
        settle(p, l->unsettled.v[i], lane);
    l->unsettled.n = 0;
}

bool best_any(struct planner *p, enum activity a, enum heap_side side)
{
    int64_t tops = 0;
    if (side == SIDE_FREE && !p->free)
        return false;
    for (unsigned run = 0; run < PLAN_RUNS; run++) {
        unsigned lane = lane_of((struct plan_ask){.activity = a, .run = (enum plan_run)run});
        if (!p->lane[lane].pending)
            continue;
        best_refresh(p, lane, side);
        tops += p->lane[lane].tops[side];
    }
    return tops > 0;
}

// ---- the kinds that fit a shape, by their best

static void offer_kind(struct planner *p, uint32_t shape, uint32_t kind)
{
    struct shape *s = &p->shape[shape];
    const struct kind_lane *kl = &p->kind[kind].lane[lane_of(s->ask)];
    if ((kl->top[SIDE_FREE].index == PLAN_NONE && kl->top[SIDE_TAKE].index == PLAN_NONE) ||
        !shape_fits(p, s, kind))
        return;
    int64_t place = place_worth(p, s, p->kind[kind].site);
    for (int side = 0; side < SIDES; side++)
        if (kl->top[side].index != PLAN_NONE &&
            kl->top[side].key + place > (side == SIDE_FREE ? -crawl_cost(p, s->ask, kl->top[side].index) : 0))
            heap_push(&s->best[side],
                      (struct heap_entry){.key = kl->top[side].key + place, .index = kl->top[side].index});
}

static void catch_up(struct planner *p, uint32_t shape)
{
    struct shape *s = &p->shape[shape];
    const struct lane *l = &p->lane[lane_of(s->ask)];
    bool crowded = s->best[SIDE_FREE].n + s->best[SIDE_TAKE].n > 8 * p->n_kinds + 64;
    if (s->epoch == l->epoch && s->place_epoch == p->place_epoch && !crowded) {
        for (; s->read < l->topped.n; s->read++)
            if (p->kind[l->topped.v[s->read]].lane[lane_of(s->ask)].logged == s->read + 1)
                offer_kind(p, shape, l->topped.v[s->read]);
        return;
    }
    s->best[SIDE_FREE].n = s->best[SIDE_TAKE].n = 0;
    s->epoch = l->epoch;
    s->place_epoch = p->place_epoch;
    s->read = (uint32_t)l->topped.n;
    for (uint32_t k = 0; k < p->n_kinds; k++)
        if (p->kind[k].boards)
            offer_kind(p, shape, k);
}

// Whether a cap, that others have come close to since it was valued, stands in the way. Takes it off the heap
// then.
static bool spoiled(struct planner *p, uint32_t board, unsigned lane, enum heap_side side)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    if (p->site[z->zone.site].fuse.cap_mw < 0 && !z->zone.circuit)
        return false;
    if (board_bar(p, ask_of(lane), board, side == SIDE_TAKE) != BAR_SITE_CAP)
        return false;
    zone_capped(p, b->board.zone);
    heap_pop(&p->kind[b->kind].lane[lane].heap[side]);
    settle(p, b->kind, lane);
    return true;
}

static uint32_t best_anywhere(struct planner *p, struct shape *s, enum heap_side side, int64_t *worth)
{
    unsigned lane = lane_of(s->ask);
    uint32_t best = PLAN_NONE;
    for (uint32_t f = 0; f < p->n_families; f++) {
        struct heap *h = &p->family[f].best[lane][side];
        if (!h->n || !shape_suits(p, s, f))
            continue;
        while (h->n) {
            uint32_t top = h->v[0].index;
            if (!is_top(p, &h->v[0], lane, side) || p->kind[p->board[top].kind].family != f)
                heap_pop(h); // there is a newer entry where it matters
            else if (!spoiled(p, top, lane, side))
                break;
        }
        if (h->n &&
            (best == PLAN_NONE || h->v[0].key > *worth || (h->v[0].key == *worth && h->v[0].index < best))) {
            best = h->v[0].index;
            *worth = h->v[0].key;
        }
    }
    return best;
}

uint32_t best_board(struct planner *p, uint32_t shape, enum heap_side side, int64_t *worth)
{
    struct shape *s = &p->shape[shape];
    unsigned lane = lane_of(s->ask);
    best_refresh(p, lane, side);
    if (s->anywhere)
        return best_anywhere(p, s, side, worth);
    catch_up(p, shape);
    for (struct heap *h = &s->best[side]; h->n;) {
        struct heap_entry e = h->v[0];
        uint32_t kind = p->board[e.index].kind;
        const struct heap_entry *top = &p->kind[kind].lane[lane].top[side];
        if (top->index != e.index || !shape_fits(p, s, kind) ||
            top->key + place_worth(p, s, p->kind[kind].site) != e.key) {
            heap_pop(h); // there is a newer entry where it matters
        } else if (spoiled(p, e.index, lane, side)) {
            catch_up(p, shape);
        } else {
            *worth = e.key;
            return e.index;
        }
    }
    return PLAN_NONE;
}

uint32_t best_on_site(struct planner *p, uint32_t shape, uint32_t site, int64_t *worth)
{
    struct shape *s = &p->shape[shape];
    unsigned lane = lane_of(s->ask);
    uint32_t best = PLAN_NONE;
    best_refresh(p, lane, SIDE_FREE);
    for (size_t i = 0; i < p->site[site].kinds.n; i++) {
        uint32_t kind = p->site[site].kinds.v[i];
        if (!shape_fits(p, s, kind))
            continue;
        const struct heap_entry *top = &p->kind[kind].lane[lane].top[SIDE_FREE];
        while (top->index != PLAN_NONE && spoiled(p, top->index, lane, SIDE_FREE))
            ;
        int64_t key = top->index == PLAN_NONE ? 0 : top->key + place_worth(p, s, site);
        if (key > 0 && (best == PLAN_NONE || key > *worth || (key == *worth && top->index < best))) {
            best = top->index;
            *worth = key;
        }
    }
    return best;
}
