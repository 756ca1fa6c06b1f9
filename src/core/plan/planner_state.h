// SPDX-License-Identifier: Apache-2.0
//
// The inside of the planner, for the files of core/plan only.
//
// Boards of equal specification and curve are one `kind`. For every class and kind there is a heap of free boards by
// what the class's work would be worth there (`free`), and one of boards held by lower classes by what it would gain to
// stop them (`take`). A change marks its zone stale for every class; a class that has work waiting values the boards
// of its stale zones anew before it looks into a heap. Entries are never removed from the middle: a board valued anew
// for a class gets a new stamp and a new entry, and entries with an old stamp are dropped when they come up.
#ifndef ONDOL_CORE_PLAN_PLANNER_STATE_H
#define ONDOL_CORE_PLAN_PLANNER_STATE_H

#include "base/map.h"
#include "base/mem.h"
#include "core/plan/plan.h"
#include "core/plan/policy.h"

struct heap_entry {
    int64_t key; // larger comes first, ties to the smaller index
    uint32_t index, stamp;
};

struct heap {
    struct heap_entry *v;
    size_t n, cap;
};

struct index_list {
    uint32_t *v;
    size_t n, cap;
};

static inline void list_add(struct index_list *l, uint32_t value)
{
    uint32_t *at = VEC_PUSH(l->v, l->n, l->cap);
    *at = value;
}

enum slot_class { SLOT_BKGD, SLOT_LOW, SLOT_HIGH, SLOT_NONE }; // policy_qstd.c

struct site_state {
    struct plan_site site;
    int32_t free_slots[SLOT_NONE]; // usable free boards, for policies that count them
    int64_t work_mw;          // what the boards at work of this site are expected to draw
    struct index_list capped; // zones where the cap stood in the way: valued anew when there is room
};

struct zone_state {
    struct plan_zone zone;
    uint32_t *board; // of this zone
    size_t n_boards, cap_boards;
    int32_t at_work;        // boards whose slot is held
    int32_t at_work_urgent; // of these, reserved and onDemand
    int32_t most_mw;        // the most that one of its boards can draw
    int64_t work_mw;        // what those at work are expected to draw at most, as counted in the site
    uint8_t stale;          // bit per class: it is in that class's list; bit PLAN_CLASSES: in `warm`
    uint8_t slot;           // enum slot_class as counted in the site, with so many free boards
    int32_t slots;
    bool capped;            // it is in its site's list
};

struct board_state {
    struct plan_board board;
    uint32_t kind;
    uint32_t stamp[PLAN_CLASSES];
    uint64_t freed;    // version when its slot was last told free
    uint32_t stop_for; // queue for which it is being stopped, + 1; 0: none
    bool known;
};

struct known_task {
    uint64_t account, order;
    house_ms since;
    int32_t pending;
    uint32_t queue;    // it has the class and the constraint
    bool known, queued; // queued: has an entry in its queue's heap
};

struct kind {
    struct board_spec spec;
    struct curve curve;
    uint64_t hash;
    uint32_t next;   // of the same hash
    uint32_t boards; // 0: the place is free
    struct heap free[PLAN_CLASSES], take[PLAN_CLASSES];
};

// Tasks of one class and one constraint signature, oldest first.
struct queue {
    enum activity activity;
    struct constraint constraint;
    uint64_t hash;
    uint32_t next;    // of the same hash
    uint32_t members; // tasks known; 0: the place is free
    uint32_t active;  // place in the class's list of queues that have something waiting; PLAN_NONE: not there
    struct heap tasks; // key: -order
    int64_t pending;   // instances
    int64_t stops;     // boards that are being stopped for it
    bool *fits;        // by kind
    size_t n_fits, cap_fits;
};

struct planner {
    const struct plan_policy *policy;
    struct price_table prices;
    uint64_t version;
    bool dirty;
    struct site_state *site;
    size_t n_sites, cap_sites;
    struct zone_state *zone;
    size_t n_zones, cap_zones;
    struct board_state *board;
    size_t n_boards, cap_boards;
    struct known_task *task;
    size_t n_tasks, cap_tasks;
    struct kind *kind;
    size_t n_kinds, cap_kinds;
    struct queue *queue;
    size_t n_queues, cap_queues;
    struct index_list free_kind, free_queue;
    struct idmap kind_at, queue_at;             // hash -> first of the chain, + 1
    struct index_list stale[PLAN_CLASSES];      // zones
    struct index_list active[PLAN_CLASSES];     // queues
    struct heap turn;                           // queues of a class by their oldest task, during a run
    int32_t *running;                           // boards that a task holds, for policies that ask
    size_t n_running, cap_running;
    struct index_list warm;                     // zones to look at for what the policy stops because of them
    int64_t pending[PLAN_CLASSES];
    int64_t held[PLAN_CLASSES]; // boards whose slot the class holds and that are not stopping
    int64_t stopping;
};

// heap.c
void heap_push(struct heap *h, struct heap_entry e);
void heap_pop(struct heap *h);

// worth.c
bool class_is_urgent(enum activity a);
int64_t taken_mw(const struct zone_state *z, bool urgent);
int64_t zone_work_mw(const struct zone_state *z, int32_t most_mw, int32_t at_work, bool urgent);
int64_t market_worth(const struct planner *p, enum activity a, uint32_t board, bool as_if_free, enum plan_bar *why);
int64_t market_gain(const struct planner *p, enum activity a, uint32_t board, enum plan_bar *why);
int64_t worth_on(const struct planner *p, enum activity a, uint32_t board, bool as_if_free, enum plan_bar *why);
int64_t gain_of_stopping(const struct planner *p, enum activity a, uint32_t board, enum plan_bar *why);
// What no policy may pass over: a known, usable, free board in an online zone, and the site's cap. BAR_NONE: all hold.
enum plan_bar board_bar(const struct planner *p, enum activity a, uint32_t board, bool as_if_free);

// policy_*.c
enum slot_class qstd_slot(const struct plan_zone *z);
extern const struct plan_policy policy_market, policy_blind, policy_fifo, policy_qstd;

// fleet.c
void zone_stale(struct planner *p, uint32_t zone);
void zone_count(struct planner *p, uint32_t zone);
void zone_capped(struct planner *p, uint32_t zone);
void board_stop_for(struct planner *p, uint32_t board, uint32_t queue_plus_1);
void board_count(struct planner *p, const struct plan_board *b, int sign);

// queue.c
bool queue_fits(struct planner *p, struct queue *q, uint32_t kind);
void queue_kind_changed(struct planner *p, uint32_t kind);
int64_t task_key(const struct planner *p, uint32_t task); // of its place in its queue: larger goes first
void task_running(struct planner *p, uint32_t task, int32_t change);
uint32_t queue_head(struct planner *p, uint32_t queue); // its oldest task that waits; PLAN_NONE: none
void task_count(struct planner *p, const struct known_task *t, int sign);
void queue_rebuild(struct planner *p);

#endif
