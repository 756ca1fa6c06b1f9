// SPDX-License-Identifier: Apache-2.0
//
// The inside of the server's engine, for the files server*.c only.
//
// Records live in dense vectors; an index stays valid as long as the record. Tasks and leases come and go, so
// theirs are slots with a free list; sites, zones, boards and nodes stay.
#ifndef ONDOL_CORE_ENGINE_SERVER_STATE_H
#define ONDOL_CORE_ENGINE_SERVER_STATE_H

#include "base/map.h"
#include "core/engine/server.h"
#include "core/engine/site_setting.h"
#include "core/ledger/ledger.h"
#include "core/ledger/meter.h"
#include "core/plan/expect.h"
#include "core/plan/plan.h"
#include "core/work/depend.h"
#include "core/work/job.h"
#include "core/work/place.h"
#include "core/work/pool.h"
#include "core/work/ranges.h"
#include "core/work/scaling.h"

#define NONE UINT32_MAX

// A ceiling on what is held at once, and what is promised under it: `exposed` instances wait where the
// planner sees them, `held` ones have a board. server_quota.c.
struct quota {
    int32_t instances, cores; // 0: no limit
    int64_t held, held_cores, exposed;
    bool full; // the last board that was offered was too large for what is left of the cores
};

struct organisation {
    uint64_t id;
    uint8_t uuid[16];
    char *slug, *name;
    int64_t created_ms;
    struct quota quota[QUOTA_KINDS];
};

struct project {
    uint64_t id;
    uint8_t uuid[16];
    uint32_t organisation;
    char *slug, *name, *description;
    int64_t created_ms;
    bool research, archived;
};

struct token {
    uint64_t id;
    uint32_t account;
    char *name, *digest;
    int64_t created_ms, expires_ms, revoked_ms; // 0: never, not
};

struct budget {
    uint64_t id;
    uint8_t uuid[16];
    uint32_t project;
    char *alias;
    int64_t total_neur, spent_neur, start_ms, end_ms, created_ms;
    uint8_t policy;
    bool archived, looked; // looked: that it is used up has been seen to
};

struct reservation {
    uint64_t id;
    uint8_t uuid[16];
    uint32_t organisation, account; // account NONE: all users of the organisation
    char *name, *machine_key;
    int64_t from_ms, to_ms, created_ms;
    bool removed;
    struct quota quota;
};

struct account {
    uint64_t id;
    char *email, *name;
    int64_t created_ms;
    int32_t max_tasks, max_jobs;
    bool research, removed;
    uint8_t scheduling;
    uint32_t organisation, project; // NONE only until the first event after an old store was loaded
    int64_t credit_neur, spent_neur;
    int64_t live_tasks;
    int32_t jobs, pools;
    int32_t n_secrets;
    int64_t running[PLAN_CLASSES], cores[PLAN_CLASSES];
    struct quota quota[QUOTA_KINDS];
    struct starved { // ids of tasks that a quota hides from the planner, oldest first, from `first` on
        uint64_t *id;
        size_t first, n, cap;
    } starved[QUOTA_KINDS];
};

// What an instance that was tried before has behind it.
struct retried {
    uint32_t attempts, failures;
};

// A move of an instance: what was decided, and why.
struct move_note {
    uint32_t instance, from, to; // boards
    int32_t speed_permille;
    int64_t stay_s, go_s;
    house_ms at;
};

// What a task has behind it; one that only waits needs none of it.
struct task_sets {
    struct ranges succeeded, failed, cancelled, started_once;
    struct idmap retried;                         // instance + 1 -> attempts, failures << 32
    int64_t exec_ms, wall_ms, core_ms, energy_mj; // of ended attempts
    struct expect expect;                         // what its instances took
    int64_t ran_s;          // the most work that an attempt has done without an end, at full speed
    struct idmap moves;     // instance + 1 -> how often it was moved
    struct move_note moved; // the last; at.v 0: none was
};

// What was asked of a task beside running.
struct snapshot {
    uint32_t number; // 0: how the periodic ones are to be
    uint8_t status;
    bool failed;        // for an instance at least
    int32_t publishing; // staged, and not in the bucket yet
    int64_t asked_ms, changed_ms, bytes, moved;
    char *whitelist, *blacklist, *bucket, *prefix; // NULL: as the task says
};

struct orders {
    uint32_t resync, last; // number given last
    int64_t period_ms;     // 0: none
    struct snapshot periodic;
    struct snapshot *open; // those not over yet, by number
    size_t n_open, cap_open;
};

// What a task in a job has more than others.
struct membership {
    uint32_t job, next, prev; // list through job.first
    uint32_t first_edge;      // of those that wait for it
    int64_t ready_ms;         // when the last it waited for had ended; 0: none, or not yet
    struct depends depends;
    bool waits, dirty; // dirty: its row of what it waits for will be written
};

