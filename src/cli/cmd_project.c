// SPDX-License-Identifier: Apache-2.0
//
// `ondol project`: projects and their budgets. For operators. A project is named by its uuid, or as
// ORGANISATION/SLUG.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"

#define PROJECTS "/ondol/v1/projects"

struct values {
    bool json, research, paid, archive, back;
    const char *name, *description, *alias, *policy, *start, *end;
    double total;
};

#define AT(field) offsetof(struct values, field)
// clang-format off
#define JSON_ROW {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON"}
// clang-format on

static const struct option_row json_rows[] = {JSON_ROW, {0}};
static const struct option_row add_rows[] = {
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "What it is called (the slug)"},
    {"description", OPTION_TEXT, "TEXT", AT(description), 0, 0, "What it is for"},
    {"research", OPTION_FLAG, NULL, AT(research), 0, 0, "Its flex tasks run as donated heat, at no price"},
    JSON_ROW,
    {0},
};
static const struct option_row change_rows[] = {
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "What it is called"},
    {"description", OPTION_TEXT, "TEXT", AT(description), 0, 0, "What it is for"},
    {"research", OPTION_FLAG, NULL, AT(research), 0, 0, "Its flex tasks run as donated heat from now on"},
    {"no-research", OPTION_FLAG, NULL, AT(paid), 0, 0, "Its flex tasks are paid from now on"},
    {"restore", OPTION_FLAG, NULL, AT(back), 0, 0, "It takes tasks again"},
    JSON_ROW,
    {0},
};
// clang-format off
#define BUDGET_ROWS                                                                                          \
    {"total", OPTION_REAL, "EUR", AT(total), 0, 1e9, "What may be spent"},                                   \
    {"policy", OPTION_TEXT, "P", AT(policy), 0, 0,                                                           \
     "When it is spent: AlertOnly, BlockNew or StopAndBlockAll (AlertOnly)"},                                \
    {"end", OPTION_TEXT, "DATE", AT(end), 0, 0, "Its last hour ends then, as 2026-12-31T00:00:00Z"}
// clang-format on
static const struct option_row budget_rows[] = {
    BUDGET_ROWS,
    {"alias", OPTION_TEXT, "NAME", AT(alias), 0, 0, "What it is called (budget)"},
    {"start", OPTION_TEXT, "DATE", AT(start), 0, 0, "Its first hour begins then (this hour)"},
    JSON_ROW,
    {0},
};
static const struct option_row set_rows[] = {
    BUDGET_ROWS,
    {"alias", OPTION_TEXT, "NAME", AT(alias), 0, 0, "What it is called"},
    {"archive", OPTION_FLAG, NULL, AT(archive), 0, 0, "Nobody asks it any more"},
    {"restore", OPTION_FLAG, NULL, AT(back), 0, 0, "It is asked again"},
    JSON_ROW,
    {0},
};

static void row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s/%s", got_text(j, "organisation"), got_text(j, "slug"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s",
              json_is_true(json_object_get(j, "archived"))   ? "archived"
              : json_is_true(json_object_get(j, "research")) ? "research"
                                                             : "paid");
}

static int list(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_list(c, "projects", v->json, "PROJECT UUID NAME KIND", row);
}

// The uuid of ORGANISATION/SLUG, looked up page by page; anything else is left to the server to judge.
static int uuid_of(struct verb_call *c, char out[64])
{
    const char *name = c->args->v[0], *slash = strchr(name, '/');
    snprintf(out, 64, "%s", name);
    for (size_t at = 0, total = 1; slash && at < total;) {
        char path[128];
        json_t *got = NULL, *j;
        size_t i;
        snprintf(path, sizeof path, PROJECTS "?limit=1000&offset=%zu", at);
        int code = api_json(&c->api, "GET", path, NULL, &got, &c->e);
        if (code)
            return code;
        json_array_foreach(json_object_get(got, "data"), i, j)
        {
            const char *org = got_text(j, "organisation");
            if (strlen(org) == (size_t)(slash - name) && !strncmp(org, name, strlen(org)) &&
                !strcmp(got_text(j, "slug"), slash + 1)) {
                snprintf(out, 64, "%s", got_text(j, "uuid"));
                slash = NULL;
                break;
            }
        }
        size_t n = json_array_size(json_object_get(got, "data"));
        total = n ? (size_t)got_number(got, "total") : 0;
        at += n;
        json_decref(got);
    }
    if (!slash)
        return 0;
    err_set(&c->e, -1, "project: there is no %s (ondol project list shows all)", name);
    return CLI_REFUSED;
}

