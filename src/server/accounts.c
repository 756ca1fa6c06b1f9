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
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", raw[i]);
}

void accounts_put(struct runtime *r, const struct row_account *row)
{
    pthread_mutex_lock(&r->account_lock);
    struct token_hash *t = NULL;
    for (size_t i = 0; i < r->n_accounts && !t; i++)
        if (r->account[i].who.id == row->id)
            t = &r->account[i];
    if (!t)
        t = VEC_PUSH(r->account, r->n_accounts, r->cap_accounts);
    if (t->hex[0] && strcmp(t->hex, row->token_hash) != 0)
        access_forget(r, t->hex);
    snprintf(t->hex, sizeof t->hex, "%s", row->token_hash);
    t->who = (struct account_view){.id = row->id,
                                   .max_tasks = row->max_tasks,
                                   .research = row->research,
                                   .operator= r->email && strcmp(row->email, r->email) == 0};
    snprintf(t->who.email, sizeof t->who.email, "%s", row->email);
    snprintf(t->who.name, sizeof t->who.name, "%s", row->name);
    // The first account's token is kept beside the store or given at each start; of others it is read when
    // needed.
    char mine[65];
    token_digest(r->token, mine);
    snprintf(t->secret, sizeof t->secret, "%s", strcmp(mine, row->token_hash) == 0 ? r->token : "");
    pthread_mutex_unlock(&r->account_lock);
}

bool accounts_find(struct runtime *r, const char *token, struct account_view *out)
{
    char hex[65];
    bool found = false;
    token_digest(token, hex);
    pthread_mutex_lock(&r->account_lock);
    for (size_t i = 0; i < r->n_accounts; i++) {
        if (gnutls_memcmp(r->account[i].hex, hex, 64) == 0) {
            *out = r->account[i].who;
            found = true;
        }
    }
    pthread_mutex_unlock(&r->account_lock);
    return found;
}

bool accounts_secret(struct runtime *r, const char *email, struct account_view *who, char *secret,
                     size_t room)
{
    bool found = false;
    pthread_mutex_lock(&r->account_lock);
    for (size_t i = 0; i < r->n_accounts && !found; i++) {
        struct token_hash *t = &r->account[i];
        found = strcmp(t->who.email, email) == 0 &&
                (t->secret[0] || access_secret(r, t->hex, t->secret, sizeof t->secret));
        if (found) {
            *who = t->who;
            snprintf(secret, room, "%s", t->secret);
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
