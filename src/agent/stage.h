// SPDX-License-Identifier: Apache-2.0
//
// Files of the runs: fetched before a command starts, stored after it has ended. A process of its own does it
// for each (stager.h), so that neither a slow disk nor a slow link holds up the loop, and what it says
// becomes events of the engine.
#ifndef ONDOL_AGENT_STAGE_H
#define ONDOL_AGENT_STAGE_H

#include "agent/node.h"

struct stage *stage_new(struct node *n);
void stage_free(struct stage *s); // ends what is under way and removes all files; the loop must run once more

// What the engine wants done; progress and end become events (AGENT_STAGING, AGENT_STAGED).
void stage_fetch_files(struct stage *s, const struct agent_action *a);
void stage_store_files(struct stage *s, const struct agent_action *a);
void stage_forget(struct stage *s, uint64_t lease); // ends what is under way for it and removes its files

// The folder of its image in the cache (image_cache.h), held for it; NULL: it has none of its own.
const char *stage_image(const struct stage *s, uint64_t lease);

// What is shown at /job; NULL: it has no files.
const char *stage_job_dir(const struct stage *s, uint64_t lease);

#endif
