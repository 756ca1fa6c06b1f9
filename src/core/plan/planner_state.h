// SPDX-License-Identifier: Apache-2.0
//
// The inside of the planner, for the files of core/plan only.
//
// Boards of equal specification and curve are one `family`, those of a family at one site one `kind`. What
// asks for boards is told apart by `lane`: a class and about how long it runs. For every lane and family
// there is a line of free boards by what the work would be worth there; for every lane and kind a heap of
// boards held by lower classes by what it would gain to stop them, and, once somebody asks who cares where,
// one of its free boards too. A change gives the board's zone a new stamp and puts the zone into a log:
// of zones with free boards, and of zones with boards that a better class may ask back. A lane that has work
// waiting reads on from where it stopped and values the boards of those zones anew. Entries are never removed
// from the middle: those with an old stamp are dropped when they come up. What no class can use any more (a
// zone whose boards are all taken) is in no log, so that a full fleet costs nothing.
//
// Tasks that are alike in all that decides where they may run have one `shape`, which has a heap of the kinds
// that fit, by their best board; it is caught up from a log of the kinds whose best board changed. Tasks of
// one shape and one account are one `queue`, oldest first.
#ifndef ONDOL_CORE_PLAN_PLANNER_STATE_H
#define ONDOL_CORE_PLAN_PLANNER_STATE_H

#include "base/map.h"
#include "base/mem.h"
#include "core/plan/plan.h"
#include "core/plan/policy.h"

#define PLAN_LANES (PLAN_CLASSES * PLAN_RUNS)

static inline unsigned lane_of(struct plan_ask ask)
{
    return (unsigned)ask.activity * PLAN_RUNS + (unsigned)ask.run;
}

static inline struct plan_ask ask_of(unsigned lane)
{
    return (struct plan_ask){.activity = (enum activity)(lane / PLAN_RUNS),
                             .run = (enum plan_run)(lane % PLAN_RUNS)};
}

// Keys of boards where urgent work is of worth only by what their zones bear beyond what they want: by so
// much less, and so behind all others. They are looked at when no board is to be had where heat is wanted,
// neither free nor held by a lower class.
#define BORNE (INT64_C(1) << 60)

static inline bool is_borne(int64_t key)
{
    return key < -BORNE / 2;
}

static inline int64_t borne_worth(int64_t key)
{
    return is_borne(key) ? key + BORNE : key;
}

enum heap_side { SIDE_FREE, SIDE_TAKE, SIDES };

// Zones that changed, in order. A place in it is counted from the first entry ever.
struct zone_log {
    uint32_t *v;
    size_t n, cap;
    uint64_t base; // the place of v[0]
    uint64_t read; // the furthest that a lane has read
};

struct heap_entry {
    int64_t key; // larger comes first, ties to the smaller index
    uint32_t index, stamp;
};

struct heap {
    struct heap_entry *v;
    size_t n, cap;
};

// Taken from the front: a row that is in order, and a heap of those that came later (a task that comes back,
// a board that fell free).
struct line {
    struct heap_entry *v;
    size_t first, n, cap;
    struct heap late;
};

struct index_list {
    uint32_t *v;
    size_t n, cap;
};

static inline void list_add(struct index_list *l, uint32_t value)
{
    if (l->n == l->cap)
        mem_grow(&l->v, &l->cap, l->n + 1, sizeof *l->v);
    l->v[l->n++] = value;
}

enum slot_class { SLOT_BKGD, SLOT_LOW, SLOT_HIGH, SLOT_NONE }; // policy_qstd.c

enum { CAPPED_SITE = 1, CAPPED_CIRCUIT = 2 };

// A limit on what boards at work draw together: of a site, or of a circuit.
struct fuse {
    int64_t cap_mw;           // -1: none
    int64_t work_mw;          // what they are expected to draw
    struct index_list capped; // zones where the cap stood in the way: valued anew when there is room
};

struct site_state {
    struct plan_site site;
    bool known;
    struct fuse fuse;
    struct index_list zones, kinds;
    int32_t free_slots[SLOT_NONE]; // usable free boards, for policies that count them
};

