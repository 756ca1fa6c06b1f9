// SPDX-License-Identifier: Apache-2.0
#include "cli/verb_offer.h"

#include <stdio.h>
#include <string.h>

#include "cli/verb_list.h"

static void hardware_row(struct table *t, const json_t *j)
{
    const char *kind = got_text(j, "discriminator"), *key;
    const json_t *v;
    int n = (int)strlen(kind) - (int)strlen("HardwareConstraint");
    table_put(t, TABLE_PLAIN, "%.*s", n > 0 ? n : 0, kind);
    json_object_foreach((json_t *)j, key, v)
    {
        if (json_is_string(v) && strcmp(key, "discriminator")) {
            table_put(t, TABLE_PLAIN, "%s", json_string_value(v));
            return;
        } else if (json_is_number(v)) {
            table_number(t, TABLE_PLAIN, 0, json_number_value(v));
            return;
        }
    }
    table_put(t, TABLE_DIM, "-");
}

int verb_hardware(struct verb_call *c, bool json)
{
    json_t *all = json_array();
    int code = 0;
    for (size_t total = 1; !code && json_array_size(all) < total;) {
        char path[64];
        json_t *got = NULL;
        snprintf(path, sizeof path, "/hardware-constraints?limit=50&offset=%zu", json_array_size(all));
        code = api_json(&c->api, "GET", path, NULL, &got, &c->e);
        size_t n = json_array_size(json_object_get(got, "data"));
        json_array_extend(all, json_object_get(got, "data"));
        total = n ? (size_t)json_integer_value(json_object_get(got, "total")) : 0;
        json_decref(got);
    }
    return verb_print(code, all, json, "KIND VALUE", hardware_row);
}

static void constant_row(struct table *t, const json_t *j)
{
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "value"));
    table_put(t, TABLE_DIM, "%s", got_text(j, "description"));
}

int verb_profiles(struct verb_call *c, bool json)
{
    size_t i;
    json_t *got = NULL, *name;
    bool one = c->args->n > 0;
    int code =
        api_json(&c->api, "GET", one ? verb_path(c, "/profiles/", "") : "/profiles", NULL, &got, &c->e);
    if (!code && one && !json)
        return verb_print(0, json_incref(json_object_get(got, "constants")), false,
                          "CONSTANT VALUE DESCRIPTION", constant_row),
               json_decref(got), 0;
    if (!code && json)
        got_print(got);
    else if (!code)
        json_array_foreach(got, i, name) puts(json_string_value(name));
    json_decref(got);
    return code;
}
