// SPDX-License-Identifier: Apache-2.0
//
// Waiting: ask a server again and again, with a bar of progress on a terminal and nothing otherwise.
#ifndef ONDOL_CLI_BAR_H
#define ONDOL_CLI_BAR_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/api_client.h"

struct bar {
    bool screen; // stderr is a terminal that wants it
    bool drawn;  // one stands on the screen now
};

// "Executing  [###########-------------------]  37 %  3 of 8 instances run  00:01:12" on stderr, over the one
// before.
void bar_draw(struct bar *b, const char *what, double percent, const char *detail, double waited_s);
void bar_wipe(struct bar *b);

struct bar_wait {
    const struct api_client *api;
    const char *path; // GET
    double timeout_s; // negative: never
    const char *late; // what to say then: "job x: tasks are left"
    const char *hint; // and what to do: "ondol job tasks x"
    // Looks at an answer. Negative: not over yet; else the exit code, with the sentence in `e`.
    int (*look)(void *ctx, const json_t *got, struct bar *b, double waited_s, struct err *e);
    void *ctx;
};

// An exit code: that of `look`, CLI_LATER after `timeout_s`, or that of a call that failed, with the sentence
// in `e`.
int bar_wait(const struct bar_wait *w, struct err *e);

#endif
