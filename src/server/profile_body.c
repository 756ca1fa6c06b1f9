// SPDX-License-Identifier: Apache-2.0
//
// What an operator's own profile means for the body that a node gets: it names the built-in profile that its
// profile stands on, and has the constants that this profile gives. What is stored stays as the customer
// wrote it, so that a profile that is changed changes what has not begun yet.
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "server/inside.h"

static json_t *value_of(json_t *constants, const char *key)
{
    for (size_t i = 0; i < json_array_size(constants); i++) {
        json_t *c = json_array_get(constants, i);
        const char *k = json_string_value(json_object_get(c, "key"));
        if (k && !strcmp(k, key))
            return c;
    }
    return NULL;
}

static json_t *constants_of(json_t *body)
{
    json_t *list = json_object_get(body, "constants");
    if (!json_is_array(list)) {
        list = json_array();
        json_object_set_new(body, "constants", list);
    }
    return list;
}

// Of several constants of one name the last counts, so a forced one goes to the end.
static void give(json_t *constants, const struct profile_constant *c)
{
    if (!c->forced && value_of(constants, c->name))
        return;
    json_array_append_new(constants, json_pack("{s:s,s:s}", "key", c->name, "value", c->value));
}

int body_profile(struct runtime *r, json_t *body, const struct profile **out, struct err *e)
{
    const char *name = json_string_value(json_object_get(body, "profile"));
    const struct profile *p = profile_find(&r->cfg.profiles, name ? name : "");
    *out = p;
    if (!p)
        return err_set(e, -ENOENT, "profile %.80s: is no longer in the configuration", name ? name : "");
    if (!p->base)
        return 0;
    for (size_t i = 0; i < p->n_constants; i++)
        give(constants_of(body), &p->constant[i]);
    json_object_set_new(body, "profile", json_string(p->base));
    return 0;
}
