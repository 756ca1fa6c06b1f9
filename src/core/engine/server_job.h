// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with jobs, and with tasks that wait for tasks.
#ifndef ONDOL_CORE_ENGINE_SERVER_JOB_H
#define ONDOL_CORE_ENGINE_SERVER_JOB_H

#include "core/engine/server_state.h"

// ---- server_job.c
void server_job_create(struct server *s, const struct event *ev, struct effects *fx);
void server_job_terminate(struct server *s, const struct event *ev, struct effects *fx);
void server_job_delete(struct server *s, const struct event *ev, struct effects *fx);
void server_job_sweep(struct server *s, const struct event *ev, struct effects *fx);
void server_job_wall(struct server *s, uint64_t job_id, struct effects *fx);
void server_job_expire(struct server *s, uint64_t job_id);
// States from what is left of their tasks, and their rows.
void server_jobs_settle(struct server *s, struct effects *fx);
bool server_find_job(const struct server *s, uint64_t account, const char *id, uint32_t *slot);
uint32_t job_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16]);
void job_slot_free(struct server *s, uint32_t slot);
void job_set_shortname(struct server *s, uint32_t slot, const char *shortname);
void job_timers(struct server *s, uint32_t slot);
void task_join(struct server *s, uint32_t slot, uint32_t job);
void task_leave(struct server *s, uint32_t slot); // its job, when its slot is freed

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
// Links it; cancels it when it can never start.
void depend_begin(struct server *s, uint32_t slot, struct effects *fx);
bool task_waits(const struct task *t);

#endif
