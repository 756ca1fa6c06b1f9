// SPDX-License-Identifier: Apache-2.0
//
// The engine of a node (a heater's or a building's agent): state + event + now -> new state, things to do.
// Pure.
//
//   tick: readings --> thermostats --> heat requests --> regulate --> boards and shares of the runs --> meters
//   answer of the parent: wishes, assignments --> runs, each a small machine:
//
//     assigned --(board awake and free)--> STARTING --started--> RUNNING --kill--> STOPPING --exited--> ENDED
//         |                                   |                    |                                     ^  |
//         +--- cannot be launched, stopped ---+------ exited ------+-------------------------------------+  |
//                                                                        gone <--(acked and no longer listed)
//
//     With files: assigned --> FETCHING --staged--> assigned --> STARTING ...; exited --> STORING --staged-->
//     ENDED. Both hold the board; no command runs then, and none of its time is billed.
//
// What the node does alone, when the link is lost:
//  - Zone wishes are kept: last setpoint and schedule. The thermostat decides, so no heater is left at full power.
//  - The parent's power cap stays as it last was, beside the node's own (its fuse): a circuit does not grow
//    because a link is lost. Whether filler runs alone is the node's configuration.
//  - An assignment ends at `until` less a margin, as its on_lapse says: killed (reported as Lost), frozen, or left.
//    A run with a last command that is asked to end (by the parent or the shutdown; not by its lease's end, a lost
//    epoch or an opened heater) is STOPPING for last_ms at most before it is killed, and has a share then.
// Every state has a time-out: a start that is not confirmed, a kill that does not kill (the board is barred
// then).
//
// The engine never calls out. The program polls agent_call_due() after each event and makes the call; answers
// come back as events, in any order, twice, late or never.
#ifndef ONDOL_CORE_ENGINE_AGENT_H
#define ONDOL_CORE_ENGINE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/engine/sync.h"
#include "core/work/launch.h"

struct agent_config {
    char node[NAME_BYTES];
    struct offer offer; // copied; the order of zones and boards is the order of all arrays below
    const struct thermostat_config *thermostat; // one a zone, or NULL: the defaults of its nameplate
    const bool *lid; // one a zone: its heaters tell when they are opened; copied. NULL: none does
    // One a board: the clock above which its processor boosts, MHz; 0: none is known. Copied. NULL: none
    const int32_t *base_mhz;
    int32_t
        host_cpu_permille; // virtual: what all runs of the node may use of the host, thousandths of a core
    int32_t speed;         // house milliseconds per wall millisecond, for the use of a quota; 1..1,000,000
    bool is_virtual, may_sleep, burn_allowed;
    int32_t
        keep_permille;  // low-power mode: of a zone's computing, what goes on when it wants no heat; 0: none
    bool has_filler;    // there is something to run as filler; without it none is started
    bool filler_alone;  // filler runs while there is no word from above
    int64_t cap_mw;     // the node's own: fuse; -1: none
    int64_t control_ms; // thermostat step, default 10,000
    int64_t report_ms;  // levels are told this often while something runs, default 10,000
    int64_t report_idle_ms;   // and else, default 30,000; a wish that changed is told at once, a draw that
                              // changed by a quarter of the nameplate after report_ms
    int64_t gather_ms;        // a start is told this much later, with what came after it; default 0
    int64_t lease_margin_ms;  // work ends this much before its lease, default 5,000
    int64_t start_timeout_ms; // default 600,000
    int64_t stage_timeout_ms; // files that do not move at all, default 600,000
    int64_t last_ms;          // most that the last command of a run may take, default 10,000
    int64_t kill_again_ms, kill_timeout_ms; // default 30,000 and 600,000
    size_t outbox_bytes_max;                // of output waiting to be acknowledged, default 1 MiB
};
void agent_config_default(struct agent_config *c);

// ---- events

struct board_meter {
    int64_t raw_mj, wrap_mj; // wrap 0: never
};

struct zone_shadow {
    int64_t shadow_mj;
    int32_t shadow_mc;
};

enum agent_event_kind {
    AGENT_TICK,    // readings; at least once per control_ms while things are well
    AGENT_ANSWER,  // of the parent, to the call made with `nonce`
    AGENT_FAILED,  // that call brought nothing
    AGENT_STARTED, // the sandbox of a lease runs
    AGENT_START_FAILED,
    AGENT_USAGE, // what a run used so far
    AGENT_OUTPUT,
    AGENT_EXITED,  // and all its output was handed over before
    AGENT_STAGING, // how far the files of a run are
    AGENT_STAGED,  // they are where they belong, or cannot be
    AGENT_KNOB,    // the occupant set the zone at the heater
    AGENT_SHUTDOWN // the program wants to end: work stops as preempted
};

enum agent_call { CALL_NONE, CALL_REPORT, CALL_PARK };

