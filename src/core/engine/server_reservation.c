// SPDX-License-Identifier: Apache-2.0
//
// Reservations: so many boards (or cores) of a kind, for a user or an organisation, from then to then. A task
// of class reserved runs under one of its owner's, in its time and within its size. The class is paid best
// and takes boards from every other, so that nothing need stand idle for it; what is promised is that
// reservations of one time never ask for more boards of a kind than there are.
//
// What still waits or runs when the time is over is cancelled: going on in a dearer class was not asked for.
#include "base/mem.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <string.h>
#include <strings.h>

static void row_write(struct server *s, const struct reservation *r, struct effects *fx)
{
    struct change *c = fx_change(fx, CHANGE_RESERVATION);
    c->reservation = (struct row_reservation){.id = r->id,
                                              .organisation = s->organisation[r->organisation].id,
                                              .account = r->account != NONE ? s->account[r->account].id : 0,
                                              .name = arena_strdup(&fx->arena, r->name),
                                              .machine_key = arena_strdup(&fx->arena, r->machine_key),
                                              .boards = r->quota.instances,
                                              .cores = r->quota.cores,
                                              .from_ms = r->from_ms,
                                              .to_ms = r->to_ms,
                                              .created_ms = r->created_ms,
                                              .removed = r->removed};
    uuid_format(c->reservation.uuid, r->uuid);
}

bool reservation_open(const struct server *s, uint32_t at)
{
    const struct reservation *r = &s->reservation[at];
    return !r->removed && r->from_ms <= s->now.v && s->now.v < r->to_ms;
}

void reservation_timers(struct server *s, uint32_t at)
{
    const struct reservation *r = &s->reservation[at];
    if (r->removed)
        return;
    timer_add(s, TIMER_RESERVATION, r->id, HOUSE_MS(r->from_ms));
    timer_add(s, TIMER_RESERVATION, r->id, HOUSE_MS(r->to_ms));
}

static void stop_all(struct server *s, uint32_t at, struct effects *fx)
{
    char *why = arena_printf(&fx->arena, "its reservation %s is over", s->reservation[at].name);
    for (uint32_t slot = 0; slot < s->n_tasks; slot++) {
        struct task *t = &s->task[slot];
        if (t->id && t->reservation == at && !t->aborting && !t->deleting && !task_ended(t))
            task_or_pool_stop(s, slot, "ONDOL-RESERVATION-OVER", why, fx);
    }
}

void server_reservation_timer(struct server *s, uint64_t id, struct effects *fx)
{
    for (uint32_t i = 0; i < s->n_reservations; i++) {
        const struct reservation *r = &s->reservation[i];
        if (r->id != id || r->removed)
            continue;
        s->quota_moved = true;
        if (r->to_ms <= s->now.v)
            stop_all(s, i, fx);
    }
}

// ---- how many boards are promised

static bool is_of(const struct board *b, const char *key)
{
    struct constraint c = {0};
    memcpy(c.key, key, strnlen(key, sizeof c.key - 1));
    return constraint_holds(&c, &b->make->spec);
}

// The boards that a reservation can need: so many of the smallest that it may get.
static int64_t boards_of(const struct server *s, const char *key, int32_t boards, int32_t cores)
{
    int32_t least = 0;
    for (size_t i = 0; i < s->n_boards && cores; i++)
        if (is_of(s->board[i], key) && (!least || s->board[i]->make->spec.cores < least))
            least = s->board[i]->make->spec.cores;
    if (!cores)
        return boards;
    int64_t by_cores = least > 0 ? (cores + least - 1) / least : cores;
    return boards && boards < by_cores ? boards : by_cores;
}

static bool share_a_board(const struct server *s, const char *a, const char *b)
{
    for (size_t i = 0; i < s->n_boards; i++)
        if (is_of(s->board[i], a) && is_of(s->board[i], b))
            return true;
    return false;
}

