// SPDX-License-Identifier: Apache-2.0
//
// Who has sent datagrams to the ports of one instance lately, so that what is said to him finds its way back. Anybody can
// send from any number of ports, and under addresses that are not his: so there are RELAY_PEERS_MAX places, and so many
// new peers a second. When all places are taken, the address that has most of them loses one: one that was never
// answered before others, and of these the one that has been silent for longest.
//
// Silent is who says nothing himself, whatever is said to him: else an address that somebody borrowed once could be sent
// to for ever.
//
// Pure: time is passed in, and what has to be told to the carrier comes back.
#ifndef ONDOL_NET_RELAY_PEERS_H
#define ONDOL_NET_RELAY_PEERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_PEERS_MAX       256
#define RELAY_PEERS_NEW_PER_S 500
#define RELAY_PEER_IDLE_MS    120000 // no less than that (RFC 4787 4.3)
#define RELAY_PEERS_SHARES    256

struct relay_place {
    struct in6_addr from,
        local;        // who says it, to which address of ours; IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2)
    uint32_t scope;   // of a link-local address
    uint16_t port;    // his, network byte order
    uint16_t forward; // which of the instance's ports he calls
};

struct relay_peer {
    struct relay_place place;
    uint32_t id; // never 0
    bool answered;
    int64_t said_ms;
};

struct relay_peers {
    struct relay_peer v[RELAY_PEERS_MAX]; // the first n are taken
    size_t n;
    uint32_t last_id;
    int64_t token_ms; // a new peer takes 1000 / RELAY_PEERS_NEW_PER_S of them, of RELAY_PEERS_MAX at most
    uint16_t share[RELAY_PEERS_SHARES]; // peers of each address, or of a few that share a place here
};

struct relay_peer *relay_peers_of(struct relay_peers *p, uint32_t id); // NULL: he is not known (any more)

// The peer at the place, who says something now; NULL: he is new and one too many of this second. *gone: whom he has
// replaced, 0: nobody.
struct relay_peer *relay_peers_heard(struct relay_peers *p, const struct relay_place *at, int64_t now_ms,
                                     uint32_t *gone);

// One who has said nothing for RELAY_PEER_IDLE_MS is forgotten, and was this one; 0: there is none.
uint32_t relay_peers_idle(struct relay_peers *p, int64_t now_ms);

#endif
