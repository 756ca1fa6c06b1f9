// SPDX-License-Identifier: Apache-2.0
//
// Which board is best: values what changed; keeps the free boards of every family in order, for the shapes
// that may run anywhere; and the best of every kind, and for every shape that cares where a heap of the kinds
// that fit.
//
// What comes first is the best there is: every zone whose worth changed, also by what this run places, is in
// the log and is valued anew before the next look. Only a cap can spoil an entry from afar, so it is asked
// again at the top.
#include "core/plan/planner_state.h"

void family_clear(struct family *f, unsigned lane)
{
    line_clear(&f->free[lane]);
    f->taken[lane].n = 0;
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
            family_clear(&p->family[f], l);
        lane->unsettled.n = lane->topped.n = 0;
        lane->takes = 0;
        lane->by_kind = false;
        lane->epoch++;
    }
    p->tops = false;
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
        if (e.stamp == stamp_of(p, e.index))
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

void best_unsettle(struct planner *p, uint32_t board)
{
    const struct board_state *b = &p->board[board];
    for (uint32_t bits = p->kind[b->kind].topped; bits; bits &= bits - 1) {
        unsigned at = (unsigned)__builtin_ctz(bits);
        if (p->kind[b->kind].lane[at / SIDES].top[at % SIDES].index == board)
            unsettle(p, b->kind, at / SIDES);
    }
}

static void kind_offer(struct planner *p, uint32_t kind, unsigned lane, enum heap_side side,
                       struct heap_entry e)
{
    struct heap *h = &p->kind[kind].lane[lane].heap[side];
    compact(p, h, p->kind[kind].boards);
    heap_push(h, e);
    if (h->v[0].index == e.index)
        unsettle(p, kind, lane);
}

// Where the work is of no worth by the watts that are wanted, its place by those that are borne; 0: it has
// none.
static int64_t borne_key(const struct planner *p, struct plan_ask ask, uint32_t board, enum heap_side side,
                         enum plan_bar *why)
{
    if (!p->policy->keeps_market || !activity_is_urgent(ask.activity))
        return 0;
    ask.lift = true;
    int64_t worth =
        side == SIDE_FREE ? worth_on(p, ask, board, false, why) : gain_of_stopping(p, ask, board, why);
    if (side == SIDE_TAKE)
        worth = gain_less_loss(p, ask, board, worth);
    return worth > 0 ? worth - BORNE : 0;
}

// What a board is worth, and whether that is enough to be on a heap at all.
struct valued {
    int64_t key;
    bool some;
};

static struct valued value_of(struct planner *p, uint32_t board, struct plan_ask ask, enum heap_side side)
{
    const struct board_state *b = &p->board[board];
    enum plan_bar why;
    int64_t key =
        side == SIDE_FREE ? worth_on(p, ask, board, false, &why) : gain_of_stopping(p, ask, board, &why);
    if (side == SIDE_TAKE)
        key = gain_less_loss(p, ask, board, key);
    int64_t borne = key <= 0 ? borne_key(p, ask, board, side, &why) : 0;
    if (why == BAR_SITE_CAP)
        zone_capped(p, b->board.zone);
    int64_t least = side == SIDE_FREE ? -crawl_cost(p, ask, board) : 0; // which may be waived
    bool some = (key > least || borne) && !site_is_kept(p, p->zone[b->board.zone].zone.site, ask.activity);
    return (struct valued){borne ? borne : key, some};
}

static void fresh(struct planner *p, struct heap_entry e)
{
    struct family *f = &p->family[p->kind[p->board[e.index].kind].family];
    *VEC_PUSH(f->fresh, f->n_fresh, f->cap_fresh) = e;
}

