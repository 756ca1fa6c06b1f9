// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with accounts and what they may: organisations, projects, tokens, secrets, budgets,
// reservations, quotas.
#ifndef ONDOL_CORE_ENGINE_SERVER_USER_H
#define ONDOL_CORE_ENGINE_SERVER_USER_H

#include "core/engine/server_state.h"

// ---- server_secret.c
void server_secret(struct server *s, const struct event *ev, struct effects *fx);
int server_secret_restore(struct server *s, const struct row_secret *row, struct err *e);

// ---- server_account.c, server_user.c, server_project.c, server_token.c
void server_account_put(struct server *s, const struct event *ev, struct effects *fx);
void server_organisation_put(struct server *s, const struct event *ev, struct effects *fx);
void server_project_put(struct server *s, const struct event *ev, struct effects *fx);
void server_token_put(struct server *s, const struct event *ev, struct effects *fx);
int server_user_restore(struct server *s, const struct change *row, struct err *e); // any of their rows
int task_restore_owner(struct server *s, struct task *t, const struct row_task *r, struct err *e);
void server_users_free(struct server *s);
bool find_organisation(const struct server *s, const char *slug_or_uuid, uint32_t *at);
bool find_project(const struct server *s, const char *uuid, uint32_t *at);
// The one with that slug, made when there is none; it has a project for its users.
uint32_t organisation_make(struct server *s, const char *slug, const char *name, const uint8_t uuid[16],
                           struct effects *fx);
uint32_t organisation_project(const struct server *s, uint32_t organisation);   // its first project
void account_settle_in(struct server *s, uint32_t account, struct effects *fx); // an organisation of its own
void token_first(struct server *s, uint32_t account, const char *digest, struct effects *fx);
bool token_taken(const struct server *s, uint32_t account, const char *digest); // by another account
void account_row_write(struct server *s, uint32_t account, struct effects *fx);
void text_replace(char **field, const char *value); // NULL: stays
void quota_set(struct quota quota[QUOTA_KINDS], const struct quota_wish *w);
void quota_row(const struct quota quota[QUOTA_KINDS], int32_t most[QUOTA_N]);
void quota_view_of(const struct quota *q, struct quota_view *v);

// ---- server_budget.c
void server_budget_put(struct server *s, const struct event *ev, struct effects *fx);
void server_charge(struct server *s, uint32_t account, uint32_t project, int64_t hour_ms, int64_t neur);
void server_budgets_settle(struct server *s, struct effects *fx); // stops what a used up budget stops
bool project_blocked(const struct server *s, uint32_t project);   // by a budget: no new tasks

// ---- server_reservation.c
void server_reservation_put(struct server *s, const struct event *ev, struct effects *fx);
void server_reservation_timer(struct server *s, uint64_t id, struct effects *fx);
void reservation_timers(struct server *s, uint32_t at);
bool reservation_open(const struct server *s, uint32_t at); // now
// The one that a draft means; false: `why` says what is missing.
bool reservation_meant(struct server *s, uint32_t account, const struct task_draft *d, uint32_t *at,
                       struct arena *a, const char **why);

// ---- server_quota.c
struct admission { // of a new task
    uint32_t project, reservation;
    enum activity activity;
    struct constraint constraint; // the draft's, and the machine of the reservation
};
// 0, or the code and sentence of the refusal.
int task_admit(struct server *s, uint32_t account, const struct task_draft *d, struct effects *fx,
               struct admission *out, const char **why);
// How many of them the planner may see.
int32_t quota_expose(struct server *s, uint32_t slot, int32_t pending);
bool quota_fits(struct server *s, uint32_t task, uint32_t board);   // whether it may have this board too
void quota_hold(struct server *s, const struct lease *l, int sign); // 1: it has its board, -1: no more
void quota_leave(struct server *s, uint32_t slot);                  // the task's slot is freed
void quota_settle(struct server *s);                                // what fits now is shown
bool quota_why(const struct server *s, uint32_t slot, struct buf *out); // why it is hidden; false: it is not

#endif
