// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a log, for the files log*.c only. One walk over the fields serves both directions, so that
// what is written is what is read: every function below writes its value, or puts there what it read.
// Anything that does not fit sets `bad`; then nothing more of the event counts.
#ifndef ONDOL_CORE_ENGINE_LOG_CODEC_H
#define ONDOL_CORE_ENGINE_LOG_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/engine/event.h"

struct codec {
    struct buf *out; // NULL: reading
    const uint8_t *p, *end;
    struct arena *a; // of what is read
    bool bad;
};

// ---- numbers: zigzag, seven bits a byte
void codec_put(struct codec *c, int64_t v);
int64_t codec_get(struct codec *c);
int64_t codec_number(struct codec *c, int64_t v);
size_t codec_length(struct codec *c, size_t n); // of what follows: no more than there are bytes

// A number of any type; what does not fit it makes the event bad.
#define N(c, x)                                                                                              \
    do {                                                                                                     \
        int64_t v_ = codec_number(c, (int64_t)(x));                                                          \
        (x) = (__typeof__(x))v_;                                                                             \
        if ((int64_t)(x) != v_)                                                                              \
            (c)->bad = true;                                                                                 \
    } while (0)

// ---- bytes and texts
void codec_bytes(struct codec *c, void *data, size_t n);
void codec_text(struct codec *c, char *t, size_t size); // in an array of its own
#define T(c, array) codec_text(c, array, sizeof(array))
void codec_blob(struct codec *c, const char **s, size_t *n); // a length and as many bytes
void codec_string(struct codec *c, const char **s);          // text somewhere else, or NULL

// An array of `size` bytes each, LOG_ITEMS_MAX at most: gives it, made anew when reading.
void *codec_items(struct codec *c, void *v, size_t *n, size_t size);

// ---- events
void log_walk_sync(struct codec *c, struct event *ev);  // log_sync.c
void log_walk_event(struct codec *c, struct event *ev); // log_event.c

#endif
