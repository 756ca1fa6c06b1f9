// SPDX-License-Identifier: Apache-2.0
//
// The inside of the server's engine, for the files server*.c only: all that it keeps. What is done with it stands
// in the headers beside this one, by subject: server_task.h, server_job.h, server_pool.h, server_lease.h,
// server_fleet.h, server_data.h, server_user.h.
//
// Records live in dense vectors; an index stays valid as long as the record. Tasks and leases come and go, so
// theirs are slots with a free list; sites, zones, boards and nodes stay.
#ifndef ONDOL_CORE_ENGINE_SERVER_STATE_H
#define ONDOL_CORE_ENGINE_SERVER_STATE_H

#include "base/map.h"
#include "base/slab.h"
#include "core/engine/record_fleet.h"
#include "core/engine/record_people.h"
#include "core/engine/record_work.h"
#include "core/engine/server.h"
#include "core/ledger/ledger.h"
#include "core/plan/plan.h"

#define NONE UINT32_MAX

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
    TIMER_HOLD,
    TIMER_LOST,
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
    bool capped;         // some site has a cap or circuits, or had
    struct zone **zone;  // records that others point to do not move
    struct slab zones, boards;
    size_t n_zones, cap_zones;
    struct board **board;
    size_t n_boards, cap_boards;
    struct idmap make_by_hash; // address of the first of a chain
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
    size_t looked;    // boards, for moves, in this batch
    size_t put_off;   // instances that were not looked at in this batch
    uint32_t *opened; // boards that came free in this batch, with something set aside
    size_t n_opened, cap_opened;
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

#endif
