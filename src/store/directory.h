// SPDX-License-Identifier: Apache-2.0
//
// The data directory: one server at a time, and a little disk put aside.
//   ondol.lock     held (flock) as long as the store is open; the kernel lets go of it when the process dies
//   ondol.reserve  1 MiB that is given up when the disk is full, so that the log can be folded into the
//                  database, a restart can open it, and deletions can be committed; put aside again when there
//                  is space
#ifndef ONDOL_STORE_DIRECTORY_H
#define ONDOL_STORE_DIRECTORY_H

#include <stdbool.h>

#include "base/err.h"

struct directory {
    char *path;
    int lock; // file descriptor
    bool has_reserve;
};

#define DIRECTORY_NULL ((struct directory){.lock = -1})

// Makes DIR (mode 0700) when it is missing, and DIR/ondol.db (mode 0600). -EBUSY when another server has it.
int directory_open(struct directory *d, const char *path, struct err *e);
void directory_close(struct directory *d);

void directory_reserve(struct directory *d); // tries to; no space is no error
bool directory_release(struct directory *d); // true when there was something to give up

char *directory_file(const char *dir, const char *name); // heap

#endif
