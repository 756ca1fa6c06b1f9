// SPDX-License-Identifier: Apache-2.0
//
// The network of an instance: what its profile gives it, its place in the cluster, and the names by which the
// instances of a cluster know one another.
//
//   instance i of a cluster        host name "instance-i"
//   the k-th of them, from 0       address NETPLAN_NET + 1 + k of the cluster's own network
//
// The network is private to the task, so all tasks use the same addresses.
#ifndef ONDOL_CORE_WORK_NETPLAN_H
#define ONDOL_CORE_WORK_NETPLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/work/ranges.h"

#define NETPLAN_NET         UINT32_C(0x0a2f0000) // 10.47.0.0
#define NETPLAN_PREFIX      16
#define NETPLAN_MEMBERS_MAX 65000
#define NETPLAN_MTU         1400

struct net_plan {
    unsigned features;          // core/work/profile.h
    uint64_t owner;             // whose: a number of the server's, the same for all instances of an account; 0: unknown
    const char *rules;          // the task's own, core/work/netrule.h; NULL: none
    const char *relay;          // "HOST:PORT"; ":PORT": on the server's host. NULL: none
    const char *identity, *key; // what the relay knows it by; key: 64 hexadecimal digits
    const char *members;        // instances of the cluster, "0-3,7"; NULL: no cluster
    const char *ssh_secret, *ssh_public; // the cluster's own key, as OpenSSH writes them; NULL: none
};

// Address of the k-th member, host byte order; 0: there is none such.
uint32_t netplan_address(uint64_t k);

// How many ids of the set are below `id`. The set has `id`.
uint64_t netplan_rank(const struct ranges *members, uint32_t id);

// /etc/hosts of an instance, and the machine file of MPI ("instance-0 slots=2"), in the arena. `slots` is
// NULL or empty for one.
const char *netplan_hosts(const struct ranges *members, const char *own_name, uint32_t own_id,
                          struct arena *a);
const char *netplan_machines(const struct ranges *members, const char *slots, struct arena *a);

#endif
