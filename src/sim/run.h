// SPDX-License-Identifier: Apache-2.0
//
// The inside of the simulator, for the files of src/sim only.
//
// Time goes in steps of physics and thermostats. Within a step, things happen at their exact millisecond, in
// the order of (time, kind, index, number): arrivals, ends of instances, boards that have booted. The engine
// hears of what changed and of nothing else.
//
//   a step:  read sensors | thermostats | reports worth making | boards to their watts |
//            what happens within the step, each followed by the engine's plan and what it makes of the boards |
//            energies | physics and shadows | measures
//
// One node (agent) is a zone with its heater. Work is counted in core-MHz x ms, energy in microjoules (mW x
// ms): whole numbers, so that sums do not depend on their order.
#ifndef ONDOL_SIM_RUN_H
#define ONDOL_SIM_RUN_H

#include <stdalign.h>

#include "base/map.h"
#include "base/num.h"
#include "base/rng.h"
#include "base/wide.h"
#include "core/engine/server.h"
#include "core/heat/schedule.h"
#include "core/heat/store.h"
#include "core/heat/lanes.h"
#include "core/heat/thermostat.h"
#include "sim/sim.h"
#include "world/boiler.h"
#include "world/house.h"
#include "world/hygiene.h"
#include "world/network.h"
#include "world/pool.h"
#include "world/shadow.h"
#include "world/tank.h"

#define SIM_NONE       UINT32_MAX
#define DRIVE_MIXED    15
#define DRAW_SHIFT     8      // of the milliwatts in an entry of sim_run.draw
#define SLEEP_AFTER_MS 300000 // as in the agent
#define DRIVE_BOARDS   4      // up to so many boards a zone, what regulate() says is kept in tables
#define FETCH_BOARDS   4      // of a zone with more, the others are fetched when they are looked at

// ---- what happens (queue.c)

enum happen {
    HAPPEN_SCRIPT,   // a thing from the trace
    HAPPEN_FAULT,    // a new fault; index: of the scenario
    HAPPEN_HEALED,   // index: target, extra: kind of happening
    HAPPEN_SCHEDULE, // a week plan has its next entry; index: zone
    HAPPEN_KNOB,     // somebody turns the knob; index: zone
    HAPPEN_HEARD,    // a thermostat hears of what was wished (mutants.steps_late); index: zone
    HAPPEN_BOOTED,   // boards are awake; index: zone
    HAPPEN_LINK,     // a copy is over the link to a site; index: site
    HAPPEN_COPIED,   // and there; index: site, extra: the set
    HAPPEN_STAGED,   // data are there; index: board, extra: the lease, as boards sleep and wake meanwhile
    HAPPEN_END,      // index: board
    HAPPEN_LAPSE,    // a cut-off node gives its work up; index: zone
    HAPPEN_BEAT,     // a node says that it is alive; index: zone
    HAPPEN_ARRIVAL,  // the next job of the workload
    HAPPEN_TICK,     // the engine wants its time
};

struct happening {
    int64_t at;
    uint8_t kind;
    uint32_t index; // below 2^28
    uint32_t stamp; // of the board or site when it was foreseen: another one makes it void
    int64_t extra;
    uint64_t order; // of those of one moment: kind, index, number
};

struct queue_of {
    struct happenings { // a heap
        struct happening *v;
        size_t n, cap;
    } soon, later, due; // due: in order, from `taken` on
    size_t taken;
    int64_t until; // from then on it is `later`
    uint64_t number;
};
void queue_push(struct queue_of *q, struct happening h);
bool queue_pop_before(struct queue_of *q, int64_t at, struct happening *h);
const struct happening *queue_first(const struct queue_of *q); // NULL: nothing is to happen
// What will be the k-th from now, but for what comes between; NULL: not known.
const struct happening *queue_ahead(const struct queue_of *q, size_t k);
void queue_free(struct queue_of *q);

// ---- boards and what they run

