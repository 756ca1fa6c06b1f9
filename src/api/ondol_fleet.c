// SPDX-License-Identifier: Apache-2.0
//
// Heaters and boards, and what the pages of the fleet share. A heater has no record of its own: it is what
// its boards say.
#include "api/ondol_fleet.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_in.h"
#include "base/map.h"
#include "base/mem.h"

// ---- pages

bool fleet_page_open(struct call *c, struct fleet_page *p)
{
    *p = (struct fleet_page){.o = {.b = &c->out}, .limit = FLEET_PAGE};
    if (!call_query_int(c, "limit", 1, FLEET_PAGE, &p->limit) ||
        !call_query_int(c, "offset", 0, INT32_MAX, &p->offset))
        return false;
    out_object(&p->o, NULL);
    out_array(&p->o, "data");
    return true;
}

bool fleet_page_row(struct fleet_page *p)
{
    int64_t at = p->total++;
    return at >= p->offset && at < p->offset + p->limit;
}

void fleet_page_close(struct fleet_page *p)
{
    out_end_array(&p->o);
    out_int(&p->o, "offset", p->offset);
    out_int(&p->o, "limit", p->limit);
    out_int(&p->o, "total", p->total);
    out_end_object(&p->o);
}

bool fleet_wanted(const struct call *c, const char *site, const char *zone)
{
    const char *in_site = call_query(c, "site"), *in_zone = call_query(c, "zone");
    return (!in_site || !strcmp(in_site, site)) && (!in_zone || !strcmp(in_zone, zone));
}

void out_celsius(struct json_out *o, const char *key, int32_t mc)
{
    if (mc == INT32_MIN)
        out_null(o, key);
    else
        out_fixed(o, key, mc, 3);
}

void out_when(struct json_out *o, const char *key, int64_t ms)
{
    if (ms > 0)
        out_date(o, key, ms);
    else
        out_null(o, key);
}

static void submitted(struct call *c)
{
    if (c->reply->code != 200)
        call_reply_error(c, c->reply);
    else
        call_next(c, RUN_ENGINE, c->state_stage);
}

void fleet_submit(struct call *c, struct submission *s, stage_fn *shown)
{
    c->state_stage = shown;
    call_submit(c, s, submitted);
}

// ---- boards

static void energy(struct json_out *o, const struct board_view *v)
{
    int64_t known = 0;
    out_object(o, "energy");
    out_int(o, "total_mj", v->total_mj);
    out_object(o, "by_activity");
    for (int i = 0; i < ACTIVITY_UNATTRIBUTED; i++) {
        known += v->energy_mj[i];
        out_object(o, activity_name(i));
        out_int(o, "energy_mj", v->energy_mj[i]);
        out_int(o, "ms", v->ms[i]);
        out_end_object(o);
    }
    out_object(o, activity_name(ACTIVITY_UNATTRIBUTED));
    out_int(o, "energy_mj", v->total_mj - known);
    out_end_object(o);
    out_end_object(o);
    out_end_object(o);
}

static void board(struct json_out *o, const struct board_view *v)
{
    out_object(o, NULL);
    out_string(o, "name", v->name);
    out_string(o, "heater", v->heater);
    out_string(o, "zone", v->zone);
    out_string(o, "site", v->site);
    out_string(o, "node", v->node);
    out_bool(o, "online", v->online);
    out_bool(o, "barred", v->barred);
    out_string(o, "barred_why", v->barred ? v->barred_why : NULL);
    out_int(o, "start_failures", v->start_failures);
    out_when(o, "rests_until", v->rests_until.v);
    out_string(o, "run", activity_name(v->run));
    out_fixed(o, "draw_w", v->draw_mw, 3);
    out_int(o, "freq_mhz", v->freq_mhz);
    out_fixed(o, "duty", v->duty_permille, 3);
    out_string(o, "task", v->task_uuid[0] ? v->task_uuid : NULL);
    if (v->task_uuid[0])
        out_int(o, "instance", v->instance);
    else
        out_null(o, "instance");
    out_string(o, "set_aside", v->aside_uuid[0] ? v->aside_uuid : NULL);
    out_object(o, "spec");
    out_string(o, "key", v->spec->key);
    out_string(o, "cpu_model", v->spec->cpu_model);
    out_int(o, "cores", v->spec->cores);
    out_int(o, "memory_mb", v->spec->memory_mb);
    out_bool(o, "gpu", v->spec->gpu);
    out_bool(o, "ssd", v->spec->ssd);
    out_end_object(o);
    energy(o, v);
    out_end_object(o);
}

