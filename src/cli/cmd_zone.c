// SPDX-License-Identifier: Apache-2.0
//
// `ondol zone` and `ondol heater`: the building. Asking needs a token of the operator's.
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"

struct values {
    bool json;
    const char *mode;
    long boost_min;
};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0, "JSON instead of a table"},
    {0},
};
static const struct option_row set_rows[] = {
    {"mode", OPTION_TEXT, "MODE", offsetof(struct values, mode), 0, 0, "off, frost, eco or comfort"},
    {"boost", OPTION_INT, "MIN", offsetof(struct values, boost_min), 0, 1440,
     "Full power for so many minutes, 0 ends it"},
    {0},
};

// ---- zones

static void zone_row(struct table *t, const json_t *j)
{
    bool off = !strcmp(got_text(j, "mode"), "off"), online = json_is_true(json_object_get(j, "online"));
    double room = got_number(j, "room_c"), want = got_number(j, "setpoint_c"),
           missing = got_number(j, "missing_w");
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "label"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "mode"));
    table_number(t,
                 off || isnan(room) ? TABLE_PLAIN
                 : room < want - 1  ? TABLE_BLUE
                 : room > want + 1  ? TABLE_RED
                                    : TABLE_GREEN,
                 1, room);
    table_number(t, TABLE_PLAIN, 1, off ? (double)NAN : want);
    table_number(t, TABLE_PLAIN, 0, got_number(j, "draw_w"));
    table_number(t, missing > 0 ? TABLE_YELLOW : TABLE_DIM, 0, missing);
    table_put(t, online ? TABLE_PLAIN : TABLE_RED, "%s", online ? got_text(j, "guard") : "offline");
}

static int zone_list(struct verb_call *c)
{
    return verb_list(c, "zones", values(c)->json, "ZONE LABEL MODE >ROOM >SET >WATTS >MISSING GUARD",
                     zone_row);
}

static int zone_show(struct verb_call *c)
{
    return verb_show(c, "/ondol/v1/zones/", "");
}

static int zone_set(struct verb_call *c)
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
    if (values(c)->mode)
        json_object_set_new(body, "mode", json_string(values(c)->mode));
    if (values(c)->boost_min >= 0)
        json_object_set_new(body, "boost_min", json_integer((json_int_t)values(c)->boost_min));
    int code;
    if (json_object_size(body) == 0) {
        err_set(&c->e, -1, "zone set: nothing to change (give a temperature, --mode or --boost)");
        code = CLI_USAGE;
    } else {
        code = api_json(&c->api, "PUT", verb_path(c, "/ondol/v1/zones/", "/setpoint"), body, &got, &c->e);
    }
    if (!code)
        printf("%s: %.1f degC, %s\n", got_text(got, "zone"), got_number(got, "setpoint_c"),
               got_text(got, "mode"));
    json_decref(body);
    json_decref(got);
    return code;
}

static int zone_why(struct verb_call *c)
{
    return verb_ask(c, "GET", verb_path(c, "/ondol/v1/zones/", "/why"), NULL, values(c)->json, "why");
}

// ---- heaters

static void heater_row(struct table *t, const json_t *j)
{
    double boards = got_number(j, "boards"), online = got_number(j, "boards_online"),
           barred = got_number(j, "boards_barred");
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "zone"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "site"));
    table_number(t, TABLE_PLAIN, 0, boards);
    table_number(t, online < boards ? TABLE_RED : TABLE_PLAIN, 0, online);
    table_number(t, barred > 0 ? TABLE_RED : TABLE_DIM, 0, barred);
    table_number(t, TABLE_PLAIN, 0, got_number(j, "draw_w"));
    table_number(t, TABLE_PLAIN, 2, got_number(j, "energy_mj") / 3.6e9);
}

static int heater_list(struct verb_call *c)
{
    return verb_list(c, "heaters", values(c)->json, "HEATER ZONE SITE >BOARDS >ONLINE >BARRED >WATTS >KWH",
                     heater_row);
}

static void board_row(struct table *t, const json_t *j)
{
    bool online = json_is_true(json_object_get(j, "online")),
         barred = json_is_true(json_object_get(j, "barred"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "heater"));
    table_put(t, !online || barred ? TABLE_RED : TABLE_PLAIN, "%s",
              !online                       ? "offline"
              : barred                      ? "barred"
              : *got_text(j, "rests_until") ? "rests"
                                            : got_text(j, "run"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "draw_w"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "freq_mhz"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "task"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "instance"));
}

static int heater_boards(struct verb_call *c)
{
    return verb_list(c, "boards", values(c)->json, "BOARD HEATER RUNS >WATTS >MHZ TASK >INSTANCE", board_row);
}

static int heater_clear_lid(struct verb_call *c)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "POST", verb_path(c, "/ondol/v1/heaters/", "/clear-lid"), NULL, &got, &c->e);
    if (!code)
        printf("%s: cleared, if its lid is closed now (ondol zone why %s says)\n", got_text(got, "name"),
               got_text(got, "zone"));
    json_decref(got);
    return code;
}

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
    {"clear-lid", "HEATER", 1, 1, heater_clear_lid, json_rows + 1,
     "Somebody has looked at the opened heater: it may heat and work again."},
    {0},
};

int cmd_zone(int argc, char **argv)
{
    struct values v = {.boost_min = -1};
    return verbs_run("zone", zone_verbs, &v, argc, argv);
}

int cmd_heater(int argc, char **argv)
{
    struct values v = {.boost_min = -1};
    return verbs_run("heater", heater_verbs, &v, argc, argv);
}
