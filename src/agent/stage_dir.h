// SPDX-License-Identifier: Apache-2.0
//
// Where files of runs are on this machine: a RAM disk for each run where the agent may mount one, else a
// folder on one. Nobody but the agent and the run's own sandbox can name the folders; those of agents that no
// longer live are removed.
//
//   /dev/shm/ondol-...-N/RANDOM/   job       shown at /job
//                                  incoming  files that have not come whole yet
//                                  manifest  what came, to know what is new
//   /dev/shm/ondol-...-N/cache/    objects of earlier runs (stager_cache.c)
#ifndef ONDOL_AGENT_STAGE_DIR_H
#define ONDOL_AGENT_STAGE_DIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STAGE_DIR_BYTES 256

// The folder of this agent; made when first asked for. 0 or negative.
int stage_root(char root[STAGE_DIR_BYTES], struct err *e);
void stage_root_remove(const char *root);

// `most_bytes`: of all that is in it, where it is a RAM disk of its own.
int stage_dir_make(const char *root, int64_t most_bytes, char dir[STAGE_DIR_BYTES], struct err *e);
void stage_dir_remove(const char *dir);

#endif
