// SPDX-License-Identifier: Apache-2.0
//
// Zones: how warm it is, what is wanted, and why it is as it is.
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "api/json_in.h"
#include "api/ondol_fleet.h"
#include "core/heat/schedule.h"

#define SETPOINT_MIN_MC 7000
#define SETPOINT_MAX_MC 26000
#define BOOST_MAX_MIN   1440

static void request(struct json_out *o, const struct heat_request *r)
{
    out_object(o, "request");
    out_int(o, "target_w", r->target_w);
    out_int(o, "min_w", r->min_w);
    out_int(o, "max_w", r->max_w);
    out_int(o, "keep_w", r->keep_w);
    out_int(o, "up_j", r->up_j);
    out_int(o, "down_j", r->down_j);
    if (r->t_up_s == INT32_MAX)
        out_null(o, "t_up_s");
    else
        out_int(o, "t_up_s", r->t_up_s);
    if (r->t_down_s == INT32_MAX)
        out_null(o, "t_down_s");
    else
        out_int(o, "t_down_s", r->t_down_s);
    out_when(o, "valid_until", r->valid_until.v);
    out_end_object(o);
}

static void zone(struct json_out *o, const struct zone_view *v)
{
    out_object(o, NULL);
    out_string(o, "name", v->name);
    out_string(o, "label", v->label);
    out_string(o, "site", v->site);
    out_string(o, "node", v->node);
    out_bool(o, "virtual", v->is_virtual);
    out_bool(o, "online", v->online);
    out_string(o, "mode", zone_mode_name(v->mode));
    out_string(o, "guard", zone_guard_name(v->guard));
    out_celsius(o, "setpoint_c", v->setpoint_mc);
    out_celsius(o, "room_c", v->room_mc);
    out_celsius(o, "shadow_c", v->is_virtual ? v->shadow_mc : INT32_MIN);
    out_int(o, "draw_w", v->draw_w);
    out_int(o, "missing_w", v->missing_w);
    out_int(o, "nameplate_w", v->nameplate_w);
    out_when(o, "at", v->at.v);
    out_when(o, "boost_until", v->boost_until.v);
    out_string(o, "schedule", v->schedule ? v->schedule : "");
    out_string(o, "why", v->why ? v->why : "");
    request(o, &v->request);
    out_object(o, "energy");
    out_int(o, "asked_mj", v->asked_mj);
    out_int(o, "delivered_mj", v->delivered_mj);
    out_int(o, "useful_mj", v->useful_mj);
    out_int(o, "shadow_mj", v->shadow_mj);
    out_end_object(o);
    out_end_object(o);
}

static bool find(struct call *c, struct zone_view *v)
{
    size_t i;
    if (!server_find_zone(c->engine, c->param[0], &i)) {
        call_fail(c, 404, "No such zone: %s", c->param[0]);
        return false;
    }
    server_zone(c->engine, i, v);
    return true;
}

void zone_list(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_zones(c->engine); i < n; i++) {
        struct zone_view v;
        server_zone(c->engine, i, &v);
        if (fleet_wanted(c, v.site, v.name) && fleet_page_row(&p))
            zone(&p.o, &v);
    }
    fleet_page_close(&p);
}

void zone_get(struct call *c)
{
    struct zone_view v;
    struct json_out o = {.b = &c->out};
    if (find(c, &v))
        zone(&o, &v);
}

void zone_setpoint_get(struct call *c)
{
    struct zone_view v;
    if (!find(c, &v))
        return;
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_string(&o, "zone", v.name);
    out_celsius(&o, "setpoint_c", v.setpoint_mc);
    out_string(&o, "mode", zone_mode_name(v.mode));
    out_when(&o, "boost_until", v.boost_until.v);
    out_end_object(&o);
}

