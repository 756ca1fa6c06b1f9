// SPDX-License-Identifier: Apache-2.0
//
// Organisations: users share its quotas, projects and reservations. Each has at least one project, which is
// made with it. What rows of the people's side say at load is put together here too.
#include "base/mem.h"
#include "core/engine/server_state.h"
#include "core/engine/server_user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWN_SLUG "user-" // of an organisation that nobody named; the id of its account follows

bool find_organisation(const struct server *s, const char *name, uint32_t *at)
{
    uint8_t uuid[16];
    bool by_uuid = uuid_parse(name, uuid);
    for (uint32_t i = 0; i < s->n_organisations; i++) {
        const struct organisation *o = &s->organisation[i];
        if (by_uuid ? !memcmp(o->uuid, uuid, 16) : !strcmp(o->slug, name)) {
            *at = i;
            return true;
        }
    }
    return false;
}

static uint32_t organisation_new(struct server *s, uint64_t id, const char *slug, const char *name)
{
    struct organisation *o = VEC_PUSH(s->organisation, s->n_organisations, s->cap_organisations);
    *o = (struct organisation){
        .id = id, .slug = mem_strdup(slug), .name = mem_strdup(name), .created_ms = s->now.v};
    return (uint32_t)(s->n_organisations - 1);
}

static void organisation_row_write(struct server *s, uint32_t at, struct effects *fx)
{
    const struct organisation *o = &s->organisation[at];
    struct change *c = fx_change(fx, CHANGE_ORGANISATION);
    c->organisation = (struct row_organisation){.id = o->id,
                                                .slug = arena_strdup(&fx->arena, o->slug),
                                                .name = arena_strdup(&fx->arena, o->name),
                                                .created_ms = o->created_ms};
    uuid_format(c->organisation.uuid, o->uuid);
    quota_row(o->quota, c->organisation.most);
}

// The bits of version and variant, as it will be asked for.
static void take_uuid(uint8_t out[16], const uint8_t in[16])
{
    char text[UUID_TEXT_BYTES];
    uuid_format(text, in);
    uuid_parse(text, out);
}

uint32_t organisation_make(struct server *s, const char *slug, const char *name, const uint8_t uuid[16],
                           struct effects *fx)
{
    uint8_t first[16];
    uint32_t at = organisation_new(s, server_new_id(s), slug, name);
    take_uuid(s->organisation[at].uuid, uuid);
    organisation_row_write(s, at, fx);
    memcpy(first, uuid, 16);
    first[15] ^= 0xff;
    struct event ev = {.kind = EVENT_PROJECT_PUT};
    memcpy(ev.project.uuid, first, 16);
    ev.project.organisation = slug;
    ev.project.slug = ev.project.name = "default";
    server_project_put(s, &ev, fx);
    return at;
}

uint32_t organisation_project(const struct server *s, uint32_t organisation)
{
    uint32_t i = 0;
    while (i < s->n_projects && (s->project[i].organisation != organisation || s->project[i].archived))
        i++;
    return i < s->n_projects ? i : NONE;
}

// A uuid of its own that stays the same and needs no entropy: nothing is protected by its being unknown.
void account_settle_in(struct server *s, uint32_t account, struct effects *fx)
{
    struct account *a = &s->account[account];
    char slug[40];
    uint8_t uuid[16] = "ondol-or";
    uint32_t at;
    snprintf(slug, sizeof slug, OWN_SLUG "%llu", (unsigned long long)a->id);
    for (int i = 0; i < 7; i++)
        uuid[14 - i] = (uint8_t)(a->id >> (8 * i));
    if (!find_organisation(s, slug, &at))
        at = organisation_make(s, slug, a->name, uuid, fx);
    a = &s->account[account];
    a->organisation = at;
    a->project = organisation_project(s, at);
}

void server_organisation_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t at;
    const char *slug = ev->organisation.organisation;
    bool there = find_organisation(s, slug, &at);
    if (there && ev->organisation.only_new) {
        fx_reply(fx, ev->token, 409, "organisation: another one has this slug");
        return;
    }
    if (!there && ev->organisation.only_old) {
        fx_reply(fx, ev->token, 404, arena_printf(&fx->arena, "No such organisation: %s", slug));
        return;
    }
    if (!there)
        at = organisation_make(s, slug, ev->organisation.name ? ev->organisation.name : slug,
                               ev->organisation.uuid, fx);
    struct organisation *o = &s->organisation[at];
    text_replace(&o->name, ev->organisation.name);
    quota_set(o->quota, &ev->organisation.quota);
    s->quota_moved = true;
    organisation_row_write(s, at, fx);
    fx_reply(fx, ev->token, 200, NULL)->id = o->id;
}

// ---- at load

static int missing(struct err *e, const char *row, const char *what, uint64_t id)
{
    return err_set(e, -EBADMSG, "store: a row of %s names %s %llu, which is not there", row, what,
                   (unsigned long long)id);
}

