// SPDX-License-Identifier: Apache-2.0
#include "api/depend_in.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "api/json_in.h"
#include "base/mem.h"

static const struct {
    const char *name;
    enum depend_end end;
} ends[] = {{"success", DEPEND_SUCCESS}, {"failure", DEPEND_FAILURE}, {"cancelled", DEPEND_CANCELLED}};

static bool is_zero(const char *uuid)
{
    return !*uuid || !strcmp(uuid, "00000000-0000-0000-0000-000000000000");
}

static int add(struct depends *d, const char *uuid, const char *where, size_t i, struct err *e)
{
    uint8_t bytes[16];
    if (!uuid_parse(uuid, bytes))
        return err_set(e, -EINVAL, "dependencies.%s[%zu]: %.60s is not the uuid of a task", where, i, uuid);
    memcpy(depends_add(d)->uuid, bytes, sizeof bytes);
    return 0;
}

// False: it is no list, or too long, and that was noted.
static bool list_of(const json_t *in, const char *name, json_t **list, struct invalid *bad)
{
    struct err e = ERR_NULL;
    *list = in_get(in, name);
    if (*list && !json_is_array(*list))
        err_set(&e, -EINVAL, "dependencies.%s: must be a list", name);
    else if (json_array_size(*list) > DEPENDS_MAX)
        err_set(&e, -EINVAL, "dependencies: more than %d", DEPENDS_MAX);
    return invalid_unless(!e.code, bad, &e);
}

static int simple_one(const json_t *in, size_t i, struct depends *d, json_t *kept, struct err *e)
{
    const char *uuid = json_string_value(in);
    if (!uuid)
        return err_set(e, -EINVAL, "dependencies.dependsOn[%zu]: must be the uuid of a task", i);
    if (is_zero(uuid))
        return 0;
    int r = add(d, uuid, "dependsOn", i, e);
    if (r == 0) {
        d->v[d->n - 1].simple = true;
        json_array_append_new(kept, json_string(uuid));
    }
    return r;
}

// Words in any case, or their places in the order of the contract.
static int end_in(const json_t *v, size_t i, unsigned *wants, struct err *e)
{
    for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
        bool is = json_is_string(v) ? !strcasecmp(json_string_value(v), ends[k].name)
                                    : json_is_integer(v) && json_integer_value(v) == (json_int_t)k;
        if (is) {
            *wants |= DEPEND_BIT(ends[k].end);
            return 0;
        }
    }
    return err_set(
        e, -EINVAL,
        "dependencies.advancedDependsOn[%zu].taskFinalStateCondition: must be of success, failure, cancelled",
        i);
}

static int advanced_one(const json_t *in, size_t i, struct depends *d, json_t *kept, struct err *e)
{
    const char *uuid = json_string_value(in_get(in, "taskUuid"));
    const json_t *wants = in_get(in, "taskFinalStateCondition");
    if (!uuid || is_zero(uuid))
        return err_set(e, -EINVAL, "dependencies.advancedDependsOn[%zu].taskUuid: must be the uuid of a task",
                       i);
    int r = add(d, uuid, "advancedDependsOn", i, e);
    if (r)
        return r;
    unsigned bits = 0;
    if (json_is_array(wants)) {
        for (size_t k = 0; !r && k < json_array_size(wants); k++)
            r = end_in(json_array_get(wants, k), i, &bits, e);
    } else if (wants) {
        r = end_in(wants, i, &bits, e);
    }
    if (r)
        return r;
    d->v[d->n - 1].wants = (uint8_t)bits;
    json_t *list = bits ? json_array() : json_null();
    for (size_t k = 0; k < ARRAY_LEN(ends); k++)
        if (bits & DEPEND_BIT(ends[k].end))
            json_array_append_new(list, json_string(ends[k].name));
    json_array_append_new(kept, json_pack("{s:s,s:o}", "taskUuid", uuid, "taskFinalStateCondition", list));
    return 0;
}

bool depends_in(const json_t *in, struct depends *d, json_t *echo, struct invalid *bad)
{
    static const struct {
        const char *name;
        int (*one)(const json_t *in, size_t i, struct depends *d, json_t *kept, struct err *e);
    } lists[] = {{"dependsOn", simple_one}, {"advancedDependsOn", advanced_one}};
    struct invalid_list l = {.in = bad, .list = "dependencies"};
    struct err e = ERR_NULL;
    bool read = true;
    *d = DEPENDS_NULL;
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        json_t *list, *kept = json_array();
        json_object_set_new(echo, lists[k].name, kept);
        if (!list_of(in, lists[k].name, &list, bad)) {
            read = false;
            continue;
        }
        for (size_t i = 0; i < json_array_size(list); i++)
            invalid_item(&l, lists[k].one(json_array_get(list, i), i, d, kept, &e) == 0, &e);
    }
    if (d->n > DEPENDS_MAX) { // both together
        err_set(&e, -EINVAL, "dependencies: more than %d", DEPENDS_MAX);
        read = invalid_unless(false, bad, &e);
    }
    return invalid_list_end(&l) && read;
}

static void one_out(struct json_out *o, const struct depend *d)
{
    char uuid[UUID_TEXT_BYTES];
    uuid_format(uuid, d->uuid);
    if (d->simple) {
        out_string(o, NULL, uuid);
        return;
    }
    out_object(o, NULL);
    out_string(o, "taskUuid", uuid);
    if (d->wants) {
        out_array(o, "taskFinalStateCondition");
        for (size_t k = 0; k < ARRAY_LEN(ends); k++)
            if (d->wants & DEPEND_BIT(ends[k].end))
                out_string(o, NULL, ends[k].name);
        out_end_array(o);
    } else {
        out_null(o, "taskFinalStateCondition");
    }
    out_string(o, "actualFinalState", depend_end_name((enum depend_end)d->end));
    out_string(o, "state", depend_state_name(depend_state(d)));
    out_end_object(o);
}

void depends_out(struct json_out *o, const char *text)
{
    struct depends d = DEPENDS_NULL;
    if (!text || !*text || !depends_parse(text, &d)) {
        out_raw(o, "dependencies", "{\"dependsOn\":[]}");
        return;
    }
    out_object(o, "dependencies");
    for (int simple = 1; simple >= 0; simple--) {
        out_array(o, simple ? "dependsOn" : "advancedDependsOn");
        for (size_t i = 0; i < d.n; i++)
            if (d.v[i].simple == simple)
                one_out(o, &d.v[i]);
        out_end_array(o);
    }
    out_string(o, "state", depend_state_name(depends_state(&d)));
    out_end_object(o);
    depends_deinit(&d);
}
