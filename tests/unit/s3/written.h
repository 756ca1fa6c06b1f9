// SPDX-License-Identifier: Apache-2.0
//
// A request written as text, for tests: "GET /path?query", then a header a line. Splits in place.
#ifndef TESTS_UNIT_S3_WRITTEN_H
#define TESTS_UNIT_S3_WRITTEN_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/request.h"

#define WRITTEN_HEADERS 32

struct written {
    char *text; // owned
    struct s3_header header[WRITTEN_HEADERS];
    struct s3_request r;
};

static inline void written_free(struct written *w)
{
    free(w->text);
}

static inline const struct s3_request *written_read(struct written *w, const char *text, int64_t now_ms)
{
    *w = (struct written){.text = mem_strdup(text)};
    char *line = w->text, *next = strchr(line, '\n');
    if (next)
        *next++ = '\0';
    char *path = strchr(line, ' ');
    *path++ = '\0';
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    while (next && *next && w->r.header_n < WRITTEN_HEADERS) {
        line = next;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *colon = strchr(line, ':');
        *colon = '\0';
        w->header[w->r.header_n++] = (struct s3_header){line, colon + 1 + strspn(colon + 1, " ")};
    }
    w->r.method = w->text;
    w->r.path = path;
    w->r.query = query ? query : "";
    w->r.header = w->header;
    w->r.now = WALL_MS(now_ms);
    return &w->r;
}

#endif