// To its family's line goes the best of a zone's free boards: whoever takes it, or one beside it, has the zone
// valued anew. Kinds hear of each, as gangs ask how many there may be.
static void value_zone(struct planner *p, const struct zone_state *z, unsigned lane, enum heap_side side)
{
    struct valued v = {0};
    struct heap_entry best = {.index = PLAN_NONE};
    uint32_t last = PLAN_NONE;
    bool to_kinds = side == SIDE_TAKE || p->lane[lane].by_kind;
    for (size_t k = 0; k < z->n_boards; k++) {
        uint32_t board = z->board[k];
        const struct board_state *b = &p->board[board];
        if ((b->board.task == PLAN_NONE) != (side == SIDE_FREE))
            continue;
        if (last == PLAN_NONE || !p->policy->keeps_market || !free_alike(b, &p->board[last]))
            v = value_of(p, board, ask_of(lane), side);
        last = board;
        if (!v.some)
            continue;
        struct heap_entry e = {.key = v.key, .index = board, .stamp = z->stamp};
        if (to_kinds)
            kind_offer(p, b->kind, lane, side, e);
        if (side == SIDE_FREE && z->family == PLAN_NONE)
            fresh(p, e);
        else if (best.index == PLAN_NONE || heap_above(&e, &best))
            best = e;
    }
    if (side == SIDE_FREE && z->family != PLAN_NONE && best.index != PLAN_NONE)
        fresh(p, best);
}

// ---- the free boards of a family

// Drops what is old once it is the larger part.
static void tidy(const struct planner *p, const struct family *f, struct line *l)
{
    if (line_length(l) <= 2 * (size_t)f->boards + 64)
        return;
    size_t kept = 0, late = 0;
    for (size_t i = l->first; i < l->n; i++)
        if (l->v[i].stamp == stamp_of(p, l->v[i].index))
            l->v[kept++] = l->v[i];
    l->first = 0;
    l->n = kept;
    size_t n = l->late.n;
    for (l->late.n = 0; late < n; late++) { // pushing writes at or before the place that was read last
        struct heap_entry e = l->late.v[late];
        if (e.stamp == stamp_of(p, e.index))
            heap_push(&l->late, e);
    }
}

static void add_fresh(struct planner *p, unsigned lane)
{
    for (size_t i = 0; i < p->n_families; i++) {
        struct family *f = &p->family[i];
        if (!f->n_fresh)
            continue;
        tidy(p, f, &f->free[lane]);
        line_push_many(&f->free[lane], f->fresh, f->n_fresh);
        f->n_fresh = 0;
    }
}

// NULL: there is none. Not asked for the cap.
static const struct heap_entry *first_free(const struct planner *p, struct line *l)
{
    const struct heap_entry *e;
    while ((e = line_front(l)) && e->stamp != stamp_of(p, e->index))
        line_pop(l, e);
    return e;
}

static bool any_free(struct planner *p, unsigned lane)
{
    for (size_t f = 0; f < p->n_families; f++)
        if (first_free(p, &p->family[f].free[lane]))
            return true;
    return false;
}

// Nobody has asked by kind yet: from now on all are on their kinds' heaps.
static void kinds_begin(struct planner *p, unsigned lane)
{
    best_refresh(p, lane, SIDE_FREE);
    p->lane[lane].by_kind = true;
    for (uint32_t z = 0; z < p->n_zones; z++)
        if (zone_sited(p, &p->zone[z]))
            value_zone(p, &p->zone[z], lane, SIDE_FREE);
    for (size_t f = 0; f < p->n_families; f++) // their lines have had them
        p->family[f].n_fresh = 0;
}

void best_by_kind(struct planner *p, unsigned lane)
{
    if (!p->lane[lane].by_kind)
        kinds_begin(p, lane);
    best_refresh(p, lane, SIDE_FREE);
}

// ---- the best of a kind, and of a family

static bool is_top(const struct planner *p, const struct heap_entry *e, unsigned lane)
{
    const struct heap_entry *top = &p->kind[p->board[e->index].kind].lane[lane].top[SIDE_TAKE];
    return top->index == e->index && top->key == e->key;
}

