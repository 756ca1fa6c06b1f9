// SPDX-License-Identifier: Apache-2.0
//
// Whether the files a scenario names hold the days of its run, when those are known.
#ifndef ONDOL_CLI_SIM_COVER_H
#define ONDOL_CLI_SIM_COVER_H

#include "cli/sim_load.h"

// Carbon, tariffs, demands and flows hold all of the run or whole days, which repeat; else -EINVAL with the file, its
// last line, what it holds and what would do. Notes of what repeats (a year that serves another is meant), and of days
// that a table of holidays does not know.
int sim_cover(struct sim_loaded *l, struct err *e);

#endif
