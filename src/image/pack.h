// SPDX-License-Identifier: Apache-2.0
//
// Files that hold images: what `docker save` writes, and archives of the OCI layout.
//
// An archive of the OCI layout is opened here and not by the tool that reads the layout, since that one
// follows links on the way: only the layout's own regular files come out, whatever else is in it.
#ifndef ONDOL_IMAGE_PACK_H
#define ONDOL_IMAGE_PACK_H

#include <stdint.h>

#include "base/err.h"

enum pack_kind { PACK_DOCKER = 1, PACK_OCI };

// Which of both the file is. -EBADMSG: neither; -EFBIG: it has more than `bytes_max`.
int pack_kind(const char *file, int64_t bytes_max, enum pack_kind *out, struct err *e);

// Writes index.json, oci-layout and the blobs into the empty folder `dir`. -EFBIG: more than `bytes_max`;
// -ENOSPC: the disk is full.
int pack_open(const char *file, const char *dir, int64_t bytes_max, struct err *e);

// Of a file that gzip packed writes what is in it as `name` in the folder `dir`, and gives 1; 0: it is not packed.
// -EBADMSG: it is cut; -EFBIG and -ENOSPC as above.
int pack_plain(const char *file, const char *dir, const char *name, int64_t bytes_max, struct err *e);

#endif
