// SPDX-License-Identifier: Apache-2.0
//
// The parts of a task's body that are lists, and those that a later PUT may change.
#ifndef ONDOL_API_TASK_LISTS_H
#define ONDOL_API_TASK_LISTS_H

#include <jansson.h>
#include <stdbool.h>

#include "api/invalid.h"
#include "base/arena.h"
#include "base/err.h"

// All read from the request `in`, in any case of names; false: something was noted in `bad`, each wrong item.

// Appends {key, value} to `list`. `old`: the list so far, from which a masked secret keeps its value; NULL:
// none.
bool task_constants(const json_t *in, json_t *list, const json_t *old, struct arena *a,
                    struct invalid *bad);
bool task_forced_constants(const json_t *in, json_t *list, struct arena *a, struct invalid *bad);

// secretsAccessRights {bySecret: [{key}], byPrefix: [{prefix}]}, which may be NULL, into `body`.
bool task_secret_rights(const json_t *in, json_t *body, struct invalid *bad);

// Tags into `body`; `update` as below.
bool task_tags(const json_t *in, json_t *body, bool update, struct invalid *bad);

// Tags, labels, file filters, deletion after completion into `body`, which is of no use once something is noted
// in `bad`. `update`: what is absent stays as it is; otherwise it gets its default.
void task_mutable(const json_t *in, json_t *body, bool update, struct arena *a, struct invalid *bad);

#endif
