// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server's life: settings, listening socket, daemon, end.
#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_inside.h"

#define PEM_BYTES      (1024 * 1024) // most in a certificate, key or authority file
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

// The one version whose memory layout vet.h counts on, and that the tests have run on.
#define KNOWN_MHD "0.9.75"

static struct http_limits defaulted(struct http_limits l)
{
    if (!l.header_bytes)
        l.header_bytes = 8192;
    if (!l.body_bytes)
        l.body_bytes = 1024 * 1024;
    if (!l.connections)
        l.connections = 4096;
    if (!l.connections_per_address)
        l.connections_per_address = l.connections;
    if (!l.idle_timeout_s)
        l.idle_timeout_s = 30;
    return l;
}

static int check(const struct http_config *cfg, const struct http_limits *l, struct err *e)
{
    if (strcmp(MHD_get_version(), KNOWN_MHD) != 0)
        return err_set(e, -ENOTSUP,
                       "libmicrohttpd %s: requests can be vetted with " KNOWN_MHD
                       " only (install that version)",
                       MHD_get_version());
    if (l->header_bytes < 1024 || l->header_bytes > 65536)
        return err_set(e, -EINVAL, "limits.header_bytes: %zu is not within 1024..65536", l->header_bytes);
    if (l->body_bytes > SIZE_MAX / 4)
        return err_set(e, -EINVAL, "limits.body_bytes: %zu is too much", l->body_bytes);
    if (l->connections < 1 || l->connections_per_address < 1 || l->idle_timeout_s < 1)
        return err_set(e, -EINVAL,
                       "limits: connections, connections_per_address and idle_timeout_s are at least 1");
    if (!cfg->tls_cert_file != !cfg->tls_key_file)
        return err_set(e, -EINVAL, "TLS: certificate and key go together (give both or neither)");
    if (cfg->tls_client_ca_file && !cfg->tls_cert_file)
        return err_set(e, -EINVAL,
                       "TLS: client certificates need a certificate of the server's own (give one)");
    return 0;
}

static int bad_address(const char *text, struct err *e)
{
    return err_set(e, -EINVAL, "listen %s: not an address and port (write 127.0.0.1:8080 or [::1]:8080)",
                   text);
}

static int parse_address(const char *text, struct sockaddr_storage *sa, socklen_t *n, struct err *e)
{
    char host[64];
    const char *colon = strrchr(text, ':'), *from = text;
    if (!colon || (size_t)(colon - text) >= sizeof host)
        return bad_address(text, e);
    size_t len = (size_t)(colon - text);
    bool six = text[0] == '[' && len >= 2 && text[len - 1] == ']';
    if (six)
        from++, len -= 2;
    memcpy(host, from, len);
    host[len] = '\0';
    char *end = NULL;
    long port = strtol(colon + 1, &end, 10);
    if (end == colon + 1 || *end || port < 0 || port > 65535)
        return bad_address(text, e);
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
    struct sockaddr_in *in4 = (struct sockaddr_in *)sa;
    memset(sa, 0, sizeof *sa);
    if (six) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        *n = sizeof *in6;
    } else {
        in4->sin_family = AF_INET;
        in4->sin_port = htons((uint16_t)port);
        *n = sizeof *in4;
    }
    void *address = six ? (void *)&in6->sin6_addr : (void *)&in4->sin_addr;
    return inet_pton(six ? AF_INET6 : AF_INET, host, address) == 1 ? 0 : bad_address(text, e);
}

