// SPDX-License-Identifier: Apache-2.0
// The node's engine, played: a rig of one radiator of three boards in a true room (device/twin), a sandbox
// that only answers, and a parent whose words are written by the tests. Time is moved by hand.
#ifndef ONDOL_TESTS_AGENT_RIG_H
#define ONDOL_TESTS_AGENT_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/engine/agent.h"
#include "device/twin.h"

#define START_MS INT64_C(1705276800000) // 2024-01-15
#define HOUR_MS  INT64_C(3600000)
#define BOARDS   3
#define RUNS_MAX 32

struct rig {
    struct agent *agent;
    struct device body;
    struct weather weather;
    house_ms now;
    struct arena arena;
    struct agent_actions acts;
    bool auto_start, auto_exit_on_kill;
    uint64_t version;
    const struct task_body *body_of_all; // of assignments; NULL: rig_hello
    struct zone_sense sense;
    bool lid_open; // what its contact says from the next step on
    // what the agent asked for
    int fetches, stores, unstages;
    int64_t stage_room;
    int starts, kills, ends, reads_off, reads_on;
    uint64_t last_start, last_kill;
    int32_t share[RUNS_MAX];
    int64_t cpu_us[RUNS_MAX];
    int32_t use_permille[RUNS_MAX]; // of its share; 0: all
    int32_t progress_permille;      // as the runs' output says; 0: nothing
    size_t board_of[RUNS_MAX];
    char argv0[64];
};

extern const struct task_body rig_hello; // DOCKER_CMD "work ${INSTANCE_ID}"

// An event now, and what the agent wants done because of it.
void rig_feed(struct rig *r, struct agent_event *ev);
// Time passes: runs that have a share use all of it, or as much as use_permille says; the body is ticked and
// read.
void rig_step(struct rig *r, int64_t ms);
// The same in steps of 10 s.
void rig_run_for(struct rig *r, int64_t ms);
// `cfg`: NULL, or whose outbox_bytes_max and report_ms (0: default) and cap_mw count.
void rig_init(struct rig *r, double start_c, struct agent_config *cfg_out);
// The same; with 2 heaters the last board is in one of its own. burns: where there is nothing to run.
void rig_open(struct rig *r, double start_c, struct agent_config *cfg_out, int heaters, bool burns);
void rig_deinit(struct rig *r);
// The message of a call that must be due.
struct sync_up rig_call(struct rig *r, enum agent_call want);
// An assignment of the hello body, for a minute.
struct assignment rig_assignment(struct rig *r, uint64_t lease, const char *board);
// The parent answers; zero fields get sensible values, `acked` stays as it is.
void rig_answer(struct rig *r, enum agent_call which, struct sync_down *d, struct assignment *a, size_t n);
// The first call and its grant of epoch 5.
void rig_join(struct rig *r);
// The first report of a kind about a lease; NULL when there is none.
const struct report *rig_find(const struct sync_up *up, enum report_kind k, uint64_t lease);
uint64_t rig_last_seq(const struct sync_up *up);

#endif