// Boards of that kind that nobody has reserved in all of that time; `but` is left out of the count.
static int64_t boards_free(const struct server *s, const char *key, int64_t from_ms, int64_t to_ms,
                           uint64_t but)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n_boards; i++)
        n += is_of(s->board[i], key);
    for (size_t i = 0; i < s->n_reservations; i++) {
        const struct reservation *r = &s->reservation[i];
        if (r->removed || r->id == but || r->to_ms <= from_ms || r->from_ms >= to_ms ||
            !share_a_board(s, key, r->machine_key))
            continue;
        n -= boards_of(s, r->machine_key, r->quota.instances, r->quota.cores);
    }
    return n;
}

static const char *overbooked(const struct server *s, const struct reservation *r, struct effects *fx)
{
    int64_t want = boards_of(s, r->machine_key, r->quota.instances, r->quota.cores);
    int64_t have = boards_free(s, r->machine_key, r->from_ms, r->to_ms, r->id);
    if (want <= have)
        return NULL;
    return arena_printf(&fx->arena,
                        "boards: %lld of kind %s are not reserved in that time, %lld are asked for",
                        (long long)(have > 0 ? have : 0), r->machine_key, (long long)want);
}

// ---- made and changed

static uint32_t find(const struct server *s, const char *text)
{
    uint8_t uuid[16];
    bool by_uuid = uuid_parse(text, uuid);
    for (uint32_t i = 0; by_uuid && i < s->n_reservations; i++)
        if (!memcmp(s->reservation[i].uuid, uuid, 16))
            return i;
    return NONE;
}

static bool name_taken(const struct server *s, uint32_t organisation, const char *name)
{
    for (size_t i = 0; i < s->n_reservations; i++) {
        const struct reservation *r = &s->reservation[i];
        if (!r->removed && r->organisation == organisation && r->to_ms > s->now.v && !strcmp(r->name, name))
            return true;
    }
    return false;
}

// Who it is for. False: refused, and answered.
static bool owner(struct server *s, const struct event *ev, struct effects *fx, uint32_t *organisation,
                  uint32_t *account)
{
    uint64_t at;
    *account = NONE;
    if (ev->reservation.account) {
        if (!idmap_get(&s->account_by_id, ev->reservation.account, &at) ||
            s->account[at].organisation == NONE) {
            fx_reply(fx, ev->token, 404, "No such user");
            return false;
        }
        *account = (uint32_t)at;
        *organisation = s->account[at].organisation;
        return true;
    }
    if (ev->reservation.organisation && find_organisation(s, ev->reservation.organisation, organisation))
        return true;
    fx_reply(fx, ev->token, 404,
             arena_printf(&fx->arena, "No such organisation: %s",
                          ev->reservation.organisation ? ev->reservation.organisation : "(none is named)"));
    return false;
}

static void make(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t organisation, account;
    char text[UUID_TEXT_BYTES];
    if (!owner(s, ev, fx, &organisation, &account))
        return;
    if (name_taken(s, organisation, ev->reservation.name)) {
        fx_reply(fx, ev->token, 409, "name: another reservation of this organisation has it");
        return;
    }
    struct reservation r = {.organisation = organisation,
                            .account = account,
                            .machine_key = (char *)(uintptr_t)ev->reservation.machine_key,
                            .from_ms = ev->reservation.has_from ? ev->reservation.from_ms : s->now.v,
                            .to_ms = ev->reservation.to_ms,
                            .quota = {.instances = ev->reservation.boards, .cores = ev->reservation.cores}};
    if (r.to_ms <= r.from_ms || r.to_ms <= s->now.v) {
        fx_reply(fx, ev->token, 400, "to: must be in the future and after from");
        return;
    }
    const char *why = overbooked(s, &r, fx);
    if (why) {
        fx_reply(fx, ev->token, 409, why);
        return;
    }
    r.id = server_new_id(s);
    r.created_ms = s->now.v;
    r.name = mem_strdup(ev->reservation.name);
    r.machine_key = mem_strdup(ev->reservation.machine_key);
    uuid_format(text, ev->reservation.uuid);
    uuid_parse(text, r.uuid);
    struct reservation *at = VEC_PUSH(s->reservation, s->n_reservations, s->cap_reservations);
    *at = r;
    reservation_timers(s, (uint32_t)(s->n_reservations - 1));
    row_write(s, at, fx);
    fx_reply(fx, ev->token, 200, NULL)->id = r.id;
}