static void family_offer(struct planner *p, uint32_t kind, unsigned lane)
{
    struct heap *h = &p->family[p->kind[kind].family].taken[lane];
    struct heap_entry top = p->kind[kind].lane[lane].top[SIDE_TAKE];
    if (h->n > 2 * p->n_kinds + 64) {
        size_t n = h->n;
        h->n = 0;
        for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
            struct heap_entry e = h->v[i];
            bool doubled = e.stamp != p->kind[p->board[e.index].kind].lane[lane].offers;
            if (!doubled && is_top(p, &e, lane))
                heap_push(h, e);
        }
    }
    if (top.index == PLAN_NONE)
        return;
    top.stamp = ++p->kind[kind].lane[lane].offers;
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
        while (h->n && h->v[0].stamp != stamp_of(p, h->v[0].index))
            heap_pop(h);
        struct heap_entry top = h->n ? h->v[0] : (struct heap_entry){.index = PLAN_NONE};
        if (top.index == kl->top[side].index && top.key == kl->top[side].key)
            continue;
        if (side == SIDE_TAKE)
            l->takes += (top.index != PLAN_NONE) - (kl->top[side].index != PLAN_NONE);
        kl->top[side] = top;
        uint32_t bit = 1u << (lane * SIDES + (unsigned)side);
        p->kind[kind].topped = (p->kind[kind].topped & ~bit) | (top.index != PLAN_NONE ? bit : 0);
        p->tops |= top.index != PLAN_NONE;
        moved = true;
        if (side == SIDE_TAKE)
            family_offer(p, kind, lane);
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

MEM_FETCHES void read_ahead(const struct planner *p, const uint32_t *zone, uint64_t n)
{
    if (n > 12)
        for (size_t at = 0; at < sizeof *p->zone; at += 64)
            __builtin_prefetch((const char *)&p->zone[zone[12]] + at);
    if (n > 8)
        __builtin_prefetch(p->zone[zone[8]].board);
    if (n > 4 && p->zone[zone[4]].n_boards) {
        const struct board_state *b = &p->board[p->zone[zone[4]].board[0]];
        __builtin_prefetch(b);
        __builtin_prefetch(&b->kind);
    }
}

void best_refresh(struct planner *p, unsigned lane, enum heap_side side)
{
    struct lane *l = &p->lane[lane];
    struct zone_log *log = &p->changed[side];
    for (; l->read[side] < log->base + log->n; l->read[side]++) {
        read_ahead(p, log->v + (l->read[side] - log->base), log->base + log->n - l->read[side]);
        const struct zone_state *z = &p->zone[log->v[l->read[side] - log->base]];
        if (z->logged[side] == l->read[side] + 1 && zone_sited(p, z))
            value_zone(p, z, lane, side);
    }
    if (side == SIDE_FREE)
        add_fresh(p, lane);
    log->read = l->read[side] > log->read ? l->read[side] : log->read;
    for (size_t i = 0; i < l->unsettled.n; i++)
        settle(p, l->unsettled.v[i], lane);
    l->unsettled.n = 0;
}

bool best_any(struct planner *p, enum activity a, enum heap_side side)
{
    bool any = false;
    if (side == SIDE_FREE && !p->free)
        return false;
    for (unsigned run = 0; run < PLAN_RUNS; run++) {
        unsigned lane = lane_of((struct plan_ask){.activity = a, .run = (enum plan_run)run});
        if (!p->lane[lane].pending)
            continue;
        best_refresh(p, lane, side);
        any = any || (side == SIDE_FREE ? any_free(p, lane) : p->lane[lane].takes > 0);
    }
    return any;
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
            borne_worth(kl->top[side].key + place) >
                (side == SIDE_FREE ? -crawl_cost(p, s->ask, kl->top[side].index) : 0))
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

