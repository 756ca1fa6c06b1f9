// SPDX-License-Identifier: Apache-2.0
//
// Processes of the agent's own program under another option (main.c): what could hold up or endanger the loop
// (files, packets, burning) is done in one. It is handed one JSON object, says lines, and dies with its
// agent.
//
//   agent                                      the process
//   child_start  ---- task, then the end ---->  child_task, child_bind
//   line()      <----------- lines -----------  stdout
//   ended()     <--- its end, all being read
#ifndef ONDOL_AGENT_CHILD_H
#define ONDOL_AGENT_CHILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

#define CHILD_SOCKET 3 // its descriptor for child_spec.socket

struct child;

struct child_spec {
    const char *option; // the only argument
    json_t *task; // taken over, and wiped once it was written. NULL: its input stays open, for child_say
    int socket;   // it gets a copy as CHILD_SOCKET; -1: none
    void *ctx;
    void (*line)(void *ctx, const char *line); // without the newline; NULL: what it says goes nowhere
    // Once, when it has ended and what it said was read; the child is gone then.
    void (*ended)(void *ctx, int64_t status, int signal);
};

// NULL with the reason: then neither function is ever called. The task is told the agent's pid as "parent".
struct child *child_start(uv_loop_t *loop, const struct child_spec *spec, struct err *e);
void child_say(struct child *c, const char *text); // of one without a task; kept until it reads it
void child_signal(struct child *c, int signal);    // nothing when it has ended
void child_hush(struct child *c);                  // no more lines
int child_pid(const struct child *c);

// ---- inside the process

json_t *child_task(void); // from stdin, to its end; NULL: it is no object
// It is killed with its agent from now on. false: that is gone already. To be called again after a change of
// user, which takes it back.
bool child_bind(const json_t *task);

#endif
