// SPDX-License-Identifier: Apache-2.0
//
// What `ondol task list`, `pool list` and `job list` share: filters, pages, a table or JSON.
#ifndef ONDOL_CLI_VERB_LIST_H
#define ONDOL_CLI_VERB_LIST_H

#include <stdbool.h>

#include "cli/verbs.h"

struct verb_pick {
    bool json, uuids;
    long limit;                 // at most so many, the newest
    const char *name;           // NULL, or words that the name has in it
    const char *state;          // NULL, or exactly this one
    const char *after, *before; // NULL, or a date, with or without a time of day in UTC
    struct option_list tags;    // all of these
};

#define VERB_PICK_NULL ((struct verb_pick){.limit = 50})

// Rows of the options; `type` is the command's own struct of values, with a struct verb_pick named `pick`.
// clang-format off
#define VERB_PICK_TEXT(type, field, name, arg, what)                                                         \
    {name, OPTION_TEXT, arg, offsetof(type, pick.field), 0, 0, what}
#define VERB_PICK_ROWS(type, things)                                                                         \
    VERB_PICK_TEXT(type, after, "created-after", "DATE", "Only those made at this date (UTC) or later"),     \
    VERB_PICK_TEXT(type, before, "created-before", "DATE", "Only those made before this date (UTC)"),        \
    {"json", OPTION_FLAG, NULL, offsetof(type, pick.json), 0, 0, "The answer of the server as it is"},       \
    {"limit", OPTION_INT, "N", offsetof(type, pick.limit), 1, 1000000,                                       \
     "At most N " things ", the newest (50)"},                                                               \
    VERB_PICK_TEXT(type, name, "name", "WORDS", "Only those whose name has these words in it"),              \
    VERB_PICK_TEXT(type, state, "state", "STATE", "Only those in this state"),                               \
    {"tag", OPTION_LIST, "TAG", offsetof(type, pick.tags), 0, 0,                                             \
     "Only those with this tag; again for more"},                                                            \
    {"uuids", OPTION_FLAG, NULL, offsetof(type, pick.uuids), 0, 0, "Uuids alone, one a line"}
// clang-format on

// Those of the list at `path` ("/tasks/paginate"), page by page; `*out` is the caller's, also after an error.
// `states` in any case, ending with NULL, are those there are.
int verb_pages(struct verb_call *c, const char *path, const struct verb_pick *pick, const char *const *states,
               json_t **out);

// What was picked, as that wants it; otherwise as verb_print.
int verb_picked(int code, json_t *list, const struct verb_pick *pick, const char *heads,
                void (*row)(struct table *t, const json_t *j));

#endif
