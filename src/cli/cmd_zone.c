// SPDX-License-Identifier: Apache-2.0
//
// `ondol zone` and `ondol heater`: the building. Asking needs a token of the operator's.
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/api_client.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/table.h"

#define PAGE 1000

struct values {
    bool json;
    const char *mode;
    long boost_min;
};

struct call {
    struct api_client api;
    const struct values *v;
    const struct option_args *args;
    struct buf path;
    struct err e;
};

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0, "JSON instead of a table"},
    {0},
};
static const struct option_row set_rows[] = {
    {"mode", OPTION_TEXT, "MODE", offsetof(struct values, mode), 0, 0, "off, frost, eco or comfort"},
    {"boost", OPTION_INT, "MIN", offsetof(struct values, boost_min), 0, 1440, "Full power for so many minutes, 0 ends it"},
    {0},
};

static const char *text_of(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

static double number_of(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static void put_number(struct table *t, enum table_colour colour, const char *fmt_unit, int digits, double v)
{
    if (isnan(v))
        table_put(t, TABLE_DIM, "-");
    else
        table_put(t, colour, "%.*f%s", digits, v, fmt_unit);
}

static const char *path_of(struct call *c, const char *front, const char *back)
{
    c->path = BUF_INIT(4096);
    buf_puts(&c->path, front);
    api_path_add(&c->path, c->args->v[0]);
    buf_puts(&c->path, back);
    return buf_str(&c->path);
}

static void dump(const json_t *j)
{
    json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    putchar('\n');
}

// All pages of a list of the building.
static int fetch_all(struct call *c, const char *what, json_t **out)
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

static int print_all(struct call *c, const char *what, const char *heads, void (*row)(struct table *t, const json_t *j))
{
    json_t *all, *j;
    size_t i;
    int code = fetch_all(c, what, &all);
    if (!code && c->v->json) {
        dump(all);
    } else if (!code) {
        struct table t;
        table_init(&t, heads);
        json_array_foreach(all, i, j)
            row(&t, j);
        table_print(&t, stdout, table_colours(stdout));
        table_deinit(&t);
    }
    json_decref(all);
    return code;
}

// ---- zones

static void zone_row(struct table *t, const json_t *j)
{
    bool off = !strcmp(text_of(j, "mode"), "off"), online = json_is_true(json_object_get(j, "online"));
    double room = number_of(j, "room_c"), want = number_of(j, "setpoint_c"), missing = number_of(j, "missing_w");
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "label"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "mode"));
    put_number(t, off || isnan(room) ? TABLE_PLAIN : room < want - 1 ? TABLE_BLUE : room > want + 1 ? TABLE_RED : TABLE_GREEN, "", 1, room);
    put_number(t, TABLE_PLAIN, "", 1, off ? (double)NAN : want);
    put_number(t, TABLE_PLAIN, "", 0, number_of(j, "draw_w"));
    put_number(t, missing > 0 ? TABLE_YELLOW : TABLE_DIM, "", 0, missing);
    table_put(t, online ? TABLE_PLAIN : TABLE_RED, "%s", online ? text_of(j, "guard") : "offline");
}

static int zone_list(struct call *c)
{
    return print_all(c, "zones", "ZONE LABEL MODE >ROOM >SET >WATTS >MISSING GUARD", zone_row);
}

static int zone_show(struct call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", path_of(c, "/ondol/v1/zones/", ""), NULL, &got, &c->e);
    if (!code)
        dump(got);
    json_decref(got);
    return code;
}

static int zone_set(struct call *c)
{
    json_t *body = json_object(), *got = NULL;
    if (c->args->n > 1) {
        char *end;
        double v = strtod(c->args->v[1], &end);
        if (end == c->args->v[1] || *end || !(v >= 7 && v <= 26)) {
            json_decref(body);
            err_set(&c->e, -1, "%s: must be a temperature from 7 to 26 degC", c->args->v[1]);
            return CLI_USAGE;
        }
        json_object_set_new(body, "setpoint_c", json_real(v));
    }
    if (c->v->mode)
        json_object_set_new(body, "mode", json_string(c->v->mode));
    if (c->v->boost_min >= 0)
        json_object_set_new(body, "boost_min", json_integer((json_int_t)c->v->boost_min));
    int code;
    if (json_object_size(body) == 0) {
        err_set(&c->e, -1, "zone set: nothing to change (give a temperature, --mode or --boost)");
        code = CLI_USAGE;
    } else {
        code = api_json(&c->api, "PUT", path_of(c, "/ondol/v1/zones/", "/setpoint"), body, &got, &c->e);
    }
    if (!code)
        printf("%s: %.1f degC, %s\n", text_of(got, "zone"), number_of(got, "setpoint_c"), text_of(got, "mode"));
    json_decref(body);
    json_decref(got);
    return code;
}

