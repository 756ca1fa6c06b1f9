// SPDX-License-Identifier: Apache-2.0
//
// Errors as values. A function that can fail returns 0 or a negative errno and fills a `struct err` with one
// sentence in the form "what: why (what to do)". Positive returns are answers the direct caller handles.
#ifndef ONDOL_BASE_ERR_H
#define ONDOL_BASE_ERR_H

#include <stddef.h>

struct err {
    int code;       // 0, or a negative errno
    char text[320]; // one sentence, no newline; truncated if longer
};

#define ERR_NULL ((struct err){0})

// Sets `e` (which may be NULL) and returns `code`, so that failing is one line: return err_set(e, -EINVAL,
// ...).
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// Puts "prefix: " in front of the text, for callers that know more of what was being done. Returns e->code.
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
