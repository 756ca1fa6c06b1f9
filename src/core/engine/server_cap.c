// SPDX-License-Identifier: Apache-2.0
//
// A site's power cap, shared out among its nodes. The invariant: what was given to the nodes of a site never
// adds up to more than its cap, whoever has been heard from. So a node is given at most what the others' last
// shares leave; shares shrink when their nodes call, and only then may others grow. A node whose call is lost
// keeps the cap it was last told.
#include "core/engine/server_state.h"

static int32_t site_of(const struct server *s, const struct node *n)
{
    if (!n->n_zones)
        return -1;
    uint32_t site = s->zone[n->zone[0]]->site;
    for (size_t i = 1; i < n->n_zones; i++)
        if (s->zone[n->zone[i]]->site != site)
            return -1; // a node over several sites is not capped as a whole
    return (int32_t)site;
}

static void demand(const struct server *s, const struct node *n, int64_t *wanted_mw, int64_t *nameplate_mw)
{
    for (size_t i = 0; i < n->n_zones; i++) {
        const struct zone *z = s->zone[n->zone[i]];
        *wanted_mw += (int64_t)z->request.target_w * 1000;
        *nameplate_mw += (int64_t)z->nameplate_w * 1000;
    }
}

// The fair share: what is asked for when that fits, with the rest by nameplate; else in proportion to what is
// asked for.
static int64_t fair_mw(int64_t cap, int64_t mine, int64_t all, int64_t my_plate, int64_t all_plate)
{
    if (all <= cap)
        return mine + (all_plate ? (int64_t)((__int128)(cap - all) * my_plate / all_plate) : 0);
    return (int64_t)((__int128)cap * mine / all);
}

// What `node` would fairly have, and what was given to the others of its site. False: it has no cap.
static bool shares(const struct server *s, uint32_t node, int64_t *fair, int64_t *given)
{
    const struct node *me = &s->node[node];
    int32_t site = site_of(s, me);
    if (site < 0 || s->site[site].cap_mw < 0)
        return false;
    int64_t cap = s->site[site].cap_mw, mine = 0, all = 0, my_plate = 0, all_plate = 0;
    *given = 0;
    demand(s, me, &mine, &my_plate);
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const struct node *n = &s->node[i];
        if (site_of(s, n) != site)
            continue;
        demand(s, n, &all, &all_plate);
        if (i == node)
            continue;
        int64_t plate = 0, unused = 0;
        demand(s, n, &unused, &plate);
        *given += n->cap_mw >= 0 ? n->cap_mw : n->online ? plate : 0; // not told yet: it may draw all it has
    }
    *fair = fair_mw(cap, mine, all, my_plate, all_plate);
    return true;
}

void server_node_cap(struct server *s, uint32_t node)
{
    int64_t fair, given;
    if (!shares(s, node, &fair, &given)) {
        s->node[node].cap_mw = -1;
        return;
    }
    int64_t cap = s->site[site_of(s, &s->node[node])].cap_mw, left = cap > given ? cap - given : 0;
    s->node[node].cap_mw = fair < left ? fair : left;
}

// A new cap is told to all of its nodes at once, so they get their fair shares, which add up to it.
void server_site_caps(struct server *s, uint32_t site)
{
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        int64_t fair, given;
        if (site_of(s, &s->node[i]) == (int32_t)site)
            s->node[i].cap_mw = shares(s, i, &fair, &given) ? fair : -1;
    }
}
