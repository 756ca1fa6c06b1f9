// SPDX-License-Identifier: Apache-2.0
//
// The sync (core/engine/sync.h) as bytes: JSON, POST {parent}/ondol/v1/sync. Names of members are the names
// of the struct's fields; enums travel by their names; `nonce` is 16 hex digits; unsigned 64-bit numbers
// above 2^63-1 travel as "0x" and 16 hex digits, because a JSON integer here has 64 bits with a sign. Output
// of a task may be any bytes: it travels as text "data" where it is UTF-8, else as base64 "data64", and comes
// out as it went in.
//
// A decoder takes nothing on trust: each type is checked, each array and text has the limit below, and a
// member that it does not know is ignored.
#ifndef ONDOL_NET_WIRE_H
#define ONDOL_NET_WIRE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/engine/sync.h"

#define WIRE_UP_BYTES_MAX    ((size_t)4 << 20)
#define WIRE_DOWN_BYTES_MAX  ((size_t)16 << 20)
#define WIRE_ZONES_MAX       4096
#define WIRE_BOARDS_MAX      8192
#define WIRE_REPORTS_MAX     8192
#define WIRE_ASSIGNMENTS_MAX 8192
#define WIRE_OUTPUT_MAX      ((size_t)64 << 10) // bytes of one REPORT_OUTPUT
#define WIRE_BODY_MAX        ((size_t)2 << 20)  // bytes of a task's body
#define WIRE_SCHEDULE_MAX    4096
#define WIRE_FILTER_MAX      ((size_t)16 << 10) // bytes of a filter or prefix of snapshots

#define WIRE_PATH "/ondol/v1/sync"

// Heap string (free it) of *n bytes, NUL-terminated. Never fails on a message within the limits above; what
// the decoder would refuse is the caller's mistake.
char *wire_up_encode(const struct sync_up *up, size_t *n);
char *wire_down_encode(const struct sync_down *down, size_t *n);

// 0, or -EBADMSG with "what: why". Arrays and texts live in `a`; on failure `out` is undefined.
int wire_up_decode(const char *text, size_t n, struct arena *a, struct sync_up *out, struct err *e);
int wire_down_decode(const char *text, size_t n, struct arena *a, struct sync_down *out, struct err *e);

#endif
