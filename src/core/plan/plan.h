// SPDX-License-Identifier: Apache-2.0
//
// The planner: which instance starts on which board, and which board is to be freed. It owns persistent
// indexes (queues by class and constraint signature, free boards by what the zone would pay for their heat);
// the engine tells it what changed, and planner_run looks only at what can have changed its mind.
//
// One objective in micro-euros per hour, from a versioned price table (docs/design/0009-snapshot.md):
//
//   net(task, board) = value of work by class and waiting time + value of heat in that zone now
//                      - electricity - preempting
//
// An instance is placed where net is highest, and only where it is above zero. Classes go best paid first, so
// that no instance waits while a lower class holds a slot that it fits and would be worth more on.
#ifndef ONDOL_CORE_PLAN_PLAN_H
#define ONDOL_CORE_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/when.h"
#include "core/heat/curve.h"
#include "core/heat/request.h"
#include "core/work/activity.h"
#include "core/work/constraint.h"

#define PLAN_NONE    UINT32_MAX
#define PLAN_CLASSES 4 // reserved, onDemand, flex, donated

// How long an instance is expected to run at full speed: up to 10 minutes, an hour, four hours, longer. Of
// work nobody knows anything of the engine says what `unknown_run_s` says.
#define PLAN_RUNS 4
enum plan_run { RUN_SHORT, RUN_HOUR, RUN_HOURS, RUN_LONG };

// Versioned: a change of figures is a change of version, so that old decisions can be explained.
struct price_table {
    int32_t version;
    int64_t work_ueur_per_core_h[PLAN_CLASSES];
    // An hour that an instance of this length is under way costs this share of an hour's work at full speed,
    // so that it does not crawl for days where little heat is wanted. Who has waited as long as the work
    // would take at full speed takes what there is: the share is waived in quarters.
    int32_t crawl_permille[PLAN_RUNS];
    // Seconds at full speed that an instance is taken to need of which nothing is known: no word of the
    // customer, no siblings, no profile that ran before. What has run for t without an end is expected to run
    // for t more (expect.h).
    int64_t unknown_run_s;
    // An instance that crawls is moved when that brings it to its end so much sooner (move.c): so many
    // thousandths of the time that it would take elsewhere with all that is lost, and so many seconds at
    // least; not before it has crawled for `move_after_s` at a stretch, twice as long after each move.
    int32_t move_ratio_permille;
    int64_t move_least_s, move_after_s;
    int64_t hold_least_s; // work that was set aside is not given up before that, nor looked at more often
    int64_t move_start_s; // house seconds to stop it, and to start it on a board that is awake
    int64_t electricity_ueur_per_kwh;
    int64_t heat_owed_ueur_per_kwh;     // heat below the zone's minimum: saves the backup heater, and comfort
    int64_t heat_wanted_ueur_per_kwh;   // heat up to the zone's target
    int64_t heat_excess_ueur_per_kwh;   // negative: heat above the target
    int64_t carbon_ueur_per_g;          // added to a site's electricity
    int64_t preempt_ueur;               // restart and its like, per preemption, spread over an hour
    int64_t distance_ueur_per_h_1000km; // of a task that wants to be near somewhere; a millisecond of the
                                        // site's link, there and back, is 100 km of it (light in glass)
    int64_t data_ueur_per_gb;           // moved to a site
    int64_t prefetch_uses_per_day;      // a set that a site would use so often is fetched ahead
    int64_t gang_patience_ms;           // then a site is kept for the gang
    int64_t fair_ms_per_core; // a customer's first waiting task may wait so long for each core they hold more
                              // than another before it goes first; 0: strictly by age
    bool refused_heat_allowed[PLAN_CLASSES]; // may this class heat a zone that refuses heat (max_w 0)?
};
const struct price_table *price_table_default(void);

// What the planner knows. Indexes are the engine's dense ones.
struct plan_site {
    int64_t cap_mw;              // -1: none
    bool has_tariff;             // else the table's price of electricity holds
    int64_t tariff_ueur_per_kwh; // now
    int32_t carbon_g_per_kwh;    // of its electricity, now
    int64_t carbon_ueur_per_g;   // what it costs there, beside the table's
    char country[4];             // "FR"; "": not known
    int64_t link_mbit_s;         // to the outside; 0: not known, counted as 100
    int32_t latency_ms;          // of it, there and back
    int64_t disk_free_mb;        // for data sets
    bool has_position;
    int32_t lat_mdeg, lon_mdeg; // thousandths of a degree
};

// What a kWh of electricity costs at a site now, its carbon included.
int64_t plan_electricity_ueur(const struct price_table *t, const struct plan_site *s);

