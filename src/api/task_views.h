// SPDX-License-Identifier: Apache-2.0
//
// Tasks gathered for one answer: rows and finished attempts from the store, what runs now from the engine.
// Rows are read first; a task that ends between the two looks is shown as it was, without its running
// instances.
#ifndef ONDOL_API_TASK_VIEWS_H
#define ONDOL_API_TASK_VIEWS_H

#include "api/call.h"
#include "api/task_render.h"

struct task_view {
    struct row_task row;
    struct row_attempt *attempt;
    size_t n_attempts;
    size_t first_live, n_live; // in views.live
    const struct forward_view *forward; // the call's
    size_t n_forwards;
    int64_t snapshot_ms; // struct task_extra
};

struct views {
    struct task_view *v; // heap
    size_t n, cap;
    struct live_copy *live; // heap
    size_t n_live, cap_live;
};

void views_deinit(struct views *v);
void views_clear(struct views *v);
struct task_view *views_add(struct views *v, const struct row_task *row); // strings are not copied
// The one task that the path names. False: the call has been failed (404, or the store's error).
bool views_find(struct call *c, struct views *v);
bool views_attempts(struct call *c, struct views *v); // WORKER; standing orders too. False: failed
bool views_any_live(const struct views *v);           // whether some task is not final
void views_live(struct call *c, struct views *v);     // ENGINE
void views_render(struct json_out *o, const struct views *v, size_t i, house_ms now, const char *storage_url);

#endif
