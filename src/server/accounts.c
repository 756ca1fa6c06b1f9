// SPDX-License-Identifier: Apache-2.0
//
// Tokens: kept as SHA-256 only, compared in constant time, looked up by any thread.
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/inside.h"

void token_digest(const char *token, char hex[65])
{
    unsigned char raw[32];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), raw) < 0)
        memset(raw, 0, sizeof raw);
    for (int i = 0; i < 64; i++) // with every request: no printf
        hex[i] = "0123456789abcdef"[raw[i / 2] >> (i % 2 ? 0 : 4) & 15];
    hex[64] = '\0';
}

static void put_account(struct runtime *r, const struct row_account *row)
{
    struct known_account *k = NULL;
    for (size_t i = 0; i < r->n_accounts && !k; i++)
        if (r->account[i].who.id == row->id)
            k = &r->account[i];
    if (!k)
        k = VEC_PUSH(r->account, r->n_accounts, r->cap_accounts);
    k->removed = row->removed;
    k->who = (struct account_view){.id = row->id,
                                   .max_tasks = row->max_tasks,
                                   .research = row->research,
                                   .scheduling = (enum activity)row->scheduling,
                                   .operator= r->email && strcmp(row->email, r->email) == 0};
    snprintf(k->who.email, sizeof k->who.email, "%s", row->email);
    snprintf(k->who.name, sizeof k->who.name, "%s", row->name);
}

// The first account's token is kept beside the store or given at each start; of others it is read when
// needed. What is revoked is needed no more.
static void put_token(struct runtime *r, const struct row_token *row)
{
    struct known_token *t = NULL;
    for (size_t i = 0; i < r->n_tokens && !t; i++)
        if (r->api_token[i].id == row->id)
            t = &r->api_token[i];
    if (!t)
        t = VEC_PUSH(r->api_token, r->n_tokens, r->cap_tokens), t->hex[0] = '\0';
    if (t->hex[0] && (row->revoked_ms || strcmp(t->hex, row->digest) != 0))
        access_forget(r, t->hex);
    char mine[65];
    token_digest(r->token, mine);
    t->id = row->id;
    t->account = row->account;
    t->expires_ms = row->expires_ms;
    t->revoked = row->revoked_ms != 0;
    snprintf(t->hex, sizeof t->hex, "%s", row->digest);
    snprintf(t->secret, sizeof t->secret, "%s", strcmp(mine, row->digest) == 0 ? r->token : "");
}

void accounts_note(struct runtime *r, const struct change *c)
{
    if (c->kind != CHANGE_ACCOUNT && c->kind != CHANGE_TOKEN)
        return;
    pthread_mutex_lock(&r->account_lock);
    if (c->kind == CHANGE_ACCOUNT)
        put_account(r, &c->account);
    else
        put_token(r, &c->token_put);
    pthread_mutex_unlock(&r->account_lock);
}

static bool is_valid(const struct known_token *t, int64_t now_ms)
{
    return !t->revoked && (!t->expires_ms || now_ms < t->expires_ms);
}

// NULL: it was removed.
static const struct known_account *owner(const struct runtime *r, const struct known_token *t)
{
    for (size_t i = 0; i < r->n_accounts; i++)
        if (r->account[i].who.id == t->account)
            return r->account[i].removed ? NULL : &r->account[i];
    return NULL;
}

// Every digest is compared, in the same time whatever it is.
bool accounts_find(struct runtime *r, const char *token, struct account_view *out)
{
    char hex[65];
    const struct known_token *found = NULL;
    int64_t now_ms = clock_house(&r->clock).v;
    token_digest(token, hex);
    pthread_mutex_lock(&r->account_lock);
    for (size_t i = 0; i < r->n_tokens; i++)
        if (gnutls_memcmp(r->api_token[i].hex, hex, 64) == 0 && is_valid(&r->api_token[i], now_ms))
            found = &r->api_token[i];
    const struct known_account *k = found ? owner(r, found) : NULL;
    if (k) {
        *out = k->who;
        out->token = found->id;
    }
    pthread_mutex_unlock(&r->account_lock);
    return k != NULL;
}

bool accounts_lasts(struct runtime *r, uint64_t token, int64_t *expires_ms)
{
    bool good = false;
    int64_t now_ms = clock_house(&r->clock).v;
    pthread_mutex_lock(&r->account_lock);
    for (size_t i = 0; i < r->n_tokens; i++) {
        const struct known_token *t = &r->api_token[i];
        if (t->id != token)
            continue;
        good = is_valid(t, now_ms) && owner(r, t);
        *expires_ms = t->expires_ms;
    }
    pthread_mutex_unlock(&r->account_lock);
    return good;
}

bool accounts_secret(struct runtime *r, const char *email, size_t nth, struct account_view *who, char *secret,
                     size_t room)
{
    bool found = false;
    int64_t now_ms = clock_house(&r->clock).v;
    pthread_mutex_lock(&r->account_lock);
    for (size_t i = 0; i < r->n_tokens && !found; i++) {
        struct known_token *t = &r->api_token[i];
        const struct known_account *k = is_valid(t, now_ms) ? owner(r, t) : NULL;
        if (!k || strcmp(k->who.email, email) != 0 ||
            (!t->secret[0] && !access_secret(r, t->hex, t->secret, sizeof t->secret)) || nth-- > 0)
            continue;
        found = true;
        *who = k->who;
        snprintf(secret, room, "%s", t->secret);
    }
    pthread_mutex_unlock(&r->account_lock);
    return found;
}

bool accounts_token(struct runtime *r, uint64_t account, char *email, size_t email_room, char *token,
                    size_t token_room)
{
    bool found = false;
    int64_t now_ms = clock_house(&r->clock).v;
    pthread_mutex_lock(&r->account_lock);
    for (size_t i = 0; i < r->n_tokens && !found; i++) {
        struct known_token *t = &r->api_token[i];
        const struct known_account *k = t->account == account && is_valid(t, now_ms) ? owner(r, t) : NULL;
        found = k && (t->secret[0] || access_secret(r, t->hex, t->secret, sizeof t->secret));
        if (found) {
            snprintf(email, email_room, "%s", k->who.email);
            snprintf(token, token_room, "%s", t->secret);
        }
    }
    pthread_mutex_unlock(&r->account_lock);
    return found;
}

int token_keep(const char *dir, const char *file, char out[80], struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "re");
    if (f) {
        char *got = fgets(out, 80, f);
        fclose(f);
        out[strcspn(got ? got : "", "\r\n")] = '\0';
        if (got && strlen(out) >= 16)
            return 0;
        return err_set(e, -EINVAL,
                       "%s: no token of at least 16 characters in it (delete the file for a new one)", path);
    }
    unsigned char raw[24];
    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return err_set(e, -EIO, "token: the system gives no random bytes");
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, -errno, "%s: %s (the directory must be writable)", path, strerror(errno));
    size_t n = strlen(out);
    bool ok = write(fd, out, n) == (ssize_t)n && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    int code = errno;
    close(fd);
    if (!ok) {
        unlink(path);
        return err_set(e, -code, "%s: %s", path, strerror(code));
    }
    return 0;
}
