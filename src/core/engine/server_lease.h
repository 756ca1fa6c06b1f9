// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with leases: granted, paced and moved, ended, and the files on their way.
#ifndef ONDOL_CORE_ENGINE_SERVER_LEASE_H
#define ONDOL_CORE_ENGINE_SERVER_LEASE_H

#include "core/engine/server_state.h"

// ---- server_expect.c
void task_expect(struct server *s, uint32_t slot, const char *profile,
                 int64_t said_ms); // once, when the task is new
void task_learn(struct server *s, uint32_t slot, const struct board *b, int64_t work_mhz_s, int64_t exec_ms);
int32_t task_expected_s(const struct server *s, const struct task *t); // at full speed; -1: not known
int64_t lease_left_s(const struct server *s, const struct lease *l);
int64_t task_run_s(const struct server *s,
                   const struct task *t); // likewise, and a guess when nothing is known
int64_t lease_open_s(const struct server *s, const struct lease *l); // of work, by that guess
int32_t lease_speed_permille(const struct lease *l);                 // of full speed; -1: not known
void lease_stood(struct lease *l, house_ms at, int32_t speed_before, int64_t exec_ms_before);
int64_t lease_up_ms(const struct lease *l); // of execution, and of standing still
void lease_worked(struct server *s, uint32_t lease, int32_t speed_before, int64_t exec_ms_before);
int32_t lease_lost_s(const struct server *s, uint32_t lease); // of work at full speed, if it is stopped: coarsely

// ---- server_move.c
void lease_paced(struct server *s, uint32_t lease); // its level was reported
void server_move_timer(struct server *s, uint64_t lease_id, struct effects *fx);
// Of what could not be looked at in a batch, as that had looked at enough boards: how long until it is, when so
// many were put off before it. They get turns in the order in which they were due, so many a minute as one batch
// looks at or some more, at the latest in an hour: else all of a large fleet would come again each minute, and
// always the same be looked at.
int64_t move_put_off_ms(size_t before, size_t boards);
void move_on_end(struct server *s, const struct lease *ended, enum attempt_end end, struct effects *fx);
void moves_land(struct server *s, house_ms now, struct plan *out); // before the planner runs
bool move_text(const struct server *s, const struct lease *l,
               struct buf *out); // false: it is not being moved
void moves_why(const struct server *s, const struct task *t, struct buf *out);

// ---- server_lease.c
void lease_grant(struct server *s, uint32_t task, uint32_t board, uint32_t instance,
                 struct effects *fx); // NONE: the lowest that waits
void lease_stop(struct server *s, uint32_t lease, enum attempt_end end, struct effects *fx);
struct attempt_figures { // of an ended attempt, as reported; zeros when nobody told
    int64_t wall_ms, exec_ms, core_ms, work_mhz_s, energy_mj;
    int32_t exit_code, signal, peak_memory_mb, clock_permille;
    uint64_t seq;
    int32_t results; // files that it staged
    int64_t fetch_ms, fetch_bytes, store_ms, store_bytes;
    const char *names; // keys of its results
    const char *code, *message;
};
void lease_end(struct server *s, uint32_t lease, enum attempt_end end, const struct attempt_figures *f,
               struct effects *fx);
// server_lost.c: what a lost attempt counts, by the code of its end; whether the instance is given up for it, and
// then the task has the error.
uint32_t lost_points(const char *code);
bool lost_too_often(struct task *t, uint32_t instance, const struct retried *tried, const struct attempt_figures *f);
// What waits for its next attempt until a moment, by what its lost attempts count; it stays in task.pending. At load
// `ended` is when the attempt was lost, and lost_restored drops what is over when all are known.
void lost_begin_rest(struct server *s, uint32_t task, uint32_t instance, house_ms ended);
void lost_restored(struct server *s, uint32_t task);
void lost_timer(struct server *s, uint64_t task_id);
void lost_forget(struct task *t);                        // nothing of it waits any more
uint64_t task_ready_count(const struct task *t);         // of pending, what may be tried now
bool task_ready_pop(struct task *t, uint32_t *instance); // the lowest of them, out of pending; false: none
bool lost_why(const struct task *t, house_ms now, struct buf *out); // false: none rests, nothing is said
void lease_timer(struct server *s, uint64_t lease_id, struct effects *fx);
void lease_write(struct server *s, const struct lease *l, struct effects *fx);
void lease_count(struct server *s, const struct lease *l, int sign); // it runs, or no longer
// An instance of the task that waits gets a lease of the board, inside the lease `within` (NONE: for itself).
uint32_t lease_grant_in(struct server *s, uint32_t task, uint32_t board, uint32_t within, struct effects *fx);
uint32_t lease_slot_new(struct server *s, uint64_t id);
void lease_link(struct server *s, uint32_t slot);
// Until when its node may go on without hearing anything: a term from when the node was heard last, or from when it was
// granted. Of one that is to stop, that of the last call before it was told.
house_ms lease_until(const struct server *s, const struct lease *l);
void lease_row(const struct server *s, const struct lease *l, struct row_lease *row);
void board_plan(struct server *s, uint32_t board);
void board_plan_lost(struct server *s, uint32_t lease); // only what stopping it would lose has changed
void server_carry_out(struct server *s, house_ms now,
                      struct effects *fx); // runs the planner and does what it says

// ---- server_hold.c: setting work aside
bool lease_can_hold(const struct server *s, uint32_t lease); // for a better class, with nothing lost
void lease_hold(struct server *s, uint32_t lease, struct effects *fx); // frees its board; it must be able to
void board_opened(struct server *s, uint32_t board);         // what had it has ended
void boards_go_on(struct server *s, struct effects *fx);     // after the plan, with what is beneath
void lease_hold_watch(struct server *s, struct lease *l); // it is held since now
void lease_hold_timer(struct server *s, uint64_t lease_id, struct effects *fx);
void holds_why(const struct server *s, const struct task *t, struct buf *out);

// ---- server_publish.c: files on their way
void lease_staging(struct server *s, uint32_t lease, const struct report *r, struct effects *fx);
void lease_uploads_no_more(struct server *s, uint32_t lease); // it ended, or is asked to stop
bool lease_is_moving(const struct server *s,
                     const struct lease *l); // its files are, and some arrived of late
struct publish_what {
    uint32_t part, snapshot;
    enum attempt_end end;
    const char *bucket; // NULL: as the task says
};
void publish_begin(struct server *s, uint32_t lease, const struct publish_what *what, struct effects *fx);
void server_published(struct server *s, const struct event *ev, struct effects *fx);
void publish_restore(struct server *s, const struct row_publish *row);
void instance_ended(struct task *t, uint32_t instance, enum attempt_end end); // into its set

#endif
