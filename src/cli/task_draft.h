// SPDX-License-Identifier: Apache-2.0
//
// A new task as `ondol task create` is told it: a JSON file as the API takes it, or an INI file or options of
// the same names, or options over a file.
#ifndef ONDOL_CLI_TASK_DRAFT_H
#define ONDOL_CLI_TASK_DRAFT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

struct task_wish {
    const char *name, *shortname, *profile, *range, *command, *image, *results, *job, *pool, *scheduling,
        *cpu, *keep;
    struct option_list constants, labels, tags, resources, after;
    long instances, retries, queue_max_s, cores, memory_mb, expected_s; // -1: not said
};

#define TASK_WISH_NULL                                                                                       \
    (struct task_wish)                                                                                       \
    {                                                                                                        \
        .instances = -1, .retries = -1, .queue_max_s = -1, .cores = -1, .memory_mb = -1, .expected_s = -1    \
    }

// Rows of the options, for a struct of which the wish is the first member; ends with a row of zeros.
extern const struct option_row task_wish_rows[];

// The body of POST /tasks. `file` may be NULL; `wish` is changed by an INI file, whose text the body then
// does not need any more. NULL with the sentence in `e`.
json_t *task_draft(const char *file, struct task_wish *wish, struct err *e);

#endif
