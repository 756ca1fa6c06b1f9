// SPDX-License-Identifier: Apache-2.0
//
// What `ondol sim` and `ondol sim compare` are both told of a run: rows of their tables, and what they do to a
// scenario that was loaded.
#ifndef ONDOL_CLI_SIM_SPAN_H
#define ONDOL_CLI_SIM_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "cli/sim_load.h"

struct sim_span {
    double days; // 0: as long as the scenario
    bool coldest, hottest, json, quiet;
    const char *start, *data, *html;
};

// `type` is the command's struct of values, which has it as `span`; `json` is what it prints instead.
// clang-format off
#define SIM_SPAN_ROWS(type, json_what)                                                                       \
    {"days", OPTION_REAL, "N", offsetof(struct type, span.days), 0.01, 3660,                                 \
     "Days to run instead of the scenario's"},                                                               \
    {"start", OPTION_DATE, "DATE", offsetof(struct type, span.start), 0, 0,                                  \
     "First day instead of the scenario's"},                                                                 \
    {"coldest-week", OPTION_FLAG, NULL, offsetof(struct type, span.coldest), 0, 0,                           \
     "Runs the coldest week of the scenario's own year"},                                                    \
    {"hottest-week", OPTION_FLAG, NULL, offsetof(struct type, span.hottest), 0, 0,                           \
     "Runs the hottest week of it"},                                                                         \
    {"data", OPTION_TEXT, "DIR", offsetof(struct type, span.data), 0, 0,                                     \
     "Folder of weather, traces and other files that are named (default $ONDOL_DATA)"},                      \
    {"json", OPTION_FLAG, NULL, offsetof(struct type, span.json), 0, 0, json_what},                          \
    {"html", OPTION_TEXT, "FILE", offsetof(struct type, span.html), 0, 0, "Writes one page with pictures"},  \
    {"quiet", OPTION_FLAG, NULL, offsetof(struct type, span.quiet), 0, 0, "No progress on the terminal"}
// clang-format on

// The week and the days that it says. A start is taken when the scenario is loaded (struct sim_early). An error where
// the scenario's files do not hold those days (sim_cover).
int sim_span_apply(const struct sim_span *span, struct sim_loaded *l, struct err *e);

void sim_span_say(const struct sim_loaded *l); // its notes, on stderr

#endif
