// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a request target and as a query: no crash, no byte outside the arena, and whatever is accepted
// keeps what path.h promises.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_route(const char *target)
{
    static struct route r;
    if (route_normalise(target, &r) != 0)
        return;
    if (r.n > ROUTE_SEGMENTS)
        abort();
    for (size_t i = 0; i < r.n; i++) {
        const char *s = r.segment[i];
        if (!*s || strlen(s) >= ROUTE_SEGMENT_BYTES || !utf8_valid(s, strlen(s)) || !strcmp(s, ".") ||
            !strcmp(s, ".."))
            abort();
    }
}

static void try_query(const char *query)
{
    struct query_pair pair[16];
    size_t room = strlen(query) + 2;
    char *arena = malloc(room); // exactly what path.h asks for: the sanitizer sees one byte more
    int n = query_split(query, arena, pair, 16);
    for (int i = 0; i < n; i++)
        if (pair[i].name < arena || pair[i].value + strlen(pair[i].value) >= arena + room)
            abort();
    free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    if (n)
        memcpy(text, data, n);
    text[n] = '\0';
    try_route(text);
    try_query(text);
    free(text);
    return 0;
}