struct agent_event {
    enum agent_event_kind kind;
    house_ms now;
    uint64_t entropy; // random; taken when a new nonce is needed
    union {
        struct {
            const struct zone_sense *sense;   // one a zone
            const struct board_meter *meter;  // one a board
            const struct zone_shadow *shadow; // one a zone, NULL: not virtual
        } tick;
        struct {
            enum agent_call call;
            uint64_t nonce;                      // of the call that is answered
            const struct sync_down *down;        // NULL for AGENT_FAILED
            const struct task_body *const *body; // one an assignment; NULL where it has none
        } answer;
        struct {
            uint64_t lease;
            const char *code, *message; // AGENT_START_FAILED: "no-sandbox", "start-failed"
        } start;
        struct {
            uint64_t lease;
            int64_t cpu_ms, memory_bytes, peak_bytes;
            int32_t progress_permille; // -1: not known
            int32_t net_in_kbps, net_out_kbps;
        } usage;
        struct {
            uint64_t lease;
            uint8_t stream;
            const char *data;
            size_t n;
        } output;
        struct {
            uint64_t lease;
            int32_t exit_code, signal; // signal 0: none
            int64_t cpu_ms, peak_bytes;
        } exited;
        struct {
            uint64_t lease;
            int64_t files, files_n, bytes, bytes_n; // done and in all; _n 0: not known yet
            const char *code, *message;             // AGENT_STAGED: NULL code, or why not
            bool elsewhere;                         // it is not the task's fault: another board may try
            bool but_some;                          // results: all are stored but those that `code` is of
            const char *names; // AGENT_STAGED, of results: their keys, one a line (staging.h); NULL: none
        } staged;
        struct {
            size_t zone;
            int32_t setpoint_mc;
            uint8_t mode;
        } knob;
    };
};

// ---- actions

enum agent_action_kind {
    ACT_START,   // a sandbox for `lease`; answer with AGENT_STARTED or AGENT_START_FAILED
    ACT_END,     // its last command now, and then its end; what that brings is AGENT_EXITED
    ACT_KILL,    // harmless when it is dead already
    ACT_SHARE,   // thousandths of a core of the host; 0: frozen
    ACT_BOARD,   // how a board is to run from now on
    ACT_READ,    // read the run's pipes (on) or let them fill (off)
    ACT_FETCH,   // its image and resources; answer with AGENT_STAGING, and AGENT_STAGED once
    ACT_STORE,   // its results, likewise
    ACT_UNSTAGE, // ends either, without an answer, and removes what is left of the run's files
};

// How a board is to run.
struct board_order {
    enum activity run;
    struct operating_point point;
    // Duty of all its cores in burning, 0..1000: of a board that burns that of the point; beside a task so
    // much as is to be burnt of what the task leaves. It never takes a cycle that a task wants.
    int32_t burn_permille;
};

struct agent_action {
    enum agent_action_kind kind;
    uint64_t lease;
    size_t board;
    union {
        struct {
            struct launch launch;
            int32_t memory_mb, permille;
        } start;
        struct {
            const struct stage_plan *plan; // NULL: an image alone
            struct launch_image image;     // ACT_FETCH: comes first, when it has a digest
            int64_t room_bytes;            // most that may come
            struct stage_out out;          // ACT_STORE
            uint32_t part;                 // ACT_STORE: 0: results; n: the nth snapshot of this run
        } stage;
        int32_t permille;
        struct board_order board_run;
        bool read;
    };
};

struct agent_actions {
    struct arena arena; // what they point to
    struct agent_action *v;
    size_t n, cap;
};
void agent_actions_deinit(struct agent_actions *a);

// ---- the machine

struct agent;
struct agent *agent_new(const struct agent_config *cfg, uint64_t nonce, house_ms now);
void agent_free(struct agent *a);

void agent_apply(struct agent *a, const struct agent_event *ev, struct agent_actions *out);

// Whether to call the parent now, and how: CALL_REPORT has something to say, CALL_PARK waits for news. One of
// each may be under way at once; an answer or a failure of it must come back as an event before the next.
enum agent_call agent_call_due(const struct agent *a, house_ms now);
// How many ms of house time what is to be said may wait for more, 1 or more: to ask agent_call_due() again
// then. 0: no waiting (there is nothing to say, or it is due, or a call is under way).
int64_t agent_call_wait_ms(const struct agent *a, house_ms now);
// The message; it lives in `arena` and in the engine until the next event.
void agent_call_make(struct agent *a, enum agent_call call, house_ms now, struct arena *arena,
                     struct sync_up *up);

// After AGENT_SHUTDOWN: no run is left and the parent knows everything.
bool agent_at_rest(const struct agent *a);
bool agent_has_runs(const struct agent *a);

// ---- views, for the status page and tests

const struct thermostat *agent_thermostat(const struct agent *a, size_t zone);
// What was in force at the last control step; the thermostat may be ahead of it.
struct zone_wish agent_zone_wish(const struct agent *a, size_t zone);
struct board_state {
    enum activity run;
    struct operating_point point;
    uint64_t lease; // 0: nothing assigned
    bool barred, waking;
    const int64_t *part_uj, *part_ms; // ACTIVITY_N each, since the epoch began; microjoules
};
struct board_state agent_board(const struct agent *a, size_t board);
uint64_t agent_nonce(const struct agent *a);
uint64_t agent_epoch(const struct agent *a);
size_t agent_outbox_count(const struct agent *a);
struct zone_meter_view {
    int64_t asked_mj, delivered_mj, useful_mj;
};
struct zone_meter_view agent_zone_meter(const struct agent *a, size_t zone);

#endif
