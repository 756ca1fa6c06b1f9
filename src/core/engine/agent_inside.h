// SPDX-License-Identifier: Apache-2.0
//
// The inside of the node's engine, shared by the files agent_*.c and by nobody else: one file a concern.
//   agent.c         new, free, the table of events        agent_lease.c   answers, wishes, lapses
//   agent_run.c     the life of a run                     agent_heat.c    thermostats, boards, shares
//   agent_meter.c   joules by their parts                 agent_outbox.c  what waits to be acknowledged, the calls
//   agent_report.c  levels, as reports
#ifndef ONDOL_CORE_ENGINE_AGENT_INSIDE_H
#define ONDOL_CORE_ENGINE_AGENT_INSIDE_H

#include "core/engine/agent.h"
#include "core/heat/regulate.h"
#include "core/heat/schedule.h"

#define AGENT_RUNS_MAX 4096
#define AGENT_RUNS_A_BOARD                                                                                   \
    160                         // one runs, or the slots of a pool's node; one may wait; the others are ended
                                // and not acknowledged yet
#define AGENT_OUTBOX_MAX   8192 // reports; beyond it only ends of runs are taken
#define AGENT_CALL_REPORTS 1024
#define AGENT_CALL_BYTES   ((size_t)256 << 10) // six times that as JSON at worst, below what the wire takes

enum run_state {
    RUN_ASSIGNED,
    RUN_FETCHING,
    RUN_STARTING,
    RUN_RUNNING,
    RUN_STOPPING,
    RUN_STORING,
    RUN_ENDED
};

struct agent_run {
    uint64_t lease;
    size_t board;
    enum run_state state;
    bool mute;    // of an epoch that is over: nothing is reported
    bool listed;  // in the answer being applied
    bool reading; // its pipes are read
    bool paused;  // lease lapsed, policy PAUSE
    bool held;    // set aside: it stands still, and another may have the board
    house_ms held_at;
    int32_t asks_mb; // of memory, at least; 0: not said
    uint32_t instance, instance_count, attempt;
    int32_t slots;   // of a pool's node: so many runs inside it at once; 0: it is none
    bool ready;      // a pool's node that is prepared: it has no process any more
    bool lasts;      // STOPPING: its last command runs, kill_at is when it is killed
    bool prepares;   // it has a command to run before it is
    uint64_t within; // lease of the node in which it runs; 0: it has the board for itself
    enum activity activity;
    house_ms until, renewed_at, assigned_at, started_at, state_since, kill_at;
    enum on_lapse on_lapse;
    int32_t end;                        // enum attempt_end to report when killed; -1: as it exits
    const char *end_code, *end_message; // static texts
    struct arena arena;                 // the launch
    struct launch launch;
    int32_t permille;          // share in force; -1: none set
    int64_t cpu_ms, credit_us; // used, by the host; of it not accounted yet, us
    int32_t use_permille, progress_permille;
    int64_t use_sum; // permille x ms, over exec_ms
    bool sampled;    // its level was told once that it had run for a moment
    // What its board's meter counted over idle, and what the points set for it would have given; since the
    // last control step.
    int64_t seen_uj, could_uj;
    int32_t unused_ppm; // filtered: what it leaves of its watts over idle
    int64_t memory_mb, peak_mb;
    int32_t net_in_kbps, net_out_kbps;
    int64_t energy_uj, exec_ms, core_ms, work_mhz_ms;
    int64_t clock_mhz_ms, clocked_ms; // of the time in which it could work
    bool exit_acked;
    bool fetched, has_files; // its resources are there; files of it are on this machine
    struct {
        int64_t files, files_n, bytes, bytes_n;
    } staging;
    house_ms staged_since; // of what is fetched or stored now
    struct {               // how the command ended, told once its results are stored
        enum attempt_end end;
        int32_t exit_code, signal;
        char code[24], message[160];
    } over;
    int32_t results;                                      // files stored
    char *names;                                          // owned: their keys, until its end is told
    int64_t fetch_ms, fetch_bytes, store_ms, store_bytes; // what moving its files took
    struct arena orders_arena;
    struct stage_orders orders; // while it runs
    enum { ERRAND_NONE, ERRAND_RESYNC, ERRAND_SNAPSHOT } errand;
    uint32_t resync, snapshots, parts, number; // done last; parts given; of the errand
    house_ms errand_since, snapshot_at;        // snapshot_at: the next periodic one
};

