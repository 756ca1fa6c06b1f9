// SPDX-License-Identifier: Apache-2.0
//
// Commands of several verbs that ask a server: `ondol zone set ...`. A table of verbs makes the help, the
// options and the dispatch; what lists and pages share is here too.
#ifndef ONDOL_CLI_VERBS_H
#define ONDOL_CLI_VERBS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/api_client.h"
#include "cli/options.h"
#include "cli/table.h"

struct verb_call {
    struct api_client api;
    const void *values; // the command's own struct of options
    const struct option_args *args;
    struct buf path; // of verb_path, until the next one
    bool json;       // of a verb with VERB_DONE_ROW: it prints nothing itself
    json_t
        *said; // what is printed then, if it ends well or there is something; NULL: which one it is done to
    struct err e;
};

struct verb {
    const char *name, *args; // args as --help shows them; NULL: none
    int args_min, args_max;
    int (*run)(struct verb_call *c); // 0, or an exit code with c->e set
    const struct option_row *rows;
    const char *what;
};

// Rows of options that many verbs have; `type` is the command's own struct of values.
// clang-format off
#define VERB_JSON_ROW(type)                                                                                  \
    {"json", OPTION_FLAG, NULL, offsetof(type, json), 0, 0, "The answer of the server as it is"}
// Of verbs to which the server answers nothing: verbs_run prints what was done.
extern const char verb_done[];
#define VERB_DONE_ROW(type) {"json", OPTION_FLAG, NULL, offsetof(type, json), 0, 0, verb_done}
#define VERB_TIMEOUT_ROW(type, when)                                                                         \
    {"timeout", OPTION_REAL, "S", offsetof(type, timeout_s), 0, 1e9,                                         \
     when " after S seconds, with exit code 75 (never)"}
// clang-format on

// `values` are the defaults, and where options land. `verbs` ends with a row of zeros. Gives an exit code.
int verbs_run(const char *command, const struct verb *verbs, void *values, int argc, char **argv);

// front, the first argument with its odd characters escaped, back.
const char *verb_path(struct verb_call *c, const char *front, const char *back);
const char *verb_path_of(struct verb_call *c, const char *front, const char *id, const char *back);
// One call whose answer is printed: as JSON, or of it only the text of `line` on a line. Takes `body` (may be
// NULL); `line` NULL: always JSON.
int verb_ask(struct verb_call *c, const char *method, const char *path, json_t *body, bool json,
             const char *line);
// What a GET of the first argument answers, as JSON.
int verb_show(struct verb_call *c, const char *front, const char *back);
// A call of each argument, whose answer says nothing (as JSON: each with whether it was done). One that fails does not keep the others back; the last
// such says the code.
int verb_each(struct verb_call *c, const char *method, const char *front, const char *back);
// Gives `code` back. When that says that what was waited for is over, a GET of it is what --json prints.
int verb_ended(struct verb_call *c, int code, const char *front);
// A list as JSON or as a table; takes `list`. Gives `code` back, and prints nothing when that is none of 0.
int verb_print(int code, json_t *list, bool json, const char *heads,
               void (*row)(struct table *t, const json_t *j));
// Every page of the list /ondol/v1/WHAT, as JSON or as a table.
int verb_list(struct verb_call *c, const char *what, bool json, const char *heads,
              void (*row)(struct table *t, const json_t *j));

// Whether `euro` can be meant as cents: less than one would become none, and none means something else. CLI_USAGE
// with the sentence in c->e, or 0.
int verb_cents(struct verb_call *c, const char *option, double euro, const char *none);

const char *got_text(const json_t *j, const char *key); // "" when it is none
double got_number(const json_t *j, const char *key);    // NaN when it is none
void got_print(const json_t *j);
void put_text(json_t *body, const char *key, const char *value); // nothing when that is NULL
void table_number(struct table *t, enum table_colour colour, int digits, double v); // "-" for NaN

#endif
