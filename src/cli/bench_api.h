// SPDX-License-Identifier: Apache-2.0
//
// What customers do much at once: bulk calls, walks through long lists, many clients that ask over and over.
#ifndef ONDOL_CLI_BENCH_API_H
#define ONDOL_CLI_BENCH_API_H

#include <stdio.h>

#include "cli/bench_server.h"

int bench_api(FILE *out);

// How much of each is done; tests do less.
struct bench_api_size {
    int rounds;    // of bulk calls
    int instances; // of a bulk call
    int tasks;     // of the list that is walked
    int pollers;
    double poll_s;
};
int bench_api_part(FILE *out, const struct bench_api_size *z, struct err *e);

// Clients that each ask for a task of their own every 100 ms, for poll_s; the server is held on one processor
// meanwhile. `uuid`: one of each client; `which`: what the line says of them.
int bench_poll(struct bench_server *s, char (*uuid)[40], const char *which, const struct bench_api_size *z,
               FILE *out, struct err *e);

#endif
