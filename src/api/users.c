// SPDX-License-Identifier: Apache-2.0
//
// Users and organisations, for operators.
//
//   GET  POST        /ondol/v1/users             {email, name, token, organisation, project, scheduling, research,
//                                                 max_tasks, max_jobs, credit_cents, max_flex_instances, ...}
//   GET  PUT  DELETE /ondol/v1/users/{email}     the same; DELETE: nothing of theirs works or runs any more
//   GET  POST        /ondol/v1/organisations     {slug, name, max_flex_instances, ...}
//   GET  PUT         /ondol/v1/organisations/{slug or uuid}
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/ondol_fleet.h"
#include "api/people.h"

#define TOKEN_MIN   4
#define TOKEN_CHARS 79
#define TASKS_MAX   100000000

struct user_call {
    struct people_state row;
    const char *email, *token; // email NULL: a new one; token: made, and told once
    struct submission *s;
    bool has_removed, removed;
};

static const char *const scheduling_words[] = {"flex", "onDemand", "reserved"};
static const enum activity scheduling_of[] = {ACTIVITY_FLEX, ACTIVITY_ONDEMAND, ACTIVITY_RESERVED};

static const char *scheduling_word(enum activity a)
{
    return a == ACTIVITY_ONDEMAND ? "onDemand" : a == ACTIVITY_RESERVED ? "reserved" : "flex";
}

static void user(struct json_out *o, const struct call *c, const struct account_info *v, const char *token)
{
    struct organisation_view org;
    struct project_view project;
    server_organisation(c->engine, v->organisation, &org);
    server_project(c->engine, v->project, &project);
    out_object(o, NULL);
    out_string(o, "email", v->email);
    out_string(o, "name", v->name);
    out_string(o, "organisation", org.slug);
    out_string(o, "project", project.slug);
    out_string(o, "project_uuid", project.uuid);
    out_string(o, "scheduling", scheduling_word(v->scheduling));
    out_bool(o, "research", v->research);
    out_bool(o, "operator", c->be->email && !strcmp(v->email, c->be->email));
    out_bool(o, "removed", v->removed);
    out_int(o, "max_tasks", v->max_tasks > 0 ? v->max_tasks : c->be->limits.tasks_per_account);
    out_int(o, "max_jobs", v->max_jobs > 0 ? v->max_jobs : c->be->limits.jobs_per_account);
    out_quotas(o, v->quota);
    out_int(o, "live_tasks", v->live_tasks);
    out_euro(o, "spent_eur", v->spent_neur);
    if (v->credit_neur)
        out_euro(o, "credit_eur", v->credit_neur);
    else
        out_null(o, "credit_eur");
    out_date(o, "created", v->created_ms);
    if (token)
        out_string(o, "token", token);
    out_end_object(o);
}

static void shown(struct call *c)
{
    const struct user_call *k = c->state;
    struct account_info v;
    struct json_out o = {.b = &c->out};
    if (people_find(c->engine, k->row.id, &v))
        user(&o, c, &v, k->token);
}

void user_list(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_accounts(c->engine); i < n; i++) {
        struct account_info v;
        if (!fleet_page_row(&p))
            continue;
        server_account(c->engine, i, &v);
        user(&p.o, c, &v, NULL);
    }
    fleet_page_close(&p);
}

void user_get(struct call *c)
{
    size_t i;
    struct account_info v;
    struct json_out o = {.b = &c->out};
    if (!server_find_account(c->engine, c->param[0], &i)) {
        call_fail(c, 404, "No such user: %s", c->param[0]);
        return;
    }
    server_account(c->engine, i, &v);
    user(&o, c, &v, NULL);
}

// ---- making and changing

