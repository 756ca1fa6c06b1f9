// SPDX-License-Identifier: Apache-2.0
//
// A power cap of a site or of one of its circuits, shared out among its nodes. The invariant: what was given
// to the nodes under a cap never adds up to more than it, whoever has been heard from. So a node is given at
// most what the others' last shares leave; shares shrink when their nodes call, and only then may others
// grow. A node whose call is lost keeps the cap it was last told. A node under both gets the smaller share.
#include "core/engine/server_fleet.h"
#include "core/engine/server_state.h"

enum limit { LIMIT_SITE, LIMIT_CIRCUIT, LIMITS };

static uint32_t limit_of_zone(const struct zone *z, enum limit what)
{
    return what == LIMIT_SITE ? z->site : z->circuit;
}

// One of its zones says: a node over several sites is not capped as a whole.
static bool no_cap(const struct server *s, const struct node *n)
{
    const struct zone *z = n->n_zones ? s->zone[n->zone[0]] : NULL;
    return !z || (!z->circuit && s->site[z->site].cap_mw < 0);
}

// Number of the site or circuit that all of its zones are of. False: there is none.
static bool limit_of(const struct server *s, const struct node *n, enum limit what, uint32_t *number)
{
    if (!n->n_zones)
        return false;
    *number = limit_of_zone(s->zone[n->zone[0]], what);
    for (size_t i = 1; i < n->n_zones; i++)
        if (limit_of_zone(s->zone[n->zone[i]], what) != *number)
            return false; // a node over several is not capped as a whole
    return what == LIMIT_SITE || *number;
}

static int64_t cap_of(const struct server *s, const struct node *n, enum limit what)
{
    const struct zone *z = s->zone[n->zone[0]];
    return what == LIMIT_SITE ? s->site[z->site].cap_mw : zone_circuit_cap_mw(s, z);
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

// What `node` would fairly have, and what the others under its cap leave. False: it has no such cap.
static bool shares(const struct server *s, uint32_t node, enum limit what, int64_t *fair, int64_t *left)
{
    const struct node *me = &s->node[node];
    uint32_t number, other;
    if (!limit_of(s, me, what, &number) || cap_of(s, me, what) < 0)
        return false;
    int64_t cap = cap_of(s, me, what), mine = 0, all = 0, my_plate = 0, all_plate = 0, given = 0;
    demand(s, me, &mine, &my_plate);
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const struct node *n = &s->node[i];
        if (!limit_of(s, n, what, &other) || other != number)
            continue;
        demand(s, n, &all, &all_plate);
        if (i == node)
            continue;
        int64_t plate = 0, unused = 0;
        demand(s, n, &unused, &plate);
        given += n->cap_mw >= 0 ? n->cap_mw : n->online ? plate : 0; // not told yet: it may draw all it has
    }
    *fair = fair_mw(cap, mine, all, my_plate, all_plate);
    *left = cap > given ? cap - given : 0;
    return true;
}

void server_node_cap(struct server *s, uint32_t node)
{
    int64_t fair, left, least = -1;
    for (int what = 0; s->capped && what < LIMITS && !no_cap(s, &s->node[node]); what++) {
        if (!shares(s, node, (enum limit)what, &fair, &left))
            continue;
        int64_t share = fair < left ? fair : left;
        least = least < 0 || share < least ? share : least;
    }
    s->node[node].cap_mw = least;
}

// New caps are told to all of its nodes at once, so they get their fair shares, which add up to them.
void server_site_caps(struct server *s, uint32_t site)
{
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        int64_t fair, left, least = -1;
        uint32_t number;
        if (!limit_of(s, &s->node[i], LIMIT_SITE, &number) || number != site)
            continue;
        for (int what = 0; what < LIMITS; what++)
            if (shares(s, i, (enum limit)what, &fair, &left))
                least = least < 0 || fair < least ? fair : least;
        s->node[i].cap_mw = least;
    }
}
