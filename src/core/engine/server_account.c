// SPDX-License-Identifier: Apache-2.0
//
// Accounts (users): found by e-mail, so that starting a server twice with the same one makes one account.
// What an event does not name stays as it is. An account without an organisation gets one of its own.
#include "base/mem.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <stdlib.h>
#include <string.h>

void text_replace(char **field, const char *value)
{
    if (!value)
        return;
    free(*field);
    *field = mem_strdup(value);
}

static void rename_account(struct server *s, uint64_t at, const char *email)
{
    strmap_remove(&s->account_by_email, s->account[at].email);
    strmap_set(&s->account_by_email, email, at);
    text_replace(&s->account[at].email, email);
}

static uint64_t new_account(struct server *s, const struct event *ev)
{
    struct account *a = VEC_PUSH(s->account, s->n_accounts, s->cap_accounts);
    uint64_t at = s->n_accounts - 1;
    *a = (struct account){.id = server_new_id(s),
                          .created_ms = s->now.v,
                          .email = mem_strdup(ev->account.email),
                          .scheduling = ACTIVITY_FLEX,
                          .organisation = NONE,
                          .project = NONE};
    text_replace(&a->name, ev->account.name ? ev->account.name : ev->account.email);
    idmap_set(&s->account_by_id, a->id, at);
    strmap_set(&s->account_by_email, a->email, at);
    return at;
}

void account_row_write(struct server *s, uint32_t account, struct effects *fx)
{
    const struct account *a = &s->account[account];
    struct change *c = fx_change(fx, CHANGE_ACCOUNT);
    c->account = (struct row_account){.id = a->id,
                                      .email = arena_strdup(&fx->arena, a->email),
                                      .name = arena_strdup(&fx->arena, a->name),
                                      .created_ms = a->created_ms,
                                      .max_tasks = a->max_tasks,
                                      .max_instances_per_task = s->cfg.instances_per_task,
                                      .research = a->research,
                                      .organisation = s->organisation[a->organisation].id,
                                      .project = s->project[a->project].id,
                                      .scheduling = a->scheduling,
                                      .removed = a->removed,
                                      .max_jobs = a->max_jobs,
                                      .credit_neur = a->credit_neur};
    quota_row(a->quota, c->account.most);
}

// Accounts of a store that knew no organisations, and their tasks.
static void settle_all_in(struct server *s, struct effects *fx)
{
    bool found = false;
    for (uint32_t i = 0; i < s->n_accounts; i++) {
        if (s->account[i].organisation != NONE)
            continue;
        found = true;
        account_settle_in(s, i, fx);
        account_row_write(s, i, fx);
    }
    for (uint32_t i = 0; found && i < s->n_tasks; i++)
        if (s->task[i].id && s->task[i].project == NONE)
            s->task[i].project = s->account[s->task[i].account].project;
}

// What the event says must hold of the account that it means, before anything is changed. 0, or a code.
static int check(struct server *s, const struct event *ev, struct effects *fx, uint32_t organisation,
                 uint32_t *project, const char **why)
{
    if (!ev->account.project)
        return 0;
    if (find_project(s, ev->account.project, project) &&
        (organisation == NONE || s->project[*project].organisation == organisation))
        return 0;
    for (*project = 0; *project < s->n_projects; ++*project)
        if (s->project[*project].organisation == organisation &&
            !strcmp(s->project[*project].slug, ev->account.project))
            return 0;
    *why =
        arena_printf(&fx->arena, "project: there is no %s in the user's organisation", ev->account.project);
    return 400;
}

// The account that the event means, made when it is to be. False: refused, and answered.
static bool meant(struct server *s, const struct event *ev, struct effects *fx, uint64_t *at, bool *is_new)
{
    uint64_t other;
    const char *email = ev->account.email;
    bool taken = email && strmap_get(&s->account_by_email, email, &other);
    if (!ev->account.id) {
        if (taken && ev->account.only_new) {
            fx_reply(fx, ev->token, 409, "email: another account has it");
            return false;
        }
        if (!taken && (!email || !ev->account.token_hash)) {
            fx_reply(fx, ev->token, 400, "email and token: a new account needs both");
            return false;
        }
        *is_new = !taken;
        *at = taken ? other : 0;
        return true;
    }
    if (!idmap_get(&s->account_by_id, ev->account.id, at)) {
        fx_reply(fx, ev->token, 404, "No such account");
        return false;
    }
    if (taken && other != *at) {
        fx_reply(fx, ev->token, 409, "email: another account has it");
        return false;
    }
    return true;
}

