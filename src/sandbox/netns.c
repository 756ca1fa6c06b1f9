// SPDX-License-Identifier: Apache-2.0
#include "sandbox/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/work/netplan.h"

static void address_of(struct sockaddr *to, uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(to, &in, sizeof in);
}

static int up(int control, const char *name)
{
    struct ifreq r = {0};
    strncpy(r.ifr_name, name, IFNAMSIZ - 1);
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(control, SIOCSIFFLAGS, &r);
}

static int device(int control, const char *name, uint32_t address, int prefix, int mtu)
{
    struct ifreq r = {0};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    strncpy(r.ifr_name, name, IFNAMSIZ - 1);
    r.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &r) < 0)
        return -1;
    address_of(&r.ifr_addr, address);
    if (ioctl(control, SIOCSIFADDR, &r) < 0)
        return -1;
    address_of(&r.ifr_netmask, ~UINT32_C(0) << (32 - prefix));
    if (ioctl(control, SIOCSIFNETMASK, &r) < 0)
        return -1;
    r.ifr_mtu = mtu;
    if (ioctl(control, SIOCSIFMTU, &r) < 0)
        return -1;
    return up(control, name) < 0 ? -1 : fd;
}

static int default_route(int control)
{
    static char name[] = "eth0";
    struct rtentry r = {.rt_flags = RTF_UP, .rt_dev = name};
    address_of(&r.rt_dst, 0);
    address_of(&r.rt_genmask, 0);
    return ioctl(control, SIOCADDRT, &r);
}

// Whoever is inside has no capability and may want port 22 all the same. Where /proc/sys is not to be written
// (in some containers) it listens higher.
static void open_low_ports(void)
{
    int fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t ignored = write(fd, "0", 1);
    (void)ignored;
    close(fd);
}

static int tell(int socket, char what, const int *fd, size_t n)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(NETNS_FDS_MAX * sizeof(int))];
    } control = {0};
    struct iovec v = {&what, 1};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = CMSG_SPACE(n * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(c), fd, n * sizeof(int));
    return sendmsg(socket, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

const char *netns_fill(const struct sandbox_net *net)
{
    int fd[NETNS_FDS_MAX], control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    char what = 0;
    fd[n++] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    fd[n++] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    if (control < 0 || fd[0] < 0 || fd[1] < 0 || up(control, "lo") < 0)
        return "network namespace";
    open_low_ports();
    if (net->outside) {
        what |= NETNS_HAS_OUTSIDE;
        fd[n] = device(control, "eth0", NETNS_OUTSIDE_ADDRESS, 24, NETNS_OUTSIDE_MTU);
        if (fd[n++] < 0 || default_route(control) < 0)
            return "network device (is /dev/net/tun there?)";
    }
    if (net->cluster_address) {
        what |= NETNS_HAS_CLUSTER;
        fd[n] = device(control, "cluster0", net->cluster_address, NETPLAN_PREFIX, NETPLAN_MTU);
        if (fd[n++] < 0)
            return "network device of the cluster (is /dev/net/tun there?)";
    }
    if (tell(net->tell_fd, what, fd, n) < 0)
        return "network hand-over";
    for (size_t i = 0; i < n; i++)
        close(fd[i]);
    close(control);
    return NULL;
}

int netns_receive(int socket, int out[NETNS_FDS_MAX])
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(NETNS_FDS_MAX * sizeof(int))];
    } control = {0};
    char what = 0;
    struct iovec v = {&what, 1};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = got == 1 ? CMSG_FIRSTHDR(&m) : NULL;
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return got < 0 ? -errno : -EPIPE;
    int fd[NETNS_FDS_MAX] = {-1, -1, -1, -1};
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), next = 2;
    memcpy(fd, CMSG_DATA(c), (n < NETNS_FDS_MAX ? n : NETNS_FDS_MAX) * sizeof(int));
    out[0] = fd[0];
    out[1] = fd[1];
    out[2] = what & NETNS_HAS_OUTSIDE ? fd[next++] : -1;
    out[3] = what & NETNS_HAS_CLUSTER ? fd[next] : -1;
    return 0;
}