struct zone_state {
    struct plan_zone zone;
    uint32_t *board; // of this zone
    size_t n_boards, cap_boards;
    uint32_t in_site;  // place in its site's list
    int32_t at_work;   // boards whose slot is held
    int32_t most_mw;   // the most that one of its boards can draw
    uint32_t family;   // of all its boards; PLAN_NONE: of several
    int32_t free, low; // boards whose slot is free; held by other than the best class
    uint32_t
        stamp; // what its boards were valued at with another one is no longer so; never given to another zone
    int32_t held[PLAN_CLASSES]; // held by each class
    int64_t
        work_mw; // what those at work are expected to draw at most, as counted in the site and the circuit
    uint64_t logged[SIDES]; // its last place in the logs of changed zones, + 1; 0: none
    bool warm;              // it is in `warm`
    uint8_t capped;         // it is in its site's list, in its circuit's
    uint8_t slot;           // enum slot_class as counted in the site, with so many free boards
    int32_t slots;
};

struct board_state {
    struct plan_board board;
    uint32_t kind;
    uint32_t account;   // index of its account when it was last looked up
    uint64_t freed;     // version when its slot was last told free
    uint32_t was;       // task that held its slot before it was told free
    uint64_t was_order; // and its order, as numbers of tasks are used anew
    uint32_t stop_for;  // queue for which it is being stopped, + 1; 0: none
    bool known;
};

// Free boards of a zone that differ in nothing but their number are worth the same to the market.
static inline bool free_alike(const struct board_state *a, const struct board_state *b)
{
    return a->kind == b->kind && a->board.task == PLAN_NONE && b->board.task == PLAN_NONE &&
           a->board.usable == b->board.usable && a->board.asleep == b->board.asleep &&
           a->board.beneath == b->board.beneath;
}

struct known_task {
    uint64_t order;
    house_ms since;
    int32_t pending;
    uint32_t queue;
    bool known, queued; // queued: has an entry in its queue's heap
    bool copied;        // copies of its data were thought of
};

struct kind_lane {
    struct heap heap[SIDES];
    struct heap_entry top[SIDES]; // its best as last looked at; index PLAN_NONE: none
    bool unsettled;               // to be looked at again
    uint32_t logged;              // its last place in the lane's log, + 1
    uint32_t offers;              // to its family, of boards to ask back: the last entry there counts
};

#define SHARE_STEPS 64

// Kinds that differ in their site only.
struct family {
    struct board_spec spec;
    struct curve curve;
    // [i]: the least milliwatts for which a board does i / SHARE_STEPS of its most work
    int32_t share_mw[SHARE_STEPS + 1];
    int64_t asked_mhz, asked_mw; // least_mw() was asked this last, and answered that (move.c)
    uint64_t hash;
    uint32_t next;  // of the same hash
    uint32_t kinds; // 0: the place is free
    uint32_t boards;
    struct line free[PLAN_LANES];  // its free boards, index: board
    struct heap taken[PLAN_LANES]; // of those that others hold the best of its kinds
    struct heap_entry *fresh;      // valued, not in `free` yet
    size_t n_fresh, cap_fresh;
};

struct kind {
    uint32_t family, site;
    uint64_t hash;
    uint32_t next;   // of the same hash
    uint32_t boards; // 0: the place is free
    uint32_t topped; // lanes and sides where it has a best: bit lane * SIDES + side
    struct kind_lane lane[PLAN_LANES];
};

struct lane {
    uint64_t read[SIDES];        // of the logs of changed zones
    struct index_list unsettled; // kinds
    struct index_list topped;    // log of kinds whose best changed
    uint32_t epoch;              // the log was begun anew so often
    int64_t takes;               // kinds that have a board to ask back
    bool by_kind;                // somebody asks for the best free board of a kind
    int64_t pending;             // instances that wait
};

// Where a queue waits for its turn: turn.c.
enum turn_heap { TURN_NONE, TURN_NOW, TURN_LATER };

struct turn_entry {
    int64_t due, key;
    uint32_t queue, stamp;
};

struct turns { // a heap
    struct turn_entry *v;
    size_t n, cap;
};

struct shape {
    struct plan_ask ask;
    struct constraint constraint;
    struct plan_where where;
    uint32_t data[PLAN_DATA_MAX];
    uint8_t n_data;
    int32_t gang;
    uint64_t hash;
    uint32_t next;    // of the same hash
    uint32_t members; // queues; 0: the place is free
    bool anywhere;    // no place is better or forbidden
    bool *fits;       // by family if anywhere, else by kind
    size_t n_fits, cap_fits;
    struct heap best[SIDES]; // unless anywhere; index: board; its kind's best, less what the place costs
    uint32_t read, epoch;    // of its lane's log
    uint32_t place_epoch;    // of the sites' properties, as the heaps know them
    uint32_t fits_epoch;     // and as `fits` does
    uint32_t queues;         // that have something waiting
    uint32_t active;         // place in the class's list of shapes that have such
    struct turns turn[2];    // its queues that have something waiting: now, later
    house_ms since;          // no first task waits for longer
};

