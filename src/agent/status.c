// SPDX-License-Identifier: Apache-2.0
//
// The state of the node as JSON, for tests and for whoever looks at a heater without a server.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/jobs.h"
#include "base/buf.h"

static void zone_put(const struct node *n, size_t i, struct buf *b)
{
    const struct thermostat *t = agent_thermostat(n->agent, i);
    struct zone_meter_view m = agent_zone_meter(n->agent, i);
    struct zone_wish w = agent_zone_wish(n->agent, i);
    buf_putf(b,
             "%s\n    {\"name\": \"%s\", \"room_mc\": %d, \"setpoint_mc\": %d, \"mode\": \"%s\", \"guard\": "
             "\"%s\", "
             "\"target_w\": %d, \"missing_w\": %d, \"draw_mw\": %d, \"asked_mj\": %" PRId64
             ", \"delivered_mj\": %" PRId64 ", \"shadow_mc\": %d}",
             i ? "," : "", n->cfg->offer.zone[i].name, n->sense[i].room_mc, w.setpoint_mc,
             zone_mode_name(w.mode), zone_guard_name(t->guard), t->request.target_w, thermostat_missing_w(t),
             n->sense[i].draw_mw, m.asked_mj, m.delivered_mj,
             n->device.shadow ? n->shadow[i].shadow_mc : INT32_MIN);
}

static void board_put(const struct node *n, size_t i, struct buf *b)
{
    struct board_state s = agent_board(n->agent, i);
    buf_putf(b,
             "%s\n    {\"name\": \"%s\", \"run\": \"%s\", \"freq_mhz\": %d, \"duty_permille\": %d, "
             "\"draw_mw\": %d, "
             "\"lease\": %" PRIu64 ", \"barred\": %s, \"meter_mj\": %" PRId64 ", \"part_mj\": [",
             i ? "," : "", n->cfg->offer.board[i].name, activity_name(s.run), s.point.freq_mhz,
             s.point.duty_permille, s.point.draw_mw, s.lease, s.barred ? "true" : "false",
             n->meter[i].raw_mj);
    for (int k = 0; k < ACTIVITY_N; k++)
        buf_putf(b, "%s%" PRId64, k ? ", " : "", s.part_uj[k] / 1000);
    buf_puts(b, "]}");
}

void status_write(struct node *n)
{
    struct buf b = BUF_INIT((size_t)8 << 20);
    buf_putf(&b,
             "{\"node\": \"%s\", \"epoch\": %" PRIu64 ", \"house_ms\": %" PRId64
             ", \"outbox\": %zu, \"jobs\": %zu,\n  \"zones\": [",
             n->cfg->node, agent_epoch(n->agent), clock_house(&n->opt.clock).v, agent_outbox_count(n->agent),
             jobs_count(n->jobs));
    for (size_t i = 0; i < n->cfg->offer.n_zones; i++)
        zone_put(n, i, &b);
    buf_puts(&b, "],\n  \"boards\": [");
    for (size_t i = 0; i < n->cfg->offer.n_boards; i++)
        board_put(n, i, &b);
    buf_puts(&b, "]}\n");
    char part[4096];
    snprintf(part, sizeof part, "%s.part", n->opt.status_file);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, buf_str(&b), b.n) == (ssize_t)b.n;
    if (fd >= 0)
        close(fd);
    if (!ok || rename(part, n->opt.status_file) < 0)
        fprintf(stderr, "ondol: %s: cannot be written: %s\n", n->opt.status_file, strerror(errno));
    buf_deinit(&b);
}
