// SPDX-License-Identifier: Apache-2.0
//
// `ondol task`: the public API for people and scripts. Results on stdout, errors on stderr.
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/bucket_copy.h"
#include "cli/cli.h"
#include "cli/task_draft.h"
#include "cli/task_submit.h"
#include "cli/task_wait.h"
#include "cli/verb_list.h"
#include "cli/verb_offer.h"
#include "cli/verb_snapshot.h"
#include "cli/verb_work.h"
#include "core/work/task.h"

struct values {
    struct task_wish wish; // first: task_wish_rows count from it
    struct verb_pick pick;
    struct verb_change change;
    struct verb_snapshot snapshot;
    bool json, print, dry_run, wait, follow, fresh;
    long instance;
    double timeout_s;
    const char *datacentre;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row done_rows[] = {VERB_DONE_ROW(struct values), {0}};
static const struct option_row json_rows[] = {VERB_JSON_ROW(struct values), {0}};
static const struct option_row list_rows[] = {VERB_PICK_ROWS(struct values, "tasks"), {0}};
static const struct option_row wait_rows[] = {
    {"follow", OPTION_FLAG, NULL, AT(follow), 0, 0, "Prints what its instances write meanwhile"},
    VERB_DONE_ROW(struct values),
    VERB_TIMEOUT_ROW(struct values, "Give up"),
    {0},
};
static const struct option_row cost_rows[] = {VERB_COST_ROWS(struct values), {0}};
static const struct option_row set_rows[] = {VERB_SET_ROWS(struct values), {0}};
static const struct option_row snapshot_rows[] = {
    {"blacklist", OPTION_TEXT, "REGEX", AT(snapshot.blacklist), 0, 0,
     "Files whose path has this in it are dropped"},
    {"bucket", OPTION_TEXT, "BUCKET", AT(snapshot.bucket), 0, 0, "Where files go (where results go)"},
    {"every", OPTION_INT, "S", AT(snapshot.every_s), 0, 1e9, "One each S seconds from now on; 0 ends that"},
    {"json", OPTION_FLAG, NULL, AT(snapshot.json), 0, 0, "The answer of the server as it is"},
    {"prefix", OPTION_TEXT, "TEXT", AT(snapshot.prefix), 0, 0, "Put in front of the keys"},
    {"timeout", OPTION_REAL, "S", AT(snapshot.timeout_s), 0, 1e9,
     "With --wait: give up after S seconds, with exit code 75 (never)"},
    {"wait", OPTION_FLAG, NULL, AT(snapshot.wait), 0, 0, "Waits until the files are in the bucket"},
    {"whitelist", OPTION_TEXT, "REGEX", AT(snapshot.whitelist), 0, 0, "Only files whose path has this in it"},
    {0},
};
static const struct option_row output_rows[] = {VERB_OUTPUT_ROWS(struct values, "instance"), {0}};
// Those of task_wish_rows, and these behind them.
static const struct option_row create_more_rows[] = {
    {"dry-run", OPTION_FLAG, NULL, AT(dry_run), 0, 0,
     "Says when it would begin and end and what it would cost, and submits nothing"},
    {"follow", OPTION_FLAG, NULL, AT(follow), 0, 0, "Waits, and prints what its instances write"},
    VERB_JSON_ROW(struct values),
    {"print", OPTION_FLAG, NULL, AT(print), 0, 0, "Prints what would be sent, and sends nothing"},
    {"snapshot", OPTION_INT, "S", AT(snapshot.every_s), 1, 1e9,
     "What instances have left so far, in the bucket of results each S seconds"},
    VERB_TIMEOUT_ROW(struct values, "With --wait: give up"),
    {"wait", OPTION_FLAG, NULL, AT(wait), 0, 0, "Waits until it has ended. Exit code 5 unless in Success"},
};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

// ---- verbs: each gives an exit code with the sentence in c->e

static int submit(struct verb_call *c, const json_t *body)
{
    const struct values *v = values(c);
    return task_submit(c, body,
                       &(struct task_submit){.json = v->json,
                                             .wait = v->wait,
                                             .follow = v->follow,
                                             .timeout_s = v->timeout_s,
                                             .every_s = v->snapshot.every_s});
}

static void print_span(const char *what, double s, const char *date)
{
    printf("%-9s in %02d:%02d:%02d (%s)\n", what, (int)(s / 3600), (int)s / 60 % 60, (int)s % 60, date);
}

static int estimate(struct verb_call *c, const json_t *body)
{
    json_t *got = NULL, *why;
    size_t i;
    int code = api_json(&c->api, "POST", "/ondol/v1/estimate", body, &got, &c->e);
    if (!code && values(c)->json) {
        got_print(got);
    } else if (!code) {
        if (json_is_true(json_object_get(got, "possible"))) {
            print_span("begins", got_number(got, "startSeconds"), got_text(got, "start"));
            print_span("ends", got_number(got, "endSeconds"), got_text(got, "end"));
            printf("%-9s %.4f euro for %.0f core-seconds\n", "costs", got_number(got, "euros"),
                   got_number(got, "coreSeconds"));
            printf("%-9s %.1f Wh, %.1f gCO2\n", "draws", got_number(got, "energyWh"),
                   got_number(got, "gCO2"));
        } else {
            printf("not possible: %s\n", got_text(got, "reason"));
        }
        json_array_foreach(json_object_get(got, "restsOn"), i, why) printf("- %s\n", json_string_value(why));
    }
    json_decref(got);
    return code;
}

static int create(struct verb_call *c)
{
    struct task_wish wish = values(c)->wish;
    json_t *body = task_draft(c->args->n ? c->args->v[0] : NULL, &wish, &c->e);
    if (!body)
        return CLI_USAGE;
    int code = 0;
    if (values(c)->print)
        got_print(body);
    else if ((code = verb_resolve(c, body)) == 0)
        code = values(c)->dry_run ? estimate(c, body) : submit(c, body);
    json_decref(body);
    return code;
}

static enum table_colour colour_of(const char *state)
{
    enum task_state s;
    if (!task_state_parse(state, &s))
        return TABLE_PLAIN;
    return s == TASK_SUCCESS     ? TABLE_GREEN
           : s == TASK_FAILURE   ? TABLE_RED
           : task_state_final(s) ? TABLE_DIM
                                 : TABLE_YELLOW;
}

static void row(struct table *t, const json_t *j)
{
    const char *state = got_text(j, "state");
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, colour_of(state), "%s", state);
    table_number(t, TABLE_PLAIN, 0, got_number(j, "totalInstanceCount"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "runningInstanceCount"));
    table_put(t, TABLE_PLAIN, "%.0f %%", got_number(j, "progress"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "creationDate"));
}

