// SPDX-License-Identifier: Apache-2.0
//
// Who the engine knows: organisations, their projects and users, and what these may and have spent.
#ifndef ONDOL_CORE_ENGINE_RECORD_PEOPLE_H
#define ONDOL_CORE_ENGINE_RECORD_PEOPLE_H

#include "core/engine/server.h"
#include "core/plan/plan.h"

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

#endif
