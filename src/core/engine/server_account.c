// SPDX-License-Identifier: Apache-2.0
//
// Accounts: found by e-mail, so that starting a server twice with the same one makes one account.
#include "base/mem.h"
#include "core/engine/server_state.h"

#include <stdlib.h>

static void replace(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value ? value : "");
}

void server_account_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at;
    if (ev->account.id && !idmap_get(&s->account_by_id, ev->account.id, &at)) {
        fx_reply(fx, ev->token, 404, "No such account");
        return;
    }
    if (ev->account.id) { // by its id: the e-mail may be a new one, if it is nobody else's
        uint64_t other;
        if (strmap_get(&s->account_by_email, ev->account.email, &other) && other != at) {
            fx_reply(fx, ev->token, 409, "email: another account has it");
            return;
        }
        strmap_remove(&s->account_by_email, s->account[at].email);
        strmap_set(&s->account_by_email, ev->account.email, at);
    } else if (!strmap_get(&s->account_by_email, ev->account.email, &at)) {
        struct account *a = VEC_PUSH(s->account, s->n_accounts, s->cap_accounts);
        at = s->n_accounts - 1;
        *a = (struct account){.id = server_new_id(s), .created_ms = s->now.v};
        idmap_set(&s->account_by_id, a->id, at);
        strmap_set(&s->account_by_email, ev->account.email, at);
    }
    struct account *a = &s->account[at];
    replace(&a->email, ev->account.email);
    replace(&a->name, ev->account.name);
    replace(&a->token_hash, ev->account.token_hash);
    a->max_tasks = ev->account.max_tasks;
    a->research = ev->account.research;
    struct change *c = fx_change(fx, CHANGE_ACCOUNT);
    c->account = (struct row_account){.id = a->id, .email = arena_strdup(&fx->arena, a->email),
                                      .name = arena_strdup(&fx->arena, a->name),
                                      .token_hash = arena_strdup(&fx->arena, a->token_hash), .created_ms = a->created_ms,
                                      .max_tasks = a->max_tasks, .max_instances_per_task = s->cfg.instances_per_task,
                                      .research = a->research};
    fx_reply(fx, ev->token, 200, NULL)->id = a->id;
}
