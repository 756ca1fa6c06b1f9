// SPDX-License-Identifier: Apache-2.0
//
// What the engine keeps of work: tasks, jobs, pools, and the leases by which they have boards.
#ifndef ONDOL_CORE_ENGINE_RECORD_WORK_H
#define ONDOL_CORE_ENGINE_RECORD_WORK_H

#include "base/map.h"
#include "core/engine/server.h"
#include "core/plan/expect.h"
#include "core/work/depend.h"
#include "core/work/job.h"
#include "core/work/place.h"
#include "core/work/pool.h"
#include "core/work/ranges.h"
#include "core/work/scaling.h"

// What an instance that was tried before has behind it.
struct retried {
    uint32_t attempts, failures; // below 2^28, 2^24
    uint32_t lost;               // what its lost attempts count together: server_lost.c
};

// An instance that waits for its next attempt, because others of it were lost: server_lost.c.
struct lost_rest {
    uint32_t instance;
    house_ms until;
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
    struct lost_rest *rest; // owned, by instance; of pending: they are not tried again yet
    size_t n_rest, cap_rest;
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

enum lease_state {
    LEASE_ASSIGNED,
    LEASE_STARTED,
    LEASE_STOPPING,
    LEASE_HELD
};                        // in a row, with stop_end << 4
#define LEASE_READY   8   // likewise, of a pool's node that is prepared
#define LEASE_BENEATH 128 // likewise, of one beneath another

struct lease {
    // what every call of its node looks at lies together
    uint64_t id; // 0: free slot
    house_ms until; // of one that is to stop; else as lease_until() has it
    uint32_t task, board, node;
    uint32_t next_on_node, prev_on_node;
    uint32_t within; // NONE: it has the board for itself; else it runs inside this, which is a pool's node
    uint8_t activity, state, stop_end;
    bool beneath; // set aside (docs/design/0051), HELD or STOPPING: it is board->beneath, not board->lease
    uint32_t instance;
    uint32_t next, prev; // of the same task
    uint32_t attempt;
    int32_t cores; // of the board, when it was granted; of a slot
    // Of a pool's node: what runs inside it. Its board is its own; what runs inside has no board->lease.
    uint32_t first_inside; // list through lease.next_inside
    uint32_t next_inside, prev_inside;
    int32_t n_inside;
    bool ready;          // prepared: it takes tasks
    bool spare;          // more than are wanted: it gets no new task and goes when it is idle
    bool hold_timed;     // a timer looks whether what is set aside is to be given up
    bool uploading;      // counted in its task
    house_ms idle_since; // of a ready node without tasks
    house_ms granted, started;
    house_ms since;             // assigned or stopping; after a restart again from then
    int64_t energy_mj, core_ms; // cumulative, as last reported
    int64_t cost_neur;          // that its owner was charged for it
    // level
    house_ms sampled; // when it was taken; v 0: none yet
    uint8_t phase;
    int32_t progress_permille, freq_mhz, max_freq_mhz, duty_permille, cpu_permille, memory_mb, memory_max_mb;
    int32_t net_in_kbps, net_out_kbps;
    int64_t exec_ms;
    house_ms level_at;  // v 0: no level was told
    int64_t still_ms;   // that it stood still, as far as levels told: no time of execution
    uint32_t snapshots; // number of the last one that it told about
    struct {
        int64_t files, files_n, bytes, bytes_n;
        int64_t fetch_ms, store_ms; // so far
    } staging;
    int64_t done_ms, used_ms; // of work, at full speed: that it could have done there, and of it used
    // crawls at a stretch since, and what it had done then; v -1: it does not
    house_ms slow_since;
    int64_t slow_up_ms, slow_done_ms;
    struct move_note move; // `to` NONE: it is not being moved; else that board is kept for its instance
    house_ms move_at; // when it is looked at next, whether it is to be moved; v 0: it is not. Timers of other moments are void
    house_ms held;    // since; v -1: never was
};

static inline bool lease_under_way(const struct lease *l) // its command has begun and was not asked to end
{
    return l->state == LEASE_STARTED || l->state == LEASE_HELD;
}

// Staged by an attempt, and not in its bucket yet.
struct publishing {
    uint64_t lease, task;
    uint32_t part, instance;
    uint8_t end;       // of the instance, then; part 0
    uint32_t snapshot; // which was asked for; 0: none
};

#endif