static bool read_figures(struct call *c, struct event *ev, struct err *e)
{
    int64_t max_tasks = 0, max_jobs = 0, cents = 0;
    int scheduling = 0;
    if (!in_int(c->in, "max_tasks", 0, TASKS_MAX, &max_tasks, e) ||
        !in_int(c->in, "max_jobs", 0, TASKS_MAX, &max_jobs, e) ||
        !in_int(c->in, "credit_cents", 0, PEOPLE_CENTS_MAX, &cents, e) ||
        !in_enum(c->in, "scheduling", scheduling_words, 3, &scheduling, e) ||
        !in_flag(c->in, "research", &ev->account.research, &ev->account.has_research, e) ||
        !in_flag(c->in, "removed", &ev->account.removed, &ev->account.has_removed, e) ||
        !in_quotas(c->in, &ev->account.quota, e))
        return false;
    ev->account.has_max_tasks = in_get(c->in, "max_tasks") != NULL;
    ev->account.max_tasks = (int32_t)max_tasks;
    ev->account.has_max_jobs = in_get(c->in, "max_jobs") != NULL;
    ev->account.max_jobs = (int32_t)max_jobs;
    ev->account.has_credit = in_get(c->in, "credit_cents") != NULL;
    ev->account.credit_neur = cents * NEUR_PER_CENT;
    ev->account.has_scheduling = in_get(c->in, "scheduling") != NULL;
    ev->account.scheduling = (uint8_t)scheduling_of[scheduling];
    return true;
}

static bool read_email(struct call *c, const char **email, struct err *e)
{
    if (!in_string(c->in, "email", PEOPLE_EMAIL_CHARS, email, e))
        return false;
    if (!*email || !strchr(*email, '@') || strpbrk(*email, "/\"\\ \t\r\n"))
        return err_set(e, -EINVAL, "email: must be an address of at most %d characters", PEOPLE_EMAIL_CHARS),
               false;
    return true;
}

static bool read_user(struct call *c, struct user_call *k, struct submission *s, struct err *e)
{
    struct event *ev = &s->event;
    const char *name = NULL, *organisation = NULL, *project = NULL;
    if (!k->email && !read_email(c, &ev->account.email, e))
        return false;
    if (!in_string(c->in, "name", PEOPLE_NAME_CHARS, &name, e) ||
        !in_string(c->in, "token", TOKEN_CHARS, &k->token, e) ||
        !in_slug(c->in, "organisation", &organisation, e) ||
        !in_string(c->in, "project", PEOPLE_SLUG_CHARS, &project, e) || !read_figures(c, ev, e))
        return false;
    if (k->token && strlen(k->token) < TOKEN_MIN)
        return err_set(e, -1, "token: must have from %d to %d characters", TOKEN_MIN, TOKEN_CHARS), false;
    if (k->email && k->token)
        return err_set(e, -1, "token: cannot be changed here (add one and revoke the other)"), false;
    ev->account.only_new = !k->email;
    ev->account.email = arena_strdup(&s->arena, ev->account.email);
    ev->account.name = arena_strdup(&s->arena, name);
    ev->account.organisation = arena_strdup(&s->arena, organisation);
    ev->account.project = arena_strdup(&s->arena, project);
    c->be->entropy(c->be->ctx, ev->account.uuid, 16);
    if (k->email)
        return true;
    if (!k->token)
        k->token = people_secret(c, 32);
    char *hex = arena_alloc(&s->arena, 65);
    c->be->token_hash(c->be->ctx, k->token, hex);
    ev->account.token_hash = hex;
    return true;
}

// The last of its organisation's operators could lock everybody out.
static bool is_operator(const struct call *c, const char *email)
{
    return c->be->email && !strcmp(email, c->be->email);
}

static void change(struct call *c)
{
    struct user_call *k = c->state;
    struct account_info there;
    size_t i;
    struct err e = ERR_NULL;
    if (!server_find_account(c->engine, k->email, &i)) {
        call_fail(c, 404, "No such user: %s", k->email);
        return;
    }
    struct submission *s = call_submission(c, EVENT_ACCOUNT_PUT);
    server_account(c->engine, i, &there);
    if (k->has_removed) {
        s->event.account.has_removed = true;
        s->event.account.removed = k->removed;
    } else if (!read_user(c, k, s, &e)) {
        call_fail(c, 400, "%s", e.text);
        call_drop(s);
        return;
    }
    if (s->event.account.removed && is_operator(c, k->email)) {
        call_fail(c, 403, "The operator cannot be removed");
        call_drop(s);
        return;
    }
    s->event.account.id = there.id;
    people_submit(c, s, shown);
}

