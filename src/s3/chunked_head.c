// SPDX-License-Identifier: Apache-2.0
//
// What the head of a request says of a body in chunks.
#include <string.h>
#include <strings.h>

#include "s3/chunked.h"

void s3_content_encoding(const char *value, char *out)
{
    char *at = out;
    while (*value) {
        value += strspn(value, " \t,");
        size_t n = strcspn(value, ","), len = n;
        while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
            len--;
        if (len && !(len == 11 && !strncasecmp(value, "aws-chunked", 11))) {
            if (at > out)
                *at++ = ',';
            memcpy(at, value, len);
            at += len;
        }
        value += n;
    }
    *at = '\0';
}

bool s3_length_read(const char *text, uint64_t *out)
{
    uint64_t v = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || v > ((uint64_t)INT64_MAX - (uint64_t)(*text - '0')) / 10)
            return false;
        v = v * 10 + (uint64_t)(*text - '0');
    }
    *out = v;
    return true;
}
