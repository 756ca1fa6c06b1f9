// SPDX-License-Identifier: Apache-2.0
//
// TCP connections as streams of a link, the same on both sides: what is read from the socket goes as DATA as
// far as the other side gave credit, what comes as DATA is written and credited. So a slow reader holds up
// its own stream and nothing else, and no stream takes more memory than RELAY_WINDOW.
//
// Whoever wrote and then went is still heard, as with TCP itself: bytes that a socket had received before it
// broke are sent before RESET is, and bytes that came before RESET, or before the link broke, are delivered
// before the socket is closed. Meanwhile the stream is `over`: its number may come again. A socket whose
// stream did not come to its END is closed with a reset, so that nobody takes a part for the whole.
#ifndef ONDOL_NET_RELAY_MUX_H
#define ONDOL_NET_RELAY_MUX_H

#include <poll.h>

#include "net/relay_link.h"

#define RELAY_STREAMS_MAX 64
#define RELAY_IDLE_MS     60000  // who takes nothing for so long of what is left for him has given up
#define RELAY_LEAVE_MS    600000 // after the end of an instance, whoever still reads
#define RELAY_LOOK_MS     50

struct relay_stream {
    uint32_t id;
    int fd;                // the stream's, non-blocking
    bool connecting;       // it says by POLLOUT when it is there
    bool ended, heard_end; // nothing more comes from the socket; the other side said END
    bool broken;           // nothing more can be written; what had come before is still read
    bool failed;           // ... and then there is no END, only RESET
    bool over;             // the other side has no part in it any more
    size_t credit;         // that we may send
    unsigned char *out;    // to be written
    size_t out_at, out_n;
    size_t left; // over: bytes that whoever is connected has not acknowledged
    int64_t left_since_ms;
};

struct relay_mux {
    struct relay_link *link;
    struct relay_stream *v[RELAY_STREAMS_MAX];
    size_t n;
    uint64_t in, out; // bytes from and to the link, of all streams so far
    uint64_t taken;   // of `out`, credited
    bool deaf;
};

// Takes fd. False: there are too many, and fd is closed.
bool relay_mux_add(struct relay_mux *m, uint32_t id, int fd, bool connecting);
bool relay_mux_has(const struct relay_mux *m, uint32_t id);
void relay_mux_deinit(struct relay_mux *m); // closes all; nothing is said
void relay_mux_leave(struct relay_mux *m);  // the link is gone: every stream is over
// Whoever is behind the sockets has ended: what still comes for him is thrown away. A socket that is closed
// and gets it takes back, with a reset, all that he wrote.
void relay_mux_deafen(struct relay_mux *m);
// Whether all streams have come to their end on our side, and the other side's sockets took it.
bool relay_mux_taken(const struct relay_mux *m);
// Whether something goes on of which poll() does not tell: it is to be run every RELAY_LOOK_MS.
bool relay_mux_waits(const struct relay_mux *m);

// A frame of a stream; false: it breaks the rules. One of a stream that is not there (any more) is let be.
bool relay_mux_frame(struct relay_mux *m, const struct relay_frame *f);

// Appends one pollfd for each stream, in order, and later takes them with what poll() found.
size_t relay_mux_polls(const struct relay_mux *m, struct pollfd *out); // room for RELAY_STREAMS_MAX
void relay_mux_run(struct relay_mux *m, const struct pollfd *polled, size_t n, int64_t now_ms);

#endif
