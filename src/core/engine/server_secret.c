// SPDX-License-Identifier: Apache-2.0
//
// A customer's secrets: the engine knows which there are, so that making one twice and changing one that is
// not there are answered in order; the values pass through it sealed, into the store.
#include "base/map.h"
#include "core/engine/server_state.h"
#include "core/engine/server_user.h"

#include <errno.h>
#include <stdlib.h>

// "ACCOUNT/KEY": no key of one account can be taken for one of another.
static const char *name_of(struct arena *a, uint64_t account, const char *key)
{
    return arena_printf(a, "%llu/%s", (unsigned long long)account, key);
}

static void row(struct server *s, const struct event *ev, struct effects *fx)
{
    bool gone = ev->secret.verb == SECRET_REMOVE;
    struct change *c = fx_change(fx, gone ? CHANGE_SECRET_GONE : CHANGE_SECRET);
    c->secret = (struct row_secret){.account = ev->secret.account,
                                    .key = arena_strdup(&fx->arena, ev->secret.key),
                                    .sealed = gone ? NULL : arena_strdup(&fx->arena, ev->secret.sealed),
                                    .modified_ms = s->now.v};
}

void server_secret(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at;
    const char *name = name_of(&fx->arena, ev->secret.account, ev->secret.key), *key = ev->secret.key;
    if (!idmap_get(&s->account_by_id, ev->secret.account, &at)) {
        fx_reply(fx, ev->token, 404, "No such account");
        return;
    }
    struct account *a = &s->account[at];
    bool is_there = strmap_get(&s->secret, name, NULL);
    int32_t most = s->cfg.secrets_per_account;
    if (ev->secret.verb == SECRET_CREATE && is_there) {
        fx_reply(fx, ev->token, 409, arena_printf(&fx->arena, "Secret %s already exists", key));
        return;
    }
    if (ev->secret.verb != SECRET_CREATE && !is_there) {
        fx_reply(fx, ev->token, 404, arena_printf(&fx->arena, "Secret %s doesn't exist", key));
        return;
    }
    if (ev->secret.verb == SECRET_CREATE && a->n_secrets >= most) {
        fx_reply(fx, ev->token, 403,
                 arena_printf(&fx->arena, "This account has %d secrets, which is its limit", most));
        return;
    }
    if (ev->secret.verb == SECRET_CREATE) {
        strmap_set(&s->secret, name, 1);
        a->n_secrets++;
    } else if (ev->secret.verb == SECRET_REMOVE) {
        strmap_remove(&s->secret, name);
        a->n_secrets--;
    }
    row(s, ev, fx);
    fx_reply(fx, ev->token, ev->secret.verb == SECRET_CREATE ? 201 : 204, NULL);
}

int server_secret_restore(struct server *s, const struct row_secret *row, struct err *e)
{
    uint64_t at;
    struct arena scratch = ARENA_NULL;
    if (!idmap_get(&s->account_by_id, row->account, &at))
        return err_set(e, -EBADMSG, "store: a secret of account %llu, which is not there",
                       (unsigned long long)row->account);
    strmap_set(&s->secret, name_of(&scratch, row->account, row->key), 1);
    s->account[at].n_secrets++;
    arena_deinit(&scratch);
    return 0;
}