static void take_quota(struct quota quota[QUOTA_KINDS], const int32_t most[QUOTA_N])
{
    for (int k = 0; k < QUOTA_KINDS; k++) {
        quota[k].instances = most[QUOTA_INSTANCES(k)];
        quota[k].cores = most[QUOTA_CORES(k)];
    }
}

// Index of the record with that id; NONE.
#define INDEX_OF(v, n, wanted)                                                                               \
    __extension__({                                                                                          \
        uint32_t i_ = 0;                                                                                     \
        while (i_ < (n) && (v)[i_].id != (wanted))                                                           \
            i_++;                                                                                            \
        i_ < (n) ? i_ : NONE;                                                                                \
    })

static int restore_organisation(struct server *s, const struct row_organisation *r, struct err *e)
{
    uint32_t at = organisation_new(s, r->id, r->slug, r->name);
    s->organisation[at].created_ms = r->created_ms;
    take_quota(s->organisation[at].quota, r->most);
    if (!uuid_parse(r->uuid, s->organisation[at].uuid))
        return err_set(e, -EBADMSG, "store: organisation %s: %s is no uuid", r->slug, r->uuid);
    return 0;
}

static int restore_project(struct server *s, const struct row_project *r, struct err *e)
{
    uint32_t organisation = INDEX_OF(s->organisation, s->n_organisations, r->organisation);
    if (organisation == NONE)
        return missing(e, "project", "organisation", r->organisation);
    struct project *p = VEC_PUSH(s->project, s->n_projects, s->cap_projects);
    *p = (struct project){.id = r->id,
                          .organisation = organisation,
                          .slug = mem_strdup(r->slug),
                          .name = mem_strdup(r->name),
                          .description = mem_strdup(r->description),
                          .created_ms = r->created_ms,
                          .research = r->research,
                          .archived = r->archived};
    if (!uuid_parse(r->uuid, p->uuid))
        return err_set(e, -EBADMSG, "store: project %s: %s is no uuid", r->slug, r->uuid);
    return 0;
}

static int restore_account(struct server *s, const struct row_account *r, struct err *e)
{
    uint32_t organisation = NONE, project = NONE;
    if (r->organisation) {
        organisation = INDEX_OF(s->organisation, s->n_organisations, r->organisation);
        project = INDEX_OF(s->project, s->n_projects, r->project);
        if (organisation == NONE)
            return missing(e, "account", "organisation", r->organisation);
        if (project == NONE)
            return missing(e, "account", "project", r->project);
    }
    struct account *a = VEC_PUSH(s->account, s->n_accounts, s->cap_accounts);
    *a = (struct account){.id = r->id,
                          .email = mem_strdup(r->email),
                          .name = mem_strdup(r->name),
                          .created_ms = r->created_ms,
                          .max_tasks = r->max_tasks,
                          .max_jobs = r->max_jobs,
                          .research = r->research,
                          .removed = r->removed,
                          .scheduling = r->scheduling,
                          .organisation = organisation,
                          .project = project,
                          .credit_neur = r->credit_neur};
    take_quota(a->quota, r->most);
    idmap_set(&s->account_by_id, a->id, s->n_accounts - 1);
    strmap_set(&s->account_by_email, a->email, s->n_accounts - 1);
    return 0;
}

static int restore_token(struct server *s, const struct row_token *r, struct err *e)
{
    uint64_t account;
    if (!idmap_get(&s->account_by_id, r->account, &account))
        return missing(e, "token", "account", r->account);
    struct token *t = VEC_PUSH(s->api_token, s->n_tokens, s->cap_tokens);
    *t = (struct token){.id = r->id,
                        .account = (uint32_t)account,
                        .name = mem_strdup(r->name),
                        .digest = mem_strdup(r->digest),
                        .created_ms = r->created_ms,
                        .expires_ms = r->expires_ms,
                        .revoked_ms = r->revoked_ms};
    return 0;
}

static int restore_budget(struct server *s, const struct row_budget *r, struct err *e)
{
    uint32_t project = INDEX_OF(s->project, s->n_projects, r->project);
    if (project == NONE)
        return missing(e, "budget", "project", r->project);
    struct budget *b = VEC_PUSH(s->budget, s->n_budgets, s->cap_budgets);
    *b = (struct budget){.id = r->id,
                         .project = project,
                         .alias = mem_strdup(r->alias),
                         .total_neur = r->total_neur,
                         .start_ms = r->start_ms,
                         .end_ms = r->end_ms,
                         .created_ms = r->created_ms,
                         .policy = r->policy,
                         .archived = r->archived};
    if (!uuid_parse(r->uuid, b->uuid))
        return err_set(e, -EBADMSG, "store: budget %s: %s is no uuid", r->alias, r->uuid);
    return 0;
}

