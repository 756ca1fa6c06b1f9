// SPDX-License-Identifier: Apache-2.0
//
// Of pools: whether scaling policies make sense, before a pool is made of them.
#include <string.h>

#include "api/handlers.h"
#include "api/scaling_in.h"

// The field of "policies[0].name: is required" and the sentence behind it.
static void problem(struct call *c, const char *text)
{
    const char *colon = strstr(text, ": ");
    const char *field = colon ? arena_strndup(&c->arena, text, (size_t)(colon - text)) : "policies";
    bool unreadable =
        !strcmp(colon ? colon + 2 : text, "The input was not valid."); // what no policy can be made of
    call_problem(c, unreadable ? NULL : "Model validation error", field, colon ? colon + 2 : text);
}

void pool_scaling_check(struct call *c)
{
    struct scaling_policy *policy;
    struct err e = ERR_NULL;
    size_t n;
    if (!call_json(c))
        return;
    if (!json_is_object(c->in))
        call_problem(c, NULL, "$", "The body must be a JSON object");
    else if (scaling_in(c->in, &c->arena, &policy, &n, &e) < 0)
        problem(c, e.text);
    else
        call_empty(c);
}