struct queue {
    // its turn, in one line of the cache
    uint8_t in;     // enum turn_heap
    bool touched;   // it may deserve a better place
    uint32_t stamp; // of the entry that counts
    uint32_t shape, account;
    int64_t due, key; // as they were when it was put there
    int64_t minute;   // since when its first task waits
    uint32_t active;  // place in the class's list of queues that have something waiting; PLAN_NONE: not there
    uint32_t members; // tasks known; 0: the place is free
    struct line tasks;
    int64_t pending;                           // instances
    int32_t stops;                             // boards that are being stopped for it
    uint32_t next;                             // of the same hash
    uint32_t next_of_account, prev_of_account; // + 1; 0: none
};

struct known_account {
    uint64_t id;
    uint32_t next;   // of the same hash, + 1
    uint32_t queues; // first of its list, + 1
    bool lowered;    // it lost boards since the turns were refreshed
    struct {
        int64_t cores; // held
        int64_t basis; // the most that any place of its queues was reckoned with
    } of[PLAN_CLASSES];
};

struct known_data {
    int64_t bytes;
    uint8_t *on_site; // enum plan_replica
    size_t n_sites, cap_sites;
    int64_t uses; // 1024ths, halved each day
    house_ms aged;
    bool touched; // used since it was last thought of fetching it ahead
    bool copied;  // the policy's copies of it were ordered, when a task named it first
};

// The site that is kept for a gang of a class.
struct kept {
    uint32_t task, site; // PLAN_NONE: none
    uint32_t tried;      // task that a site was last looked for
    house_ms until;      // then it is looked for again
};

struct planner {
    const struct plan_policy *policy;
    struct price_table prices;
    uint64_t version;
    bool lifting; // places urgent work also where its heat is only borne
    bool dirty;
    house_ms now;        // of the run
    int64_t minute;      // as turns are counted
    house_ms look_again; // though nothing changed
    struct kept kept[PLAN_CLASSES];
    bool kept_moved; // during a run: what was kept is open
    struct site_state *site;
    size_t n_sites, cap_sites;
    struct fuse *circuit; // [0] is unused
    size_t n_circuits, cap_circuits;
    struct zone_state *zone;
    size_t n_zones, cap_zones;
    struct board_state *board;
    size_t n_boards, cap_boards;
    struct known_task *task;
    size_t n_tasks, cap_tasks;
    struct family *family;
    size_t n_families, cap_families;
    struct kind *kind;
    size_t n_kinds, cap_kinds;
    struct shape *shape;
    size_t n_shapes, cap_shapes;
    struct queue *queue;
    size_t n_queues, cap_queues;
    struct known_account *account;
    size_t n_accounts, cap_accounts;
    struct known_data *data;
    size_t n_datas, cap_datas;
    int32_t *coming; // copies on their way to a site
    size_t n_coming, cap_coming;
    int64_t *stored; // bytes of the copies there and on their way, by site
    size_t n_stored, cap_stored;
    bool no_copies;              // nobody makes them
    struct index_list freed;     // boards, since the last run, for policies that dispatch directly
    struct index_list submitted; // tasks whose data is to be copied
    struct index_list free_family, free_kind, free_shape, free_queue;
    struct idmap family_at, kind_at, shape_at, queue_at; // hash -> first of the chain, + 1
    struct idmap account_at;
    struct lane lane[PLAN_LANES];
    bool tops;      // some kind has a best board, or had one: those that lose it are to be settled
    uint32_t stamp; // given to a zone last
    struct zone_log changed[SIDES];
    int64_t free; // boards whose slot is free
    // By zone: what a board at work there can count on while it would run (move.c).
    int32_t *reach_mw[PLAN_RUNS];
    size_t n_reach[PLAN_RUNS], cap_reach[PLAN_RUNS];
    uint32_t place_epoch;
    struct index_list active[PLAN_CLASSES];        // queues
    struct index_list active_shapes[PLAN_CLASSES]; // shapes that have such
    int64_t gangs[PLAN_CLASSES];                   // such queues that are of gangs
    int64_t with_data;                             // such queues that want data
    uint32_t turn_stamp;
    struct index_list touched, aside; // queues: turn.c
    struct index_list lowered;        // accounts
    struct heap turn;                 // the first queue of each shape, during a run
    int32_t *running;                 // boards that a task holds, for policies that ask
    size_t n_running, cap_running;
    struct index_list warm; // zones to look at for what the policy stops because of them
    struct heap sites;      // to be tried for a gang, during a run
    int64_t pending[PLAN_CLASSES];
    int64_t held[PLAN_CLASSES]; // boards whose slot the class holds and that are not stopping
    int64_t stopping;
};

