// SPDX-License-Identifier: Apache-2.0
//
// Tokens of users: the engine keeps names and times, and the digest that the server's threads compare with.
// A revoked token stays in the list, so that it can be told when it ended.
#include "base/mem.h"
#include "core/engine/server_state.h"
#include "core/engine/server_user.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 100 // that are valid, of an account

static void row_write(struct server *s, const struct token *t, struct effects *fx)
{
    fx_change(fx, CHANGE_TOKEN)->token_put = (struct row_token){.id = t->id,
                                                                .account = s->account[t->account].id,
                                                                .name = arena_strdup(&fx->arena, t->name),
                                                                .digest = arena_strdup(&fx->arena, t->digest),
                                                                .created_ms = t->created_ms,
                                                                .expires_ms = t->expires_ms,
                                                                .revoked_ms = t->revoked_ms};
}

static bool is_valid(const struct server *s, const struct token *t)
{
    return !t->revoked_ms && (!t->expires_ms || t->expires_ms > s->now.v);
}

static struct token *token_new(struct server *s, uint32_t account, const char *name, const char *digest)
{
    struct token *t = VEC_PUSH(s->api_token, s->n_tokens, s->cap_tokens);
    *t = (struct token){.id = server_new_id(s),
                        .account = account,
                        .name = mem_strdup(name),
                        .digest = mem_strdup(digest),
                        .created_ms = s->now.v};
    return t;
}

bool token_taken(const struct server *s, uint32_t account, const char *digest)
{
    for (size_t i = 0; i < s->n_tokens; i++)
        if (s->api_token[i].account != account && !strcmp(s->api_token[i].digest, digest))
            return true;
    return false;
}

// The token that an account is made with, and that giving it another one replaces.
void token_first(struct server *s, uint32_t account, const char *digest, struct effects *fx)
{
    struct token *t = NULL;
    for (size_t i = 0; i < s->n_tokens && !t; i++)
        if (s->api_token[i].account == account && !strcmp(s->api_token[i].name, "first"))
            t = &s->api_token[i];
    if (!t)
        t = token_new(s, account, "first", digest);
    else if (strcmp(t->digest, digest) != 0)
        t->created_ms = s->now.v;
    text_replace(&t->digest, digest);
    t->expires_ms = t->revoked_ms = 0;
    row_write(s, t, fx);
}

static void add(struct server *s, const struct event *ev, struct effects *fx, uint32_t account)
{
    int valid = 0;
    for (size_t i = 0; i < s->n_tokens; i++) {
        const struct token *t = &s->api_token[i];
        if (t->account != account || !is_valid(s, t))
            continue;
        valid++;
        if (!strcmp(t->name, ev->token_put.name)) {
            fx_reply(fx, ev->token, 409, "name: another valid token of this user has it");
            return;
        }
    }
    if (valid >= TOKENS_MAX) {
        fx_reply(fx, ev->token, 403,
                 arena_printf(&fx->arena, "This user has %d valid tokens, which is the limit", valid));
        return;
    }
    if (token_taken(s, NONE, ev->token_put.digest)) {
        fx_reply(fx, ev->token, 409, "token: it is in use or was (give another one)");
        return;
    }
    struct token *t = token_new(s, account, ev->token_put.name, ev->token_put.digest);
    t->expires_ms = ev->token_put.expires_ms;
    row_write(s, t, fx);
    fx_reply(fx, ev->token, 200, NULL)->id = t->id;
}

void server_token_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t account;
    if (!idmap_get(&s->account_by_id, ev->token_put.account, &account)) {
        fx_reply(fx, ev->token, 404, "No such user");
        return;
    }
    if (!ev->token_put.id) {
        add(s, ev, fx, (uint32_t)account);
        return;
    }
    for (size_t i = 0; i < s->n_tokens; i++) {
        struct token *t = &s->api_token[i];
        if (t->id != ev->token_put.id || t->account != account)
            continue;
        if (!t->revoked_ms)
            t->revoked_ms = s->now.v > 0 ? s->now.v : 1;
        row_write(s, t, fx);
        fx_reply(fx, ev->token, 200, NULL)->id = t->id;
        return;
    }
    fx_reply(fx, ev->token, 404,
             arena_printf(&fx->arena, "No such token: %llu", (unsigned long long)ev->token_put.id));
}

size_t server_tokens(const struct server *s)
{
    return s->n_tokens;
}

void server_token(const struct server *s, size_t i, struct token_view *v)
{
    const struct token *t = &s->api_token[i];
    *v = (struct token_view){.id = t->id,
                             .account = s->account[t->account].id,
                             .name = t->name,
                             .created_ms = t->created_ms,
                             .expires_ms = t->expires_ms,
                             .revoked_ms = t->revoked_ms};
}
