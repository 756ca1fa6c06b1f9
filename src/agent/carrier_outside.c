// SPDX-License-Identifier: Apache-2.0
//
// The outside: packets that are allowed to go there are handed to slirp4netns, which makes connections of the
// host out of them, as frames of Ethernet over a socket (its "bess" mode). It never sees a packet that has
// not been judged, and never the namespace of the instance. The device of the instance has no Ethernet, so
// frames are put on and taken off here, and ARP is answered for it.
#include "agent/carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/netns.h"

#define SLIRP_MS   10000 // until it listens
#define REFRESH_MS 15000
#define ETHERNET   CARRIER_ETHERNET
#define ARP_BYTES  28
#define AT_ONCE    64 // packets of one turn and direction

static const unsigned char our_mac[6] = {0x02, 0x6f, 0x6e, 0x64, 0x6f, 0x6c};
// What slirp4netns calls the gateway; it takes frames for any address.
static const unsigned char gateway_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};

// The addresses of the machine may change while the instance runs.
static void read_own(struct egress *g)
{
    struct ifaddrs *all = NULL;
    g->n_own = 0;
    g->own_unknown = getifaddrs(&all) < 0;
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        struct sockaddr_in in;
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
            continue;
        memcpy(&in, i->ifa_addr, sizeof in);
        if (g->n_own == EGRESS_OWN_MAX)
            g->own_unknown = true;
        else
            g->own[g->n_own++] = ntohl(in.sin_addr.s_addr);
    }
    freeifaddrs(all);
}

void outside_refresh(struct carrier *c, int64_t now_ms)
{
    if (c->outside < 0 || now_ms - c->own_at_ms < REFRESH_MS)
        return;
    c->own_at_ms = now_ms;
    read_own(&c->egress);
}

static void slirp_exec(const char *program, const char *socket)
{
    bool root = geteuid() == 0;
    char *const argv[] = {"slirp4netns",
                          "--target-type=bess",
                          "--disable-host-loopback",
                          "--mtu=65520",
                          "--enable-seccomp",
                          root ? "--enable-sandbox" : (char *)(uintptr_t)socket,
                          root ? (char *)(uintptr_t)socket : NULL,
                          NULL};
    int null = open("/dev/null", O_RDWR);
    if (null < 0)
        _exit(127);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2); // it warns each time that this mode is new
    syscall(SYS_close_range, 3, ~0U, 0);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    execve(program, argv, (char *const[]){NULL});
    _exit(127);
}

// Between the carrier and slirp4netns: ends it, with the child that it may have, when the other end of `life`
// is closed, that is, with the carrier, whatever ends that. It has the privileges for it, which the carrier
// gives up.
static void keeper_main(const char *program, const char *socket, int life)
{
    char ignored;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        slirp_exec(program, socket);
    }
    if (pid < 0)
        _exit(1);
    setpgid(pid, pid);
    dup2(life, 3);
    syscall(SYS_close_range, 4, ~0U, 0);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    while (read(3, &ignored, 1) < 0 && errno == EINTR)
        continue;
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
    _exit(0);
}

