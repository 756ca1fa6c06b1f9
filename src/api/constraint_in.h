// SPDX-License-Identifier: Apache-2.0
//
// Hardware constraints of a request, told apart by their "discriminator", as one record for the planner and
// as the list that later answers echo.
#ifndef ONDOL_API_CONSTRAINT_IN_H
#define ONDOL_API_CONSTRAINT_IN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/work/constraint.h"

// Reads the array `list` (NULL: none) into `out`, all parts together, and appends what it understood to
// `echo`. 0; -EINVAL for what is no constraint; -ENODEV when the parts contradict each other, so that no
// board can ever satisfy them.
int constraint_in(const json_t *list, struct constraint *out, json_t *echo, struct err *e);

#endif
