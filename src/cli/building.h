// SPDX-License-Identifier: Apache-2.0
//
// A server in this process and agents of virtual heaters as its children: what `ondol dev` and `ondol demo`
// are made of.
#ifndef ONDOL_CLI_BUILDING_H
#define ONDOL_CLI_BUILDING_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/api_client.h"
#include "server/runtime.h"

#define BUILDING_AGENTS_MAX 64

struct building {
    struct runtime *rt;
    struct api_client api;
    char url[256];
    char agent_path[4096];
    char speed[24], house0[24], real0[24]; // options of the agents
    char node_token_env[120];
    pid_t agent[BUILDING_AGENTS_MAX];
    size_t n_agents;
};

// Starts the server; cfg->has_epoch must be set, and cfg->speed be a whole number. The rest of `b` is filled
// for agents.
int building_start(struct building *b, const struct runtime_config *cfg, struct err *e);

// Starts (again) agent `i` with its own options, NULL-ended, added to those that all share. Output goes to
// `log`, or to stderr when that is NULL.
int building_agent(struct building *b, size_t i, const char *const *own, const char *log, struct err *e);

// Waits until the API answers and `zones` zones are online. 0; -EINTR: a signal to end came; -ECHILD: an
// agent ended; -ETIMEDOUT with what is missing.
int building_wait(struct building *b, size_t zones, int timeout_ms, struct err *e);

// Agents first, while there is somebody to report to; then the server.
void building_stop(struct building *b);

#endif