static int slirp_connect(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

// It binds and then listens: between the two a connection is refused, and tried again.
static bool slirp_start(struct carrier *c)
{
    char path[96];
    const char *program = carrier_text(c, "slirp");
    int life[2];
    if (pipe(life) < 0)
        return carrier_fail(c, "pipe: %s", strerror(errno));
    fcntl(life[1], F_SETFD, FD_CLOEXEC); // and open until this process ends
    snprintf(c->slirp_dir, sizeof c->slirp_dir, "/tmp/ondol-net.XXXXXX");
    if (!mkdtemp(c->slirp_dir))
        return carrier_fail(c, "%s: %s", c->slirp_dir, strerror(errno));
    snprintf(path, sizeof path, "%s/socket", c->slirp_dir);
    if (fork() == 0)
        keeper_main(program, path, life[0]);
    close(life[0]);
    for (int waited = 0; c->slirp < 0 && waited < SLIRP_MS; waited += 5) {
        c->slirp = slirp_connect(path);
        if (c->slirp < 0)
            usleep(5000);
    }
    unlink(path);
    rmdir(c->slirp_dir);
    if (c->slirp < 0)
        return carrier_fail(c, "%s: it does not listen", program);
    return true;
}

bool outside_start(struct carrier *c)
{
    struct err e = ERR_NULL;
    if (cidr_read(&c->egress.allow, carrier_text(c, "allow"), &e) < 0 ||
        cidr_read(&c->egress.deny, carrier_text(c, "deny"), &e) < 0 ||
        cidr_read(&c->egress.box, carrier_text(c, "box"), &e) < 0)
        return carrier_fail(c, "%s", e.text);
    read_own(&c->egress);
    c->own_at_ms = carrier_now_ms();
    c->names = net_rules_have_names(&c->rules);
    return slirp_start(c);
}

static bool may_go(struct carrier *c, const struct ip4 *h)
{
    if (h->from != NETNS_OUTSIDE_ADDRESS)
        return false;
    if (h->to == NETNS_OUTSIDE_DNS)
        return h->first && h->to_port == 53; // names, which slirp4netns asks the host's resolvers for
    return (egress_box(&c->egress, h->to) && net_rules_to_box(&c->rules, h)) ||
           (egress_allowed(&c->egress, h->to) && net_rules_may_leave(&c->rules, h, names_rules(c, h->to)));
}

static void refuse(struct carrier *c, size_t n)
{
    unsigned char answer[IP4_REFUSAL_BYTES];
    size_t bytes = ip4_refusal(c->packet + ETHERNET, n, answer);
    ssize_t ignored = bytes ? write(c->outside, answer, bytes) : 0;
    (void)ignored;
}

void outside_from_instance(struct carrier *c)
{
    for (int i = 0; i < AT_ONCE; i++) {
        struct ip4 h;
        ssize_t n = read(c->outside, c->packet + ETHERNET, sizeof c->packet - ETHERNET);
        if (n <= 0)
            return;
        if (!ip4_read(c->packet + ETHERNET, (size_t)n, &h))
            continue;
        if (h.to == NETNS_OUTSIDE_DNS && h.from == NETNS_OUTSIDE_ADDRESS && names_take(c, (size_t)n))
            continue;
        if (!may_go(c, &h)) {
            refuse(c, (size_t)n);
            continue;
        }
        memcpy(c->packet, gateway_mac, 6);
        memcpy(c->packet + 6, our_mac, 6);
        c->packet[12] = 0x08;
        c->packet[13] = 0x00;
        if (send(c->slirp, c->packet, (size_t)n + ETHERNET, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
            c->out += (uint64_t)n;
    }
}

// "Who has 10.0.2.100?" (RFC 826)
static void answer_arp(struct carrier *c, size_t n)
{
    unsigned char *a = c->packet + ETHERNET, target[4];
    if (n < ETHERNET + ARP_BYTES || a[6] != 0 || a[7] != 1)
        return;
    memcpy(target, a + 24, 4);
    memcpy(a + 18, a + 8, 10); // to whom: who asked
    memcpy(a + 8, our_mac, 6);
    memcpy(a + 14, target, 4);
    a[7] = 2;
    memcpy(c->packet, a + 18, 6);
    memcpy(c->packet + 6, our_mac, 6);
    ssize_t ignored = send(c->slirp, c->packet, ETHERNET + ARP_BYTES, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)ignored;
}

bool outside_from_slirp(struct carrier *c)
{
    for (int i = 0; i < AT_ONCE; i++) {
        struct ip4 h;
        ssize_t n = recv(c->slirp, c->packet, sizeof c->packet, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n <= 0)
            return carrier_fail(c, "slirp4netns ended");
        if (n > ETHERNET && c->packet[12] == 0x08 && c->packet[13] == 0x06) {
            answer_arp(c, (size_t)n);
            continue;
        }
        if (n < ETHERNET + 20)
            continue;
        ssize_t whole = ETHERNET + (c->packet[ETHERNET + 2] << 8 | c->packet[ETHERNET + 3]);
        n = whole < n ? whole : n; // short frames may be padded
        if (n <= ETHERNET || !ip4_read(c->packet + ETHERNET, (size_t)n - ETHERNET, &h) ||
            h.to != NETNS_OUTSIDE_ADDRESS)
            continue;
        if (write(c->outside, c->packet + ETHERNET, (size_t)n - ETHERNET) > 0)
            c->in += (uint64_t)n - ETHERNET;
    }
    return true;
}