// What few tasks have; the others share one record of it that nobody writes: rare_of, task_rare. A hundred
// thousand tasks wait in memory, and each byte of struct task counts there (ondol bench http).
struct task_rare {
    int64_t queue_max_ms;    // waits no longer than that; -1: no limit
    int64_t keep_ms;         // is deleted so long after it has ended; 0: never
    struct place *place;     // NULL: anywhere
    struct orders *orders;   // NULL: nothing was asked of it while it ran
    char *errors;            // JSON array text, bounded; NULL: none
    int32_t n_uploading;     // of n_started: the command is over, its results are on their way
    int32_t n_publishing;    // staged, and not in their bucket yet; their instances wait for no board
    int32_t results;         // uploads that arrived: results and snapshots
    int32_t lost, preempted; // attempts
};

struct task {
    uint64_t id; // 0: free slot
    uint8_t uuid[16];
    char *shortname; // NULL: the uuid
    uint32_t account;
    uint8_t activity, state, previous_state;
    bool aborting, deleting, dirty, held_back; // held_back: dispatch delay not over
    bool is_starved;                           // it stands in its account's list
    bool holder;                               // of a pool, see below
    int32_t instances;
    int32_t retries_total, retries_each, retries_used;
    int32_t n_assigned, n_started;
    int64_t created_ms, state_ms, previous_state_ms, modified_ms;
    int64_t waits_ms;     // an instance waits again since, after none did; 0: since it was ready
    uint32_t first_lease; // list through lease.next
    int32_t said_s;       // how long an instance runs, by the customer; 0: not said
    struct ranges pending;
    struct task_sets *sets;        // NULL: none of it has begun
    struct task_rare *rare;        // NULL: nothing of it; read through rare_of
    struct constraint *constraint; // NULL: none
    struct membership *in_job;     // NULL: in none
    int64_t counted;               // of pending, in the engine's count of waiting instances
    uint32_t history;              // what the account's instances of its profile took
    int32_t exposed;               // of pending, what the planner sees
    uint32_t project, reservation; // reservation NONE: none
    // Of a pool's task, and of the pool's holder: the record whose instances are its nodes. A holder is no
    // task for anybody outside: it has no row, no state, and is not counted.
    uint32_t pool;                 // NONE: of no pool
    uint32_t pool_next, pool_prev; // list through pool.first, oldest first; not of the holder
};

extern const struct task_rare task_rare_none;
struct task_rare *task_rare(struct task *t); // to write; server_task.c
void task_set_limits(struct task *t, int64_t queue_max_ms, int64_t keep_ms);

static inline const struct task_rare *rare_of(const struct task *t)
{
    return t->rare ? t->rare : &task_rare_none;
}

// That a task waits for another one, in the list of the one it waits for.
struct edge {
    uint64_t task;        // id of the one that waits; it may be gone
    uint32_t which, next; // its dependency; the list, or that of free edges
};

// Edges of a task that has ended, for server_resolve.
struct resolved {
    uint32_t edge;
    uint8_t end; // enum depend_end
};

// A final task that is deleted by a timer.
struct expiring {
    uint64_t id, job;
    uint8_t uuid[16];
};

struct job {
    uint64_t id; // 0: free slot
    uint8_t uuid[16];
    char *shortname; // NULL: the uuid
    char *name, *body;
    uint32_t account;
    uint8_t state, previous_state;
    bool use_dependencies, auto_delete, swept, dirty, gone; // gone: its row is to be deleted
    int64_t created_ms, state_ms, previous_state_ms, modified_ms, wall_ms, keep_ms;
    uint32_t first; // list of its tasks in memory, through membership.next
    int32_t n_tasks;
    struct idmap ended; // while Active, with dependencies: key of a final task's uuid -> enum depend_end
};

// Many fields of a pool live in its holder: its leases are its nodes, `pending` the numbers of those that
// seek a board, sets->started_once and sums those of its nodes.
struct pool {
    uint64_t id; // 0: free slot; the holder's too
    uint8_t uuid[16];
    char *shortname; // NULL: the uuid
    char *name, *profile, *body, *scaling;
    char *errors; // JSON array text; NULL: none
    uint32_t account, holder;
    uint8_t state, previous_state;
    bool auto_delete, dirty, gone;  // gone: its row is to be deleted
    bool closing, failed, deleting; // what was decided; the state follows
    bool look;                      // it is in dirty_pool_look: its nodes or its tasks changed
    bool held_back;                 // dispatch delay not over
    int64_t created_ms, state_ms, previous_state_ms, modified_ms, keep_ms, queue_max_ms;
    struct arena arena; // of the policies
    struct scaling_policy *policy;
    size_t n_policies;
    int32_t slots_per_node;
    int32_t active;           // policy in force; -1: none
    int64_t slots, opened_ms; // wanted; when they last became more
    int32_t wanted;           // nodes
    int32_t starts, failures; // nodes that began; in a row, such as could not be prepared
    uint32_t first, last;     // list of its tasks in memory
    int32_t n_tasks;
    house_ms wake; // a timer looks after it then; v 0: none
};

enum lease_state { LEASE_ASSIGNED, LEASE_STARTED, LEASE_STOPPING }; // in a row, with stop_end << 4
#define LEASE_READY 8 // likewise, of a pool's node that is prepared

