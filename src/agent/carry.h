// SPDX-License-Identifier: Apache-2.0
//
// The carriers of a node, one for each instance that has a network: a process of its own (agent/carrier.h),
// so that no packet and no connection of a stranger's passes through the agent.
#ifndef ONDOL_AGENT_CARRY_H
#define ONDOL_AGENT_CARRY_H

#include "agent/node.h"
#include "core/work/launch.h"

struct carry; // the carrier of one instance

struct carry_events {
    void *ctx;
    void (*rate)(void *ctx, int32_t in_kbps, int32_t out_kbps);
    // It carries no more; once, and not after carry_end, which is still to be called.
    void (*failed)(void *ctx, const char *why);
};

// Starts one, and makes `net` for the sandbox that it is for; what `net` points to lives as long as `l`. The
// caller closes net->tell_fd once the sandbox was started or was not. NULL with the reason: nothing is to be
// closed then.
struct carry *carry_begin(struct node *n, const struct launch *l, const struct carry_events *ev,
                          struct sandbox_net *net, struct err *e);
void carry_end(struct carry *c); // NULL is fine

// As carry_end, for an instance that has ended by itself: what it sent and nobody has acknowledged yet is
// still carried, for seconds, or as long as somebody reads it from a forwarded port. `leaving` is where its
// kind is kept, not too many; carry_end_all ends them at once.
void carry_leave(struct carry *c, struct carry **leaving);
void carry_end_all(struct carry **leaving);

#endif