void user_create(struct call *c)
{
    struct user_call *k = c->state = arena_alloc(&c->arena, sizeof *k);
    struct err e = ERR_NULL;
    if (!call_object(c))
        return;
    struct submission *s = call_submission(c, EVENT_ACCOUNT_PUT);
    if (read_user(c, k, s, &e)) {
        people_submit(c, s, shown);
        return;
    }
    call_drop(s);
    call_fail(c, 400, "%s", e.text);
}

void user_put(struct call *c)
{
    struct user_call *k = c->state = arena_alloc(&c->arena, sizeof *k);
    k->email = c->param[0];
    if (call_object(c))
        call_next(c, RUN_ENGINE, change);
}

void user_delete(struct call *c)
{
    struct user_call *k = c->state = arena_alloc(&c->arena, sizeof *k);
    *k = (struct user_call){.email = c->param[0], .has_removed = true, .removed = true};
    call_next(c, RUN_ENGINE, change);
}

// ---- organisations

static void organisation(struct json_out *o, const struct organisation_view *v)
{
    out_object(o, NULL);
    out_string(o, "slug", v->slug);
    out_string(o, "uuid", v->uuid);
    out_string(o, "name", v->name);
    out_quotas(o, v->quota);
    out_date(o, "created", v->created_ms);
    out_end_object(o);
}

static void organisation_shown(struct call *c)
{
    const struct people_state *row = c->state;
    struct json_out o = {.b = &c->out};
    for (size_t i = 0, n = server_organisations(c->engine); i < n; i++) {
        struct organisation_view v;
        server_organisation(c->engine, i, &v);
        if (v.id == row->id)
            organisation(&o, &v);
    }
}

void organisation_list(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_organisations(c->engine); i < n; i++) {
        struct organisation_view v;
        if (!fleet_page_row(&p))
            continue;
        server_organisation(c->engine, i, &v);
        organisation(&p.o, &v);
    }
    fleet_page_close(&p);
}

void organisation_get(struct call *c)
{
    size_t i;
    struct organisation_view v;
    struct json_out o = {.b = &c->out};
    if (!server_find_organisation(c->engine, c->param[0], &i)) {
        call_fail(c, 404, "No such organisation: %s", c->param[0]);
        return;
    }
    server_organisation(c->engine, i, &v);
    organisation(&o, &v);
}

static void put_organisation(struct call *c, const char *slug)
{
    struct err e = ERR_NULL;
    const char *name = NULL, *given = slug;
    c->state = arena_alloc(&c->arena, sizeof(struct people_state));
    if (!call_object(c))
        return;
    struct submission *s = call_submission(c, EVENT_ORGANISATION_PUT);
    if ((!slug && !in_slug(c->in, "slug", &given, &e)) ||
        !in_string(c->in, "name", PEOPLE_NAME_CHARS, &name, &e) ||
        !in_quotas(c->in, &s->event.organisation.quota, &e) || !given) {
        call_drop(s);
        call_fail(c, 400, "%s", *e.text ? e.text : "slug: is required");
        return;
    }
    c->be->entropy(c->be->ctx, s->event.organisation.uuid, 16);
    s->event.organisation.organisation = arena_strdup(&s->arena, given);
    s->event.organisation.name = arena_strdup(&s->arena, name);
    s->event.organisation.only_new = !slug;
    s->event.organisation.only_old = slug != NULL;
    people_submit(c, s, organisation_shown);
}

void organisation_create(struct call *c)
{
    put_organisation(c, NULL);
}

void organisation_put(struct call *c)
{
    put_organisation(c, c->param[0]);
}
