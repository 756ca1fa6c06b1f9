// SPDX-License-Identifier: Apache-2.0
//
// The relay: what lies between the instances of a cluster, and what comes in from outside to an instance of a
// *-ssh profile. Agents call home, so both pass through the server: the carrier of each such instance
// (agent/carrier.h) holds one link to it (net/relay_link.h), for as long as its lease lasts.
//
//   carrier --link--> relay --link--> carrier of another instance of the same task      packets
//   client  --TCP---> port of the relay --link--> carrier --> port 22 inside            streams
//
//   of a task with inbound rules: as the second line, for the ports these name
//
// A thread of its own, which shares nothing with the engine: who somebody is stands in the identity, and the
// key that proves it is derived from the server's own key and the identity, so nothing is kept.
#ifndef ONDOL_SERVER_RELAY_H
#define ONDOL_SERVER_RELAY_H

#include "api/backend.h"
#include "server/inside.h"

int relay_start(struct runtime *r, struct err *e); // without an address to listen on: nothing
void relay_stop(struct runtime *r);

// Into the body of the task of `x`: the way to the relay. Store's thread.
int relay_grant(struct runtime *r, const struct assignment *x, json_t *body, unsigned features,
                struct err *e);

void relay_lease_gone(struct runtime *r, uint64_t lease); // any thread

// Forwarded ports of a task, at most `most`. Any thread.
size_t relay_forwards(void *runtime, uint64_t task, struct forward_view *out, size_t most);

#endif
