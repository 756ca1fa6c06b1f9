// SPDX-License-Identifier: Apache-2.0
#include "base/nest.h"

#include <stdbool.h>

const char *nest_below(const char *text, size_t n, int most)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++; // the byte behind it ends nothing
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > most)
            return text + i;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
    }
    return NULL;
}
