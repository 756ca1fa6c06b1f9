// SPDX-License-Identifier: Apache-2.0
//
// A skin over argp, which lays out --help and finds abbreviated options. Its own messages are kept silent:
// they are not in the shape of ours.
#include "cli/options.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/when.h"
#include "cli/cli.h"

#define KEY0 1000 // keys of rows: beyond every short option

struct parsing {
    const struct options *o;
    void *values;
    struct option_args *args;
    struct err e;
};

static int set_listen(const char *name, const char *text, struct err *e)
{
    const char *colon = strrchr(text, ':');
    char *end;
    long port = colon && colon != text ? strtol(colon + 1, &end, 10) : -1;
    if (port < 0 || port > 65535 || !colon[1] || *end)
        return err_set(
            e, -EINVAL,
            "--%s %s: must be ADDRESS:PORT with a port from 0 to 65535, for example 127.0.0.1:8080", name,
            text);
    return 0;
}

static int set_number(const struct option_row *r, void *at, const char *text, struct err *e)
{
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    bool whole = r->kind != OPTION_INT || v == floor(v);
    if (end == text || *end || errno || !whole || !(v >= r->min && v <= r->max))
        return err_set(e, -EINVAL, "--%s %s: must be a%s number from %.15g to %.15g", r->name, text,
                       r->kind == OPTION_INT ? " whole" : "", r->min, r->max);
    if (r->kind == OPTION_INT)
        *(long *)at = (long)v;
    else
        *(double *)at = v;
    return 0;
}

static int set_flag(const struct option_row *r, bool *at, const char *text, struct err *e)
{
    bool yes = !text || !strcasecmp(text, "yes") || !strcasecmp(text, "true") || !strcmp(text, "1");
    if (!yes && strcasecmp(text, "no") && strcasecmp(text, "false") && strcmp(text, "0"))
        return err_set(e, -EINVAL, "%s = %s: must be yes or no", r->name, text);
    *at = yes;
    return 0;
}

static int add_text(const struct option_row *r, struct option_list *list, const char *text, struct err *e)
{
    if (!*text)
        return err_set(e, -EINVAL, "--%s: must not be empty", r->name);
    if (list->n == OPTION_LIST_MAX)
        return err_set(e, -EINVAL, "--%s: given more than %d times", r->name, OPTION_LIST_MAX);
    list->v[list->n++] = text;
    return 0;
}

static int set_row(const struct option_row *r, void *values, const char *text, struct err *e)
{
    void *at = (char *)values + r->at;
    int64_t day;
    int bad = 0;
    switch (r->kind) {
    case OPTION_FLAG:
        return set_flag(r, at, text, e);
    case OPTION_INT:
    case OPTION_REAL:
        return set_number(r, at, text, e);
    case OPTION_LIST:
        return add_text(r, at, text, e);
    case OPTION_LISTEN:
        bad = set_listen(r->name, text, e);
        break;
    case OPTION_DATE:
        if (strlen(text) != 10 || !date_parse(text, &day))
            bad = err_set(e, -EINVAL, "--%s %s: must be a date, YYYY-MM-DD", r->name, text);
        break;
    case OPTION_TEXT:
        if (!*text)
            bad = err_set(e, -EINVAL, "--%s: must not be empty", r->name);
        break;
    }
    if (!bad)
        *(const char **)at = text;
    return bad;
}

int options_set(const struct options *o, void *values, const char *name, const char *text, struct err *e)
{
    for (const struct option_row *r = o->row; r && r->name; r++)
        if (!strcmp(r->name, name))
            return set_row(r, values, text, e);
    return err_set(e, -ENOENT, "%s: there is no such option", name);
}

static int unknown(struct parsing *p, const struct argp_state *state)
{
    const char *text = state->next > 0 && state->next <= state->argc ? state->argv[state->next - 1] : "";
    return err_set(&p->e, -EINVAL, "%s: %s (ondol %s --help says what there is)", text,
                   strncmp(text, "-", 1) == 0 ? "unknown or ambiguous option, or its value is missing"
                                              : "not understood",
                   p->o->command);
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
    struct parsing *p = state->input;
    if (key >= KEY0 && key < KEY0 + 1000)
        return set_row(&p->o->row[key - KEY0], p->values, arg, &p->e) < 0 ? EINVAL : 0;
    switch (key) {
    case '?':
        argp_help(state->root_argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC,
                  state->name);
        exit(fflush(stdout) ? CLI_FAILED : CLI_DONE);
    case ARGP_KEY_ARG:
        if (!p->args || p->args->n >= p->o->args_max || p->args->n >= OPTIONS_ARGS_MAX) {
            err_set(&p->e, -EINVAL, "%s: one argument too many (ondol %s --help says what there is)", arg,
                    p->o->command);
            return EINVAL;
        }
        p->args->v[p->args->n++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (p->args && p->args->n < p->o->args_min) {
            err_set(&p->e, -EINVAL, "%s: %s is missing (ondol %s --help says more)", p->o->command,
                    p->o->args, p->o->command);
            return EINVAL;
        }
        return 0;
    case ARGP_KEY_ERROR:
        if (!p->e.code)
            unknown(p, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int options_parse(const struct options *o, void *values, struct option_args *args, int argc, char **argv)
{
    size_t n = 0;
    while (o->row && o->row[n].name)
        n++;
    struct argp_option *list = mem_array(n + 2, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct argp_option){
            .name = o->row[i].name, .key = KEY0 + (int)i, .arg = o->row[i].arg, .doc = o->row[i].what};
    list[n] = (struct argp_option){.name = "help", .key = '?', .doc = "This text", .group = -1};
    char name[64];
    snprintf(name, sizeof name, "ondol %s", o->command);
    char *self = argv[0];
    argv[0] = name;
    struct parsing p = {.o = o, .values = values, .args = args};
    struct argp argp = {list, on_key, o->args, o->what, NULL, NULL, NULL};
    int bad = argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_NO_ERRS, NULL, &p);
    argv[0] = self;
    free(list);
    if (!bad)
        return -1;
    return p.e.code ? cli_fail_err(CLI_USAGE, &p.e)
                    : cli_fail(CLI_USAGE, "%s: %s", o->command, strerror(bad));
}
