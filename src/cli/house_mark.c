// SPDX-License-Identifier: Apache-2.0
#include "cli/house_mark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AHEAD_MS 10000 // wall

house_ms house_mark_start(const char *dir, int64_t real_ms)
{
    char path[4096];
    int64_t mark = 0;
    snprintf(path, sizeof path, "%s/house-time", dir);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%" SCNd64, &mark) != 1)
        mark = 0;
    if (f)
        fclose(f);
    return HOUSE_MS(mark > real_ms ? mark : real_ms);
}

int house_mark_move(const char *dir, house_ms now, double speed, bool clean, struct err *e)
{
    char path[4096], fresh[4096 + 8];
    int64_t mark = now.v + (clean ? 1 : (int64_t)(AHEAD_MS * speed));
    snprintf(path, sizeof path, "%s/house-time", dir);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *f = fopen(fresh, "we");
    if (!f)
        return err_set(e, -errno, "%s: %s", fresh, strerror(errno));
    bool ok = fprintf(f, "%" PRId64 "\n", mark) > 0;
    ok = fclose(f) == 0 && ok;
    if (!ok || rename(fresh, path) < 0)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    return 0;
}
