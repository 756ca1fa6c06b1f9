// SPDX-License-Identifier: Apache-2.0
#include "core/work/depend.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char end_letters[] = "?sfcx"; // by enum depend_end

void depends_deinit(struct depends *d)
{
    free(d->v);
    *d = DEPENDS_NULL;
}

struct depend *depends_add(struct depends *d)
{
    struct depend *one = VEC_PUSH(d->v, d->n, d->cap);
    *one = (struct depend){0};
    return one;
}

// Gives what stands behind the entry, or NULL.
static const char *parse_one(const char *p, struct depend *d)
{
    char uuid[UUID_TEXT_BYTES];
    if ((*p != 's' && *p != 'a') || strlen(p) < 3 + UUID_TEXT_BYTES - 1)
        return NULL;
    d->simple = *p++ == 's';
    memcpy(uuid, p, UUID_TEXT_BYTES - 1);
    uuid[UUID_TEXT_BYTES - 1] = '\0';
    p += UUID_TEXT_BYTES - 1;
    const char *end = p[1] ? strchr(end_letters, p[1]) : NULL;
    if (!uuid_parse(uuid, d->uuid) || *p < '0' || *p > '7' || !end)
        return NULL;
    d->wants = (uint8_t)(*p - '0');
    d->end = (uint8_t)(end - end_letters);
    return p + 2;
}

bool depends_parse(const char *text, struct depends *d)
{
    *d = DEPENDS_NULL;
    const char *p = text;
    while (p && *p) {
        p = d->n < DEPENDS_MAX ? parse_one(p, depends_add(d)) : NULL;
        if (p && *p == ',' && p[1])
            p++;
        else if (p && *p)
            p = NULL;
    }
    if (!p)
        depends_deinit(d);
    return p != NULL;
}

void depends_format(const struct depends *d, struct buf *out)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct depend *one = &d->v[i];
        char uuid[UUID_TEXT_BYTES];
        uuid_format(uuid, one->uuid);
        buf_putf(out, "%s%c%s%c%c", i ? "," : "", one->simple ? 's' : 'a', uuid, '0' + one->wants,
                 end_letters[one->end]);
    }
}

enum depend_end depend_end_of(enum task_state final)
{
    switch (final) {
    case TASK_SUCCESS:
        return DEPEND_SUCCESS;
    case TASK_FAILURE:
        return DEPEND_FAILURE;
    case TASK_CANCELLED:
        return DEPEND_CANCELLED;
    default:
        return DEPEND_OPEN;
    }
}

unsigned depend_wants(const struct depend *d)
{
    if (d->simple)
        return DEPEND_BIT(DEPEND_SUCCESS);
    return d->wants ? d->wants
                    : DEPEND_BIT(DEPEND_SUCCESS) | DEPEND_BIT(DEPEND_FAILURE) | DEPEND_BIT(DEPEND_CANCELLED);
}

enum depend_state depend_state(const struct depend *d)
{
    if (d->end == DEPEND_OPEN)
        return DEPEND_WAITING;
    return d->end != DEPEND_GONE && depend_wants(d) & DEPEND_BIT(d->end) ? DEPEND_FULFILLED
                                                                         : DEPEND_NOT_FULFILLED;
}

enum depend_state depends_state(const struct depends *d)
{
    enum depend_state all = DEPEND_FULFILLED;
    for (size_t i = 0; i < d->n; i++) {
        enum depend_state one = depend_state(&d->v[i]);
        if (one == DEPEND_NOT_FULFILLED)
            return one;
        if (one == DEPEND_WAITING)
            all = one;
    }
    return all;
}

const char *depend_state_name(enum depend_state s)
{
    static const char *const names[] = {"waiting", "dependencyConditionsFulfilled",
                                        "dependencyConditionsNotFulfilled"};
    return (unsigned)s < ARRAY_LEN(names) ? names[s] : "unknown";
}

const char *depend_end_name(enum depend_end e)
{
    static const char *const names[] = {NULL, "success", "failure", "cancelled", NULL};
    return (unsigned)e < ARRAY_LEN(names) ? names[e] : NULL;
}
