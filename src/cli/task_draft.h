// SPDX-License-Identifier: Apache-2.0
//
// A new task as `ondol task create` is told it: a JSON file as the API takes it, or an INI file or options of
// the same names, or options over a file. Pools take a part of these options.
#ifndef ONDOL_CLI_TASK_DRAFT_H
#define ONDOL_CLI_TASK_DRAFT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

struct task_wish {
    const char *name, *shortname, *profile, *range, *command, *image, *results, *results_prefix, *whitelist,
        *blacklist, *job, *pool, *project, *scheduling, *cpu, *keep;
    struct option_list constants, labels, tags, resources, after, secrets, secret_prefixes, hardware;
    long instances, retries, total_retries, queue_max_s, cores, cores_max, memory_mb, memory_max_mb,
        expected_s; // -1: not said
    bool gpu, no_gpu, ssd, no_ssd, credentials, on_abort;
};

#define TASK_WISH_NULL                                                                                       \
    (struct task_wish)                                                                                       \
    {                                                                                                        \
        .instances = -1, .retries = -1, .total_retries = -1, .queue_max_s = -1, .cores = -1,                 \
        .cores_max = -1, .memory_mb = -1, .memory_max_mb = -1, .expected_s = -1                              \
    }

// Rows of the options, for a struct of which the wish is the first member; ends with a row of zeros.
extern const struct option_row task_wish_rows[];

// Those that pools have too, into `out`, which has room for `most`, without a last row of zeros. How many.
size_t task_wish_pool_rows(struct option_row *out, size_t most);

// The body of POST /tasks. `file` may be NULL; `wish` is changed by an INI file, whose text the body then
// does not need any more. NULL with the sentence in `e`.
json_t *task_draft(const char *file, struct task_wish *wish, struct err *e);

// Lays what is said over the body of a task or a pool, whose settings of retries are called `retries`. False
// with the sentence in `e`.
bool task_wish_put(json_t *body, const struct task_wish *wish, const char *retries, struct err *e);

#endif
