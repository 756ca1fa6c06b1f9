// SPDX-License-Identifier: Apache-2.0
//
// `ondol secret`: what tasks need to know and nobody else may read. A value comes from stdin or a file, for
// what stands on a command line is seen by everybody on the machine.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json_file.h"
#include "cli/verbs.h"

struct values {
    bool json, recursive;
    const char *file;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of lines"},
    {0},
};
static const struct option_row list_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of lines"},
    {"recursive", OPTION_FLAG, NULL, AT(recursive), 0, 0, "What is in its folders too, instead of these"},
    {0},
};
static const struct option_row value_rows[] = {
    {"file", OPTION_TEXT, "FILE", AT(file), 0, 0,
     "Where the value is (stdin); a newline at its end is left out"},
    VERB_DONE_ROW(struct values),
    {0},
};
static const struct option_row done_rows[] = {VERB_DONE_ROW(struct values), {0}};

static char *joined(const char *a, const char *b, const char *d)
{
    struct buf all = BUF_INIT(65536);
    buf_putf(&all, "%s%s%s", a, b, d);
    return buf_take(&all);
}

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

// A key with its slashes as they are: they part folders.
static const char *path_to(struct verb_call *c, const char *front, const char *key)
{
    buf_deinit(&c->path);
    c->path = BUF_INIT(65536);
    buf_puts(&c->path, front);
    while (*key) {
        size_t n = strcspn(key, "/");
        char part[4096];
        snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part ? n : sizeof part - 1), key);
        api_path_add(&c->path, part);
        if (key[n])
            buf_putc(&c->path, '/');
        key += n + (key[n] != '\0');
    }
    return buf_str(&c->path);
}

static const char *path_of(struct verb_call *c, const char *front)
{
    return path_to(c, front, c->args->n ? c->args->v[0] : "");
}

// The names below `folder`, each with `front` before it, into `out`.
static int names_below(struct verb_call *c, const char *folder, const char *front, json_t *out)
{
    json_t *got = NULL, *key;
    size_t i;
    int code = api_json(&c->api, "GET", path_to(c, "/secrets-manager/search/", folder), NULL, &got, &c->e);
    json_array_foreach(json_object_get(got, "keys"), i, key)
    {
        char *path = joined(folder, *folder && folder[strlen(folder) - 1] != '/' ? "/" : "",
                            json_string_value(key)),
             *name = joined(front, "", json_string_value(key));
        if (!code && values(c)->recursive && *path && path[strlen(path) - 1] == '/')
            code = names_below(c, path, name, out);
        else
            json_array_append_new(out, json_string(name));
        free(path);
        free(name);
    }
    json_decref(got);
    return code;
}

static int list(struct verb_call *c)
{
    json_t *all = json_array(), *key;
    size_t i;
    int code = names_below(c, c->args->n ? c->args->v[0] : "", "", all);
    if (!code && values(c)->json)
        got_print(all);
    else if (!code)
        json_array_foreach(all, i, key) puts(json_string_value(key));
    json_decref(all);
    return code;
}

static int show(struct verb_call *c)
{
    return verb_ask(c, "GET", path_of(c, "/secrets-manager/data/"), NULL, values(c)->json, "value");
}

static int send_value(struct verb_call *c, const char *method)
{
    char *text = text_file(values(c)->file ? values(c)->file : "-", &c->e);
    if (!text)
        return CLI_USAGE;
    size_t n = strlen(text);
    if (n && text[n - 1] == '\n')
        text[n - 1] = '\0';
    json_t *body = json_pack("{s:s}", "value", text);
    free(text);
    if (!body)
        return err_set(&c->e, -EINVAL, "%s: is not UTF-8 text", values(c)->file ? values(c)->file : "stdin"),
               CLI_USAGE;
    int code = api_json(&c->api, method, path_of(c, "/secrets-manager/data/"), body, NULL, &c->e);
    json_decref(body);
    return code;
}

static int add(struct verb_call *c)
{
    return send_value(c, "PUT");
}

static int set(struct verb_call *c)
{
    return send_value(c, "PATCH");
}

static int delete_it(struct verb_call *c)
{
    return api_json(&c->api, "DELETE", path_of(c, "/secrets-manager/data/"), NULL, NULL, &c->e);
}

static const struct verb verbs[] = {
    {"list", "[FOLDER]", 0, 1, list, list_rows, "Names in a folder (the topmost); folders end with a slash."},
    {"show", "KEY", 1, 1, show, json_rows, "The value of a secret."},
    {"add", "KEY", 1, 1, add, value_rows, "Makes a secret of what it reads from stdin."},
    {"set", "KEY", 1, 1, set, value_rows, "Changes a secret to what it reads from stdin."},
    {"delete", "KEY", 1, 1, delete_it, done_rows, "Forgets a secret."},
    {0},
};

int cmd_secret(int argc, char **argv)
{
    struct values v = {0};
    return verbs_run("secret", verbs, &v, argc, argv);
}
