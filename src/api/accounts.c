// SPDX-License-Identifier: Apache-2.0
//
// Accounts, for operators: who may submit, how much, and whose spare work is donated heat (research). A token
// leaves the server once, in the answer that makes it; only its digest is kept.
//
//   GET  /ondol/v1/accounts
//   POST /ondol/v1/accounts           {email, name, token, max_tasks, research}
//   GET  /ondol/v1/accounts/{email}
//   PUT  /ondol/v1/accounts/{email}   {name, token, new_token, max_tasks, research}
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_in.h"
#include "api/ondol_fleet.h"
#include "api/people.h"

#define EMAIL_CHARS 250
#define NAME_CHARS  127
#define TOKEN_MIN   4
#define TOKEN_CHARS 79
#define TASKS_MAX   100000000

// What the body asked for; in the arena of the call.
struct wish {
    const char *email, *name, *token; // token NULL: stays
    int64_t max_tasks;                // -1: stays
    bool research, has_research, is_new;
};

static void account(struct json_out *o, const struct call *c, const struct account_info *v)
{
    const struct wish *w = c->state;
    out_object(o, NULL);
    out_string(o, "email", v->email);
    out_string(o, "name", v->name);
    out_bool(o, "research", v->research);
    out_bool(o, "operator", c->be->email && !strcmp(v->email, c->be->email));
    out_int(o, "max_tasks", v->max_tasks > 0 ? v->max_tasks : c->be->limits.tasks_per_account);
    out_int(o, "live_tasks", v->live_tasks);
    out_date(o, "created", v->created_ms);
    if (w && w->token)
        out_string(o, "token", w->token);
    out_end_object(o);
}

static void show(struct call *c, const char *email)
{
    size_t i;
    struct account_info v;
    struct json_out o = {.b = &c->out};
    if (!server_find_account(c->engine, email, &i)) {
        call_fail(c, 404, "No such account: %s", email);
        return;
    }
    server_account(c->engine, i, &v);
    account(&o, c, &v);
}

void account_list(struct call *c)
{
    struct fleet_page p;
    if (!fleet_page_open(c, &p))
        return;
    for (size_t i = 0, n = server_accounts(c->engine); i < n; i++) {
        struct account_info v;
        if (!fleet_page_row(&p))
            continue;
        server_account(c->engine, i, &v);
        account(&p.o, c, &v);
    }
    fleet_page_close(&p);
}

void account_get(struct call *c)
{
    show(c, c->param[0]);
}

// ---- making and changing

static void shown(struct call *c)
{
    show(c, ((const struct wish *)c->state)->email);
}

static void submit(struct call *c)
{
    struct wish *w = c->state;
    size_t i;
    struct account_info there;
    bool found = server_find_account(c->engine, w->email, &i);
    if (!w->is_new && !found) {
        call_fail(c, 404, "No such account: %s", w->email);
        return;
    }
    struct submission *s = call_submission(c, EVENT_ACCOUNT_PUT);
    if (!w->is_new) {
        server_account(c->engine, i, &there);
        s->event.account.id = there.id;
    }
    if (w->token) {
        char hex[65];
        c->be->token_hash(c->be->ctx, w->token, hex);
        s->event.account.token_hash = arena_strdup(&s->arena, hex);
    }
    s->event.account.email = w->is_new ? arena_strdup(&s->arena, w->email) : NULL;
    s->event.account.name = arena_strdup(&s->arena, w->name);
    s->event.account.only_new = w->is_new;
    s->event.account.has_max_tasks = w->max_tasks >= 0;
    s->event.account.max_tasks = (int32_t)(w->max_tasks >= 0 ? w->max_tasks : 0);
    s->event.account.has_research = w->has_research;
    s->event.account.research = w->research;
    fleet_submit(c, s, shown);
}

static bool read_wish(struct call *c, struct wish *w, struct err *e)
{
    bool new_token = false;
    w->max_tasks = -1;
    w->has_research = in_get(c->in, "research") != NULL;
    if (!in_string(c->in, "name", NAME_CHARS, &w->name, e) ||
        !in_string(c->in, "token", TOKEN_CHARS, &w->token, e) ||
        !in_bool(c->in, "research", &w->research, e) || !in_bool(c->in, "new_token", &new_token, e) ||
        !in_int(c->in, "max_tasks", 0, TASKS_MAX, &w->max_tasks, e))
        return false;
    if (w->token && strlen(w->token) < TOKEN_MIN)
        return err_set(e, -1, "token: must have from %d to %d characters", TOKEN_MIN, TOKEN_CHARS), false;
    if (w->is_new) {
        if (!in_string(c->in, "email", EMAIL_CHARS, &w->email, e))
            return false;
        if (!w->email || !strchr(w->email, '@') || strpbrk(w->email, "/\"\\ \t\r\n"))
            return err_set(e, -1, "email: must be an address of at most %d characters", EMAIL_CHARS), false;
    } else if (!w->name && !w->token && !new_token && w->max_tasks < 0 && !w->has_research) {
        return err_set(e, -1, "Nothing to change: give name, token, new_token, max_tasks or research"), false;
    }
    if (!w->token && (w->is_new || new_token))
        w->token = people_secret(c, 24);
    return true;
}

static void begin(struct call *c, const char *email)
{
    struct err e = ERR_NULL;
    struct wish *w = arena_alloc(&c->arena, sizeof *w);
    if (!call_object(c))
        return;
    *w = (struct wish){.email = email, .is_new = !email};
    if (!read_wish(c, w, &e)) {
        call_fail(c, 400, "%s", e.text);
        return;
    }
    c->state = w;
    call_next(c, RUN_ENGINE, submit);
}

void account_create(struct call *c)
{
    begin(c, NULL);
}

void account_put(struct call *c)
{
    begin(c, c->param[0]);
}
