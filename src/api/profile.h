// SPDX-License-Identifier: Apache-2.0
//
// Profiles: what kinds of environment a task can ask for, and the constants each declares. Some are built in
// (core/work/profile.h says what their names mean); an operator adds others, each standing on one of these.
#ifndef ONDOL_API_PROFILE_H
#define ONDOL_API_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#define PROFILE_NAME_BYTES    64
#define PROFILE_OWN_CONSTANTS 128 // most of one profile of an operator's

struct profile_constant {
    const char *name, *value, *description; // description NULL: none
    bool forced;                            // of an operator's: the task's own value does not count
};

struct profile {
    const char *name;
    const char *base; // of an operator's: the built-in it stands on; NULL: built in
    const char *description;
    const struct profile_constant *constant; // of an operator's: those that it adds or sets anew
    size_t n_constants;
};

struct profile_list { // an operator's
    const struct profile *v;
    size_t n;
    bool relay; // the server has one: without it, there is no profile that needs it
};

const struct profile *profile_find(const struct profile_list *own, const char *name); // any case; NULL: none
const struct profile *profile_at(const struct profile_list *own, size_t i);           // NULL past the end

// What tasks of it have beside their sandbox (core/work/profile.h).
unsigned profile_features_of(const struct profile *p);

// The constants that it declares, each once, an operator's value over the built-in one. False past the end.
bool profile_constant_at(const struct profile *p, size_t i, struct profile_constant *out);

// Whether an operator may have a profile of this name: [A-Za-z0-9._-], not a built-in one.
bool profile_name_ok(const char *name);

#endif
