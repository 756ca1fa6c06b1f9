// SPDX-License-Identifier: Apache-2.0
//
// `ondol job`: jobs for people and scripts. Results on stdout, errors on stderr.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/bar.h"
#include "cli/cli.h"
#include "cli/draft_file.h"
#include "cli/verb_list.h"
#include "cli/verb_work.h"
#include "core/work/job.h"

struct job_wish {
    const char *name, *shortname, *pool, *max_wall, *keep;
    struct option_list tags;
    bool dependencies;
};

struct values {
    struct job_wish wish; // first: rows of its options count from it
    struct verb_pick pick;
    bool json, force;
    double timeout_s;
};

static const struct option_row done_rows[] = {VERB_DONE_ROW(struct values), {0}};
static const struct option_row json_rows[] = {VERB_JSON_ROW(struct values), {0}};
#define WISH(field) offsetof(struct job_wish, field)
// clang-format off
#define WISH_ROWS                                                                                            \
    {"dependencies", OPTION_FLAG, NULL, WISH(dependencies), 0, 0, "Its tasks may wait for one another"},     \
    {"keep", OPTION_TEXT, "[D.]HH:MM:SS", WISH(keep), 0, 0, "Forgets itself so long after it is completed"}, \
    {"max-wall", OPTION_TEXT, "[D.]HH:MM:SS", WISH(max_wall), 0, 0,                                          \
     "Ends its tasks so long after it was made"},                                                            \
    {"name", OPTION_TEXT, "NAME", WISH(name), 0, 0, "Its name"},                                             \
    {"pool", OPTION_TEXT, "ID", WISH(pool), 0, 0, "Its tasks run in this pool"},                             \
    {"shortname", OPTION_TEXT, "NAME", WISH(shortname), 0, 0, "Another name for its uuid"},                  \
    {"tag", OPTION_LIST, "TAG", WISH(tags), 0, 0, "A tag; again for more"}
// clang-format on

static const struct option_row wish_rows[] = {WISH_ROWS, {0}}; // keys of an INI file
static const struct option_row create_rows[] = {WISH_ROWS, VERB_JSON_ROW(struct values), {0}};
static const struct option_row list_rows[] = {VERB_PICK_ROWS(struct values, "jobs"), {0}};
static const struct option_row delete_rows[] = {
    {"force", OPTION_FLAG, NULL, offsetof(struct values, force), 0, 0, "Ends and forgets its tasks too"},
    VERB_DONE_ROW(struct values),
    {0},
};
static const struct option_row wait_rows[] = {
    VERB_DONE_ROW(struct values), VERB_TIMEOUT_ROW(struct values, "Give up"), {0}};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

static void put_wish(json_t *body, const struct job_wish *w)
{
    const struct {
        const char *key, *value;
    } text[] = {{"name", w->name},
                {"shortname", w->shortname},
                {"poolUuid", w->pool},
                {"maxWallTime", w->max_wall},
                {"completionTimeToLive", w->keep}};
    for (size_t i = 0; i < ARRAY_LEN(text); i++)
        if (text[i].value)
            json_object_set_new(body, text[i].key, json_string(text[i].value));
    if (w->dependencies)
        json_object_set_new(body, "useDependencies", json_true());
    if (w->keep)
        json_object_set_new(body, "autoDeleteOnCompletion", json_true());
    if (w->tags.n && !json_is_array(json_object_get(body, "tags")))
        json_object_set_new(body, "tags", json_array());
    for (int i = 0; i < w->tags.n; i++)
        json_array_append_new(json_object_get(body, "tags"), json_string(w->tags.v[i]));
}

static int create(struct verb_call *c)
{
    static const struct job_wish nothing = {0};
    const struct draft_form form = {"job create", wish_rows, &nothing, sizeof nothing};
    struct job_wish wish = values(c)->wish;
    struct arena a = ARENA_NULL;
    bool json;
    json_t *body = draft_file(&form, c->args->n ? c->args->v[0] : NULL, &wish, &a, &json, &c->e);
    int code = body ? 0 : CLI_USAGE;
    if (!code && !json && !wish.name)
        code = (err_set(&c->e, -1, "job create: it has no name: give FILE or --name"), CLI_USAGE);
    if (!code) {
        put_wish(body, &wish);
        code = verb_resolve(c, body);
    }
    if (!code)
        code = verb_ask(c, "POST", "/jobs", json_incref(body), values(c)->json, "uuid");
    json_decref(body);
    arena_deinit(&a);
    return code;
}

