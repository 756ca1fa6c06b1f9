// SPDX-License-Identifier: Apache-2.0
//
// A sandbox without processes that obeys a script: "needs so much computing, prints this, ends so". It
// computes at the share granted to it, in the time that tick() brings. For tests and for the simulator's
// nodes; it isolates nothing because it runs nothing.
//
//   done_us += min(share, parallel cores) * elapsed, at every tick and every change of share
//   it ends when done_us reaches core_ms, at the very moment it would have, even between two ticks
//
// The default script is the command: argv = {"fake", CORE_MS [, EXIT [, OUT [, ERR]]]}, and any other command
// is one core-second that exits 0.
#ifndef ONDOL_SANDBOX_FAKE_H
#define ONDOL_SANDBOX_FAKE_H

#include "port/sandbox.h"

struct fake_script {
    int64_t core_ms;       // computing it needs; negative: never ends by itself
    int code;              // exit code
    int parallel;          // most cores it can use at once; 0: 1
    int64_t memory_bytes;  // while it runs. Above the spec's limit: killed at once, code 137
    const char *out, *err; // printed at the start; NULL: nothing. At most 4096 bytes each, kept by nobody
};

struct fake_config {
    // Writes the script of `spec`; NULL: the default above. What it points to must live until start returns.
    void (*script)(void *script_ctx, const struct sandbox_spec *spec, struct fake_script *out);
    void *script_ctx;
    int cores;           // of the machine that is played; 0: 1
    bool pipes;          // real pipes and a pidfd (an eventfd) that a loop can poll; else -1 everywhere
    const char *why_not; // not NULL: available() says this. Must outlive the sandbox
};

// `config` may be NULL. End with s->free(s->ctx).
void fake_sandbox_init(struct sandbox *s, const struct fake_config *config);

#endif
