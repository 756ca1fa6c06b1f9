// SPDX-License-Identifier: Apache-2.0
//
// The engine's input as a file (docs/design/0005-ordered-log.md), one line of JSON each, in order:
//
//   {"log":"ondol-events","version":1, ...}     first: the engine's configuration and when it was loaded
//   {"kind":"sync","seq":7,"now":...,...}       an event that was applied
//   {"kind":"settle","now":...}                 the end of a batch
//   {"kind":"end","hash":"0x..."}               last, when the server ended in order
//
// What the engine loaded before the first event is a copy of the store, beside the file: FILE.start/. A recording ends where
// the engine's memory is thrown away after a failed commit, with {"kind":"reload"}: what came after it starts from rows
// that the file does not have.
#ifndef ONDOL_SERVER_EVENT_LOG_H
#define ONDOL_SERVER_EVENT_LOG_H

#include <stdio.h>

#include "base/arena.h"
#include "core/engine/event.h"
#include "core/engine/server.h"

#define EVENT_LOG_VERSION 1

struct event_log_head {
    house_ms restore_from, restored; // arguments of server_restore_from and server_restored
    struct server_config config;
};

void event_log_head_write(FILE *to, const struct event_log_head *h);
void event_log_write(FILE *to, const struct event *ev);
void event_log_settle(FILE *to, house_ms now);
void event_log_end(FILE *to, uint64_t hash);
void event_log_reload(FILE *to);

enum event_log_line { EVENT_LOG_EVENT, EVENT_LOG_SETTLE, EVENT_LOG_END, EVENT_LOG_RELOAD };

// Reads one line (without its end). What an event points to lives in `a`. `*now` is that of a settle, `*hash` of the end.
// -EBADMSG with the reason.
int event_log_head_read(const char *line, size_t n, struct event_log_head *h, struct err *e);
int event_log_read(const char *line, size_t n, struct arena *a, enum event_log_line *what, struct event *ev, house_ms *now,
                   uint64_t *hash, struct err *e);

#endif