struct agent_zone {
    struct schedule schedule;
    struct zone_wish base;
    house_ms boost_until;
    int32_t utc_offset_min;
    struct zone_wish knob; // set by hand, against the schedule, until then
    house_ms knob_until;
    house_ms lid_clear; // the last word about its lid that was heard
    bool has_lid;       // its heaters tell when they are opened
    bool work_only;     // by the parent's word: something else heats it for less
    bool heard;         // the parent has said, in this life, what it should be
    bool knob_pending;  // the occupant's word is not acknowledged: what comes down about it is older
    struct zone_shadow shadow;
    int64_t asked_uj, delivered_uj, useful_uj;
    int32_t short_w,
        use_permille; // watts that cannot be made because tasks leave theirs unused, and what they use
    int32_t told_w;   // its draw as last told
};

struct agent_board {
    size_t zone, heater;
    enum activity run;
    struct operating_point point;
    house_ms waking_until; // v INT64_MIN: awake
    house_ms low_since; // of the first board of a heater: its target is below the idle draw; v INT64_MIN: it
                        // is not
    bool known;         // the device was told at least once
    struct curve base; // as far as the base clock; n 0: none is known
    bool barred;
    char barred_why[96];
    struct board_meter meter; // last reading
    bool metered;
    int64_t apart_uj;      // since that reading: drawn apart from its task (all of it, without one)
    int32_t expect_mw;     // what it draws, by what its task leaves unused, and with what burns beside it
    int32_t beside_mw;     // of that, burnt
    int32_t burn_permille; // as the device was told
    int64_t raw_at_report;
    int64_t part_uj[ACTIVITY_N], part_ms[ACTIVITY_N];
};

struct outbox_item {
    struct report r;
    char *data; // owned, of REPORT_OUTPUT; of REPORT_EXITED its names
};

struct agent {
    struct agent_config cfg;
    struct thermostat *thermostat;
    struct zone_sense *sense;
    struct agent_zone *zone;
    struct agent_board *board;
    size_t n_zones, n_boards, n_heaters;
    struct agent_run *run; // by order of assignment
    size_t n_runs, cap_runs;
    // link
    uint64_t nonce, epoch, have, seq; // seq: last one given
    house_ms have_house;              // house time of the newest answer
    house_ms wish_until;              // of what came from above; INT64_MIN: nothing in force
    house_ms answered_at;
    house_ms born;
    int64_t cap_mw;
    bool filler_allowed, donated_allowed;
    bool parked, reporting; // calls under way
    bool rejoin;            // waits for its runs to die, then asks for a new epoch
    bool shutdown;
    bool regulate_due; // a run came or went
    bool wish_changed,
        tell_levels; // somebody looks whether the heater follows: the beat after the control step is told
    bool draw_moved; // some zone's draw is a quarter of its nameplate off what was told above
    house_ms levels_at, next_control, last_control, last_meter, last_account;
    bool ticked;
    struct outbox_item *out;
    size_t n_out, cap_out, out_bytes;
    bool congested; // pipes are not read
};

struct agent_action *agent_act(struct agent_actions *out, enum agent_action_kind kind);

// agent_run.c
struct agent_run *run_find(struct agent *a, uint64_t lease);
// The one that holds it: STARTING..STOPPING, or the first assigned. A pool's node that is prepared leaves it
// to what runs inside, of which this is one.
struct agent_run *run_on_board(struct agent *a, size_t board);
bool run_holds(const struct agent_run *r); // it has, or waits for, a process on its board, and is not set aside
// The node in which it runs; NULL: it has the board for itself, or the node is gone.
struct agent_run *run_around(struct agent *a, const struct agent_run *r);
int32_t run_slots(const struct agent *a,
                  const struct agent_run *r); // its share of its board is one in so many
void run_assign(struct agent *a, const struct assignment *as, const struct task_body *body, house_ms now);
// Kills it now, also one that run_end left some time.
void run_stop(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
              house_ms now, struct agent_actions *out);
// As run_stop, but a run with a last command has the time for it first.
void run_end(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
             house_ms now, struct agent_actions *out);
int32_t heat_last_share(const struct agent *a, const struct agent_run *r); // agent_heat.c
void run_started(struct agent *a, const struct agent_event *ev, struct agent_actions *out);
void run_start_failed(struct agent *a, const struct agent_event *ev);
void run_usage(struct agent *a, const struct agent_event *ev);
void run_output(struct agent *a, const struct agent_event *ev, struct agent_actions *out);
void run_exited(struct agent *a, const struct agent_event *ev, struct agent_actions *out);
void runs_step(struct agent *a, house_ms now, struct agent_actions *out); // starts, lapses, time-outs
void runs_forget(struct agent *a);
void run_drop(struct agent *a, size_t i);