struct lease {
    uint64_t id; // 0: free slot
    uint32_t task, board, node;
    uint32_t instance, attempt;
    int32_t cores; // of the board, when it was granted; of a slot
    // Of a pool's node: what runs inside it. Its board is its own; what runs inside has no board->lease.
    uint32_t first_inside; // list through lease.next_inside
    int32_t n_inside;
    bool ready;          // prepared: it takes tasks
    bool spare;          // more than are wanted: it gets no new task and goes when it is idle
    house_ms idle_since; // of a ready node without tasks
    // Of what runs in one:
    uint32_t within, next_inside, prev_inside; // NONE: it has the board for itself
    uint8_t activity, state, stop_end;
    house_ms granted, started, until;
    house_ms since;             // assigned or stopping; after a restart again from then
    int64_t energy_mj, core_ms; // cumulative, as last reported
    uint32_t next, prev;        // of the same task
    uint32_t next_on_node, prev_on_node;
    // level
    uint8_t phase;
    int32_t progress_permille, freq_mhz, max_freq_mhz, duty_permille, cpu_permille, memory_mb, memory_max_mb;
    int32_t net_in_kbps, net_out_kbps;
    int64_t exec_ms;
    bool uploading;     // counted in its task
    uint32_t snapshots; // number of the last one that it told about
    struct {
        int64_t files, files_n, bytes, bytes_n;
        int64_t fetch_ms, store_ms; // so far
    } staging;
    int64_t done_ms, used_ms; // of work, at full speed: that it could have done there, and of it used
    // crawls at a stretch since, and what it had done then; v -1: it does not
    house_ms slow_since;
    int64_t slow_exec_ms, slow_done_ms;
    struct move_note move; // `to` NONE: it is not being moved; else that board is kept for its instance
    bool move_timed;
};

// Staged by an attempt, and not in its bucket yet.
struct publishing {
    uint64_t lease, task;
    uint32_t part, instance;
    uint8_t end;       // of the instance, then; part 0
    uint32_t snapshot; // which was asked for; 0: none
};

struct site {
    uint64_t id;
    char name[NAME_BYTES];
    int32_t utc_offset_min;
    int64_t cap_mw;
    int64_t nameplate_w; // of all its zones
    int32_t n_zones, n_boards;
    struct site_setting setting;
    house_ms look_at;                     // when its tariff or carbon changes next; 0: not known
    uint32_t circuit_first, circuit_room; // the planner's numbers of its circuits
};

// What a zone is expected to want: server_ahead.c.
struct zone_ahead {
    bool model_known, known;
    bool with_weather; // the gains were learned with the site's weather, not an assumed one
    struct zone_model model;
    struct zone_gains gains;
    house_ms began, looked; // of the hour that is observed; of mean_w
    int32_t from_mc;
    int64_t sum_mj; // drawn in this hour
    int32_t mean_w[PLAN_RUNS];
};

struct zone {
    uint64_t id;
    uint32_t site, node;
    uint32_t circuit; // the planner's number; 0: none
    char name[NAME_BYTES], label[NAME_BYTES];
    char *schedule;
    bool is_virtual, dirty;
    uint8_t mode, guard;
    int32_t n_boards;
    int32_t nameplate_w, setpoint_mc, room_mc, shadow_mc, draw_w, missing_w;
    house_ms at, boost_until;
    house_ms lid_open;  // since when a heater of it is opened and not cleared; v 0: none is
    house_ms lid_clear; // when an operator last cleared its lid
    struct heat_request request;
    struct zone_ahead ahead;
    char why[200];
    int64_t asked_mj, delivered_mj, useful_mj, shadow_mj;
    int64_t base_asked_mj, base_delivered_mj, base_useful_mj, base_shadow_mj;
};

struct board {
    uint64_t id;
    uint32_t zone, node, lease;
    char name[NAME_BYTES], heater[NAME_BYTES];
    struct board_spec spec;
    struct curve curve;
    bool sandbox, barred, node_barred, dirty, meter_dirty;
    char barred_why[96], node_barred_why[96], sandbox_lack[96];
    uint8_t run;
    int32_t start_failures; // in a row
    uint64_t failed_task;   // whose start failed last; 0: nobody's in particular
    house_ms rests_until;   // gets no task before
    uint64_t kept_for;      // lease whose instance is to come here next; 0: none
    int32_t draw_mw, freq_mhz, duty_permille;
    struct meter meter;
    uint64_t meter_epoch;
    int64_t part_mj[ACTIVITY_N], part_ms[ACTIVITY_N];    // last cumulative figures of the epoch
    int64_t energy_mj[ACTIVITY_N], spent_ms[ACTIVITY_N]; // totals; UNATTRIBUTED is what is booked as such
};

struct node {
    uint64_t id;
    char name[NAME_BYTES];
    uint64_t nonce, epoch, seq, version;
    house_ms seen;
    bool online, dirty, woken, listed;
    bool timed; // a timer looks after it
    uint32_t *zone, *board;
    size_t n_zones, cap_zones, n_boards, cap_boards;
    uint32_t first_lease; // list through lease.next_on_node
    int64_t cap_mw;       // of the power it may draw, as last given; -1: none
    struct node_keeps *keeps; // data sets in its cache, as far as is known; NULL: none
};

