// SPDX-License-Identifier: Apache-2.0
#include "device/sky.h"

#include <stdlib.h>

#include "device/slurp.h"
#include "world/epw.h"

int sky_open(struct weather *w, const char *path, int year, uint64_t seed, struct err *e)
{
    *w = WEATHER_NULL;
    if (!path) {
        weather_synthetic_paris(w, year, seed);
        return 0;
    }
    char *text;
    size_t bytes;
    int r = slurp(path, EPW_BYTES_MAX, &text, &bytes, e);
    if (r < 0)
        return r;
    r = epw_read(w, text, bytes, EPW_SUN_CLEAR, e);
    free(text);
    return r < 0 ? err_prefix(e, "%s", path) : 0;
}
