// SPDX-License-Identifier: Apache-2.0
#include "api/list_in.h"

#include <strings.h>

#include "api/json_in.h"

bool list_in_tags(struct call *c, struct filter **f)
{
    const char *tag[CALL_QUERY_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->n_query; i++)
        if (!strcasecmp(c->query_name[i], "tag"))
            tag[n++] = c->query_value[i];
    struct err e = ERR_NULL;
    *f = n ? filter_of_tags(tag, n, &e) : NULL;
    if (n && !*f)
        call_fail(c, 400, "%s", e.text);
    return !n || *f;
}

bool list_in_body(struct call *c)
{
    if (!call_json(c))
        return false;
    if (!c->in)
        c->in = json_object();
    if (json_is_object(c->in))
        return true;
    call_problem(c, NULL, "$", "The body must be a JSON object");
    return false;
}

bool list_in_filter(struct call *c, struct filter **f)
{
    struct err e = ERR_NULL;
    const json_t *in = in_get(c->in, "filter");
    *f = in ? filter_new(in, &e) : NULL;
    if (in && !*f)
        call_problem(c, NULL, "filter", e.text);
    if (*f && c->be->like_ms)
        filter_allow_ms(*f, c->be->like_ms);
    return !in || *f;
}

bool list_in_count(struct call *c, size_t most, size_t *n)
{
    struct err e = ERR_NULL;
    int64_t want = (int64_t)*n;
    if (!in_int(c->in, "maximumResults", 1, INT32_MAX, &want, &e)) {
        call_problem(c, NULL, "maximumResults", e.text);
        return false;
    }
    *n = want > (int64_t)most ? most : (size_t)want;
    return true;
}

bool list_in_order(struct call *c, int orders, enum task_order *order, bool *descending)
{
    static const char *const ways[] = {"ASC", "DESC"};
    static const char *const words[] = {[ORDER_CREATION] = "creationDate",
                                        [ORDER_NAME] = "name",
                                        [ORDER_STATE] = "state",
                                        [ORDER_EXECUTION] = "executionTime"};
    int by = ORDER_CREATION, way = in_get(c->in, "orderBy") ? 0 : 1; // as it comes: the newest first
    struct err by_e = ERR_NULL, way_e = ERR_NULL;
    bool known = in_enum(c->in, "orderBy", words, orders, &by, &by_e),
         way_known = in_enum(c->in, "orderType", ways, 2, &way, &way_e);
    if (!known)
        call_problem(c, NULL, "orderBy", by_e.text);
    if (!way_known)
        call_problem(c, NULL, "orderType", way_e.text);
    if (!known || !way_known)
        return false;
    *order = (enum task_order)by;
    *descending = way == 1;
    return true;
}