// What a node fetched last, oldest first: its cache drops the oldest too. A cache ends with the node's life.
#define NODE_KEEPS       16
#define NODE_KEEPS_BYTES (INT64_C(1) << 30) // of all of them: agents keep no more (docs/design/0033)
struct node_keeps {
    int32_t n;
    struct node_kept {
        uint64_t key;
        int64_t bytes;
        uint32_t site;
        int32_t boards; // of the node, as counted for the site
    } set[NODE_KEEPS];
};

enum timer_kind {
    TIMER_NODE,
    TIMER_LEASE,
    TIMER_MOVE,
    TIMER_QUEUE_MAX,
    TIMER_HELD_BACK,
    TIMER_BOARD,
    TIMER_TASK_EXPIRE,
    TIMER_JOB_WALL,
    TIMER_JOB_EXPIRE,
    TIMER_POOL,
    TIMER_RESERVATION,
    TIMER_SITE,
};

struct timer {
    house_ms at;
    uint64_t id; // of the record; a timer whose record is gone is ignored
    uint8_t kind;
};

// A data set: known while a task in memory names it, and after that until its place is needed.
struct data_set {
    uint64_t key; // 0: the place is free
    int64_t bytes;
    uint32_t users; // tasks
    house_ms used;  // when the last task came or went
};

// An instance that has left its board and has another one kept for it.
struct landing {
    uint64_t task, lease; // ids; of the lease that is over
    uint32_t instance, board;
};

struct server {
    struct server_config cfg;
    struct planner *planner;
    struct plan plan;
    struct ledger ledger;
    uint64_t next_id;    // of every kind of record; never given twice
    uint64_t id_written; // high-water mark that is on disk or in this batch
    house_ms now;

    struct account *account;
    size_t n_accounts, cap_accounts;
    struct organisation *organisation;
    size_t n_organisations, cap_organisations;
    struct project *project;
    size_t n_projects, cap_projects;
    struct token *api_token;
    size_t n_tokens, cap_tokens;
    struct budget *budget;
    size_t n_budgets, cap_budgets;
    struct reservation *reservation;
    size_t n_reservations, cap_reservations;
    bool quota_moved, budget_moved;  // something may fit now; a budget may be used up
    uint32_t quota_turn;             // whose list is looked at first
    int32_t least_cores, most_cores; // of any board, as of so many boards
    size_t cores_known_of;
    struct task *task;
    size_t n_tasks, cap_tasks;
    uint32_t *free_task;
    size_t n_free_tasks, cap_free_tasks;
    struct lease *lease;
    size_t n_leases, cap_leases;
    uint32_t *free_lease;
    size_t n_free_leases, cap_free_leases;
    struct site *site;
    size_t n_sites, cap_sites;
    uint32_t n_circuits; // numbers given to circuits
    struct zone **zone;  // records that others point to do not move
    size_t n_zones, cap_zones;
    struct board **board;
    size_t n_boards, cap_boards;
    struct node *node;
    size_t n_nodes, cap_nodes;
    struct job *job;
    size_t n_jobs, cap_jobs;
    uint32_t *free_job;
    size_t n_free_jobs, cap_free_jobs;
    struct pool *pool;
    size_t n_pools, cap_pools;
    uint32_t *free_pool;
    size_t n_free_pools, cap_free_pools;
    struct edge *edge;
    size_t n_edges, cap_edges;
    uint32_t free_edge; // list through edge.next, as index + 1; 0: none
    struct resolved *resolved;
    size_t n_resolved, cap_resolved;
    struct expiring *expiring;
    size_t n_expiring, cap_expiring;
    struct landing *landing;
    size_t n_landing, cap_landing;
    size_t looked;          // boards, for moves, in this batch
    struct expect *history; // by account and profile
    size_t n_histories, cap_histories;
    struct publishing *publishing;
    size_t n_publishing, cap_publishing;
    struct data_set *data; // that tasks name, as the planner numbers them
    size_t n_data, cap_data;
    uint32_t *free_data;
    size_t n_free_data, cap_free_data;
    struct timer *timer; // binary heap, earliest first
    size_t n_timers, cap_timers;

    struct keyset task_by_id, task_by_uuid; // of what there may be a hundred thousand waiting
    struct idmap account_by_id, lease_by_id, site_by_id, zone_by_id, board_by_id, node_by_id;
    struct idmap job_by_id, job_by_uuid, expiring_by_id, pool_by_id, pool_by_uuid, data_by_key;
    struct idmap kept_boards; // by data set and site: boards of nodes that keep it
    struct strmap job_shortname, pool_shortname;
    struct strmap secret; // "ACCOUNT/KEY": which there are; their sealed values are in the store only
    struct strmap account_by_email, shortname, site_by_name, zone_by_name, board_by_name, node_by_name,
        history_at;

    uint32_t *dirty_task; // slots whose live row is to be written at the end of the batch
    size_t n_dirty, cap_dirty;
    struct touched { // indexes whose rows are to be written, or whose node is to be woken
        uint32_t *v;
        size_t n, cap;
    } dirty_zone, dirty_board, dirty_node, dirty_meter, dirty_job, dirty_wait, dirty_pool, dirty_pool_look;
    struct engine_counts counts;
    uint64_t hash;
    bool restoring;
};

