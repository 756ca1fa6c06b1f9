// SPDX-License-Identifier: Apache-2.0
//
// The splitter is a small machine over one character at a time: outside quotes, in single quotes, in double
// quotes. The expander keeps the chain of names being expanded on its own call stack, which is what stops a
// value that mentions itself, directly or through others.
#include "core/work/tokens.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tokens_deinit(struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->v[i]);
    free(t->v);
    *t = TOKENS_NULL;
}

static void push(struct tokens *t, struct buf *word)
{
    mem_grow(&t->v, &t->cap, t->n + 2, sizeof *t->v);
    t->v[t->n++] = buf_take(word);
    t->v[t->n] = NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Reads the quoted part that starts after the quote `q` at `p`; gives the place after the closing quote, or
// NULL when there is none.
static const char *quoted(const char *p, char q, struct buf *word)
{
    for (; *p && *p != q; p++) {
        if (q == '"' && *p == '\\' && p[1] && strchr("\"\\$`\n", p[1])) {
            p++;
            if (*p == '\n')
                continue;
        }
        buf_putc(word, *p);
    }
    return *p ? p + 1 : NULL;
}

// Reads one word at `p` (not a blank). NULL on error.
static const char *one_word(const char *p, const char *text, struct buf *word, bool *any, struct err *e)
{
    *any = false;
    while (*p && !is_blank(*p)) {
        if (*p == '\'' || *p == '"') {
            const char *after = quoted(p + 1, *p, word);
            if (!after) {
                err_set(e, -EINVAL, "command: the %s quote at character %zu is not closed",
                        *p == '"' ? "double" : "single", (size_t)(p - text) + 1);
                return NULL;
            }
            *any = true; // "" is a word too
            p = after;
        } else if (*p == '\\') {
            if (!p[1]) {
                err_set(e, -EINVAL, "command: ends with a backslash (double it to mean one)");
                return NULL;
            }
            if (p[1] != '\n') {
                buf_putc(word, p[1]);
                *any = true;
            }
            p += 2;
        } else {
            buf_putc(word, *p++);
            *any = true;
        }
    }
    return p;
}

static int split_into(struct tokens *t, const char *text, size_t max_words, struct err *e)
{
    size_t most = strlen(text) + 1; // a word is never longer than the text it comes from
    const char *p = text;
    for (;;) {
        while (is_blank(*p))
            p++;
        if (!*p)
            return 0;
        struct buf word = BUF_INIT(most);
        bool any;
        p = one_word(p, text, &word, &any, e);
        int rc = p ? 0 : -EINVAL;
        if (rc == 0 && any && t->n == max_words)
            rc = err_set(e, -E2BIG, "command: more than %zu words", max_words);
        if (rc == 0 && any)
            push(t, &word);
        buf_deinit(&word);
        if (rc < 0)
            return rc;
    }
}

int tokens_split(struct tokens *out, const char *text, size_t max_words, struct err *e)
{
    struct tokens t = TOKENS_NULL;
    mem_grow(&t.v, &t.cap, 1, sizeof *t.v); // so that no words at all is {NULL} too
    int rc = split_into(&t, text, max_words, e);
    if (rc < 0) {
        tokens_deinit(&t);
        return rc;
    }
    tokens_deinit(out);
    *out = t;
    return 0;
}

struct frame {
    const struct frame *up; // the name whose value this name was found in
    const char *name;
    size_t n;
    int depth;
};

struct expansion {
    struct buf *out;
    tokens_lookup *lookup;
    void *ctx;
    int lookups_left;
};

static size_t name_length(const char *s)
{
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
}

static bool within(const struct frame *f, const char *name, size_t n)
{
    for (; f; f = f->up)
        if (f->n == n && !memcmp(f->name, name, n))
            return true;
    return false;
}

static void expand(struct expansion *x, const char *text, const struct frame *up)
{
    int depth = up ? up->depth + 1 : 0;
    while (*text && x->lookups_left >= 0 && !x->out->failed) {
        size_t plain = strcspn(text, "$");
        buf_put(x->out, text, plain);
        text += plain;
        if (!*text)
            return;
        size_t n = text[1] == '{' ? name_length(text + 2) : 0;
        const char *value = NULL;
        if (n > 0 && text[2 + n] == '}' && depth < TOKENS_DEPTH_MAX && !within(up, text + 2, n) &&
            x->lookups_left-- > 0)
            value = x->lookup(x->ctx, text + 2, n);
        if (value) {
            expand(x, value, &(struct frame){up, text + 2, n, depth});
            text += n + 3;
        } else {
            buf_putc(x->out, *text++);
        }
    }
}

int tokens_expand(struct buf *out, const char *text, tokens_lookup *lookup, void *ctx, struct err *e)
{
    struct expansion x = {out, lookup, ctx, TOKENS_LOOKUPS_MAX};
    expand(&x, text, NULL);
    if (x.lookups_left < 0)
        return err_set(e, -E2BIG, "constants: more than %d ${...} in one value (do they nest too deep?)",
                       TOKENS_LOOKUPS_MAX);
    if (out->failed)
        return err_set(e, -E2BIG, "constants: longer than %zu bytes once every ${...} is replaced", out->max);
    return 0;
}
