// SPDX-License-Identifier: Apache-2.0
//
// Load for a server: one request over and over, on many keep-alive connections, each with one request under
// way.
#ifndef ONDOL_CLI_BENCH_LOAD_H
#define ONDOL_CLI_BENCH_LOAD_H

#include <stddef.h>

#include "base/err.h"

// Sends `n_requests` times the bytes of `request` over `connections` connections to 127.0.0.1:port. Gives the
// seconds it took. -EPROTO when an answer is not HTTP 200.
int bench_load(int port, int connections, const char *request, size_t bytes, long n_requests, double *took_s,
               struct err *e);

#endif
