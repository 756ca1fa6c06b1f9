// SPDX-License-Identifier: Apache-2.0
//
// Where packets of an instance may go that can reach the outside. It is judged packet by packet, outside of
// the instance. Refused are, in this order:
//
//   - whatever is no IPv4 packet from the instance's own address
//   - addresses of no single outside machine: 0/8, 127/8, 169.254/16 (where clouds keep their secrets), 224/3
//   - the machine itself, by any of its addresses
//   - what the operator closed (deny), and private networks (10/8, 172.16/12, 192.168/16, 100.64/10, 198.18/15,
//     192.0.0/24) that he did not open (allow)
#ifndef ONDOL_CORE_WORK_EGRESS_H
#define ONDOL_CORE_WORK_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EGRESS_RANGES_MAX 64
#define EGRESS_OWN_MAX    256

struct cidr {
    uint32_t net;   // host byte order
    uint8_t prefix; // 0..32
};

struct cidr_list {
    struct cidr v[EGRESS_RANGES_MAX];
    size_t n;
};

struct egress {
    struct cidr_list allow, deny;
    struct cidr_list box; // the machine of the building that rules mean by toQBox
    uint32_t own[EGRESS_OWN_MAX]; // addresses of the machine
    size_t n_own;
    bool own_unknown; // they are too many to be known: nothing private is open then
};

// "10.0.0.0/8, 192.0.2.7" appended to the list; a plain address is /32. -EINVAL names the part.
int cidr_read(struct cidr_list *l, const char *text, struct err *e);
bool cidr_has(const struct cidr_list *l, uint32_t address);

bool egress_allowed(const struct egress *g, uint32_t to);
// The same of an address of `box`, private or not: for packets that a rule lets go there. Never the machine itself.
bool egress_box(const struct egress *g, uint32_t to);
bool egress_private(uint32_t address); // of a private network, or of no single outside machine

// The head of an IPv4 packet of n bytes that is whole; false: it is none.
struct ip4 {
    uint32_t from, to; // host byte order
    uint8_t protocol;  // 6 TCP, 17 UDP, 1 ICMP
    bool first;        // not a later fragment: the ports are there
    uint16_t to_port;  // of TCP and UDP; 0: not there
};
bool ip4_read(const void *packet, size_t n, struct ip4 *out);

void ip4_put_sum(unsigned char *head); // into a head of 20 bytes whose sum is 0 (RFC 791)

// The answer "administratively prohibited" (RFC 792, RFC 1812 5.2.7.1) to a packet that ip4_read has read, so
// that whoever sent it hears of it at once; its length, 0: there is none to this packet.
#define IP4_REFUSAL_BYTES 56
size_t ip4_refusal(const void *packet, size_t n, unsigned char out[IP4_REFUSAL_BYTES]);

#endif
