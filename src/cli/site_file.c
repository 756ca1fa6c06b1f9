// SPDX-License-Identifier: Apache-2.0
#include "cli/site_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/engine/site_setting.h"
#include "ini/ini_lines.h"

struct reading {
    struct arena *a;
    struct runtime_site *site;
    size_t n, cap;
    struct buf text; // of the section
};

// Once a section: each of its lines, kept with all before it, would make gigabytes of a file of a megabyte.
static int keep_text(void *ctx, struct err *e)
{
    struct reading *r = ctx;
    (void)e;
    if (r->text.n)
        r->site[r->n - 1].setting = arena_strdup(r->a, buf_str(&r->text));
    buf_clear(&r->text);
    return 0;
}

static int section(void *ctx, char *line, struct err *e)
{
    struct reading *r = ctx;
    size_t n = strlen(line);
    bool ok = n > 2 && line[n - 1] == ']' && n - 2 < NAME_BYTES && isalnum((unsigned char)line[1]);
    for (size_t i = 1; ok && i + 1 < n; i++)
        ok = isalnum((unsigned char)line[i]) || strchr("._-", line[i]);
    if (!ok)
        return err_set(e, -EINVAL, "%.40s: is not [NAME of a site]", line);
    line[n - 1] = '\0';
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->site[i].name, line + 1))
            return err_set(e, -EINVAL, "[%s]: is there twice", line + 1);
    if (r->n == SITE_FILE_SITES)
        return err_set(e, -EINVAL, "more than %d sites", SITE_FILE_SITES);
    (void)keep_text(r, e);
    *VEC_PUSH(r->site, r->n, r->cap) = (struct runtime_site){.name = arena_strdup(r->a, line + 1)};
    return 0;
}

static int whole(const char *key, const char *v, long lo, long hi, long *out, struct err *e)
{
    char *end;
    errno = 0;
    *out = strtol(v, &end, 10);
    if (end == v || *end || errno || *out < lo || *out > hi)
        return err_set(e, -EINVAL, "%s: must be a whole number from %ld to %ld", key, lo, hi);
    return 0;
}

// The key is tried by itself, so that what is wrong with it is said with its line.
static int setting(struct reading *r, const char *line, struct err *e)
{
    struct site_setting trial = {0};
    int bad = site_setting_read(&trial, line, e);
    site_setting_deinit(&trial);
    if (bad)
        return bad;
    buf_putf(&r->text, "%s\n", line);
    if (r->text.failed)
        return err_set(e, -EINVAL, "the settings of the site are longer than %d bytes", SITE_TEXT_MAX);
    return 0;
}

static int key(void *ctx, char *line, struct err *e)
{
    struct reading *r = ctx;
    char *equals = strchr(line, '=');
    long v = 0;
    int bad = 0;
    if (!r->n)
        return err_set(e, -EINVAL, "%.40s: stands before the first [NAME]", line);
    struct runtime_site *s = &r->site[r->n - 1];
    size_t n = equals ? strcspn(line, " \t=") : 0;
    char *value = equals ? ini_trim(equals + 1) : line;
    if (n == 5 && !strncmp(line, "cap_w", 5)) {
        bad = strcmp(value, "none") ? whole("cap_w", value, 0, 1000000000, &v, e) : 0;
        s->has_cap = true;
        s->cap_mw = strcmp(value, "none") ? (int64_t)v * 1000 : -1;
        return bad;
    }
    if (n == 14 && !strncmp(line, "utc_offset_min", 14)) {
        bad = whole("utc_offset_min", value, -840, 840, &v, e);
        s->has_utc_offset = true;
        s->utc_offset_min = (int32_t)v;
        return bad;
    }
    return setting(r, line, e);
}

int site_file_read(const char *path, struct arena *a, const struct runtime_site **sites, size_t *n,
                   struct err *e)
{
    struct reading r = {.a = a, .text = BUF_INIT(SITE_TEXT_MAX)};
    int bad = ini_read_lines(path, &(struct ini_lines){&r, section, key, keep_text}, e);
    buf_deinit(&r.text);
    if (!bad && r.n) {
        struct runtime_site *kept = arena_alloc(a, r.n * sizeof *kept);
        memcpy(kept, r.site, r.n * sizeof *kept);
        *sites = kept;
        *n = r.n;
    }
    free(r.site);
    return bad;
}
