// SPDX-License-Identifier: Apache-2.0
#include "cli/bucket_sweep.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

void kept_names_add(struct kept_names *k, const char *name)
{
    if (k)
        *VEC_PUSH(k->v, k->n, k->cap) = mem_strdup(name);
}

void kept_names_deinit(struct kept_names *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->v[i]);
    free(k->v);
    *k = KEPT_NAMES_NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct kept_names *k)
{
    if (k->n)
        qsort(k->v, k->n, sizeof *k->v, by_bytes);
}

static bool stays(const struct kept_names *k, const char *name)
{
    return k->n && bsearch(&name, k->v, k->n, sizeof *k->v, by_bytes);
}

int bucket_sweep(const struct bucket_client *b, const char *bucket, const char *prefix,
                 struct kept_names *keep, int64_t *n, struct err *e)
{
    struct s3_listing all = S3_LISTING_NULL;
    int code = bucket_objects(b, bucket, prefix, &all, e);
    sort(keep);
    *n = 0;
    for (size_t i = 0; !code && i < all.n; i++) {
        if (stays(keep, all.v[i].key))
            continue;
        code = bucket_delete(b, bucket, all.v[i].key, e);
        *n += !code;
    }
    s3_listing_deinit(&all);
    return code;
}

int folder_sweep(const char *folder, struct kept_names *keep, int64_t *n, struct err *e)
{
    char *root = mem_strdup(folder);
    for (size_t m = strlen(root); m > 1 && root[m - 1] == '/'; m--)
        root[m - 1] = '\0';
    int code = 0;
    FTS *walk = fts_open((char *[]){root, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    sort(keep);
    *n = 0;
    for (FTSENT *at; walk && !code && (at = fts_read(walk));) {
        const char *name = at->fts_path + strlen(root);
        name += *name == '/';
        if (at->fts_info != FTS_F || stays(keep, name))
            continue;
        if (unlink(at->fts_path))
            code = (err_set(e, -errno, "%s: %s", at->fts_path, strerror(errno)), CLI_FAILED);
        else
            ++*n;
    }
    if (walk)
        fts_close(walk);
    free(root);
    return code;
}
