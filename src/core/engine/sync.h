// SPDX-License-Identifier: Apache-2.0
//
// The sync between a node (a heater's or a building's agent) and its parent (docs/design/0006-offers.md). The
// node calls home; what goes up are reports of what was measured and done, what comes down is what should be.
//
//   node -> parent   {node, nonce, epoch, have, offer?, reports[]}
//   parent -> node   {epoch, acked, version, house_ms, zones[], assignments[]}
//
//  - A node that just started has epoch 0 and sends its offer; the parent grants the next epoch for (node, nonce) and
//    repeats the same grant for the same nonce. With a new nonce all leases of the old epoch are lost:
//    sandboxes die with their agent.
//  - Reports carry `seq` 1, 2, 3, ... within (node, epoch). The parent applies each once, in order, and
//    answers `acked` only after it is on disk. The node keeps what is not acked and sends it again. A gap means
//    a report was lost on the way: the parent applies nothing after the gap.
//  - `version` counts the changes of what this node should be doing. With reports the parent answers at once (after
//    commit); without, it may park the call until version > have, at most 10 s.
//  - What comes down is whole, not a difference, and every wish in it is a lease: valid until a house time,
//    with what to do then. An assignment that is no longer in the list is to be stopped.
//  - A node that gets epoch_refused starts again with epoch 0 and a new nonce, after it killed its sandboxes.
#ifndef ONDOL_CORE_ENGINE_SYNC_H
#define ONDOL_CORE_ENGINE_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/when.h"
#include "core/heat/curve.h"
#include "core/heat/forecast.h"
#include "core/heat/request.h"
#include "core/heat/thermostat.h"
#include "core/work/activity.h"
#include "core/work/constraint.h"
#include "core/work/staging.h"
#include "core/work/task.h"

#define NAME_BYTES 64 // of nodes, sites, zones, heaters, boards: [A-Za-z0-9._-], starts alphanumeric

// ---- the offer: what the node has. Names are unique: sites, zones, heaters, boards each in the whole fleet.

struct offer_zone {
    char name[NAME_BYTES];
    char site[NAME_BYTES];
    char label[NAME_BYTES]; // what people call it: "room 12"
    int32_t nameplate_w;    // of its heaters on this node
    int32_t setpoint_mc;    // what the node would use if the parent knows nothing yet
    uint8_t mode;           // enum zone_mode, likewise
    bool is_virtual;
};

struct offer_board {
    char name[NAME_BYTES];
    char heater[NAME_BYTES];
    char zone[NAME_BYTES];
    struct board_spec spec;
    struct curve curve;
    bool sandbox;           // false: no isolation can be made here, so no tasks
    char sandbox_lack[128]; // the reason then
    bool can_hold;          // it sets an instance aside for another, and lets it go on (docs/design/0051)
};

struct offer {
    struct offer_zone *zone;
    size_t n_zones;
    struct offer_board *board;
    size_t n_boards;
};

// ---- reports

enum report_kind {
    REPORT_ZONE,    // level: the latest is the truth
    REPORT_BOARD,   // level
    REPORT_STARTED, // an assignment's sandbox runs
    REPORT_LEVEL,   // how a running instance is doing (frequency, memory, progress); level
    REPORT_OUTPUT,  // whole lines of stdout or stderr
    REPORT_EXITED,  // an assignment ended, with all its final figures
    REPORT_METER_BOARD,
    REPORT_METER_LEASE,
    REPORT_METER_ZONE,
    REPORT_SETPOINT, // the occupant turned the knob on the heater itself
    REPORT_READY,    // a pool's node is prepared: it takes tasks
    REPORT_SNAPSHOT, // files of a running assignment were staged, or could not be
    REPORT_STAGING,  // how far an assignment's files are, on their way in or out; level
    REPORT_KIND_N,
};
const char *report_kind_name(enum report_kind k);

