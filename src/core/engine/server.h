// SPDX-License-Identifier: Apache-2.0
//
// The server's engine: state + event + now -> new state, rows to write, answers to give. Pure and
// single-threaded.
//
//   program:  server_new -> server_restore(row)... -> server_restored
//             -> { server_apply(event)... ; server_settle } per batch
//
// server_settle ends a batch: it plans, renews leases and collects what the batch changed. Nothing of a batch
// may leave the process before its changes are committed (docs/design/0003-output-gate.md).
#ifndef ONDOL_CORE_ENGINE_SERVER_H
#define ONDOL_CORE_ENGINE_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/engine/change.h"
#include "core/engine/event.h"
#include "core/ledger/bill.h"
#include "core/ledger/budget.h"
#include "core/plan/foresee.h"

struct server;
struct price_table;
struct site_setting; // core/engine/site_setting.h

struct server_config {
    int32_t instances_per_task;  // limit, default 2048
    int32_t tasks_per_account;   // limit of tasks not final, default 1,000,000
    int32_t jobs_per_account;    // limit of jobs, default 1,000; they stay in memory with their bodies
    int32_t pools_per_account;   // limit of pools, default 1,000; likewise
    int32_t secrets_per_account; // limit, default 1,000
    int64_t lease_ms;          // an assignment not renewed for this long is lost, house time; default 60,000
    int64_t lease_margin_ms;   // the parent waits this much longer than the node, default 10,000
    int64_t dispatch_delay_ms; // a task waits at least this long in Submitted, default 0
    int64_t start_timeout_ms;  // assigned but not started, default 300,000
    int64_t preempt_grace_ms;  // asked to stop but no word, default 60,000
    int64_t rest_first_ms;     // a board that did not start what it was given rests so long, default 60,000;
    int64_t rest_most_ms;      // twice as long each time in a row, at most so long, default 3,600,000
    bool donated_allowed, filler_allowed;
    bool reserved_by_all; // class reserved needs no reservation: for simulated fleets and replayed traces
    struct bill bill;
    uint8_t policy;   // of plan_policy_at(); 0: market
    bool check_plans; // run plan_check after every plan (tests, debug builds)
    // Somebody makes the copies of data sets that the effects order, and says so by EVENT_REPLICA. Else data
    // come with the work, and the planner knows what sites hold from what ran there.
    bool makes_copies;
};
void server_config_default(struct server_config *c);

struct effects {
    // Nobody stores rows or streams notes (simulators): they are not made, everything else is as ever. Set
    // after effects_init, and the same for all of a server's life.
    bool no_rows;
    struct arena arena; // everything below lives here
    struct change *change;
    size_t n_changes, cap_changes;
    struct reply *reply;
    size_t n_replies, cap_replies;
    struct sync_wait {
        uint64_t token, node;
        uint32_t at; // sync_up.known of its next call
        bool now; // answer after commit; otherwise it may be parked until the node is woken
    } * sync;
    size_t n_syncs, cap_syncs;
    struct node_wake { // nodes whose desired state changed
        uint64_t node;
        uint32_t at; // as in sync_wait
    } * wake;
    size_t n_wakes, cap_wakes;
    struct note { // for the event stream: {"kind":"task","id":...}
        const char *kind, *json;
    } * note;
    size_t n_notes, cap_notes;
    // Copies of data sets to be made, in this order; never given again. The one who makes them says when each
    // is there, or that it will not be.
    struct copy_order {
        uint64_t key;
        int64_t bytes;
        const char *site; // name
        bool ahead;       // nobody waits for it
        bool in_advance;  // the engine counts it as there (policies that have all data everywhere)
    } *copy;
    size_t n_copies, cap_copies;
};
void effects_init(struct effects *fx);
void effects_clear(struct effects *fx);
void effects_deinit(struct effects *fx);

struct server *server_new(const struct server_config *cfg);
// Before the first row or event: other prices than price_table_default(). For tests of what takes long: a
// record for replay does not hold them.
void server_prices(struct server *s, const struct price_table *prices);
void server_free(struct server *s);

// Before the first row: `now` says from which hour on the ledger's open cells will be given.
void server_restore_from(struct server *s, house_ms now);
// At load: one row at a time in the store's order; then once server_restored. A row that makes no sense is an
// error.
int server_restore(struct server *s, const struct change *row, struct err *e);
void server_restored(struct server *s, house_ms now);

void server_apply(struct server *s, const struct event *ev, struct effects *fx);
void server_settle(struct server *s, house_ms now, struct effects *fx);

// When the engine next wants EVENT_TICK at the latest; INT64_MAX: nothing waits.
house_ms server_next_tick(const struct server *s);

// When the engine looks whether an instance that crawls is to be moved: what it knows then of its level decides.
// INT64_MAX: it does not mean to, or there is no such lease.
house_ms server_next_look(const struct server *s, uint64_t lease);

