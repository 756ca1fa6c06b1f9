// SPDX-License-Identifier: Apache-2.0
#include "server/relay_inside.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_QUEUE 1024 // after a start of the server all carriers call at once

int relay_listen_on(const char *address, bool udp, int *port, struct err *e)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : sizeof host;
    struct addrinfo want = {.ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM, .ai_flags = AI_PASSIVE},
                    *found = NULL;
    struct sockaddr_storage got;
    socklen_t size = sizeof got;
    int on = 1, code = 0;
    *port = 0;
    if (n >= sizeof host)
        return err_set(e, -EINVAL, "%s: is not ADDRESS:PORT", address);
    snprintf(host, sizeof host, "%.*s", (int)n, address);
    if (host[0] == '[' && host[n - 1] == ']') {
        memmove(host, host + 1, n);
        host[n - 2] = '\0';
    }
    if (getaddrinfo(host, colon + 1, &want, &found) != 0)
        return err_set(e, -EINVAL, "%s: is no address to listen on", address);
    int fd = socket(found->ai_family, found->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !udp) // two sockets of UDP would share the port
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || (!udp && listen(fd, LISTEN_QUEUE) < 0) ||
        getsockname(fd, (struct sockaddr *)&got, &size) < 0)
        code = err_set(e, -errno, "%s: %s", address, strerror(errno));
    freeaddrinfo(found);
    if (code < 0) {
        if (fd >= 0)
            close(fd);
        return code;
    }
    *port = ntohs(got.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&got)->sin6_port
                                            : ((struct sockaddr_in *)&got)->sin_port);
    return fd;
}
