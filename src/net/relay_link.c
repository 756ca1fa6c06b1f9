// SPDX-License-Identifier: Apache-2.0
#include "net/relay_link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"

// Only keys that both have, and for each link a fresh exchange: who learns the key later reads nothing of
// now.
#define PRIORITY      "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK"
#define HANDSHAKE_MAX 16384
#define BACKLOG_MAX   ((size_t)32 << 20)
#define READS_MAX     64 // of one run, so that one busy link does not hold up the others

int relay_frame_read(const unsigned char *b, size_t n, struct relay_frame *out)
{
    if (n < RELAY_HEAD)
        return 0;
    size_t length = (size_t)b[2] << 8 | b[3];
    if (b[0] < RELAY_PACKET || b[0] >= RELAY_KIND_N || b[1] || length > RELAY_FRAME_MAX)
        return -1;
    *out = (struct relay_frame){
        .kind = (enum relay_kind)b[0],
        .stream = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7],
        .data = b + RELAY_HEAD,
        .n = length,
    };
    return n < RELAY_HEAD + length ? 0 : (int)(RELAY_HEAD + length);
}

bool relay_key_read(const char *hex, unsigned char key[RELAY_KEY_BYTES])
{
    return hex_is(hex, 2 * RELAY_KEY_BYTES) && hex_bytes(key, RELAY_KEY_BYTES, hex);
}

// What the library asks on a server, with what the link was given.
struct asked {
    relay_key_of *key_of;
    void *ctx;
};

// A stranger is given a key that nobody knows: it fails where a wrong key fails.
static int on_psk(gnutls_session_t tls, const char *identity, gnutls_datum_t *key)
{
    const struct asked *a = gnutls_session_get_ptr(tls);
    key->data = gnutls_malloc(RELAY_KEY_BYTES);
    key->size = RELAY_KEY_BYTES;
    if (!key->data)
        return -1;
    if (strlen(identity) >= RELAY_IDENTITY_BYTES || !a->key_of(a->ctx, identity, key->data))
        return getrandom(key->data, RELAY_KEY_BYTES, 0) == RELAY_KEY_BYTES ? 0 : -1;
    return 0;
}

static int begin(struct relay_link *l, int fd, unsigned role, struct err *e)
{
    *l = (struct relay_link){.fd = fd};
    int r = gnutls_init(&l->tls, role | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS);
    if (r == 0)
        r = gnutls_priority_set_direct(l->tls, PRIORITY, NULL);
    if (r < 0)
        return err_set(e, -EIO, "relay: TLS: %s", gnutls_strerror(r));
    gnutls_handshake_set_max_packet_length(l->tls, HANDSHAKE_MAX);
    gnutls_transport_set_int(l->tls, fd);
    return 0;
}

int relay_link_client(struct relay_link *l, int fd, const char *identity, const unsigned char *key,
                      struct err *e)
{
    int code = begin(l, fd, GNUTLS_CLIENT, e);
    const gnutls_datum_t k = {(unsigned char *)(uintptr_t)key, RELAY_KEY_BYTES};
    if (code == 0 && (gnutls_psk_allocate_client_credentials(&l->client) < 0 ||
                      gnutls_psk_set_client_credentials(l->client, identity, &k, GNUTLS_PSK_KEY_RAW) < 0 ||
                      gnutls_credentials_set(l->tls, GNUTLS_CRD_PSK, l->client) < 0))
        code = err_set(e, -EIO, "relay: TLS: the key cannot be set");
    if (code < 0)
        relay_link_deinit(l);
    return code;
}

int relay_link_server(struct relay_link *l, int fd, relay_key_of *key_of, void *ctx, struct err *e)
{
    int code = begin(l, fd, GNUTLS_SERVER, e);
    if (code == 0 && (gnutls_psk_allocate_server_credentials(&l->server) < 0 ||
                      gnutls_credentials_set(l->tls, GNUTLS_CRD_PSK, l->server) < 0))
        code = err_set(e, -EIO, "relay: TLS: no memory");
    if (code == 0) {
        struct asked *a = mem_alloc(sizeof *a);
        *a = (struct asked){key_of, ctx};
        gnutls_session_set_ptr(l->tls, a);
        gnutls_psk_set_server_credentials_function(l->server, on_psk);
    }
    if (code < 0)
        relay_link_deinit(l);
    return code;
}