#define PLAN_MC_UNKNOWN INT32_MIN

struct plan_zone {
    uint32_t site;
    uint32_t circuit; // 1...: the fuse it hangs on; 0: none
    bool online;
    struct heat_request request;
    int32_t room_mc, setpoint_mc; // PLAN_MC_UNKNOWN: not known; only some policies look at them
    // Where somebody else would heat as well (gas for a pool): what a kWh of that costs. Otherwise heat that
    // is asked for is made here in any case, and its electricity is spent in any case.
    bool has_other_heat;
    // Watts that it is expected to want on average over the next 5 minutes, half hour, two and a half hours,
    // eight hours (plan_run_typical_s of each length of run); else what it asks for now counts for however
    // long.
    bool has_ahead;
    int32_t ahead_w[PLAN_RUNS];
    int64_t other_heat_ueur_per_kwh;
};

struct plan_board {
    uint32_t zone;
    // What boards of one make share: both stay where and as they are until the planner was told of others.
    const struct board_spec *spec;
    const struct curve *curve;
    bool usable;                   // online, not barred, can isolate
    bool asleep;                   // it would have to boot first
    // what holds its slot
    uint32_t task; // PLAN_NONE: free
    enum activity activity;
    uint64_t account;
    bool stopping; // asked to stop; counts as held
    bool holds; // what has it can be set aside for a better class and goes on afterwards; then little is lost
    // Of what is set aside there: it is free for better classes only. RESERVED, which never makes room: nothing.
    enum activity beneath;
    int32_t lost_s; // seconds of work at full speed that would be lost by stopping it, as last told
};

// Where a task may run and would rather.
struct plan_where {
    char country[4]; // "": any
    uint32_t site;   // index + 1; 0: any
    bool has_near;
    int32_t lat_mdeg, lon_mdeg;
};

#define PLAN_DATA_MAX 4

struct plan_task {
    enum activity activity; // RESERVED..DONATED
    uint64_t account;
    uint64_t order; // of creation: ties go to the smaller
    struct constraint constraint;
    struct plan_where where;
    uint32_t data[PLAN_DATA_MAX]; // data sets that it reads, as told by planner_data
    uint8_t n_data;
    enum plan_run run;
    int32_t gang;    // 2...: so many instances at once on one site or none; 0, 1: each for itself
    int32_t pending; // instances that wait
    house_ms since;  // waiting since
};

struct plan_assign {
    uint32_t task, board;
    int64_t net_ueur_per_h;
    int64_t
        stage_bytes; // that are not on the site yet: the board waits for them. 0 but for policies that do so
    bool aside;      // what has the board is set aside for it; else the board is free
};

struct plan_stop {
    uint32_t board;
    uint32_t for_task; // PLAN_NONE: for nobody, its zone is too warm
};

struct plan_fetch {
    uint32_t data, site;
    uint32_t for_task; // PLAN_NONE: ahead of any
    bool in_advance;   // of the policy that has all data everywhere: it is there by now
};

struct plan {
    struct plan_assign *assign;
    size_t n_assigns, cap_assigns;
    struct plan_stop *stop;
    size_t n_stops, cap_stops;
    struct plan_fetch *fetch; // copies to be made; they count as coming from now on
    size_t n_fetches, cap_fetches;
};
void plan_deinit(struct plan *p);
void plan_clear(struct plan *p);

struct planner;
struct plan_policy;                                            // core/plan/policy.h
struct planner *planner_new(const struct price_table *prices); // with the policy `market`
struct planner *planner_new_with(const struct price_table *prices, const struct plan_policy *policy);
const struct plan_policy *planner_policy(const struct planner *p);
void planner_free(struct planner *p);

void planner_site(struct planner *p, uint32_t site, const struct plan_site *s);
void planner_circuit(struct planner *p, uint32_t circuit, int64_t cap_mw); // circuit 1...; cap -1: none
// Data sets and where they are. A copy is COMING from the plan that ordered it until it is told HERE, or NONE
// again.
enum plan_replica { REPLICA_NONE, REPLICA_COMING, REPLICA_HERE };
void planner_data(struct planner *p, uint32_t data, int64_t bytes);
void planner_replica(struct planner *p, uint32_t data, uint32_t site, enum plan_replica r);
enum plan_replica planner_replica_at(const struct planner *p, uint32_t data, uint32_t site);
void planner_data_gone(struct planner *p, uint32_t data); // no task names it; its number may be used anew
// Whether somebody makes the copies that plans order (the first state). Else nobody does: work goes where its
// data is if that pays, and otherwise the board waits for them; plans order none. Before the first task.
void planner_makes_copies(struct planner *p, bool makes);
void planner_zone(struct planner *p, uint32_t zone, const struct plan_zone *z);
void planner_wants(struct planner *p, uint32_t zone, const struct heat_request *r); // of a zone told before, its watts
void planner_board(struct planner *p, uint32_t board, const struct plan_board *b);
void planner_lost(struct planner *p, uint32_t board,
                  int32_t lost_s); // of a board told before, what it would lose
