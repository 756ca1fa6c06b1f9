// SPDX-License-Identifier: Apache-2.0
//
// Runs that are set aside for another on their board (docs/design/0051-holding.md): frozen, with their memory and
// files, until the parent says that they go on. Their time stands still and no energy is theirs.
//
// Memory is decided here, where it is known. The newcomer starts when the rest of the board's is what its task asks
// for, or half of it where it asks for nothing; else, and when both together come near all of it later, the one that
// is set aside is given up and waits for another board.
#include "core/engine/agent_inside.h"

#define FULL_PERMILLE                                                                                        \
    900 // of the board's memory, both together: the rest is what is used until the next look

const char hold_why_memory[] = "set aside, and its memory was needed";

static int64_t board_mb(const struct agent *a, size_t board)
{
    return a->cfg.offer.board[board].spec.memory_mb;
}

static bool can_be_held(const struct agent_run *r)
{
    return (r->state == RUN_RUNNING || r->state == RUN_STORING) && !r->slots && !r->within;
}

// Whether somebody else has a process on its board, or may have one.
static bool board_taken(const struct agent *a, const struct agent_run *r)
{
    for (size_t i = 0; i < a->n_runs; i++) {
        const struct agent_run *o = &a->run[i];
        if (o != r && o->board == r->board && o->state != RUN_ENDED && o->state != RUN_ASSIGNED && !o->held)
            return true;
    }
    return false;
}

void run_hold(struct agent *a, struct agent_run *r, bool hold, house_ms now, struct agent_actions *out)
{
    if (r->held == hold || (hold && !can_be_held(r)) || (!hold && board_taken(a, r)))
        return; // who has the board still dies: the next answer says it again
    meter_boards(a, now);
    if (!hold && r->state == RUN_RUNNING) // what it is allowed to run for does not count meanwhile
        r->state_since = house_add(r->state_since, house_since(now, r->held_at));
    r->held = hold;
    r->held_at = now;
    r->use_permille = 0;
    r->credit_us = 0;
    a->regulate_due = true;
    if (!hold || r->state != RUN_RUNNING || r->permille == 0)
        return; // it gets its share with all others
    struct agent_action *act = agent_act(out, ACT_SHARE);
    act->lease = r->lease;
    act->board = r->board;
    act->permille = r->permille = 0;
}

// With the last memory that was seen, which is a second or so old.
bool hold_leaves_room(struct agent *a, const struct agent_run *r, house_ms now, struct agent_actions *out)
{
    int64_t all_mb = board_mb(a, r->board), needs_mb = r->asks_mb > 0 ? r->asks_mb : all_mb / 2;
    bool leaves = true;
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *h = &a->run[i];
        if (!h->held || h->board != r->board || h->state == RUN_ENDED || h->memory_mb + needs_mb <= all_mb)
            continue;
        leaves = false; // until it is gone
        if (h->state == RUN_RUNNING)
            run_stop(a, h, ATTEMPT_PREEMPTED, "memory", hold_why_memory, now, out);
    }
    return leaves;
}

void hold_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    int64_t used_mb = r->memory_mb;
    if (!r->held)
        return;
    for (size_t i = 0; i < a->n_runs; i++) {
        const struct agent_run *o = &a->run[i];
        if (o != r && o->board == r->board && o->state != RUN_ENDED)
            used_mb += o->memory_mb;
    }
    if (used_mb * 1000 > board_mb(a, r->board) * FULL_PERMILLE)
        run_stop(a, r, ATTEMPT_PREEMPTED, "memory", hold_why_memory, now, out);
}
