// SPDX-License-Identifier: Apache-2.0
//
// A byte buffer born with a ceiling. The first append that would pass the ceiling sets `failed` and is
// dropped whole, as are all later ones, so that ten appends need one check at the end.
#ifndef ONDOL_BASE_BUF_H
#define ONDOL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *v;    // always NUL-terminated once anything was appended; NULL before
    size_t n;   // bytes used, without the NUL
    size_t cap; // bytes allocated
    size_t max; // most bytes it may hold
    bool failed;
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_deinit(struct buf *b);
void buf_clear(struct buf *b); // keeps the memory and the ceiling, forgets content and failure
void buf_put(struct buf *b, const void *data, size_t n); // appends, as those below; `data` may not be in `b`
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_putu(struct buf *b, uint64_t v); // its decimal digits
// Where the next n bytes go, to be written there whole; they count as appended (with the NUL behind them).
// NULL past the ceiling.
char *buf_more(struct buf *b, size_t n);
void buf_putf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *buf_str(const struct buf *b); // "" when empty
char *buf_take(struct buf *b); // hands over the (heap) string, never NULL; the buffer is empty after
void buf_drop_front(struct buf *b, size_t n);

#endif
