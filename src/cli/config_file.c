// SPDX-License-Identifier: Apache-2.0
#include "cli/config_file.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>

#include "ini/ini_text.h"

struct reading {
    const struct options *o;
    void *values;
    struct arena *a;
};

static int take_pair(void *ctx, const struct ini_pair *pair, struct err *e)
{
    struct reading *r = ctx;
    if (*pair->section)
        return err_set(e, -EINVAL, "[%s]: this file has no sections, only lines of option = value",
                       pair->section);
    return options_set(r->o, r->values, pair->name, arena_strdup(r->a, pair->value), e);
}

int config_file_read(const struct options *o, void *values, const char *path, struct arena *a, struct err *e)
{
    struct reading r = {.o = o, .values = values, .a = a};
    int bad = ini_read_file(path, take_pair, &r, e);
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s.d/*.conf", path);
    glob_t g = {0};
    if (!bad && glob(pattern, 0, NULL, &g) == 0)
        for (size_t i = 0; i < g.gl_pathc && !bad; i++)
            bad = ini_read_file(g.gl_pathv[i], take_pair, &r, e);
    globfree(&g);
    return bad;
}
