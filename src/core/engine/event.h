// SPDX-License-Identifier: Apache-2.0
//
// What happens to the server's engine, in one totally ordered stream (docs/design/0005-ordered-log.md). An
// event owns nothing: its strings and arrays live as long as the call that applies it. Entropy (uuids,
// tokens) arrives in events.
#ifndef ONDOL_CORE_ENGINE_EVENT_H
#define ONDOL_CORE_ENGINE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/when.h"
#include "core/engine/sync.h"
#include "core/work/activity.h"
#include "core/work/constraint.h"
#include "core/work/quota.h"
#include "core/work/task.h"

enum event_kind {
    EVENT_TICK, // time passed: leases, time-outs
    EVENT_ACCOUNT_PUT,
    EVENT_ORGANISATION_PUT,
    EVENT_PROJECT_PUT,
    EVENT_TOKEN_PUT, // made, or revoked
    EVENT_BUDGET_PUT,
    EVENT_RESERVATION_PUT,
    EVENT_TASKS_CREATE, // one or many; each item succeeds or fails alone
    EVENT_TASK_PUT,     // new body
    EVENT_TASK_ABORT,
    EVENT_TASKS_ABORT, // every task of the account that is not final (optionally by ids)
    EVENT_TASK_DELETE,
    EVENT_SYNC,
    EVENT_ZONE_SET,
    EVENT_SITE_SET,
    EVENT_BOARD_BAR,
    EVENT_LID_CLEAR, // an operator looked at an opened heater
    EVENT_SECRET,    // a customer's secret is made, replaced or removed
    EVENT_JOB_CREATE,
    EVENT_JOB_TERMINATE,
    EVENT_JOB_DELETE,
    EVENT_JOB_SWEEP,  // the final tasks of a job that is being deleted, some at a time
    EVENT_TASK_ORDER, // of a running task: a snapshot, or its resources again
    EVENT_PUBLISHED,  // what was staged is in its bucket, or cannot be
    EVENT_POOL_CREATE,
    EVENT_POOL_PUT, // new body, and how many slots it wants
    EVENT_POOL_CLOSE,
    EVENT_POOL_DELETE,
    EVENT_POOL_RESYNC, // what runs in it fetches its resources again
    EVENT_REPLICA,     // a copy of a data set is at a site now, or is not
    EVENT_ZONES_WANT,  // what some zones want by now: for who speaks for many nodes
    EVENT_KIND_N,
};
const char *event_kind_name(enum event_kind k);

// A task as the API understood it. `refusal_code` not 0: the API already found it wrong; the engine only
// answers so, which keeps the order of a bulk request.
struct task_draft {
    int refusal_code;
    const char *refusal; // sentence then
    uint8_t uuid[16];    // entropy
    const char *name, *profile;
    const char *shortname; // NULL: the uuid
    enum activity activity;
    const char *ranges; // "0-3,7": the instance ids
    int32_t instances;  // how many those are
    struct constraint constraint;
    int32_t retries_total, retries_each;   // 0: none; -1: no limit of this kind
    int64_t queue_max_ms;                  // give up when still queued after this; -1: never
    int64_t expected_run_ms;               // customer's word; -1: not said
    const char *body;                      // normalised JSON object
    const char *job;                       // uuid; NULL: none
    const char *depends;                   // depends_format(), all open; NULL: none
    const char *place;                     // place_format(): where, and together; NULL: anywhere
    int64_t keep_ms;                       // is deleted so long after it has ended; 0: never
    const char *project;                   // uuid; NULL: the user's own
    const char *machine_key, *reservation; // of class reserved: which one is meant; NULL: not said
    const char *pool;                      // uuid; NULL: none
};

// A job likewise. The engine alone knows which names are taken.
struct job_draft {
    uint8_t uuid[16]; // entropy
    const char *name;
    const char *shortname; // NULL: the uuid
    bool use_dependencies, auto_delete;
    int64_t wall_ms;  // ends so long after now; 0: never
    int64_t keep_ms;  // is deleted so long after it was completed; 0: never
    const char *body; // normalised JSON object
};