static void removed(struct server *s, uint32_t account, struct effects *fx)
{
    for (uint32_t slot = 0; slot < s->n_tasks; slot++) {
        struct task *t = &s->task[slot];
        if (t->id && t->account == account && !t->aborting && !t->deleting && !task_ended(t))
            task_or_pool_stop(s, slot, "ONDOL-USER-REMOVED", "its user was removed", fx);
    }
}

static void take_figures(struct account *a, const struct event *ev)
{
    if (ev->account.has_max_tasks)
        a->max_tasks = ev->account.max_tasks;
    if (ev->account.has_max_jobs)
        a->max_jobs = ev->account.max_jobs;
    if (ev->account.has_research)
        a->research = ev->account.research;
    if (ev->account.has_scheduling)
        a->scheduling = ev->account.scheduling;
    if (ev->account.has_credit)
        a->credit_neur = ev->account.credit_neur;
    quota_set(a->quota, &ev->account.quota);
}

// Into another organisation; its quotas count what is granted from then on, so nothing may be held.
static bool may_move(const struct server *s, uint32_t account, uint32_t to)
{
    const struct account *a = &s->account[account];
    return a->organisation == NONE || a->organisation == to ||
           (a->live_tasks == 0 && !pools_hold(s, account));
}

static void settle(struct server *s, const struct event *ev, struct effects *fx, uint32_t at,
                   uint32_t organisation, uint32_t project)
{
    struct account *a = &s->account[at];
    if (ev->account.organisation && organisation == NONE)
        organisation =
            organisation_make(s, ev->account.organisation, ev->account.organisation, ev->account.uuid, fx);
    if (ev->account.organisation && a->organisation != organisation) {
        a->organisation = organisation;
        a->project = organisation_project(s, organisation);
    }
    if (a->organisation == NONE)
        account_settle_in(s, at, fx);
    if (ev->account.project)
        a->project = project;
}

void server_account_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at = 0;
    uint32_t organisation = NONE, project = NONE;
    bool is_new = false;
    const char *why = NULL;
    settle_all_in(s, fx);
    if (!meant(s, ev, fx, &at, &is_new))
        return;
    if (ev->account.organisation)
        find_organisation(s, ev->account.organisation, &organisation);
    else if (!is_new)
        organisation = s->account[at].organisation;
    int code = check(s, ev, fx, organisation, &project, &why);
    if (code) {
        fx_reply(fx, ev->token, code, why);
        return;
    }
    if (!is_new && ev->account.organisation && !may_move(s, (uint32_t)at, organisation)) {
        fx_reply(fx, ev->token, 409,
                 "organisation: the user has unfinished tasks or pools (wait for them or end them)");
        return;
    }
    if (ev->account.token_hash && token_taken(s, is_new ? NONE : (uint32_t)at, ev->account.token_hash)) {
        fx_reply(fx, ev->token, 409, "token: another user has it");
        return;
    }
    if (is_new)
        at = new_account(s, ev);
    else if (ev->account.email)
        rename_account(s, at, ev->account.email);
    struct account *a = &s->account[at];
    text_replace(&a->name, ev->account.name);
    take_figures(a, ev);
    settle(s, ev, fx, (uint32_t)at, organisation, project);
    if (ev->account.has_removed && ev->account.removed && !a->removed)
        removed(s, (uint32_t)at, fx);
    if (ev->account.has_removed)
        a->removed = ev->account.removed;
    s->quota_moved = true;
    account_row_write(s, (uint32_t)at, fx);
    if (ev->account.token_hash)
        token_first(s, (uint32_t)at, ev->account.token_hash, fx);
    fx_reply(fx, ev->token, 200, NULL)->id = s->account[at].id;
}

size_t server_accounts(const struct server *s)
{
    return s->n_accounts;
}

void server_account(const struct server *s, size_t i, struct account_info *v)
{
    const struct account *a = &s->account[i];
    *v = (struct account_info){.id = a->id,
                               .email = a->email,
                               .name = a->name,
                               .created_ms = a->created_ms,
                               .max_tasks = a->max_tasks,
                               .research = a->research,
                               .live_tasks = a->live_tasks,
                               .organisation = a->organisation,
                               .project = a->project,
                               .scheduling = (enum activity)a->scheduling,
                               .removed = a->removed,
                               .max_jobs = a->max_jobs,
                               .credit_neur = a->credit_neur,
                               .spent_neur = a->spent_neur};
    for (int k = 0; k < QUOTA_KINDS; k++)
        quota_view_of(&a->quota[k], &v->quota[k]);
}

bool server_find_account(const struct server *s, const char *email, size_t *i)
{
    uint64_t at;
    if (!strmap_get(&s->account_by_email, email, &at))
        return false;
    *i = (size_t)at;
    return true;
}
