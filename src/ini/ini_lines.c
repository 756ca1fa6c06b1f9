// SPDX-License-Identifier: Apache-2.0
#include "ini/ini_lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *ini_trim(char *s)
{
    s += strspn(s, " \t");
    for (size_t n = strlen(s); n && isspace((unsigned char)s[n - 1]);)
        s[--n] = '\0';
    return s;
}

static int hand_out(char *text, const struct ini_lines *to, struct err *e)
{
    if (!*text || *text == '#' || *text == ';')
        return 0;
    return *text == '[' ? to->section(to->ctx, text, e) : to->line(to->ctx, text, e);
}

int ini_read_lines(const char *path, const struct ini_lines *to, struct err *e)
{
    struct err what = ERR_NULL;
    char *line = NULL;
    size_t size = 0;
    int at = 0, bad = 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    while (!bad && getline(&line, &size, f) >= 0) {
        at++;
        bad = hand_out(ini_trim(line), to, &what);
    }
    bool broken = !bad && ferror(f);
    fclose(f);
    free(line);
    if (broken)
        return err_set(e, -EIO, "%s: cannot be read", path);
    if (!bad && to->end)
        bad = to->end(to->ctx, &what);
    return bad ? err_set(e, bad, "%s:%d: %s", path, at, what.text) : 0;
}
