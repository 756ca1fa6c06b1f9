// SPDX-License-Identifier: Apache-2.0
//
// The demonstration knows of the building what anyone knows who asks the API.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/demo.h"

static double number(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static const char *text(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

static struct demo_zone *zone_of(struct demo *d, const char *name)
{
    for (size_t i = 0; i < DEMO_ROOMS; i++)
        if (!strcmp(demo_rooms[i].name, name))
            return &d->zone[i];
    return NULL;
}

static double kwh(const json_t *energy, const char *key)
{
    return number(energy, key) / 3.6e9;
}

static void zone(struct demo *d, const json_t *j)
{
    struct demo_zone *z = zone_of(d, text(j, "name"));
    const json_t *energy = json_object_get(j, "energy");
    if (!z)
        return;
    z->online = json_is_true(json_object_get(j, "online"));
    z->room_c = number(j, "room_c");
    z->setpoint_c = number(j, "setpoint_c");
    z->shadow_c = number(j, "shadow_c");
    z->draw_w = z->online ? number(j, "draw_w") : 0;
    z->missing_w = number(j, "missing_w");
    z->nameplate_w = number(j, "nameplate_w");
    z->asked_kwh = kwh(energy, "asked_mj");
    z->delivered_kwh = kwh(energy, "delivered_mj");
    z->useful_kwh = kwh(energy, "useful_mj");
    z->shadow_kwh = kwh(energy, "shadow_mj");
    z->tasks = z->filler = z->burn = 0;
    snprintf(z->mode, sizeof z->mode, "%s", text(j, "mode"));
    snprintf(z->guard, sizeof z->guard, "%s", text(j, "guard"));
    snprintf(z->why, sizeof z->why, "%s", text(j, "why"));
}

static void board(struct demo *d, const json_t *j)
{
    struct demo_zone *z = zone_of(d, text(j, "zone"));
    struct demo_kill *k = &d->kill;
    enum activity run;
    if (!z || !z->online || !activity_parse(text(j, "run"), &run))
        return;
    bool task = text(j, "task")[0] != '\0';
    z->tasks += task;
    z->filler += !task && run == ACTIVITY_FILLER;
    z->burn += !task && run == ACTIVITY_BURN;
    if (k->done && !k->rescued && task && !strcmp(text(j, "task"), k->task) &&
        number(j, "instance") == (double)k->instance &&
        strcmp(text(j, "zone"), demo_rooms[k->room].name) != 0) {
        k->rescued = true;
        snprintf(k->to, sizeof k->to, "%s", text(j, "name"));
    }
}

static void each(struct demo *d, const json_t *list, void (*one)(struct demo *d, const json_t *j))
{
    for (size_t i = 0; i < json_array_size(list); i++)
        one(d, json_array_get(list, i));
}

static int fetch(struct demo *d, const char *path, void (*one)(struct demo *d, const json_t *j),
                 struct err *e)
{
    json_t *got = NULL;
    if (api_json(&d->building.api, "GET", path, NULL, &got, e))
        return -EIO;
    each(d, json_object_get(got, "data"), one);
    json_decref(got);
    return 0;
}

static void task(struct demo *d, const json_t *j)
{
    for (size_t i = 0; i < d->n_tasks; i++) {
        struct demo_task *t = &d->task[i];
        if (strcmp(t->uuid, text(j, "uuid")) != 0)
            continue;
        t->progress = number(j, "progress");
        snprintf(t->state, sizeof t->state, "%s", text(j, "state"));
    }
}

static int fetch_tasks(struct demo *d, const struct api_client *customer, struct err *e)
{
    json_t *got = NULL;
    if (api_json(customer, "GET", "/tasks/summaries", NULL, &got, e))
        return -EIO;
    each(d, got, task);
    json_decref(got);
    return 0;
}

int demo_watch(struct demo *d, struct err *e)
{
    int bad = fetch(d, "/ondol/v1/zones", zone, e);
    if (!bad)
        bad = fetch(d, "/ondol/v1/boards", board, e);
    if (!bad)
        bad = fetch_tasks(d, &d->building.api, e);
    if (!bad)
        bad = fetch_tasks(d, &d->lab, e);
    struct demo_zone *z = &d->zone[d->kill.room];
    if (d->kill.back && z->room_c < d->kill.lowest_c)
        d->kill.lowest_c = z->room_c;
    return bad ? bad : demo_energy(d, e);
}

int demo_energy(struct demo *d, struct err *e)
{
    json_t *got = NULL, *j;
    size_t i;
    if (api_json(&d->building.api, "GET", "/ondol/v1/ledger", NULL, &got, e))
        return -EIO;
    d->energy.total_wh = 0;
    json_array_foreach(json_object_get(got, "by_activity"), i, j)
    {
        enum activity a;
        if (!activity_parse(text(j, "activity"), &a))
            continue;
        d->energy.wh[a] = number(j, "energy_mj") / 3.6e6;
        d->energy.total_wh += d->energy.wh[a];
    }
    json_decref(got);
    return 0;
}
