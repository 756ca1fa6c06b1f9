// SPDX-License-Identifier: Apache-2.0
//
// `ondol pool`: pools for people and scripts. Results on stdout, errors on stderr.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/bar.h"
#include "cli/cli.h"
#include "cli/draft_file.h"
#include "cli/json_file.h"
#include "cli/task_draft.h"
#include "cli/verb_list.h"
#include "cli/verb_work.h"
#include "core/work/pool.h"

// What is said of a new pool: first what tasks have too.
struct pool_wish {
    struct task_wish as_task;
    long slots, min, max, idle, slots_per_node; // -1: not said
    const char *prepare;
};

#define POOL_WISH_NULL                                                                                       \
    (struct pool_wish)                                                                                       \
    {                                                                                                        \
        .as_task = TASK_WISH_NULL, .slots = -1, .min = -1, .max = -1, .idle = -1, .slots_per_node = -1       \
    }

struct values {
    struct pool_wish wish; // first: rows of its options count from it
    struct verb_pick pick;
    struct verb_change change;
    bool json, fresh;
    long slots, instance;
    double timeout_s;
    const char *datacentre;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row done_rows[] = {VERB_DONE_ROW(struct values), {0}};
static const struct option_row json_rows[] = {VERB_JSON_ROW(struct values), {0}};
static const struct option_row list_rows[] = {VERB_PICK_ROWS(struct values, "pools"), {0}};
// Behind those that tasks have too.
static const struct option_row own_rows[] = {
    {"idle", OPTION_INT, "N", AT(wish.idle), 0, 1000000, "With --max: N slots more than are used (0)"},
    {"max", OPTION_INT, "N", AT(wish.max), 0, 1000000, "As many slots as its tasks need, at most N"},
    {"min", OPTION_INT, "N", AT(wish.min), 0, 1000000, "With --max: at least N slots (0)"},
    {"prepare", OPTION_TEXT, "CMD", AT(wish.prepare), 0, 0, "What each node runs once, before any task"},
    {"slots", OPTION_INT, "N", AT(wish.slots), 0, 1000000, "N slots, no more and no less (1)"},
    {"slots-per-node", OPTION_INT, "N", AT(wish.slots_per_node), 1, 64,
     "N instances at once on one board (1)"},
    {0},
};
static const struct option_row cost_rows[] = {VERB_COST_ROWS(struct values), {0}};
static const struct option_row set_rows[] = {VERB_SET_ROWS(struct values), {0}};
static const struct option_row output_rows[] = {VERB_OUTPUT_ROWS(struct values, "node"), {0}};
static const struct option_row scale_rows[] = {
    VERB_DONE_ROW(struct values),
    {"slots", OPTION_INT, "N", AT(slots), 0, 1000000, "N slots from now on, instead of FILE"},
    {0},
};
static const struct option_row wait_rows[] = {
    VERB_DONE_ROW(struct values), VERB_TIMEOUT_ROW(struct values, "Give up"), {0}};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

// ---- making

#define CREATE_ROWS 64

// Those of tasks, those of pools alone and, for the command line but not for files, --json.
static void create_rows(struct option_row out[CREATE_ROWS], bool json)
{
    size_t n = task_wish_pool_rows(out, CREATE_ROWS - ARRAY_LEN(own_rows) - 1);
    for (const struct option_row *r = own_rows; r->name; r++)
        out[n++] = *r;
    if (json)
        out[n++] = json_rows[0];
    out[n] = (struct option_row){0};
}

static void default_text(json_t *body, const char *name, const char *value)
{
    if (!json_object_get(body, name))
        json_object_set_new(body, name, json_string(value));
}

static int at_least_0(long v)
{
    return v < 0 ? 0 : (int)v;
}

// What the options say is laid over what the file says.
static void put_size(json_t *body, const struct pool_wish *w)
{
    if (w->prepare)
        json_object_set_new(body, "preparationTask", json_pack("{s:s}", "commandLine", w->prepare));
    if (w->slots_per_node >= 0)
        json_object_set_new(body, "multiSlotsSettings",
                            json_pack("{s:i}", "slotsPerNode", (int)w->slots_per_node));
    if (w->max >= 0)
        json_object_set_new(body, "elasticProperty",
                            json_pack("{s:b,s:i,s:i,s:i}", "isElastic", 1, "minTotalSlots",
                                      at_least_0(w->min), "maxTotalSlots", (int)w->max, "minIdleSlots",
                                      at_least_0(w->idle)));
    if (w->slots >= 0)
        json_object_set_new(body, "instanceCount", json_integer(w->slots));
    default_text(body, "name", "pool");
    default_text(body, "profile", "docker-batch");
    if (!json_object_get(body, "instanceCount") && !json_object_get(body, "scaling") &&
        !json_object_get(body, "elasticProperty"))
        json_object_set_new(body, "instanceCount", json_integer(1));
}

static int create(struct verb_call *c)
{
    const struct pool_wish nothing = POOL_WISH_NULL;
    struct option_row rows[CREATE_ROWS];
    create_rows(rows, false);
    const struct draft_form form = {"pool create", rows, &nothing, sizeof nothing};
    struct pool_wish wish = values(c)->wish;
    struct arena a = ARENA_NULL;
    json_t *body = draft_file(&form, c->args->n ? c->args->v[0] : NULL, &wish, &a, NULL, &c->e);
    int code = body && task_wish_put(body, &wish.as_task, "defaultRetrySettings", &c->e) ? 0 : CLI_USAGE;
    if (!code) {
        put_size(body, &wish);
        code = verb_ask(c, "POST", "/pools", json_incref(body), values(c)->json, "uuid");
    }
    json_decref(body);
    arena_deinit(&a);
    return code;
}

// ---- looking

static enum table_colour colour_of(const char *state)
{
    if (!strcmp(state, "FullyExecuting"))
        return TABLE_GREEN;
    return !strcmp(state, "Closed") ? TABLE_DIM : !strcmp(state, "Failure") ? TABLE_RED : TABLE_YELLOW;
}

static void row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, colour_of(got_text(j, "state")), "%s", got_text(j, "state"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "runningInstanceCount"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "targetRunningInstanceCount"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "queuedOrRunningTaskInstancesCount"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "creationDate"));
}

