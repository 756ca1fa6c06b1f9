// SPDX-License-Identifier: Apache-2.0
//
// What a copy leaves over at its other end: objects or files that are not among those that were copied.
#ifndef ONDOL_CLI_BUCKET_SWEEP_H
#define ONDOL_CLI_BUCKET_SWEEP_H

#include "cli/bucket_client.h"

// Names that stay: keys, or paths below a folder.
struct kept_names {
    char **v;
    size_t n, cap;
};

#define KEPT_NAMES_NULL ((struct kept_names){0})

void kept_names_add(struct kept_names *k, const char *name); // `k` may be NULL
void kept_names_deinit(struct kept_names *k);

// Deletes the objects whose keys begin with `prefix` and are not among the names, and counts them. 0, or an
// exit code with the sentence in `e`. Sorts the names.
int bucket_sweep(const struct bucket_client *b, const char *bucket, const char *prefix,
                 struct kept_names *keep, int64_t *n, struct err *e);
// Likewise the files below a folder. Folders stay, and what is neither.
int folder_sweep(const char *folder, struct kept_names *keep, int64_t *n, struct err *e);

#endif
