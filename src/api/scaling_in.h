// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_API_SCALING_IN_H
#define ONDOL_API_SCALING_IN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "core/work/scaling.h"

#define SCALING_WRONG_MAX 64 // that are said one by one; of what is more, how many

// Reads {"policies": [..]} into `*policy`, in `a`, with strings borrowed from `in`, and checks it. True: nothing is
// wrong. All that is goes to the ear as "field: sentence", of each field once; the field of a policy whose
// type is none is the policy, "policies[0]: The input was not valid."
bool scaling_in(const json_t *in, struct arena *a, struct scaling_policy **policy, size_t *n,
                const struct scaling_ear *ear);

#endif
