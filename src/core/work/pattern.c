// SPDX-License-Identifier: Apache-2.0
//
// The cost is counted on the text: an atom is 1, a group the sum of what is in it, a repeat multiplies what
// stands before it, and each place where something may be left out or come again is a 512th of what is allowed: what
// the C library keeps grows with the square of such places in a row.
#include "core/work/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define GROUPS_MAX 32 // nested
#define LOOPS_MAX  512

struct cost {
    long max;
    long loop;                // of such a place, beside its atoms
    long sum[GROUPS_MAX + 1]; // of each open group, without `last`
    long last;                // of the atom just read, which a repeat would multiply
    int depth;
    bool bare; // nothing stands yet in this alternative
};

static bool atom(struct cost *c, long cost)
{
    c->sum[c->depth] += c->last;
    c->last = cost;
    c->bare = false;
    return c->sum[c->depth] <= c->max;
}

static bool repeat(struct cost *c, long times, long loops)
{
    c->last = (c->last ? c->last : 1) * (times > 1 ? times : 1) + 1 + loops * c->loop;
    return c->last <= c->max;
}

static bool open_group(struct cost *c)
{
    atom(c, 0);
    if (c->depth == GROUPS_MAX)
        return false;
    c->sum[++c->depth] = 0;
    c->bare = true;
    return true;
}

static bool alternative(struct cost *c)
{
    bool ok = atom(c, c->bare ? 1 + c->loop : 1);
    c->bare = true;
    return ok;
}

static bool close_group(struct cost *c)
{
    if (!c->depth)
        return true; // a plain character, or an error that regcomp names
    long inside = c->sum[c->depth--] + c->last + (c->bare ? c->loop : 0);
    c->last = inside ? inside : 1;
    c->bare = false;
    return c->last <= c->max;
}

// Where the bracket expression that begins at s ends; n when it is not closed.
static size_t bracket_end(const char *s, size_t n)
{
    size_t i = 1;
    if (i < n && s[i] == '^')
        i++;
    if (i < n && s[i] == ']')
        i++;
    for (; i < n && s[i] != ']'; i++) {
        if (s[i] == '\\' && i + 1 < n) {
            i++;
            continue;
        }
        if (s[i] != '[' || i + 1 >= n || !strchr(":.=", s[i + 1]))
            continue;
        char kind = s[i + 1]; // [:alpha:] and the like hold a ']' of their own
        for (i += 2; i + 1 < n && !(s[i] == kind && s[i + 1] == ']'); i++)
            ;
        i++;
    }
    return i < n ? i + 1 : n;
}

// In POSIX a backslash in brackets is itself, and ']' and '-' have places where they are themselves: the first
// and the last.
static void put_bracket(const char *s, size_t n, struct buf *out)
{
    size_t i = 1;
    bool minus = false, closed = n > 1 && s[n - 1] == ']', first = false;
    struct buf rest = BUF_INIT(SIZE_MAX / 2);
    if (i < n && s[i] == '^')
        i++;
    if (i < n && s[i] == ']')
        first = ++i != 0;
    for (; i < n - closed; i++) {
        if (s[i] != '\\' || i + 1 >= n - closed) {
            buf_putc(&rest, s[i]);
            continue;
        }
        char c = s[++i];
        if (c == 'd' || c == 'w' || c == 's')
            buf_puts(&rest, c == 'd' ? "0-9" : c == 'w' ? "[:alnum:]_" : "[:space:]");
        else if (c == ']')
            first = true;
        else if (c == '-')
            minus = true;
        else
            buf_putc(&rest, c);
    }
    buf_puts(out, s[1] == '^' ? "[^" : "[");
    buf_puts(out, first ? "]" : "");
    buf_put(out, buf_str(&rest), rest.n);
    buf_puts(out, minus ? "-" : "");
    buf_puts(out, closed ? "]" : "");
    buf_deinit(&rest);
}

// The larger number of {n,m}, one more for {n,}; *used: its bytes; *loops: how many of them may be missing, at most.
static long interval(const char *s, size_t n, long max, size_t *used, long *loops)
{
    long most = 1, v = 0;
    size_t i = 1;
    bool comma = false;
    for (; i < n && (isdigit((unsigned char)s[i]) || s[i] == ','); i++) {
        comma |= s[i] == ',';
        v = s[i] == ',' ? 0 : v * 10 + (s[i] - '0');
        if (v > max)
            v = max + 1;
        most = v > most ? v : most;
    }
    *used = i < n && s[i] == '}' ? i + 1 : i;
    *loops = comma ? most + 1 : 0;
    return most + 1;
}

static void put_escape(char c, struct buf *out)
{
    if (c == 'd' || c == 'D') {
        buf_puts(out, c == 'd' ? "[0-9]" : "[^0-9]");
        return;
    }
    buf_putc(out, '\\');
    buf_putc(out, c);
}

// One part at s. Returns its bytes; 0: too costly.
static size_t part(const char *s, size_t n, struct cost *c, struct buf *out, bool *back)
{
    size_t used = 1;
    bool ok;
    if (s[0] == '\\' && n > 1) {
        *back |= s[1] >= '1' && s[1] <= '9';
        put_escape(s[1], out);
        return atom(c, 1) ? 2 : 0;
    }
    if (s[0] == '[') {
        used = bracket_end(s, n);
        put_bracket(s, used, out);
        return atom(c, 1) ? used : 0;
    }
    if (s[0] == '(') {
        ok = open_group(c);
        used = n > 2 && s[1] == '?' && s[2] == ':' ? 3 : 1;
    } else if (s[0] == ')') {
        ok = close_group(c);
    } else if (s[0] == '{') {
        long loops, times = interval(s, n, c->max, &used, &loops);
        ok = repeat(c, times, loops);
    } else if (strchr("*+?", s[0])) {
        ok = repeat(c, s[0] == '+' ? 2 : 1, 1);
    } else {
        ok = s[0] == '|' ? alternative(c) : atom(c, 1);
    }
    buf_put(out, s, used == 3 && s[0] == '(' ? 1 : used);
    if (ok && strchr("*+?{", s[0]) && n > used && s[used] == '?')
        used++; // of its reluctance nothing follows
    return ok ? used : 0;
}

int pattern_plain(const char *text, size_t n, long cost_max, struct buf *out, bool *back, struct err *e)
{
    struct cost c = {
        .max = cost_max, .loop = cost_max > LOOPS_MAX ? cost_max / LOOPS_MAX - 1 : 0, .bare = true};
    bool refers = false, ok = true;
    for (size_t i = 0, used; i < n && ok; i += used)
        ok = (used = part(text + i, n - i, &c, out, &refers)) > 0;
    for (; ok && c.depth; ok = close_group(&c))
        ;
    ok = ok && atom(&c, 0);
    if (back)
        *back = refers;
    return ok ? 0
              : err_set(e, -E2BIG, "repeats too much (repeats of repeats multiply; at most %ld in all)",
                        cost_max);
}
