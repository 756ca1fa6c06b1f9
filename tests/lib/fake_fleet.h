// SPDX-License-Identifier: Apache-2.0
//
// Nodes with a truth of their own, for random tests of the engine: they run what they are told, end it, die,
// come back, fall silent; a network that loses, doubles, delays and reorders what they send. One message is
// one call; only the answer to a node's latest call reaches it.
#ifndef ONDOL_TESTS_FAKE_FLEET_H
#define ONDOL_TESTS_FAKE_FLEET_H

#include "base/rng.h"
#include "rig.h"

#define FAKE_NODES 5

struct fake_run {
    uint64_t lease; // 0: the board is free
    char uuid[UUID_TEXT_BYTES];
    uint32_t instance;
    bool started;
    int64_t start_at, end_at, until, energy_mj, core_ms;
    int32_t slots; // of a pool's node; 0: it is none
    bool ready;
    int64_t held_at; // set aside since
};

#define FAKE_SLOTS 4 // most of a pool's node

struct fake_node {
    struct rig_node base;
    bool alive;
    int64_t silent_until, back_at;
    struct report *queue; // not acknowledged
    size_t n_queue, cap_queue;
    uint64_t call;       // latest
    int64_t patience_ms; // when it gives the latest call up
    struct fake_run run[RIG_BOARDS_MAX];
    struct fake_run held[RIG_BOARDS_MAX];               // set aside, where the node can
    struct fake_run inside[RIG_BOARDS_MAX][FAKE_SLOTS]; // the run, when that is a pool's node
    int64_t raw_mj[RIG_BOARDS_MAX], idle_mj[RIG_BOARDS_MAX], idle_ms[RIG_BOARDS_MAX];
    int64_t asked_mj;
};

struct fake_call {
    uint64_t token, call;
    int node;
    struct sync_up up;
};

struct fake_fleet {
    struct rng *rng;
    struct rig *rig;
    struct fake_node node[FAKE_NODES];
    struct fake_call *wire; // on the way up
    size_t n_wire, cap_wire;
    struct fake_call *asked; // applied in this batch, waiting for the commit
    size_t n_asked, cap_asked;
    bool calm; // nothing goes wrong any more
    struct err fault;
};

void fleet_init(struct fake_fleet *f, struct rig *rig, struct rng *rng);
void fleet_deinit(struct fake_fleet *f);
void fleet_live(struct fake_fleet *f, int64_t ms); // the nodes live on for so long and put calls on the wire
void fleet_calm(struct fake_fleet *f);             // all come back, and nothing goes wrong from now on
void fleet_die(struct fake_fleet *f);              // all die for good
bool fleet_deliver(struct fake_fleet *f, struct event *ev); // the next call that arrives, if any
void fleet_answer(struct fake_fleet *f);                    // the batch is committed: answers go down
void fleet_forget_batch(struct fake_fleet *f);              // it is not: nobody hears anything

#endif
