// SPDX-License-Identifier: Apache-2.0
//
// How far a run is, read off its own output: DOCKER_PROGRESS1..3 are extended regular expressions. The first
// group is the progress in percent; with a second group it is first / second ("frame 3 of 12"). The latest
// match counts.
#ifndef ONDOL_AGENT_PROGRESS_H
#define ONDOL_AGENT_PROGRESS_H

#include <regex.h>
#include <stddef.h>
#include <stdint.h>

#include "core/work/launch.h"

struct progress {
    regex_t re[LAUNCH_PROGRESS_MAX];
    size_t n;
    int32_t permille; // -1: nothing matched yet
};

// What is no expression, or one with {n} or \1, is left out.
void progress_init(struct progress *p, const struct launch *l);
void progress_deinit(struct progress *p);
void progress_feed(struct progress *p, const char *text, size_t n); // whole lines

#endif