enum board_phase { BOARD_FREE, BOARD_WAITS, BOARD_RUNS }; // waits: for boot or data

// How fast an instance runs, and what it has to do, at a moment.
struct sim_mark {
    int64_t at, left;
    int32_t mhz; // -1: not known
};

// What the engine was told of that (levels.c).
struct sim_level {
    uint64_t lease;       // of which
    struct sim_mark told; // last
    struct sim_mark out,
        in;          // since when it gets on again, and crawls since then, which were not told; at -1: no
    int64_t look_at; // when the engine looks at it, as far as is known
    bool crawls;     // as told last
};

// An instance that is set aside on its board.
struct sim_held {
    uint32_t task, instance, attempt;
    int32_t rate_cores;
    uint64_t lease;
    uint8_t activity;
    int64_t left, all, saved, granted_at, exec_ms, lease_uj; // as in sim_board
    struct sim_level level;
    int64_t held_at;
};

// What a board has drawn, and for how long.
struct sim_used {
    int64_t uj, ms;
};

struct sim_board {
    // A line of the cache: what driving and booking look at.
    _Alignas(64) uint32_t zone;
    uint32_t task; // slot; SIM_NONE: free
    uint32_t stamp;
    int32_t rate_cores;        // cores the instance can use here
    int32_t draw_mw, work_mhz; // as driven now, with `run`
    uint8_t run;
    uint8_t phase, activity;
    bool asleep, booting, dark, data_missing, listed, held_listed;
    uint64_t lease;
    int64_t left; // core-MHz x ms still to do
    int64_t lease_uj;
    // Another: its instance.
    int64_t all;                    // to do
    int64_t saved;                  // done and saved before this attempt
    int64_t granted_at, started_at; // started: less what it stood aside
    int64_t boot_end;
    int64_t goes_on_ms;    // it was set aside, and has run for so long when it goes on; -1: it is no such
    struct sim_held *held; // NULL: nothing is set aside
    int64_t foreseen;      // the latest foresight of its end: older ones are void
    // A third, of tasks, and some more.
    struct sim_used used[ACTIVITY_N]; // since the start; where the zone's boards are alike, in the zone
    struct sim_level level;
    int64_t *base_uj; // of an agent's life after the first: what the meter's parts began with
    uint32_t instance, attempt;
};

struct drive_row {
    int32_t draw_mw[DRIVE_BOARDS], work_mhz[DRIVE_BOARDS];
    uint8_t run[DRIVE_BOARDS];
    int32_t total_mw;
    bool filled;
    bool alike;            // every board does the same kind of thing
    bool to_sleep_or_wake; // it moves a board between sleep and awake
    uint8_t crawls;        // bits: boards whose task runs so slowly that the engine may move it
};

// ---- zones

struct water; // water.c

// What of a request the boards and the engine go by.
struct heat_watts {
    int32_t target_w, max_w, min_w;
};