static int list(struct verb_call *c)
{
    const char *states[POOL_STATE_N + 1] = {0};
    const struct verb_pick *pick = &values(c)->pick;
    json_t *all;
    for (int i = 0; i < POOL_STATE_N; i++)
        states[i] = pool_state_name((enum pool_state)i);
    int code =
        verb_pages(c, pick->tags.n ? "/pools/paginate" : "/pools/summaries/paginate", pick, states, &all);
    return verb_picked(code, all, pick, "UUID NAME STATE >NODES >WANTED >TASKS CREATED", row);
}

static int show(struct verb_call *c)
{
    return verb_show(c, "/pools/", "");
}

static void node_row(struct table *t, const json_t *j)
{
    table_number(t, TABLE_PLAIN, 0, got_number(j, "instanceId"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "phase"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "coreCount"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "currentFrequencyGHz") * 1000);
    table_number(t, TABLE_PLAIN, 0, got_number(j, "executionTimeSec"));
}

static int nodes(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/pools/", ""), NULL, &got, &c->e);
    json_t *info = json_object_get(json_object_get(got, "status"), "runningInstancesInfo"),
           *list = json_object_get(info, "perRunningInstanceInfo");
    list = list ? json_incref(list) : json_array();
    json_decref(got);
    return verb_print(code, list, values(c)->json, "NODE PHASE >CORES >MHZ >SECONDS", node_row);
}

static void task_row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "state"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "runningInstanceCount"));
}

static int tasks(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/pools/", "/tasks"), NULL, &got, &c->e);
    return verb_print(code, got, values(c)->json, "UUID NAME STATE >RUNNING", task_row);
}

