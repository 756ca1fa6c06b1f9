// SPDX-License-Identifier: Apache-2.0
//
// A scenario: what fleet, where, under what sky, with what people, what work and what going wrong. Read from
// an INI file (scenario_read; the file is described in ondol-scenario(5)) or made by a reader of some
// platform's trace. Plain data: files it names are not opened here (the program does: sim/inputs.h).
//
//   scenario -- site*          a building or plant: climate, grid, tariff, calendar, link, caps
//            -- board model*   a computer: power curve, cores, memory
//            -- zone group*    `count` equal zones of one site, each with a heater of `boards` boards
//            -- work*          a stream of jobs
//            -- fault*         what goes wrong, how often
//
// A text of the file that names a file or another section is kept as text and resolved in scenario_check.
#ifndef ONDOL_SIM_SCENARIO_H
#define ONDOL_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/when.h"
#include "core/heat/curve.h"
#include "core/work/activity.h"
#include "core/work/constraint.h"
#include "world/room.h"

#define SIM_NAME_BYTES 48
#define SIM_TEXT_BYTES 256

#define SCENARIO_CARBON_MAX 5000.0 // g/kWh
#define SCENARIO_CARBON_GRAMS                                                                                \
    2.0 // below it kilograms are likely: grids that burn next to nothing have some grams
#define SCENARIO_TARIFF_LEAST (-1.0) // EUR/kWh: markets of the day ahead do go below 0
#define SCENARIO_TARIFF_MOST  10.0

enum scenario_weather { WEATHER_PARIS_SYNTHETIC, WEATHER_EPW, WEATHER_CONSTANT };
enum scenario_calendar { CALENDAR_NONE, CALENDAR_FRENCH };

struct scenario_site {
    char name[SIM_NAME_BYTES];
    int line; // of the section in the last file that has it; 0: not from a file
    char from_file[SIM_TEXT_BYTES];
    // climate
    enum scenario_weather weather;
    char weather_file[SIM_TEXT_BYTES];
    bool weather_dark; // a file without radiation: darkness instead of a sun made up (which the result says)
    double weather_shift_k; // added to the outside temperature: another climate from the same year
    double outside_c;       // WEATHER_CONSTANT
    // grid
    char carbon_file[SIM_TEXT_BYTES]; // CSV: utc_hour_start, carbon_intensity_gco2e_per_kwh; "": constant
    double carbon_g_kwh;
    char tariff_file[SIM_TEXT_BYTES]; // CSV: utc_hour_start, eur_per_kwh; "": constant with night hours
    double tariff_eur_kwh, tariff_night_eur_kwh;
    int night_from_hour, night_to_hour; // local; equal: no night tariff
    // what the heat replaces, for the savings
    int32_t carbon_eur_t;        // price of carbon, that plans count with
    double displaced_g_kwh_heat; // carbon of a kilowatt-hour of heat from what it displaces, after its
                                 // efficiency
    double displaced_eur_kwh_heat;
    // calendar
    enum scenario_calendar calendar;
    char holidays_file[SIM_TEXT_BYTES]; // school holidays (CSV); "": none but the calendar's
    char holidays_zone[SIM_NAME_BYTES]; // its column
    char country[8];
    int32_t utc_offset_min; // standard time
    // limits
    double cap_w;         // of the whole site; < 0: none
    double circuit_cap_w; // of one zone's circuit; < 0: none
    double wan_mbit_s, wan_latency_ms;
    double lan_mbit_s;
    double overhead_w;  // routers, switches, site server: counted into E_DC, not into E_IT
    double cache_bytes; // of data sets
};

struct scenario_board {
    char name[SIM_NAME_BYTES];
    int line;
    char from_file[SIM_TEXT_BYTES];
    struct curve curve;
    struct board_spec spec;
    int64_t idle_mw_64, sleep_mw_64, boot_ms_64; // of the file, over what the curve has; -1: as the curve
};

enum scenario_zone_kind { ZONE_KIND_ROOM, ZONE_KIND_TANK, ZONE_KIND_POOL, ZONE_KIND_NETWORK, ZONE_KIND_N };
const char *scenario_zone_kind_name(enum scenario_zone_kind k); // "room", "tank", "pool", "network"

enum scenario_people { PEOPLE_NONE, PEOPLE_HOME, PEOPLE_OFFICE, PEOPLE_CLASS };
enum scenario_setpoints {
    SETPOINTS_FIXED,    // setpoint_c always
    SETPOINTS_SCHEDULE, // a week plan (core/heat/schedule.h)
    SETPOINTS_BIMODAL, // people who turn the knob as in the published traces: 16 half of the time, 26 a fifth
};

