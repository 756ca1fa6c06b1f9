// SPDX-License-Identifier: Apache-2.0
//
// The store on disk: DIR/ondol.db, an SQLite database with a write-ahead log that is synced before commit
// returns.
//
// Promises: what commit acknowledged survives kill -9 and loss of power (as far as the disk keeps its own); a
// batch is there whole or not at all; one server per directory (-EBUSY for a second); a database of a newer
// program is refused (-ESTALE); with the disk full commit gives -ENOSPC, changes nothing, and works again when
// there is space.
#ifndef ONDOL_STORE_SQLITE_H
#define ONDOL_STORE_SQLITE_H

#include "port/store.h"

// The writer. Makes DIR and the database when they are missing and migrates its schema forward.
int store_sqlite_open(struct store *ret, const char *dir, struct err *e);

// A reader with its own connection, for one thread. The store must have been opened before, by any process.
int store_sqlite_reader(struct store_reader *ret, const char *dir, struct err *e);

// Bytes kept per (task, instance, stream), default 1 MiB, at least 1. Takes effect with the next chunk of
// each. For stores of store_sqlite_open and store_memory_open.
void store_sqlite_ring(struct store *s, size_t bytes);

// A copy of DIR's database as of now in TO_DIR, which is made when it is missing; a database that is there is
// replaced.
int store_sqlite_copy(const char *dir, const char *to_dir, struct err *e);

#endif
