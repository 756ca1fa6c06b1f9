// SPDX-License-Identifier: Apache-2.0
//
// What a profile gives the instances of a task beside their sandbox, as its name says it:
//
//   docker-{batch|network|cluster}[-network][-ssh]
//
//   network   the outside can be reached from within; nothing comes in
//   cluster   all instances run at once and see one another on a network of their own
//   ssh       the server forwards a port to port 22 of each instance
//
// Names of an operator's own stand for one of these (server/profiles.c); a node only ever sees these.
#ifndef ONDOL_CORE_WORK_PROFILE_H
#define ONDOL_CORE_WORK_PROFILE_H

#include <stdbool.h>

enum {
    PROFILE_OUTSIDE = 1,
    PROFILE_CLUSTER = 2,
    PROFILE_SSH = 4,
    PROFILE_FORWARD = 8, // of no profile: a task's own rules open ports (core/work/netrule.h)
};

#define PROFILE_SSH_PORT 22

// False, and *features 0: no such name. Any case.
bool profile_features(const char *name, unsigned *features);

// Whether the server has a part in it while the instance runs: what lies between instances, or comes in.
static inline bool profile_needs_relay(unsigned features)
{
    return (features & (PROFILE_CLUSTER | PROFILE_SSH | PROFILE_FORWARD)) != 0;
}

#endif
