// SPDX-License-Identifier: Apache-2.0
#include "core/work/staging.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROOM_LEAST ((int64_t)256 << 20)

static const char *after_strip(const char *key, size_t *n, const char *strip)
{
    size_t k = strip ? strlen(strip) : 0;
    if (!k || k > *n || memcmp(key, strip, k) != 0)
        return key;
    *n -= k;
    return key + k;
}

static int refuse(struct err *e, const char *key, size_t n, const char *why)
{
    return err_set(e, -EINVAL, "%.*s: %s", (int)(n < 100 ? n : 100), key, why);
}

int staging_path(const char *key, size_t n, const char *strip, char out[STAGING_PATH_MAX + 1], struct err *e)
{
    size_t left = n, used = 0, depth = 0;
    const char *p = after_strip(key, &left, strip), *end = p + left;
    if (memchr(p, 0, left))
        return refuse(e, key, n, "its key holds a NUL");
    if (left && end[-1] == '/')
        return 1;
    while (p < end) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        size_t part = (size_t)((slash ? slash : end) - p);
        if (part == 2 && p[0] == '.' && p[1] == '.')
            return refuse(e, key, n, "its key leads out of /job (..)");
        if (part > 255)
            return refuse(e, key, n, "a part of its key has more than 255 bytes");
        if (part && !(part == 1 && *p == '.')) {
            if (++depth > STAGING_DEPTH)
                return refuse(e, key, n, "its key has too many folders");
            if (used + part + 1 > STAGING_PATH_MAX)
                return refuse(e, key, n, "its key is too long");
            if (used)
                out[used++] = '/';
            memcpy(out + used, p, part);
            used += part;
        }
        p += part + 1;
    }
    out[used] = '\0';
    return used ? 0 : 1;
}

int64_t staging_room(int32_t memory_mb)
{
    int64_t half = (int64_t)memory_mb << 19;
    return half > ROOM_LEAST ? half : ROOM_LEAST;
}

size_t staging_names_room(uint32_t instance_count)
{
    size_t each = ((size_t)256 << 10) / (instance_count ? instance_count : 1);
    return each > STAGE_NAMES_MAX ? STAGE_NAMES_MAX : each < 128 ? 128 : each;
}

// Tenths of the unit, so that no rounding of floats differs between machines.
static void amount(int64_t bytes, int64_t unit, char out[32])
{
    int64_t tenths = unit < 10 ? 0 : bytes / (unit / 10);
    if (unit < 10)
        snprintf(out, 32, "%lld", (long long)bytes);
    else
        snprintf(out, 32, "%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
}

void staging_text(int64_t files, int64_t files_n, int64_t bytes, int64_t bytes_n, char *out, size_t room)
{
    static const struct {
        int64_t unit;
        const char *name;
    } units[] = {{1000000000, "GB"}, {1000000, "MB"}, {1000, "kB"}, {1, "bytes"}};
    size_t u = 0;
    char done[32], all[32];
    while (u < 3 && bytes_n < units[u].unit)
        u++;
    amount(bytes, units[u].unit, done);
    amount(bytes_n, units[u].unit, all);
    snprintf(out, room, "%lld of %lld file%s, %s of %s %s", (long long)files, (long long)files_n,
             files_n == 1 ? "" : "s", done, all, units[u].name);
}
