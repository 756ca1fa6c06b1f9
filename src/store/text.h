// SPDX-License-Identifier: Apache-2.0
//
// Output as text. One instance's stream is given as it came. The aggregate of all instances prefixes every
// line with the instance, right-aligned to width 2, and "> ":
//     " 0> hello\n"
//     "12> hello\n"
// Where an instance left its line open and another one speaks next, a newline comes between; where the same
// one goes on, its line goes on.
#ifndef ONDOL_STORE_TEXT_H
#define ONDOL_STORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TEXT_MIN_ROOM 24 // less might not hold a newline, a prefix (at most 12 bytes) and a character

struct text_out {
    struct buf *text;
    size_t room; // bytes that may still be appended
    size_t all;  // the room at the start
    bool aggregate;
    int64_t open; // aggregate: whose line is open at the end, as text_speaker says; -1: none
};

// An attempt of an instance: its retry begins a line of its own. The instance alone in the low 32 bits.
static inline int64_t text_speaker(int64_t instance, int64_t attempt)
{
    return attempt << 32 | instance;
}

// Appends as much of data as there is room for, preferring to stop at the end of a line and never inside a
// UTF-8 character. Returns the bytes of data used.
size_t text_put(struct text_out *out, int64_t speaker, const char *data, size_t n);

size_t text_lines(const char *data, size_t n); // lines begun
// Most that text_put appends for a chunk.
size_t text_bytes(bool aggregate, int64_t instance, size_t lines, size_t n);

#endif
