// SPDX-License-Identifier: Apache-2.0
#include "core/plan/backoff.h"

int64_t backoff_ms(int32_t failures, int64_t first_ms, int64_t most_ms)
{
    int64_t ms = first_ms < most_ms ? first_ms : most_ms;
    if (failures <= 0 || ms <= 0)
        return 0;
    for (int32_t i = 1; i < failures && ms < most_ms; i++)
        ms = ms > most_ms / 2 ? most_ms : 2 * ms;
    return ms;
}
