// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define PAGE 1000

const char verb_done[] = "What was done, as JSON";

const char *got_text(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

double got_number(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

void got_print(const json_t *j)
{
    json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    putchar('\n');
}

void put_text(json_t *body, const char *key, const char *value)
{
    if (value)
        json_object_set_new(body, key, json_string(value));
}

void table_number(struct table *t, enum table_colour colour, int digits, double v)
{
    if (isnan(v))
        table_put(t, TABLE_DIM, "-");
    else
        table_put(t, colour, "%.*f", digits, v);
}

const char *verb_path_of(struct verb_call *c, const char *front, const char *id, const char *back)
{
    buf_deinit(&c->path);
    c->path = BUF_INIT(4096);
    buf_puts(&c->path, front);
    api_path_add(&c->path, id);
    buf_puts(&c->path, back);
    return buf_str(&c->path);
}

const char *verb_path(struct verb_call *c, const char *front, const char *back)
{
    return verb_path_of(c, front, c->args->v[0], back);
}

int verb_ask(struct verb_call *c, const char *method, const char *path, json_t *body, bool json,
             const char *line)
{
    json_t *got = NULL;
    int code = api_json(&c->api, method, path, body, &got, &c->e);
    if (!code && (json || !line))
        got_print(got);
    else if (!code)
        puts(got_text(got, line));
    json_decref(got);
    json_decref(body);
    return code;
}

int verb_show(struct verb_call *c, const char *front, const char *back)
{
    return verb_ask(c, "GET", verb_path(c, front, back), NULL, true, NULL);
}

static void note(struct verb_call *c, const char *id, int code, const struct err *e)
{
    json_t *one = json_pack("{s:s,s:b}", "id", id, "done", code == 0);
    if (!c->said)
        c->said = json_array();
    if (code)
        json_object_set_new(one, "message", json_string(e->text));
    json_array_append_new(c->said, one);
}

int verb_each(struct verb_call *c, const char *method, const char *front, const char *back)
{
    int last = 0;
    for (int i = 0; i < c->args->n; i++) {
        struct err e = ERR_NULL;
        int code = api_json(&c->api, method, verb_path_of(c, front, c->args->v[i], back), NULL, NULL, &e);
        if (code && last)
            cli_fail_err(last, &c->e);
        if (code)
            c->e = e, last = code;
        if (c->json)
            note(c, c->args->v[i], code, &e);
    }
    return last;
}

int verb_ended(struct verb_call *c, int code, const char *front)
{
    struct err e = ERR_NULL;
    if (c->json && (code == CLI_DONE || code == CLI_WORK))
        api_json(&c->api, "GET", verb_path(c, front, ""), NULL, &c->said, &e);
    return code;
}

int verb_cents(struct verb_call *c, const char *option, double euro, const char *none)
{
    if (euro <= 0 || euro >= 0.01)
        return 0;
    err_set(&c->e, -1, "--%s %g: is less than a cent (give 0.01 euro or more; 0 is %s)", option, euro, none);
    return CLI_USAGE;
}

int verb_print(int code, json_t *list, bool json, const char *heads,
               void (*row)(struct table *t, const json_t *j))
{
    if (!code && json) {
        got_print(list);
    } else if (!code) {
        struct table t;
        size_t i;
        json_t *j;
        table_init(&t, heads);
        json_array_foreach(list, i, j) row(&t, j);
        table_print(&t, stdout, table_colours(stdout));
        table_deinit(&t);
    }
    json_decref(list);
    return code;
}

static int fetch_all(struct verb_call *c, const char *what, json_t **out)
{
    *out = json_array();
    for (size_t total = 1; json_array_size(*out) < total;) {
        char path[128];
        json_t *got = NULL;
        snprintf(path, sizeof path, "/ondol/v1/%s?limit=%d&offset=%zu", what, PAGE, json_array_size(*out));
        int code = api_json(&c->api, "GET", path, NULL, &got, &c->e);
        if (code)
            return code;
        json_t *data = json_object_get(got, "data");
        size_t n = json_array_size(data);
        json_array_extend(*out, data);
        total = (size_t)json_integer_value(json_object_get(got, "total"));
        json_decref(got);
        if (n == 0)
            break;
    }
    return 0;
}

int verb_list(struct verb_call *c, const char *what, bool json, const char *heads,
              void (*row)(struct table *t, const json_t *j))
{
    json_t *all;
    int code = fetch_all(c, what, &all);
    return verb_print(code, all, json, heads, row);
}

// ---- dispatch

static void usage(FILE *to, const char *command, const struct verb *verbs)
{
    int wide = 0;
    for (const struct verb *v = verbs; v->name; v++)
        wide = v->args && (int)strlen(v->args) > wide ? (int)strlen(v->args) : wide;
    fprintf(to, "Usage: ondol %s VERB [OPTION...]\n\n", command);
    for (const struct verb *v = verbs; v->name; v++)
        fprintf(to, "  %-16s %-*s %s\n", v->name, wide, v->args ? v->args : "", v->what);
    fputs("\nEach verb has --help. The server is ONDOL_URL, the token ONDOL_TOKEN.\n", to);
}

static bool wants_json(const struct option_row *rows, const void *values)
{
    for (const struct option_row *r = rows; r->name; r++)
        if (r->what == verb_done)
            return *(const bool *)((const char *)values + r->at);
    return false;
}

static void print_done(struct verb_call *c, int code)
{
    if (!code && !c->said)
        c->said = json_pack("{s:s,s:b}", "id", c->args->v[0], "done", 1);
    if (c->said)
        got_print(c->said);
    fflush(stdout);
}

// A variable of a script that was not set: a path would lose the part, and mean the list of all.
static int refuse_empty(const char *name, const struct verb *verb, const struct option_args *args)
{
    int checked = verb->args && strstr(verb->args, "...") ? args->n : verb->args_min;
    for (int i = 0; i < checked && i < args->n; i++)
        if (!args->v[i][0])
            return cli_fail(CLI_USAGE, "%s: argument %d of %s is empty", name, i + 1, verb->args);
    return -1;
}

static int run(const char *command, const struct verb *verb, void *values, int argc, char **argv)
{
    char name[32];
    struct option_args args = {0};
    snprintf(name, sizeof name, "%s %s", command, verb->name);
    struct options o = {name, verb->args, verb->args_min, verb->args_max, verb->what, verb->rows};
    struct verb_call c = {.values = values, .args = &args};
    int code = options_parse(&o, values, &args, argc, argv);
    if (code < 0)
        code = refuse_empty(name, verb, &args);
    if (code < 0)
        code = api_client_env(&c.api);
    if (code >= 0)
        return code;
    c.json = wants_json(verb->rows, values);
    code = verb->run(&c);
    if (c.json)
        print_done(&c, code);
    json_decref(c.said);
    buf_deinit(&c.path);
    return code ? cli_fail_err(code, &c.e) : CLI_DONE;
}

int verbs_run(const char *command, const struct verb *verbs, void *values, int argc, char **argv)
{
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return usage(stdout, command, verbs), CLI_DONE;
    for (const struct verb *v = verbs; argc > 1 && v->name; v++)
        if (!strcmp(argv[1], v->name))
            return run(command, v, values, argc - 1, argv + 1);
    if (argc > 1)
        return cli_fail(CLI_USAGE, "%s: %s: there is no such verb (ondol %s --help lists them)", command,
                        argv[1], command);
    usage(stderr, command, verbs);
    return CLI_USAGE;
}
