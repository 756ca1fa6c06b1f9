// SPDX-License-Identifier: Apache-2.0
//
// What a batch of events changes, as rows: the engine's only words to the store. A change carries the whole
// row, so that writing it twice is the same as once. Strings live in the arena of the batch.
#ifndef ONDOL_CORE_ENGINE_CHANGE_H
#define ONDOL_CORE_ENGINE_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/work/quota.h"
#include "core/work/task.h"

enum change_kind {
    CHANGE_META, // name -> value
    CHANGE_ORGANISATION,
    CHANGE_PROJECT,
    CHANGE_ACCOUNT,
    CHANGE_TOKEN,
    CHANGE_BUDGET,
    CHANGE_RESERVATION,
    CHANGE_SPENT,       // at load only: what has been spent, added up from the ledger
    CHANGE_SECRET,      // sealed by the vault: no clear value is ever in an event or a row
    CHANGE_SECRET_GONE, // account and key
    CHANGE_TASK_NEW,    // with body
    CHANGE_TASK_LIVE,   // the moving part only
    CHANGE_TASK_BODY,   // new body (PUT), name and tags with it
    CHANGE_TASK_WAIT,   // what it waits for, when one of them has ended
    CHANGE_TASK_ENDED,  // at load only: a final task that still matters to the engine
    CHANGE_TASK_GONE,   // task, its attempts, output and cursors
    CHANGE_JOB,
    CHANGE_JOB_GONE, // its tasks stay
    CHANGE_POOL,
    CHANGE_POOL_GONE, // its nodes' attempts and output; its tasks stay
    CHANGE_LEASE,
    CHANGE_LEASE_GONE,
    CHANGE_ATTEMPT,
    CHANGE_PUBLISH,      // results of an ended attempt, or a snapshot, are to become visible
    CHANGE_PUBLISH_GONE, // they are, or cannot: lease and part
    CHANGE_SNAPSHOT,     // of a task that was asked for; number 0: what is asked of the task while it runs
    CHANGE_OUTPUT,
    CHANGE_NODE,
    CHANGE_SITE,
    CHANGE_ZONE,
    CHANGE_BOARD,
    CHANGE_LEDGER_WORK, // absolute figures of one cell
    CHANGE_LEDGER_ZONE,
    CHANGE_METER,
    CHANGE_KIND_N,
};

struct row_meta {
    const char *name;
    int64_t value;
};

struct row_organisation {
    uint64_t id;
    char uuid[UUID_TEXT_BYTES];
    const char *slug, *name;
    int64_t created_ms;
    int32_t most[QUOTA_N]; // 0: no limit
};

// What work is booked on. Every organisation has one that is the default of its users.
struct row_project {
    uint64_t id, organisation;
    char uuid[UUID_TEXT_BYTES];
    const char *slug, *name, *description;
    int64_t created_ms;
    uint8_t research, archived; // research turns flex into donated
};

// A user.
struct row_account {
    uint64_t id;
    const char *email, *name;
    int64_t created_ms;
    int32_t max_tasks, max_instances_per_task;
    uint8_t research;               // turns flex into donated
    uint64_t organisation, project; // 0: written by a program that had none
    uint8_t scheduling;             // enum activity of tasks that name no type
    uint8_t removed;
    int32_t max_jobs;      // 0: the server's
    int64_t credit_neur;   // paid in advance, 1e-9 euro; 0: pays afterwards
    int32_t most[QUOTA_N]; // 0: no limit
};

struct row_token {
    uint64_t id, account;
    const char *name;
    const char *digest;                         // lower-case hex SHA-256 of the token
    int64_t created_ms, expires_ms, revoked_ms; // 0: never, not yet
};

struct row_budget {
    uint64_t id, project;
    char uuid[UUID_TEXT_BYTES];
    const char *alias;
    int64_t total_neur, start_ms, end_ms, created_ms; // whole hours; end_ms INT64_MAX: open
    uint8_t policy, archived;                         // enum budget_policy
};

struct row_reservation {
    uint64_t id, organisation;
    uint64_t account; // 0: of all users of the organisation
    char uuid[UUID_TEXT_BYTES];
    const char *name, *machine_key;
    int32_t boards, cores; // 0: not limited by this
    int64_t from_ms, to_ms, created_ms;
    uint8_t removed;
};

struct row_spent {
    uint8_t what; // 0: by an account, 1: of a budget
    uint64_t id;
    int64_t neur;
};

struct row_secret {
    uint64_t account;
    const char *key, *sealed;
    int64_t modified_ms;
};

