// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_API_SHORTNAME_H
#define ONDOL_API_SHORTNAME_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

// The member "shortname" of a request: NULL when it is absent or empty. False with "shortname: sentence" when
// it is not of A-Z, a-z, 0-9 and -, begins or ends with -, or looks like a uuid.
bool shortname_in(const json_t *in, const char **shortname, struct err *e);

#endif