struct sim_zone {
    // Two lines of the cache: what driving and booking look at.
    _Alignas(64) int64_t settled; // until when its boards' energies and work are booked
    int64_t row_step;             // the step that `row` is of; of later ones the log says
    const struct drive_row *row;  // NULL: the boards themselves say how they are driven
    struct water *water;          // NULL: a room
    uint32_t table;
    uint32_t first_board, batch, at; // at, batch: of a room
    int16_t runs;                    // boards with an instance
    int16_t held;                    // boards with one that is set aside
    uint8_t n_boards, kind, model;
    // alike: without work, all boards do the same kind of thing. It is booked as if each drew the same, which they do
    // but where one stands at the next operating point. stale: the boards have changed since they were driven.
    bool alike, stale;
    bool resting;       // its boards were told to sleep, and nothing has changed since
    bool urgent;        // has work that may draw what the zone can bear, and so is looked at every step
    bool may_sleep_now; // what its boards were told last of whether they may
    bool lifted;        // its thermostat was told that urgent work has watts beyond those that are wanted
    // the second
    uint64_t key;        // of the table the row is from
    int64_t low_since;   // INT64_MIN: it wants what its boards draw idle
    int64_t cap_mw;      // from above; -1: none
    double hw_cap_w;     // of the processors on their water
    int64_t quiet_until; // no instance can end before
    uint32_t group, site;
    int32_t bears_w; // with urgent work: the most it may draw, as driven
    int32_t nameplate_w;
    bool filler_ok;
    bool keeps;     // low-power mode is in force
    bool work_only; // the engine says: something else heats it for less
    bool down, cut; // the agent is dead; the link is
    bool listed;
    bool told_any;
    uint8_t sensor; // 0 well, else the SIM_SENSOR_* it suffers
    // the third: its node, and what the engine was told
    uint64_t node, id;      // id: the engine's of the zone
    int64_t levels_at;      // when its levels are to be looked at again though it stays as it is (levels.c)
    struct heat_watts told; // of its request, as decisive() has it
    int32_t told_keep_w, told_mc; // told_mc: of its room, to a policy that looks at rooms
    int32_t tell_w;               // by which a request must have moved to be told
    uint32_t node_known;          // sync_up.known
    uint32_t lives;               // how often its agent has started
    int8_t crawls;                // drive_crawls() when its levels were looked at last
    // the fourth: its calls
    _Alignas(64) struct report *outbox;
    size_t n_outbox, cap_outbox;
    uint64_t epoch, seq, version;
    int64_t beat_at, until;
    // and what is booked
    struct sim_used alike_used[ACTIVITY_N]; // of all its boards and for each, while alike
    // read and written every hour
    int64_t total_uj, agent_asked_uj, useful_uj; // asked, useful: by its thermostat, for the meter reports
    // the rest
    int64_t step_uj; // booked in this step; of a room: in its lane
    // Of water; of a room: in its lane, as zone_mw() gives it.
    int32_t total_mw, target_w;         // what its boards draw; as driven
    int32_t last_want;                  // of the request, as of the last step
    const struct heat_request *request; // of water; of a room: request_w()
    // occupant
    struct zone_wish wish, base;
    struct schedule *schedule;
    house_ms look_at; // when its answer may next be another
    struct rng rng;
    bool touches; // somebody turns this knob at all
    // node
    uint32_t stamp;
    // sensor
    int32_t last_mc;
    // What total_uj and the next two were when its agent's life began.
    int64_t base_total_uj, base_asked_uj, base_useful_uj;
    int32_t power_cycles;
};

// Of sixteen rooms what there is of each at every step. It lies together, in the order in which the loops of lanes.c come
// to it: whoever looks at one room finds all of it in a page or two.
struct sim_row {
    // thermostats, and who is to be looked at
    alignas(64) int32_t want_w[WIDE_ROW]; // of the request, as of the last step
    int32_t driven_w[WIDE_ROW];           // as driven
    int32_t quiet_step[WIDE_ROW];         // no instance can end and no board go to sleep before this step
    // a bit a room
    uint16_t restless; // to be looked at every step
    uint16_t look;     // result: to be looked at in this step, or worth telling
    uint16_t touched;  // its energy of this step was booked
    // Where its boards' draws by watts begin in run->draw, while its watts stay as many, or as few, as that part is
    // of; -1: drive_zone() must say. What they all run, or DRIVE_MIXED.
    alignas(64) int32_t fast[WIDE_ROW];
    int32_t run[WIDE_ROW];
    uint32_t decided[WIDE_ROW]; // hash of all it was driven at
    // what the engine was told
    int32_t told_target_w[WIDE_ROW], told_max_w[WIDE_ROW], told_min_w[WIDE_ROW];
    int32_t crawled[WIDE_ROW],
        levels_step[WIDE_ROW]; // sim_zone.crawls, and the first step not before its levels_at
    // Since the last flush: of steps in which nothing was booked the sums of watts, of others the energies.
    int32_t asked_w[WIDE_ROW], useful_mw[WIDE_ROW], drawn_mw[WIDE_ROW];
    double useful_uj[WIDE_ROW], total_uj[WIDE_ROW];
    // Energy of this step: booked until from_ms after its start, with draw_mw since.
    double booked_uj[WIDE_ROW], from_ms[WIDE_ROW];
    // Of lane_total_uj() and booked_uj, what is booked to the boards or, at the hour, only to its class (class_uj); of
    // that, of all hours, what is not booked to the boards yet.
    double split_uj[WIDE_ROW], early_uj[WIDE_ROW];
};

