// SPDX-License-Identifier: Apache-2.0
//
// A server of its own process for a bench, in a folder of its own, and small words that benches share.
#ifndef ONDOL_CLI_BENCH_SERVER_H
#define ONDOL_CLI_BENCH_SERVER_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "cli/api_client.h"

#define BENCH_TOKEN "token-of-the-bench"

struct bench_server {
    char dir[256], url[64];
    int port, starts;
    pid_t pid[2]; // the server, an agent
    struct api_client api;
};

// Starts `ondol server` and waits until it answers. bench_server_crash kills it (-9) and starts it again on
// what it left (its port is another one then). bench_server_agent starts an `ondol-agent` with one virtual
// heater of so many boards that always wants its full power.
int bench_server_start(struct bench_server *s, struct err *e);
int bench_server_crash(struct bench_server *s, struct err *e);
int bench_server_agent(struct bench_server *s, int boards, struct err *e);
void bench_server_stop(struct bench_server *s);
double bench_server_rss_mb(const struct bench_server *s); // resident memory of the server

double bench_now_s(void);
double bench_rss_kb(pid_t pid);     // resident memory of a process; 0 when it is gone
double bench_cpu_s(pid_t pid);      // seconds of processor it has used; likewise
void bench_remove(const char *dir); // a folder with all that is in it
struct bench_spread {
    double median, least, most;
};
struct bench_spread bench_spread(double *v, size_t n); // sorts v

// What ours was measured beside: the line says its figure, how often ours goes into it, and what it is.
struct bench_rival {
    const char *version, *command, *durability; // durability: NULL where nothing is kept
};
void bench_beside(FILE *out, struct bench_spread ours, struct bench_spread theirs, const char *unit,
                  const struct bench_rival *r);

#endif