// METHOD PROJECTS/UUID`back`; prints the answer.
static int ask(struct verb_call *c, const char *method, const char *back, json_t *body, const char *shown)
{
    const struct values *v = c->values;
    char uuid[64], path[256];
    json_t *got = NULL;
    int code = uuid_of(c, uuid);
    if (!code) {
        snprintf(path, sizeof path, PROJECTS "/%s%s", uuid, back);
        code = api_json(&c->api, method, path, body, &got, &c->e);
    }
    if (!code && (v->json || !shown))
        got_print(json_object_get(got, "data") ? json_object_get(got, "data") : got);
    else if (!code)
        printf("%s\n", got_text(got, shown));
    json_decref(got);
    json_decref(body);
    return code;
}

static int show(struct verb_call *c)
{
    return ask(c, "GET", "", NULL, NULL);
}

static int budgets(struct verb_call *c)
{
    return ask(c, "GET", "/budgets", NULL, NULL);
}

static json_t *body_of(const struct values *v)
{
    json_t *body = json_object();
    put_text(body, "name", v->name);
    put_text(body, "description", v->description);
    if (v->research || v->paid)
        json_object_set_new(body, "research", json_boolean(v->research));
    if (v->back)
        json_object_set_new(body, "archived", json_false());
    return body;
}

static int add(struct verb_call *c)
{
    const struct values *v = c->values;
    char organisation[128];
    const char *name = c->args->v[0], *slash = strchr(name, '/');
    json_t *body = body_of(v);
    if (!slash) {
        json_decref(body);
        err_set(&c->e, -1, "project add: %s: give ORGANISATION/SLUG", name);
        return CLI_USAGE;
    }
    snprintf(organisation, sizeof organisation, "%.*s", (int)(slash - name), name);
    put_text(body, "organisation", organisation);
    put_text(body, "slug", slash + 1);
    return verb_ask(c, "POST", PROJECTS, body, v->json, "uuid");
}

static int change(struct verb_call *c)
{
    json_t *body = body_of(c->values);
    if (json_object_size(body))
        return ask(c, "PUT", "", body, "uuid");
    json_decref(body);
    err_set(&c->e, -1, "project change: nothing to change (ondol project change --help lists what may)");
    return CLI_USAGE;
}

static int drop(struct verb_call *c)
{
    json_t *body = json_object();
    json_object_set_new(body, "archived", json_true());
    return ask(c, "PUT", "", body, "uuid");
}

static json_t *budget_of(const struct values *v)
{
    json_t *body = json_object();
    put_text(body, "alias", v->alias);
    put_text(body, "budgetOverrunPolicy", v->policy);
    put_text(body, "startDateUtc", v->start);
    put_text(body, "expirationDateUtc", v->end);
    if (v->total >= 0)
        json_object_set_new(body, "totalAmountInCents", json_integer((json_int_t)(v->total * 100 + 0.5)));
    if (v->archive || v->back)
        json_object_set_new(body, "isArchived", json_boolean(v->archive));
    return body;
}

static int check_total(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_cents(c, "total", v->total, "nothing at all");
}

static int budget(struct verb_call *c)
{
    if (check_total(c))
        return CLI_USAGE;
    return ask(c, "POST", "/budgets", budget_of(c->values), "uuid");
}

static int budget_set(struct verb_call *c)
{
    if (check_total(c))
        return CLI_USAGE;
    json_t *got = NULL, *body = budget_of(c->values);
    const struct values *v = c->values;
    int code = api_json(&c->api, "PUT", verb_path(c, "/ondol/v1/budgets/", ""), body, &got, &c->e);
    if (!code && v->json)
        got_print(got);
    json_decref(got);
    json_decref(body);
    return code;
}

static const struct verb verbs[] = {
    {"list", NULL, 0, 0, list, json_rows, "All projects."},
    {"show", "PROJECT", 1, 1, show, json_rows + 1, "Everything about one project, as JSON."},
    {"add", "ORG/SLUG", 1, 1, add, add_rows, "Makes a project and prints its uuid."},
    {"change", "PROJECT", 1, 1, change, change_rows, "Changes a project."},
    {"remove", "PROJECT", 1, 1, drop, json_rows, "Archives it: it takes no more tasks, the books keep it."},
    {"budgets", "PROJECT", 1, 1, budgets, json_rows + 1, "Its budgets and what is left of them, as JSON."},
    {"budget", "PROJECT", 1, 1, budget, budget_rows, "Gives it a budget and prints the budget's uuid."},
    {"set-budget", "UUID", 1, 1, budget_set, set_rows, "Changes a budget."},
    {0},
};

int cmd_project(int argc, char **argv)
{
    struct values v = {.total = -1};
    return verbs_run("project", verbs, &v, argc, argv);
}
