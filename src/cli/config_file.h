// SPDX-License-Identifier: Apache-2.0
//
// A configuration file of a command: "name = value" lines with the names of its options, # and ; comments.
// Beside FILE, every FILE.d/*.conf is read after it, in the order of names, so that a package or an operator
// can add to it.
#ifndef ONDOL_CLI_CONFIG_FILE_H
#define ONDOL_CLI_CONFIG_FILE_H

#include "base/arena.h"
#include "cli/options.h"

// Texts are kept in `a`. -EINVAL: "FILE:LINE: what: why"; -ENOENT and others: FILE cannot be read.
int config_file_read(const struct options *o, void *values, const char *path, struct arena *a, struct err *e);

#endif
