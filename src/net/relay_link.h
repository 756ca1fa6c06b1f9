// SPDX-License-Identifier: Apache-2.0
//
// The way between what carries the packets of an instance (on its machine) and the server's relay: TLS 1.3
// over TCP, with a key of the instance's own that both know already (RFC 8446 2.2), so that each proves
// itself to the other without a certificate and a stranger gets no further than the first message. Inside,
// frames:
//
//   0      1      2             4                       8
//   +------+------+-------------+-----------------------+---------- ...
//   | kind |  0   | bytes, BE   | stream, BE            | bytes
//   +------+------+-------------+-----------------------+---------- ...
//
//   PACKET   an IPv4 packet of the cluster's network; stream 0
//   OPEN     a stream begins; two bytes, BE: the port inside; four more when who may come stands in names: the caller's
//            address. From the server only
//   DATA     of a stream
//   CREDIT   four bytes, BE: so many more bytes of the stream may be sent. Each side begins with RELAY_WINDOW
//   END      no more DATA from this side (half-closed)
//   RESET    the stream is over, both ways
//   DATAGRAM of UDP, or a part of one (relay_datagram.h); the stream is a number of its own kind
//
// One thread uses a link. Nothing here waits.
#ifndef ONDOL_NET_RELAY_LINK_H
#define ONDOL_NET_RELAY_LINK_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RELAY_FRAME_MAX      16384
#define RELAY_HEAD           8
#define RELAY_WINDOW         (256 * 1024)
#define RELAY_IDENTITY_BYTES 128
#define RELAY_KEY_BYTES      32

enum relay_kind {
    RELAY_PACKET = 1,
    RELAY_OPEN,
    RELAY_DATA,
    RELAY_CREDIT,
    RELAY_END,
    RELAY_RESET,
    RELAY_DATAGRAM,
    RELAY_KIND_N
};

struct relay_frame {
    enum relay_kind kind;
    uint32_t stream;
    const unsigned char *data; // until the call returns
    size_t n;
};

struct relay_link {
    int fd; // the link's
    gnutls_session_t tls;
    gnutls_psk_client_credentials_t client;
    gnutls_psk_server_credentials_t server;
    bool up;   // the handshake is over
    bool dead; // only deinit is left
    unsigned char in[RELAY_HEAD + RELAY_FRAME_MAX];
    size_t in_n;
    unsigned char *out;
    size_t out_at, out_n, out_cap;
    bool half_sent; // the library has some of it and wants to be asked again
};

// Takes `fd`, a connected or connecting non-blocking socket, even on failure. `key` is RELAY_KEY_BYTES long.
int relay_link_client(struct relay_link *l, int fd, const char *identity, const unsigned char *key,
                      struct err *e);
// key_of fills in the key of who says it is `identity`; false: nobody.
typedef bool relay_key_of(void *ctx, const char *identity, unsigned char key[RELAY_KEY_BYTES]);
int relay_link_server(struct relay_link *l, int fd, relay_key_of *key_of, void *ctx, struct err *e);
void relay_link_deinit(struct relay_link *l);

// Who the other one has proved to be; for servers, once it is up.
const char *relay_link_identity(const struct relay_link *l);

short relay_link_events(const struct relay_link *l); // for poll
// Does what can be done now. `frame` is called for each frame that has come; false: it was wrong, and the
// link is dead. 0, or -1: it is dead.
int relay_link_run(struct relay_link *l, bool (*frame)(void *ctx, const struct relay_frame *f), void *ctx);
void relay_link_send(struct relay_link *l, enum relay_kind kind, uint32_t stream, const void *data, size_t n);
size_t relay_link_backlog(const struct relay_link *l); // bytes that wait to go

bool relay_key_read(const char *hex, unsigned char key[RELAY_KEY_BYTES]); // 64 hexadecimal digits

// The frame at the beginning of n bytes: its whole length, 0 when more is needed, -1 when it is none.
int relay_frame_read(const unsigned char *bytes, size_t n, struct relay_frame *out);

#endif
