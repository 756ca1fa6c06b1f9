// SPDX-License-Identifier: Apache-2.0
//
// A user's tokens: everyone sees, makes and revokes their own, an operator those of ?user=EMAIL. A token
// leaves the server once, in the answer that makes it; its digest is kept for the API, and itself, sealed,
// for the signatures of the buckets.
//
//   GET  POST  /ondol/v1/tokens          {name, expires}
//   DELETE     /ondol/v1/tokens/{id}
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/ondol_fleet.h"
#include "api/people.h"

struct token_call {
    struct people_state row;
    const char *token; // made, and told once
    const char *name;
    int64_t expires_ms;
    uint64_t revoke; // 0: a new one
};

// Whose tokens the call is about; false: failed.
static bool whose(struct call *c, struct account_info *v)
{
    const char *email = call_query(c, "user");
    size_t i;
    if (!email || !*email || !strcmp(email, c->account.email)) {
        if (people_find(c->engine, c->account.id, v))
            return true;
        call_fail(c, 404, "No such user: %s", c->account.email);
        return false;
    }
    if (!c->account.operator|| !server_find_account(c->engine, email, &i)) {
        call_fail(c, 404, "No such user: %s", email); // a customer's own or nobody's
        return false;
    }
    server_account(c->engine, i, v);
    return true;
}

static void token_json(struct json_out *o, const struct token_view *v, house_ms now, const char *secret)
{
    const char *state = v->revoked_ms                             ? "revoked"
                        : v->expires_ms && v->expires_ms <= now.v ? "expired"
                                                                  : "valid";
    out_object(o, NULL);
    out_int(o, "id", (int64_t)v->id);
    out_string(o, "name", v->name);
    out_string(o, "state", state);
    out_date(o, "created", v->created_ms);
    out_when(o, "expires", v->expires_ms);
    out_when(o, "revoked", v->revoked_ms);
    if (secret)
        out_string(o, "token", secret);
    out_end_object(o);
}

void token_list(struct call *c)
{
    struct fleet_page p;
    struct account_info who;
    if (!whose(c, &who) || !fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_tokens(c->engine); i < n; i++) {
        struct token_view v;
        server_token(c->engine, i, &v);
        if (v.account == who.id && fleet_page_row(&p))
            token_json(&p.o, &v, c->now, NULL);
    }
    fleet_page_close(&p);
}

static void shown(struct call *c)
{
    const struct token_call *k = c->state;
    struct json_out o = {.b = &c->out};
    for (size_t i = 0, n = server_tokens(c->engine); i < n; i++) {
        struct token_view v;
        server_token(c->engine, i, &v);
        if (v.id == k->row.id)
            token_json(&o, &v, c->now, k->token);
    }
}

static void submit(struct call *c)
{
    struct token_call *k = c->state;
    struct account_info who;
    if (!whose(c, &who))
        return;
    if (!k->revoke && k->expires_ms && k->expires_ms <= c->now.v) {
        call_fail(c, 400, "expires: must be in the future");
        return;
    }
    struct submission *s = call_submission(c, EVENT_TOKEN_PUT);
    s->event.token_put.account = who.id;
    s->event.token_put.id = k->revoke;
    if (!k->revoke) {
        char *hex = arena_alloc(&s->arena, 65);
        c->be->token_hash(c->be->ctx, k->token, hex);
        s->event.token_put.digest = hex;
        s->event.token_put.name = arena_strdup(&s->arena, k->name);
        s->event.token_put.expires_ms = k->expires_ms;
    }
    people_submit(c, s, shown);
}

void token_create(struct call *c)
{
    struct token_call *k = c->state = arena_alloc(&c->arena, sizeof *k);
    struct err e = ERR_NULL;
    bool has = false;
    if (!call_object(c))
        return;
    if (!in_string(c->in, "name", PEOPLE_NAME_CHARS, &k->name, &e) ||
        !in_when(c->in, "expires", &k->expires_ms, &has, &e) || !k->name || !*k->name) {
        call_fail(c, 400, "%s", *e.text ? e.text : "name: is required");
        return;
    }
    k->token = people_secret(c, 32);
    call_next(c, RUN_ENGINE, submit);
}

void token_delete(struct call *c)
{
    struct token_call *k = c->state = arena_alloc(&c->arena, sizeof *k);
    char *end;
    k->revoke = strtoull(c->param[0], &end, 10);
    if (*end || !k->revoke) {
        call_fail(c, 404, "No such token: %s", c->param[0]);
        return;
    }
    call_next(c, RUN_ENGINE, submit);
}
