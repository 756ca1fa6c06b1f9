// SPDX-License-Identifier: Apache-2.0
//
// Reservations, for operators: so many boards or cores of a kind for a user or an organisation, from then to
// then. Their owners see them in /info and /quotas.
//
//   GET  POST        /ondol/v1/reservations         {user or organisation, name, machine_key, boards, cores,
//   from, to} GET  PUT  DELETE /ondol/v1/reservations/{uuid}  {from, to}
#include <errno.h>
#include <string.h>

#include "api/handlers.h"
#include "api/ondol_fleet.h"
#include "api/people.h"

struct reservation_call {
    struct people_state row;
    const char *user;
    struct submission *s;
};

static void reservation(struct json_out *o, const struct call *c, const struct reservation_view *v)
{
    struct organisation_view org;
    struct account_info who;
    server_organisation(c->engine, v->organisation, &org);
    out_object(o, NULL);
    out_string(o, "uuid", v->uuid);
    out_string(o, "name", v->name);
    out_string(o, "organisation", org.slug);
    out_string(o, "user", v->account && people_find(c->engine, v->account, &who) ? who.email : NULL);
    out_string(o, "machine_key", v->machine_key);
    out_int(o, "boards", v->quota.instances);
    out_int(o, "cores", v->quota.cores);
    out_int(o, "running_boards", v->quota.held);
    out_int(o, "running_cores", v->quota.held_cores);
    out_date(o, "from", v->from_ms);
    out_date(o, "to", v->to_ms);
    out_string(o, "state",
               v->removed              ? "removed"
               : c->now.v < v->from_ms ? "coming"
               : c->now.v < v->to_ms   ? "open"
                                       : "over");
    out_end_object(o);
}

static void shown(struct call *c)
{
    const struct reservation_call *k = c->state;
    struct json_out o = {.b = &c->out};
    for (size_t i = 0, n = server_reservations(c->engine); i < n; i++) {
        struct reservation_view v;
        server_reservation(c->engine, i, &v);
        if (v.id == k->row.id)
            reservation(&o, c, &v);
    }
}

void reservation_list(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_reservations(c->engine); i < n; i++) {
        struct reservation_view v;
        if (!fleet_page_row(&p))
            continue;
        server_reservation(c->engine, i, &v);
        reservation(&p.o, c, &v);
    }
    fleet_page_close(&p);
}

void reservation_get(struct call *c)
{
    struct json_out o = {.b = &c->out};
    for (size_t i = 0, n = server_reservations(c->engine); i < n; i++) {
        struct reservation_view v;
        server_reservation(c->engine, i, &v);
        if (strcasecmp(v.uuid, c->param[0]) == 0) {
            reservation(&o, c, &v);
            return;
        }
    }
    call_fail(c, 404, "No such reservation: %s", c->param[0]);
}

static bool read_new(struct call *c, struct reservation_call *k, struct event *ev, struct arena *a,
                     struct err *e)
{
    const char *organisation = NULL, *name = NULL, *key = NULL;
    int64_t boards = 0, cores = 0;
    if (!in_string(c->in, "user", PEOPLE_EMAIL_CHARS, &k->user, e) ||
        !in_slug(c->in, "organisation", &organisation, e) ||
        !in_string(c->in, "name", PEOPLE_NAME_CHARS, &name, e) ||
        !in_string(c->in, "machine_key", SPEC_KEY_BYTES - 1, &key, e) ||
        !in_int(c->in, "boards", 1, INT32_MAX, &boards, e) ||
        !in_int(c->in, "cores", 1, INT32_MAX, &cores, e))
        return false;
    const char *bad = !k->user == !organisation ? "user: give either user or organisation"
                      : !name || !*name         ? "name: is required"
                      : !key || !*key           ? "machine_key: is required (see GET /hardware-constraints)"
                      : !boards && !cores       ? "boards: give boards or cores"
                      : !ev->reservation.has_to ? "to: is required"
                                                : NULL;
    if (bad)
        return err_set(e, -EINVAL, "%s", bad), false;
    ev->reservation.organisation = arena_strdup(a, organisation);
    ev->reservation.name = arena_strdup(a, name);
    ev->reservation.machine_key = arena_strdup(a, key);
    ev->reservation.boards = (int32_t)boards;
    ev->reservation.cores = (int32_t)cores;
    return true;
}

static bool read_times(struct call *c, struct event *ev, struct err *e)
{
    return in_when(c->in, "from", &ev->reservation.from_ms, &ev->reservation.has_from, e) &&
           in_when(c->in, "to", &ev->reservation.to_ms, &ev->reservation.has_to, e);
}

// Everything is read again where the user can be found: a submission cannot wait.
static void submit(struct call *c)
{
    struct reservation_call *k = c->state;
    struct err e = ERR_NULL;
    struct account_info who;
    size_t i;
    struct submission *s = call_submission(c, EVENT_RESERVATION_PUT);
    if (!read_times(c, &s->event, &e) || !read_new(c, k, &s->event, &s->arena, &e)) {
        call_drop(s);
        call_fail(c, 400, "%s", e.text);
        return;
    }
    if (k->user && !server_find_account(c->engine, k->user, &i)) {
        call_drop(s);
        call_fail(c, 404, "No such user: %s", k->user);
        return;
    }
    if (k->user) {
        server_account(c->engine, i, &who);
        s->event.reservation.account = who.id;
    }
    c->be->entropy(c->be->ctx, s->event.reservation.uuid, 16);
    people_submit(c, s, shown);
}

void reservation_create(struct call *c)
{
    c->state = arena_alloc(&c->arena, sizeof(struct reservation_call));
    if (call_object(c))
        call_next(c, RUN_ENGINE, submit);
}

static void put(struct call *c, bool remove)
{
    struct err e = ERR_NULL;
    c->state = arena_alloc(&c->arena, sizeof(struct reservation_call));
    if (!remove && !call_object(c))
        return;
    struct submission *s = call_submission(c, EVENT_RESERVATION_PUT);
    if (!remove && !read_times(c, &s->event, &e)) {
        call_drop(s);
        call_fail(c, 400, "%s", e.text);
        return;
    }
    s->event.reservation.reservation = arena_strdup(&s->arena, c->param[0]);
    s->event.reservation.remove = remove;
    people_submit(c, s, shown);
}

void reservation_put(struct call *c)
{
    put(c, false);
}

void reservation_delete(struct call *c)
{
    put(c, true);
}
