// SPDX-License-Identifier: Apache-2.0
//
// Runs one of the tools that know images (skopeo, umoci), watched: it may not fill the disk, it can be given
// up, and what it says last is the reason.
#ifndef ONDOL_IMAGE_CHILD_H
#define ONDOL_IMAGE_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct image_child {
    const char *const *argv;                 // NULL-ended; argv[0] is searched in the PATH
    const char *dir;                         // scratch: its TMPDIR and HOME; what is below it counts
    int64_t bytes_max;                       // most below `dir`; 0: no limit
    int64_t silent_ms;                       // without a byte more below `dir` it is given up; 0: never
    bool (*go_on)(void *ctx, int64_t bytes); // a few times a second; false: it is ended. May be NULL
    void *ctx;
    char *out; // its stdout, NUL-terminated and cut to out_n; NULL: not wanted
    size_t out_n;
};

// 0: it ended with 0. -EFBIG: it wrote too much; -ECANCELED; -ETIMEDOUT; -ENOENT: no such program (its
// package is named); -EREMOTEIO: it failed, and its last line is in `e`; -ENOSPC: it failed for want of room.
int image_child(const struct image_child *c, struct err *e);

int64_t image_dir_bytes(const char *dir); // of all regular files below; links are not followed

#endif
