// SPDX-License-Identifier: Apache-2.0
//
// What the engine keeps of sites, zones, boards and the nodes that speak for them.
#ifndef ONDOL_CORE_ENGINE_RECORD_FLEET_H
#define ONDOL_CORE_ENGINE_RECORD_FLEET_H

#include <stddef.h>

#include "base/mem.h"
#include "core/engine/server.h"
#include "core/engine/site_setting.h"
#include "core/ledger/ledger.h"
#include "core/ledger/meter.h"
#include "core/plan/plan.h"

struct site {
    uint64_t id;
    char name[NAME_BYTES];
    int32_t utc_offset_min;
    int64_t cap_mw;
    int64_t nameplate_w; // of all its zones
    int32_t n_zones, n_boards;
    struct site_setting setting;
    house_ms look_at;                     // when its tariff or carbon changes next; 0: not known
    int64_t electricity_ueur_per_kwh;     // now, its carbon included
    uint32_t circuit_first, circuit_room; // the planner's numbers of its circuits
};

// What a zone is expected to want: server_ahead.c.
struct zone_ahead {
    bool model_known, known;
    bool with_weather; // the gains were learned with the site's weather, not an assumed one
    struct zone_model model;
    struct zone_gains gains;
    house_ms began, looked; // of the hour that is observed; of mean_w
    int32_t from_mc;
    int64_t sum_mj; // drawn in this hour
    int32_t mean_w[PLAN_RUNS];
};

struct zone {
    // what planning looks at, and calls of its node, in two lines of the cache
    uint64_t id;
    uint32_t site, node;
    uint32_t circuit; // the planner's number; 0: none
    uint8_t mode, guard;
    bool is_virtual, dirty;
    bool has_other_heat; // something else would heat it as well, for other_heat_ueur_per_kwh
    int32_t setpoint_mc;
    house_ms at, boost_until;
    house_ms lid_open;  // since when a heater of it is opened and not cleared; v 0: none is
    house_ms lid_clear; // when an operator last cleared its lid
    struct heat_request request;
    char *schedule;

    int64_t other_heat_ueur_per_kwh;
    char name[NAME_BYTES], label[NAME_BYTES];
    int32_t n_boards, nameplate_w, room_mc, shadow_mc, draw_w, missing_w;
    struct zone_ahead ahead;
    char why[200];
    int64_t asked_mj, delivered_mj, useful_mj, shadow_mj;
    int64_t base_asked_mj, base_delivered_mj, base_useful_mj, base_shadow_mj;
};

_Static_assert(offsetof(struct zone, other_heat_ueur_per_kwh) <= 2 * MEM_LINE_BYTES, "two lines");

// What boards of one specification and curve share; it does not change. server_make.c.
struct board_make {
    struct board_spec spec;
    struct curve curve;
    uint64_t hash;
    struct board_make *next; // of the same hash
    uint32_t boards;
};

#define BOARD_WHY_BYTES 96 // of a text that says why it gets no work

struct board {
    // what planning looks at, in one line of the cache
    uint64_t id;
    struct board_make *make;
    uint32_t zone, node, lease;
    uint32_t beneath; // lease that is set aside while another has the board; NONE: none is
    bool sandbox, barred, node_barred, dirty, meter_dirty;
    bool can_hold; // its node sets work aside and lets it go on
    uint8_t run;
    int32_t start_failures; // in a row
    house_ms rests_until;   // gets no task before
    uint64_t kept_for;    // lease whose instance is to come here next; 0: none

    char name[NAME_BYTES], heater[NAME_BYTES];
    char *barred_why, *node_barred_why, *sandbox_lack; // NULL: nothing was said
    uint64_t failed_task;                              // whose start failed last; 0: nobody's in particular
    int32_t draw_mw, freq_mhz, duty_permille;
    struct ledger_chain cells; // of the ledger's open hours
    struct meter meter;
    uint64_t meter_epoch;
    int64_t part_mj[ACTIVITY_N], part_ms[ACTIVITY_N];    // last cumulative figures of the epoch
    int64_t energy_mj[ACTIVITY_N], spent_ms[ACTIVITY_N]; // totals; UNATTRIBUTED is what is booked as such
};

_Static_assert(offsetof(struct board, name) <= MEM_LINE_BYTES, "one line");

struct node {
    uint64_t id;
    char name[NAME_BYTES];
    uint64_t nonce, epoch, seq, version;
    house_ms seen;
    bool online, dirty, woken, listed;
    bool timed; // a timer looks after it
    uint32_t *zone, *board;
    size_t n_zones, cap_zones, n_boards, cap_boards;
    uint32_t first_lease; // list through lease.next_on_node
    uint32_t n_stopping;  // of them
    int64_t cap_mw;       // of the power it may draw, as last given; -1: none
    struct node_keeps *keeps; // data sets in its cache, as far as is known; NULL: none
};

// What a node fetched last, oldest first: its cache drops the oldest too. A cache ends with the node's life.
#define NODE_KEEPS       16
#define NODE_KEEPS_BYTES (INT64_C(1) << 30) // of all of them: agents keep no more (docs/design/0033)
struct node_keeps {
    int32_t n;
    struct node_kept {
        uint64_t key;
        int64_t bytes;
        uint32_t site;
        int32_t boards; // of the node, as counted for the site
    } set[NODE_KEEPS];
};

#endif
