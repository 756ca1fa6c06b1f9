// SPDX-License-Identifier: Apache-2.0
//
// Snapshots of running tasks: one now, or one each so many seconds.
#ifndef ONDOL_CLI_VERB_SNAPSHOT_H
#define ONDOL_CLI_VERB_SNAPSHOT_H

#include <stdbool.h>

#include "cli/verbs.h"

struct verb_snapshot {
    const char *whitelist, *blacklist, *bucket, *prefix;
    long every_s; // negative: one, now; 0: no more of them
    bool json, wait;
    double timeout_s; // of wait; negative: never
};

// Of the task that is the first argument.
int verb_snapshot(struct verb_call *c, const struct verb_snapshot *wish);

// Of what POST /tasks has answered, one task or a list: one each `every_s` seconds.
int verb_snapshot_made(struct verb_call *c, const json_t *made, long every_s);

#endif
