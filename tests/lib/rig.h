// SPDX-License-Identifier: Apache-2.0
//
// An engine with a model store behind it, for tests: every call below is one batch that is applied, settled,
// audited and committed. What the batch answered stays readable in `fx` until the next one.
#ifndef ONDOL_TESTS_RIG_H
#define ONDOL_TESTS_RIG_H

#include "core/engine/server.h"
#include "model_store.h"

#define RIG_START_MS   INT64_C(1764547200000)
#define RIG_BOARDS_MAX 12

struct rig {
    struct server_config cfg;
    struct server *s;
    struct effects fx;
    struct model_store *m;
    struct arena a; // of what came down, until the next rig_desired
    int64_t now;
    uint64_t seq, token, account, uuids;
    struct buf *log;                  // NULL: what happens is not recorded
    const struct price_table *prices; // NULL: the default
    struct err fault;                 // first thing that does not hold; the test fails
};

// A node with one zone "z-<name>" and boards "<name>-0".. of the default curve.
struct rig_node {
    char name[24], site[24];
    uint64_t nonce, epoch, seq, have;
    int32_t boards, cores, memory_mb;
    int32_t want_w; // the zone's target and least; its most is 500 W per board
    bool can_hold;  // its boards set work aside
};

void rig_init(struct rig *r, const struct server_config *cfg); // cfg NULL: defaults, with plans checked
void rig_deinit(struct rig *r);
void rig_prices(struct rig *r, const struct price_table *prices); // from now on; they stay where they are

// One batch of one event. Token and sequence are set here. The batch is committed.
void rig_event(struct rig *r, struct event *ev);
const struct reply *rig_reply(const struct rig *r); // the last; NULL: none
void rig_wait(struct rig *r, int64_t ms);           // time passes; a tick
void rig_apply(struct rig *r, struct event *ev);    // one event of a batch
void rig_settle(struct rig *r);                     // ends a batch of events that were applied by hand
void rig_settle_lost(struct rig *r);                // the commit fails: memory is dropped and loaded again
void rig_reload(struct rig *r);                     // crash and reload
void rig_reload_as(struct rig *r, const struct server_config *cfg);

void rig_draft(struct rig *r, struct task_draft *d,
               int32_t instances); // flex; ranges live in d's own static text
// One task of so many instances (at most 64); gives its uuid, or NULL when it was refused.
const char *rig_create(struct rig *r, enum activity a, int32_t instances);
const char *rig_create_draft(struct rig *r, const struct task_draft *d);
// A scaling policy of a pool, of which there are RIG_SCALINGS: fixed sizes, queues and both; for tests that
// choose at random.
#define RIG_SCALINGS 7
const char *rig_scaling(size_t i);
void rig_abort(struct rig *r, const char *id);
void rig_delete(struct rig *r, const char *id);
const struct row_task *rig_task(const struct rig *r, const char *uuid); // as the store has it
const char *rig_state(const struct rig *r, const char *uuid);           // "gone" when the store has none

void rig_node_init(struct rig_node *n, const char *name, int32_t boards);
void rig_offer(struct rig *r, const struct rig_node *n, struct sync_up *up);
void rig_hello(struct rig *r, struct rig_node *n); // offer, new epoch, and the zone's first report
void rig_report(struct rig *r, struct rig_node *n, struct report *rep); // numbers and sends one report
void rig_zone(struct rig *r, struct rig_node *n, int32_t want_w);
void rig_poll(struct rig *r, struct rig_node *n);
const struct sync_down *rig_desired(struct rig *r, const struct rig_node *n);
const struct assignment *rig_assignment(struct rig *r, const struct rig_node *n, size_t i); // NULL: none
void rig_started(struct rig *r, struct rig_node *n, uint64_t lease);
void rig_exited(struct rig *r, struct rig_node *n, uint64_t lease, enum attempt_end end, int32_t exit_code);

#endif
