// SPDX-License-Identifier: Apache-2.0
#include "agent/image_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "image/file.h"

#define CONFIG_BYTES ((size_t)4 << 20)
#define HEX          64

int64_t image_cache_bytes(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 4;
}

int image_cache_make(const char *root, int64_t bytes, char dir[IMAGE_DIR_BYTES], struct err *e)
{
    char options[96];
    snprintf(dir, IMAGE_DIR_BYTES, "%.250s/images", root);
    if (mkdir(dir, 0700) < 0)
        return err_set(e, -errno, "images: %s: %s", dir, strerror(errno));
    snprintf(options, sizeof options, "mode=0700,size=%lld,nr_inodes=%d", (long long)bytes,
             IMAGE_CACHE_FILES);
    (void)!mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, options); // without the right to: a folder
    if (chmod(dir, geteuid() == 0 ? 0711 : 0700) < 0) // sandboxes have users of their own then
        return err_set(e, -errno, "images: %s: %s", dir, strerror(errno));
    return 0;
}

static const char *hex_of(const char *digest)
{
    bool good = strncmp(digest, "sha256:", 7) == 0 && hex_is(digest + 7, HEX);
    return good ? digest + 7 : NULL;
}

static int lock_open(const char *entry)
{
    char path[2 * IMAGE_DIR_BYTES];
    snprintf(path, sizeof path, "%s/lock", entry);
    return open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
}

// Between opening and locking it may have been removed: then its lock has no name any more.
int image_cache_hold(const char *dir, const char *digest, char entry[IMAGE_DIR_BYTES])
{
    struct stat st;
    const char *hex = hex_of(digest);
    if (!hex || snprintf(entry, IMAGE_DIR_BYTES, "%s/%s", dir, hex) >= IMAGE_DIR_BYTES)
        return -ENOENT;
    int fd = lock_open(entry);
    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0) {
        futimens(fd, NULL);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -ENOENT;
}

// ---- room

struct candidate {
    char hex[HEX + 1];
    int64_t used_ns, bytes, files;
};

static int by_use(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->used_ns < y->used_ns ? -1 : x->used_ns > y->used_ns;
}

// What it takes was counted when it was unpacked.
static bool measure(const char *dir, struct candidate *c)
{
    char path[IMAGE_DIR_BYTES + HEX + 16];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s/lock", dir, c->hex);
    char *v = file_read(path, 64);
    long long bytes = 0, files = 0;
    bool good = v && stat(path, &st) == 0 && sscanf(v, "%lld %lld", &bytes, &files) == 2;
    free(v);
    if (good) {
        c->bytes = bytes;
        c->files = files;
        c->used_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    }
    return good;
}

// The lock goes first: whoever opened it before sees that it has no name.
static bool drop(const char *dir, const char *hex)
{
    char entry[IMAGE_DIR_BYTES + HEX + 2], lock[IMAGE_DIR_BYTES + HEX + 8];
    snprintf(entry, sizeof entry, "%s/%s", dir, hex);
    int fd = lock_open(entry);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    snprintf(lock, sizeof lock, "%s/lock", entry);
    unlink(lock);
    file_remove_tree(entry);
    close(fd);
    return true;
}

int image_cache_trim(const char *dir, struct cache_use most)
{
    struct candidate *v = NULL;
    size_t n = 0, cap = 0;
    struct cache_use sum = {0};
    DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        struct candidate c = {0};
        if (strlen(f->d_name) != HEX)
            continue;
        memcpy(c.hex, f->d_name, HEX);
        if (!measure(dir, &c))
            continue;
        sum.bytes += c.bytes;
        sum.files += c.files;
        *VEC_PUSH(v, n, cap) = c;
    }
    if (d)
        closedir(d);
    if (n)
        qsort(v, n, sizeof *v, by_use);
    for (size_t i = 0; i < n && (sum.bytes > most.bytes || sum.files > most.files); i++)
        if (drop(dir, v[i].hex)) {
            sum.bytes -= v[i].bytes;
            sum.files -= v[i].files;
        }
    free(v);
    return sum.bytes > most.bytes || sum.files > most.files ? -ENOSPC : 0;
}

char *image_cache_half(const char *dir, char *path, size_t room)
{
    char *found = NULL;
    DIR *d = opendir(dir);
    for (struct dirent *f; d && !found && (f = readdir(d));) {
        char lock[2 * IMAGE_DIR_BYTES + 300];
        bool is_new = strncmp(f->d_name, "new-", 4) == 0;
        snprintf(lock, sizeof lock, "%s/%s/lock", dir, f->d_name);
        if ((is_new || (strlen(f->d_name) == HEX && access(lock, F_OK) < 0)) &&
            snprintf(path, room, "%s/%s", dir, f->d_name) < (int)room)
            found = path;
    }
    if (d)
        closedir(d);
    return found;
}

// ---- how it is run

static const char *const *list(const json_t *j, const char *key, struct arena *a)
{
    const json_t *v = json_object_get(j, key);
    const char **out = arena_alloc(a, (json_array_size(v) + 1) * sizeof *out);
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(v); i++)
        if (json_is_string(json_array_get(v, i)))
            out[n++] = arena_strdup(a, json_string_value(json_array_get(v, i)));
    return out;
}

int image_cache_config(const char *entry, struct arena *a, struct image_config *out, struct err *e)
{
    char path[IMAGE_DIR_BYTES + 16];
    snprintf(path, sizeof path, "%s/config.json", entry);
    char *text = file_read(path, CONFIG_BYTES);
    json_t *whole = text ? json_loads(text, 0, NULL) : NULL;
    const json_t *j = json_object_get(whole, "config");
    free(text);
    if (!whole)
        return err_set(e, -EBADMSG, "image: its configuration cannot be read");
    *out = (struct image_config){
        .env = list(j, "Env", a), .entrypoint = list(j, "Entrypoint", a), .cmd = list(j, "Cmd", a)};
    out->workdir = arena_strdup(a, json_string_value(json_object_get(j, "WorkingDir")));
    out->user = arena_strdup(a, json_string_value(json_object_get(j, "User")));
    json_decref(whole);
    return 0;
}
