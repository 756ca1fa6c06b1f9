// SPDX-License-Identifier: Apache-2.0
//
// The same files where lines may be long (a year of carbon is one) and a section counts also when it is
// empty: libinih, on which ini_text.h stands, does neither. Lines come trimmed; empty ones and those that
// begin with # or ; do not come.
#ifndef ONDOL_INI_INI_LINES_H
#define ONDOL_INI_INI_LINES_H

#include "base/err.h"

// Each gives 0, or a negative errno with what is wrong; then nothing more comes. They may write into the
// line.
struct ini_lines {
    void *ctx;
    int (*section)(void *ctx, char *line, struct err *e); // begins with '['
    int (*line)(void *ctx, char *line, struct err *e);    // any other
    int (*end)(void *ctx, struct err *e);                 // after the last; NULL: nothing is left to say
};

// 0, or their error as "FILE:LINE: what: why"; -ENOENT and others: the file cannot be read.
int ini_read_lines(const char *path, const struct ini_lines *to, struct err *e);

char *ini_trim(char *s); // without spaces around it; cuts them off at the end

#endif
