// SPDX-License-Identifier: Apache-2.0
//
// Filters of lists, over a task as it is rendered:
//
//   node  {"operator": "And" | "Or", "filters": [filter, ...]}
//   leaf  {"operator": OP, "field": "Dependencies.DependsOn", "value": scalar}, or a list under "value" or
//   "values" OP    Equal NotEqual In NotIn LessThan LessThanOrEqual GreaterThan GreaterThanOrEqual Like
//
// Names are in any case. On an array Equal means contains and In means intersects. Dates compare as dates,
// numbers as numbers, text byte by byte. Like is an extended regular expression found anywhere in the text's
// first 512 bytes; one slash at each end is taken off. A filter is compiled once; its size, depth, values and
// expressions have the limits of api.h.
#ifndef ONDOL_API_FILTER_H
#define ONDOL_API_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct filter;

// NULL with `e` set when it is no filter. Borrows nothing.
struct filter *filter_new(const json_t *in, struct err *e);
// From values of ?tag=: any of them, each a group of which all are meant ("a,b").
struct filter *filter_of_tags(const char *const *group, size_t n, struct err *e);
void filter_free(struct filter *f); // NULL is fine

// False for all once filter_overran.
bool filter_holds(const struct filter *f, const json_t *object);

// A small expression on a small text can take milliseconds, and one request tries it on all tasks there are:
// API_LIKE_MS of processor time are for all Likes of a filter together. True, with `e` set, when that is used
// up. filter_allow_ms gives it another time, from now on.
bool filter_overran(const struct filter *f, struct err *e);
void filter_allow_ms(struct filter *f, int64_t ms);

// Whether a field is asked about, by its first name, that is none of `known`.
bool filter_needs_more(const struct filter *f, const char *const *known, size_t n);

bool filter_mentions(const struct filter *f, const char *field); // likewise by its first name

#endif
