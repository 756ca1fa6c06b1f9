// SPDX-License-Identifier: Apache-2.0
//
// The cost is counted on the text: an atom is 1, a group the sum of what is in it, a repeat multiplies what
// stands before it.
#include "api/like.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/buf.h"

#define GROUPS_MAX 32 // nested

struct cost {
    long sum[GROUPS_MAX + 1]; // of each open group, without `last`
    long last;                // of the atom just read, which a repeat would multiply
    int depth;
};

static bool atom(struct cost *c, long cost)
{
    c->sum[c->depth] += c->last;
    c->last = cost;
    return c->sum[c->depth] <= LIKE_COST_MAX;
}

static bool repeat(struct cost *c, long times)
{
    c->last = (c->last ? c->last : 1) * (times > 1 ? times : 1) + 1;
    return c->last <= LIKE_COST_MAX;
}

static bool open_group(struct cost *c)
{
    atom(c, 0);
    if (c->depth == GROUPS_MAX)
        return false;
    c->sum[++c->depth] = 0;
    return true;
}

static bool close_group(struct cost *c)
{
    if (!c->depth)
        return true; // a plain character, or an error that regcomp names
    long inside = c->sum[c->depth--] + c->last;
    c->last = inside ? inside : 1;
    return c->last <= LIKE_COST_MAX;
}

// Bytes of a bracket expression that begins at s; all of it when it is not closed.
static size_t bracket(const char *s, size_t n)
{
    size_t i = 1;
    if (i < n && s[i] == '^')
        i++;
    if (i < n && s[i] == ']')
        i++;
    for (; i < n && s[i] != ']'; i++) {
        if (s[i] != '[' || i + 1 >= n || !strchr(":.=", s[i + 1]))
            continue;
        char kind = s[i + 1]; // [:alpha:] and the like hold a ']' of their own
        for (i += 2; i + 1 < n && !(s[i] == kind && s[i + 1] == ']'); i++)
            ;
        i++;
    }
    return i < n ? i + 1 : n;
}

// The larger number of {n,m}, one more for {n,}; *used: its bytes.
static long interval(const char *s, size_t n, size_t *used)
{
    long most = 1, v = 0;
    size_t i = 1;
    for (; i < n && (isdigit((unsigned char)s[i]) || s[i] == ','); i++) {
        v = s[i] == ',' ? 0 : v * 10 + (s[i] - '0');
        if (v > LIKE_COST_MAX)
            v = LIKE_COST_MAX + 1;
        most = v > most ? v : most;
    }
    *used = i < n && s[i] == '}' ? i + 1 : i;
    return most + 1;
}

// Copies the expression to `out` with \d and \D as brackets, counting. False: too costly, or a back reference
// (*back).
static bool copy(const char *s, size_t n, struct buf *out, bool *back)
{
    struct cost c = {0};
    bool ok = true;
    for (size_t i = 0, used; i < n && ok; i += used) {
        used = 1;
        if (s[i] == '\\' && i + 1 < n) {
            used = 2;
            *back = isdigit((unsigned char)s[i + 1]) != 0;
            ok = !*back && atom(&c, 1);
        } else if (s[i] == '[') {
            used = bracket(s + i, n - i);
            ok = atom(&c, 1);
        } else if (s[i] == '(') {
            ok = open_group(&c);
        } else if (s[i] == ')') {
            ok = close_group(&c);
        } else if (s[i] == '{') {
            ok = repeat(&c, interval(s + i, n - i, &used));
        } else if (strchr("*+?", s[i])) {
            ok = repeat(&c, s[i] == '+' ? 2 : 1);
        } else {
            ok = atom(&c, 1);
        }
        if (used == 2 && s[i] == '\\' && (s[i + 1] == 'd' || s[i + 1] == 'D'))
            buf_puts(out, s[i + 1] == 'd' ? "[0-9]" : "[^0-9]");
        else
            buf_put(out, s + i, used);
    }
    for (; ok && c.depth; ok = close_group(&c))
        ;
    return ok && atom(&c, 0);
}

bool like_compile(regex_t *out, const char *text, struct err *e)
{
    size_t n = strlen(text);
    if (n > API_REGEX_BYTES)
        return err_set(e, -E2BIG, "filter: a Like expression is longer than %d bytes", API_REGEX_BYTES),
               false;
    if (n && text[0] == '/') {
        text++;
        n--;
        n -= n && text[n - 1] == '/';
    }
    struct buf plain = BUF_INIT(API_REGEX_BYTES * 8);
    bool back = false, ok = copy(text, n, &plain, &back);
    if (back) {
        err_set(e, -EINVAL, "filter: a Like expression may not have back references");
    } else if (!ok) {
        err_set(e, -E2BIG,
                "filter: a Like expression repeats too much (repeats of repeats multiply; at most %d in all)",
                LIKE_COST_MAX);
    } else {
        int bad = regcomp(out, buf_str(&plain), REG_EXTENDED | REG_NOSUB);
        ok = !bad;
        if (bad) {
            char why[80];
            regerror(bad, out, why, sizeof why);
            err_set(e, -EINVAL, "filter: the Like expression is not one: %s", why);
        }
    }
    buf_deinit(&plain);
    return ok;
}
