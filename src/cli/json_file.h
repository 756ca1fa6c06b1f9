// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_CLI_JSON_FILE_H
#define ONDOL_CLI_JSON_FILE_H

#include <jansson.h>

#include "base/err.h"

// The JSON of a file, or of stdin for "-". NULL with the sentence in `e`.
json_t *json_file(const char *path, struct err *e);

#endif
