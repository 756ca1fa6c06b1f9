// SPDX-License-Identifier: Apache-2.0
//
// The body of a task: what its owner asked for, checked and put in one form. It is stored once, sent to the
// node that runs an instance, and echoed by every later GET.
//
//   {name, shortname|null, profile, instanceCount (0: advancedRanges), advancedRanges|null,
//    constants: [{key, value}], forcedConstants, hardwareConstraints, tags: [..], labels: {..},
//    placement, autoDeleteOnCompletion, completionTimeToLive, schedulingType, retrySettings,
//    maxRetriesPerInstance, maxTimeQueueSeconds|null, jobUuid|null, dependencies: {dependsOn,
//    advancedDependsOn}, snapshot*, results*, ...}; members that are null or empty are left out
//
// Values of secret constants, forced ones too, are in it sealed (api/secrets.h): only the answer to the node that runs
// an instance has them in the clear. Answers to customers show "[SECRET]".
#ifndef ONDOL_API_TASK_BODY_H
#define ONDOL_API_TASK_BODY_H

#include <jansson.h>

#include "api/backend.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/engine/event.h"

#define SECRET_PREFIX   "QARNOT_SECRET__"
#define SECRET_PASSWORD "DOCKER_REGISTRY_PASSWORD"
#define SECRET_MASK     "[SECRET]"

// Reads a creation request into `d` (all but uuid; strings in `a` or borrowed from `in`) and its body text.
// Returns 0, or the HTTP code of the refusal with its sentence in `why` (in `a`): all fields that are wrong, or
// else the first thing that one of them names and that is not there.
int task_body_read(const json_t *in, const struct api_backend *be, const struct account_view *who,
                   struct arena *a, struct task_draft *d, const char **why);

// How long after its end the task is kept, by its body; 0: until it is deleted.
int64_t task_keep_ms(const json_t *body);

// Changes in `body` what an update may change and `in` has: constants, tags, labels, file filters, deletion.
// Returns 0, or the HTTP code of the refusal with its sentence; `body` is of no use then.
int task_body_update(json_t *body, const json_t *in, struct arena *a, const char **why);

#endif
