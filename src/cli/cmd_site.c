// SPDX-License-Identifier: Apache-2.0
//
// `ondol site`: buildings, what their electricity costs, what they may draw. Asking needs a token of the
// operator's.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json_file.h"
#include "cli/verbs.h"

struct values {
    bool json, no_cap;
    const char *file, *country, *position;
    long cap_w, utc_offset_min, link, latency, disk;
};

#define UNSET (-1000000L)

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

#define AT(field) offsetof(struct values, field)

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of a table"},
    {0},
};
static const struct option_row no_rows[] = {{0}};
static const struct option_row set_rows[] = {
    {"cap", OPTION_INT, "W", AT(cap_w), 0, 1000000000, "Most that its boards may draw"},
    {"no-cap", OPTION_FLAG, NULL, AT(no_cap), 0, 0, "As much as they want"},
    {"utc-offset", OPTION_INT, "MIN", AT(utc_offset_min), -840, 840, "Minutes east of UTC"},
    {"country", OPTION_TEXT, "CC", AT(country), 0, 0, "Two letters, as FR; for tasks that must stay there"},
    {"position", OPTION_TEXT, "LAT,LON", AT(position), 0, 0, "Degrees north and east"},
    {"link", OPTION_INT, "MBIT", AT(link), 1, 1000000, "Megabits a second to the outside"},
    {"latency", OPTION_INT, "MS", AT(latency), 0, 10000, "Milliseconds to the outside, there and back"},
    {"disk", OPTION_INT, "MB", AT(disk), 0, 1000000000000, "Megabytes free for data sets"},
    {"file", OPTION_TEXT, "FILE", AT(file), 0, 0,
     "JSON with any of these and tariff, carbon, weather, circuits, carbon_price, other_heat; - is stdin"},
    {0},
};

static void site_row(struct table *t, const json_t *j)
{
    const json_t *now = json_object_get(j, "now");
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "country"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "zones"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "boards"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "cap_w"));
    table_number(t, TABLE_PLAIN, 4, got_number(now, "eur_per_kwh"));
    table_number(t, TABLE_PLAIN, 0, got_number(now, "g_per_kwh"));
}

static int site_list(struct verb_call *c)
{
    return verb_list(c, "sites", values(c)->json, "SITE COUNTRY >ZONES >BOARDS >CAP_W >EUR/KWH >G/KWH",
                     site_row);
}

static int site_show(struct verb_call *c)
{
    return verb_show(c, "/ondol/v1/sites/", "");
}

static void put_int(json_t *body, const char *key, long v)
{
    if (v != UNSET)
        json_object_set_new(body, key, json_integer(v));
}

static int set_body(const struct values *v, json_t **body, struct err *e)
{
    double lat, lon;
    int n = 0;
    *body = v->file ? json_file(v->file, e) : json_object();
    if (!*body)
        return CLI_USAGE;
    if (!json_is_object(*body)) {
        err_set(e, -1, "%s: must hold a JSON object", v->file);
        return CLI_USAGE;
    }
    put_int(*body, "cap_w", v->cap_w);
    put_int(*body, "utc_offset_min", v->utc_offset_min);
    put_int(*body, "link_mbit_s", v->link);
    put_int(*body, "latency_ms", v->latency);
    put_int(*body, "disk_free_mb", v->disk);
    if (v->no_cap)
        json_object_set_new(*body, "cap_w", json_null());
    if (v->country)
        json_object_set_new(*body, "country", json_string(v->country));
    if (v->position && (sscanf(v->position, "%lf,%lf%n", &lat, &lon, &n) != 2 || v->position[n])) {
        err_set(e, -1, "--position: %s: must be two numbers, as 48.857,2.352", v->position);
        return CLI_USAGE;
    }
    if (v->position)
        json_object_set_new(*body, "position", json_pack("{s:f,s:f}", "latitude", lat, "longitude", lon));
    if (json_object_size(*body) == 0) {
        err_set(e, -1, "site set: nothing to change (ondol site set --help lists what there is)");
        return CLI_USAGE;
    }
    return 0;
}

static int site_set(struct verb_call *c)
{
    json_t *body = NULL;
    int code = set_body(values(c), &body, &c->e);
    if (!code)
        return verb_ask(c, "PUT", verb_path(c, "/ondol/v1/sites/", ""), body, true, NULL);
    json_decref(body);
    return code;
}

static const struct verb site_verbs[] = {
    {"list", NULL, 0, 0, site_list, json_rows,
     "All sites: zones, boards, cap, what electricity costs and emits now."},
    {"show", "SITE", 1, 1, site_show, no_rows, "Everything about one site, as JSON."},
    {"set", "SITE", 1, 1, site_set, set_rows,
     "Says where it is, what it may draw, what its electricity costs and emits, what weather is to come."},
    {0},
};

int cmd_site(int argc, char **argv)
{
    struct values v = {
        .cap_w = UNSET, .utc_offset_min = UNSET, .link = UNSET, .latency = UNSET, .disk = UNSET};
    return verbs_run("site", site_verbs, &v, argc, argv);
}