void fleet_boards(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    const char *heater = call_query(c, "heater");
    for (size_t i = 0, n = server_boards(c->engine); i < n; i++) {
        struct board_view v;
        server_board(c->engine, i, &v);
        if (fleet_wanted(c, v.site, v.zone) && (!heater || !strcmp(heater, v.heater)) && fleet_page_row(&p))
            board(&p.o, &v);
    }
    fleet_page_close(&p);
}

void fleet_board(struct call *c)
{
    size_t i;
    if (!server_find_board(c->engine, c->param[0], &i)) {
        call_fail(c, 404, "No such board: %s", c->param[0]);
        return;
    }
    struct board_view v;
    struct json_out o = {.b = &c->out};
    server_board(c->engine, i, &v);
    board(&o, &v);
}

static void bar(struct call *c, bool barred)
{
    const char *why = barred ? "barred by an operator" : "";
    struct err e = ERR_NULL;
    if (!call_json(c))
        return;
    if (json_is_object(c->in) && !in_string(c->in, "why", 95, &why, &e)) {
        call_fail(c, 400, "%s", e.text);
        return;
    }
    struct submission *s = call_submission(c, EVENT_BOARD_BAR);
    s->event.bar.board = arena_strdup(&s->arena, c->param[0]);
    s->event.bar.barred = barred;
    s->event.bar.why = arena_strdup(&s->arena, why);
    fleet_submit(c, s, fleet_board);
}

void fleet_board_bar(struct call *c)
{
    bar(c, true);
}

void fleet_board_clear(struct call *c)
{
    bar(c, false);
}

// ---- heaters: boards of one name, in the order of the first

struct heater {
    struct board_view first;
    int64_t n, online, barred, draw_mw, total_mj;
};

static void heater(struct json_out *o, const struct heater *h)
{
    out_object(o, NULL);
    out_string(o, "name", h->first.heater);
    out_string(o, "zone", h->first.zone);
    out_string(o, "site", h->first.site);
    out_string(o, "node", h->first.node);
    out_int(o, "boards", h->n);
    out_int(o, "boards_online", h->online);
    out_int(o, "boards_barred", h->barred);
    out_fixed(o, "draw_w", h->draw_mw, 3);
    out_int(o, "energy_mj", h->total_mj);
    out_end_object(o);
}

static struct heater *group(const struct call *c, size_t *n_out)
{
    struct strmap index = STRMAP_NULL;
    struct heater *all = NULL;
    size_t n = 0, cap = 0;
    for (size_t i = 0, boards = server_boards(c->engine); i < boards; i++) {
        struct board_view v;
        uint64_t at;
        server_board(c->engine, i, &v);
        if (!strmap_get(&index, v.heater, &at)) {
            at = n;
            VEC_PUSH(all, n, cap)->first = v;
            strmap_set(&index, v.heater, at);
        }
        all[at].n++;
        all[at].online += v.online;
        all[at].barred += v.barred;
        all[at].draw_mw += v.draw_mw;
        all[at].total_mj += v.total_mj;
    }
    strmap_deinit(&index);
    *n_out = n;
    return all;
}

void fleet_heaters(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    size_t n;
    struct heater *all = group(c, &n);
    for (size_t i = 0; i < n; i++)
        if (fleet_wanted(c, all[i].first.site, all[i].first.zone) && fleet_page_row(&p))
            heater(&p.o, &all[i]);
    fleet_page_close(&p);
    free(all);
}

void fleet_heater(struct call *c)
{
    size_t n;
    struct heater *all = group(c, &n);
    struct json_out o = {.b = &c->out};
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        found = !strcmp(all[i].first.heater, c->param[0]);
        if (found)
            heater(&o, &all[i]);
    }
    if (!found)
        call_fail(c, 404, "No such heater: %s", c->param[0]);
    free(all);
}

void fleet_heater_clear_lid(struct call *c)
{
    struct submission *s = call_submission(c, EVENT_LID_CLEAR);
    s->event.lid.heater = arena_strdup(&s->arena, c->param[0]);
    s->event.lid.by = arena_strdup(&s->arena, c->account.email);
    fleet_submit(c, s, fleet_heater);
}
