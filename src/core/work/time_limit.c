// SPDX-License-Identifier: Apache-2.0
#include "core/work/time_limit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/when.h"

#define SECOND_MS INT64_C(1000)
#define MOST_MS   (366 * 86400 * SECOND_MS)

static bool is_true(const char *v)
{
    return v && (!strcasecmp(v, "true") || !strcasecmp(v, "yes") || !strcmp(v, "1"));
}

static int64_t unit_ms(char c)
{
    return c == 'd'   ? 86400 * SECOND_MS
           : c == 'h' ? 3600 * SECOND_MS
           : c == 'm' ? 60 * SECOND_MS
           : c == 's' ? SECOND_MS
                      : 0;
}

// "1h30m"; a number with nothing behind it is the last.
static bool units(const char *p, int64_t *ms)
{
    *ms = 0;
    while (*p) {
        int64_t n = 0;
        const char *from = p;
        for (; *p >= '0' && *p <= '9' && p - from < 9; p++)
            n = n * 10 + (*p - '0');
        int64_t unit = *p ? unit_ms(*p) : SECOND_MS;
        if (p == from || !unit || n > MOST_MS / unit)
            return false;
        *ms += n * unit;
        p += *p != '\0';
    }
    return true;
}

int time_limit(const char *use, const char *text, int64_t *ms, struct err *e)
{
    const char *said = text && *text ? text : TIME_LIMIT_DEFAULT;
    *ms = 0;
    if (!is_true(use))
        return 0;
    bool good = strchr(said, ':') ? span_parse(said, ms) : units(said, ms);
    if (good && *ms >= SECOND_MS && *ms <= MOST_MS)
        return 0;
    *ms = 0;
    return err_set(e, -EINVAL,
                   TIME_LIMIT_NAME " %.60s: is no time as 8h, 1h30m or 08:00:00, from a second to 366 days",
                   said);
}
