// SPDX-License-Identifier: Apache-2.0
//
// The process that carries the packets of one instance (docs/design/0045-networks.md). agent/carry.c starts
// it as `ondol-agent --carrier`, with what to do as JSON on its standard input:
//
//   {"parent": pid, "outside": true, "cluster": true, "ssh": true, "rules": "...", "relay": "host:port", "identity": "...",
//    "key": "...", "address": n, "slirp": "/usr/bin/slirp4netns", "allow": "...", "deny": "...",
//    "box": "..."}
//
// and the socket over which the sandbox's devices come as descriptor CHILD_SOCKET (child.h). It says on its
// standard output, each second in which they changed,
//
//   N <kbit/s in> <kbit/s out>
//
// and, as its last line when it cannot go on, "F <why>". It ends with its agent. When the instance has ended,
// SIGUSR1 says so. What the instance wrote before is still carried: into connections that the server forwards
// as long as whoever is connected reads (RELAY_IDLE_MS, RELAY_LEAVE_MS), all else until it is acknowledged,
// for LEAVE_MS at most.
//
//   tun eth0  <---- judged ---->  slirp4netns  <----> the outside
//   tun cluster0  <---------->  link to the relay  <----> the other instances
//   sockets in the namespace  <-------->  "                <----> who calls a forwarded port
#ifndef ONDOL_AGENT_CARRIER_H
#define ONDOL_AGENT_CARRIER_H

#include <jansson.h>
#include <poll.h>
#include <sys/types.h>

#include "core/work/namegate.h"
#include "core/work/netrule.h"
#include "net/relay_datagram.h"
#include "net/relay_mux.h"
#include "net/relay_peers.h"

#define CARRIER_OPTION "--carrier"
#define CARRIER_PACKET   65536
#define CARRIER_ETHERNET 14 // bytes of its head, before a packet of the instance's that may go outside
#define LEAVE_MS         30000
#define NAME_LOOKUPS_MAX 8
#define DIAL_SPARE       32
#define NAME_CALLERS_MAX (NETRULE_IN_MAX * NETRULE_PLACES_MAX)

struct name_caller {
    char name[NAME_CHARS_MAX + 1];
    struct name_addresses is;
    int64_t due_ms; // when it is asked for again
    bool asked;     // it is now
};

struct name_lookup {
    pid_t pid; // 0: none
    int fd;
    struct name_question asked; // of the instance
    struct name_caller *caller; // not NULL: it is that instead
};

struct carrier {
    json_t *spec;
    int ns, userns, outside, cluster; // descriptors of the namespace and its devices; -1: none
    uint32_t address;                 // in the cluster
    uint64_t in, out;                 // bytes so far, as the instance sees it
    char why[160];                    // it cannot go on

    // carrier_outside.c
    struct egress egress;
    struct net_rules rules; // the task's own, beside what the operator has closed
    int slirp; // a SEQPACKET socket, a frame of Ethernet each
    char slirp_dir[64];
    int64_t own_at_ms; // when the machine's addresses were read

    // carrier_names.c
    bool names; // of the rules some name hosts
    struct name_gate gate;
    struct name_lookup lookup[NAME_LOOKUPS_MAX];
    struct name_caller caller[NAME_CALLERS_MAX]; // hosts that inbound rules name
    size_t n_callers;

    // carrier_relay.c
    struct relay_link link; // dead: it is not there now
    struct relay_mux mux;
    struct net_port port[NET_PORTS_MAX]; // that the server may open streams to
    size_t n_ports;
    int dialer; // a socket to who connects within the namespace
    int64_t call_at_ms;
    int64_t pause_ms;

    // carrier_datagrams.c
    struct relay_datagrams datagrams;
    struct carrier_peer {
        uint32_t id;
        int fd; // connected to the port inside
    } peer[RELAY_PEERS_MAX];
    size_t n_peers, first_peer;
    int spare[DIAL_SPARE]; // sockets of UDP inside, for those who come next
    size_t n_spare;

    unsigned char packet[CARRIER_PACKET];
};

int carrier_main(void);

const char *carrier_text(const struct carrier *c, const char *name); // of the spec; "" when it is not there
bool carrier_fail(struct carrier *c, const char *fmt, ...) __attribute__((format(printf, 2, 3))); // false
int64_t carrier_now_ms(void);

// carrier_outside.c
bool outside_start(struct carrier *c);
void outside_from_instance(struct carrier *c); // its device can be read
bool outside_from_slirp(struct carrier *c);    // its socket can be read; false: it is gone
void outside_refresh(struct carrier *c, int64_t now_ms);

// carrier_names.c
bool names_take(struct carrier *c, size_t n); // the packet of n bytes: it asks for a name of a rule, and is answered
size_t names_polls(const struct carrier *c, struct pollfd *out); // NAME_LOOKUPS_MAX
void names_run(struct carrier *c, const struct pollfd *polled);
uint32_t names_rules(struct carrier *c, uint32_t address); // those that name it
void names_callers(struct carrier *c);                     // of the ports that are open
void names_refresh(struct carrier *c, int64_t now_ms);
bool names_may_come(const struct carrier *c, const struct net_rule *r, uint32_t address); // an inbound rule

// carrier_dial.c
bool dialer_start(struct carrier *c); // before privileges are given up
int dial(const struct carrier *c, uint16_t port); // a socket that is connecting to the port inside; -1: there is none
// Sockets of UDP inside, which are connected to nothing; how many. One question for many, since each waits for the child.
size_t dial_udp(const struct carrier *c, int fd[DIAL_SPARE]);
bool relay_quiet(const struct carrier *c); // nothing of the instance's waits to be acknowledged

// carrier_datagrams.c
bool datagrams_frame(struct carrier *c, const struct relay_frame *f); // of any kind; false: it breaks the rules
size_t datagrams_polls(const struct carrier *c, struct pollfd *out);  // room for RELAY_PEERS_MAX
void datagrams_run(struct carrier *c, const struct pollfd *polled, size_t n);
void datagrams_leave(struct carrier *c); // the link is gone: nobody is known any more

// carrier_relay.c
bool relay_start(struct carrier *c); // before privileges are given up
bool relay_delivers(const struct carrier *c); // a forwarded connection has not got all of the instance's
// What leads to the port for who calls it; NULL: nothing. The server has judged him by his address (host byte order)
// unless the rule names hosts: then it says what that is, else 0.
const struct net_port *relay_opened(const struct carrier *c, bool udp, uint16_t port, uint32_t from);
void relay_from_instance(struct carrier *c);
size_t relay_polls(struct carrier *c, struct pollfd *out, int64_t now_ms); // room for 1 + RELAY_STREAMS_MAX
void relay_run(struct carrier *c, const struct pollfd *polled, size_t n, int64_t now_ms);

#endif
