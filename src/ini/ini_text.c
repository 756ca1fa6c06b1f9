// SPDX-License-Identifier: Apache-2.0
#include "ini/ini_text.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct reading {
    const char *file, *p, *end; // text not yet read
    int line;
    bool blank;     // it begins with one
    char last[256]; // section and name of the pair before, as far as they fit
    ini_take *take;
    void *ctx;
    struct err first; // the first thing that was wrong, and where
    int first_line;
};

static int wrong(struct reading *r, int code, const char *what)
{
    r->first_line = r->line;
    return err_set(&r->first, code, "%s:%d: %s", r->file, r->line, what);
}

// One line, as fgets gives them. libinih would take one that is longer than its buffer for two.
static char *next_line(char *out, int cap, void *ctx)
{
    struct reading *r = ctx;
    char what[80];
    if (r->p == r->end || r->first.code)
        return NULL;
    const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
    size_t n = (size_t)((nl ? nl : r->end) - r->p);
    r->line++;
    if (n + 2 > (size_t)cap) {
        snprintf(what, sizeof what, "a line of %zu bytes (at most %d)", n, cap - 2);
        wrong(r, -EINVAL, what);
        return NULL;
    }
    if (memchr(r->p, '\0', n)) {
        wrong(r, -EINVAL, "holds a byte 0: this is no text");
        return NULL;
    }
    memcpy(out, r->p, n);
    r->blank = n > 0 && (*r->p == ' ' || *r->p == '\t');
    out[n] = '\n';
    out[n + 1] = '\0';
    r->p = nl ? nl + 1 : r->end;
    return out;
}

// Said twice, as libinih has it, it would take the place of the value before it.
static int goes_on(const struct ini_pair *p, struct err *e)
{
    return err_set(e, -EINVAL,
                   "%s%s%s%s: this line begins with a blank and so goes on with the value of %s (a key "
                   "stands at the beginning of its line)",
                   *p->section ? "[" : "", p->section, *p->section ? "] " : "", p->name, p->name);
}

static int on_pair(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    char here[sizeof r->last];
    snprintf(here, sizeof here, "%s]%s", section, name);
    const struct ini_pair pair = {r->line, section, name, value};
    struct err e = ERR_NULL;
    if (r->first.code)
        return 0;
    int bad = r->blank && !strcmp(here, r->last) ? goes_on(&pair, &e) : r->take(r->ctx, &pair, &e);
    memcpy(r->last, here, sizeof here);
    if (bad)
        wrong(r, bad, e.text);
    return bad == 0;
}

int ini_read_text(const char *file, const char *text, size_t n, ini_take *take, void *ctx, struct err *e)
{
    struct reading r = {.file = file, .p = text, .end = text + n, .take = take, .ctx = ctx};
    int line = ini_parse_stream(next_line, &r, on_pair, &r);
    if (line > 0 && (!r.first.code || line < r.first_line)) // what is no line comes before what follows it
        err_set(&r.first, -EINVAL, "%s:%d: is neither [section] nor key = value", file, line);
    if (r.first.code && e)
        *e = r.first;
    return r.first.code;
}

static int read_whole(const char *path, char **text, size_t *n, struct err *e)
{
    size_t cap = 0, got;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    do {
        mem_grow(text, &cap, *n + 4096, 1);
        got = fread(*text + *n, 1, cap - *n, f);
        *n += got;
    } while (got > 0 && *n <= INI_FILE_MAX);
    int bad = ferror(f) ? err_set(e, -EIO, "%s: cannot be read", path) : 0;
    fclose(f);
    if (!bad && *n > INI_FILE_MAX)
        bad = err_set(e, -EINVAL, "%s: is larger than %zu bytes", path, INI_FILE_MAX);
    return bad;
}

int ini_read_file(const char *path, ini_take *take, void *ctx, struct err *e)
{
    char *text = NULL;
    size_t n = 0;
    int bad = read_whole(path, &text, &n, e);
    if (!bad)
        bad = ini_read_text(path, text, n, take, ctx, e);
    free(text);
    return bad;
}
