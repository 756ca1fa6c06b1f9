// SPDX-License-Identifier: Apache-2.0
//
// How long a command may run, as two constants say it: USE_SIMULATION_MAXIMUM_EXECUTION_TIME (true: it counts)
// and SIMULATION_MAXIMUM_EXECUTION_TIME, "8h" where it is not said.
#ifndef ONDOL_CORE_WORK_TIME_LIMIT_H
#define ONDOL_CORE_WORK_TIME_LIMIT_H

#include <stdint.h>

#include "base/err.h"

#define TIME_LIMIT_NAME    "SIMULATION_MAXIMUM_EXECUTION_TIME"
#define TIME_LIMIT_USE     "USE_" TIME_LIMIT_NAME
#define TIME_LIMIT_DEFAULT "8h"

// Milliseconds, at least 1,000; 0: there is no limit. `use` and `text` may be NULL: not said. The text is numbers with
// d, h, m or s behind them ("1h30m", "90" are seconds) or a time span ("1.08:00:00"), together from a second to
// 366 days. -EINVAL otherwise.
int time_limit(const char *use, const char *text, int64_t *ms, struct err *e);

#endif