// For who speaks for many nodes in turn: brings near the processor what the call of one will look at, its record and,
// said again a while later each time, what that leads to. `known` as in struct sync_up. Changes nothing.
enum fetch_of { FETCH_OF_NODE, FETCH_OF_LEASES, FETCH_OF_BOARDS, FETCH_OF_RECORDS };
void server_fetch_node(const struct server *s, uint32_t known, enum fetch_of what);

// What a node should be doing now. Bodies are left NULL with `need_body` set; `task` says whose. `known`: as in struct
// sync_up.
void server_desired(const struct server *s, uint64_t node, uint32_t known, house_ms now, struct arena *a,
                    struct sync_down *down);

// Whether a call with this epoch and nonce is of a life of the node that is over: it gets epoch_refused.
bool server_sync_refused(const struct server *s, uint64_t node, uint64_t epoch, uint64_t nonce);

// Hash of all actions so far, for replay.
uint64_t server_hash(const struct server *s);

// ---- views: what pages and metrics are made from. All strings live in the engine until the next apply.

struct zone_view {
    uint64_t id;
    const char *name, *label, *site, *node, *schedule, *why;
    bool is_virtual, online;
    uint8_t mode, guard;
    int32_t setpoint_mc, room_mc, shadow_mc, draw_w, missing_w, nameplate_w;
    house_ms at, boost_until;
    struct heat_request request;
    int64_t asked_mj, delivered_mj, useful_mj, shadow_mj;
};

struct board_view {
    uint64_t id;
    const char *name, *heater, *zone, *site, *node, *barred_why;
    const struct board_spec *spec;
    bool online, barred;
    uint8_t run;
    int32_t draw_mw, freq_mhz, duty_permille;
    int32_t start_failures;          // in a row
    house_ms rests_until;            // in the future: it gets no task before
    char task_uuid[UUID_TEXT_BYTES]; // "": none
    uint32_t instance;
    char aside_uuid[UUID_TEXT_BYTES]; // of what is set aside there; "": nothing
    int64_t total_mj;                              // its meter
    int64_t energy_mj[ACTIVITY_N], ms[ACTIVITY_N]; // by activity; UNATTRIBUTED is the rest to the meter
};

struct site_view {
    uint64_t id;
    const char *name;
    int32_t utc_offset_min;
    int64_t cap_mw;
    int32_t n_zones, n_boards;
    const struct site_setting *setting;
    bool has_tariff, has_carbon; // now
    int64_t tariff_ueur_per_kwh;
    int32_t carbon_g_per_kwh;
    house_ms tariff_until, carbon_until;
};

// How much of a quota is used. Instances are boards: each runs one.
struct quota_view {
    int32_t instances, cores; // 0: no limit
    int64_t held, held_cores;
};

struct account_info {
    uint64_t id;
    const char *email, *name;
    int64_t created_ms, live_tasks;
    int32_t max_tasks; // 0: the server's
    bool research;
    size_t organisation, project; // indexes
    enum activity scheduling;
    bool removed;
    int32_t max_jobs; // 0: the server's
    int64_t credit_neur, spent_neur;
    struct quota_view quota[QUOTA_KINDS];
};

struct organisation_view {
    uint64_t id;
    char uuid[UUID_TEXT_BYTES];
    const char *slug, *name;
    int64_t created_ms;
    struct quota_view quota[QUOTA_KINDS];
};

struct project_view {
    uint64_t id;
    char uuid[UUID_TEXT_BYTES];
    const char *slug, *name, *description;
    size_t organisation; // index
    int64_t created_ms;
    bool research, archived;
};

struct token_view {
    uint64_t id, account; // row ids
    const char *name;
    int64_t created_ms, expires_ms, revoked_ms; // 0: never, not
};

struct budget_view {
    uint64_t id;
    char uuid[UUID_TEXT_BYTES];
    const char *alias;
    size_t project; // index
    int64_t total_neur, spent_neur, start_ms, end_ms;
    enum budget_policy policy;
    bool archived;
};

struct reservation_view {
    uint64_t id, account; // account 0: all users of the organisation
    char uuid[UUID_TEXT_BYTES];
    const char *name, *machine_key;
    size_t organisation; // index
    int64_t from_ms, to_ms;
    bool removed;
    struct quota_view quota;
};

size_t server_organisations(const struct server *s);
size_t server_projects(const struct server *s);
size_t server_tokens(const struct server *s);
size_t server_budgets(const struct server *s);
size_t server_reservations(const struct server *s);
void server_organisation(const struct server *s, size_t i, struct organisation_view *v);
void server_project(const struct server *s, size_t i, struct project_view *v);
void server_token(const struct server *s, size_t i, struct token_view *v);
void server_budget(const struct server *s, size_t i, struct budget_view *v);
void server_reservation(const struct server *s, size_t i, struct reservation_view *v);
bool server_find_organisation(const struct server *s, const char *slug_or_uuid, size_t *i);
bool server_find_project(const struct server *s, const char *uuid, size_t *i);

