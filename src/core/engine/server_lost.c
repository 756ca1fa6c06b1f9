// SPDX-License-Identifier: Apache-2.0
//
// Lost attempts cost no retry, and are tried again at once: what no board can bring to its end would run for
// ever, at its customer's cost. So they are counted, by whose doing they probably are. A node that falls
// silent, a link, a board that starts nothing happen to any task, and a fleet may have a bad week; what a node
// has tried and another board may do better is, after as many boards, the task's own doing.
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_task.h"

#include <string.h>

#include "base/buf.h"

#define LOST_MOST      1000 // a thousand lost nodes, or a hundred boards that tried
#define POINTS_OF_TASK 10

uint32_t lost_points(const char *code)
{
    static const char *const of_the_fleet[] = {"",         "lease-lapsed", "epoch-refused",
                                               "no-board", "no-node",      "no-body"};
    bool fleet = !code || strncmp(code, "ONDOL-", 6) == 0 || board_is_blamed(code);
    for (size_t i = 0; i < sizeof of_the_fleet / sizeof *of_the_fleet && !fleet; i++)
        fleet = strcmp(code, of_the_fleet[i]) == 0;
    return fleet ? 1 : POINTS_OF_TASK;
}

bool lost_too_often(struct task *t, uint32_t instance, const struct retried *tried,
                    const struct attempt_figures *f)
{
    if (tried->lost < LOST_MOST)
        return false;
    struct buf text = BUF_INIT(400);
    buf_putf(&text, "instance %u: lost too often, in %u attempts; the last time: %.200s", (unsigned)instance,
             (unsigned)tried->attempts, f->message && *f->message ? f->message : "its node fell silent");
    task_error(t, "ONDOL-LOST-TOO-OFTEN", buf_str(&text), f->code && *f->code ? f->code : "");
    buf_deinit(&text);
    return true;
}
