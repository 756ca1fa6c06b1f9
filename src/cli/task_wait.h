// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a task: a bar on a terminal, nothing otherwise; on wish with what it writes.
#ifndef ONDOL_CLI_TASK_WAIT_H
#define ONDOL_CLI_TASK_WAIT_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/api_client.h"

// Until the task is over: CLI_DONE in Success, CLI_WORK otherwise, CLI_LATER when `timeout_s` (negative:
// never) have passed, or the code of a call that failed, with the sentence in `e`. `follow` prints what the
// instances write meanwhile, through the server's cursor of what was told already: only one should follow a
// task.
int task_wait(const struct api_client *api, const char *id, double timeout_s, bool follow, struct err *e);

#endif
