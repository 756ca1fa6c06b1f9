// SPDX-License-Identifier: Apache-2.0
//
// Looks through a layer of an image before anything unpacks it: how much would come out, and whether it names
// places outside. What is unpacked is what was counted, so a limit that holds here holds on the disk.
#ifndef ONDOL_IMAGE_LAYER_H
#define ONDOL_IMAGE_LAYER_H

#include <stdint.h>

#include "base/err.h"

struct image_limits {
    int64_t bytes; // of all layers, unpacked
    int64_t files; // of all layers: files, folders, links
};

struct layer_facts {
    int64_t bytes, files;
};

// Adds what the tar file at `path` (plain, gzip or zstd) holds to `sum`, which may not pass the limits:
// -EFBIG names the one that is passed, and no more is read. -EBADMSG: no tar file, one that is cut (but for the
// zeros behind the last file, which some writers leave out), or one that names a path with "..". Devices, pipes and sockets are counted as files; nobody makes them.
int layer_look(const char *path, const struct image_limits *limits, struct layer_facts *sum, struct err *e);

#endif