size_t server_accounts(const struct server *s);
void server_account(const struct server *s, size_t i, struct account_info *v);
bool server_find_account(const struct server *s, const char *email, size_t *i);
size_t server_sites(const struct server *s);
size_t server_zones(const struct server *s);
size_t server_boards(const struct server *s);
void server_site(const struct server *s, size_t i, house_ms now, struct site_view *v);
void server_zone(const struct server *s, size_t i, struct zone_view *v);
void server_board(const struct server *s, size_t i, struct board_view *v);
bool server_find_zone(const struct server *s, const char *name, size_t *i);
bool server_find_board(const struct server *s, const char *name, size_t *i);
bool server_find_site(const struct server *s, const char *name, size_t *i);

// One running instance of a task, for `status.runningInstancesInfo`.
struct live_view {
    uint32_t instance, attempt;
    uint8_t phase;
    const struct board_spec *spec;
    int32_t cores; // granted: of a pool's node only a slot's share
    const char *board, *site;
    int32_t progress_permille, freq_mhz, max_freq_mhz, duty_permille, cpu_permille, memory_mb, memory_max_mb;
    int32_t net_in_kbps, net_out_kbps;
    house_ms granted, sampled; // sampled: when the node measured all of this; v 0: not yet
    int64_t exec_ms, energy_mj, core_ms;
    int64_t bytes, bytes_n;     // of its files, while the phase is download or upload; bytes_n 0: not known
    int64_t fetch_ms, store_ms; // how long its files have been on their way
};
// Calls `each` for every assigned instance of a task, or node of a pool. Returns how many; 0 too when the
// task is not in memory.
size_t server_live(const struct server *s, uint64_t task, void (*each)(void *ctx, const struct live_view *v),
                   void *ctx);

struct engine_counts {
    uint64_t tasks_live, tasks_queued, instances_queued, instances_running, leases;
    uint64_t events, plans, assigned, preempted, lost, duplicates; // since start
    uint64_t moved;                                                // instances that were on a kept board
    uint64_t held, gave_up; // times that an instance was set aside; that one was given up meanwhile
    uint64_t boards_online, nodes_online;
};
void server_counts(const struct server *s, struct engine_counts *c);
// Of one account: what runs now. Arrays by class (ACTIVITY_RESERVED..DONATED).
void server_account_counts(const struct server *s, uint64_t account, int64_t *tasks,
                           int64_t running_instances[4], int64_t running_cores[4]);

int64_t server_account_jobs(const struct server *s, uint64_t account);
void server_account_pools(const struct server *s, uint64_t account, int64_t *pools, int64_t *open);

// What a task of this draft would be like if it were submitted now and nothing came after it. Looks at every
// board and at most at 200,000 waiting tasks.
enum run_from {
    RUN_SAID,
    RUN_LEARNED,
    RUN_GUESSED
}; // by the customer; from their profile's history; an hour
struct server_foreseen {
    bool known; // false: there is no board that could take it
    struct foreseen it;
    // fitting: of such hardware; usable: it could take it, now or when its zone wants heat; free: of work of
    // this or a better class; warm: where no heat is wanted now
    int64_t boards, boards_fitting, boards_usable, boards_free, boards_warm;
    int64_t heat_in_s; // until the first of those wants heat; 0: none of them within two days
    int64_t run_s, ahead;   // of one instance at full speed; waiting before it
    int32_t speed_permille; // of the usable boards on average
    enum run_from run_from;
    bool others_guessed; // some of what runs now may end any time
};
void server_foresee(const struct server *s, uint64_t account, const struct task_draft *d,
                    struct server_foreseen *out);

// What POST /tasks would answer to this draft now: 0, or the code and sentence of the refusal. Changes
// nothing of the engine; the draft gets the class and the hardware that it would be entered with.
int server_would_refuse(const struct server *s, uint64_t account, struct task_draft *d, struct arena *a,
                        const char **why);

// NULL, or why no machine, or no site, of the fleet could ever run it (a refusal with 402). A fleet without any
// board yet can tell nothing. `looks`: boards that may be looked at; when they are used up everything counts as
// possible.
const char *server_hardware_lacks(const struct server *s, const struct task_draft *d, struct arena *a,
                                  size_t *looks);

// One sentence with the figures; false when there is no such task or zone in memory.
bool server_why_task(const struct server *s, uint64_t task, house_ms now, struct buf *out);
bool server_why_zone(const struct server *s, const char *zone, house_ms now, struct buf *out);

#endif
