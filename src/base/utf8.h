// SPDX-License-Identifier: Apache-2.0
//
// Whether bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef ONDOL_BASE_UTF8_H
#define ONDOL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// Bytes of the sequence that begins at s (n > 0 bytes are there); 0: none.
size_t utf8_step(const char *s, size_t n);
bool utf8_valid(const char *s, size_t n);

// A text as it may stand on a terminal, cut off at `size`: what a terminal would obey (bytes below 32, 127, the
// controls of U+0080 to U+009F) and what is no UTF-8 stands as \xNN.
void utf8_printable(char *out, size_t size, const char *s);

#endif