// ---- server_data.c: data sets, and copies of them
void place_take_data(struct server *s, const struct place *p); // a task names them
void place_drop_data(struct server *s, const struct place *p);
uint32_t data_number(const struct server *s, uint64_t key); // the planner's; NONE: not known
void server_replica(struct server *s, const struct event *ev, struct effects *fx);
// Where nobody makes copies: a task's data came to this node for one of its boards; the node started anew.
void node_fetched(struct server *s, uint32_t node, uint32_t site, const struct place *p);
void node_forgets(struct server *s, uint32_t node);
void copies_order(struct server *s, struct effects *fx); // what the plan wants
void copies_take_back(struct server *s);                 // the plan is not carried out

// ---- server_batch.c: what a batch collects
struct change *fx_change(struct effects *fx, enum change_kind kind);
struct reply *fx_reply(struct effects *fx, uint64_t token, int code, const char *message);
void fx_note(struct effects *fx, const char *kind, char *json);
void task_touch(struct server *s, uint32_t slot); // its live row will be written
void node_wake(struct server *s, uint32_t node);  // its desired state changed
void node_touch(struct server *s, uint32_t node); // its row will be written
void zone_touch(struct server *s, uint32_t zone);
void board_touch(struct server *s, uint32_t board);
void meter_touch(struct server *s, uint32_t board);
uint64_t server_new_id(struct server *s);
void server_trace(struct server *s, int64_t what, int64_t a, int64_t b); // into the hash of actions
void timer_add(struct server *s, enum timer_kind kind, uint64_t id, house_ms at);
bool timer_pop_due(struct server *s, house_ms now, struct timer *t);

// ---- server_secret.c
void server_secret(struct server *s, const struct event *ev, struct effects *fx);
int server_secret_restore(struct server *s, const struct row_secret *row, struct err *e);

// ---- server_task.c
void server_tasks_create(struct server *s, const struct event *ev, struct effects *fx);
void server_task_put(struct server *s, const struct event *ev, struct effects *fx);
void server_task_abort(struct server *s, const struct event *ev, struct effects *fx);
void server_tasks_abort(struct server *s, const struct event *ev, struct effects *fx);
void server_task_delete(struct server *s, const struct event *ev, struct effects *fx);
void server_queue_max(struct server *s, uint64_t task_id, struct effects *fx);
void server_release_held(struct server *s, uint64_t task_id);
bool server_task_slot(const struct server *s, uint64_t id, uint32_t *slot); // slot may be NULL
bool server_task_uuid(const struct server *s, const uint8_t uuid[16], uint32_t *slot);
bool server_find_task(const struct server *s, uint64_t account, const char *id, uint32_t *slot);
bool task_uuid_taken(const struct server *s, const uint8_t uuid[16]); // or one that is not told from it
uint32_t task_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16]);
void task_slot_free(struct server *s, uint32_t slot);
void task_set_shortname(struct server *s, uint32_t slot, const char *shortname);
struct task_sets *task_sets(struct task *t);
void task_plan(struct server *s, uint32_t slot); // tells the planner how many wait
void task_settle(struct server *s, uint32_t slot,
                 struct effects *fx); // state from counts; ends it when all ended
void task_error(struct task *t, const char *code, const char *message, const char *debug);
void errors_add(char **errors, const char *code, const char *message, const char *debug);
char *ranges_text(const struct ranges *r, struct arena *a);
void task_live_row(const struct server *s, const struct task *t, struct arena *a, struct row_task_live *row);
struct attempt_figures;
struct retried task_retried(const struct task *t, uint32_t instance); // zeros: never tried
void task_set_retried(struct task *t, uint32_t instance, struct retried r);
// Keeps where it may run. 0, or -EINVAL with "placement: ..." for what cannot be read or names no site.
int task_set_place(struct server *s, uint32_t slot, const char *text, struct err *e);
bool task_ended(const struct task *t); // it has its final state and leaves memory when the batch is settled

uint64_t uuid_key(const uint8_t uuid[16]);
void shortname_key(uint32_t account, const char *shortname, struct buf *key);
void task_stop(struct server *s, uint32_t slot, const char *code, const char *why,
               struct effects *fx);                                    // aborts it
void task_forget(struct server *s, uint32_t slot, struct effects *fx); // deletes it

// ---- server_expire.c: final tasks that delete themselves
void expire_add(struct server *s, uint64_t task, uint64_t job, const uint8_t uuid[16], house_ms at);
void expire_drop(struct server *s, uint64_t task); // it was deleted before
void server_task_expire(struct server *s, uint64_t task, struct effects *fx);

// ---- server_job.c
void server_job_create(struct server *s, const struct event *ev, struct effects *fx);
void server_job_terminate(struct server *s, const struct event *ev, struct effects *fx);
void server_job_delete(struct server *s, const struct event *ev, struct effects *fx);
void server_job_sweep(struct server *s, const struct event *ev, struct effects *fx);
void server_job_wall(struct server *s, uint64_t job_id, struct effects *fx);
void server_job_expire(struct server *s, uint64_t job_id);
void server_jobs_settle(struct server *s,
                        struct effects *fx); // states from what is left of their tasks, and their rows