#define SIM_OTHER_HEAT_MAX 1024 // zones of a site that have it

struct scenario_zones {
    char name[SIM_NAME_BYTES]; // zones are "<name>-<k>" from 1, or "<name>" where count is 1
    int line;
    char from_file[SIM_TEXT_BYTES];
    char site_name[SIM_NAME_BYTES], board_name[SIM_NAME_BYTES];
    uint32_t site, board; // resolved
    enum scenario_zone_kind kind;
    int32_t count;  // 1..1,000,000
    int32_t boards; // of each zone, 1..240
    double circuit_cap_w; // of each one's circuit; 0: none; below 0: as the site says
    bool may_sleep;
    double low_power; // share of its computing that goes on when it wants no heat
    double other_heat_eur_kwh; // something else would heat it as well, for that; below 0: nothing would
    double start_c;   // where nothing is said: of a tank and a pool their setpoint
    enum scenario_setpoints setpoints;
    double setpoint_c;
    char schedule[SIM_TEXT_BYTES]; // of comfort setpoints; outside of it eco
    // room
    char archetype[SIM_NAME_BYTES]; // "": rt2005
    struct room_spec room;
    double internal_w_m2;
    double facade_deg; // of the first; the next ones turn by facade_turn_deg each
    double facade_turn_deg;
    double neighbour_w_k;   // between the rooms of one group, each with the next; 0: none
    int32_t rooms_together; // how many in a row have walls between them (a dwelling, a floor)
    enum scenario_people people;
    bool windows;  // people open them
    double spread; // of floor area from zone to zone, 0..0.5
    // tank: hot water of `persons`, in litres
    double tank_l, draw_l_day, draw_mixed_c, cold_c, loop_l_min, loop_w_k, backup_w;
    char draw_file[SIM_TEXT_BYTES]; // flows (world/draw.h) instead of the generator
    int64_t draw_file_step_ms;
    bool loop_return; // boiler in the loop's return, not at the bottom
    // pool
    double pool_m2, pool_depth_m, bathers_day, hall_c, hall_humidity;
    // network and processes that take heat: demand by a file or by the weather
    double demand_peak_w,
        demand_base_w; // by outside temperature: peak at demand_cold_c, base at demand_mild_c
    double demand_cold_c, demand_mild_c;
    char demand_file[SIM_TEXT_BYTES];
    char demand_column[SIM_NAME_BYTES];
    double supply_cold_c, supply_mild_c, return_c;
    // boiler (all but rooms)
    double flow_l_min, r_th_k_w, tjmax_c;
    // as it was read: of each kind, the first key given that such a zone does not have (NULL: none), and where
    const char *odd_key[ZONE_KIND_N];
    int odd_line[ZONE_KIND_N];
    char odd_file[ZONE_KIND_N][SIM_TEXT_BYTES];
    bool start_said, setpoints_said;
    bool heater_w_said,
        heater_j_said; // heater_w_k and heater_kj_k were given; else they follow from the watts
    uint64_t said; // a bit for each key that was given (scenario_keys.c)
};

enum scenario_work_kind {
    WORK_BACKLOG, // so much flex (or other) work waiting that it never ends
    WORK_RANDOM,  // generator: arrivals by hour of day and day of week, run times by the published quantiles
    WORK_SWF,     // a trace in the Standard Workload Format
    WORK_BATSIM,  // Batsim JSON
    WORK_WFFORMAT,
};

struct scenario_work {
    char name[SIM_NAME_BYTES];
    int line;
    char from_file[SIM_TEXT_BYTES];
    enum scenario_work_kind kind;
    enum activity activity;
    char file[SIM_TEXT_BYTES];
    char data_file[SIM_TEXT_BYTES]; // Batsim datasets.json
    double from_day;                // arrivals begin then
    double days;                    // and end so much later; < 0: with the run
    double stretch;                 // times of arrival of a trace are multiplied by this, 0.001..1000
    bool repeat;                    // a trace that ends begins again
    double share;  // WORK_RANDOM: mean work as a share of what all boards can do at full speed; else
                   // the share of a trace's jobs that is taken, 0..1 (or above: each job so many times)
    int32_t cores; // most an instance uses; 0: as the trace says
    int32_t memory_mb;
    int32_t instances; // BACKLOG: tasks of so many instances
    double run_s;      // BACKLOG: at nominal frequency on a whole board
    double data_gb;    // RANDOM: median bytes an instance needs; 0: none
    int32_t data_sets; // RANDOM: how many different ones are in use
    double save_s;     // how often an instance saves its work; 0: never
    uint32_t accounts; // customers
};

