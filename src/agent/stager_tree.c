// SPDX-License-Identifier: Apache-2.0
//
// Files below /job. While a command runs everything there is the command's: a folder may become a link at any
// moment. So a path is walked one folder at a time, none of them a link, and only regular files are opened.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/stager.h"
#include "base/mem.h"
#include "core/work/staging.h"

#define FILES_MAX 1000000

int tree_parent(int top, const char *path, bool make, const char **name)
{
    int fd = fcntl(top, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        char part[256];
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (make && mkdirat(fd, part, 0777) < 0 && errno != EEXIST) {
            close(fd);
            return -1;
        }
        int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), saved = errno;
        close(fd);
        errno = saved;
        fd = next;
    }
    *name = path;
    return fd;
}

void tree_stat(const char *path, int fd, struct tree_file *out)
{
    struct stat st;
    *out = (struct tree_file){.path = path};
    if (fstat(fd, &st) < 0)
        return;
    out->size = (uint64_t)st.st_size;
    out->ino = st.st_ino;
    out->ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
}

void tree_list_deinit(struct tree_list *l)
{
    arena_deinit(&l->arena);
    strmap_deinit(&l->by_path);
    free(l->v);
    *l = (struct tree_list){0};
}

static bool walk_in(struct stager *s, int dir, const char *prefix, int depth, struct tree_list *out);

static bool walk_entry(struct stager *s, int dir, const char *path, const char *name, int depth,
                       struct tree_list *out)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return true; // gone meanwhile
    if (S_ISREG(st.st_mode) && st.st_size == 0 &&
        (strcmp(path, "mpihosts") == 0 || strcmp(path, "utils/setup_cluster") == 0))
        return true; // what a cluster's files are mounted on: nobody's result
    if (S_ISREG(st.st_mode)) {
        if (out->n >= FILES_MAX)
            return stager_fail(s, false, "results-too-many", "there are more than %d files at /job",
                               FILES_MAX);
        struct tree_file *f = VEC_PUSH(out->v, out->n, out->cap);
        *f = (struct tree_file){.path = path,
                                .size = (uint64_t)st.st_size,
                                .ino = st.st_ino,
                                .ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec};
        return true;
    }
    if (!S_ISDIR(st.st_mode) || depth >= STAGING_DEPTH)
        return true; // links, sockets and the like are no results
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ||
               stager_fail(s, false, "results-unreadable", "%.90s: %s", path, strerror(errno));
    return walk_in(s, fd, path, depth + 1, out);
}

static bool walk_in(struct stager *s, int dir, const char *prefix, int depth, struct tree_list *out)
{
    DIR *d = fdopendir(dir);
    bool good = true;
    if (!d) {
        close(dir);
        return stager_fail(s, true, "staging", "%s", strerror(errno));
    }
    for (struct dirent *e; good && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        const char *path = *prefix ? arena_printf(&out->arena, "%s/%s", prefix, e->d_name)
                                   : arena_strdup(&out->arena, e->d_name);
        good = walk_entry(s, dirfd(d), path, e->d_name, depth, out);
    }
    closedir(d);
    return good;
}

bool tree_walk(struct stager *s, int top, struct tree_list *out)
{
    int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? stager_fail(s, true, "staging", "%s", strerror(errno)) : walk_in(s, fd, "", 0, out);
}

// ---- the manifest: SIZE CTIME INO MD5 ETAG PATH, each ended by a NUL; of two of one path the later counts

static void put(FILE *f, const struct tree_file *t)
{
    fprintf(f, "%llu%c%lld%c%llu%c%s%c%s%c%s%c", (unsigned long long)t->size, 0, (long long)t->ctime_ns, 0,
            (unsigned long long)t->ino, 0, t->md5, 0, t->etag, 0, t->path, 0);
}

bool manifest_add(struct stager *s, const struct tree_file *t)
{
    pthread_mutex_lock(&s->lock);
    int fd = openat(s->top_fd, "manifest", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "a");
    if (f)
        put(f, t);
    bool good = f && fflush(f) == 0 && !ferror(f);
    if (f)
        good &= fclose(f) == 0;
    pthread_mutex_unlock(&s->lock);
    return good || stager_fail(s, true, "staging", "what comes cannot be noted: %s", strerror(errno));
}

bool manifest_write(struct stager *s, const struct tree_list *l)
{
    int fd = openat(s->top_fd, "manifest.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    for (size_t i = 0; f && i < l->n; i++)
        put(f, &l->v[i]);
    bool good = f && fflush(f) == 0 && !ferror(f);
    if (f)
        good &= fclose(f) == 0;
    if (!good || renameat(s->top_fd, "manifest.new", s->top_fd, "manifest") < 0)
        return stager_fail(s, true, "staging", "what came cannot be noted: %s", strerror(errno));
    return true;
}

bool manifest_read(struct stager *s, struct tree_list *l)
{
    int fd = openat(s->top_fd, "manifest", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    char *field[6] = {0};
    size_t room[6] = {0};
    int k = 0;
    while (f && getdelim(&field[k], &room[k], 0, f) > 0) {
        if (++k < 6)
            continue;
        struct tree_file *t = VEC_PUSH(l->v, l->n, l->cap);
        *t = (struct tree_file){.path = arena_strdup(&l->arena, field[5]),
                                .size = strtoull(field[0], NULL, 10),
                                .ctime_ns = strtoll(field[1], NULL, 10),
                                .ino = strtoull(field[2], NULL, 10)};
        snprintf(t->md5, sizeof t->md5, "%s", field[3]);
        snprintf(t->etag, sizeof t->etag, "%s", field[4]);
        strmap_set(&l->by_path, t->path, l->n - 1);
        k = 0;
    }
    for (int i = 0; i < 6; i++)
        free(field[i]);
    if (f)
        fclose(f);
    return true;
}
