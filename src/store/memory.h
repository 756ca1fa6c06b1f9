// SPDX-License-Identifier: Apache-2.0
//
// The store without a disk, for tests and the simulator: the same code and SQL on a database in memory, which
// lasts until the store and its last reader are freed. Readers see committed state only. A reader's `each`
// must not commit to the store it reads from: here, unlike on disk, a commit waits for the readers.
#ifndef ONDOL_STORE_MEMORY_H
#define ONDOL_STORE_MEMORY_H

#include "port/store.h"

int store_memory_open(struct store *ret, struct err *e);
// `of` is from store_memory_open.
int store_memory_reader(struct store_reader *ret, const struct store *of, struct err *e);

#endif