static int zone_why(struct call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", path_of(c, "/ondol/v1/zones/", "/why"), NULL, &got, &c->e);
    if (!code && c->v->json)
        dump(got);
    else if (!code)
        puts(text_of(got, "why"));
    json_decref(got);
    return code;
}

// ---- heaters

static void heater_row(struct table *t, const json_t *j)
{
    double boards = number_of(j, "boards"), online = number_of(j, "boards_online"), barred = number_of(j, "boards_barred");
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "zone"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "site"));
    put_number(t, TABLE_PLAIN, "", 0, boards);
    put_number(t, online < boards ? TABLE_RED : TABLE_PLAIN, "", 0, online);
    put_number(t, barred > 0 ? TABLE_RED : TABLE_DIM, "", 0, barred);
    put_number(t, TABLE_PLAIN, "", 0, number_of(j, "draw_w"));
    put_number(t, TABLE_PLAIN, "", 2, number_of(j, "energy_mj") / 3.6e9);
}

static int heater_list(struct call *c)
{
    return print_all(c, "heaters", "HEATER ZONE SITE >BOARDS >ONLINE >BARRED >WATTS >KWH", heater_row);
}

static void board_row(struct table *t, const json_t *j)
{
    bool online = json_is_true(json_object_get(j, "online")), barred = json_is_true(json_object_get(j, "barred"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "heater"));
    table_put(t, !online || barred ? TABLE_RED : TABLE_PLAIN, "%s", !online ? "offline" : barred ? "barred" : text_of(j, "run"));
    put_number(t, TABLE_PLAIN, "", 0, number_of(j, "draw_w"));
    put_number(t, TABLE_PLAIN, "", 0, number_of(j, "freq_mhz"));
    table_put(t, TABLE_PLAIN, "%s", text_of(j, "task"));
    put_number(t, TABLE_PLAIN, "", 0, number_of(j, "instance"));
}

static int heater_boards(struct call *c)
{
    return print_all(c, "boards", "BOARD HEATER RUNS >WATTS >MHZ TASK >INSTANCE", board_row);
}

// ---- dispatch

struct verb {
    const char *name, *args;
    int args_min, args_max;
    int (*run)(struct call *c);
    const struct option_row *rows;
    const char *what;
};

static const struct verb zone_verbs[] = {
    {"list", NULL, 0, 0, zone_list, json_rows, "All zones: temperature, setpoint, watts."},
    {"show", "ZONE", 1, 1, zone_show, json_rows, "Everything about one zone, as JSON."},
    {"set", "ZONE [DEGC]", 1, 2, zone_set, set_rows, "Turns the knob: 7 to 26 degC, a mode, or a boost."},
    {"why", "ZONE", 1, 1, zone_why, json_rows, "One sentence: what it does now, and why."},
    {0},
};
static const struct verb heater_verbs[] = {
    {"list", NULL, 0, 0, heater_list, json_rows, "All heaters: boards, watts, energy so far."},
    {"boards", NULL, 0, 0, heater_boards, json_rows, "All boards and what they run."},
    {0},
};

static void usage(FILE *to, const char *command, const struct verb *verbs)
{
    fprintf(to, "Usage: ondol %s VERB [OPTION...]\n\n", command);
    for (const struct verb *v = verbs; v->name; v++)
        fprintf(to, "  %-7s %-12s %s\n", v->name, v->args ? v->args : "", v->what);
    fputs("\nEach verb has --help. The server is ONDOL_URL, the operator's token ONDOL_TOKEN.\n", to);
}

static int run(const char *command, const struct verb *verb, int argc, char **argv)
{
    char name[32];
    struct values v = {.boost_min = -1};
    struct option_args args = {0};
    snprintf(name, sizeof name, "%s %s", command, verb->name);
    struct options o = {name, verb->args, verb->args_min, verb->args_max, verb->what, verb->rows};
    struct call c = {.v = &v, .args = &args};
    int code = options_parse(&o, &v, &args, argc, argv);
    if (code < 0)
        code = api_client_env(&c.api);
    if (code >= 0)
        return code;
    code = verb->run(&c);
    buf_deinit(&c.path);
    return code ? cli_fail_err(code, &c.e) : CLI_DONE;
}

static int dispatch(const char *command, const struct verb *verbs, int argc, char **argv)
{
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return usage(stdout, command, verbs), CLI_DONE;
    for (const struct verb *v = verbs; argc > 1 && v->name; v++)
        if (!strcmp(argv[1], v->name))
            return run(command, v, argc - 1, argv + 1);
    if (argc > 1)
        return cli_fail(CLI_USAGE, "%s: %s: there is no such verb (ondol %s --help lists them)", command, argv[1], command);
    usage(stderr, command, verbs);
    return CLI_USAGE;
}

int cmd_zone(int argc, char **argv)
{
    return dispatch("zone", zone_verbs, argc, argv);
}

int cmd_heater(int argc, char **argv)
{
    return dispatch("heater", heater_verbs, argc, argv);
}
