// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions from strangers: what they cost is bounded, and back references, which make matching
// exponential, are refused where a server matches.
#ifndef ONDOL_API_LIKE_H
#define ONDOL_API_LIKE_H

#include <regex.h>
#include <stdbool.h>

#include "base/err.h"

#define LIKE_COST_MAX 512 // atoms after copying; ((a{16}){16}) has 256 and needs 3 ms for a text of 512 bytes

// A regular expression (core/work/pattern.h); one slash at each end is taken off. False with `e`
// set when it is none, longer than API_REGEX_BYTES or too costly. `out` is for regexec without positions,
// then regfree.
bool like_compile(regex_t *out, const char *text, struct err *e);

// Whether a filter of files (resultsWhitelist and the like) will be one when it is used. False with `e`: "is not one:
// why". One with ${NAME} in it may be.
bool like_is_file_filter(const char *text, struct err *e);

#endif