static int look(void *ctx, const json_t *pool, struct bar *b, double waited_s, struct err *e)
{
    const char *id = ctx, *state = got_text(pool, "state");
    if (!strcmp(state, "FullyExecuting"))
        return CLI_DONE;
    if (!strcmp(state, "Failure") || !strcmp(state, "Closing") || !strcmp(state, "Closed")) {
        const json_t *errors = json_object_get(pool, "errors");
        err_set(e, -1, "pool %.64s is %s: %.200s", id, state,
                got_text(json_array_get(errors, json_array_size(errors) - 1), "message"));
        return CLI_WORK;
    }
    double ready = got_number(pool, "runningInstanceCount"),
           wanted = got_number(pool, "targetRunningInstanceCount");
    char detail[64];
    snprintf(detail, sizeof detail, "%.0f of %.0f nodes", ready, wanted);
    bar_draw(b, state, wanted > 0 ? 100 * ready / wanted : 0, detail, waited_s);
    return -1;
}

static int wait_for(struct verb_call *c)
{
    char id[65], late[128], hint[128];
    snprintf(id, sizeof id, "%s", c->args->v[0]);
    snprintf(late, sizeof late, "pool %s: nodes are missing", id);
    snprintf(hint, sizeof hint, "ondol pool show %s", id);
    int code = bar_wait(
        &(struct bar_wait){&c->api, verb_path(c, "/pools/", ""), values(c)->timeout_s, late, hint, look, id},
        &c->e);
    return verb_ended(c, code, "/pools/");
}

static int out(struct verb_call *c)
{
    return verb_output(c, "pools", "stdout", values(c)->instance, values(c)->fresh, values(c)->json);
}

static int err(struct verb_call *c)
{
    return verb_output(c, "pools", "stderr", values(c)->instance, values(c)->fresh, values(c)->json);
}

static int cost(struct verb_call *c)
{
    return verb_cost(c, "pools", values(c)->datacentre, values(c)->json);
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

static int set(struct verb_call *c)
{
    return verb_set(c, "pools", &values(c)->change);
}

static int update_resources(struct verb_call *c)
{
    return verb_update_resources(c, "pools");
}

static int close_it(struct verb_call *c)
{
    return verb_each(c, "POST", "/pools/", "/close");
}

static int delete_it(struct verb_call *c)
{
    return verb_each(c, "DELETE", "/pools/", "");
}

int cmd_pool(int argc, char **argv)
{
    struct option_row rows[CREATE_ROWS];
    create_rows(rows, true);
    const struct verb verbs[] = {
        {"create", "[FILE]", 0, 1, create, rows,
         "Makes a pool (options, or FILE: JSON or INI; - is stdin) and prints its uuid."},
        {"list", NULL, 0, 0, list, list_rows, "Pools of the account, the newest first."},
        {"show", "ID", 1, 1, show, json_rows, "Everything about one pool, as JSON."},
        {"nodes", "ID", 1, 1, nodes, json_rows, "The boards that it holds now."},
        {"tasks", "ID", 1, 1, tasks, json_rows, "Its tasks."},
        {"wait", "ID", 1, 1, wait_for, wait_rows,
         "Waits until all its nodes take tasks. Exit code 5 when it failed or is closed."},
        {"stdout", "ID", 1, 1, out, output_rows, "What its preparation wrote to its standard output."},
        {"stderr", "ID", 1, 1, err, output_rows, "What its preparation wrote to its standard error."},
        {"cost", "ID", 1, 1, cost, cost_rows, "Euros, watt-hours and grams of CO2, so far."},
        {"scale", "ID [FILE]", 1, 2, scale, scale_rows,
         "Replaces its scaling policies by those in FILE (JSON)."},
        {"set", "ID", 1, 1, set, set_rows, "Changes its constants, labels and tags."},
        {"update-resources", "ID", 1, 1, update_resources, done_rows,
         "Brings what is new in its buckets to its nodes."},
        {"close", "ID...", 1, OPTIONS_ARGS_MAX, close_it, done_rows,
         "Ends its tasks and gives its boards back."},
        {"delete", "ID...", 1, OPTIONS_ARGS_MAX, delete_it, done_rows,
         "Closes and forgets it; its tasks stay."},
        {0},
    };
    struct values v = {
        .wish = POOL_WISH_NULL, .pick = VERB_PICK_NULL, .slots = -1, .instance = -1, .timeout_s = -1};
    return verbs_run("pool", verbs, &v, argc, argv);
}
