// SPDX-License-Identifier: Apache-2.0
//
// Questions about an unpacked image, asked from outside: every path is looked up as it would be from inside,
// so that no link of the image leads to the host.
#ifndef ONDOL_SANDBOX_IMAGE_ROOT_H
#define ONDOL_SANDBOX_IMAGE_ROOT_H

#include <stdint.h>

#include "base/err.h"

// Opens `path` inside, for reading (flags as open(2), O_RDONLY or O_PATH); negative errno.
int image_root_open(const char *rootfs, const char *path, int flags);

// "name", "uid", "name:group", "uid:gid", as an image or DOCKER_USER says; NULL or "": root. Names are those
// of the image's /etc/passwd and /etc/group. -ENOENT: it has no such user or group.
int image_root_user(const char *rootfs, const char *user, uint32_t *uid, uint32_t *gid, struct err *e);

#endif
