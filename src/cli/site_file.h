// SPDX-License-Identifier: Apache-2.0
//
// A file of sites for the server: sections "[NAME]" with the keys of core/engine/site_setting.h, and
//
//   cap_w = 6000             watts; none: no cap
//   utc_offset_min = 60
//
// # and ; begin comments. Lines may be long: a year of carbon is one.
#ifndef ONDOL_CLI_SITE_FILE_H
#define ONDOL_CLI_SITE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "server/runtime.h"

#define SITE_FILE_SITES 10000

// The sites and their texts live in `a`. -EINVAL: "FILE:LINE: what: why"; -ENOENT and others: FILE cannot be
// read.
int site_file_read(const char *path, struct arena *a, const struct runtime_site **sites, size_t *n,
                   struct err *e);

#endif