static bool read_setpoint(struct call *c, struct event *ev, struct err *e)
{
    static const char *const modes[] = {"off", "frost", "eco", "comfort"};
    const json_t *celsius = in_get(c->in, "setpoint_c");
    if (celsius) {
        double v = json_number_value(celsius) * 1000;
        if (!json_is_number(celsius) || !(v >= SETPOINT_MIN_MC && v <= SETPOINT_MAX_MC))
            return err_set(e, -1, "setpoint_c: must be a number from 7 to 26"), false;
        ev->zone.has_setpoint = true;
        ev->zone.setpoint_mc = (int32_t)(v + 0.5);
    }
    int mode = -1;
    int64_t boost_min = -1;
    if (!in_enum(c->in, "mode", modes, 4, &mode, e) ||
        !in_int(c->in, "boost_min", 0, BOOST_MAX_MIN, &boost_min, e))
        return false;
    ev->zone.has_mode = mode >= 0;
    ev->zone.mode = (uint8_t)(mode >= 0 ? mode : 0);
    ev->zone.has_boost = boost_min >= 0;
    ev->zone.boost_ms = boost_min >= 0 ? boost_min * 60000 : 0;
    if (!celsius && mode < 0 && boost_min < 0)
        return err_set(e, -1, "Nothing to change: give setpoint_c, mode or boost_min"), false;
    return true;
}

_Static_assert(ZONE_OFF == 0 && ZONE_FROST == 1 && ZONE_ECO == 2 && ZONE_COMFORT == 3,
               "in the order of the words above");

void zone_setpoint_put(struct call *c)
{
    if (!call_object(c))
        return;
    struct event ev = {0};
    struct err e = ERR_NULL;
    if (!read_setpoint(c, &ev, &e)) {
        call_fail(c, 400, "%s", e.text);
        return;
    }
    struct submission *s = call_submission(c, EVENT_ZONE_SET);
    s->event.zone = ev.zone;
    s->event.zone.zone = arena_strdup(&s->arena, c->param[0]);
    fleet_submit(c, s, zone_setpoint_get);
}

void zone_schedule_get(struct call *c)
{
    struct zone_view v;
    if (!find(c, &v))
        return;
    c->type = "text/plain; charset=utf-8";
    buf_puts(&c->out, v.schedule ? v.schedule : "");
}

// The text itself, or {"schedule": "text"}. What is stored is the normal form.
void zone_schedule_put(struct call *c)
{
    const char *text = c->body ? c->body : "";
    if (text[strspn(text, " \t\r\n")] == '{') {
        if (!call_object(c))
            return;
        text = json_string_value(in_get(c->in, "schedule"));
    }
    struct schedule week;
    struct err e = ERR_NULL;
    if (!text || strlen(text) > SCHEDULE_TEXT_MAX) {
        call_fail(c, 400, "schedule: must be a text of at most %d bytes", SCHEDULE_TEXT_MAX);
        return;
    }
    if (schedule_parse(text, &week, &e)) {
        call_fail(c, 400, "%s", e.text);
        return;
    }
    struct buf normal = BUF_INIT(4 * SCHEDULE_TEXT_MAX);
    schedule_format(&week, &normal);
    struct submission *s = call_submission(c, EVENT_ZONE_SET);
    s->event.zone.zone = arena_strdup(&s->arena, c->param[0]);
    s->event.zone.has_schedule = true;
    s->event.zone.schedule = arena_strdup(&s->arena, buf_str(&normal));
    buf_deinit(&normal);
    fleet_submit(c, s, zone_schedule_get);
}

void zone_why(struct call *c)
{
    struct buf text = BUF_INIT(4096);
    if (!server_why_zone(c->engine, c->param[0], c->now, &text)) {
        call_fail(c, 404, "No such zone: %s", c->param[0]);
    } else {
        struct json_out o = {.b = &c->out};
        out_object(&o, NULL);
        out_string(&o, "zone", c->param[0]);
        out_string(&o, "why", buf_str(&text));
        out_end_object(&o);
    }
    buf_deinit(&text);
}
