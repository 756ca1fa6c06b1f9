// SPDX-License-Identifier: Apache-2.0
//
// Jobs in the API: the body that is kept, and how one is shown.
//
//   body: {tags: [..], poolUuid|null, maxWallTime|null, completionTimeToLive}
#ifndef ONDOL_API_JOB_H
#define ONDOL_API_JOB_H

#include <jansson.h>

#include "api/json_out.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/engine/change.h"
#include "core/engine/event.h"

// Reads a creation request into `d` (all but uuid; strings in `a` or borrowed from `in`). 0, or the HTTP code
// of the refusal with its sentence in `why` (in `a`), which names all fields that are wrong.
int job_body_read(const json_t *in, struct arena *a, struct job_draft *d, const char **why);

void job_render(struct json_out *o, const char *key, const struct row_job *row);

#endif