static int list(struct verb_call *c)
{
    const char *states[TASK_STATE_N + 1] = {0};
    const struct verb_pick *pick = &values(c)->pick;
    json_t *all;
    for (int i = 0; i < TASK_STATE_N; i++)
        states[i] = task_state_name((enum task_state)i);
    int code =
        verb_pages(c, pick->tags.n ? "/tasks/paginate" : "/tasks/summaries/paginate", pick, states, &all);
    return verb_picked(code, all, pick, "UUID NAME STATE >INSTANCES >RUNNING >PROGRESS CREATED", row);
}

static int show(struct verb_call *c)
{
    return verb_show(c, "/tasks/", "");
}

static int wait_for(struct verb_call *c)
{
    const struct values *v = values(c);
    if (v->json && v->follow)
        return err_set(&c->e, -1, "task wait: --json and --follow both want stdout (give one)"), CLI_USAGE;
    return verb_ended(c, task_wait(&c->api, c->args->v[0], v->timeout_s, v->follow, &c->e), "/tasks/");
}

static int out(struct verb_call *c)
{
    return verb_output(c, "tasks", "stdout", values(c)->instance, values(c)->fresh, values(c)->json);
}

static int err(struct verb_call *c)
{
    return verb_output(c, "tasks", "stderr", values(c)->instance, values(c)->fresh, values(c)->json);
}

static int why(struct verb_call *c)
{
    return verb_ask(c, "GET", verb_path(c, "/ondol/v1/tasks/", "/why"), NULL, values(c)->json, "why");
}

static int cost(struct verb_call *c)
{
    return verb_cost(c, "tasks", values(c)->datacentre, values(c)->json);
}

// ---- changing

static int set(struct verb_call *c)
{
    return verb_set(c, "tasks", &values(c)->change);
}

static int update_resources(struct verb_call *c)
{
    return verb_update_resources(c, "tasks");
}

static int snapshot(struct verb_call *c)
{
    return verb_snapshot(c, &values(c)->snapshot);
}

static int hardware(struct verb_call *c)
{
    return verb_hardware(c, values(c)->json);
}

static int profiles(struct verb_call *c)
{
    return verb_profiles(c, values(c)->json);
}

static int abort_it(struct verb_call *c)
{
    return verb_each(c, "POST", "/tasks/", "/abort");
}

static int delete_it(struct verb_call *c)
{
    return verb_each(c, "DELETE", "/tasks/", "");
}

