// SPDX-License-Identifier: Apache-2.0
//
// What was spent, from the ledger's money (core/ledger/bill.h).
//
//   GET /credits/v1/tasks/{id}/credits                 {"credits": euros that the task cost}
//   GET /credits/v1/pools/{id}/credits                 the same of its nodes and the tasks on them together
//   GET /credits/v1/accounts/credits                   {"credits": euros that the user has spent, "paidInAdvance",
//                                                       "balance": null for who pays afterwards}
//   GET /credits/v1/projects/{uuid}/budgets?activeOnly=true
#include <string.h>
#include <strings.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/people.h"

static void answer(struct call *c, const struct totals_row sum[10])
{
    int64_t neur = 0;
    for (int a = 0; a < 10; a++)
        neur += sum[a].cost_neur;
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_euro(&o, "credits", neur);
    out_end_object(&o);
}

void credits_task(struct call *c)
{
    struct row_task row;
    struct totals_row sum[10];
    struct err e = ERR_NULL;
    if (!found_task_booked(c, &row))
        return;
    int r = c->reader->totals(c->reader->ctx, 0, 0, row.id, sum, &e);
    if (r < 0)
        call_store_error(c, r);
    else
        answer(c, sum);
}

void credits_pool(struct call *c)
{
    struct row_pool row = {0};
    struct totals_row sum[10];
    struct err e = ERR_NULL;
    if (!found_pool_booked(c, &row))
        return;
    int r = c->reader->pool_totals(c->reader->ctx, row.id, sum, &e);
    if (r < 0)
        call_store_error(c, r);
    else
        answer(c, sum);
}

void credits_account(struct call *c)
{
    struct account_info v;
    struct json_out o = {.b = &c->out};
    if (!people_find(c->engine, c->account.id, &v)) {
        call_unauthorized(c);
        return;
    }
    out_object(&o, NULL);
    out_euro(&o, "credits", v.spent_neur);
    if (v.credit_neur) {
        out_euro(&o, "paidInAdvance", v.credit_neur);
        out_euro(&o, "balance", v.credit_neur - v.spent_neur);
    } else {
        out_null(&o, "paidInAdvance");
        out_null(&o, "balance");
    }
    out_end_object(&o);
}

// "True", "true", "1": clients differ.
static bool is_true(const char *text)
{
    return text && (!strcasecmp(text, "true") || !strcmp(text, "1"));
}

// A project of another organisation is not there.
void credits_budgets(struct call *c)
{
    size_t at;
    struct account_info me;
    struct project_view project;
    struct json_out o = {.b = &c->out};
    bool there =
        people_find(c->engine, c->account.id, &me) && server_find_project(c->engine, c->param[0], &at);
    if (there)
        server_project(c->engine, at, &project);
    if (!there || (project.organisation != me.organisation && !c->account.operator)) {
        call_fail(c, 404, "Project not found");
        return;
    }
    out_object(&o, NULL);
    out_array(&o, "budgets");
    for (size_t i = 0, n = server_budgets(c->engine); i < n; i++) {
        struct budget_view v;
        server_budget(c->engine, i, &v);
        bool active = !v.archived && v.start_ms <= c->now.v && c->now.v < v.end_ms;
        if (v.project == at && (active || !is_true(call_query(c, "activeOnly"))))
            budget_json(&o, &v);
    }
    out_end_array(&o);
    out_end_object(&o);
}
