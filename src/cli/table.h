// SPDX-License-Identifier: Apache-2.0
//
// Tables for people: columns as wide as their widest cell, numbers to the right, colours on a terminal only
// (never with NO_COLOR). Cells are UTF-8; a character counts as one column.
#ifndef ONDOL_CLI_TABLE_H
#define ONDOL_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_colour { TABLE_PLAIN, TABLE_DIM, TABLE_RED, TABLE_GREEN, TABLE_YELLOW, TABLE_BLUE };

struct table_cell {
    char *text;
    enum table_colour colour;
};

struct table {
    size_t columns;
    bool right[16];          // numbers
    struct table_cell *cell; // by row, the first one is the head
    size_t n, cap;
};

// `heads` in one word list: "ID NAME >WATTS"; a '>' makes a column of numbers; '_' stands for a blank.
void table_init(struct table *t, const char *heads);
void table_deinit(struct table *t);
// The next cell, row by row.
void table_put(struct table *t, enum table_colour colour, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void table_print(const struct table *t, FILE *to, bool colours);
bool table_colours(FILE *to); // a terminal that wants them

#endif
