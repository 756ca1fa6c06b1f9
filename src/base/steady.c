// SPDX-License-Identifier: Apache-2.0
#include "base/steady.h"

int64_t steady_ms(struct steady *s, int64_t real_ms, int64_t passing_ms)
{
    int64_t passed_ms = s->begun && passing_ms > s->passing_ms ? passing_ms - s->passing_ms : 0;
    s->passing_ms = passing_ms;
    s->rest_ms += passed_ms;
    s->out_ms += s->rest_ms / 2;
    s->rest_ms %= 2;
    if (!s->begun || real_ms > s->out_ms) {
        s->out_ms = real_ms;
        s->rest_ms = 0;
    }
    s->begun = true;
    return s->out_ms;
}
