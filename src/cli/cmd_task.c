// SPDX-License-Identifier: Apache-2.0
//
// `ondol task`: the public API for people and scripts. Results on stdout, errors on stderr.
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/api_client.h"
#include "cli/cli.h"
#include "cli/json_file.h"
#include "cli/options.h"
#include "cli/table.h"
#include "core/work/task.h"

#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  1000

struct values {
    bool json;
    long limit, instance;
    double timeout_s;
};

static const struct option_row no_rows[] = {{0}};
static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0, "The answer of the server as it is"},
    {0},
};
static const struct option_row list_rows[] = {
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0, "The answer of the server as it is"},
    {"limit", OPTION_INT, "N", offsetof(struct values, limit), 1, 1000000,
     "At most N tasks, the newest (50)"},
    {0},
};
static const struct option_row wait_rows[] = {
    {"timeout", OPTION_REAL, "S", offsetof(struct values, timeout_s), 0, 1e9,
     "Give up after S seconds, with exit code 75 (never)"},
    {0},
};
static const struct option_row output_rows[] = {
    {"instance", OPTION_INT, "N", offsetof(struct values, instance), 0, 1e9,
     "Of this instance only, without the numbers in front"},
    {0},
};

struct call {
    struct api_client api;
    const struct values *v;
    const char *arg;
    struct buf path;
    struct err e;
};

static const char *path_of(struct call *c, const char *front, const char *back)
{
    c->path = BUF_INIT(65536);
    buf_puts(&c->path, front);
    api_path_add(&c->path, c->arg);
    buf_puts(&c->path, back);
    return buf_str(&c->path);
}

static void dump(const json_t *j)
{
    json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    putchar('\n');
}

