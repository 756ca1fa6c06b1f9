// SPDX-License-Identifier: Apache-2.0
//
// The tables of the store and their versions. A database remembers its version; opening it migrates forward
// step by step, each step in its own transaction; a database of a newer program is refused.
#ifndef ONDOL_STORE_SCHEMA_H
#define ONDOL_STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/err.h"

int schema_version(void);                      // of this program
int schema_migrate(sqlite3 *c, struct err *e); // for the writer
int schema_check(sqlite3 *c,
                 struct err *e); // for readers: -ESTALE unless it is exactly this program's version

// States in which a task has left memory: Cancelled, Success, Failure.
#define SQL_FINAL_STATES "(7, 8, 9)"

#endif