static int restore_reservation(struct server *s, const struct row_reservation *r, struct err *e)
{
    uint64_t account = NONE;
    uint32_t organisation = INDEX_OF(s->organisation, s->n_organisations, r->organisation);
    if (organisation == NONE)
        return missing(e, "reservation", "organisation", r->organisation);
    if (r->account && !idmap_get(&s->account_by_id, r->account, &account))
        return missing(e, "reservation", "account", r->account);
    struct reservation *x = VEC_PUSH(s->reservation, s->n_reservations, s->cap_reservations);
    *x = (struct reservation){.id = r->id,
                              .organisation = organisation,
                              .account = (uint32_t)account,
                              .name = mem_strdup(r->name),
                              .machine_key = mem_strdup(r->machine_key),
                              .from_ms = r->from_ms,
                              .to_ms = r->to_ms,
                              .created_ms = r->created_ms,
                              .removed = r->removed,
                              .quota = {.instances = r->boards, .cores = r->cores}};
    if (!uuid_parse(r->uuid, x->uuid))
        return err_set(e, -EBADMSG, "store: reservation %s: %s is no uuid", r->name, r->uuid);
    reservation_timers(s, (uint32_t)(s->n_reservations - 1));
    return 0;
}

static int restore_spent(struct server *s, const struct row_spent *r, struct err *e)
{
    uint64_t account;
    uint32_t budget;
    if (r->what == 0 && idmap_get(&s->account_by_id, r->id, &account)) {
        s->account[account].spent_neur = r->neur;
        return 0;
    }
    if (r->what == 1 && (budget = INDEX_OF(s->budget, s->n_budgets, r->id)) != NONE) {
        s->budget[budget].spent_neur = r->neur;
        s->budget[budget].looked = r->neur >= s->budget[budget].total_neur; // seen to by who charged it
        return 0;
    }
    return missing(e, "the ledger", r->what ? "budget" : "account", r->id);
}

int server_user_restore(struct server *s, const struct change *row, struct err *e)
{
    switch (row->kind) {
    case CHANGE_ORGANISATION:
        return restore_organisation(s, &row->organisation, e);
    case CHANGE_PROJECT:
        return restore_project(s, &row->project, e);
    case CHANGE_ACCOUNT:
        return restore_account(s, &row->account, e);
    case CHANGE_TOKEN:
        return restore_token(s, &row->token_put, e);
    case CHANGE_BUDGET:
        return restore_budget(s, &row->budget, e);
    case CHANGE_RESERVATION:
        return restore_reservation(s, &row->reservation, e);
    default:
        return restore_spent(s, &row->spent, e);
    }
}

// A task of a program that knew no projects is its owner's.
int task_restore_owner(struct server *s, struct task *t, const struct row_task *r, struct err *e)
{
    t->project = s->account[t->account].project;
    if (r->project && (t->project = INDEX_OF(s->project, s->n_projects, r->project)) == NONE)
        return missing(e, "task", "project", r->project);
    if (r->reservation &&
        (t->reservation = INDEX_OF(s->reservation, s->n_reservations, r->reservation)) == NONE)
        return missing(e, "task", "reservation", r->reservation);
    return 0;
}

void server_users_free(struct server *s)
{
    for (size_t i = 0; i < s->n_accounts; i++) {
        free(s->account[i].email);
        free(s->account[i].name);
        for (int k = 0; k < QUOTA_KINDS; k++)
            free(s->account[i].starved[k].id);
    }
    for (size_t i = 0; i < s->n_organisations; i++) {
        free(s->organisation[i].slug);
        free(s->organisation[i].name);
    }
    for (size_t i = 0; i < s->n_projects; i++) {
        free(s->project[i].slug);
        free(s->project[i].name);
        free(s->project[i].description);
    }
    for (size_t i = 0; i < s->n_tokens; i++) {
        free(s->api_token[i].name);
        free(s->api_token[i].digest);
    }
    for (size_t i = 0; i < s->n_budgets; i++)
        free(s->budget[i].alias);
    for (size_t i = 0; i < s->n_reservations; i++) {
        free(s->reservation[i].name);
        free(s->reservation[i].machine_key);
    }
    free(s->account);
    free(s->organisation);
    free(s->project);
    free(s->api_token);
    free(s->budget);
    free(s->reservation);
}

// ---- views

size_t server_organisations(const struct server *s)
{
    return s->n_organisations;
}

void server_organisation(const struct server *s, size_t i, struct organisation_view *v)
{
    const struct organisation *o = &s->organisation[i];
    *v = (struct organisation_view){
        .id = o->id, .slug = o->slug, .name = o->name, .created_ms = o->created_ms};
    uuid_format(v->uuid, o->uuid);
    for (int k = 0; k < QUOTA_KINDS; k++)
        quota_view_of(&o->quota[k], &v->quota[k]);
}

bool server_find_organisation(const struct server *s, const char *slug_or_uuid, size_t *i)
{
    uint32_t at;
    if (!find_organisation(s, slug_or_uuid, &at))
        return false;
    *i = at;
    return true;
}
