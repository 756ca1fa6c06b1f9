// SPDX-License-Identifier: Apache-2.0
//
// The sandboxes of a node: started, slowed, read, metered, reaped. Output goes to the engine in whole lines
// of at most JOB_CHUNK bytes; a longer line goes in pieces. The end of a run is told only after all of its
// output.
#ifndef ONDOL_AGENT_JOBS_H
#define ONDOL_AGENT_JOBS_H

#include "agent/node.h"

#define JOB_CHUNK 8192

struct jobs *jobs_new(struct node *n);
void jobs_free(struct jobs *j); // the loop must run once more afterwards; kills what is left

// What the engine wants done (core/engine/agent.h); how it went becomes an event. A lease of which nothing runs
// is let be.
void jobs_start(struct jobs *j, const struct agent_action *a);
void jobs_kill(struct jobs *j, uint64_t lease);
void jobs_share(struct jobs *j, uint64_t lease, int32_t permille); // 0..1000 of its cores' time
void jobs_read(struct jobs *j, uint64_t lease, bool on);           // its output; off: its pipes may fill up

// Before each beat: what they used goes to the device and to the engine.
void jobs_account(struct jobs *j);
size_t jobs_count(const struct jobs *j);

#endif
