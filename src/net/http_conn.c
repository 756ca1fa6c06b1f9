// SPDX-License-Identifier: Apache-2.0
//
// Connections: who they come from, how many there are, when they are late.
//
// libmicrohttpd refuses connections over its limits by closing them without a word. Ours are a little lower:
// those in between are accepted, marked, and told why when they have sent a request line. Its timeout starts
// again with every byte, so one byte now and then holds a connection for ever; the deadline here counts the
// whole request.
#include "net/http_inside.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/mem.h"

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void count_in(struct http_server *s, struct http_conn *c)
{
    const struct http_limits *l = &s->cfg.limits;
    uint64_t from_here = 0;
    pthread_mutex_lock(&s->lock);
    strmap_get(&s->per_address, c->peer, &from_here);
    strmap_set(&s->per_address, c->peer, ++from_here);
    s->n_conns++;
    c->refuse = from_here > (uint64_t)l->connections_per_address ? 429
                : s->n_conns > l->connections                    ? 503
                                                                 : 0;
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    pthread_mutex_unlock(&s->lock);
}

static void count_out(struct http_server *s, struct http_conn *c)
{
    uint64_t from_here = 0;
    pthread_mutex_lock(&s->lock);
    strmap_get(&s->per_address, c->peer, &from_here);
    if (from_here > 1)
        strmap_set(&s->per_address, c->peer, from_here - 1);
    else
        strmap_remove(&s->per_address, c->peer);
    s->n_conns--;
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&s->lock);
}

void conn_notify(void *server, struct MHD_Connection *mc, void **conn,
                 enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = server;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct http_conn *c = *conn;
        count_out(s, c);
        free(c);
        *conn = NULL;
        return;
    }
    struct http_conn *c = mem_alloc(sizeof *c);
    c->fd = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const struct sockaddr *sa = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    socklen_t n = sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (getnameinfo(sa, n, c->peer, sizeof c->peer, NULL, 0, NI_NUMERICHOST) != 0)
        strcpy(c->peer, "unknown");
    conn_request_done(s, c);
    count_in(s, c);
    *conn = c;
}

void conn_request_done(struct http_server *s, struct http_conn *c)
{
    atomic_store(&c->deadline_ms, now_ms() + 2000 * (int64_t)s->cfg.limits.idle_timeout_s);
}

void conn_request_whole(struct http_conn *c)
{
    atomic_store(&c->deadline_ms, INT64_MAX);
}

void conn_body_came(struct http_conn *c, size_t n)
{
    atomic_fetch_add(&c->deadline_ms, (int64_t)n);
}

void conns_cut_late(struct http_server *s)
{
    int64_t now = now_ms();
    pthread_mutex_lock(&s->lock);
    // A connection leaves the list before its socket is closed, so the number cannot mean another socket yet.
    for (struct http_conn *c = s->conns; c; c = c->next)
        if (atomic_load(&c->deadline_ms) < now)
            shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
}

static void common_name(gnutls_session_t session, char out[CERT_NAME_BYTES])
{
    unsigned int n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    gnutls_x509_crt_t crt;
    if (!chain || !n || gnutls_x509_crt_init(&crt) < 0)
        return;
    size_t room = CERT_NAME_BYTES;
    if (gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) < 0 ||
        gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &room) < 0)
        out[0] = '\0';
    gnutls_x509_crt_deinit(crt);
}

bool conn_certificate_good(struct MHD_Connection *mc, struct http_conn *c)
{
    if (c->tls_checked)
        return c->tls_good;
    c->tls_checked = true;
    gnutls_session_t session = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    unsigned int status = 0;
    c->tls_good = gnutls_certificate_verify_peers2(session, &status) == 0 && status == 0;
    if (c->tls_good)
        common_name(session, c->certificate);
    return c->tls_good;
}
