// SPDX-License-Identifier: Apache-2.0
//
// A server in a process of its own, to be killed. Without a program the child calls runtime_start itself;
// with one, it runs it and reads "ready at http://127.0.0.1:PORT" from its output.
#ifndef ONDOL_TESTS_SYSTEM_SERVED_H
#define ONDOL_TESTS_SYSTEM_SERVED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVED_TOKEN      "campaign-token-0123456789"
#define SERVED_NODE_TOKEN "campaign-node-token-0123456789"

struct served {
    const char *dir;
    char *const *program; // argv, NULL: this process's own runtime
    const char *log;      // file for its stderr, NULL: ours
    int64_t park_ms;
    pid_t pid;
    int port, pipe;
};

bool served_start(struct served *s); // false: it said why
void served_kill(struct served *s);  // -9, and waits
int served_end(struct served *s);    // SIGTERM, and waits: its exit status (-1: by a signal)

#endif
