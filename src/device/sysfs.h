// SPDX-License-Identifier: Apache-2.0
//
// Attributes of the kernel as files of one number.
#ifndef ONDOL_DEVICE_SYSFS_H
#define ONDOL_DEVICE_SYSFS_H

#include <stdbool.h>
#include <stdint.h>

// False: `path` is NULL, no file, or holds no whole number; `*v` is untouched or undefined then.
bool sysfs_read(const char *path, int64_t *v);

#endif
