// SPDX-License-Identifier: Apache-2.0
//
// What words mean, for readers who are at home in buildings rather than in computing.
#include "sim/page/html_inside.h"

const char *page_activity_means(enum activity a)
{
    static const char *const means[ACTIVITY_N] = {
        [ACTIVITY_RESERVED] = "paid work, boards are set aside for it",
        [ACTIVITY_ONDEMAND] = "paid work, wanted soon",
        [ACTIVITY_FLEX] = "paid work that waits for heat to be wanted",
        [ACTIVITY_DONATED] = "research, for nothing",
        [ACTIVITY_FILLER] = "volunteer computing, where no other work is",
        [ACTIVITY_BURN] = "heat without work",
        [ACTIVITY_IDLE] = "switched on, nothing to do",
        [ACTIVITY_SLEEP] = "asleep",
        [ACTIVITY_UNATTRIBUTED] = "metered, but not explained",
    };
    return (unsigned)a < ACTIVITY_N ? means[a] : "unknown";
}

static void word(struct buf *out, const char *name, const char *means)
{
    buf_putf(out, "<dt>%s</dt><dd>%s</dd>\n", name, means);
}

void html_words(struct buf *out, const struct sim_result *r)
{
    buf_puts(out, "<h2>Words and units</h2>\n<dl class=\"note\">\n");
    word(out, "K, K h",
         "kelvin: a difference of 1 K is one of 1 &deg;C; K h: an hour one degree off, or half an hour two");
    word(out, "MWh", "1000 kWh");
    word(out, "setpoint", "the temperature that was asked for");
    word(out, "RMSE",
         "typical distance from the setpoint (root of the mean square), large ones counting more");
    word(out, "zone", "what is heated: a room, a tank, a pool, a branch of a heat network");
    word(out, "ERF, ERE, PUE",
         "of the electricity of a site, what became useful heat; for each kWh of its computers, what "
         "was drawn and did not become useful heat; and what was drawn in all");
    word(out, "instance, preempted, lost",
         "one piece of work; stopped for better paid work, to begin again later; "
         "stopped by a fault");
    word(out, "core GHz h", "work done: what a core of 1 GHz does in an hour");
    for (int a = 0; a < ACTIVITY_N; a++)
        if (r->class[a].energy_j || r->class[a].submitted)
            word(out, activity_name((enum activity)a), page_activity_means((enum activity)a));
    buf_puts(out, "</dl>\n");
}