void server_reservation_put(struct server *s, const struct event *ev, struct effects *fx)
{
    if (!ev->reservation.reservation) {
        make(s, ev, fx);
        return;
    }
    uint32_t at = find(s, ev->reservation.reservation);
    if (at == NONE || s->reservation[at].removed) {
        fx_reply(fx, ev->token, 404,
                 arena_printf(&fx->arena, "No such reservation: %s", ev->reservation.reservation));
        return;
    }
    struct reservation *r = &s->reservation[at], wish = *r;
    wish.from_ms = ev->reservation.has_from ? ev->reservation.from_ms : r->from_ms;
    wish.to_ms = ev->reservation.has_to ? ev->reservation.to_ms : r->to_ms;
    if (!ev->reservation.remove && (wish.to_ms <= wish.from_ms || wish.to_ms <= s->now.v)) {
        fx_reply(fx, ev->token, 400, "to: must be in the future and after from");
        return;
    }
    const char *why = ev->reservation.remove ? NULL : overbooked(s, &wish, fx);
    if (why) {
        fx_reply(fx, ev->token, 409, why);
        return;
    }
    r->from_ms = wish.from_ms;
    r->to_ms = wish.to_ms;
    r->removed = ev->reservation.remove;
    s->quota_moved = true;
    if (r->removed)
        stop_all(s, at, fx);
    reservation_timers(s, at);
    row_write(s, r, fx);
    fx_reply(fx, ev->token, 200, NULL)->id = r->id;
}

// ---- which one a task means

// Rather one that is open, then the one that opens first.
static bool better(const struct server *s, uint32_t a, uint32_t b)
{
    if (b == NONE || reservation_open(s, a) != reservation_open(s, b))
        return b == NONE || reservation_open(s, a);
    return s->reservation[a].from_ms < s->reservation[b].from_ms;
}

bool reservation_meant(struct server *s, uint32_t account, const struct task_draft *d, uint32_t *at,
                       struct arena *a, const char **why)
{
    *at = NONE;
    for (uint32_t i = 0; i < s->n_reservations; i++) {
        const struct reservation *r = &s->reservation[i];
        bool is_mine = r->organisation == s->account[account].organisation &&
                       (r->account == NONE || r->account == account);
        if (!is_mine || r->removed || r->to_ms <= s->now.v ||
            (d->machine_key && strcasecmp(d->machine_key, r->machine_key) != 0) ||
            (d->reservation && strcasecmp(d->reservation, r->name) != 0))
            continue;
        if (better(s, i, *at))
            *at = i;
    }
    if (*at == NONE)
        *why = arena_printf(a, "schedulingType: this account has no reservation%s%s%s%s",
                            d->machine_key ? " of machine " : "", d->machine_key ? d->machine_key : "",
                            d->reservation ? " named " : "", d->reservation ? d->reservation : "");
    return *at != NONE;
}

size_t server_reservations(const struct server *s)
{
    return s->n_reservations;
}

void server_reservation(const struct server *s, size_t i, struct reservation_view *v)
{
    const struct reservation *r = &s->reservation[i];
    *v = (struct reservation_view){.id = r->id,
                                   .account = r->account != NONE ? s->account[r->account].id : 0,
                                   .name = r->name,
                                   .machine_key = r->machine_key,
                                   .organisation = r->organisation,
                                   .from_ms = r->from_ms,
                                   .to_ms = r->to_ms,
                                   .removed = r->removed};
    uuid_format(v->uuid, r->uuid);
    quota_view_of(&r->quota, &v->quota);
}
