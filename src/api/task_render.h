// SPDX-License-Identifier: Apache-2.0
//
// A task as the public API shows it: TaskSummary and TaskOutput, keys in the order of the contract, arrays
// never null, integers whole, dates to the second: what the five clients choke on otherwise.
#ifndef ONDOL_API_TASK_RENDER_H
#define ONDOL_API_TASK_RENDER_H

#include <jansson.h>

#include "api/json_out.h"
#include "core/engine/change.h"
#include "api/backend.h"
#include "core/engine/server.h"

// A live view copied out of the engine.
struct live_copy {
    uint64_t task;
    struct live_view view; // spec points to `spec` below once rendered; board and site are not kept
    struct board_spec spec;
    uint32_t address; // in its cluster; 0: none
    char site_uuid[UUID_TEXT_BYTES];
};

struct body_view;

// What the row does not hold.
struct task_extra {
    const struct row_attempt *attempt; // by instance, attempt
    size_t n_attempts;
    const struct live_copy *live;
    size_t n_live;
    const struct forward_view *forward; // ports that lead into what is live
    size_t n_forwards;
    house_ms now;
    int64_t snapshot_ms;     // between two snapshots; 0: none are taken by themselves
    const char *storage_url; // NULL: what results are called is not told (there are none, or it is a list)
};

// House time since what runs of it was given its boards, added up.
int64_t task_live_wall_ms(const struct task_extra *x);

void task_render_summary(struct json_out *o, const char *key, const struct row_task *row);
void task_render(struct json_out *o, const char *key, const struct row_task *row, const struct task_extra *x);

// task_status.c: the members "completedInstances" and "status".
void task_render_completed(struct json_out *o, const struct row_task *row, const struct body_view *body,
                           const struct task_extra *x);
void task_render_status(struct json_out *o, const struct row_task *row, const struct task_extra *x);

// The constants of a body, secret ones masked.
void out_constants(struct json_out *o, const json_t *list);
void out_forced_constants(struct json_out *o, const json_t *list);
// JSON value as text; NULL writes `otherwise`.
void out_value(struct json_out *o, const char *key, const json_t *v, const char *otherwise);

#endif
