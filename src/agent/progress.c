// SPDX-License-Identifier: Apache-2.0
#include "agent/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define GROUPS       3
#define RE_BYTES_MAX 256
#define LINE_BYTES                                                                                           \
    512 // progress is told in short lines; a longer one is looked at this far, which bounds the matching

// A stranger's expression runs here, outside the sandbox. Counted repetition can grow a small text into
// gigabytes when it is compiled, and references back can take for ever when matched; without these two, cost
// is bounded by the lengths.
static bool harmless(const char *re)
{
    if (!re || strlen(re) > RE_BYTES_MAX || strchr(re, '{'))
        return false;
    for (; *re; re++) {
        if (*re != '\\')
            continue;
        re++;
        if ((*re >= '1' && *re <= '9') || *re == '\0')
            return false;
    }
    return true;
}

void progress_init(struct progress *p, const struct launch *l)
{
    p->n = 0;
    p->permille = -1;
    for (size_t i = 0; i < LAUNCH_PROGRESS_MAX; i++)
        if (harmless(l->progress[i]) && regcomp(&p->re[p->n], l->progress[i], REG_EXTENDED) == 0)
            p->n++;
}

void progress_deinit(struct progress *p)
{
    while (p->n > 0)
        regfree(&p->re[--p->n]);
}

static bool group(const char *line, const regmatch_t *m, double *v)
{
    char text[32], *end;
    size_t n = m->rm_so < 0 ? 0 : (size_t)(m->rm_eo - m->rm_so);
    if (n == 0 || n >= sizeof text)
        return false;
    memcpy(text, line + m->rm_so, n);
    text[n] = '\0';
    *v = strtod(text, &end);
    return end != text && *v >= 0 && *v < 1e15;
}

static void line_feed(struct progress *p, const char *line)
{
    for (size_t i = 0; i < p->n; i++) {
        regmatch_t m[GROUPS];
        double done, of = 100;
        if (regexec(&p->re[i], line, GROUPS, m, 0) != 0 || !group(line, &m[1], &done))
            continue;
        if (m[2].rm_so >= 0 && (!group(line, &m[2], &of) || of <= 0))
            continue;
        p->permille = (int32_t)num_clamp(done / of * 1000, 0, 1000);
    }
}

void progress_feed(struct progress *p, const char *text, size_t n)
{
    while (p->n > 0 && n > 0) {
        const char *end = memchr(text, '\n', n);
        size_t length = end ? (size_t)(end - text) : n,
               keep = length < LINE_BYTES - 1 ? length : LINE_BYTES - 1;
        char line[LINE_BYTES];
        memcpy(line, text, keep);
        line[keep] = '\0';
        line_feed(p, line);
        length += end != NULL;
        text += length;
        n -= length;
    }
}
