// SPDX-License-Identifier: Apache-2.0
//
// Options as rows of a table: one row makes the parsing, the check of its range, the line of --help and, for
// commands that have one, the key of the configuration file. Values land in a struct of the command's own.
#ifndef ONDOL_CLI_OPTIONS_H
#define ONDOL_CLI_OPTIONS_H

#include <stddef.h>

#include "base/err.h"

enum option_kind {
    OPTION_FLAG,   // bool
    OPTION_TEXT,   // const char *
    OPTION_LISTEN, // const char *: ADDRESS:PORT
    OPTION_INT,    // long, min..max
    OPTION_REAL,   // double, min..max
    OPTION_DATE,   // const char *: YYYY-MM-DD
    OPTION_LIST,   // struct option_list: may be given again
};

#define OPTION_LIST_MAX 256

struct option_list {
    const char *v[OPTION_LIST_MAX];
    int n;
};

struct option_row {
    const char *name; // without dashes; NULL ends the table
    enum option_kind kind;
    const char *arg; // what --help calls its value; NULL for flags
    size_t at;       // offsetof in the struct of values
    double min, max;
    const char *what; // line of --help
};

struct options {
    const char *command; // "dev"; "task create"
    const char *args;    // positional arguments as --help shows them: "ID"; NULL: none
    int args_min, args_max;
    const char *what; // sentences of --help
    const struct option_row *row;
};

#define OPTIONS_ARGS_MAX 64

struct option_args {
    const char *v[OPTIONS_ARGS_MAX];
    int n;
};

// -1: go on; else the exit code to end with (after --help, or an error that has been printed). `args` may be
// NULL when args_max is 0. Strings point into argv.
int options_parse(const struct options *o, void *values, struct option_args *args, int argc, char **argv);

// One value by its name, as a configuration file gives it ("yes"/"no" for flags). -ENOENT: no such option;
// -EINVAL with the name and the limit. `text` must outlive the values.
int options_set(const struct options *o, void *values, const char *name, const char *text, struct err *e);

#endif