// What its instances left in the bucket of results, into a folder.
static int download(struct verb_call *c)
{
    struct bucket_client b;
    struct copy_sum sum = {0};
    json_t *task = NULL;
    const char *id = c->args->v[0];
    int code = api_json(&c->api, "GET", verb_path(c, "/tasks/", ""), NULL, &task, &c->e);
    if (!code && !*got_text(task, "resultBucket"))
        code = (err_set(&c->e, -1, "task %s: has no bucket for results (ondol task create --results)", id),
                CLI_USAGE);
    if (!code)
        code = bucket_client_open(&b, &c->api, &c->e);
    if (!code)
        code = bucket_copy_down(&b, got_text(task, "resultBucket"), got_text(task, "resultsBucketPrefix"),
                                c->args->n > 1 ? c->args->v[1] : got_text(task, "resultBucket"), &sum, &c->e);
    if (!code && c->json)
        c->said = copy_sum_json(&sum, 0);
    else if (!code)
        printf("%" PRId64 " files fetched, %.1f MB; %" PRId64 " were there already\n", sum.files,
               (double)sum.bytes / 1e6, sum.kept);
    json_decref(task);
    return code;
}

// A new task from an old one.
static int again(struct verb_call *c, const char *back)
{
    return verb_ask(c, "POST", verb_path(c, "/tasks/", back), NULL, values(c)->json, "uuid");
}

static int retry(struct verb_call *c)
{
    return again(c, "/retry");
}

static int recover(struct verb_call *c)
{
    return again(c, "/recover");
}

static int resume(struct verb_call *c)
{
    return again(c, "/resume");
}

static int clone_it(struct verb_call *c)
{
    return again(c, "/clone");
}

int cmd_task(int argc, char **argv)
{
    struct option_row create_rows[64] = {{0}};
    size_t n = 0;
    for (const struct option_row *r = task_wish_rows; r->name; r++)
        create_rows[n++] = *r;
    memcpy(create_rows + n, create_more_rows, sizeof create_more_rows);
    const struct verb verbs[] = {
        {"create", "[FILE]", 0, 1, create, create_rows,
         "Submits a task (options, or FILE: JSON or INI; - is stdin) and prints its uuid."},
        {"list", NULL, 0, 0, list, list_rows, "Tasks of the account, the newest first."},
        {"show", "ID", 1, 1, show, json_rows, "Everything about one task, as JSON."},
        {"wait", "ID", 1, 1, wait_for, wait_rows,
         "Waits until it has ended. Exit code 5 unless it ended in Success."},
        {"stdout", "ID", 1, 1, out, output_rows, "What its instances wrote to their standard output."},
        {"stderr", "ID", 1, 1, err, output_rows, "What its instances wrote to their standard error."},
        {"download", "ID [DIR]", 1, 2, download, done_rows,
         "Fetches its results into a folder (that of the bucket's name)."},
        {"why", "ID", 1, 1, why, json_rows, "One sentence: what it waits for, or why it ended as it did."},
        {"cost", "ID", 1, 1, cost, cost_rows, "Euros, watt-hours and grams of CO2, so far."},
        {"retry", "ID", 1, 1, retry, json_rows, "A new task of the instances that failed; prints its uuid."},
        {"recover", "ID", 1, 1, recover, json_rows,
         "A new task of the instances that failed or were cancelled."},
        {"resume", "ID", 1, 1, resume, json_rows, "A new task of the instances that were cancelled."},
        {"clone", "ID", 1, 1, clone_it, json_rows, "A new task like it, with all its instances."},
        {"snapshot", "ID", 1, 1, snapshot, snapshot_rows,
         "Puts what its instances have left so far into the bucket; prints the id."},
        {"set", "ID", 1, 1, set, set_rows, "Changes constants, labels and tags of one that has not ended."},
        {"update-resources", "ID", 1, 1, update_resources, done_rows,
         "Brings what is new in its buckets to instances that run."},
        {"abort", "ID...", 1, OPTIONS_ARGS_MAX, abort_it, done_rows, "Ends it; what it has done stays."},
        {"delete", "ID...", 1, OPTIONS_ARGS_MAX, delete_it, done_rows, "Ends it and forgets it."},
        {"hardware", NULL, 0, 0, hardware, json_rows, "What hardware a task may ask for."},
        {"profiles", "[NAME]", 0, 1, profiles, json_rows, "Profiles, or the constants of one."},
        {0},
    };
    struct values v = {.wish = TASK_WISH_NULL,
                       .pick = VERB_PICK_NULL,
                       .snapshot = {.every_s = -1, .timeout_s = -1},
                       .instance = -1,
                       .timeout_s = -1};
    return verbs_run("task", verbs, &v, argc, argv);
}
