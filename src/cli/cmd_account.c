// SPDX-License-Identifier: Apache-2.0
//
// `ondol account`: one's own account, for customers; who may submit work, for operators.
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"

#define ACCOUNTS "/ondol/v1/accounts"

#define NO_LIMIT 2147483647.0 // what the server says where there is none, or more

struct values {
    bool json, research, paid, new_token;
    const char *name, *token;
    long max_tasks;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of a table"},
    {0},
};
static const struct option_row add_rows[] = {
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "What it is called (the e-mail)"},
    {"token", OPTION_TEXT, "T", AT(token), 0, 0, "Its token; by default one is made and printed"},
    {"research", OPTION_FLAG, NULL, AT(research), 0, 0,
     "Research: its Flex tasks run as donated heat, at no price"},
    {"max-tasks", OPTION_INT, "N", AT(max_tasks), 0, 100000000,
     "Most unfinished tasks, 0 for the server's limit (0)"},
    {0},
};
static const struct option_row set_rows[] = {
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "What it is called"},
    {"token", OPTION_TEXT, "T", AT(token), 0, 0, "Another token; the old one ends"},
    {"new-token", OPTION_FLAG, NULL, AT(new_token), 0, 0,
     "Makes another token and prints it; the old one ends"},
    {"research", OPTION_FLAG, NULL, AT(research), 0, 0,
     "Research: its Flex tasks run as donated heat from now on"},
    {"no-research", OPTION_FLAG, NULL, AT(paid), 0, 0, "No research: its Flex tasks are paid from now on"},
    {"max-tasks", OPTION_INT, "N", AT(max_tasks), 0, 100000000,
     "Most unfinished tasks, 0 for the server's limit"},
    {0},
};

// ---- one's own

static void use(struct table *t, const char *what, const json_t *info, const char *used, const char *most)
{
    table_put(t, TABLE_PLAIN, "%s", what);
    table_number(t, TABLE_PLAIN, 0, got_number(info, used));
    double limit = got_number(info, most);
    table_number(t, TABLE_DIM, 0, limit < NO_LIMIT ? limit : (double)NAN);
}

static void print_own(const json_t *info)
{
    static const char *const what[][3] = {
        {"tasks", "taskCount", "maxTask"},
        {"tasks that run", "runningTaskCount", "maxRunningTask"},
        {"pools", "poolCount", "maxPool"},
        {"jobs", "jobCount", "maxJob"},
        {"buckets", "bucketCount", "maxBucket"},
        {"bytes stored", "usedQuotaBytesBucket", "quotaBytesBucket"},
        {"flex instances", "runningFlexInstanceCount", "maxFlexInstances"},
        {"flex cores", "runningFlexCoreCount", "maxFlexCores"},
        {"onDemand instances", "runningOnDemandInstanceCount", "maxOnDemandInstances"},
        {"onDemand cores", "runningOnDemandCoreCount", "maxOnDemandCores"},
    };
    struct table t;
    table_init(&t, "WHAT >USED >MOST");
    for (size_t i = 0; i < sizeof what / sizeof *what; i++)
        use(&t, what[i][0], info, what[i][1], what[i][2]);
    printf("%s, spent %.4f euro\n", got_text(info, "email"), got_number(info, "credits"));
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static int own(struct verb_call *c)
{
    const struct values *v = c->values;
    json_t *info = NULL, *money = NULL;
    int code = api_json(&c->api, "GET", "/info", NULL, &info, &c->e);
    if (!code)
        code = api_json(&c->api, "GET", "/credits/v1/accounts/credits", NULL, &money, &c->e);
    if (!code)
        json_object_update(info, money);
    if (!code && v->json)
        got_print(info);
    else if (!code)
        print_own(info);
    json_decref(info);
    json_decref(money);
    return code;
}

// ---- everybody's

static void row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "email"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s",
              json_is_true(json_object_get(j, "operator"))   ? "operator"
              : json_is_true(json_object_get(j, "research")) ? "research"
                                                             : "customer");
    table_number(t, TABLE_PLAIN, 0, got_number(j, "live_tasks"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "max_tasks"));
}

static int list(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_list(c, "accounts", v->json, "EMAIL NAME KIND >TASKS >LIMIT", row);
}

static int show(struct verb_call *c)
{
    return verb_show(c, ACCOUNTS "/", "");
}

// What is common to a new account and a changed one.
static json_t *body_of(const struct values *v)
{
    json_t *body = json_object();
    put_text(body, "name", v->name);
    put_text(body, "token", v->token);
    if (v->new_token)
        json_object_set_new(body, "new_token", json_true());
    if (v->research || v->paid)
        json_object_set_new(body, "research", json_boolean(v->research));
    if (v->max_tasks >= 0)
        json_object_set_new(body, "max_tasks", json_integer(v->max_tasks));
    return body;
}

static int send(struct verb_call *c, const char *method, const char *path, json_t *body)
{
    json_t *got = NULL;
    int code = api_json(&c->api, method, path, body, &got, &c->e);
    const char *token = got_text(got, "token");
    if (!code)
        printf("%s: %s%s%s\n", got_text(got, "email"),
               json_is_true(json_object_get(got, "research")) ? "research" : "paid", *token ? ", token " : "",
               token);
    json_decref(got);
    json_decref(body);
    return code;
}

static int add(struct verb_call *c)
{
    json_t *body = body_of(c->values);
    json_object_set_new(body, "email", json_string(c->args->v[0]));
    return send(c, "POST", ACCOUNTS, body);
}

static int set(struct verb_call *c)
{
    const struct values *v = c->values;
    if (v->research && v->paid) {
        err_set(&c->e, -1, "account set: --research and --no-research exclude each other (give one)");
        return CLI_USAGE;
    }
    json_t *body = body_of(v);
    if (json_object_size(body) == 0) {
        json_decref(body);
        err_set(&c->e, -1, "account set: nothing to change (ondol account set --help lists what may)");
        return CLI_USAGE;
    }
    return send(c, "PUT", verb_path(c, ACCOUNTS "/", ""), body);
}

static const struct verb verbs[] = {
    {"info", NULL, 0, 0, own, json_rows, "Your own account: what you use, may use and have spent."},
    {"list", NULL, 0, 0, list, json_rows, "All accounts and what kind they are."},
    {"show", "EMAIL", 1, 1, show, json_rows, "Everything about one account, as JSON."},
    {"add", "EMAIL", 1, 1, add, add_rows, "Makes an account and prints its token, once."},
    {"set", "EMAIL", 1, 1, set, set_rows, "Changes an account."},
    {0},
};

int cmd_account(int argc, char **argv)
{
    struct values v = {.max_tasks = -1};
    return verbs_run("account", verbs, &v, argc, argv);
}
