// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions from strangers. The C library copies what is repeated ("a+" becomes "aa*", "a{9}" nine
// a's), so that repeats of repeats multiply, and back references make matching exponential: the first are
// bounded, the second refused.
#ifndef ONDOL_API_LIKE_H
#define ONDOL_API_LIKE_H

#include <regex.h>
#include <stdbool.h>

#include "base/err.h"

#define LIKE_COST_MAX 512 // atoms after copying; ((a{16}){16}) has 256 and needs 3 ms for a text of 512 bytes

// An extended regular expression; one slash at each end is taken off, \d and \D are digits. False with `e`
// set when it is none, longer than API_REGEX_BYTES or too costly. `out` is for regexec without positions,
// then regfree.
bool like_compile(regex_t *out, const char *text, struct err *e);

#endif
