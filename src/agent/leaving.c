// SPDX-License-Identifier: Apache-2.0
#include "agent/leaving.h"

static size_t of(const uint64_t *owner, size_t n, uint64_t who)
{
    size_t has = 0;
    for (size_t i = 0; i < n; i++)
        has += owner[i] == who;
    return has;
}

size_t leaving_goes(const uint64_t *owner, size_t n)
{
    size_t most = 0, goes = n;
    for (size_t i = n; n >= LEAVING_MAX && i-- > 0;) {
        size_t has = of(owner, n, owner[i]);
        if (has > most) { // the first that is met of them is the oldest
            most = has;
            goes = i;
        }
    }
    return goes;
}