static int listen_on(struct http_server *s, const char *text, struct err *e)
{
    struct sockaddr_storage sa;
    socklen_t n;
    int r = parse_address(text, &sa, &n, e);
    if (r < 0)
        return r;
    int on = 1;
    s->listen_fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd < 0)
        return err_set(e, -errno, "listen %s: %s (is this address family there?)", text, strerror(errno));
    setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Accepted sockets inherit this: small answers leave at once whatever the client has acknowledged.
    setsockopt(s->listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(s->listen_fd, (struct sockaddr *)&sa, n) < 0)
        return err_set(e, -errno, "listen %s: %s (%s)", text, strerror(errno),
                       errno == EACCES ? "choose a port above 1023"
                                       : "choose another address or port, or end the program that holds it");
    if (listen(s->listen_fd, 1024) < 0)
        return err_set(e, -errno, "listen %s: %s (choose another port)", text, strerror(errno));
    n = sizeof sa;
    getsockname(s->listen_fd, (struct sockaddr *)&sa, &n);
    s->port = ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
                                             : ((struct sockaddr_in *)&sa)->sin_port);
    return 0;
}

static int read_pem(const char *path, struct buf *out, struct err *e)
{
    if (!path)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC), r = fd < 0 ? -errno : 0;
    ssize_t n = 0;
    char part[4096];
    while (!r && (n = read(fd, part, sizeof part)) > 0)
        buf_put(out, part, (size_t)n);
    if (n < 0)
        r = -errno;
    if (fd >= 0)
        close(fd);
    if (r)
        return err_set(e, r, "TLS file %s: %s (check path and permissions)", path, strerror(-r));
    if (out->failed || !out->n)
        return err_set(e, -EINVAL, "TLS file %s: empty or over 1 MiB (give a PEM file)", path);
    return 0;
}

static int start_daemon(struct http_server *s, const char *cert, const char *key, const char *ca,
                        struct err *e)
{
    const struct http_limits *l = &s->cfg.limits;
    struct MHD_OptionItem options[16];
    int n = 0;
    if (cert) {
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key};
        options[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES};
    }
    if (ca)
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)ca};
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    s->daemon =
        MHD_start_daemon(flags | (cert ? MHD_USE_TLS : 0), 0, NULL, NULL, serve_access, s,                 //
                         MHD_OPTION_LISTEN_SOCKET, s->listen_fd,                                           //
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)(l->connections + l->connections / 8 + 8), //
                         MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                         (unsigned)(l->connections_per_address + l->connections_per_address / 8 + 8), //
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, 2 * l->header_bytes,                     //
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)l->idle_timeout_s,                  //
                         MHD_OPTION_URI_LOG_CALLBACK, serve_target, s,                                //
                         MHD_OPTION_NOTIFY_COMPLETED, serve_completed, s,                             //
                         MHD_OPTION_NOTIFY_CONNECTION, conn_notify, s,                                //
                         MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (!s->daemon)
        return err_set(e, -EINVAL, "HTTP server: libmicrohttpd did not start (%s)",
                       cert ? "do certificate and key belong together?"
                            : "raise the limits of open files and threads");
    s->listen_fd = -1;
    return 0;
}

// Thread H. Not libmicrohttpd's own: that one (0.9.75, MHD_epoll) takes at most 128 events at a time, and
// when it got exactly 128 it waits for more, for up to the idle timeout, before it looks at those in hand:
// under load the server stood still for seconds. MHD_run never waits; the waiting is done here.
//
// MHD_run looks for resumed connections first and takes events after, the event of its own wake-up channel
// among them: a resume that comes between the two would be waited out. Hence our own bell, silenced before
// MHD_run.
static void *serve_loop(void *server)
{
    struct http_server *s = server;
    int epoll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd p[2] = {{.fd = epoll_fd, .events = POLLIN}, {.fd = s->bell_fd, .events = POLLIN}};
    while (!atomic_load(&s->halt)) {
        MHD_UNSIGNED_LONG_LONG ms = 0;
        bool soon = MHD_get_timeout(s->daemon, &ms) == MHD_YES;
        poll(p, 2, soon && ms < 1000 ? (int)ms : 1000);
        if (p[1].revents) {
            eventfd_t times;
            eventfd_read(s->bell_fd, &times);
            atomic_store(&s->rung, false);
        }
        MHD_run(s->daemon);
    }
    return NULL;
}

