// SPDX-License-Identifier: Apache-2.0
//
// Walking a JSON text that somebody else wrote, so that each complaint names the line and the member:
// "line 17: jobs[3].subtime: must be 0 to 1e+10, is -5". A place is a chain of steps on the caller's stack;
// the path and the line are worked out only when something is wrong.
#ifndef ONDOL_SIM_READ_DOC_H
#define ONDOL_SIM_READ_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

#define DOC_BYTES_MAX (64u * 1024 * 1024)
#define DOC_DEPTH_MAX 32

struct doc {
    json_t *root;
    const char *text; // borrowed
    size_t n;
    size_t line; // of the first byte of `text` in its file, from 1
};

#define DOC_NULL ((struct doc){0})

enum doc_kind { DOC_OBJECT, DOC_ARRAY, DOC_TEXT, DOC_NUMBER };

struct doc_at {
    const struct doc *doc;
    json_t *v;               // borrowed
    const struct doc_at *up; // NULL at the root
    const char *key;         // of v in the object above, or NULL: `index` in the array above
    size_t index;
};

// `text` (not NUL-terminated) must outlive the document. The root must be an object or an array. -EINVAL with
// "line N: why" for what is not JSON or is nested deeper than DOC_DEPTH_MAX, -EFBIG above DOC_BYTES_MAX. End
// with doc_deinit.
int doc_parse(struct doc *d, const char *text, size_t n, size_t line, struct err *e);
void doc_deinit(struct doc *d);
struct doc_at doc_root(const struct doc *d);

// The sentence "line N: path: why". Returns -EINVAL.
int doc_refuse(const struct doc_at *at, struct err *e, const char *why, ...)
    __attribute__((format(printf, 3, 4)));

// A member that must be there and of this kind.
int doc_member(const struct doc_at *up, const char *key, enum doc_kind kind, struct doc_at *out,
               struct err *e);
// 1 and the member, or 0 when it is absent or null.
int doc_maybe(const struct doc_at *up, const char *key, enum doc_kind kind, struct doc_at *out,
              struct err *e);
int doc_item(const struct doc_at *up, size_t index, enum doc_kind kind, struct doc_at *out, struct err *e);
size_t doc_count(const struct doc_at *at); // items of an array, members of an object

// Numbers in low..high; a text that is a number ("6e12") is one too, for the published files have such.
int doc_number(const struct doc_at *up, const char *key, double low, double high, double *out, struct err *e);
int doc_number_or(const struct doc_at *up, const char *key, double low, double high, double otherwise,
                  double *out, struct err *e);
int doc_value(const struct doc_at *at, double low, double high, double *out, struct err *e);
// A text of 1 to `max` bytes; borrowed from the document.
int doc_text(const struct doc_at *up, const char *key, size_t max, const char **out, struct err *e);
// The same, where absent or null gives NULL and an empty text is allowed.
int doc_text_or_null(const struct doc_at *up, const char *key, size_t max, const char **out, struct err *e);

#endif
