// SPDX-License-Identifier: Apache-2.0
//
// Datagrams of UDP over a link (docs/design/0055-udp-inwards.md): what somebody sends to a port of the server goes
// to the port inside, and what is said to him comes back, each of them whole or not at all. The stream of a frame
// RELAY_DATAGRAM is the number of who is called here a peer; its bytes are
//
//   0         1       2             4                         8
//   +---------+-------+-------------+-------------------------+-------- ...
//   | version | flags | port, BE    | address, BE, or 0       | bytes
//   +---------+-------+-------------+-------------------------+-------- ...
//
//   port, address   from the server: the port inside, and who says it when a rule names hosts; from the carrier: 0
//   MORE            what is larger than a frame comes in parts, one right after the other: nothing lies between them
//   GONE            from the server, alone: the peer is forgotten, and its number never comes again
//   TAKEN           alone, of peer 0: so much of the window is free again, as address
//
// No more than a window of datagrams is under way in each direction, so that the streams of the link never wait long
// behind them, whatever the buffers of the line hold: who may not send reads none, and the kernel drops.
//
// Numbers are the server's, which decides who is known (relay_peers.h): a carrier has no time and no limit of its own.
// A node that does not know all this is never told of a port of UDP, since it cannot read the rule (core/work/netrule.h).
#ifndef ONDOL_NET_RELAY_DATAGRAM_H
#define ONDOL_NET_RELAY_DATAGRAM_H

#include "net/relay_link.h"

#define RELAY_DATAGRAM_VERSION 1
#define RELAY_DATAGRAM_HEAD    8
#define RELAY_DATAGRAM_MAX     65507 // bytes of one, which is the most that UDP over IPv4 has (RFC 768, 791)
#define RELAY_DATAGRAM_COST    128   // that each takes of the window beside its bytes
#define RELAY_DATAGRAM_WINDOW  (256 * 1024) // the last that goes may be over it

struct relay_datagram {
    uint32_t peer;
    uint16_t port;
    uint32_t from; // host byte order; 0: not said
    bool gone;
    const unsigned char *data;
    size_t n;
};

// One end of a link.
struct relay_datagrams {
    unsigned char *data; // what has come of one that comes in parts; NULL: none is under way
    size_t n;
    struct relay_datagram head;
    size_t away;  // that the other end has not said to have taken
    size_t taken; // what it is to be told
};

bool relay_datagram_may(const struct relay_datagrams *s, const struct relay_link *l); // one more may be sent
void relay_datagram_send(struct relay_datagrams *s, struct relay_link *l,
                         const struct relay_datagram *d); // at most RELAY_DATAGRAM_MAX

// A frame of the link, of any kind. 1: a datagram has come whole, which lasts until relay_datagram_done; 0: none has, or it
// is no frame of one; -1: it breaks the rules.
int relay_datagram_take(struct relay_datagrams *s, const struct relay_frame *f, struct relay_datagram *out);
// It was handed on, or is lost: there is room for others.
void relay_datagram_done(struct relay_datagrams *s, struct relay_link *l, const struct relay_datagram *d);
void relay_datagrams_deinit(struct relay_datagrams *s);

#endif
