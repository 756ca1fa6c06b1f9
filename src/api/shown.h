// SPDX-License-Identifier: Apache-2.0
//
// Answers of GET /tasks/{id} that are still true. Clients ask for a task ten times a second while it waits;
// nothing of its answer changes until a row of it does, so the text is kept and given again.
//
// An answer is kept only when it depends on rows of its task alone: nothing runs, and no time of day is in
// it. It is true as long as no commit changed such a row. Who reads rows takes a mark before; who commits
// tells the changes before and after, and in between nothing is given or kept of their tasks, so that nobody
// who has seen a commit sees an answer from before it.
//
// A second server may have taken the store over (docs/design/0004-fenced-leadership.md), and then tells its
// changes to others. So nothing is given later than SHOWN_MS after a look into the store that found our
// leadership there.
#ifndef ONDOL_API_SHOWN_H
#define ONDOL_API_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/engine/change.h"

#define SHOWN_MS    1000                       // after a look at the leadership
#define SHOWN_TEXT  ((size_t)16 * 1024)        // bytes of an answer that is kept
#define SHOWN_BYTES ((size_t)16 * 1024 * 1024) // of all of them; past it all are dropped

struct shown;

// `good_ms`: how long a look at the leadership is good for; SHOWN_MS but in tests.
struct shown *shown_new(int64_t good_ms);
void shown_free(struct shown *s);

// Everything below: any thread.

struct shown_mark {
    uint64_t change; // number of the last commit before
    int64_t at_ms;
};

// Before rows are read.
struct shown_mark shown_mark(struct shown *s);
// Our leadership was found in the store after `at` was taken.
void shown_lead(struct shown *s, struct shown_mark at);
bool shown_leads(struct shown *s); // such a look is young enough

// Appends the answer for the task `uuid` (as in the path) of the account; false: there is none.
bool shown_get(struct shown *s, uint64_t account, const char *uuid, struct buf *out);
// Keeps a copy of it, made of rows that were read after `at`.
void shown_keep(struct shown *s, struct shown_mark at, const struct row_task *row, const char *text,
                size_t n);
// Around a commit, whatever came of it. One thread commits.
void shown_changing(struct shown *s, const struct change *c, size_t n);
void shown_changed(struct shown *s, const struct change *c, size_t n);

#endif