// The rooms of a batch; rooms.c and lanes.c go over them.
struct sim_lanes {
    struct heat_lanes heat; // draw_mw is what its boards draw
    struct sim_row *row;
    uint16_t *log; // driven_w of the last hour's steps: step % r->log_steps rows of n
};

// Rooms of one size, the places from `from` on of their sim_rooms: they share their matrices.
struct sim_size {
    struct room_model model;
    struct shadow_model shadow_model;
    uint32_t from, n;
    double glass_w_m2;       // glass x g x frame x shade of a facade: what a W/m2 of sun brings
    struct room_batch rooms; // parts of the whole's
    struct shadow_batch shadow;
};

#define SIM_SIZES 5

// Rooms of a group under one sky, stepped together, size after size. Sizes begin at whole rows, so that there
// are empty places.
struct sim_rooms {
    uint32_t group, site;
    uint32_t n;     // places
    uint32_t *zone; // in each place; LANE_EMPTY: none
    uint32_t first; // one of the zones
    struct sim_size size[SIM_SIZES];
    uint32_t n_sizes, first_size;             // the first's number among its site's
    int32_t tell_w, idle_w, keep_w, n_boards; // of each; keep: as its thermostat's cfg has it
    struct sim_lanes lanes;
    struct shadow_batch shadow; // sums since the hour began
    uint8_t *facade;            // 0..15: its orientation in 22.5 degrees
};

struct sim_site {
    struct weather_now weather;
    struct weather_found hour;
    double outside_c, middle_c; // middle: in the middle of the shadows' step
    bool outside_told;          // by the script
    double facade_w_m2[16];
    struct house house, shadow_house; // the shadows' walls: a building of ideal heaters
    struct room_batch *house_rooms;   // size by size
    struct room_batch *shadow_rooms;  // for the shadows' walls: only air_c and model mean something
    double **shadow_left;             // of each of these, left_c
    uint32_t first_batch, n_batches;
    uint32_t n_sizes;                  // of all its batches
    int64_t offset_ms, told_offset_ms; // local time less UTC, now; as the engine knows it
    bool closed, school;               // today: no work; school is open
    bool wan_cut;
    struct site_set { // data.c
        uint64_t set;
        int64_t bytes, left, used_at; // left: of the bytes, to come over the link
        uint8_t state;                // enum set_state
    } * cache;
    size_t n_cache, cap_cache;
    int64_t cached_bytes;
    int64_t link_at; // until when what came over the link is booked
    uint32_t n_moving, link_stamp;
    struct data_wait {
        uint32_t board;
        uint64_t lease;
    } * data_wait; // boards that hold work and wait for data
    size_t n_data_wait, cap_data_wait;
    int64_t it_j;              // electricity of the boards: whole joules of the hours that are over,
    int64_t it_uj, last_it_uj; // and since then, with what was less than a joule before
    double carbon_g, cost_eur;
    double outside_sum, outside_min, outside_max;
    int64_t outside_n;
};

// ---- jobs

struct sim_task {
    uint64_t job;
    uint32_t number;         // of the slot's use; 0: free
    int32_t instances, open; // not ended
    int32_t cores;
    enum activity activity;
    int64_t submit_at, work_core_ms, save_ms;
    int64_t *each;  // owned; NULL: all work_core_ms
    int64_t *saved; // core-MHz x ms, one an instance; NULL: none saved yet
    struct sim_data *data;
    size_t n_data;
};

