// SPDX-License-Identifier: Apache-2.0
//
// Projects and their budgets, for operators.
//
//   GET  POST  /ondol/v1/projects                     {organisation, slug, name, description, research}
//   GET  PUT   /ondol/v1/projects/{uuid}              {name, description, research, archived}
//   GET  POST  /ondol/v1/projects/{uuid}/budgets      {alias, totalAmountInCents, budgetOverrunPolicy,
//   PUT        /ondol/v1/budgets/{uuid}                startDateUtc, expirationDateUtc, isArchived}
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/ondol_fleet.h"
#include "api/people.h"

static void project(struct json_out *o, const struct call *c, const struct project_view *v)
{
    struct organisation_view org;
    server_organisation(c->engine, v->organisation, &org);
    out_object(o, NULL);
    out_string(o, "uuid", v->uuid);
    out_string(o, "slug", v->slug);
    out_string(o, "name", v->name);
    out_string(o, "description", v->description);
    out_string(o, "organisation", org.slug);
    out_string(o, "organisationUuid", org.uuid);
    out_bool(o, "research", v->research);
    out_bool(o, "archived", v->archived);
    out_date(o, "created", v->created_ms);
    out_end_object(o);
}

static void shown(struct call *c)
{
    const struct people_state *row = c->state;
    struct json_out o = {.b = &c->out};
    for (size_t i = 0, n = server_projects(c->engine); i < n; i++) {
        struct project_view v;
        server_project(c->engine, i, &v);
        if (v.id == row->id)
            project(&o, c, &v);
    }
}

void project_list(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_projects(c->engine); i < n; i++) {
        struct project_view v;
        if (!fleet_page_row(&p))
            continue;
        server_project(c->engine, i, &v);
        project(&p.o, c, &v);
    }
    fleet_page_close(&p);
}

void project_get(struct call *c)
{
    size_t i;
    struct project_view v;
    struct json_out o = {.b = &c->out};
    if (!server_find_project(c->engine, c->param[0], &i)) {
        call_fail(c, 404, "No such project: %s", c->param[0]);
        return;
    }
    server_project(c->engine, i, &v);
    project(&o, c, &v);
}

static void put_project(struct call *c, const char *uuid)
{
    struct err e = ERR_NULL;
    const char *name = NULL, *about = NULL, *slug = NULL, *organisation = NULL;
    c->state = arena_alloc(&c->arena, sizeof(struct people_state));
    if (!call_object(c))
        return;
    struct submission *s = call_submission(c, EVENT_PROJECT_PUT);
    struct event *ev = &s->event;
    if (!in_string(c->in, "name", PEOPLE_NAME_CHARS, &name, &e) ||
        !in_string(c->in, "description", API_NAME_CHARS, &about, &e) || !in_slug(c->in, "slug", &slug, &e) ||
        !in_slug(c->in, "organisation", &organisation, &e) ||
        !in_flag(c->in, "research", &ev->project.research, &ev->project.has_research, &e) ||
        !in_flag(c->in, "archived", &ev->project.archived, &ev->project.has_archived, &e) ||
        (!uuid && (!slug || !organisation))) {
        call_drop(s);
        call_fail(c, 400, "%s", *e.text ? e.text : "organisation and slug: a new project needs both");
        return;
    }
    c->be->entropy(c->be->ctx, ev->project.uuid, 16);
    ev->project.project = arena_strdup(&s->arena, uuid);
    ev->project.organisation = arena_strdup(&s->arena, organisation);
    ev->project.slug = arena_strdup(&s->arena, slug);
    ev->project.name = arena_strdup(&s->arena, name);
    ev->project.description = arena_strdup(&s->arena, about);
    people_submit(c, s, shown);
}

void project_create(struct call *c)
{
    put_project(c, NULL);
}

void project_put(struct call *c)
{
    put_project(c, c->param[0]);
}

// ---- budgets

static void budget_shown(struct call *c)
{
    const struct people_state *row = c->state;
    struct json_out o = {.b = &c->out};
    for (size_t i = 0, n = server_budgets(c->engine); i < n; i++) {
        struct budget_view v;
        server_budget(c->engine, i, &v);
        if (v.id == row->id)
            budget_json(&o, &v);
    }
}

void budget_list(struct call *c)
{
    size_t project_at;
    struct fleet_page p;
    if (!server_find_project(c->engine, c->param[0], &project_at)) {
        call_fail(c, 404, "No such project: %s", c->param[0]);
        return;
    }
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_budgets(c->engine); i < n; i++) {
        struct budget_view v;
        server_budget(c->engine, i, &v);
        if (v.project == project_at && fleet_page_row(&p))
            budget_json(&p.o, &v);
    }
    fleet_page_close(&p);
}

static bool read_budget(struct call *c, struct event *ev, struct arena *a, struct err *e)
{
    static const char *const words[] = {"AlertOnly", "BlockNew", "StopAndBlockAll"};
    const char *alias = NULL;
    int64_t cents = 0;
    int policy = 0;
    if (!in_string(c->in, "alias", PEOPLE_NAME_CHARS, &alias, e) ||
        !in_int(c->in, "totalAmountInCents", 0, PEOPLE_CENTS_MAX, &cents, e) ||
        !in_enum(c->in, "budgetOverrunPolicy", words, 3, &policy, e) ||
        !in_when(c->in, "startDateUtc", &ev->budget.start_ms, &ev->budget.has_start, e) ||
        !in_when(c->in, "expirationDateUtc", &ev->budget.end_ms, &ev->budget.has_end, e) ||
        !in_flag(c->in, "isArchived", &ev->budget.archived, &ev->budget.has_archived, e))
        return false;
    ev->budget.alias = arena_strdup(a, alias);
    ev->budget.has_total = in_get(c->in, "totalAmountInCents") != NULL;
    ev->budget.total_neur = cents * NEUR_PER_CENT;
    ev->budget.has_policy = in_get(c->in, "budgetOverrunPolicy") != NULL;
    ev->budget.policy = (uint8_t)policy;
    return true;
}

static void put_budget(struct call *c, const char *project_uuid, const char *budget)
{
    struct err e = ERR_NULL;
    c->state = arena_alloc(&c->arena, sizeof(struct people_state));
    if (!call_object(c))
        return;
    struct submission *s = call_submission(c, EVENT_BUDGET_PUT);
    if (!read_budget(c, &s->event, &s->arena, &e)) {
        call_drop(s);
        call_fail(c, 400, "%s", e.text);
        return;
    }
    c->be->entropy(c->be->ctx, s->event.budget.uuid, 16);
    s->event.budget.project = arena_strdup(&s->arena, project_uuid);
    s->event.budget.budget = arena_strdup(&s->arena, budget);
    people_submit(c, s, budget_shown);
}

void budget_create(struct call *c)
{
    put_budget(c, c->param[0], NULL);
}

void budget_put(struct call *c)
{
    put_budget(c, NULL, c->param[0]);
}
