// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions of customers, who write them as their own languages do, as POSIX extended ones:
//
//   \d \D       a digit, none; in brackets \d \w \s too, and \ before any other character is that character
//   (?:a)       a group
//   a*? a{2}?   as a* and a{2}: whether something is found does not depend on greed
//
// and what they cost. The C library copies what is repeated ("a+" becomes "aa*", "a{9}" nine a's), so that repeats of
// repeats multiply; the cost of an expression is the number of its atoms after that, and a 512th of what is allowed for
// each place where something may be missing or come again.
#ifndef ONDOL_CORE_WORK_PATTERN_H
#define ONDOL_CORE_WORK_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

// Of a filter of files: more than any text that a task may give has without repeats. Compiling one takes some 30 ms
// and 20 MB at worst, which a server does for whoever asks.
#define PATTERN_COST_FILES 4096

// Appends the n bytes of `text` in that form. -E2BIG: it costs more than cost_max, or has more than 32 groups in one
// another. *back (may be NULL): it has back references, with which matching may take for ever. Whether it is an
// expression, regcomp says.
int pattern_plain(const char *text, size_t n, long cost_max, struct buf *out, bool *back, struct err *e);

#endif
