// SPDX-License-Identifier: Apache-2.0
#include "cli/profile_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/work/profile.h"
#include "ini/ini_lines.h"

struct reading {
    struct arena *a;
    struct profile *v;
    size_t n, cap;
    struct profile_constant *constant; // of the last one, in the arena
};

// The last one, which ends where the next begins.
static int whole(void *ctx, struct err *e)
{
    const struct reading *r = ctx;
    const struct profile *last = r->n ? &r->v[r->n - 1] : NULL;
    return last && !last->base ? err_set(e, -EINVAL, "[profile %s]: has no base", last->name) : 0;
}

static int section(void *ctx, char *line, struct err *e)
{
    struct reading *r = ctx;
    size_t n = strlen(line);
    if (n < 10 || line[n - 1] != ']' || strncmp(line, "[profile ", 9) != 0)
        return err_set(e, -EINVAL, "%.60s: is not [profile NAME]", line);
    line[n - 1] = '\0';
    const char *name = ini_trim(line + 9);
    if (!profile_name_ok(name))
        return err_set(e, -EINVAL,
                       "[profile %.80s]: a name has 1 to %d of A-Z a-z 0-9 . _ -, begins with a letter or a "
                       "digit and is no built-in profile's",
                       name, PROFILE_NAME_BYTES - 1);
    for (size_t i = 0; i < r->n; i++)
        if (!strcasecmp(r->v[i].name, name))
            return err_set(e, -EINVAL, "[profile %s]: is there twice", name);
    if (whole(r, e) < 0)
        return e->code;
    if (r->n == PROFILE_FILE_PROFILES)
        return err_set(e, -EINVAL, "more than %d profiles", PROFILE_FILE_PROFILES);
    r->constant = arena_alloc(r->a, PROFILE_OWN_CONSTANTS * sizeof *r->constant);
    *VEC_PUSH(r->v, r->n, r->cap) =
        (struct profile){.name = arena_strdup(r->a, name), .constant = r->constant};
    return 0;
}

static int base(struct reading *r, const char *value, struct err *e)
{
    struct profile *p = &r->v[r->n - 1];
    unsigned features;
    if (!profile_features(value, &features))
        return err_set(e, -EINVAL, "base: %.80s is no built-in profile", value);
    p->base = arena_strdup(r->a, value);
    return 0;
}

static bool variable(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_')
            return false;
    return true;
}

// That of this name, made when it is not there; NULL: they are too many.
static struct profile_constant *constant(struct reading *r, const char *name)
{
    struct profile *p = &r->v[r->n - 1];
    for (size_t i = 0; i < p->n_constants; i++)
        if (!strcmp(r->constant[i].name, name))
            return &r->constant[i];
    if (p->n_constants == PROFILE_OWN_CONSTANTS)
        return NULL;
    struct profile_constant *c = &r->constant[p->n_constants++];
    *c = (struct profile_constant){.name = arena_strdup(r->a, name)};
    return c;
}

static int constant_key(struct reading *r, const char *key, const char *value, struct err *e)
{
    const char *name = strchr(key, '.') + 1;
    if (!variable(name) || strlen(name) > API_NAME_CHARS)
        return err_set(e, -EINVAL, "%.80s: %.60s is not a name of a constant (letters, digits and _)", key,
                       name);
    if (!utf8_valid(value, strlen(value)) || strlen(value) > API_CONSTANT_CHARS)
        return err_set(e, -EINVAL, "%.80s: is not UTF-8 of at most %d bytes", key, API_CONSTANT_CHARS);
    struct profile_constant *c = constant(r, name);
    if (!c)
        return err_set(e, -EINVAL, "%.80s: more than %d constants", key, PROFILE_OWN_CONSTANTS);
    if (*key == 'a') {
        c->description = arena_strdup(r->a, value);
        return 0;
    }
    if (c->value)
        return err_set(e, -EINVAL, "%.80s: %s has a value already", key, name);
    c->value = arena_strdup(r->a, value);
    c->forced = *key == 'f';
    return 0;
}

static int key(void *ctx, char *line, struct err *e)
{
    struct reading *r = ctx;
    char *equals = strchr(line, '=');
    if (!r->n)
        return err_set(e, -EINVAL, "%.40s: stands before the first [profile NAME]", line);
    if (!equals)
        return err_set(e, -EINVAL, "%.40s: is not key = value", line);
    *equals = '\0';
    char *name = ini_trim(line), *value = ini_trim(equals + 1);
    if (!strcmp(name, "base"))
        return base(r, value, e);
    if (!strcmp(name, "description")) {
        r->v[r->n - 1].description = arena_strdup(r->a, value);
        return 0;
    }
    if (!strncmp(name, "default.", 8) || !strncmp(name, "forced.", 7) || !strncmp(name, "about.", 6))
        return constant_key(r, name, value, e);
    return err_set(e, -EINVAL,
                   "%.60s: is no key of a profile (base, description, default.X, forced.X, about.X)", name);
}

int profile_file_read(const char *path, struct arena *a, struct profile_list *out, struct err *e)
{
    struct reading r = {.a = a};
    int bad = ini_read_lines(path, &(struct ini_lines){&r, section, key, whole}, e);
    for (size_t i = 0; i < r.n && !bad; i++)
        for (size_t k = 0; k < r.v[i].n_constants; k++)
            if (!r.v[i].constant[k].value)
                bad = err_set(e, -EINVAL, "%s: [profile %s]: about.%s: there is no default.%s or forced.%s",
                              path, r.v[i].name, r.v[i].constant[k].name, r.v[i].constant[k].name,
                              r.v[i].constant[k].name);
    if (!bad) {
        struct profile *kept = arena_alloc(a, (r.n + 1) * sizeof *kept);
        if (r.n)
            memcpy(kept, r.v, r.n * sizeof *kept);
        out->v = kept;
        out->n = r.n;
    }
    free(r.v);
    return bad;
}
