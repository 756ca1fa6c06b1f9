// SPDX-License-Identifier: Apache-2.0
#include "agent/body.h"

#include <jansson.h>
#include <string.h>

static const char *member(const json_t *j, const char *name, struct arena *a)
{
    return arena_strdup(a, json_string_value(json_object_get(j, name)));
}

static const char *constants_read(const json_t *list, struct task_body *b, struct arena *a)
{
    if (!list || json_is_null(list))
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > LAUNCH_CONSTANTS_MAX)
        return "the task's constants are not a list, or too many";
    struct constant *c = arena_alloc(a, (json_array_size(list) + 1) * sizeof *c);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct constant *to = &c[b->n_constants];
        to->key = member(item, "key", a);
        to->value = member(item, "value", a);
        if (!to->key || !*to->key || strchr(to->key, '='))
            return "a constant of the task has no usable key";
        if (!to->value)
            to->value = "";
        b->n_constants++;
    }
    b->constant = c;
    return NULL;
}

const struct task_body *body_read(const char *json, struct arena *a)
{
    struct task_body *b = arena_alloc(a, sizeof *b);
    json_error_t why;
    json_t *j = json_loads(json, 0, &why);
    if (!json_is_object(j)) {
        b->error = "the task's body is not a JSON object";
    } else {
        b->name = member(j, "name", a);
        b->profile = member(j, "profile", a);
        b->error = constants_read(json_object_get(j, "constants"), b, a);
    }
    json_decref(j);
    return b;
}
