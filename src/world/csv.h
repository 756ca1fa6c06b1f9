// SPDX-License-Identifier: Apache-2.0
//
// Tables as text: CSV, TSV and the like, from memory. The first line names the columns; every later line has
// as many fields as it. Strict where guessing would hide a damaged file:
//   separator    one byte the caller names: ',' ';' or tab
//   quotes       a field may stand in double quotes, a quote inside is doubled (RFC 4180); no line breaks
//                inside
//   blanks       around an unquoted field are dropped
//   line ends    LF or CR LF; a byte-order mark and empty lines are passed over
//   numbers      with a decimal point, or with a decimal comma where the caller says so
//
// The text may be anything; what is not such a table is refused with "line N: column: why".
#ifndef ONDOL_WORLD_CSV_H
#define ONDOL_WORLD_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CSV_BYTES_MAX   (16u * 1024 * 1024)
#define CSV_COLUMNS_MAX 256

struct csv_dialect {
    char separator; // 0 is ','
    bool decimal_comma;
};

struct csv {
    size_t columns, rows; // rows without the header
    char decimal;         // '.' or ','
    char *text;           // own copy; each field ends with NUL
    uint32_t *at;         // where each field starts in `text`: the header's, then row by row
    uint32_t *line;       // the line of each row in the file, from 1
};

#define CSV_NULL ((struct csv){0})

// Reads `n` bytes at `text` (not NUL-terminated). -EINVAL for a malformed table, -EFBIG above CSV_BYTES_MAX;
// `out` is CSV_NULL then. The caller ends it with csv_deinit.
int csv_read(struct csv *out, const char *text, size_t n, struct csv_dialect dialect, struct err *e);
void csv_deinit(struct csv *c);

// The index of a column by its exact name. -ENOENT when there is none (the sentence lists what there is),
// -ENOTUNIQ when the name stands twice.
int csv_column(const struct csv *c, const char *name, struct err *e);

// A field, "" when it is empty; the name of a column for row -1. Borrowed. `row` and `column` must exist.
const char *csv_field(const struct csv *c, int64_t row, size_t column);

// A number that must be there and in low..high. -EINVAL otherwise.
int csv_number(const struct csv *c, size_t row, size_t column, double low, double high, double *out,
               struct err *e);

// A moment: "2014-01-31", "2014-01-31T23:00", either with seconds, with 'T' or a blank, with or without 'Z'.
// Read as UTC; what zone a file without 'Z' means is for the caller to know. Milliseconds since 1970.
int csv_moment(const struct csv *c, size_t row, size_t column, int64_t *ms, struct err *e);

// The sentence of a caller that finds fault with a field: "line N: column: why". Returns -EINVAL.
int csv_refuse(const struct csv *c, size_t row, size_t column, struct err *e, const char *why, ...)
    __attribute__((format(printf, 5, 6)));

#endif
