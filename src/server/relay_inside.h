// SPDX-License-Identifier: Apache-2.0
//
// The inside of the relay. All of it is the relay thread's but what stands under the lock.
#ifndef ONDOL_SERVER_RELAY_INSIDE_H
#define ONDOL_SERVER_RELAY_INSIDE_H

#include "core/work/netrule.h"
#include "net/relay_datagram.h"
#include "net/relay_mux.h"
#include "net/relay_peers.h"
#include "server/relay.h"

#define RELAY_CONNS_MAX     4096
#define RELAY_STRANGERS_MAX 256 // of them, who have not proved yet who they are
#define RELAY_KEPT_MAX      8192 // ports that are kept for their leases
#define RELAY_LEFT_MAX      1024 // streams of instances that have ended, RELAY_WINDOW of memory each at most

// relay_grant.c. Who has called, as its identity says: "lease.task.instance.address.features", decimal.
struct relay_who {
    uint64_t lease, task;
    uint32_t instance, address, features;
};
bool relay_who_read(const char *identity, struct relay_who *out);
void relay_who_write(const struct relay_who *who, char out[RELAY_IDENTITY_BYTES]);
bool relay_key_of_who(void *relay, const char *identity, unsigned char key[RELAY_KEY_BYTES]); // a relay_key_of

struct conn {
    struct relay *relay;
    struct relay_link link;
    struct relay_mux mux;
    struct relay_who who;   // lease 0: it has not proved yet who it is
    uint64_t task;          // its task, also when it is nobody any more
    struct net_rules rules; // of its task and the task's pool
    int64_t called_ms;
    int64_t leave_ms; // its lease is over: until then its last packets are carried; 0: it lasts
    int64_t lost_ms;  // its link is gone: until then what came over it is delivered; 0: it is there
    struct forward {
        struct net_port to; // inside; its rule is one of `rules`
        int fd;             // listens; -1: closed
        uint16_t port;      // of the server
        bool v6;            // its socket is of IPv6
        uint32_t dropped;   // datagrams, which the kernel has said so far
        struct forward_count count;
    } forward[NET_PORTS_MAX];
    size_t n_forwards;
    uint32_t next_stream;
    struct relay_peers *peers; // of the forwards that are of UDP; NULL: nobody yet
    struct relay_datagrams datagrams;
    int64_t told_ms; // when it was last looked at who is idle and what was counted
};

// relay_ended.c
struct relay_ended {
    uint64_t *key; // relay_member_key, the oldest first
    size_t n, cap;
    int64_t asked_ms; // when the store was last asked; 0: never
};
uint64_t relay_member_key(const struct relay_who *w); // task << 16 | low half of the address
// Whether the member, who is not there, has ended. False where that is not known yet.
bool relay_has_ended(struct relay_ended *e, const struct store_reader *reader, const struct relay_who *w,
                     int64_t now_ms);
void relay_came_back(struct relay_ended *e, const struct relay_who *w); // another attempt of it has called
void relay_ended_deinit(struct relay_ended *e);

struct relay {
    struct runtime *r;
    int listen_fd, wake_fd, port;
    struct store_reader reader;
    struct cidr_list allow; // who may use forwarded ports
    bool everybody;         // no list was given
    pthread_t thread;
    bool runs;
    struct conn *v[RELAY_CONNS_MAX];
    size_t n;
    struct idmap member; // relay_member_key -> struct conn *
    struct relay_ended ended;
    struct forward_kept {
        uint64_t lease;
        uint16_t to, port;
        bool udp;
    } * kept; // which port last led to `to`, while the lease lasts; the oldest first
    size_t n_kept, cap_kept;

    pthread_mutex_t lock;
    bool stop;
    uint64_t *gone; // leases
    size_t n_gone, cap_gone;
    struct forward_row {
        uint64_t task, lease;
        uint32_t instance;
        uint16_t to, port;
        bool udp;
        struct forward_count count;
        struct cidr from[NETRULE_PLACES_MAX]; // who may come; none: whoever the operator lets
        size_t n_from;
    } * forward;
    size_t n_forwards, cap_forwards;
};

// relay_listen.c: a non-blocking socket that is bound and, of TCP, listens.
int relay_listen_on(const char *address, bool udp, int *port, struct err *e);
void relay_wake(struct relay *k);

// task_rules.c: the rules of a task and its pool, or of a pool's node. -ENOENT: there is neither.
int task_rules(const struct store_reader *reader, uint64_t task, struct net_rules *out, struct err *e);

// relay_room.c: which of its connections goes because more than RELAY_LEFT_MAX streams of ended instances wait for their
// readers; k->n: none. The oldest of the task that has most.
size_t relay_room_wanted(const struct relay *k);

// relay_forward.c
// Says so when there is no port to be had. A carrier that calls again gets the ports that it had, if they are free.
void forward_open(struct conn *c);
void forward_forget(struct relay *k, uint64_t lease); // it is over: its ports are anybody's
void forward_shut(struct conn *c);                            // nobody can come any more
void forward_accept(struct conn *c, const struct forward *f); // its port can be accepted from
// Whom the operator lets, and of these whom the task's rule lets; of one with host names the carrier judges that, by
// the *address.
bool forward_may_come(const struct relay *k, const struct forward *f, const struct sockaddr_storage *from, uint32_t *address);
bool forward_is_named(const struct forward *f);
void forward_tell(struct conn *c, const struct forward *f); // what it has counted, to who asks

// relay_datagrams.c
bool datagrams_ready(int fd); // a socket that was just made; whether it is of IPv6
void datagrams_accept(struct conn *c, struct forward *f, int64_t now); // its port can be read
bool datagrams_frame(struct conn *c, const struct relay_frame *f); // of any kind; false: it breaks the rules
void datagrams_turn(struct conn *c, int64_t now);
void datagrams_shut(struct conn *c);

#endif
