// SPDX-License-Identifier: Apache-2.0
//
// Bytes as hexadecimal digits and back.
#ifndef ONDOL_BASE_HEX_H
#define ONDOL_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void hex_text(char *out, const void *bytes, size_t n); // 2n digits, lower case, and a NUL
int hex_digit(char c);                                 // 0 to 15, of either case; -1: it is none
// From the first 2n characters; false: not all of them are digits. What comes after them is not read.
bool hex_bytes(uint8_t *out, size_t n, const char *text);
bool hex_is(const char *text, size_t n); // the whole text is n digits, lower case

#endif
