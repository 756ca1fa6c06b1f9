// SPDX-License-Identifier: Apache-2.0
//
// A file of an operator's own profiles for the server:
//
//   [profile render]
//   base = docker-network                     a built-in one; must stand first
//   description = Frames, with our library
//   default.DOCKER_REPO = library/render      what a task gets that does not say it itself
//   forced.LICENCE_SERVER = 203.0.113.7       what a task gets, whatever it says
//   about.LICENCE_SERVER = where licences are
//
// # and ; begin comments.
#ifndef ONDOL_CLI_PROFILE_FILE_H
#define ONDOL_CLI_PROFILE_FILE_H

#include "api/profile.h"
#include "base/arena.h"
#include "base/err.h"

#define PROFILE_FILE_PROFILES 1000

// The profiles and their texts live in `a`. -EINVAL: "FILE:LINE: what: why"; -ENOENT and others: FILE cannot
// be read.
int profile_file_read(const char *path, struct arena *a, struct profile_list *out, struct err *e);

#endif
