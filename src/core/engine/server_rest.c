// SPDX-License-Identifier: Apache-2.0
//
// A board that does not start what it is given would be the best free board again a moment later, and hold up
// one instance after the other. It rests, longer each time (plan/backoff.h), until it has started something,
// its node has made its offer anew or an operator clears it. It goes on heating meanwhile: only tasks stay
// away.
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/plan/backoff.h"

#include <string.h>

#define STAGING_OF_BOARD "staging" // what a node says when it is not the files that are to blame

bool board_rests(const struct server *s, const struct board *b)
{
    return house_before(s->now, b->rests_until);
}

void board_rested(struct server *s, uint32_t board)
{
    struct board *b = s->board[board];
    if (!b->start_failures && b->rests_until.v <= 0)
        return;
    b->start_failures = 0;
    b->failed_task = 0;
    b->rests_until = HOUSE_MS(0);
    board_touch(s, board);
    board_plan(s, board);
}

// What the node says when the sandbox is to blame, or may be. Everything else is the task's own doing.
bool board_is_blamed(const char *code)
{
    static const char *const codes[] = {"no-sandbox", "start-failed",   "start-timeout",
                                        "not-killed", STAGING_OF_BOARD, STAGING_OF_BOARD "-timeout"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (code && strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

static void failed(struct server *s, uint32_t board, uint64_t task)
{
    struct board *b = s->board[board];
    b->failed_task = task;
    if (b->start_failures < INT32_MAX)
        b->start_failures++;
    b->rests_until =
        house_add(s->now, backoff_ms(b->start_failures, s->cfg.rest_first_ms, s->cfg.rest_most_ms));
    timer_add(s, TIMER_BOARD, b->id, b->rests_until);
    server_trace(s, CHANGE_BOARD, (int64_t)b->id, b->rests_until.v);
    board_touch(s, board);
    board_plan(s, board);
}

void board_start_late(struct server *s, uint32_t board)
{
    failed(s, board, 0);
}

void board_start_failed(struct server *s, uint32_t board, uint64_t task, const char *code)
{
    // The same task again says more of the task: it must not be able to put a fleet to rest. But where files
    // cannot be put at all it is no task's doing, and it would be tried again at once for ever.
    bool staging = code && strncmp(code, STAGING_OF_BOARD, strlen(STAGING_OF_BOARD)) == 0;
    if (board_is_blamed(code) && (staging || s->board[board]->failed_task != task))
        failed(s, board, task);
}

void server_board_timer(struct server *s, uint64_t board_id)
{
    uint64_t at;
    if (idmap_get(&s->board_by_id, board_id, &at))
        board_plan(s, (uint32_t)at);
}
