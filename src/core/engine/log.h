// SPDX-License-Identifier: Apache-2.0
//
// The engine's input as bytes (docs/design/0005-ordered-log.md). Numbers are variable-length (zigzag, seven bits a byte),
// texts are a length and their bytes. An event begins with the version of the form; a reader refuses others.
//
//   log    = header record*
//   record = length, then event | settle      a settle ends a batch: what the engine does depends on where they are
//
// Pure. Any bytes may be decoded: they give an event within the limits of its types, or -EBADMSG.
#ifndef ONDOL_CORE_ENGINE_LOG_H
#define ONDOL_CORE_ENGINE_LOG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/engine/event.h"

#define LOG_VERSION     1
#define LOG_HEADER      "ondol-log 1\n"
#define LOG_ITEMS_MAX   65536             // of one array in an event
#define LOG_RECORD_MAX  ((size_t)64 << 20) // bytes of one record

// Appends the event. What does not fit the buffer's ceiling sets its `failed`.
void event_encode(const struct event *ev, struct buf *out);
// Takes all n bytes. Strings and arrays live in `a`. 0, or -EBADMSG: then `ev` is undefined.
int event_decode(const char *data, size_t n, struct arena *a, struct event *ev, struct err *e);

struct log_record {
    bool settle; // else an event
    house_ms now; // of the settle
    struct event ev;
};
void log_put_event(const struct event *ev, struct buf *out);
void log_put_settle(house_ms now, struct buf *out);
// Reads the record at *pos (0: checks the header first) and moves it. 1: read; 0: the log ends here, or in the middle of a
// record that was not finished when its writer died; -EBADMSG.
int log_next(const char *data, size_t n, size_t *pos, struct arena *a, struct log_record *r, struct err *e);

#endif
