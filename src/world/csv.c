// SPDX-License-Identifier: Apache-2.0
//
// One pass over a copy of the text: fields are found where they lie, unquoted in place and ended with NUL,
// and only their offsets are kept. A field never grows, so the NUL always fits where the separator was.
#include "world/csv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"

struct reader {
    char *next, *end; // what is left; *end is NUL
    char separator;
    unsigned line;
    size_t fields, fields_cap, lines_cap;
};

static bool is_blank(char c, char separator)
{
    return (c == ' ' || c == '\t') && c != separator;
}

static int add_field(struct csv *c, struct reader *r, const char *at, struct err *e, size_t index)
{
    if (index >= CSV_COLUMNS_MAX)
        return err_set(e, -EINVAL, "line %u: column %zu: too many (at most %d)", r->line, index + 1,
                       CSV_COLUMNS_MAX);
    *VEC_PUSH(c->at, r->fields, r->fields_cap) = (uint32_t)(at - c->text);
    return 0;
}

// A field in quotes: copied over itself without them. Gives where the text goes on, behind the closing quote.
static char *read_quoted(char *open, char *line_end)
{
    char *to = open, *from = open + 1;
    for (; from < line_end; from++) {
        if (*from == '"' && !(from + 1 < line_end && from[1] == '"'))
            break;
        if (*from == '"')
            from++;
        *to++ = *from;
    }
    if (from == line_end)
        return NULL;
    *to = 0; // at most where the closing quote was
    return from + 1;
}

// Splits the line at `p`, which ends at `line_end` (a byte that may be overwritten), into fields.
static int read_fields(struct csv *c, struct reader *r, char *p, char *line_end, size_t *count, struct err *e)
{
    for (*count = 0;; p++) {
        while (p < line_end && is_blank(*p, r->separator))
            p++;
        char *start = p, *stop;
        int rc = add_field(c, r, start, e, (*count)++);
        if (rc < 0)
            return rc;
        if (p < line_end && *p == '"') {
            p = read_quoted(start, line_end);
            if (!p)
                return err_set(e, -EINVAL, "line %u: column %zu: a quote is not closed on the line", r->line,
                               *count);
            while (p < line_end && is_blank(*p, r->separator))
                p++;
            if (p < line_end && *p != r->separator)
                return err_set(e, -EINVAL, "line %u: column %zu: text behind the closing quote", r->line,
                               *count);
        } else {
            char *found = memchr(p, r->separator, (size_t)(line_end - p));
            p = stop = found ? found : line_end;
            while (stop > start && is_blank(stop[-1], r->separator))
                stop--;
            if (stop < p)
                *stop = 0;
        }
        bool last = p == line_end;
        *p = 0;
        if (last)
            return 0;
    }
}

// The next line that is not empty: 1, or 0 at the end of the text. `*line_end` is where its end mark was.
static int next_line(struct reader *r, char **line, char **line_end, struct err *e)
{
    while (r->next < r->end) {
        size_t left = (size_t)(r->end - r->next);
        char *feed = memchr(r->next, '\n', left);
        *line = r->next;
        *line_end = feed ? feed : r->end;
        r->next = feed ? feed + 1 : r->end;
        r->line++;
        if (memchr(*line, 0, (size_t)(*line_end - *line)))
            return err_set(e, -EINVAL, "line %u: column 1: a NUL byte (this is no text)", r->line);
        if (*line_end > *line && (*line_end)[-1] == '\r')
            --*line_end;
        if (memchr(*line, '\r', (size_t)(*line_end - *line)))
            return err_set(
                e, -EINVAL,
                "line %u: column 1: a carriage return within it: lines of old Macs end so (LF or CR LF "
                "are read)",
                r->line);
        if (*line_end > *line)
            return 1;
    }
    return 0;
}

static int read_table(struct csv *c, struct reader *r, struct err *e)
{
    char *line, *line_end;
    int more = next_line(r, &line, &line_end, e);
    if (more < 0)
        return more;
    if (more == 0)
        return err_set(e, -EINVAL,
                       "line 1: column 1: no line with the names of the columns (the text is empty)");
    int rc = read_fields(c, r, line, line_end, &c->columns, e);
    while (rc == 0 && (more = next_line(r, &line, &line_end, e)) > 0) {
        size_t count;
        rc = read_fields(c, r, line, line_end, &count, e);
        if (rc == 0 && count != c->columns)
            rc = err_set(e, -EINVAL,
                         "line %u: column %zu: %s (the first line names %zu columns, this has %zu)", r->line,
                         (count < c->columns ? count : c->columns) + 1,
                         count < c->columns ? "missing" : "one too many", c->columns, count);
        if (rc == 0)
            *VEC_PUSH(c->line, c->rows, r->lines_cap) = r->line;
    }
    return rc < 0 ? rc : more;
}

