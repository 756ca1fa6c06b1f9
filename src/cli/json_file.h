// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_CLI_JSON_FILE_H
#define ONDOL_CLI_JSON_FILE_H

#include <jansson.h>

#include "base/err.h"

// The JSON of a file, or of stdin for "-". NULL with the sentence in `e`.
json_t *json_file(const char *path, struct err *e);

// The text of a file, or of stdin for "-"; the caller frees it. NULL with the sentence in `e`.
char *text_file(const char *path, struct err *e);
// The JSON of that text; `path` is for the sentence.
json_t *json_text_of(const char *path, const char *text, struct err *e);

#endif