struct report {
    uint64_t seq;
    house_ms at;
    enum report_kind kind;
    char name[NAME_BYTES]; // zone or board it is about; "" for those about a lease
    uint64_t lease;        // assignment it is about; 0 for the others
    union {
        struct {
            int32_t room_mc, setpoint_mc; // setpoint in force on the node
            uint8_t mode, guard;          // enum zone_mode, enum zone_guard
            int32_t draw_w, missing_w;
            struct heat_request request;
            bool model_known;        // what the thermostat learned of the building is usable
            struct zone_model model; // nameplate_w is not sent: the offer has it
            char why[200];           // thermostat_why()
        } zone;
        struct {
            uint8_t run; // enum activity
            int32_t draw_mw, freq_mhz, duty_permille;
            bool barred;
            char barred_why[96];
        } board;
        struct {
            house_ms at;
        } started;
        struct {
            uint8_t phase;             // enum phase
            int32_t progress_permille; // -1: not known
            int32_t freq_mhz, max_freq_mhz, duty_permille, cpu_permille;
            int32_t memory_mb, memory_max_mb;
            int32_t net_in_kbps, net_out_kbps; // over the last seconds, as the instance sees it
            int64_t exec_ms; // house time in execution so far
        } level;
        struct {
            uint8_t stream; // 0 stdout, 1 stderr
            const char *data;
            size_t n;
        } output;
        struct {
            uint8_t end;                 // enum attempt_end
            int32_t exit_code, signal;   // -1: none
            int64_t wall_ms, exec_ms;    // house time: since the assignment, in execution
            int64_t core_ms, work_mhz_s; // granted cores x execution; core-MHz x seconds done
            int64_t energy_mj;
            int32_t peak_memory_mb;
            // Its board's clock while it worked, of the highest of the curve; 0: it did no work, or not told
            int32_t clock_permille;
            int32_t results;               // files that it staged as its results
            int64_t fetch_ms, fetch_bytes; // its resources: how long they took, what came
            int64_t store_ms, store_bytes; // its results, likewise
            const char *names;             // keys of its results, one a line; NULL: none
            char code[24], message[160];   // error for the customer; "" when none
        } exited;
        struct {
            uint32_t number; // of the order; 0: a periodic one
            uint32_t part;   // under which they are staged
            int64_t files, bytes;
            char code[24], message[160]; // why not; "": they are
        } snapshot;
        struct {
            uint8_t phase;                          // PHASE_DOWNLOAD or PHASE_UPLOAD
            int64_t files, files_n, bytes, bytes_n; // done and in all; _n 0: not known yet
            int64_t ms;                             // since they began, house time
        } staging;
        struct {
            // cumulative meter of the board and the independent parts of its energy since the epoch began
            int64_t raw_mj, wrap_mj;     // wrap_mj 0: never wraps
            int64_t part_mj[ACTIVITY_N]; // cumulative within the epoch; UNATTRIBUTED is not reported
            int64_t part_ms[ACTIVITY_N];
        } meter_board;
        struct {
            int64_t energy_mj, core_ms; // cumulative within the lease
        } meter_lease;
        struct {
            int64_t asked_mj, delivered_mj,
                useful_mj;     // cumulative within the epoch; useful: min(asked, delivered) step by step
            int64_t shadow_mj; // what the ideal heater of a virtual room drew; 0 when not virtual
            int32_t shadow_mc; // and the temperature it reached; INT32_MIN when not virtual
        } meter_zone;
        struct {
            int32_t setpoint_mc;
            uint8_t mode;
        } setpoint;
    };
};

struct sync_up {
    char node[NAME_BYTES];
    uint32_t
        known; // where it is among the nodes, + 1, as an answer to a caller in this process said; 0: look for its name
    uint64_t nonce; // random, new at every start of the agent
    uint64_t epoch; // 0: not granted yet
    uint64_t have;  // version of the desired state that the node has
    bool has_offer;
    struct offer offer;
    struct report *report;
    size_t n_reports;
};

// ---- downward

enum on_lapse { LAPSE_GO_ON, LAPSE_PAUSE, LAPSE_DROP, LAPSE_N };
const char *on_lapse_name(enum on_lapse l);

struct desired_zone {
    char name[NAME_BYTES];
    uint8_t mode;
    int32_t setpoint_mc;
    house_ms boost_until; // v 0: no boost
    house_ms lid_clear;   // an operator cleared the opened lid then; each moment is obeyed once; v 0: nobody
    bool lid_open;        // it was opened and nobody has cleared it: obeyed by a node that has just started
    const char *schedule; // text of core/heat/schedule; NULL or "": none
    int32_t utc_offset_min;
    bool work_only; // heat from elsewhere is cheaper now: neither burn nor compute for free
};

struct assignment {
    uint64_t lease;
    char board[NAME_BYTES];
    char task_uuid[UUID_TEXT_BYTES];
    uint32_t instance, instance_count, attempt;
    uint8_t activity; // class
    house_ms until;   // renewed by every answer
    uint8_t on_lapse; // enum on_lapse; a plain task: LAPSE_DROP
    bool stop;        // end it now (abort, delete, preempted) and report how
    uint8_t stop_end; // enum attempt_end to report when stopped: CANCELLED or PREEMPTED
    bool hold;        // it stands still, and keeps its memory and files, until this is false again; asked only
                      // where the offer says can_hold. What cannot be kept is ended as PREEMPTED
    int32_t memory_mb; // that its task asks for at least; 0: it says nothing
    int32_t slots;    // 1...: it is a pool's node that runs so many assignments at once; its body is that of
                      // the preparation, none when there is nothing to prepare. 0: it runs something itself
    uint64_t within;  // lease of the node in which it runs; 0: it has the board for itself
    const char *body; // JSON of the task as stored; NULL once the node reported it started
    const struct stage_orders *orders; // NULL: none
    bool need_body; // not on the wire: whoever renders the answer fills `body` from the store
    uint64_t task;  // not on the wire: whose body
    uint64_t pool;  // not on the wire: of the pool that gives what the body does not say; 0: none
};

struct sync_down {
    bool epoch_refused;
    uint64_t epoch, acked, version;
    house_ms house;
    house_ms until; // of every zone wish and power wish in this answer
    int64_t cap_mw; // most the node may draw now; -1: no cap
    bool filler_allowed, donated_allowed;
    struct desired_zone *zone;
    size_t n_zones;
    struct assignment *assignment;
    size_t n_assignments;
};

#endif
