// SPDX-License-Identifier: Apache-2.0
//
// What the S3 endpoint is measured against: a server that does no more than it must. PUT writes the body to
// one file and syncs it, GET sends that file.
#ifndef ONDOL_CLI_BENCH_S3_PLAIN_H
#define ONDOL_CLI_BENCH_S3_PLAIN_H

#include "base/err.h"

struct bench_plain;

int bench_plain_start(struct bench_plain **ret, const char *file, struct err *e);
int bench_plain_port(const struct bench_plain *p);
void bench_plain_stop(struct bench_plain *p); // NULL is fine

#endif