struct float_list {
    float *v;
    size_t n, cap;
};

struct drive_table {
    uint64_t key;
    int32_t watts; // rows 0..watts
    // Where its parts of run->draw begin: of watts that keep awake who is, and of less.
    int32_t draw, low;
    struct drive_row *row;
};

struct sim_run {
    const struct scenario *s;
    struct sim_inputs *in;
    struct sim_options o;
    struct sim_result *out;
    struct err err;
    int64_t step, log_steps; // of now, since the start
    int64_t log_at;          // step % log_steps
    int64_t t;               // start of the step, from the start of the run
    int64_t shadow_ms;       // the shadows' step, so many of the rooms'; which of these is next
    int shadow_looks, shadow_look;
    int unflushed;     // steps of the lanes' sums
    int64_t step_from; // from here on energies belong to the step that is not yet over
    uint64_t *attend;  // bits: zones to look at in this step
    uint64_t *busy;    // likewise: whose boards have instances (sim_zone.runs)
    uint64_t *loud;    // likewise: of which a level may be worth telling
    uint32_t *visit;   // those of such bits, in order (run_visit)
    int64_t sensor_faults;
    int64_t now;
    struct sim_zone *zone;
    uint32_t n_zones;
    uint32_t *water, n_water;      // the zones that are
    struct thermostat *thermostat; // one a zone; of rooms
    struct sim_board *board;
    uint32_t n_boards;
    struct sim_site *site;
    struct facing facing[16]; // of the facades of sim_rooms
    struct sim_rooms *rooms;
    struct room_batch *batch; // as `rooms`; of no model: each size has its own
    struct {                  // of the batch that is done with; the next one writes it anew
        int32_t *heatsink_mc, *cpu_mc;
        double *heater_w;
    } passing;
    uint32_t n_batches, n_sizes;
    struct queue_of queue;
    struct drive_table *table;
    size_t n_tables, cap_tables;
    struct idmap table_at;
    // -1, then of all tables, row by row: what its boards draw, which crawl and what runs (draw_entry());
    // -1: not asked for yet or not that simple
    int32_t *draw;
    size_t n_draw, cap_draw;
    // engine
    struct server *server;
    struct effects fx;
    struct arena arena;
    uint32_t *zone_known; // by its node's number (sync_up.known); SIM_NONE: no zone's
    size_t n_known, cap_known;
    struct strmap site_of_name;
    int64_t lease_ms, beat_ms, foresights;
    uint64_t event, account[256];
    uint32_t n_accounts;
    bool dirty;         // the engine was told something and has not settled
    bool tells_at_once; // requests are told when they have moved, whether work waits or not
    // something decides by what zones bear beyond what they want: urgent work has come, or the policy does
    bool tells_borne;
    bool tells_together;    // requests of all zones in one call; else each node tells its own
    struct zone_want *want; // for such a call
    size_t n_wants, cap_wants;
    int64_t news_step;           // in which all requests that had moved were told last
    struct report *spare_outbox; // of a zone that has sent it (link.c)
    size_t cap_spare_outbox;
    uint32_t *touched;
    size_t n_touched, cap_touched;
    struct sim_task *task;
    size_t n_tasks, cap_tasks;
    uint32_t *free_task;
    size_t n_free, cap_free;
    uint32_t numbers;
    int64_t waiting[4], running[4]; // instances by class
    uint32_t classes;               // bits: of which work has come
    struct sim_job next_job;
    bool have_job;
    struct sim_happening next_script;
    bool have_script;
    struct rng rng;
    bool moves;                        // the policy moves what crawls
    struct published_board *published; // one a board; NULL: ours drives (published.h)
    // measures
    struct measure *measure;
    struct bound *bound;
    struct by_day *by_day;
    struct float_list wait[4];
    double slowdown[4];
    // What all boards have drawn by what they did, as far as booked. Of a large fleet in a year it wraps: only
    // differences are asked for.
    uint64_t class_uj[ACTIVITY_N];
    uint64_t decisions;            // hash of what was decided
    uint32_t check_size, check_at; // whose energy balance is checked in this step
    struct people *people;
};

