// SPDX-License-Identifier: Apache-2.0
//
// The stored body of a task (JSON, the public API's creation object) -> what the engine needs of it.
#ifndef ONDOL_AGENT_BODY_H
#define ONDOL_AGENT_BODY_H

#include "base/arena.h"
#include "core/work/launch.h"

// Never fails: what cannot be read becomes `error`. Everything lives in `a`.
const struct task_body *body_read(const char *json, struct arena *a);

#endif
