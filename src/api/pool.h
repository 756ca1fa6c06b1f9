// SPDX-License-Identifier: Apache-2.0
//
// Pools in the API: the body that is kept, and how one is shown.
//
// The body is itself a request: {name, profile, instanceCount, elasticProperty, scaling: {policies}|absent,
// preparationTask, multiSlotsSettings, constants, ... as a task's (api/task_body.h)}.
#ifndef ONDOL_API_POOL_H
#define ONDOL_API_POOL_H

#include <jansson.h>

#include "api/backend.h"
#include "api/invalid.h"
#include "api/json_out.h"
#include "api/task_render.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/engine/event.h"
#include "core/work/scaling.h"

// Reads a creation request into `d` (all but uuid; strings in `a` or borrowed from `in`). 0, or the HTTP code
// of the refusal with its sentence in `why` (in `a`), which names all fields that are wrong.
int pool_body_read(const json_t *in, const struct api_backend *be, const struct account_view *who,
                   struct arena *a, struct pool_draft *d, const char **why);

// Changes in `body` what an update may change and `in` has, and fills scaling, auto_delete, keep_ms and body
// of `d`. Likewise.
int pool_body_update(json_t *body, const json_t *in, const struct api_backend *be, uint64_t account,
                     struct arena *a, struct pool_draft *d, const char **why);

// The sizes of a pool (pool_size.c): how many slots it wants. Reads instanceCount, elasticProperty and
// scaling from `in` into `body`, noting all that is wrong; `update`: what is absent stays. Then fills d->scaling
// from the body.
void pool_size_read(const json_t *in, json_t *body, bool update, struct invalid *bad);
bool pool_size_text(const json_t *body, struct arena *a, const char **scaling, struct err *e);
// `in` {"policies": [..]} as it is kept and shown; NULL: the ear has heard why.
json_t *pool_policies(const json_t *in, const struct scaling_ear *ear);

// A task of the pool as a row of a task, for what is counted and shown of both alike.
void pool_as_task(const struct row_pool *pool, struct row_task *row);
void pool_render_summary(struct json_out *o, const char *key, const struct row_pool *row,
                         const struct task_extra *x);
void pool_render(struct json_out *o, const char *key, const struct row_pool *row, const struct task_extra *x);
void pool_render_scaling(struct json_out *o, const char *key, const struct row_pool *row, const json_t *body);

#endif
