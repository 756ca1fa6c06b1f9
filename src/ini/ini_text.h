// SPDX-License-Identifier: Apache-2.0
//
// Files of [section]s and "key = value" lines, as libinih reads them: # and ; begin comments. A line that begins with a
// blank would be more of the value before it, which no key here can have: it is an error. What is wrong
// is said with file and line, the first in the file first. What the keys mean, each reader keeps in a table
// of its own.
#ifndef ONDOL_INI_INI_TEXT_H
#define ONDOL_INI_INI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define INI_FILE_MAX ((size_t)16 << 20) // bytes of a file

struct ini_pair {
    int line;                           // from 1
    const char *section, *name, *value; // section "": before the first one; valid during the call
};

// Takes one pair, in the order of the file. 0, or a negative errno with what is wrong; then it is the last.
typedef int ini_take(void *ctx, const struct ini_pair *pair, struct err *e);

// 0, or the error of `take`, or -EINVAL for what is no such text: "FILE:LINE: what: why". What was taken
// before an error stays taken.
int ini_read_text(const char *file, const char *text, size_t n, ini_take *take, void *ctx, struct err *e);
// Likewise; -ENOENT and others: the file cannot be read.
int ini_read_file(const char *path, ini_take *take, void *ctx, struct err *e);

#endif
