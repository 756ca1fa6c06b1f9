// SPDX-License-Identifier: Apache-2.0
#include "cli/house_epoch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOUSE_MAX_MS 9e15

house_ms house_epoch_at(const struct house_epoch *e, int64_t real_ms)
{
    double v = (double)e->house0.v + (double)(real_ms - e->real0_ms) * e->speed;
    return HOUSE_MS((int64_t)(v < 0 ? 0 : v > HOUSE_MAX_MS ? HOUSE_MAX_MS : v));
}

static bool kept(const char *path, struct house_epoch *out)
{
    struct house_epoch e;
    FILE *f = fopen(path, "re");
    bool ok =
        f && fscanf(f, "%" SCNd64 " %" SCNd64 " %lf", &e.house0.v, &e.real0_ms, &e.speed) == 3 && e.speed > 0;
    if (f)
        fclose(f);
    if (ok)
        *out = e;
    return ok;
}

static int keep(const char *path, const struct house_epoch *v, struct err *e)
{
    char fresh[4096 + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *f = fopen(fresh, "we");
    if (!f)
        return err_set(e, -errno, "%s: %s", fresh, strerror(errno));
    bool ok = fprintf(f, "%" PRId64 " %" PRId64 " %.17g\n", v->house0.v, v->real0_ms, v->speed) > 0;
    ok = fclose(f) == 0 && ok;
    if (!ok || rename(fresh, path) < 0)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    return 0;
}

int house_epoch_keep(const char *dir, double speed, int64_t real_ms, const struct house_epoch *given,
                     struct house_epoch *out, bool *is, struct err *e)
{
    char path[4096];
    struct house_epoch old;
    snprintf(path, sizeof path, "%s/house-epoch", dir);
    bool had = kept(path, &old);
    *is = given || had || speed < 1 || speed > 1;
    if (!*is)
        return 0;
    if (given) {
        *out = *given;
    } else if (had && old.speed >= speed && old.speed <= speed) {
        *out = old;
        return 0;
    } else {
        *out = (struct house_epoch){had ? house_epoch_at(&old, real_ms) : HOUSE_MS(real_ms), real_ms, speed};
    }
    return keep(path, out, e);
}
