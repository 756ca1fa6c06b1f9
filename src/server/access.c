// SPDX-License-Identifier: Apache-2.0
//
// Tokens in the clear, which signatures of the storage need: sealed by the vault, a file for each in DIR/access, named by
// the token's digest. The store has the digest only, and what is sealed does not open for another one.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/inside.h"

#define SEALED_BYTES 1024

static void names(const struct runtime *r, const char hex[65], char path[4096], char bound[80])
{
    snprintf(path, 4096, "%s/access/%.64s", r->data_dir, hex);
    snprintf(bound, 80, "access %.64s", hex);
}

static int write_file(const char *path, const struct buf *b)
{
    char fresh[4200];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int code = fd < 0 ? -errno : 0;
    if (!code && (write(fd, b->v, b->n) != (ssize_t)b->n || fsync(fd) < 0))
        code = errno ? -errno : -EIO;
    if (fd >= 0)
        close(fd);
    if (!code && rename(fresh, path) < 0)
        code = -errno;
    if (code && fd >= 0)
        unlink(fresh);
    return code;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return code;
}

int access_keep(struct runtime *r, const char *token, const char hex[65], struct err *e)
{
    char folder[4096], path[4096], bound[80];
    struct buf sealed = BUF_INIT(SEALED_BYTES);
    snprintf(folder, sizeof folder, "%s/access", r->data_dir);
    names(r, hex, path, bound);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "%s: %s", folder, strerror(errno));
    int code = vault_seal(&r->vault, bound, token, &sealed, e);
    if (code == 0 && ((code = write_file(path, &sealed)) < 0 || (code = sync_folder(folder)) < 0))
        err_set(e, code, "%s: %s (the account has no access to buckets until it gets a new token)", path, strerror(-code));
    buf_deinit(&sealed);
    return code;
}

bool access_secret(struct runtime *r, const char hex[65], char *out, size_t room)
{
    char path[4096], bound[80], text[SEALED_BYTES];
    struct err e;
    struct buf clear = BUF_INIT(room - 1);
    names(r, hex, path, bound);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    bool good = vault_unseal(&r->vault, bound, text, &clear, &e) == 0 && !clear.failed;
    if (good)
        snprintf(out, room, "%s", buf_str(&clear));
    if (clear.v)
        explicit_bzero(clear.v, clear.n);
    buf_deinit(&clear);
    return good;
}

void access_forget(struct runtime *r, const char hex[65])
{
    char path[4096], bound[80];
    names(r, hex, path, bound);
    unlink(path);
}
