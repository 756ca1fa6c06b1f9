// SPDX-License-Identifier: Apache-2.0
//
// Levels as reports: how things stand, of which only the latest matters. One that waits to be acknowledged is
// not repeated with newer figures; so the outbox does not grow while the link is down.
#include <stdio.h>
#include <string.h>

#include "core/engine/agent_inside.h"

// As its meter says, else as its boards are expected to draw.
static int32_t zone_draw_w(const struct agent *a, size_t i)
{
    int64_t draw_mw = 0;
    for (size_t k = 0; k < a->n_boards; k++)
        draw_mw += a->board[k].zone == i ? a->board[k].expect_mw : 0;
    return (int32_t)((a->sense[i].draw_mw != INT32_MIN ? a->sense[i].draw_mw : draw_mw) / 1000);
}

void report_watch(struct agent *a)
{
    a->draw_moved = false;
    for (size_t i = 0; i < a->n_zones && !a->draw_moved; i++) {
        int32_t off_w = zone_draw_w(a, i) - a->zone[i].told_w;
        a->draw_moved = (off_w < 0 ? -off_w : off_w) > a->thermostat[i].cfg.nameplate_w / 4;
    }
}

static void zone_level(struct agent *a, size_t i, house_ms now)
{
    const struct agent_zone *z = &a->zone[i];
    const struct thermostat *t = &a->thermostat[i];
    const char *name = a->cfg.offer.zone[i].name;
    if (!outbox_holds(a, REPORT_ZONE, name, 0)) {
        struct report *r = outbox_add(a, REPORT_ZONE, name, 0, now);
        r->zone.room_mc = a->sense[i].room_mc;
        struct zone_wish wish = agent_wish(z, now); // the thermostat may be ahead of it
        r->zone.setpoint_mc = wish.setpoint_mc;
        r->zone.mode = (uint8_t)wish.mode;
        r->zone.guard = (uint8_t)t->guard;
        r->zone.missing_w = thermostat_missing_w(t);
        r->zone.request = t->request;
        r->zone.model_known = t->est.usable;
        r->zone.model = zone_model_of(&t->est, t->cfg.nameplate_w);
        r->zone.draw_w = zone_draw_w(a, i);
        a->zone[i].told_w = r->zone.draw_w;
        thermostat_why(t, now, z->utc_offset_min * 60000, r->zone.why, sizeof r->zone.why);
        size_t n = strlen(r->zone.why);
        if (z->short_w > 0)
            snprintf(r->zone.why + n, sizeof r->zone.why - n,
                     "; its tasks use only %d %% of their share, %d W short", z->use_permille / 10,
                     z->short_w);
    }
    if (!outbox_holds(a, REPORT_METER_ZONE, name, 0)) {
        struct report *r = outbox_add(a, REPORT_METER_ZONE, name, 0, now);
        r->meter_zone.asked_mj = z->asked_uj / 1000;
        r->meter_zone.delivered_mj = z->delivered_uj / 1000;
        r->meter_zone.useful_mj = z->useful_uj / 1000;
        r->meter_zone.shadow_mj = z->shadow.shadow_mj;
        r->meter_zone.shadow_mc = z->shadow.shadow_mc;
    }
}

static void board_level(struct agent *a, size_t i, house_ms now)
{
    struct agent_board *b = &a->board[i];
    const char *name = a->cfg.offer.board[i].name;
    if (!outbox_holds(a, REPORT_BOARD, name, 0)) {
        struct report *r = outbox_add(a, REPORT_BOARD, name, 0, now);
        r->board.run = (uint8_t)b->run;
        r->board.draw_mw = b->expect_mw;
        r->board.freq_mhz = b->point.freq_mhz;
        r->board.duty_permille = b->point.duty_permille;
        r->board.barred = b->barred;
        memcpy(r->board.barred_why, b->barred_why, sizeof r->board.barred_why);
    }
    if (b->metered && !outbox_holds(a, REPORT_METER_BOARD, name, 0))
        meter_say(a, i);
}