static const char *text_of(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

// ---- verbs: each gives an exit code with the sentence in c->e

static void print_created(const json_t *j)
{
    size_t i;
    json_t *one;
    if (json_is_object(j))
        puts(text_of(j, "uuid"));
    json_array_foreach(j, i, one)
        puts(*text_of(one, "uuid") ? text_of(one, "uuid") : text_of(one, "message"));
}

static int create(struct call *c)
{
    json_t *got = NULL, *body = json_file(c->arg, &c->e);
    if (!body)
        return CLI_USAGE;
    int code = api_json(&c->api, "POST", "/tasks", body, &got, &c->e);
    json_decref(body);
    print_created(got);
    json_decref(got);
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

static void print_list(const json_t *list)
{
    struct table t;
    size_t i;
    json_t *j;
    table_init(&t, "UUID NAME STATE >INSTANCES >RUNNING >PROGRESS CREATED");
    json_array_foreach(list, i, j)
    {
        const char *state = text_of(j, "state");
        table_put(&t, TABLE_PLAIN, "%s", text_of(j, "uuid"));
        table_put(&t, TABLE_PLAIN, "%s", text_of(j, "name"));
        table_put(&t, colour_of(state), "%s", state);
        table_put(&t, TABLE_PLAIN, "%" PRId64,
                  (int64_t)json_integer_value(json_object_get(j, "totalInstanceCount")));
        table_put(&t, TABLE_PLAIN, "%" PRId64,
                  (int64_t)json_integer_value(json_object_get(j, "runningInstanceCount")));
        table_put(&t, TABLE_PLAIN, "%.0f %%", json_number_value(json_object_get(j, "progress")));
        table_put(&t, TABLE_PLAIN, "%s", text_of(j, "creationDate"));
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

// Page by page, until there are enough or no more.
static int list(struct call *c)
{
    json_t *all = json_array(), *token = json_null();
    int code = 0;
    while (!code && (long)json_array_size(all) < c->v->limit) {
        long left = c->v->limit - (long)json_array_size(all);
        json_t *got = NULL, *body = json_pack("{s:O,s:i}", "token", token, "maximumResults",
                                              (int)(left < 1000 ? left : 1000));
        code = api_json(&c->api, "POST", "/tasks/summaries/paginate", body, &got, &c->e);
        json_decref(body);
        if (!code)
            json_array_extend(all, json_object_get(got, "data"));
        json_decref(token);
        token = json_incref(json_object_get(got, "nextToken"));
        bool more = json_is_true(json_object_get(got, "isTruncated")) && json_is_string(token);
        json_decref(got);
        if (!more)
            break;
    }
    json_decref(token);
    if (!code && c->v->json)
        dump(all);
    else if (!code)
        print_list(all);
    json_decref(all);
    return code;
}

static int show(struct call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", path_of(c, "/tasks/", ""), NULL, &got, &c->e);
    if (!code)
        dump(got);
    json_decref(got);
    return code;
}

static void first_error(const json_t *task, char *out, size_t cap)
{
    const json_t *e = json_array_get(json_object_get(task, "errors"), 0);
    snprintf(out, cap, "%s%s%s", e ? text_of(e, "code") : "", e ? " " : "", e ? text_of(e, "message") : "");
}

static int wait_for(struct call *c)
{
    double waited_s = 0;
    path_of(c, "/tasks/", "");
    for (long ms = WAIT_FIRST_MS;; ms = ms * 5 / 4 < WAIT_MOST_MS ? ms * 5 / 4 : WAIT_MOST_MS) {
        json_t *got = NULL;
        char why[240];
        int code = api_json(&c->api, "GET", buf_str(&c->path), NULL, &got, &c->e);
        if (code)
            return code;
        enum task_state s = TASK_SUBMITTED;
        task_state_parse(text_of(got, "state"), &s);
        first_error(got, why, sizeof why);
        json_decref(got);
        if (s == TASK_SUCCESS)
            return CLI_DONE;
        if (task_state_final(s)) {
            err_set(&c->e, -1, "task %s: ended in %s: %s", c->arg, task_state_name(s),
                    *why ? why : "without an error");
            return CLI_WORK;
        }
        if (c->v->timeout_s >= 0 && waited_s >= c->v->timeout_s) {
            err_set(&c->e, -1, "task %s: still %s after %.0f s (ondol task why %s)", c->arg,
                    task_state_name(s), waited_s, c->arg);
            return CLI_LATER;
        }
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
        waited_s += (double)ms / 1000;
    }
}

static int output(struct call *c, const char *stream)
{
    char back[64];
    struct buf got;
    if (c->v->instance >= 0)
        snprintf(back, sizeof back, "/%s/%ld", stream, c->v->instance);
    else
        snprintf(back, sizeof back, "/%s", stream);
    int code = api_call(&c->api, "GET", path_of(c, "/tasks/", back), NULL, "text/plain", &got, &c->e);
    if (code)
        return code;
    fwrite(buf_str(&got), 1, got.n, stdout);
    buf_deinit(&got);
    return 0;
}

static int out(struct call *c)
{
    return output(c, "stdout");
}

static int err(struct call *c)
{
    return output(c, "stderr");
}

static int why(struct call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", path_of(c, "/ondol/v1/tasks/", "/why"), NULL, &got, &c->e);
    if (!code && c->v->json)
        dump(got);
    else if (!code)
        puts(text_of(got, "why"));
    json_decref(got);
    return code;
}

static int abort_it(struct call *c)
{
    return api_json(&c->api, "POST", path_of(c, "/tasks/", "/abort"), NULL, NULL, &c->e);
}

static int delete_it(struct call *c)
{
    return api_json(&c->api, "DELETE", path_of(c, "/tasks/", ""), NULL, NULL, &c->e);
}

// A new task from an old one.
static int again(struct call *c, const char *back)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "POST", path_of(c, "/tasks/", back), NULL, &got, &c->e);
    print_created(got);
    json_decref(got);
    return code;
}

static int retry(struct call *c)
{
    return again(c, "/retry");
}

static int recover(struct call *c)
{
    return again(c, "/recover");
}

static int resume(struct call *c)
{
    return again(c, "/resume");
}

static int clone_it(struct call *c)
{
    return again(c, "/clone");
}

static const struct verb {
    const char *name, *args;
    int (*run)(struct call *c);
    const struct option_row *rows;
    const char *what;
} verbs[] = {
    {"create", "FILE", create, no_rows, "Submits the task in FILE (JSON; - is stdin) and prints its uuid."},
    {"list", NULL, list, list_rows, "Tasks of the account, the newest first."},
    {"show", "ID", show, no_rows, "Everything about one task, as JSON."},
    {"wait", "ID", wait_for, wait_rows, "Waits until it has ended. Exit code 5 unless it ended in Success."},
    {"stdout", "ID", out, output_rows, "What its instances wrote to their standard output."},
    {"stderr", "ID", err, output_rows, "What its instances wrote to their standard error."},
    {"why", "ID", why, json_rows, "One sentence: what it waits for, or why it ended as it did."},
    {"retry", "ID", retry, no_rows, "A new task of the instances that failed; prints its uuid."},
    {"recover", "ID", recover, no_rows, "A new task of the instances that failed or were cancelled."},
    {"resume", "ID", resume, no_rows, "A new task of the instances that were cancelled."},
    {"clone", "ID", clone_it, no_rows, "A new task like it, with all its instances."},
    {"abort", "ID", abort_it, no_rows, "Ends it; what it has done stays."},
    {"delete", "ID", delete_it, no_rows, "Ends it and forgets it."},
};

static void usage(FILE *to)
{
    fputs("Usage: ondol task VERB [OPTION...] [ID]\nSubmit, watch and abort tasks. ID is a task's uuid or "
          "shortname.\n\n",
          to);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        fprintf(to, "  %-7s %-5s %s\n", verbs[i].name, verbs[i].args ? verbs[i].args : "", verbs[i].what);
    fputs("\nEach verb has --help. The server is ONDOL_URL, the account's token ONDOL_TOKEN.\n", to);
}

static int run(const struct verb *verb, int argc, char **argv)
{
    char name[32];
    struct values v = {.limit = 50, .instance = -1, .timeout_s = -1};
    struct option_args args = {0};
    int n = verb->args ? 1 : 0;
    snprintf(name, sizeof name, "task %s", verb->name);
    struct options o = {name, verb->args, n, n, verb->what, verb->rows};
    struct call c = {.v = &v};
    int code = options_parse(&o, &v, &args, argc, argv);
    if (code < 0)
        code = api_client_env(&c.api);
    if (code >= 0)
        return code;
    c.arg = n ? args.v[0] : "";
    code = verb->run(&c);
    buf_deinit(&c.path);
    return code ? cli_fail_err(code, &c.e) : CLI_DONE;
}

int cmd_task(int argc, char **argv)
{
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return usage(stdout), CLI_DONE;
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++)
        if (!strcmp(argv[1], verbs[i].name))
            return run(&verbs[i], argc - 1, argv + 1);
    if (argc > 1)
        return cli_fail(CLI_USAGE, "task: %s: there is no such verb (ondol task --help lists them)", argv[1]);
    usage(stderr);
    return CLI_USAGE;
}