static inline bool zone_sited(const struct planner *p, const struct zone_state *z)
{
    return z->zone.site < p->n_sites && p->site[z->zone.site].known;
}

// Takes no heat, and is not in low-power mode either.
static inline bool zone_refuses(const struct zone_state *z)
{
    return z->zone.request.max_w <= 0 && z->zone.request.keep_w <= 0;
}

// heap.c
static inline bool heap_above(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->key != b->key ? a->key > b->key : a->index < b->index;
}
void heap_push(struct heap *h, struct heap_entry e);
void heap_pop(struct heap *h);

// line.c
size_t line_length(const struct line *l);
void line_push(struct line *l, struct heap_entry e);
void line_push_many(struct line *l, struct heap_entry *v, size_t n); // may bring v into another order
const struct heap_entry *line_front(const struct line *l);           // NULL: it is empty
void line_pop(struct line *l, const struct heap_entry *front);
void line_clear(struct line *l);
void line_free(struct line *l);

// move.c
void reach_forget(struct planner *p, uint32_t zone); // its watts, or who is at work there, are others now

// Boards of it whose slot is held by reserved or onDemand work.
static inline int32_t urgent_at_work(const struct zone_state *z)
{
    return z->held[ACTIVITY_RESERVED] + z->held[ACTIVITY_ONDEMAND];
}

// worth.c
int64_t taken_mw(const struct zone_state *z, bool lift);
int64_t zone_work_mw(const struct zone_state *z, int32_t most_mw, int32_t at_work, bool lift);
int64_t market_worth(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                     enum plan_bar *why);
int64_t work_mhz(const struct curve *c, int64_t share_mw); // core-MHz of a board that may draw so much
int64_t over_the_run_mw(const struct zone_state *z, const struct curve *c, enum plan_run run, bool lift);
int64_t crawl_cost(const struct planner *p, struct plan_ask ask,
                   uint32_t board); // what is in its worth for time under way
int64_t market_gain(const struct planner *p, struct plan_ask ask, uint32_t board, enum plan_bar *why);
int64_t worth_on(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                 enum plan_bar *why);
int64_t gain_of_stopping(const struct planner *p, struct plan_ask ask, uint32_t board, enum plan_bar *why);
int64_t gain_less_loss(const struct planner *p, struct plan_ask ask, uint32_t board, int64_t gain);
// What no policy may pass over: a known, usable, free board in an online zone, and the site's cap. BAR_NONE:
// all hold.
enum plan_bar board_bar(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free);
struct plan_ask holder_of(const struct planner *p, uint32_t board);

// place.c: what a site is to a shape
bool where_holds(const struct plan_where *w, const struct plan_site *s, uint32_t site);
bool place_holds(const struct planner *p, const struct shape *s, uint32_t site);
int64_t place_worth(const struct planner *p, const struct shape *s, uint32_t site); // 0 or less in money

// data.c
// Whether work starts where its data is, or not at all.
static inline bool data_goes_first(const struct planner *p)
{
    return p->policy->fetches_first && !p->no_copies;
}
int64_t staging_ms(const struct planner *p, const struct shape *s, uint32_t site);
bool data_is_there(const struct planner *p, const struct shape *s, uint32_t site);
int64_t bytes_missing(const struct planner *p, const struct shape *s, uint32_t site);
void data_used(struct planner *p, const struct shape *s);
void data_replicate(struct planner *p, struct plan *out);
void data_fetch(struct planner *p, struct plan *out);

// policy_*.c
enum slot_class qstd_slot(const struct plan_zone *z);
extern const struct plan_policy policy_market, policy_blind, policy_fifo, policy_qstd, policy_locality,
    policy_replicate3, policy_replicate10, policy_full_replicate;

// move.c
void family_shares(struct family *f);

// fleet.c
void zone_stale(struct planner *p, uint32_t zone);
void zone_count(struct planner *p, uint32_t zone);
void board_stop_for(struct planner *p, uint32_t board, uint32_t queue_plus_1);
void board_count(struct planner *p, uint32_t board, int sign);
void planner_changed(struct planner *p);

