// SPDX-License-Identifier: Apache-2.0
//
// `ondol demo`: a winter day in a building of 15 radiators, some 900 times faster than the clock. Everything
// below the rooms is the product: the server in this process, one ondol-agent a radiator, and a customer who
// submits over HTTP.
//
//   cmd_demo.c      options, the course of the day, the agent that is killed
//   demo_rooms.c    the building
//   demo_work.c     arrivals, submission, results, price
//   demo_watch.c    what the API says of rooms, boards, tasks and joules
//   demo_screen.c   what people see
//   demo_report.c   what is asserted, and report.json
#ifndef ONDOL_CLI_DEMO_H
#define ONDOL_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "cli/building.h"
#include "core/engine/sync.h"
#include "examples/basket/combine.h"

#define DEMO_ROOMS     15
#define DEMO_BOARDS    4 // a radiator; 12 rooms heat, so that all of 40 instances find one at once
#define DEMO_TASKS_MAX 64
#define DEMO_HOUR_MS   3600000

struct demo_room {
    const char *name, *label, *archetype;
    double floor_m2, facade_deg, start_c, setpoint_c;
    bool off, office;
};
extern const struct demo_room demo_rooms[DEMO_ROOMS];

struct demo_options {
    const char *day, *weather, *workload, *out, *payload;
    long seed, speed, instances, paths, hours;
    double cores;
    bool keep;
};

struct demo_zone { // latest word of the API
    bool online;
    double room_c, setpoint_c, shadow_c; // NaN: not known
    double draw_w, missing_w, nameplate_w;
    double asked_kwh, delivered_kwh, useful_kwh, shadow_kwh;
    char mode[16], guard[24], why[256];
    int tasks, filler, burn; // boards that run each
};

struct demo_task {
    double arrives_h;  // house hours after the start
    uint32_t first, n; // instances of the run: first..first+n-1
    bool research;     // of the laboratory, else of the bank
    const char *scheduling;
    char uuid[UUID_TEXT_BYTES], state[24];
    double progress; // percent of its instances
    int64_t again;   // executions beyond the first
};

struct demo_result {
    struct basket_result basket;
    uint32_t instance, task, tries;
    char state[16], cpu_model[48];
    double exec_s, wall_s; // house time
    bool found;
};

struct demo_kill {
    size_t room;
    bool done, back, rescued; // rescued: its instance was seen on another board
    char task[UUID_TEXT_BYTES], from[NAME_BYTES], to[NAME_BYTES];
    uint32_t instance;
    double at_h, back_h, before_c, lowest_c;
};

struct demo_energy {
    double wh[ACTIVITY_N], total_wh;
};

struct demo {
    struct demo_options opt;
    struct building building;
    struct api_client lab; // the second customer: an account marked as research
    struct arena arena;
    char dir[4096], share[4096];
    bool share_is_temporary;
    int64_t house0, real0_ms;
    double now_h;
    struct demo_zone zone[DEMO_ROOMS];
    double outside_c; // NaN: not known
    struct demo_task task[DEMO_TASKS_MAX];
    size_t n_tasks;
    uint32_t n_instances;
    struct demo_result *result; // n_instances
    struct demo_kill kill;
    struct demo_energy energy;
    struct basket_price price;
    bool has_price;
    double trace_scale; // of the workload's times; 0: no trace
    double wall_s;
    bool tty;
    int drawn; // lines on the terminal
};

struct demo_check {
    const char *name;
    bool held;
    char figures[200];
};
#define DEMO_CHECKS_MAX 12

// demo_rooms.c
int demo_room_write(const struct demo *d, size_t i, char *path, size_t cap, struct err *e);
double demo_cores_each(const struct demo *d);
const char *demo_hour_text(double h, char out[16]); // "13:05"

// demo_work.c
int demo_arrivals(struct demo *d, struct err *e);
int demo_payload(struct demo *d, struct err *e);  // into d->share
int demo_accounts(struct demo *d, struct err *e); // makes the laboratory's, once the server is up
const struct api_client *demo_customer(const struct demo *d, const struct demo_task *t);
int demo_submit_due(struct demo *d, struct err *e); // what arrives by d->now_h
bool demo_tasks_over(const struct demo *d);
int demo_results(struct demo *d, struct err *e);

// demo_watch.c
int demo_watch(struct demo *d, struct err *e);
int demo_energy(struct demo *d, struct err *e);

// demo_screen.c
void demo_screen(struct demo *d);
void demo_say(struct demo *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void demo_summary(const struct demo *d, const struct demo_check *c, size_t n);

// demo_report.c
size_t demo_judge(const struct demo *d, struct demo_check c[DEMO_CHECKS_MAX]);
int demo_report(const struct demo *d, const struct demo_check *c, size_t n, char *path, size_t cap,
                struct err *e);

#endif
