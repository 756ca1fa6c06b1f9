// SPDX-License-Identifier: Apache-2.0
//
// Small things that the commands with a server inside share.
#ifndef ONDOL_CLI_SERVE_H
#define ONDOL_CLI_SERVE_H

#include <stdbool.h>
#include <stddef.h>

// "http://127.0.0.1:8080" of a listen address and the port that was taken. An address that means every
// interface becomes the loopback, which is one that can be called.
void serve_url(char *out, size_t cap, const char *listen, int port, bool tls);

#endif
