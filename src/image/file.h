// SPDX-License-Identifier: Apache-2.0
//
// Files as the shelf of images wants them: read whole and bounded, replaced whole and synced, removed as
// trees.
#ifndef ONDOL_IMAGE_FILE_H
#define ONDOL_IMAGE_FILE_H

#include <stddef.h>

#include "base/err.h"

// Up to `most` bytes with a NUL behind them, malloc'd; NULL with errno: it cannot be read or is longer.
char *file_read(const char *path, size_t most);

// DIR/NAME is, after a crash at any moment, what it was or `data`. -ENOSPC when the disk is full.
int file_replace(const char *dir, const char *name, const char *data, size_t n, struct err *e);

// Links are removed, not followed.
void file_remove_tree(const char *path);

#endif