// What waits for a call, while the link is down say, is written anew: it would be stale when it goes.
static struct report *level_tell(struct agent *a, const struct agent_run *run, house_ms now)
{
    const struct agent_board *b = &a->board[run->board];
    const struct curve *c = &a->cfg.offer.board[run->board].curve;
    struct report *r = outbox_unsent(a, REPORT_LEVEL, run->lease);
    if (!r)
        r = outbox_add(a, REPORT_LEVEL, "", run->lease, now);
    r->at = now;
    r->level.phase = run->slots && !run->ready ? PHASE_ENVIRONMENT : PHASE_EXECUTION;
    r->level.progress_permille = run->progress_permille;
    r->level.freq_mhz = run->held ? 0 : b->point.freq_mhz;
    r->level.max_freq_mhz = c->p[c->n - 1].freq_mhz;
    r->level.duty_permille = run->held ? 0 : b->point.duty_permille;
    r->level.cpu_permille = run->held ? 0 : run->use_permille;
    r->level.memory_mb = (int32_t)run->memory_mb;
    r->level.memory_max_mb = a->cfg.offer.board[run->board].spec.memory_mb / run_slots(a, run);
    r->level.net_in_kbps = run->net_in_kbps;
    r->level.net_out_kbps = run->net_out_kbps;
    r->level.exec_ms = run->exec_ms;
    return r;
}

static void run_level(struct agent *a, const struct agent_run *run, house_ms now)
{
    if (run->state == RUN_FETCHING || run->state == RUN_STORING)
        stage_level(a, run, now);
    if (run->state != RUN_RUNNING)
        return;
    if (outbox_unsent(a, REPORT_LEVEL, run->lease) || !outbox_holds(a, REPORT_LEVEL, "", run->lease))
        level_tell(a, run, now);
    if (!outbox_holds(a, REPORT_METER_LEASE, "", run->lease)) {
        struct report *r = outbox_add(a, REPORT_METER_LEASE, "", run->lease, now);
        r->meter_lease.energy_mj = run->energy_uj / 1000;
        r->meter_lease.core_ms = run->core_ms;
    }
}

// What lasts less than report_ms would otherwise never be seen at work. A tenth of that is as soon as any level
// may be told, and at the pace of the calendar about a second: a sample before that says little.
void report_young(struct agent *a, house_ms now)
{
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        if (r->state != RUN_RUNNING || r->sampled || r->ready || r->mute)
            continue;
        if (house_since(now, r->started_at) < a->cfg.report_ms / 10 ||
            outbox_holds(a, REPORT_LEVEL, "", r->lease))
            continue;
        level_tell(a, r, now);
        r->sampled = true;
    }
}

void report_last(struct agent *a, const struct agent_run *run, house_ms now)
{
    if (run->mute)
        return;
    struct report *r = level_tell(a, run, now);
    r->level.cpu_permille = run->exec_ms > 0 ? (int32_t)(run->use_sum / run->exec_ms) : 0;
    r->level.memory_mb = (int32_t)run->peak_mb;
    r->level.net_in_kbps = r->level.net_out_kbps = 0;
}

void report_levels(struct agent *a, house_ms now)
{
    a->levels_at = now;
    a->draw_moved = false;
    for (size_t i = 0; i < a->n_zones; i++)
        zone_level(a, i, now);
    for (size_t i = 0; i < a->n_boards; i++)
        board_level(a, i, now);
    for (size_t i = 0; i < a->n_runs; i++)
        run_level(a, &a->run[i], now);
}

static int32_t clock_permille(const struct agent *a, const struct agent_run *run)
{
    if (run->clocked_ms == 0 || run->board >= a->n_boards)
        return 0;
    const struct curve *c = &a->cfg.offer.board[run->board].curve;
    return (int32_t)(run->clock_mhz_ms / run->clocked_ms * 1000 / c->p[c->n - 1].freq_mhz);
}

void report_exit(struct agent *a, struct agent_run *run, enum attempt_end end, int32_t exit_code,
                 int32_t signal, const char *code, const char *message, house_ms now)
{
    if (run->mute)
        return;
    outbox_drop_level(a, run->lease); // nobody would see it beside the end
    struct report *r = outbox_add(a, REPORT_EXITED, "", run->lease, now);
    r->exited.end = (uint8_t)end;
    r->exited.exit_code = exit_code;
    r->exited.signal = signal;
    r->exited.wall_ms = house_since(now, run->assigned_at);
    r->exited.exec_ms = run->exec_ms;
    r->exited.core_ms = run->core_ms;
    r->exited.work_mhz_s = run->work_mhz_ms / 1000;
    r->exited.clock_permille = clock_permille(a, run);
    r->exited.energy_mj = run->energy_uj / 1000;
    r->exited.peak_memory_mb = (int32_t)run->peak_mb;
    r->exited.results = run->results;
    r->exited.fetch_ms = run->fetch_ms;
    r->exited.fetch_bytes = run->fetch_bytes;
    r->exited.store_ms = run->store_ms;
    r->exited.store_bytes = run->store_bytes;
    outbox_add_names(a, r, run->names);
    run->names = NULL;
    snprintf(r->exited.code, sizeof r->exited.code, "%s", code);
    snprintf(r->exited.message, sizeof r->exited.message, "%.159s", message);
}
