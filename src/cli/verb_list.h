// SPDX-License-Identifier: Apache-2.0
//
// What `ondol task list`, `pool list` and `job list` share: filters, pages, a table or JSON.
#ifndef ONDOL_CLI_VERB_LIST_H
#define ONDOL_CLI_VERB_LIST_H

#include <stdbool.h>

#include "cli/verbs.h"

struct verb_pick {
    bool json;
    long limit;              // at most so many, the newest
    const char *name;        // NULL, or words that the name has in it
    const char *state;       // NULL, or exactly this one
    struct option_list tags; // all of these
};

#define VERB_PICK_NULL ((struct verb_pick){.limit = 50})

// Rows of the options; `type` is the command's own struct of values, with a struct verb_pick named `pick`.
#define VERB_PICK_ROWS(type, things)                                                                         \
    {"json", OPTION_FLAG, NULL, offsetof(type, pick.json), 0, 0, "The answer of the server as it is"},       \
        {"limit",                                                                                            \
         OPTION_INT,                                                                                         \
         "N",                                                                                                \
         offsetof(type, pick.limit),                                                                         \
         1,                                                                                                  \
         1000000,                                                                                            \
         "At most N " things ", the newest (50)"},                                                           \
        {"name",                                                                                             \
         OPTION_TEXT,                                                                                        \
         "WORDS",                                                                                            \
         offsetof(type, pick.name),                                                                          \
         0,                                                                                                  \
         0,                                                                                                  \
         "Only those whose name has these words in it"},                                                     \
        {"state", OPTION_TEXT, "STATE", offsetof(type, pick.state), 0, 0, "Only those in this state"},       \
    {                                                                                                        \
        "tag", OPTION_LIST, "TAG", offsetof(type, pick.tags), 0, 0,                                          \
            "Only those with this tag; again for more"                                                       \
    }

// Those of the list at `path` ("/tasks/paginate"), page by page; `*out` is the caller's, also after an error.
// `states` in any case, ending with NULL, are those there are.
int verb_pages(struct verb_call *c, const char *path, const struct verb_pick *pick, const char *const *states,
               json_t **out);

// A list as JSON or as a table; takes `list`. Gives `code` back, and prints nothing when that is none of 0.
int verb_print(int code, json_t *list, bool json, const char *heads,
               void (*row)(struct table *t, const json_t *j));

// What a call of the first argument answers, as JSON.
int verb_show(struct verb_call *c, const char *front, const char *back);
// A call of the first argument whose answer says nothing.
int verb_do(struct verb_call *c, const char *method, const char *front, const char *back);
// Makes something: prints its uuid, or the answer.
int verb_make(struct verb_call *c, const char *path, const json_t *body, bool json);

#endif
