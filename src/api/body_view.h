// SPDX-License-Identifier: Apache-2.0
//
// The members of a kept body (JSON object as accepted, normalised), found in its text without building a tree
// of it: lists show a thousand bodies at a time, and most of what they show is a copy of what is kept.
//
// What is written of a member is always what a reader and writer of JSON would make of it: text that is not
// written the way this server writes it (a number with a point, white space, unusual escapes) goes through
// them.
#ifndef ONDOL_API_BODY_VIEW_H
#define ONDOL_API_BODY_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "api/json_out.h"

#define BODY_MEMBERS 48 // found at once; those behind are looked for when they are asked for

// A value as it stands in the text.
struct body_value {
    const char *v; // NULL: there is no such member
    size_t n;
    unsigned odd; // how it differs from how we write; see body_view.c
};

struct body_view {
    const char *rest; // of the text, behind what is in `member`; NULL: nothing
    size_t n;
    struct body_member {
        const char *key; // inside its quotes
        size_t key_n;
        struct body_value value;
    } member[BODY_MEMBERS];
};

// `text` may be NULL and must outlive the view. What is no JSON object has no members.
void body_view_init(struct body_view *b, const char *text);

struct body_value body_get(const struct body_view *b, const char *key);
bool body_is_string(struct body_value v);
bool body_is_integer(struct body_value v);
// The characters of a string without any escape; NULL: it is none, or has some.
const char *body_plain_string(struct body_value v, size_t *n);

// The member as JSON; `otherwise` when it is not there.
void body_out(struct json_out *o, const char *key, struct body_value v, const char *otherwise);
// The constants, secret ones masked (task_render.h has the same for a tree).
void body_out_constants(struct json_out *o, struct body_value list);
void body_out_forced(struct json_out *o, struct body_value list);

#endif
