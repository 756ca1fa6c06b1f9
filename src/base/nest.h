// SPDX-License-Identifier: Apache-2.0
//
// How deep a JSON text is nested, told before it is parsed: a parser's stack grows with the depth, and what a
// stranger sends chooses that.
#ifndef ONDOL_BASE_NEST_H
#define ONDOL_BASE_NEST_H

#include <stddef.h>

// The first bracket that opens a level below `most`, in `text`; NULL: none. The n bytes need not be JSON.
const char *nest_below(const char *text, size_t n, int most);

#endif
