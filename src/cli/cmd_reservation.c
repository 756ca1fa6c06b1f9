// SPDX-License-Identifier: Apache-2.0
//
// `ondol reservation`: boards set aside for somebody. For operators.
#include <stdbool.h>

#include "cli/cli.h"
#include "cli/verbs.h"

#define RESERVATIONS "/ondol/v1/reservations"

struct values {
    bool json;
    const char *user, *organisation, *machine, *from, *to;
    long boards, cores;
};

#define AT(field) offsetof(struct values, field)
// clang-format off
#define JSON_ROW {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON"}
#define TIME_ROWS                                                                                            \
    {"from", OPTION_TEXT, "DATE", AT(from), 0, 0, "When it begins, as 2026-12-01T00:00:00Z"},                \
    {"to", OPTION_TEXT, "DATE", AT(to), 0, 0, "When it ends; what still runs then is cancelled"}
// clang-format on

static const struct option_row json_rows[] = {JSON_ROW, {0}};
static const struct option_row add_rows[] = {
    {"user", OPTION_TEXT, "EMAIL", AT(user), 0, 0, "For this user"},
    {"organisation", OPTION_TEXT, "SLUG", AT(organisation), 0, 0, "or for all of this organisation"},
    {"machine", OPTION_TEXT, "KEY", AT(machine), 0, 0, "Kind of hardware: its key, or a part of it"},
    {"boards", OPTION_INT, "N", AT(boards), 1, 2147483647.0, "So many boards"},
    {"cores", OPTION_INT, "N", AT(cores), 1, 2147483647.0, "or boards of so many cores together"},
    TIME_ROWS,
    JSON_ROW,
    {0},
};
static const struct option_row change_rows[] = {TIME_ROWS, JSON_ROW, {0}};

static void row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "uuid"));
    table_put(t, TABLE_PLAIN, "%s", *got_text(j, "user") ? got_text(j, "user") : got_text(j, "organisation"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "machine_key"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "boards"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "cores"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "from"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "to"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "state"));
}

static int list(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_list(c, "reservations", v->json, "NAME UUID FOR MACHINE >BOARDS >CORES FROM TO STATE", row);
}

static int show(struct verb_call *c)
{
    return verb_show(c, RESERVATIONS "/", "");
}

static json_t *times(const struct values *v)
{
    json_t *body = json_object();
    put_text(body, "from", v->from);
    put_text(body, "to", v->to);
    return body;
}

static int add(struct verb_call *c)
{
    const struct values *v = c->values;
    json_t *body = times(v);
    put_text(body, "name", c->args->v[0]);
    put_text(body, "user", v->user);
    put_text(body, "organisation", v->organisation);
    put_text(body, "machine_key", v->machine);
    if (v->boards)
        json_object_set_new(body, "boards", json_integer(v->boards));
    if (v->cores)
        json_object_set_new(body, "cores", json_integer(v->cores));
    return verb_ask(c, "POST", RESERVATIONS, body, v->json, "uuid");
}

static int change(struct verb_call *c)
{
    const struct values *v = c->values;
    if (v->from || v->to)
        return verb_ask(c, "PUT", verb_path(c, RESERVATIONS "/", ""), times(v), v->json, "uuid");
    err_set(&c->e, -1, "reservation change: nothing to change (give --from or --to)");
    return CLI_USAGE;
}

static int drop(struct verb_call *c)
{
    const struct values *v = c->values;
    return verb_ask(c, "DELETE", verb_path(c, RESERVATIONS "/", ""), NULL, v->json, "uuid");
}

static const struct verb verbs[] = {
    {"list", NULL, 0, 0, list, json_rows, "All reservations."},
    {"show", "UUID", 1, 1, show, json_rows + 1, "Everything about one, as JSON."},
    {"add", "NAME", 1, 1, add, add_rows, "Sets boards aside and prints the reservation's uuid."},
    {"change", "UUID", 1, 1, change, change_rows, "Moves its time."},
    {"remove", "UUID", 1, 1, drop, json_rows, "Ends it now: its tasks are cancelled."},
    {0},
};

int cmd_reservation(int argc, char **argv)
{
    struct values v = {0};
    return verbs_run("reservation", verbs, &v, argc, argv);
}
