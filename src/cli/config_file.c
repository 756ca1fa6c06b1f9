// SPDX-License-Identifier: Apache-2.0
#include "cli/config_file.h"

#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

struct reading {
    const struct options *o;
    void *values;
    struct arena *a;
    struct err first; // the first thing that was wrong
};

static int on_key(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    struct err e = ERR_NULL;
    int bad;
    if (*section)
        bad = err_set(&e, -EINVAL, "[%s]: this file has no sections, only lines of option = value", section);
    else
        bad = options_set(r->o, r->values, name, arena_strdup(r->a, value), &e);
    if (bad && !r->first.code)
        r->first = e;
    return bad == 0;
}

static int read_one(struct reading *r, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    int line = ini_parse_file(f, on_key, r);
    fclose(f);
    if (line == 0)
        return 0;
    if (line < 0)
        return err_set(e, -EIO, "%s: cannot be read", path);
    return err_set(e, -EINVAL, "%s:%d: %s", path, line,
                   r->first.code ? r->first.text : "is not option = value");
}

int config_file_read(const struct options *o, void *values, const char *path, struct arena *a, struct err *e)
{
    struct reading r = {.o = o, .values = values, .a = a};
    int bad = read_one(&r, path, e);
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s.d/*.conf", path);
    glob_t g = {0};
    if (!bad && glob(pattern, 0, NULL, &g) == 0)
        for (size_t i = 0; i < g.gl_pathc && !bad; i++)
            bad = read_one(&r, g.gl_pathv[i], e);
    globfree(&g);
    return bad;
}
