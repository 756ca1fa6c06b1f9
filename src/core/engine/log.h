// SPDX-License-Identifier: Apache-2.0
//
// The engine's input as bytes (docs/design/0005-ordered-log.md). Numbers are variable-length (zigzag, seven
// bits a byte), texts are a length and their bytes. An event begins with the version of the form; a reader
// refuses others.
//
//   log    = header record*
//   record = length, then start | event | settle | end | reload
//
//   start    first in a recording of a server: its configuration, and when it was loaded
//   settle   ends a batch: what the engine does depends on where they are
//   end      last, when the server ended in order: the hash of all its actions
//   reload   last, when the engine's memory was thrown away after a failed commit: what came after it started
//            from rows that the log does not have
//
// What a recorded server loaded before its first event is a copy of its store beside the log: FILE.start/.
//
// Pure. Any bytes may be decoded: they give an event within the limits of its types, or -EBADMSG.
#ifndef ONDOL_CORE_ENGINE_LOG_H
#define ONDOL_CORE_ENGINE_LOG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/engine/event.h"
#include "core/engine/server.h"

#define LOG_VERSION    6
#define LOG_HEADER     "ondol-log 1\n"
#define LOG_ITEMS_MAX  65536              // of one array in an event
#define LOG_RECORD_MAX ((size_t)64 << 20) // bytes of one record

// Appends the event. What does not fit the buffer's ceiling sets its `failed`.
void event_encode(const struct event *ev, struct buf *out);
// Takes all n bytes. Strings and arrays live in `a`. 0, or -EBADMSG: then `ev` is undefined.
int event_decode(const char *data, size_t n, struct arena *a, struct event *ev, struct err *e);

enum log_what { LOG_EVENT, LOG_SETTLE, LOG_START, LOG_END, LOG_RELOAD, LOG_WHAT_N };

struct log_start {
    house_ms restore_from, restored; // arguments of server_restore_from and server_restored
    struct server_config config;
};

struct log_record {
    enum log_what what;
    struct event ev; // LOG_EVENT
    house_ms now;    // LOG_SETTLE
    struct log_start start;
    uint64_t hash; // LOG_END
};
void log_put_start(const struct log_start *s, struct buf *out);
void log_put_event(const struct event *ev, struct buf *out);
void log_put_settle(house_ms now, struct buf *out);
void log_put_end(uint64_t hash, struct buf *out);
void log_put_reload(struct buf *out);
// Reads the record at *pos (0: checks the header first) and moves it. 1: read; 0: the log ends here, or in
// the middle of a record that was not finished when its writer died; -EBADMSG.
int log_next(const char *data, size_t n, size_t *pos, struct arena *a, struct log_record *r, struct err *e);

#endif
