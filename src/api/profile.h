// SPDX-License-Identifier: Apache-2.0
//
// Profiles: what kinds of environment a task can ask for, and the constants each declares.
#ifndef ONDOL_API_PROFILE_H
#define ONDOL_API_PROFILE_H

#include <stddef.h>

struct profile_constant {
    const char *name, *value, *description;
};

struct profile {
    const char *name;
    const struct profile_constant *constant;
    size_t n_constants;
};

const struct profile *profile_find(const char *name); // any case; NULL: none
const struct profile *profile_at(size_t i);           // NULL past the end

#endif
