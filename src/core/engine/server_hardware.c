// SPDX-License-Identifier: Apache-2.0
//
// Whether the fleet, as far as it is known, has the hardware for a task at all: whatever holds its boards now,
// whether they are switched on, whatever heat is wanted.
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/work/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool site_may_hold(const struct server *s, uint32_t site, const struct place *p)
{
    return site != NONE && (!*p->site || strcmp(p->site, s->site[site].name) == 0) &&
           (!*p->country || strcmp(p->country, s->site[site].setting.country) == 0);
}

int32_t server_most_together(const struct server *s, const struct constraint *want, const struct place *p)
{
    int32_t *on = mem_array(s->n_sites + 1, sizeof *on), most = 0;
    for (size_t i = 0; i < s->n_boards; i++) {
        const struct board *b = s->board[i];
        uint32_t site = s->zone[b->zone]->site;
        if (site_may_hold(s, site, p) && (!want || constraint_holds(want, &b->make->spec)) &&
            ++on[site] > most)
            most = on[site];
    }
    free(on);
    return most;
}

static bool some_board(const struct server *s, const struct constraint *want)
{
    for (size_t i = 0; i < s->n_boards; i++)
        if (constraint_holds(want, &s->board[i]->make->spec))
            return true;
    return false;
}

const char *server_hardware_lacks(const struct server *s, const struct task_draft *d, struct arena *a,
                                  size_t *looks)
{
    struct place p = {0};
    bool together = d->place && place_parse(d->place, &p) && p.gang > 1;
    if (!s->n_boards || (!together && constraint_is_none(&d->constraint)) || *looks < s->n_boards)
        return NULL;
    *looks -= s->n_boards;
    if (!some_board(s, &d->constraint))
        return "No machine of the fleet satisfies the hardware constraint list of this task";
    int32_t most = together ? server_most_together(s, &d->constraint, &p) : 0;
    if (!together || most >= p.gang)
        return NULL;
    return arena_printf(
        a,
        "No site of the fleet satisfies the hardware constraint of this task: it needs %d machines "
        "at once, and no site has more than %d such",
        (int)p.gang, (int)most);
}