// The moving part of a task. Ranges are texts "0-3,7".
struct row_task_live {
    uint64_t id;
    uint8_t state, previous_state;                             // enum task_state
    int64_t state_ms, previous_state_ms, modified_ms, end_ms;  // -1: never
    const char *succeeded, *failed, *cancelled, *started_once; // ranges; failed does not hold cancelled ones
    int32_t running, running_cores;
    // These and succeeded and failed never become less: the store leaves them alone while all are nothing.
    int64_t exec_ms, wall_ms, core_ms, energy_mj; // sums over ended attempts, house time
    int32_t retries_used, lost_attempts, preempted_attempts;
    int32_t progress_permille, results_count;
    const char *errors; // JSON array text [{code,message,debug}], bounded
};

struct row_task {
    uint64_t id; // also the order of creation
    char uuid[UUID_TEXT_BYTES];
    const char *shortname;
    uint64_t account;
    const char *name, *profile;
    uint8_t activity; // class
    int32_t instances;
    int64_t created_ms;
    const char *ranges; // ids of the instances, "0-3,7"
    int32_t retries_total, retries_each;
    int64_t queue_max_ms; // -1: none
    const char *hardware; // constraint_format(); "": none
    uint64_t project;     // 0: written by a program that had none
    uint64_t reservation; // 0: none
    const char *place;    // place_format(); "": none
    uint64_t job;         // 0: none
    uint64_t pool;        // 0: none
    int64_t keep_ms;      // is deleted so long after it has ended; 0: never
    int64_t ready_ms;     // when the last it waited for had ended; 0: it waited for none, or still waits
    const char *depends;  // depends_format(); "": none
    const char *body;     // JSON object as accepted, normalised
    struct row_task_live live;
};

struct row_task_wait {
    uint64_t id;
    int64_t ready_ms;
    const char *depends;
};

// Of a final task: what is deleted later by itself, and what others in its job may be made to wait for.
struct row_task_ended {
    uint64_t id, job;
    char uuid[UUID_TEXT_BYTES];
    uint8_t state;
    int64_t end_ms, keep_ms;
};

struct row_job {
    uint64_t id;
    char uuid[UUID_TEXT_BYTES];
    const char *shortname, *name;
    uint64_t account;
    uint8_t state, previous_state; // enum job_state
    uint8_t use_dependencies, auto_delete;
    uint8_t swept; // Deleting: of its tasks only those that are not final are left
    int64_t created_ms, state_ms, previous_state_ms, modified_ms; // -1: never
    int64_t wall_ms;                                              // ends so long after it was made; 0: never
    int64_t keep_ms;  // is deleted so long after it was completed; 0: never
    const char *body; // JSON object as accepted, normalised
};

// A pool, with what its nodes add up to. Leases, attempts, output and ledger cells of its nodes have its id
// as their task.
struct row_pool {
    uint64_t id;
    char uuid[UUID_TEXT_BYTES];
    const char *shortname, *name, *profile;
    uint64_t account;
    uint8_t activity;
    uint8_t state, previous_state; // enum pool_state
    uint8_t auto_delete;
    int64_t created_ms, state_ms, previous_state_ms, modified_ms; // -1: never
    int64_t keep_ms;      // is deleted so long after it was closed; 0: never
    int64_t queue_max_ms; // -1: none
    const char *hardware; // constraint_format(); "": none
    const char *scaling;  // scaling_format()
    int32_t slots_per_node;
    int32_t policy;                               // in force: its place in the list; -1: none
    int64_t slots, opened_ms;                     // wanted; when they last became more
    int32_t starts, failures;                     // nodes that began; in a row, such as could not be prepared
    int32_t wanted, running;                      // nodes
    int32_t running_cores;                        // of nodes
    int64_t busy;                                 // instances of its tasks that wait or run
    const char *started_once;                     // ranges of nodes
    int64_t exec_ms, wall_ms, core_ms, energy_mj; // of ended nodes
    const char *errors;                           // JSON array text
    const char *body;                             // JSON object as accepted, normalised
    uint64_t project, reservation;                // reservation 0: none
};

struct row_lease {
    uint64_t id, task, node, board;
    uint32_t instance, attempt;
    uint8_t activity, state;                  // engine's own states
    int64_t granted_ms, until_ms, started_ms; // started -1: not yet
    int64_t energy_mj, core_ms;               // last cumulative meters
    int64_t cost_neur;                        // charged for it so far
    uint32_t snapshots;                       // last number of those it has told about
};

// A finished attempt. (task, instance, attempt) is written once and never again.
struct row_attempt {
    uint64_t task, lease;
    uint32_t instance, attempt;
    uint8_t end; // enum attempt_end
    int64_t granted_ms, started_ms, ended_ms, wall_ms, exec_ms, core_ms, work_mhz_s, energy_mj;
    int32_t exit_code, signal, cores, peak_memory_mb;
    const char *board, *spec_key, *cpu_model, *node;
    const char *site; // name; NULL: written by a program that did not keep it
    uint64_t epoch, seq; // the report that told it; 0 when the parent decided (lost, cancelled in the queue)
    const char *code, *message;
    int64_t fetch_ms, fetch_bytes; // resources: how long they took (house time), what came
    int64_t store_ms, store_bytes; // results, likewise
    int32_t clock_permille;        // mean clock while it worked, of the board's highest; 0: not known
    int32_t clock_max_mhz;         // that highest; 0: written by a program that did not keep it
    const char *results;           // keys of the results, one a line (staging.h); NULL: none
};

