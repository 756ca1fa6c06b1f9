// SPDX-License-Identifier: Apache-2.0
//
// The weather over virtual heaters: from an EPW file (as it is or gzipped), or a synthetic Paris.
#ifndef ONDOL_DEVICE_SKY_H
#define ONDOL_DEVICE_SKY_H

#include "base/err.h"
#include "world/weather.h"

// `path` NULL: the synthetic year of `seed`. The caller ends `w` with weather_deinit.
int sky_open(struct weather *w, const char *path, int year, uint64_t seed, struct err *e);

#endif