void relay_link_deinit(struct relay_link *l)
{
    if (l->tls) {
        free(gnutls_session_get_ptr(l->tls));
        gnutls_deinit(l->tls);
    }
    if (l->client)
        gnutls_psk_free_client_credentials(l->client);
    if (l->server)
        gnutls_psk_free_server_credentials(l->server);
    if (l->fd >= 0)
        close(l->fd);
    free(l->out);
    *l = (struct relay_link){.fd = -1, .dead = true};
}

const char *relay_link_identity(const struct relay_link *l)
{
    return l->up && l->server ? gnutls_psk_server_get_username(l->tls) : NULL;
}

size_t relay_link_backlog(const struct relay_link *l)
{
    return l->out_n - l->out_at;
}

short relay_link_events(const struct relay_link *l)
{
    bool write = l->up ? relay_link_backlog(l) > 0 || l->half_sent : gnutls_record_get_direction(l->tls) == 1;
    return (short)(POLLIN | (write ? POLLOUT : 0));
}

void relay_link_send(struct relay_link *l, enum relay_kind kind, uint32_t stream, const void *data, size_t n)
{
    if (l->dead || relay_link_backlog(l) > BACKLOG_MAX) { // who asks for answers and reads none
        l->dead = true;
        return;
    }
    if (l->out_at == l->out_n && !l->half_sent)
        l->out_at = l->out_n = 0;
    if (l->out_at > (1 << 16) && l->out_at > l->out_n / 2 && !l->half_sent) {
        memmove(l->out, l->out + l->out_at, l->out_n - l->out_at);
        l->out_n -= l->out_at;
        l->out_at = 0;
    }
    mem_grow(&l->out, &l->out_cap, l->out_n + RELAY_HEAD + n, 1);
    unsigned char *p = l->out + l->out_n;
    p[0] = (unsigned char)kind;
    p[1] = 0;
    p[2] = (unsigned char)(n >> 8);
    p[3] = (unsigned char)n;
    p[4] = (unsigned char)(stream >> 24);
    p[5] = (unsigned char)(stream >> 16);
    p[6] = (unsigned char)(stream >> 8);
    p[7] = (unsigned char)stream;
    if (n)
        memcpy(p + RELAY_HEAD, data, n);
    l->out_n += RELAY_HEAD + n;
}

static bool again(ssize_t r)
{
    return r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED;
}

static int flush(struct relay_link *l)
{
    while (relay_link_backlog(l) > 0 || l->half_sent) {
        size_t n = relay_link_backlog(l);
        ssize_t r = l->half_sent ? gnutls_record_send(l->tls, NULL, 0)
                                 : gnutls_record_send(l->tls, l->out + l->out_at,
                                                      n < RELAY_FRAME_MAX ? n : RELAY_FRAME_MAX);
        l->half_sent = again(r);
        if (again(r))
            return 0;
        if (r < 0)
            return -1;
        l->out_at += (size_t)r;
    }
    return 0;
}

static int take(struct relay_link *l, bool (*frame)(void *ctx, const struct relay_frame *f), void *ctx)
{
    size_t at = 0;
    struct relay_frame f;
    int n;
    while ((n = relay_frame_read(l->in + at, l->in_n - at, &f)) > 0) {
        if (!frame(ctx, &f))
            return -1;
        at += (size_t)n;
    }
    memmove(l->in, l->in + at, l->in_n - at);
    l->in_n -= at;
    return n;
}

static int receive(struct relay_link *l, bool (*frame)(void *ctx, const struct relay_frame *f), void *ctx)
{
    for (int i = 0; i < READS_MAX || gnutls_record_check_pending(l->tls) > 0; i++) {
        ssize_t r = gnutls_record_recv(l->tls, l->in + l->in_n, sizeof l->in - l->in_n);
        if (again(r))
            return 0;
        if (r <= 0)
            return -1;
        l->in_n += (size_t)r;
        if (take(l, frame, ctx) < 0)
            return -1;
    }
    return 0;
}

int relay_link_run(struct relay_link *l, bool (*frame)(void *ctx, const struct relay_frame *f), void *ctx)
{
    if (!l->dead && !l->up) {
        int r = gnutls_handshake(l->tls);
        l->up = r == 0;
        l->dead = r < 0 && (gnutls_error_is_fatal(r) || !(again(r) || r == GNUTLS_E_WARNING_ALERT_RECEIVED));
    }
    if (!l->dead && l->up && (receive(l, frame, ctx) < 0 || flush(l) < 0))
        l->dead = true;
    return l->dead ? -1 : 0;
}