void run_over(struct agent *a, struct agent_run *r, enum attempt_end end, const char *code,
              const char *message, house_ms now); // its end is told

// agent_hold.c
extern const char hold_why_memory[];
void run_hold(struct agent *a, struct agent_run *r, bool hold, house_ms now, struct agent_actions *out);
// Whether what is set aside on its board leaves the memory that it needs to start; if not, that is given up first.
bool hold_leaves_room(struct agent *a, const struct agent_run *r, house_ms now, struct agent_actions *out);
void hold_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out);

// agent_stage.c
bool stage_fetch(struct agent *a, struct agent_run *r, house_ms now,
                 struct agent_actions *out); // false: no need
bool stage_store(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out); // likewise
bool stage_stop(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
                house_ms now); // false: it is in neither
void stage_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out);
void run_staging(struct agent *a, const struct agent_event *ev);
void run_staged(struct agent *a, const struct agent_event *ev);
void stage_level(struct agent *a, const struct agent_run *r, house_ms now);

struct agent_action *stage_act(struct agent *a, const struct agent_run *r, enum agent_action_kind kind,
                               struct agent_actions *out);

// agent_order.c
void order_take(struct agent_run *r, const struct stage_orders *o, house_ms now, bool is_new);
void order_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out);
void order_done(struct agent *a, struct agent_run *r, const struct agent_event *ev);
void order_cut(struct agent *a, struct agent_run *r, house_ms now); // its command has ended

// agent_lease.c
void lease_answer(struct agent *a, const struct agent_event *ev, struct agent_actions *out);
void lease_step(struct agent *a, house_ms now, struct agent_actions *out);
void lease_rejoin(struct agent *a, uint64_t entropy, house_ms now);
void lease_knob(struct agent *a, const struct agent_event *ev);

// agent_heat.c
struct zone_wish agent_wish(const struct agent_zone *z, house_ms now); // week, boost and knob resolved
struct zone_wish agent_wish_ahead(struct agent *a, size_t zone,
                                  house_ms now); // for the thermostat: core/heat/ahead.h
void heat_control(struct agent *a, house_ms now, struct agent_actions *out);
void heat_lids(struct agent *a, house_ms now, struct agent_actions *out); // opened heaters: nothing runs
// Chooses again for all boards, with the requests as they are: when a run came, went or stood still between
// two steps.
void heat_regulate(struct agent *a, house_ms now, struct agent_actions *out);
int32_t heat_share(const struct agent *a,
                   const struct agent_run *r);                // of a run that is being started or runs
void heat_shares(struct agent *a, struct agent_actions *out); // after runs came or went, too

// agent_meter.c
void meter_step(struct agent *a,
                const struct agent_event *ev); // integrates since the last step; takes the readings
void meter_boards(struct agent *a,
                  house_ms now);     // the boards' parts alone, when a run comes or goes between ticks
void meter_restart(struct agent *a); // every count from zero, and where the meters stand
void meter_say(struct agent *a, size_t board);     // a report of its meter and parts as they stand
void meter_unused(struct agent *a, int64_t dt_ms); // a control step's worth of readings into unused_ppm

// agent_outbox.c
struct report *outbox_add(struct agent *a, enum report_kind kind, const char *name, uint64_t lease,
                          house_ms now);
void outbox_add_output(struct agent *a, uint64_t lease, uint8_t stream, const char *data, size_t n,
                       house_ms now);
void outbox_add_names(struct agent *a, struct report *last, char *names); // of the one added last; takes them
void outbox_acked(struct agent *a, uint64_t acked);
void outbox_clear(struct agent *a);
bool outbox_holds(const struct agent *a, enum report_kind kind, const char *name, uint64_t lease);
// The latest that no call has taken yet: it may still be written. NULL: none.
struct report *outbox_unsent(struct agent *a, enum report_kind kind, uint64_t lease);
void outbox_drop_level(struct agent *a, uint64_t lease); // such levels of it: what they tell of is over
void outbox_reading(struct agent *a, struct agent_actions *out); // stops and resumes the reading of pipes

// agent_report.c
void report_levels(struct agent *a, house_ms now);
void report_young(struct agent *a, house_ms now); // the first level of what began a moment ago
// Its command is over and its results are not away: what the whole run used, and how far it came.
void report_last(struct agent *a, const struct agent_run *run, house_ms now);
void report_watch(struct agent *a); // whether some heater's draw should be told soon
void report_exit(struct agent *a, struct agent_run *r, enum attempt_end end, int32_t exit_code,
                 int32_t signal, const char *code, const char *message, house_ms now);

#endif
