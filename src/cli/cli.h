// SPDX-License-Identifier: Apache-2.0
//
// What all commands of `ondol` share: their exit codes (docs/exit-codes.md) and how they say what went wrong.
#ifndef ONDOL_CLI_CLI_H
#define ONDOL_CLI_CLI_H

#include <stddef.h>

#include "base/err.h"

enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1,      // none of the below
    CLI_USAGE = 2,       // unknown option, value out of its range
    CLI_UNREACHABLE = 3, // nobody answers there
    CLI_REFUSED = 4,     // HTTP 4xx
    CLI_WORK = 5,        // the work itself failed
    CLI_LATER = 75,      // EX_TEMPFAIL: HTTP 503, 507
    CLI_GONE = 141,      // 128 + SIGPIPE: the reader of the output has gone
};

// Prints "ondol: <sentence>" on stderr and gives `code` back, so that failing is one line.
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_fail_err(int code, const struct err *e);
// Prints "ondol: <text>" on stderr, one line, with nothing in it that a terminal would obey (utf8_printable).
void cli_note(const char *text);

// From now on blocks of so many bytes and more are mapped for themselves: tables that grow are not copied, and given
// back whole they leave no holes between small blocks that stay. Left alone, the C library raises that size to that of
// the largest block that it saw freed.
void cli_large_apart(size_t bytes);

// One command: argv[0] is its name. Gives an exit code.
int cmd_account(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_project(int argc, char **argv);
int cmd_reservation(int argc, char **argv);
int cmd_bucket(int argc, char **argv);
int cmd_secret(int argc, char **argv);
int cmd_server(int argc, char **argv);
int cmd_agent(int argc, char **argv);
int cmd_dev(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_job(int argc, char **argv);
int cmd_pool(int argc, char **argv);
int cmd_task(int argc, char **argv);
int cmd_site(int argc, char **argv);
int cmd_zone(int argc, char **argv);
int cmd_heater(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