// Every one fails by setting run->err.
int fleet_make(struct sim_run *r, struct err *e); // fleet.c: zones, boards, rooms, sites
void fleet_free(struct sim_run *r);

// sky.c
void sky_step(struct sim_run *r);
// people.c
int people_make(struct sim_run *r, struct err *e);
void people_free(struct sim_run *r);
void people_step(struct sim_run *r); // who is in, which window is open
void people_schedule(struct sim_run *r, uint32_t zone);
void people_knob(struct sim_run *r, uint32_t zone);
void people_heard(struct sim_run *r, uint32_t zone);
void zone_wish_set(struct sim_run *r, uint32_t zone, struct zone_wish base);

// lanes.c
void lanes_make(struct sim_rooms *rooms, struct thermostat *thermostats, int64_t log_steps);
void lanes_free(struct sim_lanes *l);
// rooms.c
int rooms_make(struct sim_run *r, struct err *e);
void rooms_free(struct sim_run *r);
void rooms_control(struct sim_run *r); // sensors and thermostats; marks in `attend` who is to be looked at
void rooms_news(struct sim_run *r);    // marks in `attend` whose request is worth telling
void rooms_loud(struct sim_run *r);    // marks in `loud` of whom a level may be, and some more
void rooms_books(struct sim_run *r, uint32_t batch); // energies of the step that ends
void rooms_flush(struct sim_run *r);                 // the lanes' sums of energy into the zones
int32_t room_mc(const struct sim_run *r, uint32_t zone);
void rooms_step(struct sim_run *r);
// water.c
int water_make(struct sim_run *r, uint32_t zone, struct err *e);
void water_free(struct water *w);
void water_sense(struct sim_run *r, uint32_t zone);
void water_control(struct sim_run *r, uint32_t zone);
void water_step(struct sim_run *r, uint32_t zone);
const struct heat_request *water_request(const struct water *w);
// What its water was since the last such call, and what it should have been: a tank's outlet when it was coldest, for
// hygiene asks for that, against the setpoint of its boards; the mean of a pool, against its setpoint; the mean of what
// the boilers send, against the supply temperature of their network.
double water_show_c(struct water *w, double *wanted_c);
void water_result(const struct sim_run *r, uint32_t zone, struct sim_zone_result *out);
int64_t water_asked_uj(const struct water *w);
double water_backup_w(const struct water *w);

// drive.c, drive_book.c
void drive_zone(struct sim_run *r, uint32_t zone);   // at run->now
void drive_settle(struct sim_run *r, uint32_t zone); // books energy and work until run->now
bool drive_same(struct sim_run *r, uint32_t zone,
                int32_t want_w); // only other watts: the quick way; false: it needs drive_zone
void drive_show(struct sim_run *r, uint32_t zone); // what its boards do now, into them
int drive_crawls(const struct sim_run *r,
                 uint32_t zone);                       // bits: its boards that crawl; -1: they are too many
bool drive_as_it_is(struct sim_run *r, uint32_t zone); // it would be driven as it was the last time
void drive_settle_all(struct sim_run *r);
void drive_hour(struct sim_run *r); // before rooms_flush: so that class_uj is complete
void drive_free(struct sim_run *r);
int64_t board_uj(const struct sim_run *r, uint32_t board, enum activity a);
int64_t board_ms(const struct sim_run *r, uint32_t board, enum activity a);

