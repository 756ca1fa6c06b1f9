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
// For readers: -ESTALE unless it is exactly this program's version.
int schema_check(sqlite3 *c, struct err *e);

// States in which a task has left memory: Cancelled, Success, Failure.
#define SQL_FINAL_STATES "(7, 8, 9)"

// Of a row of output of task $1: no other execution of its instance took its place. An attempt that was lost
// or preempted (how 4, 3) is nobody's doing: once the next one has started, what the first had printed would
// stand there twice. An attempt that failed is the customer's own, and what it printed tells why
// (docs/design/0017-output-of-attempts.md).
#define SQL_OUTPUT_STANDS                                                                                    \
    "NOT EXISTS (SELECT 1 FROM attempt AS a WHERE a.task = output.task AND a.instance = output.instance "    \
    "AND "                                                                                                   \
    "a.attempt = output.attempt AND a.how IN (3, 4) AND (EXISTS (SELECT 1 FROM attempt AS b WHERE b.task = " \
    "a.task "                                                                                                \
    "AND b.instance = a.instance AND b.attempt > a.attempt AND b.started_ms >= 0) OR a.instance IN (SELECT " \
    "instance FROM lease WHERE task = $1 AND started_ms >= 0)))"

#endif
