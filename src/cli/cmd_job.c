// SPDX-License-Identifier: Apache-2.0
//
// `ondol job`: jobs for people and scripts. Results on stdout, errors on stderr.
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
    bool json, force;
    long limit;
    double timeout_s;
};

static const struct option_row no_rows[] = {{0}};
static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0, "The answer of the server as it is"},
    {0},
};
static const struct option_row list_rows[] = {
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0, "The answer of the server as it is"},
    {"limit", OPTION_INT, "N", offsetof(struct values, limit), 1, 1000, "At most N jobs, the newest (50)"},
    {0},
};
static const struct option_row delete_rows[] = {
    {"force", OPTION_FLAG, NULL, offsetof(struct values, force), 0, 0, "Ends and forgets its tasks too"},
    {0},
};
static const struct option_row wait_rows[] = {
    {"timeout", OPTION_REAL, "S", offsetof(struct values, timeout_s), 0, 1e9,
     "Give up after S seconds, with exit code 75 (never)"},
    {0},
};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

static int create(struct verb_call *c)
{
    json_t *got = NULL, *body = json_file(c->args->v[0], &c->e);
    if (!body)
        return CLI_USAGE;
    int code = api_json(&c->api, "POST", "/jobs", body, &got, &c->e);
    json_decref(body);
    if (!code)
        puts(got_text(got, "uuid"));
    json_decref(got);
    return code;
}

static enum table_colour colour_of(const char *state)
{
    return !strcmp(state, "Active") ? TABLE_GREEN : !strcmp(state, "Completed") ? TABLE_DIM : TABLE_YELLOW;
}

static void print_jobs(const json_t *jobs)
{
    struct table t;
    size_t i;
    json_t *j;
    table_init(&t, "UUID NAME STATE DEPENDENCIES CREATED");
    json_array_foreach(jobs, i, j)
    {
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "name"));
        table_put(&t, colour_of(got_text(j, "state")), "%s", got_text(j, "state"));
        table_put(&t, TABLE_PLAIN, "%s", json_is_true(json_object_get(j, "useDependencies")) ? "yes" : "no");
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "creationDate"));
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static int list(struct verb_call *c)
{
    json_t *got = NULL, *body = json_pack("{s:i}", "maximumResults", (int)values(c)->limit);
    int code = api_json(&c->api, "POST", "/jobs/paginate", body, &got, &c->e);
    json_decref(body);
    if (!code && values(c)->json)
        got_print(json_object_get(got, "data"));
    else if (!code)
        print_jobs(json_object_get(got, "data"));
    json_decref(got);
    return code;
}

static int show(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/jobs/", ""), NULL, &got, &c->e);
    if (!code)
        got_print(got);
    json_decref(got);
    return code;
}

static void print_tasks(const json_t *tasks)
{
    struct table t;
    size_t i;
    json_t *j;
    table_init(&t, "UUID NAME STATE WAITS");
    json_array_foreach(tasks, i, j)
    {
        const char *waits = got_text(json_object_get(j, "dependencies"), "state");
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "name"));
        table_put(&t, TABLE_PLAIN, "%s", got_text(j, "state"));
        table_put(&t, TABLE_PLAIN, "%s", !strcmp(waits, "waiting") ? "yes" : "no");
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static int tasks(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/jobs/", "/tasks"), NULL, &got, &c->e);
    if (!code && values(c)->json)
        got_print(got);
    else if (!code)
        print_tasks(got);
    json_decref(got);
    return code;
}

static bool all_ended(const json_t *tasks, int *bad)
{
    size_t i;
    json_t *j;
    *bad = 0;
    json_array_foreach(tasks, i, j)
    {
        const char *state = got_text(j, "state");
        if (strcmp(state, "Success") != 0 && strcmp(state, "Failure") != 0 && strcmp(state, "Cancelled") != 0)
            return false;
        *bad += strcmp(state, "Success") != 0;
    }
    return true;
}

static int wait_for(struct verb_call *c)
{
    double waited_s = 0;
    verb_path(c, "/jobs/", "/tasks");
    for (long ms = WAIT_FIRST_MS;; ms = ms * 5 / 4 < WAIT_MOST_MS ? ms * 5 / 4 : WAIT_MOST_MS) {
        json_t *got = NULL;
        int bad = 0, code = api_json(&c->api, "GET", buf_str(&c->path), NULL, &got, &c->e);
        if (code)
            return code;
        bool ended = all_ended(got, &bad);
        json_decref(got);
        if (ended && !bad)
            return CLI_DONE;
        if (ended) {
            err_set(&c->e, -1, "job %s: %d of its tasks did not end in Success (ondol job tasks %s)",
                    c->args->v[0], bad, c->args->v[0]);
            return CLI_WORK;
        }
        if (values(c)->timeout_s >= 0 && waited_s >= values(c)->timeout_s) {
            err_set(&c->e, -1, "job %s: tasks are left after %.0f s (ondol job tasks %s)", c->args->v[0],
                    waited_s, c->args->v[0]);
            return CLI_LATER;
        }
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
        waited_s += (double)ms / 1000;
    }
}

static int terminate(struct verb_call *c)
{
    return api_json(&c->api, "POST", verb_path(c, "/jobs/", "/terminate"), NULL, NULL, &c->e);
}

static int delete_it(struct verb_call *c)
{
    return api_json(&c->api, "DELETE", verb_path(c, "/jobs/", values(c)->force ? "?force=true" : ""), NULL,
                    NULL, &c->e);
}

static const struct verb verbs[] = {
    {"create", "FILE", 1, 1, create, no_rows,
     "Makes the job in FILE (JSON; - is stdin) and prints its uuid."},
    {"list", NULL, 0, 0, list, list_rows, "Jobs of the account, the newest first."},
    {"show", "ID", 1, 1, show, no_rows, "Everything about one job, as JSON."},
    {"tasks", "ID", 1, 1, tasks, json_rows, "Its tasks, and which of them wait for others."},
    {"wait", "ID", 1, 1, wait_for, wait_rows,
     "Waits until its tasks have ended. Exit code 5 unless all in Success."},
    {"terminate", "ID", 1, 1, terminate, no_rows, "Ends its tasks; it takes no more."},
    {"delete", "ID", 1, 1, delete_it, delete_rows,
     "Forgets it, when its tasks have ended; with --force its tasks too."},
    {0},
};

int cmd_job(int argc, char **argv)
{
    struct values v = {.limit = 50, .timeout_s = -1};
    return verbs_run("job", verbs, &v, argc, argv);
}
