// SPDX-License-Identifier: Apache-2.0
//
// Direct dispatch of the published scheduler: when an instance ends and its task has more that wait, the next
// one starts on the same board, unless a better class waits. Nobody asks how warm the zone is by then.
#include "core/plan/planner_state.h"

void direct_note(struct planner *p, uint32_t board)
{
    struct board_state *b = &p->board[board];
    if (b->board.task >= p->n_tasks || b->board.stopping || !p->task[b->board.task].known)
        return;
    b->was = b->board.task;
    b->was_order = p->task[b->was].order;
    list_add(&p->freed, board);
}

static bool better_waits(const struct planner *p, enum activity than)
{
    for (int a = 0; a < (int)than; a++)
        if (p->pending[a])
            return true;
    return false;
}

static void dispatch(struct planner *p, uint32_t board, struct plan *out)
{
    const struct board_state *b = &p->board[board];
    const struct known_task *t = &p->task[b->was];
    const struct zone_state *z = &p->zone[b->board.zone];
    if (!b->known || b->board.task != PLAN_NONE || !b->board.usable || !z->zone.online || !zone_sited(p, z) ||
        b->was >= p->n_tasks || !t->known || t->order != b->was_order || t->pending <= 0)
        return;
    const struct shape *s = &p->shape[p->queue[t->queue].shape];
    if (s->gang > 1 || better_waits(p, s->ask.activity) || !constraint_holds(&s->constraint, b->board.spec) ||
        !where_holds(&s->where, &p->site[z->zone.site].site, z->zone.site) ||
        board_bar(p, s->ask, board, false) != BAR_NONE)
        return;
    plan_place(p, b->was, board, 0, out);
}

void direct_dispatch(struct planner *p, struct plan *out)
{
    for (size_t i = 0; i < p->freed.n; i++)
        dispatch(p, p->freed.v[i], out);
    p->freed.n = 0;
}
