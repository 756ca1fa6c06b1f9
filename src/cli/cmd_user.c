// SPDX-License-Identifier: Apache-2.0
//
// `ondol user`: users and their organisations. For operators.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"

#define USERS         "/ondol/v1/users"
#define ORGANISATIONS "/ondol/v1/organisations"
#define QUOTAS        6

struct values {
    bool json, research, paid, back;
    const char *name, *token, *organisation, *project, *scheduling;
    double credit;
    long max_tasks, max_jobs, most[QUOTAS];
};

#define AT(field) offsetof(struct values, field)
#define MOST      2147483647.0

static const char *const quota_names[QUOTAS] = {"max_flex_instances",     "max_flex_cores",
                                                "max_ondemand_instances", "max_ondemand_cores",
                                                "max_reserved_instances", "max_reserved_cores"};

// clang-format off
#define QUOTA_ROWS                                                                                           \
    {"max-flex-instances", OPTION_INT, "N", AT(most[0]), 0, MOST,                                            \
     "Most boards at once of type flex; 0: no limit"},                                                       \
    {"max-flex-cores", OPTION_INT, "N", AT(most[1]), 0, MOST, "Most cores at once of type flex"},            \
    {"max-ondemand-instances", OPTION_INT, "N", AT(most[2]), 0, MOST, "Most boards at once, onDemand"},      \
    {"max-ondemand-cores", OPTION_INT, "N", AT(most[3]), 0, MOST, "Most cores at once, onDemand"},           \
    {"max-reserved-instances", OPTION_INT, "N", AT(most[4]), 0, MOST, "Most boards at once, reserved"},      \
    {"max-reserved-cores", OPTION_INT, "N", AT(most[5]), 0, MOST, "Most cores at once, reserved"}

#define USER_ROWS                                                                                            \
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "What they are called (the e-mail)"},                      \
    {"organisation", OPTION_TEXT, "SLUG", AT(organisation), 0, 0,                                            \
     "Whose user this is, made when it is new; by default an organisation of their own"},                    \
    {"project", OPTION_TEXT, "SLUG", AT(project), 0, 0, "What their work is booked on (default)"},           \
    {"scheduling", OPTION_TEXT, "TYPE", AT(scheduling), 0, 0,                                                \
     "Type of tasks that name none: flex, onDemand or reserved (flex)"},                                     \
    {"research", OPTION_FLAG, NULL, AT(research), 0, 0,                                                      \
     "Their flex tasks run as donated heat, at no price"},                                                   \
    {"max-tasks", OPTION_INT, "N", AT(max_tasks), 0, 1e8, "Most unfinished tasks; 0: the server's limit"},   \
    {"max-jobs", OPTION_INT, "N", AT(max_jobs), 0, 1e8, "Most jobs; 0: the server's limit"},                 \
    {"credit", OPTION_REAL, "EUR", AT(credit), 0, 1e9,                                                       \
     "Paid in advance, in all; 0: pays afterwards without a ceiling"},                                       \
    QUOTA_ROWS
// clang-format on

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of a table"},
    {0},
};
static const struct option_row add_rows[] = {
    USER_ROWS,
    {"token", OPTION_TEXT, "T", AT(token), 0, 0, "Their first token; by default one is made and printed"},
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "What was made, as JSON"},
    {0},
};
static const struct option_row change_rows[] = {
    USER_ROWS,
    {"no-research", OPTION_FLAG, NULL, AT(paid), 0, 0, "Their flex tasks are paid from now on"},
    {"restore", OPTION_FLAG, NULL, AT(back), 0, 0, "Takes the removal back"},
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "What it is now, as JSON"},
    {0},
};
static const struct option_row organisation_rows[] = {
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "What it is called"},
    QUOTA_ROWS,
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "What it is now, as JSON"},
    {0},
};

static void row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "email"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "organisation"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "project"));
    table_put(t, TABLE_PLAIN, "%s",
              json_is_true(json_object_get(j, "removed"))    ? "removed"
              : json_is_true(json_object_get(j, "operator")) ? "operator"
              : json_is_true(json_object_get(j, "research")) ? "research"
                                                             : "customer");
    table_number(t, TABLE_PLAIN, 0, got_number(j, "live_tasks"));
    table_number(t, TABLE_PLAIN, 2, got_number(j, "spent_eur"));
    table_number(t, TABLE_PLAIN, 2, got_number(j, "credit_eur"));
}

static int list(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_list(c, "users", v->json, "EMAIL ORGANISATION PROJECT KIND >TASKS >SPENT >CREDIT", row);
}

static void organisation_row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "slug"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    for (int i = 0; i < 4; i++)
        table_number(t, TABLE_PLAIN, 0, got_number(j, quota_names[i]));
}

static int organisations(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_list(c, "organisations", v->json, "SLUG NAME >FLEX >CORES >ONDEMAND >CORES",
                     organisation_row);
}

