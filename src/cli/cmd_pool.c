// SPDX-License-Identifier: Apache-2.0
//
// `ondol pool`: pools for people and scripts. Results on stdout, errors on stderr.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/json_file.h"
#include "cli/verbs.h"

#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  1000

struct values {
    bool json;
    long limit, slots, min, max, idle, slots_per_node;
    const char *name, *profile, *prepare, *scheduling, *shortname;
    double timeout_s;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row no_rows[] = {{0}};
static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "The answer of the server as it is"},
    {0},
};
static const struct option_row list_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "The answer of the server as it is"},
    {"limit", OPTION_INT, "N", AT(limit), 1, 1000, "At most N pools, the newest (50)"},
    {0},
};
static const struct option_row create_rows[] = {
    {"class", OPTION_TEXT, "CLASS", AT(scheduling), 0, 0, "flex, onDemand or reserved (flex)"},
    {"idle", OPTION_INT, "N", AT(idle), 0, 1000000, "With --max: N slots more than are used (0)"},
    {"max", OPTION_INT, "N", AT(max), 0, 1000000, "As many slots as its tasks need, at most N"},
    {"min", OPTION_INT, "N", AT(min), 0, 1000000, "With --max: at least N slots (0)"},
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "Its name (pool)"},
    {"prepare", OPTION_TEXT, "CMD", AT(prepare), 0, 0, "What each node runs once, before any task"},
    {"profile", OPTION_TEXT, "NAME", AT(profile), 0, 0, "Profile (docker-batch)"},
    {"shortname", OPTION_TEXT, "NAME", AT(shortname), 0, 0, "Another name for its uuid"},
    {"slots", OPTION_INT, "N", AT(slots), 0, 1000000, "N slots, no more and no less (1)"},
    {"slots-per-node", OPTION_INT, "N", AT(slots_per_node), 1, 64, "N instances at once on one board (1)"},
    {0},
};
static const struct option_row scale_rows[] = {
    {"slots", OPTION_INT, "N", AT(slots), 0, 1000000, "N slots from now on, instead of FILE"},
    {0},
};
static const struct option_row wait_rows[] = {
    {"timeout", OPTION_REAL, "S", AT(timeout_s), 0, 1e9,
     "Give up after S seconds, with exit code 75 (never)"},
    {0},
};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

// ---- making

static void set_text(json_t *body, const char *name, const char *value)
{
    if (value)
        json_object_set_new(body, name, json_string(value));
}

static void default_text(json_t *body, const char *name, const char *value)
{
    if (!json_object_get(body, name))
        set_text(body, name, value);
}

// What the options say is laid over what the file says.
static void wish(json_t *body, const struct values *v)
{
    set_text(body, "name", v->name);
    set_text(body, "profile", v->profile);
    set_text(body, "schedulingType", v->scheduling);
    set_text(body, "shortname", v->shortname);
    if (v->prepare)
        json_object_set_new(body, "preparationTask", json_pack("{s:s}", "commandLine", v->prepare));
    if (v->slots_per_node)
        json_object_set_new(body, "multiSlotsSettings",
                            json_pack("{s:i}", "slotsPerNode", (int)v->slots_per_node));
    if (v->max >= 0)
        json_object_set_new(body, "elasticProperty",
                            json_pack("{s:b,s:i,s:i,s:i}", "isElastic", 1, "minTotalSlots", (int)v->min,
                                      "maxTotalSlots", (int)v->max, "minIdleSlots", (int)v->idle));
    if (v->slots >= 0)
        json_object_set_new(body, "instanceCount", json_integer(v->slots));
    default_text(body, "name", "pool");
    default_text(body, "profile", "docker-batch");
    if (!json_object_get(body, "instanceCount") && !json_object_get(body, "scaling") &&
        !json_object_get(body, "elasticProperty"))
        json_object_set_new(body, "instanceCount", json_integer(1));
}

static int create(struct verb_call *c)
{
    json_t *got = NULL, *body = c->args->n ? json_file(c->args->v[0], &c->e) : json_object();
    if (!body)
        return CLI_USAGE;
    wish(body, values(c));
    int code = api_json(&c->api, "POST", "/pools", body, &got, &c->e);
    json_decref(body);
    if (!code)
        puts(got_text(got, "uuid"));
    json_decref(got);
    return code;
}

// ---- looking

static enum table_colour colour_of(const char *state)
{
    if (!strcmp(state, "FullyExecuting"))
        return TABLE_GREEN;
    return !strcmp(state, "Closed") ? TABLE_DIM : !strcmp(state, "Failure") ? TABLE_RED : TABLE_YELLOW;
}

static void print_pools(const json_t *pools)
{
    struct table t;
    size_t i;
    json_t *j;
    table_init(&t, "UUID NAME STATE NODES WANTED TASKS CREATED");
    json_array_foreach(pools, i, j)
    {
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "name"));
        table_put(&t, colour_of(got_text(j, "state")), "%s", got_text(j, "state"));
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "runningInstanceCount"));
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "targetRunningInstanceCount"));
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "queuedOrRunningTaskInstancesCount"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "creationDate"));
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static int list(struct verb_call *c)
{
    json_t *got = NULL, *body = json_pack("{s:i}", "maximumResults", (int)values(c)->limit);
    int code = api_json(&c->api, "POST", "/pools/summaries/paginate", body, &got, &c->e);
    json_decref(body);
    if (!code && values(c)->json)
        got_print(json_object_get(got, "data"));
    else if (!code)
        print_pools(json_object_get(got, "data"));
    json_decref(got);
    return code;
}

