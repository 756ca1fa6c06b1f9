// SPDX-License-Identifier: Apache-2.0
//
// What a new task, pool or job is described by besides options: a file of JSON as the API takes it, or an INI
// file whose keys are the options. What the options say lies over what the file says.
#ifndef ONDOL_CLI_DRAFT_FILE_H
#define ONDOL_CLI_DRAFT_FILE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/options.h"

struct draft_form {
    const char *command; // for sentences: "task create"
    const struct option_row
        *rows;           // keys of an INI file; a section NAMEs has those of an option NAME KEY=VALUE
    const void *nothing; // a struct of the rows in which nothing is said: numbers are -1
    size_t size;         // of that struct
};

// The JSON of `file`, or an object without members when it is INI or NULL. `said` has what the options said,
// and gets what an INI file says under it; its texts live in `a`. `json` (may be NULL): whether it was a file
// of JSON. NULL with the sentence in `e`.
json_t *draft_file(const struct draft_form *f, const char *file, void *said, struct arena *a, bool *json,
                   struct err *e);

// Whether a struct of these rows says anything at all.
bool draft_says_anything(const struct option_row *rows, const void *said);

#endif
