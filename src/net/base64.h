// SPDX-License-Identifier: Apache-2.0
//
// Base64 of RFC 4648 section 4, with padding, without line breaks.
#ifndef ONDOL_NET_BASE64_H
#define ONDOL_NET_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#define BASE64_BYTES(n) (((n) + 2) / 3 * 4) // characters for n bytes, without a NUL

// Writes BASE64_BYTES(n) characters to `out`; no NUL.
void base64_encode(char *out, const void *data, size_t n);

// Decodes `n` characters into `out` (room for n / 4 * 3 bytes). Returns false when it is not canonical
// base64.
bool base64_decode(void *out, size_t *out_n, const char *text, size_t n);

#endif
