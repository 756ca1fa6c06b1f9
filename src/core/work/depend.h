// SPDX-License-Identifier: Apache-2.0
//
// What a task waits for: other tasks of its job and how they must end. A task asks for them once, when it is
// made, and only for tasks that are there already, so that none can wait for itself by any way round.
#ifndef ONDOL_CORE_WORK_DEPEND_H
#define ONDOL_CORE_WORK_DEPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/work/task.h"

#define DEPENDS_MAX 512 // of one task

enum depend_end {
    DEPEND_OPEN,
    DEPEND_SUCCESS,
    DEPEND_FAILURE,
    DEPEND_CANCELLED,
    DEPEND_GONE
}; // how the other one ended

// Ends that are good enough, as bits.
#define DEPEND_BIT(end) (1u << ((end)-1))

enum depend_state { DEPEND_WAITING, DEPEND_FULFILLED, DEPEND_NOT_FULFILLED };

struct depend {
    uint8_t uuid[16];
    uint8_t wants; // bits; 0: any end, unless it is simple
    uint8_t end;   // enum depend_end
    bool simple;   // asked for by its uuid alone: wants Success
};

struct depends {
    struct depend *v; // heap
    size_t n, cap;
};

#define DEPENDS_NULL ((struct depends){0})

void depends_deinit(struct depends *d);
struct depend *depends_add(struct depends *d); // zeroed

// One text for rows and events: for each its letter (s simple, a not), uuid, digit of the wants and letter of
// the end, with commas between. False for anything else, and for more than DEPENDS_MAX; `d` is then empty.
bool depends_parse(const char *text, struct depends *d);
void depends_format(const struct depends *d, struct buf *out);

enum depend_end depend_end_of(enum task_state final); // OPEN unless it is final
enum depend_state depend_state(const struct depend *d);
// NOT_FULFILLED as soon as one is; FULFILLED when all are.
enum depend_state depends_state(const struct depends *d);
const char *depend_state_name(enum depend_state s); // "waiting", "dependencyConditionsFulfilled", ...
const char *depend_end_name(enum depend_end e);     // "success", "failure", "cancelled"; else NULL
unsigned depend_wants(const struct depend *d);      // bits, never 0

#endif
