// SPDX-License-Identifier: Apache-2.0
//
// What a request for a list asks for: which, how many, in which order. The same words for tasks, jobs and
// pools. Every function gives false when it has failed the call, with the field that is wrong; what it should
// have read is then as it was.
#ifndef ONDOL_API_LIST_IN_H
#define ONDOL_API_LIST_IN_H

#include "api/call.h"
#include "api/filter.h"

// GET ...?tag=a,b&tag=c: any of these groups. `*f` is the caller's to free; NULL: none are named.
bool list_in_tags(struct call *c, struct filter **f);

// The body must be an object; an empty one becomes one without members.
bool list_in_body(struct call *c);

// "filter" of the body, with the time that the server allows it. `*f` likewise.
bool list_in_filter(struct call *c, struct filter **f);

// "maximumResults", at least 1, cut to `most`; `*n` stays when it is absent.
bool list_in_count(struct call *c, size_t most, size_t *n);

// "orderBy", one of the first `orders` of enum task_order, and "orderType"; the newest first when neither is
// there.
bool list_in_order(struct call *c, int orders, enum task_order *order, bool *descending);

#endif
