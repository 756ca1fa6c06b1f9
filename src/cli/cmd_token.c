// SPDX-License-Identifier: Apache-2.0
//
// `ondol token`: one's own tokens; with --user, for operators, another's.
#include <stdbool.h>

#include "cli/cli.h"
#include "cli/verbs.h"

#define TOKENS "/ondol/v1/tokens"

struct values {
    bool json;
    const char *user, *expires;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row rows[] = {
    {"user", OPTION_TEXT, "EMAIL", AT(user), 0, 0, "Whose (one's own)"},
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON"},
    {0},
};
static const struct option_row add_rows[] = {
    {"expires", OPTION_TEXT, "DATE", AT(expires), 0, 0, "When it ends, as 2026-12-31T00:00:00Z (never)"},
    {"user", OPTION_TEXT, "EMAIL", AT(user), 0, 0, "Whose (one's own)"},
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON"},
    {0},
};

// front[/argument][?user=...]
static const char *path(struct verb_call *c, const char *front, bool argument)
{
    const struct values *v = c->values;
    buf_deinit(&c->path);
    c->path = BUF_INIT(4096);
    buf_puts(&c->path, front);
    if (argument) {
        buf_putc(&c->path, '/');
        api_path_add(&c->path, c->args->v[0]);
    }
    if (v->user) {
        buf_puts(&c->path, "?user=");
        api_path_add(&c->path, v->user);
    }
    return buf_str(&c->path);
}

static int list(struct verb_call *c)
{
    const struct values *v = c->values;
    json_t *got = NULL, *j, *data;
    size_t i;
    int code = api_json(&c->api, "GET", path(c, TOKENS, false), NULL, &got, &c->e);
    data = json_object_get(got, "data");
    if (!code && v->json) {
        got_print(data);
    } else if (!code) {
        struct table t;
        table_init(&t, ">ID NAME STATE CREATED EXPIRES");
        json_array_foreach(data, i, j)
        {
            table_number(&t, TABLE_PLAIN, 0, got_number(j, "id"));
            table_put(&t, TABLE_PLAIN, "%s", got_text(j, "name"));
            table_put(&t, TABLE_PLAIN, "%s", got_text(j, "state"));
            table_put(&t, TABLE_PLAIN, "%s", got_text(j, "created"));
            table_put(&t, TABLE_PLAIN, "%s", *got_text(j, "expires") ? got_text(j, "expires") : "never");
        }
        table_print(&t, stdout, table_colours(stdout));
        table_deinit(&t);
    }
    json_decref(got);
    return code;
}

static int add(struct verb_call *c)
{
    const struct values *v = c->values;
    json_t *body = json_object();
    put_text(body, "name", c->args->v[0]);
    put_text(body, "expires", v->expires);
    return verb_ask(c, "POST", path(c, TOKENS, false), body, v->json, "token");
}

static int drop(struct verb_call *c)
{
    return api_json(&c->api, "DELETE", path(c, TOKENS, true), NULL, NULL, &c->e);
}

static const struct verb verbs[] = {
    {"list", NULL, 0, 0, list, rows, "Tokens, and whether they are valid."},
    {"add", "NAME", 1, 1, add, add_rows, "Makes a token and prints it, once."},
    {"remove", "ID", 1, 1, drop, rows, "Revokes a token: it is refused from now on."},
    {0},
};

int cmd_token(int argc, char **argv)
{
    struct values v = {0};
    return verbs_run("token", verbs, &v, argc, argv);
}