void planner_task(struct planner *p, uint32_t task, const struct plan_task *t); // pending 0: leaves the queue
void planner_task_gone(struct planner *p, uint32_t task);

// Fills `out` with what to do now. The engine carries it out and tells the planner so by planner_board and
// planner_task. Incremental: with nothing changed since the last run it returns at once.
void planner_run(struct planner *p, house_ms now, struct plan *out);
// The same from nothing, for comparison in tests: forgets every index first.
void planner_run_full(struct planner *p, house_ms now, struct plan *out);

// When to run it again though nothing is told: somebody's patience is over then. INT64_MAX: never.
house_ms planner_look_again(const struct planner *p);

// An instance on a board, and a better board for it. Seconds of work are at full speed of the board it is on.
struct plan_runner {
    uint32_t task, board;
    int32_t speed_permille; // of full speed, as it runs now; 0: it stands still
    int64_t left_s;         // of work that is expected to be left
    int64_t lost_s;         // of work that a new attempt would have to do again
    // Likewise what holds another board would lose. NULL: nothing.
    int64_t (*loss_of)(const void *ctx, uint32_t board);
    const void *ctx;
};

struct plan_move {
    uint32_t board;
    bool take;      // a lower class holds it and is to be stopped first; else it is free
    int64_t stay_s; // until its end, if it stays as it is
    int64_t go_s;   // on the other board, with what is lost, boot and data
};

// The board where it would end soonest, if that is so much sooner that moving pays by the price table, the
// zone there wants the heat, and the policy would place it there. False: it stays. Looks at every zone: not
// for every event.
bool planner_move(struct planner *p, const struct plan_runner *r, struct plan_move *out);
// How far away its end must be at least, in seconds, for planner_move to find anything: if it is sooner, not even
// the fastest make of board, free and at full speed, is so much better. INT64_MAX: there is no board.
int64_t planner_move_pays_s(const struct planner *p, const struct plan_runner *r);

// Places one instance of the task on this free board, as planner_run would, if it may be there and is worth
// it; before planner_run. False: nothing was changed.
bool planner_place_on(struct planner *p, uint32_t task, uint32_t board, house_ms now, struct plan *out);

// Whether one more instance of the task would be placed on a free board now.
bool planner_has_room(struct planner *p, uint32_t task, house_ms now);

const struct price_table *planner_prices(const struct planner *p);

// What it was told of a board and of a task, for those who compare; NULL, false: it is not known.
const struct plan_board *planner_board_at(const struct planner *p, uint32_t board);
void planner_fetch_zone(const struct planner *p, uint32_t zone);   // brings it near the processor
void planner_fetch_board(const struct planner *p, uint32_t board); // brings it near the processor
bool planner_task_at(const struct planner *p, uint32_t task, struct plan_task *out);

// What the task's next instance would be worth on this board now, micro-euros per hour, without preemption;
// INT64_MIN when it may not run there. `why_not` (may be NULL) gets the reason.
enum plan_bar {
    BAR_NONE,
    BAR_UNUSABLE,
    BAR_HARDWARE,
    BAR_REFUSES_HEAT,
    BAR_SITE_CAP, // or its circuit's
    BAR_WORTHLESS,
    BAR_HELD,
    BAR_DATA,      // its data is not on the site
    BAR_KEPT,      // its site is kept for a gang that waits
    BAR_RESIDENCY, // another country or site is asked for
    BAR_N
};
int64_t planner_net(const struct planner *p, uint32_t task, uint32_t board, house_ms now,
                    enum plan_bar *why_not);

// What any plan satisfies; -EINVAL with the first thing that does not hold:
//   no slot twice, no held slot, no board with two accounts, no unusable board, hardware constraints, site
//   power cap, data on the site (unless the policy lets boards wait for it), gangs whole on one site,
//   residency, fuses, no more instances than wait, no heat into a zone that refuses it unless the class may,
//   and no instance waiting while a lower class holds a slot that it fits, may use and is worth more on, net
//   of preemption.
int plan_check(const struct planner *p, house_ms now, const struct plan *plan, struct err *e);

#endif
