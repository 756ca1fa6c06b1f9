// SPDX-License-Identifier: Apache-2.0
//
// Accounts: found by e-mail, so that starting a server twice with the same one makes one account. What an
// event does not name stays as it is.
#include "base/mem.h"
#include "core/engine/server_state.h"

#include <stdlib.h>

static void replace(char **field, const char *value)
{
    if (!value)
        return;
    free(*field);
    *field = mem_strdup(value);
}

static void rename_account(struct server *s, uint64_t at, const char *email)
{
    strmap_remove(&s->account_by_email, s->account[at].email);
    strmap_set(&s->account_by_email, email, at);
    replace(&s->account[at].email, email);
}

static uint64_t new_account(struct server *s, const struct event *ev)
{
    struct account *a = VEC_PUSH(s->account, s->n_accounts, s->cap_accounts);
    uint64_t at = s->n_accounts - 1;
    *a = (struct account){
        .id = server_new_id(s), .created_ms = s->now.v, .email = mem_strdup(ev->account.email)};
    replace(&a->name, ev->account.name ? ev->account.name : ev->account.email);
    idmap_set(&s->account_by_id, a->id, at);
    strmap_set(&s->account_by_email, a->email, at);
    return at;
}

// The account that the event means, made when it is to be. False: refused, and answered.
static bool meant(struct server *s, const struct event *ev, struct effects *fx, uint64_t *at)
{
    uint64_t other;
    const char *email = ev->account.email;
    bool taken = email && strmap_get(&s->account_by_email, email, &other);
    if (!ev->account.id) {
        if (taken && ev->account.only_new) {
            fx_reply(fx, ev->token, 409, "email: another account has it");
            return false;
        }
        if (!taken && (!email || !ev->account.token_hash)) {
            fx_reply(fx, ev->token, 400, "email and token: a new account needs both");
            return false;
        }
        *at = taken ? other : new_account(s, ev);
        return true;
    }
    if (!idmap_get(&s->account_by_id, ev->account.id, at)) {
        fx_reply(fx, ev->token, 404, "No such account");
        return false;
    }
    if (taken && other != *at) {
        fx_reply(fx, ev->token, 409, "email: another account has it");
        return false;
    }
    if (email)
        rename_account(s, *at, email);
    return true;
}

void server_account_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at;
    if (!meant(s, ev, fx, &at))
        return;
    struct account *a = &s->account[at];
    replace(&a->name, ev->account.name);
    replace(&a->token_hash, ev->account.token_hash);
    if (ev->account.has_max_tasks)
        a->max_tasks = ev->account.max_tasks;
    if (ev->account.has_research)
        a->research = ev->account.research;
    struct change *c = fx_change(fx, CHANGE_ACCOUNT);
    c->account = (struct row_account){.id = a->id,
                                      .email = arena_strdup(&fx->arena, a->email),
                                      .name = arena_strdup(&fx->arena, a->name),
                                      .token_hash = arena_strdup(&fx->arena, a->token_hash),
                                      .created_ms = a->created_ms,
                                      .max_tasks = a->max_tasks,
                                      .max_instances_per_task = s->cfg.instances_per_task,
                                      .research = a->research};
    fx_reply(fx, ev->token, 200, NULL)->id = a->id;
}

size_t server_accounts(const struct server *s)
{
    return s->n_accounts;
}

void server_account(const struct server *s, size_t i, struct account_info *v)
{
    const struct account *a = &s->account[i];
    *v = (struct account_info){.id = a->id,
                               .email = a->email,
                               .name = a->name,
                               .created_ms = a->created_ms,
                               .max_tasks = a->max_tasks,
                               .research = a->research,
                               .live_tasks = a->live_tasks};
}

bool server_find_account(const struct server *s, const char *email, size_t *i)
{
    uint64_t at;
    if (!strmap_get(&s->account_by_email, email, &at))
        return false;
    *i = (size_t)at;
    return true;
}
