// SPDX-License-Identifier: Apache-2.0
//
// From the command of a task (constant DOCKER_CMD) to the argv of an instance, without a shell.
//
// Two steps, in this order:
//   1. tokens_split: quotes and backslashes decide what the words are, once, when the task is checked. A
//      wrong quote is the customer's error at submission, not a failed instance in the night.
//   2. tokens_expand on each word, for each instance: ${NAME} becomes the value of the constant or of the
//      instance variable.
// So a value never adds, removes or splits a word, whatever blanks or quotes it holds: `echo ${WHAT}` has two
// words even when WHAT is "a  b". Who wants a value split asks for a shell: sh -c "echo $WHAT".
#ifndef ONDOL_CORE_WORK_TOKENS_H
#define ONDOL_CORE_WORK_TOKENS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct tokens {
    char **v; // n words and a closing NULL, as execve wants them; NULL before the first split
    size_t n, cap;
};

#define TOKENS_NULL ((struct tokens){0})
void tokens_deinit(struct tokens *t);

// Splits as a POSIX shell would, with nothing expanded (no variables, no globs, no ;|&<> operators):
//   blanks (space, tab, CR, LF) separate words;     'single quotes' keep everything;
//   "double quotes" keep everything but \" \\ \$ \` and backslash-newline;
//   a backslash outside quotes keeps the next character; backslash-newline disappears;  "" is an empty word.
// Returns 0; -EINVAL when a quote is not closed or a backslash ends the text; -E2BIG with more than
// `max_words`. `out` is untouched on failure.
int tokens_split(struct tokens *out, const char *text, size_t max_words, struct err *e);

// Gives the value of a name (not NUL-terminated: n characters), or NULL when there is none. The string stays
// the callee's and must live until tokens_expand returns.
typedef const char *tokens_lookup(void *ctx, const char *name, size_t n);

#define TOKENS_DEPTH_MAX   8    // a value inside a value inside ...
#define TOKENS_LOOKUPS_MAX 4096 // per call; without it eight levels of 400 names each would never end

// Appends `text` to `out` with each ${NAME} (A-Z a-z 0-9 _ . -) replaced by its value, itself expanded. What
// stays as it is written: unknown names (a later sh -c may know them), a name inside its own value
// (DOCKER_WORKDIR is commonly sent as "${DOCKER_WORKDIR}"), names nested deeper than TOKENS_DEPTH_MAX, $NAME
// without braces, an unclosed ${. Returns 0, or -E2BIG when `out` is full or TOKENS_LOOKUPS_MAX is passed.
int tokens_expand(struct buf *out, const char *text, tokens_lookup *lookup, void *ctx, struct err *e);

#endif
