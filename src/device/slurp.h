// SPDX-License-Identifier: Apache-2.0
//
// A whole file into memory, gunzipped on the way where its first bytes say that it is gzip (weather and
// workloads come as .gz). Plain files are read as they are, whatever their name.
#ifndef ONDOL_DEVICE_SLURP_H
#define ONDOL_DEVICE_SLURP_H

#include <stddef.h>

#include "base/err.h"

// Gives `*n` bytes at `*text`, with a NUL behind them that is not counted; the caller frees. `max` bounds the
// bytes after unpacking. Negative errno: that of open or read; -EISDIR; -EFBIG above `max`; -EBADMSG for gzip
// that is damaged or cut short. `*text` is NULL then.
int slurp(const char *path, size_t max, char **text, size_t *n, struct err *e);

#endif