bool server_find_job(const struct server *s, uint64_t account, const char *id, uint32_t *slot);
uint32_t job_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16]);
void job_slot_free(struct server *s, uint32_t slot);
void job_set_shortname(struct server *s, uint32_t slot, const char *shortname);
void job_timers(struct server *s, uint32_t slot);
void task_join(struct server *s, uint32_t slot, uint32_t job);
void task_leave(struct server *s, uint32_t slot); // its job, when its slot is freed

// ---- server_pool.c: what is asked of pools
void server_pool_create(struct server *s, const struct event *ev, struct effects *fx);
void server_pool_put(struct server *s, const struct event *ev, struct effects *fx);
void server_pool_close(struct server *s, const struct event *ev, struct effects *fx);
void server_pool_delete(struct server *s, const struct event *ev, struct effects *fx);
void server_pool_resync(struct server *s, const struct event *ev, struct effects *fx);
bool server_find_pool(const struct server *s, uint64_t account, const char *id, uint32_t *slot);
int server_pool_restore(struct server *s, const struct row_pool *r, struct err *e);
uint32_t pool_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16], uint32_t account);
void pool_slot_free(struct server *s, uint32_t slot);

#define POOL_CLOSING_MS 10000 // it is seen Closing for at least so long: clients look for it

// ---- server_pool_row.c: what a pool shows
void pool_touch(struct server *s, uint32_t slot); // its row will be written
void server_pools_settle(struct server *s,
                         struct effects *fx); // states from what their nodes add up to, and their rows
struct pool_load { // of a pool's tasks: instances that could run now and wait; that hold a slot
    int64_t queued, running;
};
struct pool_load pool_load(const struct server *s, const struct pool *p);

// ---- server_pool_nodes.c: how many nodes, and which task runs on which
void pool_look(struct server *s, uint32_t slot);              // when the batch is settled
void server_pools_work(struct server *s, struct effects *fx); // before the planner
void server_pool_timer(struct server *s, uint64_t pool_id);
void pool_wake_at(struct server *s, uint32_t slot, house_ms at); // v INT64_MAX: never
void pool_join(struct server *s, uint32_t task, uint32_t pool);
void pool_leave(struct server *s, uint32_t task);
void pool_shut(struct server *s, uint32_t slot, const char *code, const char *why,
               struct effects *fx); // ends its tasks, then its nodes
// A node has ended; `f` as reported.
void pool_fail(struct server *s, uint32_t slot, const char *code, const char *why,
               struct effects *fx); // unless it is over already
// The task; the whole pool when it is the holder of one.
void task_or_pool_stop(struct server *s, uint32_t task, const char *code, const char *why,
                       struct effects *fx);
bool pools_hold(const struct server *s, uint32_t account); // one is open, or has a board yet
void pool_node_ended(struct server *s, uint32_t slot, enum attempt_end end, const struct attempt_figures *f,
                     struct effects *fx);
void pool_node_ready(struct server *s, uint32_t lease, struct effects *fx);
// ---- server_depend.c
// What a new task waits for: fills the ends of those that have ended. 0, or the code and sentence of the
// refusal.
int depend_look(struct server *s, uint32_t job, struct depends *d, struct effects *fx, const char **why);
void depend_link(struct server *s, uint32_t slot); // to the tasks that it waits for
void depend_unlink(struct server *s, uint32_t slot);
void depend_note_end(struct server *s, uint32_t slot, enum depend_end end);
void depend_forget(struct server *s, uint64_t job_id, const uint8_t uuid[16]); // a final task was deleted
void server_resolve(struct server *s, struct effects *fx);      // those that waited for what has ended
void server_waits_settle(struct server *s, struct effects *fx); // rows
void depend_begin(struct server *s, uint32_t slot,
                  struct effects *fx); // links it; cancels it when it can never start
bool task_waits(const struct task *t);
// ---- server_expect.c
void task_expect(struct server *s, uint32_t slot, const char *profile,
                 int64_t said_ms); // once, when the task is new
void task_learn(struct server *s, uint32_t slot, const struct board *b, int64_t work_mhz_s, int64_t exec_ms);
int32_t task_expected_s(const struct server *s, const struct task *t); // at full speed; -1: not known
int64_t lease_left_s(const struct server *s, const struct lease *l);
int64_t task_run_s(const struct server *s,
                   const struct task *t); // likewise, and a guess when nothing is known
int64_t lease_open_s(const struct server *s, const struct lease *l); // of work, by that guess
int32_t lease_speed_permille(const struct lease *l);                 // of full speed; -1: not known
void lease_worked(struct server *s, uint32_t lease, int32_t speed_before, int64_t exec_ms_before);

// ---- server_move.c
void lease_paced(struct server *s, uint32_t lease); // its level was reported
void server_move_timer(struct server *s, uint64_t lease_id, struct effects *fx);
void move_on_end(struct server *s, const struct lease *ended, enum attempt_end end, struct effects *fx);
void moves_land(struct server *s, house_ms now, struct plan *out); // before the planner runs
bool move_text(const struct server *s, const struct lease *l,
               struct buf *out); // false: it is not being moved
void moves_why(const struct server *s, const struct task *t, struct buf *out);

