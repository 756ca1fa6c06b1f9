// SPDX-License-Identifier: Apache-2.0
//
// A compiled filter: what filter.c makes and filter_eval.c reads.
#ifndef ONDOL_API_FILTER_INSIDE_H
#define ONDOL_API_FILTER_INSIDE_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/filter.h"

enum filter_op {
    OP_AND,
    OP_OR,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_IN,
    OP_NOT_IN,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_LIKE,
    OP_N,
};

// Processor time for the Like expressions of one filter, over all that it is tried on.
struct like_time {
    int64_t left_ns;
};

struct filter {
    struct like_time *time; // of the whole filter; the outermost part owns it
    bool owns_time;
    enum filter_op op;
    struct filter **kid; // AND, OR
    size_t n_kids;
    char *field;    // the others: dotted name
    json_t *values; // array of what to compare with
    regex_t regex;  // LIKE
    bool has_regex;
};

#endif