// fuse.c
bool fuses_bear(const struct planner *p, const struct zone_state *z, int64_t zone_mw);
void zone_capped(struct planner *p, uint32_t zone);
void fuses_leave(struct planner *p, uint32_t zone);
void fuses_count(struct planner *p, uint32_t zone, int64_t mw);

// kind.c
static inline const struct family *family_of_kind(const struct planner *p, uint32_t kind)
{
    return &p->family[p->kind[kind].family];
}
bool same_kind(const struct planner *p, uint32_t kind, const struct plan_board *b, uint32_t site);
uint32_t kind_of(struct planner *p, const struct plan_board *b, uint32_t site);
void kind_join(struct planner *p, uint32_t kind); // a board
void kind_leave(struct planner *p, uint32_t kind);

// changed.c
void log_zone(struct planner *p, uint32_t zone, enum heap_side side);
void log_clear(struct planner *p, enum heap_side side);
void log_rest(struct planner *p); // after a run: nobody reads of free boards when there are none

// best.c
void family_clear(struct family *f, unsigned lane);
void best_by_kind(struct planner *p,
                  unsigned lane);   // values what changed of free boards, for best_on_site and heaps of kinds
void best_reset(struct planner *p); // forgets all that was valued
void best_refresh(struct planner *p, unsigned lane, enum heap_side side); // values what changed
void best_unsettle(struct planner *p, uint32_t board); // what it was valued at is no longer so
static inline uint32_t stamp_of(const struct planner *p, uint32_t board)
{
    return p->zone[p->board[board].board.zone].stamp;
}
bool best_any(struct planner *p, enum activity a, enum heap_side side);
// The best board for a shape; PLAN_NONE: none.
uint32_t best_board(struct planner *p, uint32_t shape, enum heap_side side, int64_t *worth);
uint32_t best_on_site(struct planner *p, uint32_t shape, uint32_t site,
                      int64_t *worth); // of the free ones there

// planner.c
void plan_hold(struct planner *p, uint32_t board, uint32_t task, bool holds);
void plan_place(struct planner *p, uint32_t task, uint32_t board, int64_t net, struct plan *out);
void plan_place_maybe(struct planner *p, uint32_t task, uint32_t board, int64_t net,
                      struct plan *out); // it may be taken back by plan_hold
void plan_stop_board(struct planner *p, uint32_t board, uint32_t for_task, struct plan *out);

// direct.c
void direct_note(struct planner *p, uint32_t board); // it is about to be told free
void direct_dispatch(struct planner *p, struct plan *out);

// gang.c
void gang_keep(struct planner *p);
bool gang_place(struct planner *p, uint32_t queue, uint32_t task, struct plan *out);
void gang_place_kept(struct planner *p, enum activity a, struct plan *out);
void gang_preempt(struct planner *p, enum activity a, struct plan *out);
bool site_is_kept(const struct planner *p, uint32_t site,
                  enum activity from); // from this class for a better or equal gang

// shape.c
bool shape_fits(struct planner *p, struct shape *s, uint32_t kind);
bool shape_suits(struct planner *p, struct shape *s,
                 uint32_t index); // of a family if anywhere, else of a kind
uint32_t shape_of(struct planner *p, const struct plan_task *t);
void shape_leave(struct planner *p, uint32_t shape);
bool shape_is_of(const struct shape *s, const struct plan_task *t);
void shapes_forget(struct planner *p, bool anywhere,
                   uint32_t index); // whether a family, or else a kind, fits

// turn.c
void turns_begin(struct planner *p);                       // a run: its `now` is known
void turn_touch(struct planner *p, uint32_t queue);        // it may deserve a better place
void turn_lowered(struct planner *p, uint32_t account);    // its queues may
void turns_refresh(struct planner *p);                     // now they get it
uint32_t turn_first(struct planner *p, uint32_t shape);    // the queue whose turn it is; PLAN_NONE: none
int64_t turn_key(const struct planner *p, uint32_t queue); // larger goes first, among all shapes
void turn_aside(struct planner *p, uint32_t queue);        // out of the way until turns_back
void turns_back(struct planner *p);
void turn_remove(struct planner *p, uint32_t queue); // for good

// queue.c
uint32_t account_of(struct planner *p, uint64_t id);
int64_t task_key(const struct planner *p, uint32_t task); // of its place in its queue: larger goes first
void task_running(struct planner *p, uint32_t task, int32_t change);
uint32_t queue_head(struct planner *p, uint32_t queue); // its oldest task that waits; PLAN_NONE: none
void task_count(struct planner *p, const struct known_task *t, int sign);
void queue_rebuild(struct planner *p);

#endif