static enum table_colour colour_of(const char *state)
{
    return !strcmp(state, "Active") ? TABLE_GREEN : !strcmp(state, "Completed") ? TABLE_DIM : TABLE_YELLOW;
}

static void row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, colour_of(got_text(j, "state")), "%s", got_text(j, "state"));
    table_put(t, TABLE_PLAIN, "%s", json_is_true(json_object_get(j, "useDependencies")) ? "yes" : "no");
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "creationDate"));
}

static int list(struct verb_call *c)
{
    const char *states[JOB_STATE_N + 1] = {0};
    json_t *all;
    for (int i = 0; i < JOB_STATE_N; i++)
        states[i] = job_state_name((enum job_state)i);
    int code = verb_pages(c, "/jobs/paginate", &values(c)->pick, states, &all);
    return verb_picked(code, all, &values(c)->pick, "UUID NAME STATE DEPENDENCIES CREATED", row);
}

static int show(struct verb_call *c)
{
    return verb_show(c, "/jobs/", "");
}

static void task_row(struct table *t, const json_t *j)
{
    const char *waits = got_text(json_object_get(j, "dependencies"), "state");
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "state"));
    table_put(t, TABLE_PLAIN, "%s", !strcmp(waits, "waiting") ? "yes" : "no");
}

static int tasks(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, "/jobs/", "/tasks"), NULL, &got, &c->e);
    return verb_print(code, got, values(c)->json, "UUID NAME STATE WAITS", task_row);
}

static bool has_ended(const char *state)
{
    return !strcmp(state, "Success") || !strcmp(state, "Failure") || !strcmp(state, "Cancelled");
}

static int look(void *ctx, const json_t *tasks, struct bar *b, double waited_s, struct err *e)
{
    const char *id = ctx;
    int all = (int)json_array_size(tasks), ended = 0, bad = 0;
    double percent = 0;
    size_t i;
    json_t *j;
    json_array_foreach(tasks, i, j)
    {
        bool over = has_ended(got_text(j, "state"));
        ended += over;
        bad += over && strcmp(got_text(j, "state"), "Success") != 0;
        percent += over ? 100 : got_number(j, "progress");
    }
    if (ended < all) {
        char detail[64];
        snprintf(detail, sizeof detail, "%d of %d tasks have ended", ended, all);
        bar_draw(b, "job", percent / all, detail, waited_s);
        return -1;
    }
    if (bad)
        err_set(e, -1, "job %.64s: %d of its tasks did not end in Success (ondol job tasks %.64s)", id, bad,
                id);
    return bad ? CLI_WORK : CLI_DONE;
}

static int wait_for(struct verb_call *c)
{
    char id[65], late[128], hint[128];
    snprintf(id, sizeof id, "%s", c->args->v[0]);
    snprintf(late, sizeof late, "job %s: tasks are left", id);
    snprintf(hint, sizeof hint, "ondol job tasks %s", id);
    int code = bar_wait(&(struct bar_wait){&c->api, verb_path(c, "/jobs/", "/tasks"), values(c)->timeout_s,
                                           late, hint, look, id},
                        &c->e);
    return verb_ended(c, code, "/jobs/");
}

static int terminate(struct verb_call *c)
{
    return verb_each(c, "POST", "/jobs/", "/terminate");
}

static int delete_it(struct verb_call *c)
{
    return verb_each(c, "DELETE", "/jobs/", values(c)->force ? "?force=true" : "");
}

static const struct verb verbs[] = {
    {"create", "[FILE]", 0, 1, create, create_rows,
     "Makes a job (options, or FILE: JSON or INI; - is stdin) and prints its uuid."},
    {"list", NULL, 0, 0, list, list_rows, "Jobs of the account, the newest first."},
    {"show", "ID", 1, 1, show, json_rows, "Everything about one job, as JSON."},
    {"tasks", "ID", 1, 1, tasks, json_rows, "Its tasks, and which of them wait for others."},
    {"wait", "ID", 1, 1, wait_for, wait_rows,
     "Waits until its tasks have ended. Exit code 5 unless all in Success."},
    {"terminate", "ID...", 1, OPTIONS_ARGS_MAX, terminate, done_rows, "Ends its tasks; it takes no more."},
    {"delete", "ID...", 1, OPTIONS_ARGS_MAX, delete_it, delete_rows,
     "Forgets it, when its tasks have ended; with --force its tasks too."},
    {0},
};

int cmd_job(int argc, char **argv)
{
    struct values v = {.pick = VERB_PICK_NULL, .timeout_s = -1};
    return verbs_run("job", verbs, &v, argc, argv);
}