static int show(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/pools/", ""), NULL, &got, &c->e);
    if (!code)
        got_print(got);
    json_decref(got);
    return code;
}

static void print_nodes(const json_t *nodes)
{
    struct table t;
    size_t i;
    json_t *j;
    table_init(&t, "NODE PHASE CORES MHZ SECONDS");
    json_array_foreach(nodes, i, j)
    {
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "instanceId"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "phase"));
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "coreCount"));
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "currentFrequencyGHz") * 1000);
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "executionTimeSec"));
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static int nodes(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/pools/", ""), NULL, &got, &c->e);
    json_t *info = json_object_get(json_object_get(got, "status"), "runningInstancesInfo"),
           *list = json_object_get(info, "perRunningInstanceInfo"), *none = json_array();
    if (!code && values(c)->json)
        got_print(list ? list : none);
    else if (!code)
        print_nodes(list);
    json_decref(none);
    json_decref(got);
    return code;
}

static void print_tasks(const json_t *tasks)
{
    struct table t;
    size_t i;
    json_t *j;
    table_init(&t, "UUID NAME STATE RUNNING");
    json_array_foreach(tasks, i, j)
    {
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "name"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "state"));
        table_number(&t, TABLE_PLAIN, 0, got_number(j, "runningInstanceCount"));
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static int tasks(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/pools/", "/tasks"), NULL, &got, &c->e);
    if (!code && values(c)->json)
        got_print(got);
    else if (!code)
        print_tasks(got);
    json_decref(got);
    return code;
}

// 1: it goes on.
static int look(struct verb_call *c, const json_t *pool)
{
    const char *state = got_text(pool, "state");
    if (!strcmp(state, "FullyExecuting"))
        return CLI_DONE;
    if (strcmp(state, "Failure") != 0 && strcmp(state, "Closing") != 0 && strcmp(state, "Closed") != 0)
        return -1;
    const json_t *errors = json_object_get(pool, "errors");
    err_set(&c->e, -1, "pool %s is %s: %.200s", c->args->v[0], state,
            got_text(json_array_get(errors, json_array_size(errors) - 1), "message"));
    return CLI_WORK;
}

static int wait_for(struct verb_call *c)
{
    double waited_s = 0;
    verb_path(c, "/pools/", "");
    for (long ms = WAIT_FIRST_MS;; ms = ms * 5 / 4 < WAIT_MOST_MS ? ms * 5 / 4 : WAIT_MOST_MS) {
        json_t *got = NULL;
        int code = api_json(&c->api, "GET", buf_str(&c->path), NULL, &got, &c->e);
        int is = code ? code : look(c, got);
        json_decref(got);
        if (code || is >= 0)
            return is;
        if (values(c)->timeout_s >= 0 && waited_s >= values(c)->timeout_s) {
            err_set(&c->e, -1, "pool %s: nodes are missing after %.0f s (ondol pool show %s)", c->args->v[0],
                    waited_s, c->args->v[0]);
            return CLI_LATER;
        }
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
        waited_s += (double)ms / 1000;
    }
}

// ---- changing

static int scale(struct verb_call *c)
{
    const char *file = c->args->n > 1 ? c->args->v[1] : NULL;
    if (!file == (values(c)->slots < 0)) {
        err_set(&c->e, -1, "pool scale: give either FILE or --slots");
        return CLI_USAGE;
    }
    json_t *body = file ? json_file(file, &c->e)
                        : json_pack("{s:[{s:s,s:i,s:s,s:[{s:s,s:s}]}]}", "policies", "type", "Fixed",
                                    "slotsCount", (int)values(c)->slots, "name", "fixed", "enabledPeriods",
                                    "type", "Always", "name", "always");
    if (!body)
        return CLI_USAGE;
    int code = api_json(&c->api, "PUT", verb_path(c, "/pools/", "/scaling"), body, NULL, &c->e);
    json_decref(body);
    return code;
}

static int close_it(struct verb_call *c)
{
    return api_json(&c->api, "POST", verb_path(c, "/pools/", "/close"), NULL, NULL, &c->e);
}

static int delete_it(struct verb_call *c)
{
    return api_json(&c->api, "DELETE", verb_path(c, "/pools/", ""), NULL, NULL, &c->e);
}

static const struct verb verbs[] = {
    {"create", "[FILE]", 0, 1, create, create_rows,
     "Makes a pool as the options say, laid over FILE (JSON; - is stdin), and prints its uuid."},
    {"list", NULL, 0, 0, list, list_rows, "Pools of the account, the newest first."},
    {"show", "ID", 1, 1, show, no_rows, "Everything about one pool, as JSON."},
    {"nodes", "ID", 1, 1, nodes, json_rows, "The boards that it holds now."},
    {"tasks", "ID", 1, 1, tasks, json_rows, "Its tasks."},
    {"wait", "ID", 1, 1, wait_for, wait_rows,
     "Waits until all its nodes take tasks. Exit code 5 when it failed or is closed."},
    {"scale", "ID [FILE]", 1, 2, scale, scale_rows, "Replaces its scaling policies by those in FILE (JSON)."},
    {"close", "ID", 1, 1, close_it, no_rows, "Ends its tasks and gives its boards back."},
    {"delete", "ID", 1, 1, delete_it, no_rows, "Closes and forgets it; its tasks stay."},
    {0},
};

int cmd_pool(int argc, char **argv)
{
    struct values v = {.limit = 50, .slots = -1, .max = -1, .timeout_s = -1};
    return verbs_run("pool", verbs, &v, argc, argv);
}