// link.c: what nodes and engine say to each other
int link_make(struct sim_run *r, struct err *e);
void link_free(struct sim_run *r);
void link_hello(struct sim_run *r, uint32_t zone);
struct report *link_report(struct sim_run *r, uint32_t zone, enum report_kind kind);
void link_sync(struct sim_run *r, uint32_t zone); // sends the outbox, if it can
void link_settle(struct sim_run *r);              // the engine plans; nodes take what it says
void link_zone_report(struct sim_run *r, uint32_t zone);
void link_zone_news(struct sim_run *r, uint32_t zone); // its request, if it has moved
void link_news(struct sim_run *r); // requests that have moved, if anybody would decide by them
void link_meters(struct sim_run *r, uint32_t zone);
void link_beat(struct sim_run *r, uint32_t zone);
void link_tick(struct sim_run *r);
void link_event(struct sim_run *r, struct event *ev);
void link_board_meters(struct sim_run *r, uint32_t board);

// sites.c
void sites_tell(struct sim_run *r); // to the engine, at midnight: tariffs, carbon, caps, local time
// levels.c
void levels_tell(struct sim_run *r); // how fast long instances run, so that what crawls is moved

// data.c
void data_for_board(struct sim_run *r, uint32_t board); // its instance needs them; sets data_missing
void data_copy(struct sim_run *r, const struct copy_order *o);
void data_link(struct sim_run *r,
               uint32_t site); // something on its way has arrived, or the link was cut or is back
void data_copied(struct sim_run *r, uint32_t site, uint64_t set);
void data_free(struct sim_run *r);

// jobs.c
int jobs_make(struct sim_run *r, struct err *e);
void jobs_free(struct sim_run *r);
void jobs_arrive(struct sim_run *r); // the job whose time has come, and asks for the next
void jobs_backlog(struct sim_run *r);
void job_assigned(struct sim_run *r, uint32_t board, const struct assignment *a);
void job_drop(struct sim_run *r, uint32_t board);
void job_forget(struct sim_run *r, uint32_t board, enum attempt_end end); // likewise, and its board as it is
void job_ended(struct sim_run *r, uint32_t board, enum attempt_end end);  // is booked and told, likewise
void board_free(struct sim_run *r, uint32_t board);
void job_unknown_stop(struct sim_run *r, uint32_t zone, const struct assignment *a);
void zone_changed(struct sim_run *r, uint32_t zone);
void job_go(struct sim_run *r, uint32_t board); // starts if everything is there
void job_end(struct sim_run *r, uint32_t board, enum attempt_end end);
// ---- aside.c
void job_hold(struct sim_run *r, uint32_t board);    // what runs there is set aside
void job_go_on(struct sim_run *r, uint32_t board);   // what was set aside; the board is free
bool job_went_on(struct sim_run *r, uint32_t board); // it had to, and runs now
void job_held_end(struct sim_run *r, uint32_t board, enum attempt_end end, bool silently); // if there is one

void job_foresee(struct sim_run *r, uint32_t zone); // ends that fall into this step

// From now on the zone's boards are not driven by the lanes.
void drive_slow(struct sim_run *r, struct sim_zone *z);

// faults.c
void faults_make(struct sim_run *r);
void fault_strike(struct sim_run *r, uint32_t fault);
void fault_lapse(struct sim_run *r, uint32_t zone);
void fault_happen(struct sim_run *r, const struct sim_happening *h);

// measure.c
void measure_make(struct sim_run *r);
void measure_free(struct sim_run *r);
void measure_step(struct sim_run *r);
int measure_result(struct sim_run *r, struct err *e);

// bound.c
void bound_make(struct sim_run *r);
void bound_free(struct sim_run *r);
void bound_submitted(struct sim_run *r, int64_t work_core_ms, int32_t cores);
void bound_step(struct sim_run *r);
void bound_result(struct sim_run *r); // also what is under way

// by_day.c
void by_day_make(struct sim_run *r);
void by_day_free(struct sim_run *r);
void by_day_step(struct sim_run *r);

// shown.c
void shown_make(struct sim_run *r); // after measure_make

// What is asked of a zone so often that it is in line.
#include "sim/run_zone.h"

#endif
