// SPDX-License-Identifier: Apache-2.0
//
// Unpacked images on a node, read-only roots of its sandboxes: on a RAM disk, bounded, gone with the agent
// (docs/design/0050). One folder an image:
//
//   DIR/HEX/rootfs, config.json, lock      HEX: the SHA-256 of its manifest
//
// Whoever uses one holds its lock shared; who needs room removes what nobody holds, longest unused first.
// Locks go with their process, so nothing is left to be cleaned up after a death.
#ifndef ONDOL_AGENT_IMAGE_CACHE_H
#define ONDOL_AGENT_IMAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/work/image.h"

#define IMAGE_DIR_BYTES 320

// What all images of the node may have together: a quarter of the machine's memory, and so many files.
int64_t image_cache_bytes(void);
#define IMAGE_CACHE_FILES 1000000

// Makes it below `root`, on a RAM disk of that size where the agent may mount one, else as a folder.
int image_cache_make(const char *root, int64_t bytes, char dir[IMAGE_DIR_BYTES], struct err *e);

// Holds an image that is there: gives a descriptor, to be closed, and its folder. -ENOENT: it is not.
int image_cache_hold(const char *dir, const char *digest, char entry[IMAGE_DIR_BYTES]);

// Removes what nobody holds until no more than `bytes` and `files` are used; false: too much of it is held.
struct cache_use {
    int64_t bytes, files;
};
int image_cache_trim(const char *dir, struct cache_use most);

// The path of one that was never finished; NULL: there is none.
char *image_cache_half(const char *dir, char *path, size_t room);

// Of an entry: how its image is run. Strings live in `a`.
int image_cache_config(const char *entry, struct arena *a, struct image_config *out, struct err *e);

#endif
