// SPDX-License-Identifier: Apache-2.0
//
// The S3 endpoint: large objects against a plain handler of the same HTTP library that writes and reads the
// same bytes, and small ones by the second.
#ifndef ONDOL_CLI_BENCH_S3_H
#define ONDOL_CLI_BENCH_S3_H

#include <stdio.h>

int bench_s3(FILE *out);

#endif
