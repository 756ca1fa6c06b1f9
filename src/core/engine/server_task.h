// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with tasks: created, asked for something while they run, ended, deleted.
#ifndef ONDOL_CORE_ENGINE_SERVER_TASK_H
#define ONDOL_CORE_ENGINE_SERVER_TASK_H

#include "core/engine/server_state.h"

// ---- server_task.c
void server_tasks_create(struct server *s, const struct event *ev, struct effects *fx);
void server_task_put(struct server *s, const struct event *ev, struct effects *fx);
void server_task_abort(struct server *s, const struct event *ev, struct effects *fx);
void server_tasks_abort(struct server *s, const struct event *ev, struct effects *fx);
void server_task_delete(struct server *s, const struct event *ev, struct effects *fx);
void server_queue_max(struct server *s, uint64_t task_id, struct effects *fx);
void server_release_held(struct server *s, uint64_t task_id);
void task_plan(struct server *s, uint32_t slot); // tells the planner how many wait
// State from counts; ends it when all ended.
void task_settle(struct server *s, uint32_t slot, struct effects *fx);
void task_error(struct task *t, const char *code, const char *message, const char *debug);
void errors_add(char **errors, const char *code, const char *message, const char *debug);
char *ranges_text(const struct ranges *r, struct arena *a);
void task_live_row(const struct server *s, const struct task *t, struct arena *a, struct row_task_live *row);
// Keeps where it may run. 0, or -EINVAL with "placement: ..." for what cannot be read or names no site.
int task_set_place(struct server *s, uint32_t slot, const char *text, struct err *e);

// Aborts it.
void task_stop(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx);
void task_forget(struct server *s, uint32_t slot, struct effects *fx); // deletes it

// ---- server_task_slot.c: where tasks are in memory
bool server_task_slot(const struct server *s, uint64_t id, uint32_t *slot); // slot may be NULL
bool server_task_uuid(const struct server *s, const uint8_t uuid[16], uint32_t *slot);
bool server_find_task(const struct server *s, uint64_t account, const char *id, uint32_t *slot);
bool task_uuid_taken(const struct server *s, const uint8_t uuid[16]); // or one that is not told from it
uint32_t task_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16]);
void task_slot_free(struct server *s, uint32_t slot);
void task_set_shortname(struct server *s, uint32_t slot, const char *shortname);
struct task_sets *task_sets(struct task *t);
struct retried task_retried(const struct task *t, uint32_t instance); // zeros: never tried
void task_set_retried(struct task *t, uint32_t instance, struct retried r);
bool task_ended(const struct task *t); // it has its final state and leaves memory when the batch is settled
uint64_t uuid_key(const uint8_t uuid[16]);
void shortname_key(uint32_t account, const char *shortname, struct buf *key);
void task_release_shortname(struct server *s, struct task *t); // the next one may have it
// Of its instances, into the engine's count.
void task_count_waiting(struct server *s, struct task *t, int64_t waiting);

// ---- server_expire.c: final tasks that delete themselves
void expire_add(struct server *s, uint64_t task, uint64_t job, const uint8_t uuid[16], house_ms at);
void expire_drop(struct server *s, uint64_t task); // it was deleted before
void server_task_expire(struct server *s, uint64_t task, struct effects *fx);

// ---- server_hardware.c
bool site_may_hold(const struct server *s, uint32_t site, const struct place *p); // by country and name
// Most boards of this hardware (NULL: any) on one site where it may stand.
int32_t server_most_together(const struct server *s, const struct constraint *want, const struct place *p);

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

#endif
