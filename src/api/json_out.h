// SPDX-License-Identifier: Apache-2.0
//
// JSON as text, in the order it is written: clients compare keys and their order. Integers have no point or
// exponent; other numbers are written from integers in thousandths and such, so that they print the same
// everywhere.
#ifndef ONDOL_API_JSON_OUT_H
#define ONDOL_API_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/when.h"

// A quoted string. Bytes that are not UTF-8 become U+FFFD, one for each.
void json_text(struct buf *b, const char *s, size_t n);

// A tree in the words of json_dumps(JSON_COMPACT), which takes about five times as long.
struct json_t;
void json_tree(struct buf *b, const struct json_t *v);

struct json_out {
    struct buf *b;
    bool comma; // something was written before at this level
};

// `key` NULL: an element of an array (or the whole document); else a word of ours, in plain ASCII.
void out_object(struct json_out *o, const char *key);
void out_array(struct json_out *o, const char *key);
void out_end_object(struct json_out *o);
void out_end_array(struct json_out *o);
void out_string(struct json_out *o, const char *key, const char *value); // NULL gives null
void out_int(struct json_out *o, const char *key, int64_t value);
// `value` / 10^decimals: 9500, 3 -> 9.5.
void out_fixed(struct json_out *o, const char *key, int64_t value, int decimals);
void out_bool(struct json_out *o, const char *key, bool value);
void out_null(struct json_out *o, const char *key);
void out_raw(struct json_out *o, const char *key, const char *json); // JSON text as it is
void out_date(struct json_out *o, const char *key, int64_t ms);      // negative: the null date
void out_span(struct json_out *o, const char *key, int64_t ms);

#endif
