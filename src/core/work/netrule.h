// SPDX-License-Identifier: Apache-2.0
//
// The network rules that a task asks for beside its profile (forcedNetworkRules):
//
//   inbound    a port of the instance to which the server forwards one of its own, and from where it may be
//              called
//   outbound   a place outside that may be called. With one such rule, what is reached outside is what these
//              rules name and nothing else, whatever the profile gives
//
// Both only narrow: what the operator has closed stays closed (core/work/egress.h, --forward-allow).
//
// As text, which is how a node and its carrier are told, with ';' between them; one form only, so that equal
// rules are equal text:
//
//   in:8080:203.0.113.0/24,198.51.100.7/32     a port, who may come; nobody named: everybody
//   in-udp:5353:                               the same, of datagrams
//   tcp:443-443:203.0.113.7/32                 outbound: ports, which may be 0-65535, and places
//   udp:53-53:                                 none named: everywhere
//   tcp:443-443:203.0.113.7/32,data.example.org   host names after the addresses, of both kinds; outbound: what
//                                              the instance was answered to them (core/work/namegate.h)
//   tcp:443-443:box                            outbound: the building's box, which its operator names; before all places
#ifndef ONDOL_CORE_WORK_NETRULE_H
#define ONDOL_CORE_WORK_NETRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/work/egress.h"

#define NETRULE_PLACES_MAX 4   // of one rule, names among them
#define NETRULE_HOSTS_MAX  254 // characters of a rule's names, with what is between them
#define NETRULE_IN_MAX     8   // ports of one instance
#define NETRULES_MAX       32  // of a task and its pool together

struct net_rule {
    bool inbound, udp;
    bool box; // outbound: to the building's box too
    uint16_t port, port_last; // inbound: both the same and not 0
    struct cidr place[NETRULE_PLACES_MAX];
    size_t n_places;                   // 0, no hosts and not box: anywhere
    char hosts[NETRULE_HOSTS_MAX + 1]; // "a.example.org,b.example.org", in small letters
};

struct net_rules {
    struct net_rule v[NETRULES_MAX];
    size_t n;
};

#define NET_RULES_NULL ((struct net_rules){.n = 0})

// "8080", "8000-8010"; "" is every port. False: neither.
bool net_rule_ports(const char *text, uint16_t *first, uint16_t *last);
// "203.0.113.0/24, 198.51.100.7, data.example.org", at most NETRULE_PLACES_MAX; 0.0.0.0 is everywhere, as
// 0.0.0.0/0. Names are those of RFC 1123 with a dot in them. -EINVAL, -E2BIG with the part.
int net_rule_places(struct net_rule *r, const char *text, struct err *e);
bool net_rule_from(const struct net_rule *r, uint32_t address); // host byte order; names count for nothing

// -E2BIG: there are NETRULES_MAX already, or NETRULE_IN_MAX inbound ones.
int net_rules_add(struct net_rules *all, const struct net_rule *r, struct err *e);
void net_rules_write(const struct net_rules *r, bool inbound_only, struct buf *out);
// False: it is not what net_rules_write writes. NULL and "" are no rules.
bool net_rules_read(const char *text, struct net_rules *out);

// What they give the instance, as bits of core/work/profile.h.
unsigned net_rules_features(const struct net_rules *r);

// Ports of the instance to which something is forwarded: those of inbound rules, and port 22 of a profile
// with ssh. How many; `rule` of the k-th may be NULL: everybody may come. A port of TCP and one of UDP are two.
struct net_port {
    uint16_t port;
    bool udp;
    const struct net_rule *rule;
};
#define NET_PORTS_MAX (NETRULE_IN_MAX + 1)
size_t net_rules_open(const struct net_rules *r, unsigned features, struct net_port out[NET_PORTS_MAX]);

// The next name of the list that begins at *at; its length, 0: there is none. *at moves behind it.
size_t net_rule_host(const char **at, const char **name);
// Which outbound rules name the host, a bit each; name: in small letters, without the dot at the end.
uint32_t net_rules_naming(const struct net_rules *r, const char *name);
bool net_rules_have_names(const struct net_rules *r); // outbound

// Whether a packet may leave that the operator would let go. True when there is no outbound rule. `by_name`:
// the rules that name a host whose address it is sent to.
bool net_rules_may_leave(const struct net_rules *r, const struct ip4 *packet, uint32_t by_name);
// Whether a rule lets a packet go to the building's box.
bool net_rules_to_box(const struct net_rules *r, const struct ip4 *packet);

#endif