int csv_read(struct csv *out, const char *text, size_t n, struct csv_dialect dialect, struct err *e)
{
    *out = CSV_NULL;
    if (n > CSV_BYTES_MAX)
        return err_set(e, -EFBIG, "table: %zu bytes (at most %u)", n, CSV_BYTES_MAX);
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        n -= 3;
    }
    struct csv made = {.decimal = dialect.decimal_comma ? ',' : '.', .text = mem_alloc(n + 1)};
    if (n)
        memcpy(made.text, text, n);
    struct reader r = {made.text, made.text + n, dialect.separator ? dialect.separator : ','};
    int rc = read_table(&made, &r, e);
    if (rc < 0)
        csv_deinit(&made);
    else
        *out = made;
    return rc < 0 ? rc : 0;
}

void csv_deinit(struct csv *c)
{
    free(c->text);
    free(c->at);
    free(c->line);
    *c = CSV_NULL;
}

const char *csv_field(const struct csv *c, int64_t row, size_t column)
{
    return c->text + c->at[(size_t)(row + 1) * c->columns + column];
}

int csv_column(const struct csv *c, const char *name, struct err *e)
{
    int found = -1;
    struct buf all = BUF_INIT(160);
    for (size_t i = 0; i < c->columns; i++) {
        const char *here = csv_field(c, -1, i);
        buf_putf(&all, "%s%s", i ? ", " : "", here);
        if (strcmp(here, name) != 0)
            continue;
        if (found >= 0) {
            buf_deinit(&all);
            return err_set(e, -ENOTUNIQ, "line 1: %s: stands twice in the first line", name);
        }
        found = (int)i;
    }
    if (found < 0)
        err_set(e, -ENOENT, "line 1: %s: no such column (there are: %s%s)", name, buf_str(&all),
                all.failed ? ", ..." : "");
    buf_deinit(&all);
    return found < 0 ? -ENOENT : found;
}

int csv_refuse(const struct csv *c, size_t row, size_t column, struct err *e, const char *why, ...)
{
    char text[200];
    va_list args;
    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    const char *name = csv_field(c, -1, column);
    if (*name)
        return err_set(e, -EINVAL, "line %u: %.60s: %s", c->line[row], name, text);
    return err_set(e, -EINVAL, "line %u: column %zu: %s", c->line[row], column + 1, text);
}

int csv_number(const struct csv *c, size_t row, size_t column, double low, double high, double *out,
               struct err *e)
{
    const char *field = csv_field(c, (int64_t)row, column);
    double x;
    if (!*field)
        return csv_refuse(c, row, column, e, "is empty (a number from %g to %g)", low, high);
    if (!num_read(field, strlen(field), c->decimal, &x))
        return csv_refuse(c, row, column, e, "\"%.40s\" is not a number with a decimal %s", field,
                          c->decimal == ',' ? "comma" : "point");
    if (!(x >= low && x <= high))
        return csv_refuse(c, row, column, e, "%g (%g to %g)", x, low, high);
    *out = x;
    return 0;
}

// `n` digits as a whole number, -1 when they are not all digits.
static int digits(const char *s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

// "hh:mm[:ss][Z]" or nothing, as seconds; -1 when it is neither.
static int clock_seconds(const char *s)
{
    size_t n = strlen(s);
    if (n && s[n - 1] == 'Z')
        n--;
    if (n != 5 && n != 8)
        return -1;
    int hour = digits(s, 2), minute = digits(s + 3, 2), second = n == 8 ? digits(s + 6, 2) : 0;
    bool good = s[2] == ':' && (n == 5 || s[5] == ':') && hour >= 0 && hour <= 23 && minute >= 0 &&
                minute <= 59 && second >= 0 && second <= 59;
    return good ? hour * 3600 + minute * 60 + second : -1;
}

int csv_moment(const struct csv *c, size_t row, size_t column, int64_t *ms, struct err *e)
{
    const char *field = csv_field(c, (int64_t)row, column);
    size_t n = strlen(field);
    char day[11] = "";
    int64_t start;
    int seconds = 0;
    bool good = n == 10 || (n > 11 && (field[10] == 'T' || field[10] == ' '));
    if (good) {
        memcpy(day, field, 10);
        seconds = n > 10 ? clock_seconds(field + 11) : 0;
        good = date_parse(day, &start) && seconds >= 0;
    }
    if (!good)
        return csv_refuse(c, row, column, e, "\"%.40s\" is not a moment (2014-01-31 or 2014-01-31T23:00Z)",
                          field);
    *ms = start + (int64_t)seconds * 1000;
    return 0;
}