// A pool likewise.
struct pool_draft {
    uint8_t uuid[16]; // entropy
    const char *name, *profile;
    const char *shortname; // NULL: the uuid
    enum activity activity;
    struct constraint constraint;
    const char *scaling;    // scaling_format()
    int32_t slots_per_node; // 1..POOL_SLOTS_PER_NODE_MAX
    bool auto_delete;
    int64_t keep_ms;                       // is deleted so long after it was closed; 0: never
    int64_t queue_max_ms;                  // fails when it has no node after this; -1: never
    const char *body;                      // normalised JSON object
    const char *project;                   // uuid; NULL: the user's own
    const char *machine_key, *reservation; // of class reserved: which one is meant; NULL: not said
};

enum task_ask { ASK_RESYNC, ASK_SNAPSHOT, ASK_PERIODIC, ASK_N };

// What a snapshot takes and where it goes; NULL: as the task says.
struct snapshot_config {
    const char *whitelist, *blacklist, *bucket, *prefix;
};

// Some of a record's quotas: bit i of `given` says that most[i] is to be set (order of core/work/quota.h).
struct quota_wish {
    uint32_t given;
    int32_t most[QUOTA_N]; // 0: no limit
};

enum secret_verb { SECRET_CREATE, SECRET_REPLACE, SECRET_REMOVE };

// Of a zone's request what is decided by. Nothing else of the zone has changed since its node told it, and that its
// node is there is not said by it.
struct zone_want {
    uint64_t zone; // id
    int32_t target_w, min_w, max_w, keep_w; // as in heat_request
};

