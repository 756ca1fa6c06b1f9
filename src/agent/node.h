// SPDX-License-Identifier: Apache-2.0
//
// The running node: one thread, one loop. Whatever happens becomes an event of the engine
// (core/engine/agent.h) and what the engine wants is done here and in the files below; none of them decides
// anything.
//
//   timer, sandboxes, answers --event--> node_feed --> engine --action--> jobs.c (sandboxes), device
//                                            |
//                                            +--> link.c: calls the parent when the engine has something to say
#ifndef ONDOL_AGENT_NODE_H
#define ONDOL_AGENT_NODE_H

#include <uv.h>

#include "agent/clock.h"
#include "agent/config.h"
#include "core/engine/agent.h"
#include "net/http_client.h"
#include "port/device.h"
#include "port/sandbox.h"

struct link;
struct jobs;
struct stage;
struct fire;
struct batch;

struct node_options {
    const char *server, *token, *ca_file; // server NULL: nobody to call
    const char *status_file, *world_state;
    const char *share;   // absolute: every task sees it, read-only, at /job/share; NULL: nothing
    int64_t image_bytes; // RAM that unpacked images may take
    struct house_clock clock;
    int32_t host_cpu_permille;
};

struct node {
    uv_loop_t *loop;
    struct node_options opt;
    struct config *cfg;
    struct agent *agent;
    struct device device;
    struct sandbox sandbox;
    struct weather weather;
    struct link *link;
    struct jobs *jobs;
    struct stage *stage;
    struct fire *fire; // NULL: virtual
    uv_timer_t beat, second;
    uv_signal_t on_term, on_int, on_pipe;
    struct zone_sense *sense;
    struct board_meter *meter;
    struct zone_shadow *shadow;
    struct batch *todo; // actions not done yet, oldest first
    bool acting;
    bool stopping;
    bool trim;       // something large was in memory: what is free again goes back to the machine
    wall_ms stop_at; // at the latest
    bool device_ill; // said so once
};

int node_init(struct node *n, struct config *cfg, const struct node_options *opt, struct err *e);
// Runs until SIGTERM or SIGINT and what they take.
void node_run(struct node *n);
void node_deinit(struct node *n);

// Hands one event to the engine, does what it says, and calls the parent if there is need.
void node_feed(struct node *n, struct agent_event *ev);

// Writes the state of the node as JSON (status.c).
void status_write(struct node *n);

#endif
