// SPDX-License-Identifier: Apache-2.0
//
// What a task waits for, as requests say it and answers show it.
#ifndef ONDOL_API_DEPEND_IN_H
#define ONDOL_API_DEPEND_IN_H

#include <jansson.h>

#include "api/invalid.h"
#include "api/json_out.h"
#include "base/err.h"
#include "core/work/depend.h"

// Reads {dependsOn, advancedDependsOn} of a request; NULL is none. `echo` gets the same in one form, for the
// task's body. False: each wrong item was noted in `bad`. `d` is to be freed either way.
bool depends_in(const json_t *in, struct depends *d, json_t *echo, struct invalid *bad);

// The member "dependencies" of an answer. `text` as in the row; NULL or "": none.
void depends_out(struct json_out *o, const char *text);

#endif