static int show(struct verb_call *c)
{
    return verb_show(c, USERS "/", "");
}

static json_t *quotas(const struct values *v)
{
    json_t *body = json_object();
    for (int i = 0; i < QUOTAS; i++)
        if (v->most[i] >= 0)
            json_object_set_new(body, quota_names[i], json_integer(v->most[i]));
    if (v->name)
        json_object_set_new(body, "name", json_string(v->name));
    return body;
}

static json_t *body_of(const struct values *v)
{
    json_t *body = quotas(v);
    const struct {
        const char *key, *value;
    } text[] = {{"token", v->token},
                {"organisation", v->organisation},
                {"project", v->project},
                {"scheduling", v->scheduling}};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (text[i].value)
            json_object_set_new(body, text[i].key, json_string(text[i].value));
    if (v->research || v->paid)
        json_object_set_new(body, "research", json_boolean(v->research));
    if (v->back)
        json_object_set_new(body, "removed", json_false());
    if (v->max_tasks >= 0)
        json_object_set_new(body, "max_tasks", json_integer(v->max_tasks));
    if (v->max_jobs >= 0)
        json_object_set_new(body, "max_jobs", json_integer(v->max_jobs));
    if (v->credit >= 0)
        json_object_set_new(body, "credit_cents", json_integer((json_int_t)(v->credit * 100 + 0.5)));
    return body;
}

static int send(struct verb_call *c, const char *method, const char *path, json_t *body)
{
    const struct values *v = c->values;
    json_t *got = NULL;
    int code = api_json(&c->api, method, path, body, &got, &c->e);
    const char *token = got_text(got, "token");
    if (!code && v->json)
        got_print(got);
    else if (!code && json_object_get(got, "slug"))
        printf("%s\n", got_text(got, "slug"));
    else if (!code)
        printf("%s: organisation %s, project %s%s%s\n", got_text(got, "email"), got_text(got, "organisation"),
               got_text(got, "project"), *token ? ", token " : "", token);
    json_decref(got);
    json_decref(body);
    return code;
}

static int check_credit(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_cents(c, "credit", v->credit, "no limit");
}

static int add(struct verb_call *c)
{
    if (check_credit(c))
        return CLI_USAGE;
    json_t *body = body_of(c->values);
    json_object_set_new(body, "email", json_string(c->args->v[0]));
    return send(c, "POST", USERS, body);
}

static int nothing(struct verb_call *c, json_t *body, const char *verb)
{
    json_decref(body);
    err_set(&c->e, -1, "user %s: nothing to change (ondol user %s --help lists what may)", verb, verb);
    return CLI_USAGE;
}

static int change(struct verb_call *c)
{
    const struct values *v = c->values;
    if (v->research && v->paid) {
        err_set(&c->e, -1, "user change: --research and --no-research exclude each other (give one)");
        return CLI_USAGE;
    }
    if (check_credit(c))
        return CLI_USAGE;
    json_t *body = body_of(v);
    if (json_object_size(body) == 0)
        return nothing(c, body, "change");
    return send(c, "PUT", verb_path(c, USERS "/", ""), body);
}

static int drop(struct verb_call *c)
{
    return verb_each(c, "DELETE", USERS "/", "");
}

// Made when it is not there.
static int organisation(struct verb_call *c)
{
    json_t *body = quotas(c->values), *all = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, ORGANISATIONS "/", ""), NULL, &all, &c->e);
    json_decref(all);
    if (code == CLI_REFUSED) {
        c->e = ERR_NULL;
        json_object_set_new(body, "slug", json_string(c->args->v[0]));
        return send(c, "POST", ORGANISATIONS, body);
    }
    if (!code)
        return send(c, "PUT", verb_path(c, ORGANISATIONS "/", ""), body);
    json_decref(body);
    return code;
}

static const struct verb verbs[] = {
    {"list", NULL, 0, 0, list, json_rows, "All users and what they have spent."},
    {"show", "EMAIL", 1, 1, show, json_rows + 1, "Everything about one user, as JSON."},
    {"add", "EMAIL", 1, 1, add, add_rows, "Makes a user and prints their token, once."},
    {"change", "EMAIL", 1, 1, change, change_rows, "Changes a user."},
    {"remove", "EMAIL", 1, 1, drop, json_rows + 1,
     "Nothing of theirs works or runs any more; the books keep them."},
    {"organisations", NULL, 0, 0, organisations, json_rows, "All organisations and their quotas."},
    {"organisation", "SLUG", 1, 1, organisation, organisation_rows, "Makes an organisation, or changes it."},
    {0},
};

int cmd_user(int argc, char **argv)
{
    struct values v = {.credit = -1, .max_tasks = -1, .max_jobs = -1, .most = {-1, -1, -1, -1, -1, -1}};
    return verbs_run("user", verbs, &v, argc, argv);
}
