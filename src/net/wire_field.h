// SPDX-License-Identifier: Apache-2.0
//
// Structs as JSON objects by tables: one row says where a field lies, what it is and how far it may go. Both
// ways are read off the same row, so that what is written can be read. Unknown members are ignored, which
// lets an older program talk with a newer one; a member of the wrong type or beyond its limit is an error
// that names it.
#ifndef ONDOL_NET_WIRE_FIELD_H
#define ONDOL_NET_WIRE_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum field_type {
    FIELD_I32,
    FIELD_I64, // also house_ms
    FIELD_U64, // an integer; above INT64_MAX, which JSON integers cannot hold, "0x" and 16 hex digits
    FIELD_HEX, // uint64_t always as 16 hex digits
    FIELD_BOOL,
    FIELD_I32_0, // an integer; 0: member left out, likewise
    FIELD_FLAG,  // bool; false: member left out, as by programs that do not know it
    FIELD_NAME,  // char[], [A-Za-z0-9._-], starts alphanumeric
    FIELD_NAME0, // the same, or ""
    FIELD_TEXT,  // char[], any text without NUL
    FIELD_STR,   // const char *, text of at most `limit` bytes; NULL: member left out
    FIELD_ENUM,  // uint8_t by its name
    FIELD_I64S,  // int64_t[limit]: an array of exactly that many
};

struct field {
    const char *name;
    enum field_type type;
    size_t at;    // offset
    size_t limit; // bytes of char[], bytes of a text, count of an enum or array
    const char *(*name_of)(int value);
};

// clang-format off
#define F_I32(s, name, m) {name, FIELD_I32, offsetof(s, m), 0, NULL}
#define F_I64(s, name, m) {name, FIELD_I64, offsetof(s, m), 0, NULL}
#define F_HOUSE(s, name, m) {name, FIELD_I64, offsetof(s, m.v), 0, NULL}
#define F_U64(s, name, m) {name, FIELD_U64, offsetof(s, m), 0, NULL}
#define F_HEX(s, name, m) {name, FIELD_HEX, offsetof(s, m), 0, NULL}
#define F_BOOL(s, name, m) {name, FIELD_BOOL, offsetof(s, m), 0, NULL}
#define F_I32_0(s, name, m) {name, FIELD_I32_0, offsetof(s, m), 0, NULL}
#define F_FLAG(s, name, m) {name, FIELD_FLAG, offsetof(s, m), 0, NULL}
#define F_NAME(s, name, m) {name, FIELD_NAME, offsetof(s, m), sizeof((s *)0)->m, NULL}
#define F_NAME0(s, name, m) {name, FIELD_NAME0, offsetof(s, m), sizeof((s *)0)->m, NULL}
#define F_TEXT(s, name, m) {name, FIELD_TEXT, offsetof(s, m), sizeof((s *)0)->m, NULL}
#define F_STR(s, name, m, max) {name, FIELD_STR, offsetof(s, m), max, NULL}
#define F_ENUM(s, name, m, f, n) {name, FIELD_ENUM, offsetof(s, m), n, f}
#define F_I64S(s, name, m, n) {name, FIELD_I64S, offsetof(s, m), n, NULL}
// clang-format on

// Adds the fields of `from` to `to`.
void fields_write(json_t *to, const struct field *f, size_t n, const void *from);

// Reads them back; all must be there but FIELD_STR, FIELD_I32_0 and FIELD_FLAG. Texts are copied into `a`. -EBADMSG
// names the member.
int fields_read(const json_t *from, const struct field *f, size_t n, void *to, struct arena *a,
                struct err *e);

// Member `name` of `from` as an array of at most `max`; absent: none when `may_lack`.
int array_read(const json_t *from, const char *name, size_t max, bool may_lack, const json_t **array,
               struct err *e);

// Which of `n` names is `text`; -1: none.
int name_find(const char *text, int n, const char *(*name_of)(int value));

#endif