// ---- server_ahead.c
void zone_observe(const struct server *s, struct zone *z, house_ms at, const struct report *r);
void zone_look_ahead(const struct server *s, struct zone *z); // at most each quarter of an hour

// ---- server_lease.c
void lease_grant(struct server *s, uint32_t task, uint32_t board, uint32_t instance,
                 struct effects *fx); // NONE: the lowest that waits
void lease_stop(struct server *s, uint32_t lease, enum attempt_end end, struct effects *fx);
struct attempt_figures { // of an ended attempt, as reported; zeros when nobody told
    int64_t wall_ms, exec_ms, core_ms, work_mhz_s, energy_mj;
    int32_t exit_code, signal, peak_memory_mb;
    uint64_t seq;
    int32_t results; // files that it staged
    int64_t fetch_ms, fetch_bytes, store_ms, store_bytes;
    const char *names; // keys of its results
    const char *code, *message;
};
void lease_end(struct server *s, uint32_t lease, enum attempt_end end, const struct attempt_figures *f,
               struct effects *fx);
void lease_timer(struct server *s, uint64_t lease_id, struct effects *fx);
void lease_count(struct server *s, const struct lease *l, int sign); // it runs, or no longer
// An instance of the task that waits gets a lease of the board, inside the lease `within` (NONE: for itself).
uint32_t lease_grant_in(struct server *s, uint32_t task, uint32_t board, uint32_t within, struct effects *fx);
uint32_t lease_slot_new(struct server *s, uint64_t id);
void lease_link(struct server *s, uint32_t slot);
void lease_row(const struct server *s, const struct lease *l, struct row_lease *row);
void board_plan(struct server *s, uint32_t board);
void server_carry_out(struct server *s, house_ms now,
                      struct effects *fx); // runs the planner and does what it says

// ---- server_publish.c: files on their way
void lease_staging(struct server *s, uint32_t lease, const struct report *r, struct effects *fx);
void lease_uploads_no_more(struct server *s, uint32_t lease); // it ended, or is asked to stop
bool lease_is_moving(const struct server *s,
                     const struct lease *l); // its files are, and some arrived of late
struct publish_what {
    uint32_t part, snapshot;
    enum attempt_end end;
    const char *bucket; // NULL: as the task says
};
void publish_begin(struct server *s, uint32_t lease, const struct publish_what *what, struct effects *fx);
void server_published(struct server *s, const struct event *ev, struct effects *fx);
void publish_restore(struct server *s, const struct row_publish *row);
void instance_ended(struct task *t, uint32_t instance, enum attempt_end end); // into its set

// ---- server_order.c: what is asked of tasks that run
void server_task_order(struct server *s, const struct event *ev, struct effects *fx);
void order_resync(struct server *s, uint32_t task, struct effects *fx); // when it runs: its resources, again
const struct stage_orders *orders_down(const struct task *t, const struct lease *l, struct arena *a);
void orders_free(struct task *t);
void orders_restore(struct server *s, const struct row_snapshot *row);
void lease_snapshot(struct server *s, uint32_t lease, const struct report *r, struct effects *fx);
void orders_settle(struct server *s, uint32_t task, struct effects *fx); // a lease of it ended or told
void snapshot_publishing(struct task *t, uint32_t number);               // counted again at load
void snapshot_published(struct server *s, uint32_t task, uint32_t number, bool well, struct effects *fx);

// ---- server_sync.c, server_report.c, server_fleet.c
void server_sync_up(struct server *s, const struct event *ev, struct effects *fx);
uint64_t server_first_version(house_ms now);
void server_node_timer(struct server *s, uint64_t node_id, struct effects *fx);
void server_report(struct server *s, uint32_t node, const struct report *r, struct effects *fx);
int server_offer_check(const struct server *s, uint32_t node, const struct offer *o, struct arena *a,
                       const char **refusal);
void server_offer(struct server *s, uint32_t node, const struct offer *o, struct effects *fx);
void server_node_cap(struct server *s, uint32_t node); // server_cap.c
void server_site_caps(struct server *s, uint32_t site);
void server_zone_set(struct server *s, const struct event *ev, struct effects *fx);
void server_board_bar(struct server *s, const struct event *ev, struct effects *fx);
void server_lid_clear(struct server *s, const struct event *ev, struct effects *fx);
void zone_lid(struct server *s, uint32_t zone, house_ms opened);
void zone_row(const struct server *s, const struct zone *z, struct arena *a, struct row_zone *row);
void board_row(const struct server *s, const struct board *b, struct arena *a, struct row_board *row);
uint32_t server_node_new(struct server *s, uint64_t id, const char *name);
uint32_t server_site_new(struct server *s, uint64_t id, const char *name);
uint32_t server_zone_new(struct server *s, uint64_t id, const char *name);
uint32_t server_board_new(struct server *s, uint64_t id, const char *name);
void zone_plan(struct server *s, uint32_t zone);
void node_own_zone(struct server *s, uint32_t node, uint32_t zone);
void node_own_board(struct server *s, uint32_t node, uint32_t board);
void zone_join_site(struct server *s, uint32_t zone, uint32_t site, int32_t nameplate_w);
void board_join_zone(struct server *s, uint32_t board, uint32_t zone);

