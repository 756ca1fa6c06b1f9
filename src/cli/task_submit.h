// SPDX-License-Identifier: Apache-2.0
//
// One task or a list of them, handed in: uuids to stdout, what was refused to stderr.
#ifndef ONDOL_CLI_TASK_SUBMIT_H
#define ONDOL_CLI_TASK_SUBMIT_H

#include "cli/verbs.h"

struct task_submit {
    bool json;         // the answer of the server as it is
    bool wait, follow; // until all that were taken have ended, one after the other
    double timeout_s;  // of all together; negative: never
    long every_s;      // a snapshot each so many seconds; negative: none
};

// An exit code with the sentence in c->e: CLI_REFUSED when any of a list was refused, else that of the first which
// did not end well.
int task_submit(struct verb_call *c, const json_t *body, const struct task_submit *how);

#endif
