// SPDX-License-Identifier: Apache-2.0
//
// forcedNetworkRules as requests say them: what they mean is core/work/netrule.h.
//
//   inbound   bool, needed     proto    tcp or udp ("https" is tcp), needed
//   port      inbound: of the instance, needed        to          inbound: who may come; absent: everybody
//   publicHost  outbound: the place, absent: any      publicPort  outbound: PORT or FIRST-LAST, absent: any
//   name, applicationType, description, forwarder, priority, toPayload: kept as they are; shown
//   toQBox    outbound: to the building's box, which its operator names; inbound: kept, the rule leads to the instance
//
// Places are "ADDRESS" or "ADDRESS/BITS" of IPv4, or host names with a dot, with commas between. Members may be
// written with underscores too, as one client does (public_host), and numbers as strings.
#ifndef ONDOL_API_NETWORK_RULE_IN_H
#define ONDOL_API_NETWORK_RULE_IN_H

#include <jansson.h>
#include <stdbool.h>

#include "api/invalid.h"
#include "api/json_out.h"
#include "api/profile.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/work/netrule.h"

#define API_NETWORK_RULES 16

// From the request `in` into the body. False: each wrong rule was noted in `bad`, "forcedNetworkRules[0]: port: why".
// `profiles` says whether the server has a relay, without which nothing can come in.
bool network_rules_in(const json_t *in, json_t *body, const struct profile_list *profiles, struct arena *a,
                      struct invalid *bad);

// The rules of a body that is kept (and of its pool, when both are laid together). -EBADMSG: it is not one.
int network_rules_kept(const json_t *body, struct net_rules *out, struct err *e);

// The member "forcedNetworkRules" of an answer, from that of a kept body (NULL: there is none), in both spellings
// where clients differ.
void network_rules_out(struct json_out *o, const json_t *list);

#endif
