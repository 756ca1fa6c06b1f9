// SPDX-License-Identifier: Apache-2.0
//
// The network of an instance that has one: a namespace of its own with a loopback and one or two tun devices,
// whose other ends are descriptors that whoever carries its packets gets. There is no other way in or out,
// and nobody inside has a capability over it: it belongs to the user namespace around the sandbox.
//
//   eth0      NETNS_OUTSIDE_ADDRESS/24, the default route     when the outside can be reached
//   cluster0  the address given, /NETPLAN_PREFIX              when there is a cluster
#ifndef ONDOL_SANDBOX_NETNS_H
#define ONDOL_SANDBOX_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "port/sandbox.h"

#define NETNS_OUTSIDE_ADDRESS UINT32_C(0x0a000264) // 10.0.2.100, as slirp4netns(1) would have it
#define NETNS_OUTSIDE_DNS     UINT32_C(0x0a000203) // where slirp4netns answers names
#define NETNS_OUTSIDE_MTU     65520

// What is sent over sandbox_net.tell_fd, once: a byte of what follows, and the descriptors in this order.
enum {
    NETNS_HAS_OUTSIDE = 1, // the tun device eth0
    NETNS_HAS_CLUSTER = 2, // the tun device cluster0
};
#define NETNS_FDS_MAX 4 // the namespace, its user namespace, the devices

// Makes all of it in the network namespace of the caller, which has just been made, and tells. For a child
// that shares its parent's memory: calls nothing but system calls. NULL, or the step that failed with errno.
const char *netns_fill(const struct sandbox_net *n);

// For who receives: fd[0] the network namespace, fd[1] its user namespace, fd[2] eth0, fd[3] cluster0; -1
// what there is not. Waits for it. -EPIPE: nothing will come.
int netns_receive(int socket, int fd[NETNS_FDS_MAX]);

#endif
