// SPDX-License-Identifier: Apache-2.0
//
// All that is wrong with a request, said at once in the form that clients of the public API read:
//
//   "Invalid task file. Invalid fields: name, range-length. name: is required; instanceCount: give ..."
//
// A reader notes what it finds and goes on with the next field, and in a list with the next item. The codes are
// all there, each once, up to INVALID_FIELDS of them; the sentences as far as they fit, of the items of one list
// INVALID_ITEMS, and then how many more are wrong.
#ifndef ONDOL_API_INVALID_H
#define ONDOL_API_INVALID_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define INVALID_FIELDS     16
#define INVALID_CODE_BYTES 48
#define INVALID_ITEMS      20   // wrong ones of one list that have their sentence
#define INVALID_TEXT_BYTES 4096 // of all sentences

struct invalid {
    const char *what; // "task", "pool", "job"
    int n;            // notes; more than INVALID_FIELDS are counted only
    char code[INVALID_FIELDS][INVALID_CODE_BYTES];
    int n_codes;
    struct buf text;
};

#define INVALID_INIT(what_) ((struct invalid){.what = (what_), .text = BUF_INIT(INVALID_TEXT_BYTES)})

// Takes the sentence "field: what is wrong" out of `e`, which is empty again. `code` is what clients know the
// field by; NULL: its name.
void invalid_add(struct invalid *v, const char *code, struct err *e);

// Notes the sentence of `e` unless `ok`, which it gives back.
bool invalid_unless(bool ok, struct invalid *v, struct err *e);

// A list is read: its items are noted one by one, `list` is its field.
struct invalid_list {
    struct invalid *in;
    const char *list;
    int n; // wrong items so far
};
// As invalid_unless, of one item.
bool invalid_item(struct invalid_list *l, bool ok, struct err *e);
// To be called behind the last. True: none was wrong.
bool invalid_list_end(const struct invalid_list *l);

// The message, in `a`. NULL: nothing is wrong.
const char *invalid_message(const struct invalid *v, struct arena *a);

void invalid_deinit(struct invalid *v);

#endif