// ---- server_rest.c
bool board_rests(const struct server *s, const struct board *b);
void board_rested(struct server *s, uint32_t board);     // it may work again: what it failed at is forgotten
void board_start_late(struct server *s, uint32_t board); // it did not start what it was given in time
void board_start_failed(struct server *s, uint32_t board, uint64_t task, const char *code);
void server_board_timer(struct server *s, uint64_t board_id);

// ---- server_site.c
void server_site_set(struct server *s, const struct event *ev, struct effects *fx);
int server_site_restore(struct server *s, const struct row_site *row, struct err *e);
void server_site_timer(struct server *s, uint64_t site_id);
void site_plan(struct server *s, uint32_t site); // tells the planner what holds now
void site_row(const struct site *x, struct arena *a, struct row_site *row);
void zone_find_circuit(const struct server *s, struct zone *z);            // by its name and site
int64_t zone_circuit_cap_mw(const struct server *s, const struct zone *z); // -1: none

// ---- server_meter.c
void server_meter_board(struct server *s, uint32_t board, uint64_t epoch, const struct report *r);
void server_meter_lease(struct server *s, uint32_t lease, house_ms at, int64_t energy_mj, int64_t core_ms);
void server_meter_zone(struct server *s, uint32_t zone, const struct report *r);
void server_meter_epoch(struct server *s, uint32_t board, uint64_t epoch); // the parts count from 0 again
void server_ledger_rows(struct server *s, struct effects *fx);

// ---- server_account.c, server_user.c, server_project.c, server_token.c
void server_account_put(struct server *s, const struct event *ev, struct effects *fx);
void server_organisation_put(struct server *s, const struct event *ev, struct effects *fx);
void server_project_put(struct server *s, const struct event *ev, struct effects *fx);
void server_token_put(struct server *s, const struct event *ev, struct effects *fx);
int server_user_restore(struct server *s, const struct change *row, struct err *e); // any of their rows
int task_restore_owner(struct server *s, struct task *t, const struct row_task *r, struct err *e);
void server_users_free(struct server *s);
bool find_organisation(const struct server *s, const char *slug_or_uuid, uint32_t *at);
bool find_project(const struct server *s, const char *uuid, uint32_t *at);
// The one with that slug, made when there is none; it has a project for its users.
uint32_t organisation_make(struct server *s, const char *slug, const char *name, const uint8_t uuid[16],
                           struct effects *fx);
uint32_t organisation_project(const struct server *s, uint32_t organisation);   // its first project
void account_settle_in(struct server *s, uint32_t account, struct effects *fx); // an organisation of its own
void token_first(struct server *s, uint32_t account, const char *digest, struct effects *fx);
bool token_taken(const struct server *s, uint32_t account, const char *digest); // by another account
void account_row_write(struct server *s, uint32_t account, struct effects *fx);
void text_replace(char **field, const char *value); // NULL: stays
void quota_set(struct quota quota[QUOTA_KINDS], const struct quota_wish *w);
void quota_row(const struct quota quota[QUOTA_KINDS], int32_t most[QUOTA_N]);
void quota_view_of(const struct quota *q, struct quota_view *v);

// ---- server_budget.c
void server_budget_put(struct server *s, const struct event *ev, struct effects *fx);
void server_charge(struct server *s, uint32_t account, uint32_t project, int64_t hour_ms, int64_t neur);
void server_budgets_settle(struct server *s, struct effects *fx); // stops what a used up budget stops
bool project_blocked(const struct server *s, uint32_t project);   // by a budget: no new tasks

// ---- server_reservation.c
void server_reservation_put(struct server *s, const struct event *ev, struct effects *fx);
void server_reservation_timer(struct server *s, uint64_t id, struct effects *fx);
void reservation_timers(struct server *s, uint32_t at);
bool reservation_open(const struct server *s, uint32_t at); // now
// The one that a draft means; false: `why` says what is missing.
bool reservation_meant(struct server *s, uint32_t account, const struct task_draft *d, uint32_t *at,
                       struct arena *a, const char **why);

// ---- server_quota.c
struct admission { // of a new task
    uint32_t project, reservation;
    enum activity activity;
    struct constraint constraint; // the draft's, and the machine of the reservation
};
// 0, or the code and sentence of the refusal.
int task_admit(struct server *s, uint32_t account, const struct task_draft *d, struct effects *fx,
               struct admission *out, const char **why);
int32_t quota_expose(struct server *s, uint32_t slot,
                     int32_t pending);                              // how many of them the planner may see
bool quota_fits(struct server *s, uint32_t task, uint32_t board);   // whether it may have this board too
void quota_hold(struct server *s, const struct lease *l, int sign); // 1: it has its board, -1: no more
void quota_leave(struct server *s, uint32_t slot);                  // the task's slot is freed
void quota_settle(struct server *s);                                // what fits now is shown
bool quota_why(const struct server *s, uint32_t slot, struct buf *out); // why it is hidden; false: it is not

// ---- the offer of a board as text in its row
char *board_offer_text(const struct board *b, struct arena *a);
bool board_offer_parse(const char *text, struct board *b);

#endif