static void ring(struct http_server *s)
{
    if (!atomic_exchange(&s->rung, true))
        eventfd_write(s->bell_fd, 1);
}

void server_resume(struct http_server *s, struct MHD_Connection *mc)
{
    MHD_resume_connection(mc);
    ring(s);
}

static int start_loop(struct http_server *s, struct err *e)
{
    s->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = s->bell_fd < 0 ? errno : 0;
    // A client that hangs up while it is written to must not end the process.
    sigset_t pipe_only, before;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    if (!r)
        r = pthread_create(&s->server, NULL, serve_loop, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r)
        return err_set(e, -r, "HTTP server: no thread: %s (raise the limits of open files and processes)",
                       strerror(r));
    s->serving = true;
    return 0;
}

static void stop_loop(struct http_server *s)
{
    if (s->serving) {
        atomic_store(&s->halt, true);
        ring(s);
        pthread_join(s->server, NULL);
    }
    if (s->bell_fd >= 0)
        close(s->bell_fd);
}

static int start(struct http_server *s, const struct http_config *cfg, struct err *e)
{
    struct buf cert = BUF_INIT(PEM_BYTES), key = BUF_INIT(PEM_BYTES), ca = BUF_INIT(PEM_BYTES);
    int r = check(cfg, &s->cfg.limits, e);
    if (!r)
        r = read_pem(cfg->tls_cert_file, &cert, e);
    if (!r)
        r = read_pem(cfg->tls_key_file, &key, e);
    if (!r)
        r = read_pem(cfg->tls_client_ca_file, &ca, e);
    if (!r)
        r = listen_on(s, cfg->listen, e);
    if (!r)
        r = watch_start(s, e);
    if (!r)
        r = start_daemon(s, cert.v, key.v, ca.v, e);
    if (!r)
        r = start_loop(s, e);
    if (key.v)
        explicit_bzero(key.v, key.n);
    buf_deinit(&cert);
    buf_deinit(&key);
    buf_deinit(&ca);
    return r;
}

int http_server_new(struct http_server **ret, const struct http_config *cfg, struct err *e)
{
    struct http_server *s = mem_alloc(sizeof *s);
    s->cfg = *cfg;
    s->cfg.listen = s->cfg.tls_cert_file = s->cfg.tls_key_file = s->cfg.tls_client_ca_file = NULL;
    s->cfg.limits = defaulted(cfg->limits);
    s->tls_client = cfg->tls_client_ca_file != NULL;
    s->listen_fd = s->epoll_fd = s->wake_fd = s->bell_fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->quiet, &attr);
    pthread_condattr_destroy(&attr);
    int r = start(s, cfg, e);
    if (r < 0) {
        http_server_free(s);
        return r;
    }
    *ret = s;
    return 0;
}

static void add_ms(struct timespec *t, long ms)
{
    t->tv_nsec += ms * 1000000;
    t->tv_sec += t->tv_nsec / 1000000000;
    t->tv_nsec %= 1000000000;
}

// Gives the last answers up to a second to leave.
static void await_quiet(struct http_server *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    add_ms(&until, 1000);
    pthread_mutex_lock(&s->lock);
    while (s->n_open && pthread_cond_timedwait(&s->quiet, &s->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->lock);
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    if (s->daemon) {
        int fd = MHD_quiesce_daemon(s->daemon);
        parks_end_all(s);
        if (s->serving)
            await_quiet(s);
        stop_loop(s);
        MHD_stop_daemon(s->daemon);
        if (fd >= 0)
            close(fd);
    }
    watch_stop(s);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    strmap_deinit(&s->per_address);
    idmap_deinit(&s->parks);
    pthread_cond_destroy(&s->quiet);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

int http_server_connections(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    int n = s->n_conns;
    pthread_mutex_unlock(&s->lock);
    return n;
}
