// SPDX-License-Identifier: Apache-2.0
#include "cli/sim_span.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/sim_cover.h"

int sim_span_apply(const struct sim_span *span, struct sim_loaded *l, struct err *e)
{
    struct scenario *s = &l->scenario;
    if (span->coldest || span->hottest) {
        struct sim_week w = sim_extreme_week(s, &l->inputs, span->hottest);
        s->start = HOUSE_MS(w.from_ms);
        s->length_ms = w.to_ms - w.from_ms;
    }
    if (span->days > 0)
        s->length_ms = (int64_t)(span->days * 864e5) / s->step_ms * s->step_ms;
    return sim_cover(l, e);
}

void sim_span_say(const struct sim_loaded *l)
{
    char line[1024];
    for (const char *p = buf_str(&l->notes); *p; p += strcspn(p, "\n") + 1) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(p, "\n"), p);
        cli_note(line);
    }
}