// What an attempt has staged in the storage, until it is in its bucket. For results the instance has its end
// when that has happened.
struct row_publish {
    uint64_t lease;
    uint32_t part; // 0: results of the attempt; n: its nth snapshot
    uint64_t task;
    uint32_t instance;
    uint8_t end;        // enum attempt_end that the instance gets then; of a snapshot it means nothing
    uint32_t snapshot;  // which one was asked for; 0: none, or a periodic one
    const char *bucket; // "": as the task's body says
};

enum snapshot_status { SNAPSHOT_TRIGGERED, SNAPSHOT_IN_PROGRESS, SNAPSHOT_SUCCESS, SNAPSHOT_FAILURE };

struct row_snapshot {
    uint64_t task;
    uint32_t number; // 0: standing orders: period_ms, resync
    uint8_t status;  // enum snapshot_status
    int64_t asked_ms, changed_ms;
    int64_t bytes, moved; // to upload, uploaded
    int64_t period_ms, resync;
    const char *whitelist, *blacklist, *bucket, *prefix; // NULL: as the task says
};

struct row_output {
    uint64_t task, node, epoch, seq; // (node, epoch, seq) is unique
    uint32_t instance, attempt;
    uint8_t stream;
    int64_t at_ms;
    const char *data;
    size_t n;
};

struct row_node {
    uint64_t id;
    const char *name;
    uint64_t nonce, epoch, seq;
    int64_t seen_ms;
};

struct row_site {
    uint64_t id;
    const char *name;
    int32_t utc_offset_min;
    int64_t cap_mw;      // -1: none
    const char *setting; // normal form of site_setting.h
};

struct row_zone {
    uint64_t id, site, node;
    const char *name, *label, *schedule;
    int32_t nameplate_w, setpoint_mc;
    uint8_t mode, is_virtual;
    int64_t boost_until_ms;
    int64_t asked_mj, delivered_mj, useful_mj, shadow_mj; // totals over all epochs
    int64_t base_asked_mj, base_delivered_mj, base_useful_mj,
        base_shadow_mj;   // last cumulative of the current epoch
    int64_t lid_open_ms;  // a heater was opened then and not cleared since; 0: none
    int64_t lid_clear_ms; // when one was last cleared; 0: never
};

struct row_board {
    uint64_t id, zone, node;
    const char *name, *heater;
    const char *offer; // JSON of spec and curve as offered
    uint8_t barred;
    const char *barred_why;
    int32_t start_failures; // in a row
    int64_t rests_until_ms; // gets nothing to run before; 0: does not rest
};

// Cell of the ledger: what an activity of a board used in one hour. task 0: none (filler, burn, idle, ...).
struct row_ledger_work {
    int64_t hour_ms;
    uint64_t board, task, account;
    uint8_t activity;
    int64_t energy_mj, core_ms, ms;
    uint64_t project;
    int64_t cost_neur; // at the prices of its time, 1e-9 euro
};

struct row_ledger_zone {
    int64_t hour_ms;
    uint64_t zone;
    int64_t asked_mj, delivered_mj, useful_mj, shadow_mj;
};

// A board's cumulative meter as last read.
struct row_meter {
    uint64_t board, epoch;
    int64_t raw_mj, at_ms;
    int64_t total_mj;                    // of the meter since the first reading
    int64_t part_mj[10], part_ms[10];    // last cumulative parts of the epoch, by enum activity
    int64_t energy_mj[10], spent_ms[10]; // totals over all epochs, by enum activity
    int32_t resets, wraps, gaps;
    uint8_t started; // whether raw_mj is a reading
};

struct change {
    enum change_kind kind;
    union {
        struct row_meta meta;
        struct row_organisation organisation;
        struct row_project project;
        struct row_account account;
        struct row_token token_put;
        struct row_budget budget;
        struct row_reservation reservation;
        struct row_spent spent;
        struct row_secret secret;
        struct row_task task;
        struct row_task_live live;
        struct {
            uint64_t id;
            const char *name, *body;
            int64_t modified_ms, keep_ms;
        } body;
        struct row_task_wait wait;
        struct row_task_ended ended;
        struct row_job job;
        struct row_pool pool;
        uint64_t gone; // task, lease, job or pool id
        struct row_lease lease;
        struct row_attempt attempt;
        struct row_publish publish;
        struct row_snapshot snapshot;
        struct row_output output;
        struct row_node node;
        struct row_site site;
        struct row_zone zone;
        struct row_board board;
        struct row_ledger_work work;
        struct row_ledger_zone heat;
        struct row_meter meter;
    };
};

#endif
