// SPDX-License-Identifier: Apache-2.0
#include "core/work/constraint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"

// True when `text` holds `part`; an empty part is in everything.
static bool holds_text(const char *text, const char *part, bool any_case)
{
    size_t n = strlen(part);
    if (n == 0)
        return true;
    for (; *text; text++) {
        if (any_case ? strncasecmp(text, part, n) == 0 : strncmp(text, part, n) == 0)
            return true;
    }
    return false;
}

static bool want_holds(uint8_t want, bool has)
{
    return want == WANT_ANY || (want == WANT_YES) == has;
}

// One row a constraint. The board's memory per core is compared by cross-multiplying, so that nothing is
// rounded.
void constraint_lack(const struct constraint *c, const struct board_spec *b, char *out, size_t n)
{
    int64_t cores = b->cores > 0 ? b->cores : 1, mb = b->memory_mb;
    if (n)
        out[0] = '\0';
    if (c->cores_min > 0 && b->cores < c->cores_min)
        snprintf(out, n, "%d cores where %d are asked for", b->cores, c->cores_min);
    else if (c->cores_max > 0 && b->cores > c->cores_max)
        snprintf(out, n, "%d cores where at most %d are asked for", b->cores, c->cores_max);
    else if (c->memory_mb_min > 0 && b->memory_mb < c->memory_mb_min)
        snprintf(out, n, "%d MB of memory where %d are asked for", b->memory_mb, c->memory_mb_min);
    else if (c->memory_mb_max > 0 && b->memory_mb > c->memory_mb_max)
        snprintf(out, n, "%d MB of memory where at most %d are asked for", b->memory_mb, c->memory_mb_max);
    else if (c->mb_per_core_min > 0 && mb < c->mb_per_core_min * cores)
        snprintf(out, n, "%d MB per core where %d are asked for", (int)(mb / cores), c->mb_per_core_min);
    else if (c->mb_per_core_max > 0 && mb > c->mb_per_core_max * cores)
        snprintf(out, n, "%d MB per core where at most %d are asked for", (int)(mb / cores),
                 c->mb_per_core_max);
    else if (!want_holds(c->gpu, b->gpu))
        snprintf(out, n, "%s where %s is asked for", b->gpu ? "a GPU" : "no GPU", b->gpu ? "none" : "one");
    else if (!want_holds(c->ssd, b->ssd))
        snprintf(out, n, "%s where %s is asked for", b->ssd ? "an SSD" : "no SSD", b->ssd ? "none" : "one");
    else if (!holds_text(b->key, c->key, false))
        snprintf(out, n, "specification %s where %s is asked for", b->key, c->key);
    else if (!holds_text(b->cpu_model, c->cpu_model, true))
        snprintf(out, n, "processor %s where %s is asked for", b->cpu_model, c->cpu_model);
}

bool constraint_holds(const struct constraint *c, const struct board_spec *b)
{
    int64_t cores = b->cores > 0 ? b->cores : 1, mb = b->memory_mb;
    return !(c->cores_min > 0 && b->cores < c->cores_min) && !(c->cores_max > 0 && b->cores > c->cores_max) &&
           !(c->memory_mb_min > 0 && mb < c->memory_mb_min) &&
           !(c->memory_mb_max > 0 && mb > c->memory_mb_max) &&
           !(c->mb_per_core_min > 0 && mb < c->mb_per_core_min * cores) &&
           !(c->mb_per_core_max > 0 && mb > c->mb_per_core_max * cores) && want_holds(c->gpu, b->gpu) &&
           want_holds(c->ssd, b->ssd) && holds_text(b->key, c->key, false) &&
           holds_text(b->cpu_model, c->cpu_model, true);
}

// Field by field, here and below: the padding of a struct is nobody's business.
bool constraint_equal(const struct constraint *a, const struct constraint *b)
{
    return a->cores_min == b->cores_min && a->cores_max == b->cores_max &&
           a->memory_mb_min == b->memory_mb_min && a->memory_mb_max == b->memory_mb_max &&
           a->mb_per_core_min == b->mb_per_core_min && a->mb_per_core_max == b->mb_per_core_max &&
           a->gpu == b->gpu && a->ssd == b->ssd && !strcmp(a->key, b->key) &&
           !strcmp(a->cpu_model, b->cpu_model);
}

bool constraint_is_none(const struct constraint *c)
{
    return constraint_equal(c, &(struct constraint){0});
}

uint64_t constraint_hash(const struct constraint *c)
{
    const int32_t number[] = {c->cores_min,       c->cores_max,       c->memory_mb_min, c->memory_mb_max,
                              c->mb_per_core_min, c->mb_per_core_max, c->gpu,           c->ssd};
    uint64_t h = HASH_SEED;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        h = hash_i64(h, number[i]);
    h = hash_bytes(h, c->key, strlen(c->key) + 1); // with the NUL, so that key and model cannot run together
    h = hash_bytes(h, c->cpu_model, strlen(c->cpu_model) + 1);
    return hash_mix(h);
}

// "cores_min cores_max mb_min mb_max ratio_min ratio_max gpu ssd|key|model"
void constraint_format(const struct constraint *c, struct buf *out)
{
    if (constraint_is_none(c))
        return;
    buf_putf(out, "%d %d %d %d %d %d %d %d|%s|%s", (int)c->cores_min, (int)c->cores_max,
             (int)c->memory_mb_min, (int)c->memory_mb_max, (int)c->mb_per_core_min, (int)c->mb_per_core_max,
             c->gpu, c->ssd, c->key, c->cpu_model);
}

static bool take_text(const char **p, char *out, size_t size)
{
    if (**p != '|')
        return false;
    size_t n = strcspn(++*p, "|");
    if (n >= size)
        return false;
    memcpy(out, *p, n);
    *p += n;
    return true;
}

bool constraint_parse(const char *text, struct constraint *c)
{
    struct constraint got = {0};
    int32_t v[8];
    const char *p = text;
    if (!*p) {
        *c = got;
        return true;
    }
    for (size_t i = 0; i < 8; i++) {
        char *end;
        long x = strtol(p, &end, 10);
        if (end == p || x < 0 || x > INT32_MAX)
            return false;
        v[i] = (int32_t)x;
        p = end;
    }
    got.cores_min = v[0];
    got.cores_max = v[1];
    got.memory_mb_min = v[2];
    got.memory_mb_max = v[3];
    got.mb_per_core_min = v[4];
    got.mb_per_core_max = v[5];
    got.gpu = (uint8_t)v[6];
    got.ssd = (uint8_t)v[7];
    if (!take_text(&p, got.key, sizeof got.key) || !take_text(&p, got.cpu_model, sizeof got.cpu_model) || *p)
        return false;
    *c = got;
    return true;
}
