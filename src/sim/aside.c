// SPDX-License-Identifier: Apache-2.0
//
// Instances that are set aside on their board while one of a better class runs there. They keep what they have done
// and its memory, do no work, draw nothing, and go on when the engine says so.
#include "sim/run.h"

#include <stdlib.h>

#include "base/mem.h"

static void lift(const struct sim_run *r, const struct sim_board *b, struct sim_held *h)
{
    *h = (struct sim_held){.task = b->task,
                           .instance = b->instance,
                           .attempt = b->attempt,
                           .rate_cores = b->rate_cores,
                           .lease = b->lease,
                           .activity = b->activity,
                           .left = b->left,
                           .all = b->all,
                           .saved = b->saved,
                           .granted_at = b->granted_at,
                           .exec_ms = r->now - b->started_at,
                           .level = b->level,
                           .lease_uj = b->lease_uj,
                           .held_at = r->now};
}

// Back onto its board, as it was; it runs when the board can.
static void lay(const struct sim_run *r, struct sim_board *b, const struct sim_held *h)
{
    b->task = h->task;
    b->instance = h->instance;
    b->attempt = h->attempt;
    b->rate_cores = h->rate_cores;
    b->lease = h->lease;
    b->activity = h->activity;
    b->left = h->left;
    b->all = h->all;
    b->saved = h->saved;
    b->granted_at = h->granted_at;
    b->level = h->level;
    b->level.told.at += r->now - h->held_at;
    b->level.out.at = b->level.in.at = -1; // for the engine it begins anew
    b->level.crawls = false;
    b->lease_uj = h->lease_uj;
    b->goes_on_ms = h->exec_ms;
    b->phase = BOARD_WAITS;
}

static void count(struct sim_run *r, const struct sim_held *h)
{
    r->out->class[h->activity].held_ms += r->now - h->held_at;
}

void job_hold(struct sim_run *r, uint32_t board)
{
    struct sim_board *b = &r->board[board];
    drive_settle(r, b->zone);
    job_went_on(r, board); // it was about to
    link_board_meters(r, board);
    b->held = mem_alloc(sizeof *b->held);
    lift(r, b, b->held);
    r->out->class[b->activity].held++;
    r->zone[b->zone].held++;
    board_free(r, board);
}

void job_go_on(struct sim_run *r, uint32_t board)
{
    struct sim_board *b = &r->board[board];
    struct sim_zone *z = &r->zone[b->zone];
    drive_settle(r, b->zone);
    count(r, b->held);
    lay(r, b, b->held);
    free(b->held);
    b->held = NULL;
    z->held--;
    zone_runs(r, z, 1);
    b->stamp++;
    zone_stale(r, z);
}

bool job_went_on(struct sim_run *r, uint32_t board)
{
    struct sim_board *b = &r->board[board];
    if (b->phase == BOARD_FREE || b->goes_on_ms < 0)
        return false;
    b->phase = BOARD_RUNS;
    b->started_at = r->now - b->goes_on_ms;
    b->goes_on_ms = -1;
    return true;
}

void job_held_end(struct sim_run *r, uint32_t board, enum attempt_end end, bool silently)
{
    struct sim_board *b = &r->board[board];
    if (!b->held)
        return;
    drive_settle(r, b->zone);
    count(r, b->held);
    struct sim_board on_top = *b;
    lay(r, b, b->held);
    if (silently)
        job_forget(r, board, end);
    else
        job_ended(r, board, end);
    free(b->held);
    *b = on_top;
    b->held = NULL;
    r->zone[b->zone].held--;
    link_sync(r, b->zone);
}
