// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_API_SCALING_IN_H
#define ONDOL_API_SCALING_IN_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/work/scaling.h"

// Reads {"policies": [..]} into `*policy`, in `a`, with strings borrowed from `in`, and
// checks it. -EINVAL with "field: sentence"; the field of a policy whose type is none is the policy,
// "policies[0]: The input was not valid."
int scaling_in(const json_t *in, struct arena *a, struct scaling_policy **policy, size_t *n, struct err *e);

#endif
