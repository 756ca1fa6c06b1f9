// SPDX-License-Identifier: Apache-2.0
//
// A keep-alive connection to a server that is measured: as little of a client as can be. It looks at the
// status and the length of an answer and at nothing else.
#ifndef ONDOL_CLI_BENCH_LINE_H
#define ONDOL_CLI_BENCH_LINE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct bench_line {
    int fd;
    struct buf answer; // head and body; text
    size_t whole;      // bytes of both, 0: not known yet
    int status;
};

// Connects to 127.0.0.1:port. A negative errno.
int bench_dial(int port);

// `l` may be zeroed memory; bench_line_close in any case. An answer may have up to answer_max bytes.
int bench_line_open(struct bench_line *l, int port, size_t answer_max, struct err *e);
void bench_line_close(struct bench_line *l);

// Sends all of it. -EIO.
int bench_line_send(struct bench_line *l, const char *request, size_t n, struct err *e);
// Reads once what is there. 1: the answer is whole (the next send begins the next one); 0: more is to come.
// -EPROTO: closed, too long, or no HTTP with a length.
int bench_line_step(struct bench_line *l, struct err *e);
// Sends, waits for the whole answer and gives the milliseconds in between. -EPROTO also when the status is
// another than 200.
int bench_line_ask(struct bench_line *l, const char *request, size_t n, double *ms, struct err *e);
const char *bench_line_body(const struct bench_line *l); // of a whole answer

// A request with the bench's token; `body` may be NULL.
void bench_request(struct buf *out, const char *method, const char *target, const char *body, size_t n);

#endif