// Whether a cap, that others have come close to since it was valued, stands in the way.
static bool is_capped(struct planner *p, uint32_t board, unsigned lane, enum heap_side side)
{
    const struct board_state *b = &p->board[board];
    const struct zone_state *z = &p->zone[b->board.zone];
    if (p->site[z->zone.site].fuse.cap_mw < 0 && !z->zone.circuit)
        return false;
    if (board_bar(p, ask_of(lane), board, side == SIDE_TAKE) != BAR_SITE_CAP)
        return false;
    zone_capped(p, b->board.zone);
    return true;
}

// Takes it off its kind's heap then.
static bool spoiled(struct planner *p, uint32_t board, unsigned lane, enum heap_side side)
{
    const struct board_state *b = &p->board[board];
    if (!is_capped(p, board, lane, side))
        return false;
    heap_pop(&p->kind[b->kind].lane[lane].heap[side]);
    settle(p, b->kind, lane);
    return true;
}

// What will be looked at when the row has been taken up to there, each a step after what leads to it: boards
// stand anywhere in memory, and waiting for them is most of what a large plan would do.
MEM_FETCHES void look_ahead(const struct planner *p, const struct line *l)
{
    size_t n = l->n - l->first;
    const struct heap_entry *e = l->v + l->first;
    if (n > 24) {
        __builtin_prefetch(&p->board[e[24].index]);
        __builtin_prefetch(&p->board[e[24].index].kind);
    }
    if (n > 16) {
        const struct board_state *b = &p->board[e[16].index];
        for (size_t at = 0; at < sizeof *p->zone; at += 64)
            __builtin_prefetch((const char *)&p->zone[b->board.zone] + at);
        __builtin_prefetch(&p->kind[b->kind]);
    }
    if (n > 8) {
        const struct zone_state *z = &p->zone[p->board[e[8].index].board.zone];
        __builtin_prefetch(z->board);
        if (z->zone.site < p->n_sites)
            __builtin_prefetch(&p->site[z->zone.site].fuse);
    }
}

// The best free board of a family, or the best that others hold. NULL: none.
static const struct heap_entry *best_free(struct planner *p, uint32_t family, unsigned lane)
{
    struct line *l = &p->family[family].free[lane];
    const struct heap_entry *e;
    look_ahead(p, l);
    while ((e = first_free(p, l)) && is_capped(p, e->index, lane, SIDE_FREE))
        line_pop(l, e);
    return e;
}

static const struct heap_entry *best_taken(struct planner *p, uint32_t family, unsigned lane)
{
    struct heap *h = &p->family[family].taken[lane];
    while (h->n) {
        uint32_t top = h->v[0].index;
        if (!is_top(p, &h->v[0], lane) || p->kind[p->board[top].kind].family != family)
            heap_pop(h); // there is a newer entry where it matters
        else if (!spoiled(p, top, lane, SIDE_TAKE))
            return &h->v[0];
    }
    return NULL;
}

static uint32_t best_anywhere(struct planner *p, struct shape *s, enum heap_side side, int64_t *worth)
{
    unsigned lane = lane_of(s->ask);
    uint32_t best = PLAN_NONE;
    for (uint32_t f = 0; f < p->n_families; f++) {
        if (!shape_suits(p, s, f))
            continue;
        const struct heap_entry *e = side == SIDE_FREE ? best_free(p, f, lane) : best_taken(p, f, lane);
        if (e && (best == PLAN_NONE || e->key > *worth || (e->key == *worth && e->index < best))) {
            best = e->index;
            *worth = e->key;
        }
    }
    return best;
}

uint32_t best_board(struct planner *p, uint32_t shape, enum heap_side side, int64_t *worth)
{
    struct shape *s = &p->shape[shape];
    unsigned lane = lane_of(s->ask);
    if (s->anywhere) {
        best_refresh(p, lane, side);
        return best_anywhere(p, s, side, worth);
    }
    best_by_kind(p, lane);
    best_refresh(p, lane, side);
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
    best_by_kind(p, lane);
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
