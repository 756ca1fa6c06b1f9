// SPDX-License-Identifier: Apache-2.0
//
// One keep-alive connection of a test that drives a server with many at once: one request under way,
// non-blocking, to be polled. What came whole before the connection broke is still given, because it was
// acknowledged.
#ifndef ONDOL_TESTS_SYSTEM_LANE_H
#define ONDOL_TESTS_SYSTEM_LANE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct lane {
    int fd; // -1: closed
    bool busy;
    struct buf out, in;
    size_t sent, head; // head: bytes of the answer's head, 0 while it is not complete
    size_t length;     // of the answer's body
    int status;
};

enum lane_news { LANE_WAITS, LANE_ANSWERED, LANE_BROKEN };

bool lane_open(struct lane *l, int port); // to 127.0.0.1
void lane_close(struct lane *l);
void lane_deinit(struct lane *l);
void lane_send(struct lane *l, const char *method, const char *path, const char *token, const char *body,
               size_t n);
short lane_events(const struct lane *l); // for poll
enum lane_news lane_move(
    struct lane *l); // sends and receives what can be; after LANE_ANSWERED read, then lane_next
const char *lane_body(const struct lane *l, size_t *n);
void lane_next(struct lane *l); // the answer was read: ready for another request

// Sends one request and waits for its answer, at most `timeout_ms`. False: none came.
bool lane_call(struct lane *l, const char *method, const char *path, const char *token, const char *body,
               int timeout_ms);

#endif
