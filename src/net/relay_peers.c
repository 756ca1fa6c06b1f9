// SPDX-License-Identifier: Apache-2.0
#include "net/relay_peers.h"

#include <string.h>

#define TOKEN_MS (1000 / RELAY_PEERS_NEW_PER_S)

// A house has an IPv4 address, or 64 bits of IPv6 and any number of addresses below them.
static uint16_t *share_of(struct relay_peers *p, const struct relay_place *at)
{
    size_t first = IN6_IS_ADDR_V4MAPPED(&at->from) ? 12 : 0, n = first ? 4 : 8;
    uint32_t h = 2166136261U; // FNV-1a
    for (size_t i = first; i < first + n; i++)
        h = (h ^ at->from.s6_addr[i]) * 16777619U;
    return &p->share[(h ^ h >> 16) % RELAY_PEERS_SHARES];
}

struct relay_peer *relay_peers_of(struct relay_peers *p, uint32_t id)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].id == id)
            return &p->v[i];
    return NULL;
}

static bool same(const struct relay_place *a, const struct relay_place *b)
{
    return a->port == b->port && a->forward == b->forward && a->scope == b->scope &&
           memcmp(&a->from, &b->from, sizeof a->from) == 0 &&
           memcmp(&a->local, &b->local, sizeof a->local) == 0;
}

static uint32_t forget(struct relay_peers *p, struct relay_peer *who)
{
    uint32_t id = who->id;
    --*share_of(p, &who->place);
    *who = p->v[--p->n];
    return id;
}

static bool goes_before(struct relay_peers *p, const struct relay_peer *a, const struct relay_peer *b)
{
    uint16_t x = *share_of(p, &a->place), y = *share_of(p, &b->place);
    if (x != y)
        return x > y;
    return a->answered != b->answered ? b->answered : a->said_ms < b->said_ms;
}

static uint32_t make_room(struct relay_peers *p)
{
    struct relay_peer *goes = &p->v[0];
    for (size_t i = 1; i < p->n; i++)
        if (goes_before(p, &p->v[i], goes))
            goes = &p->v[i];
    return forget(p, goes);
}

// A second's worth, and as many at once as there are places.
static bool may_be_new(struct relay_peers *p, int64_t now_ms)
{
    int64_t most = now_ms - (int64_t)RELAY_PEERS_MAX * TOKEN_MS;
    if (p->token_ms < most)
        p->token_ms = most;
    if (p->token_ms + TOKEN_MS > now_ms)
        return false;
    p->token_ms += TOKEN_MS;
    return true;
}

static uint32_t new_id(struct relay_peers *p)
{
    do
        p->last_id++;
    while (!p->last_id || relay_peers_of(p, p->last_id));
    return p->last_id;
}

struct relay_peer *relay_peers_heard(struct relay_peers *p, const struct relay_place *at, int64_t now_ms,
                                     uint32_t *gone)
{
    *gone = 0;
    for (size_t i = 0; i < p->n; i++)
        if (same(&p->v[i].place, at)) {
            p->v[i].said_ms = now_ms;
            return &p->v[i];
        }
    if (!may_be_new(p, now_ms))
        return NULL;
    if (p->n == RELAY_PEERS_MAX)
        *gone = make_room(p);
    uint32_t id = new_id(p);
    struct relay_peer *who = &p->v[p->n++];
    *who = (struct relay_peer){.place = *at, .id = id, .said_ms = now_ms};
    ++*share_of(p, at);
    return who;
}

uint32_t relay_peers_idle(struct relay_peers *p, int64_t now_ms)
{
    for (size_t i = 0; i < p->n; i++)
        if (now_ms - p->v[i].said_ms >= RELAY_PEER_IDLE_MS)
            return forget(p, &p->v[i]);
    return 0;
}