struct event {
    enum event_kind kind;
    uint64_t seq;   // position in the log
    uint64_t token; // who waits for the answer; 0: nobody
    house_ms now;
    union {
        struct {
            uint64_t id;                           // 0: by e-mail, and a new account when nobody has it
            const char *email, *name, *token_hash; // NULL: stays; a new account needs e-mail and token_hash
            bool only_new, has_max_tasks, has_research; // only_new: 409 when the e-mail has an account
            int32_t max_tasks;                          // 0: the server's
            bool research;            // its Flex tasks are donated; concerns tasks that come later
            uint8_t uuid[16];         // entropy, for an organisation that is made with it
            const char *organisation; // slug or uuid; one that is not there is made; NULL: stays, or its own
            const char *project;      // uuid or slug of its default project; NULL: stays
            bool has_scheduling, has_removed, removed, has_max_jobs, has_credit;
            uint8_t scheduling;  // enum activity
            int32_t max_jobs;    // 0: the server's
            int64_t credit_neur; // paid in advance; 0: pays afterwards
            struct quota_wish quota;
        } account;
        struct {
            uint8_t uuid[16]; // entropy, for a new one
            bool only_new, only_old;
            const char *organisation; // slug, or uuid of one that is there
            const char *name;         // NULL: stays
            struct quota_wish quota;
        } organisation;
        struct {
            uint8_t uuid[16];               // entropy, for a new one
            const char *project;            // uuid; NULL: a new one, of
            const char *organisation;       // slug or uuid, with
            const char *slug;               // which no other of them has
            const char *name, *description; // NULL: stays
            bool has_research, research, has_archived, archived;
        } project;
        struct {
            uint64_t account;          // whose it is or is to be
            uint64_t id;               // 0: a new one; else it is revoked
            const char *name, *digest; // of a new one
            int64_t expires_ms;        // 0: never
        } token_put;
        struct {
            uint8_t uuid[16];    // entropy, for a new one
            const char *budget;  // uuid; NULL: a new one
            const char *project; // uuid, of a new one
            const char *alias;   // NULL: stays
            bool has_total, has_start, has_end, has_policy, has_archived, archived;
            int64_t total_neur, start_ms, end_ms; // 1e-9 euro; whole hours; start only of a new one
            uint8_t policy;                       // enum budget_policy
        } budget;
        struct {
            uint8_t uuid[16];               // entropy, for a new one
            const char *reservation;        // uuid; NULL: a new one
            uint64_t account;               // 0: all users of
            const char *organisation;       // slug or uuid; NULL: that of the account
            const char *name, *machine_key; // of a new one
            int32_t boards, cores;          // of a new one; 0: not limited by this
            bool has_from, has_to, remove;
            int64_t from_ms, to_ms;
        } reservation;
        struct {
            uint64_t account;
            enum secret_verb verb;
            const char *key;
            const char *sealed; // by the vault; NULL for SECRET_REMOVE
        } secret;
        struct {
            uint64_t account;
            const struct task_draft *draft;
            size_t n;
        } create;
        struct {
            uint64_t account;
            const char *id;          // uuid or shortname
            const char *name, *body; // for PUT
            uint64_t final_id;  // for DELETE: its row id when the store says that it is final and of this
                                // account; else 0
            uint64_t final_job; // and the row id of its job, or 0
            int64_t keep_ms;    // for PUT, as in task_draft
        } task;
        struct {
            uint64_t account;
        } tasks;
        struct sync_up sync;
        struct {
            const char *zone; // name
            bool has_setpoint, has_mode, has_schedule, has_boost;
            int32_t setpoint_mc;
            uint8_t mode;
            const char *schedule;
            int64_t boost_ms; // from now
        } zone;
        struct {
            const char *site;
            bool has_cap, has_utc_offset;
            bool make;      // a site that is not known yet, for what configuration files name
            int64_t cap_mw; // -1: none
            int32_t utc_offset_min;
            const char *setting; // of site_setting.h, the keys that change; NULL: none
        } site;
        struct {
            const char *board;
            bool barred;
            const char *why;
        } bar;
        struct {
            const char *heater, *by; // name; e-mail of who says so
        } lid;
        struct {
            uint64_t account;
            const char *id;         // uuid or shortname; for CREATE: NULL
            bool force;             // for DELETE
            struct job_draft draft; // for CREATE
            const uint64_t *task;   // for SWEEP: row ids of final tasks of the job; none: these were all
            size_t n_tasks;
        } job;
        struct {
            uint64_t account;
            const char *id;          // uuid or shortname; for CREATE: NULL
            struct pool_draft draft; // for CREATE; for PUT: scaling, auto_delete, keep_ms and body of it
        } pool;
        struct {
            uint64_t account;
            const char *id; // uuid or shortname
            enum task_ask what;
            int64_t period_ms; // ASK_PERIODIC; 0: no more
            struct snapshot_config config;
        } order;
        struct {
            uint64_t lease;
            uint32_t part;       // as in row_publish
            const char *code;    // NULL: it is there
            const char *message; // why not
        } published;
        struct {
            const char *site; // name
            uint64_t key;     // of a set that tasks have named (place.h); others are nobody's concern
            bool there;
        } replica;
        struct {
            const struct zone_want *zone; // those that are not known, or never told of by their node, are passed over
            size_t n;
        } wants;
    };
};

// What the one who waits is told. Codes are numbered as in HTTP; messages are the public API's own where it
// has one.
struct reply_item {
    int code;
    char uuid[UUID_TEXT_BYTES]; // "" on failure
    const char *message;        // NULL on success
};

struct reply {
    uint64_t token;
    int code;
    const char *message; // NULL on success
    struct reply_item *item;
    size_t n_items;
    uint64_t id;   // row id of what was made, changed or is being deleted; of the task for EVENT_TASK_ORDER
    int64_t count; // tasks aborted for EVENT_TASKS_ABORT; number of the snapshot for EVENT_TASK_ORDER
};

#endif
