// SPDX-License-Identifier: Apache-2.0
//
// TCP connections as streams of a link, the same on both sides: what is read from the socket goes as DATA as
// far as the other side gave credit, what comes as DATA is written and credited. So a slow reader holds up
// its own stream and nothing else, and no stream takes more memory than RELAY_WINDOW.
#ifndef ONDOL_NET_RELAY_MUX_H
#define ONDOL_NET_RELAY_MUX_H

#include <poll.h>

#include "net/relay_link.h"

#define RELAY_STREAMS_MAX 64

struct relay_stream {
    uint32_t id;
    int fd;                // the stream's, non-blocking
    bool connecting;       // it says by POLLOUT when it is there
    bool ended, heard_end; // we said END; the other side did
    size_t credit;         // that we may send
    unsigned char *out;    // to be written
    size_t out_at, out_n;
};

struct relay_mux {
    struct relay_link *link;
    struct relay_stream *v[RELAY_STREAMS_MAX];
    size_t n;
    uint64_t in, out; // bytes from and to the link, of all streams so far
};

// Takes fd. False: there are too many, and fd is closed.
bool relay_mux_add(struct relay_mux *m, uint32_t id, int fd, bool connecting);
bool relay_mux_has(const struct relay_mux *m, uint32_t id);
void relay_mux_deinit(struct relay_mux *m); // closes all; nothing is said
// Whether all that was sent has reached the other side's sockets, and all that came ours.
bool relay_mux_taken(const struct relay_mux *m);

// A frame of a stream; false: it breaks the rules. One of a stream that is not there (any more) is let be.
bool relay_mux_frame(struct relay_mux *m, const struct relay_frame *f);

// Appends one pollfd for each stream, in order, and later takes them with what poll() found.
size_t relay_mux_polls(const struct relay_mux *m, struct pollfd *out); // room for RELAY_STREAMS_MAX
void relay_mux_run(struct relay_mux *m, const struct pollfd *polled, size_t n);

#endif
