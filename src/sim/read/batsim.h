// SPDX-License-Identifier: Apache-2.0
//
// Readers of Batsim's inputs in the dialect of the published study of heaters that compute: a platform of
// boxes (one site server each), heaters and boards, as the study's JSON or as SimGrid XML; events (setpoints,
// outside temperatures, boards that go and come); a workload; sizes of data sets. Plain Batsim workloads of
// "delay" and "parallel" profiles are read too.
//
// Texts may be anything: what is not such a file is refused with "line N: member: why". Strings belong to the
// arena of the struct that holds them.
#ifndef ONDOL_SIM_READ_BATSIM_H
#define ONDOL_SIM_READ_BATSIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "core/work/activity.h"

#define BATSIM_BOXES_MAX  10000
#define BATSIM_BOARDS_MAX 1000000
#define BATSIM_JOBS_MAX   5000000
#define BATSIM_STATES_MAX 128
#define BATSIM_NAME_MAX   200
#define BATSIM_POWERS_MAX 200 // a scenario has no more models of boards
#define BATSIM_BIT_S_MIN  1e3 // so that no transfer takes longer than numbers go, and none no time
#define BATSIM_BIT_S_MAX  1e15

// ---- platform ----

struct batsim_state {
    double speed; // Mflop/s; the study takes 1 Mflop/s as 1 MHz
    double idle_w, full_w;
};

struct batsim_power { // of a board, fastest state first; several boards share one
    struct batsim_state *state;
    size_t n;
    uint64_t hash;
};

struct batsim_box {
    const char *id, *site;
    double lan_bit_s, wan_bit_s, lan_latency_s, wan_latency_s;
    double disk_bytes;
};

struct batsim_heater {
    const char *id, *cpu; // cpu "" where unknown
    uint32_t box;
    double metal_w_k, outside_w_k; // heater to air, air to outside
    double metal_j_k, air_j_k;     // 0: the file does not say
};

struct batsim_board {
    const char *id;
    uint32_t heater;
    uint32_t power; // index in `power`; UINT32_MAX: the file does not say
};

struct batsim_platform {
    struct arena text;
    struct batsim_box *box;
    size_t n_boxes, cap_boxes;
    struct batsim_heater *heater; // those of one box follow each other
    size_t n_heaters, cap_heaters;
    struct batsim_board *board; // in the order of their numbers: names sorted by bytes
    size_t n_boards, cap_boards;
    struct batsim_power *power;
    size_t n_powers, cap_powers;
};

#define BATSIM_PLATFORM_NULL ((struct batsim_platform){0})

// `out` is BATSIM_PLATFORM_NULL on failure; end it with batsim_platform_deinit.
int batsim_platform_json(struct batsim_platform *out, const char *text, size_t n, struct err *e);
int batsim_platform_xml(struct batsim_platform *out, const char *text, size_t n, struct err *e);
void batsim_platform_deinit(struct batsim_platform *p);

// "10Gbps", "100Mbps", "2kBps" and "1ms", "10us", "0.5s": bits a second and seconds. False when it is
// neither, or beyond what a link may be.
bool batsim_bandwidth(const char *text, double *bit_s);
bool batsim_latency(const char *text, double *s);

// ---- events: one JSON object a line ----

enum batsim_event_kind {
    BATSIM_SETPOINT,
    BATSIM_OUTSIDE,
    BATSIM_BOARDS_OUT,
    BATSIM_BOARDS_BACK,
    BATSIM_STOP
};

struct batsim_range {
    uint32_t low, high; // both in it
};

struct batsim_event {
    int64_t at_ms;
    enum batsim_event_kind kind;
    size_t line;
    const char *name; // heater or site
    double value_c;
    struct batsim_range *range; // boards, ascending
    size_t n_ranges;
};

struct batsim_events {
    struct arena text;
    struct batsim_event *v; // by time, those of one moment in the order of the file
    size_t n, cap;
    int64_t start_unix_ms; // date of moment 0, where an event says "realtime"; -1: none does
    int64_t end_ms;        // of the stop, else of the last event
};

#define BATSIM_EVENTS_NULL ((struct batsim_events){.start_unix_ms = -1})
int batsim_events_read(struct batsim_events *out, const char *text, size_t n, struct err *e);
void batsim_events_deinit(struct batsim_events *ev);

// ---- data sets: one {"id", "size"} a line, or one object of sizes ----

struct batsim_data {
    struct strmap at; // name -> index
    int64_t *bytes;
    size_t n, cap;
};

#define BATSIM_DATA_NULL ((struct batsim_data){0})
int batsim_data_read(struct batsim_data *out, const char *text, size_t n, struct err *e);
void batsim_data_deinit(struct batsim_data *d);

// ---- workload ----

struct batsim_job {
    const char *id;
    int64_t submit_ms;
    int32_t priority;      // 0 where the file does not say
    int32_t width;         // "res"
    int64_t wall_ms;       // asked for; -1: not said
    double run_s;          // on a board of `speed`, or measured; of a profile "delay" the delay
    double mflop;          // of a board, where the profile says work instead of time; else -1
    uint32_t user;         // number in `users`, from 1; those that are not named are one
    uint32_t data, n_data; // in data_at
    int64_t ran_ms;        // of the real run from start to end; -1: not said
};

struct batsim_jobs {
    struct arena text;
    struct batsim_job *v; // by submission, those of one moment in the order of the file
    size_t n, cap;
    uint32_t *data_at; // indexes in the batsim_data given
    size_t n_data, cap_data;
    struct strmap users; // name -> number from 1
};

#define BATSIM_JOBS_NULL ((struct batsim_jobs){0})

// `data` names the data sets a job may ask for (NULL: the workload may name none); a job that asks for an
// unknown one is refused. `start_unix_ms` is the date of moment 0, -1 when unknown. It serves the form of the
// study in which each job has only "start", "end" and "datasets" and tells its submission by its name,
// QJOB-<month day>-<hour minute>-..., in the time of Paris; a name that says nothing believable leaves
// submission at the start.
int batsim_jobs_read(struct batsim_jobs *out, const struct batsim_data *data, int64_t start_unix_ms,
                     const char *text, size_t n, struct err *e);
void batsim_jobs_deinit(struct batsim_jobs *j);

// What the study's three groups are here: 10 and more reserved, above 0 on demand, above -10 flex, else
// donated.
enum activity batsim_activity(int32_t priority);

#endif