enum scenario_fault_kind {
    FAULT_BOARD,  // a board goes dark
    FAULT_AGENT,  // an agent dies and starts again
    FAULT_WAN,    // a site is cut off
    FAULT_SENSOR, // a room sensor falls silent or sticks
    FAULT_KIND_N,
};

struct scenario_fault {
    char name[SIM_NAME_BYTES];
    int line;
    char from_file[SIM_TEXT_BYTES];
    enum scenario_fault_kind kind;
    char site_name[SIM_NAME_BYTES]; // "": all
    int32_t site;                   // resolved; -1: all
    double per_day;                 // new ones a day for each board, agent, site or sensor; < 0: not said
    double median_s, p90_s;         // how long they last: log-uniform between what these give
    double at_day; // >= 0: exactly one, at that day, on every one of them, instead of per_day
};

struct scenario_row; // of a key (scenario_keys.h)

struct scenario_said { // that a key was given
    const struct scenario_row *key;
    uint32_t section; // its kind, in scenario_sections
    uint32_t index;   // which of that kind
    uint32_t file;    // which of those that were laid over each other
    int line;
};

struct scenario {
    char file[SIM_TEXT_BYTES];
    char name[SIM_NAME_BYTES], title[SIM_TEXT_BYTES];
    uint64_t seed;
    house_ms start;    // of the run
    int64_t length_ms; // of the run
    int64_t step_ms;   // of physics and thermostats, 1,000..300,000; default 60,000
    char policy[SIM_NAME_BYTES];
    bool donated, filler, burn; // what may run when there is no paid work
    bool hold;                  // work that makes room is set aside, not stopped
    int64_t lease_ms;           // 0: by the faults (600,000 where agents are lost or links cut; 36 h else)
    struct scenario_site *site;
    size_t n_sites, cap_sites;
    struct scenario_board *board;
    size_t n_board_models, cap_board_models;
    struct scenario_zones *zones;
    size_t n_zones, cap_zones;
    struct scenario_work *work;
    size_t n_work, cap_work;
    struct scenario_fault *fault;
    size_t n_faults, cap_faults;
    // as it was read, in that order
    char (*laid)[SIM_TEXT_BYTES];
    size_t n_laid, cap_laid;
    struct scenario_said *said;
    size_t n_said, cap_said;
};

#define SCENARIO_NULL ((struct scenario){0})

void scenario_init(struct scenario *s); // a scenario of nothing, defaults filled in
void scenario_deinit(struct scenario *s);

// What a section begins with. A reader of another format starts from these too.
void scenario_site_default(struct scenario_site *s);
void scenario_board_default(struct scenario_board *b); // the default curve, 8 cores, 32 GB
void scenario_zones_default(struct scenario_zones *z);
void scenario_work_default(struct scenario_work *w);
void scenario_fault_default(struct scenario_fault *f);

// Reads the INI text; `file` is only named in errors. -EINVAL with "FILE:LINE: [section] key: why". `s` is
// untouched then.
int scenario_read(struct scenario *s, const char *file, const char *text, size_t n, struct err *e);
// Lays a file over a scenario: its keys replace those of the sections of the same name, others are added.
// Call scenario_check when all are laid.
int scenario_lay_over(struct scenario *s, const char *file, const char *text, size_t n, struct err *e);
// Resolves names and checks what only the whole can tell. scenario_read has done it; call it after changing
// anything.
int scenario_check(struct scenario *s, struct err *e);

// Puts before the sentence where the section stands: "FILE:LINE: [kind name]", of a scenario that is not from a file "its
// file: [kind name]". Gives the code back.
int scenario_blame(const struct scenario *s, const char *from_file, int line, const char *kind,
                   const char *name, struct err *e);

// The same of one key, of the `index`th section of its kind: where the key was given last, else where its section
// stands.
int scenario_blame_key(const struct scenario *s, const char *kind, size_t index, const char *key,
                       struct err *e);

// What is no error and yet hardly meant, a line each: "FILE:LINE: [kind name] key: why".
void scenario_notes(const struct scenario *s, struct buf *out);

// -EINVAL with the names that there are.
int scenario_set_policy(struct scenario *s, const char *name, struct err *e);

int64_t scenario_zone_count(const struct scenario *s);  // over all groups
int64_t scenario_board_count(const struct scenario *s); // boards in all zones
int32_t scenario_most_memory_mb(const struct scenario *s); // of any of these boards

// "telecom-7" of group and 0-based index.
void scenario_zone_name(const struct scenario_zones *z, int32_t index, char out[SIM_NAME_BYTES + 16]);

#endif
