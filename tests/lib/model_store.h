// SPDX-License-Identifier: Apache-2.0
//
// A store for tests: rows in memory, by key, as port/store.h says a store treats them. It refuses what a
// sound engine never writes: a second task of an id, another text for an attempt, a word about a task that
// has ended.
#ifndef ONDOL_TESTS_MODEL_STORE_H
#define ONDOL_TESTS_MODEL_STORE_H

#include "base/err.h"
#include "core/engine/server.h"

struct model_store;
struct model_store *model_store_new(void);
void model_store_free(struct model_store *m);

// Commits a batch. On failure (-EINVAL, a rule was broken) nothing more of the batch is applied.
int model_store_apply(struct model_store *m, const struct change *c, size_t n, struct err *e);

// Fills a new server with every row that a store gives at load, in its order, as after a crash.
int model_store_load(const struct model_store *m, struct server *s, house_ms now, struct err *e);

// Rows of a kind (CHANGE_TASK_NEW for tasks), in no order; valid until the next apply.
const struct change *model_store_rows(const struct model_store *m, enum change_kind kind, size_t *n);
const struct row_task *model_store_task(const struct model_store *m, uint64_t id); // NULL: none

#endif
