// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with pools: asked for, how many nodes, what runs on which, what they show.
#ifndef ONDOL_CORE_ENGINE_SERVER_POOL_H
#define ONDOL_CORE_ENGINE_SERVER_POOL_H

#include "core/engine/server_state.h"

struct attempt_figures;

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
// States from what their nodes add up to, and their rows.
void server_pools_settle(struct server *s, struct effects *fx);
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
// Ends its tasks, then its nodes.
void pool_shut(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx);
// A node has ended; `f` as reported.
// Unless it is over already.
void pool_fail(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx);
// The task; the whole pool when it is the holder of one.
void task_or_pool_stop(struct server *s, uint32_t task, const char *code, const char *why,
                       struct effects *fx);
bool pools_hold(const struct server *s, uint32_t account); // one is open, or has a board yet
void pool_node_ended(struct server *s, uint32_t slot, enum attempt_end end, const struct attempt_figures *f,
                     struct effects *fx);
void pool_node_ready(struct server *s, uint32_t lease, struct effects *fx);

#endif
