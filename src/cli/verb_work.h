// SPDX-License-Identifier: Apache-2.0
//
// Verbs that tasks and pools have in common: what it cost, what it wrote, changes while it lives. `what` is
// "tasks" or "pools"; the first argument is whose.
#ifndef ONDOL_CLI_VERB_WORK_H
#define ONDOL_CLI_VERB_WORK_H

#include "cli/verbs.h"

// Rows of their options; `type` is the command's own struct of values, with members of the names below.
// clang-format off
#define VERB_COST_ROWS(type)                                                                                 \
    {"datacentre", OPTION_TEXT, "NAME", offsetof(type, datacentre), 0, 0,                                    \
     "What it is compared with: EU mean, world survey or old"},                                              \
    VERB_JSON_ROW(type)
#define VERB_OUTPUT_ROWS(type, one)                                                                          \
    {"fresh", OPTION_FLAG, NULL, offsetof(type, fresh), 0, 0, "Only what is new since this was asked last"}, \
    {"instance", OPTION_INT, "N", offsetof(type, instance), 0, 1e9,                                          \
     "Of this " one " only, without the numbers in front"},                                                  \
    {"json", OPTION_FLAG, NULL, offsetof(type, json), 0, 0, "One string of JSON"}
#define VERB_SET_ROWS(type)                                                                                  \
    {"constant", OPTION_LIST, "KEY=VALUE", offsetof(type, change.constants), 0, 0,                           \
     "A constant; again for more"},                                                                          \
    {"label", OPTION_LIST, "KEY=VALUE", offsetof(type, change.labels), 0, 0, "A label; again for more"},     \
    {"tag", OPTION_LIST, "TAG", offsetof(type, change.tags), 0, 0,                                           \
     "A tag, instead of those it has; again for more"}, VERB_DONE_ROW(type)
// clang-format on

// Euros, watt-hours and grams of CO2. `datacentre` (may be NULL): the one that it is compared with.
int verb_cost(struct verb_call *c, const char *what, const char *datacentre, bool json);

// "stdout" or "stderr" of all instances or (from 0 on) of one; `fresh`: what is new since this was asked
// last.
int verb_output(struct verb_call *c, const char *what, const char *stream, long instance, bool fresh,
                bool json);

struct verb_change {
    struct option_list constants, labels; // KEY=VALUE, beside those there are
    struct option_list tags;              // instead of those there are
};

int verb_set(struct verb_call *c, const char *what, const struct verb_change *change);

// The API names the job, the pool and the tasks that a body depends on by uuid alone: shortnames in it are
// asked for and replaced.
int verb_resolve(struct verb_call *c, json_t *body);

// Brings what is new in its buckets to what runs.
int verb_update_resources(struct verb_call *c, const char *what);

#endif
