// SPDX-License-Identifier: Apache-2.0
//
// Reading request bodies as five different clients write them: property names in any
// case, null is absent, the zero uuid is absent, enumerations as word or number, scalars where strings are
// wanted.
//
// The in_* readers give false with `e` set to "field: what is wrong (limit)" and leave `*out` alone; an
// absent property gives true and leaves `*out` alone too.
#ifndef ONDOL_API_JSON_IN_H
#define ONDOL_API_JSON_IN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

// NULL with `e` set when it is no JSON, nested deeper than API_JSON_DEPTH or with more than API_JSON_MEMBERS
// in an object.
json_t *in_parse(const char *text, size_t n, struct err *e);

// The property in any case; an exact match wins. NULL: absent or null. Borrowed.
json_t *in_get(const json_t *object, const char *name);

// Borrowed from `o`; at most `max` characters.
bool in_string(const json_t *o, const char *name, size_t max, const char **out, struct err *e);
bool in_uuid(const json_t *o, const char *name, const char **out, struct err *e); // zero and "" are absent
bool in_bool(const json_t *o, const char *name, bool *out, struct err *e);
// Digits in a string too.
bool in_int(const json_t *o, const char *name, int64_t lo, int64_t hi, int64_t *out, struct err *e);
// A time span "[d.]hh:mm:ss" or a number of seconds.
bool in_span(const json_t *o, const char *name, int64_t *ms, struct err *e);
// A word of the list in any case, or its index; "" is absent.
bool in_enum(const json_t *o, const char *name, const char *const *word, int n, int *out, struct err *e);
// Null, or an empty text, list or object: nothing is meant by it where a request is laid over another.
bool in_says_nothing(const json_t *v);
// Takes the property out, in any case and every time it is there.
void in_drop(json_t *object, const char *name);
size_t in_characters(const char *utf8);
// Any scalar as text, in the arena: 12, 1.5, true, "x". NULL for arrays, objects and null.
const char *in_scalar(const json_t *v, struct arena *a);

#endif
