// SPDX-License-Identifier: Apache-2.0
//
// What a run yields. Energies are whole joules, powers of series are means over their step. "Heating" is the
// part of the run in which a zone's thermostat asked for heat; comfort is judged only there (domain of each
// figure beside it).
//
//   asked      what the shadow of the zone drew: an ideal electric heater of the same watts (world/shadow.h);
//              of a water zone, what its users took and its jacket lost
//   delivered  what the zone's boards drew
//   strict     hour by hour, the smaller of the two: heat that somebody wanted
//   owned      all arrays are the result's; ended by sim_result_deinit
#ifndef ONDOL_SIM_RESULT_H
#define ONDOL_SIM_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/work/activity.h"
#include "sim/scenario.h"

struct sim_zone_result {
    char name[SIM_NAME_BYTES + 16];
    uint32_t group, site; // in the scenario
    int32_t boards;
    enum scenario_zone_kind kind;
    int64_t asked_j, delivered_j, strict_j;
    int64_t activity_j[ACTIVITY_N];      // of delivered_j
    int64_t able_asked_j, able_strict_j; // of asked_j and strict_j: hours (of water: days) that asked for no
                                         // more than its heater has
    int64_t missing_j; // asked and not delivered while at full power: the heater is too small
    // comfort of rooms
    int64_t heating_ms; // the heater was drawing now or in the last two hours, or the room below its setpoint
    int64_t settled_ms; // of it, not within three hours of a setpoint step and not short of watts
    double rmse_k, bias_k; // air less setpoint over settled_ms
    double cold_kh;  // degree-hours below setpoint - 0.5 K, but for three hours after a step up, where the
                     // ideal heater is not
    double short_kh; // the same where the ideal heater of the same watts is as cold: the heater is too small
    double hot_kh;   // above setpoint + 1 K while the heater drew in the last two hours; while it is heated
                     // ahead of a step of the week, above the next setpoint + 1 K
    double free_kh;  // the same while it did not: sun and people
    double shadow_rmse_k, shadow_hot_kh; // what the ideal heater reached, over the same times
    // Not within three hours of a setpoint step, nor an hour of an open window:
    double peak_over_k;  // most above the setpoint (or the next, heated ahead) and above the ideal heater,
                         // while the heater drew in the last two hours
    double peak_under_k; // most below the setpoint and below the ideal heater
    double min_c, mean_c, max_c;         // air, or water at the outlet
    double step_up_excess_s; // mean over steps up of at least 2 K: seconds later than the shadow to within
                             // 0.5 K; 0 when there was none
    int32_t steps_up;
    // Settling, over steps up of at least 2 K that the ideal heater was through with in twelve hours, or that
    // the room was heated ahead of. Means: until the room was within 0.5 K, or the setpoint changed again;
    // and how much later than the ideal heater. Ahead: 0.
    int32_t settle_steps;
    double settle_s, settle_later_s;
    int32_t power_cycles; // of boards: off and on
    int32_t swings;       // of the heater's metal by more than 15 K
    // water
    int64_t backup_j, users_j, lost_j;
    int64_t hygiene_alarm_ms, hygiene_longest_gap_ms, outlet_low_ms, loop_low_ms;
    int64_t in_band_ms;                            // pool within 0.5 K of its setpoint
    int64_t injected_supply_j, injected_preheat_j; // network
    double junction_max_c;
};

struct sim_wait {
    int64_t n; // instances that started
    double mean_s, p50_s, p90_s, p95_s, p99_s, max_s;
    double mean_slowdown; // bounded, tau 1 s, wait includes staging and booting
};

struct sim_class_result {
    int64_t energy_j;
    int64_t submitted, started, completed, preempted, lost; // instances
    int64_t held, held_ms; // times that one was set aside, and for how long in all; of those that ended or went on
    int64_t waiting, running;                               // at the end of the run
    int64_t work_core_ms;                                   // done and kept, at nominal frequency
    int64_t wasted_core_ms;                                 // done and lost by preemption or failure
    int64_t open_core_ms;                                   // done by attempts that are under way at the end
    int64_t core_ms;                                        // granted cores x time
    double work_ghz_h;                                      // core-GHz-hours done
    struct sim_wait wait;                                   // submission to first instruction
};

struct sim_site_result {
    char name[SIM_NAME_BYTES];
    int64_t it_j, overhead_j;          // E_DC = it + overhead
    int64_t asked_j, strict_j;         // sums over its zones
    double carbon_g, cost_eur;         // of it + overhead
    double displaced_g, displaced_eur; // of the strict heat, as the scenario says what it displaces
    double outside_min_c, outside_mean_c, outside_max_c;
    bool sun_made_up;                            // the weather had no radiation
    int64_t moved_bytes, transfers, asked_bytes; // data sets
};

// Means over each step of the series; a step is an hour, or a day for runs above 800 days.
struct sim_series {
    int64_t step_ms;
    size_t n;
    float *activity_w[ACTIVITY_N];
    float *asked_w, *delivered_w, *strict_w;
    float *outside_c;           // mean over sites
    float *room_c, *setpoint_c; // mean over rooms
    float *waiting;             // instances, at the end of the step
    float *running;
    float *backup_w;
    // Of some zones of each group (shown.c), for pictures: watts, temperature and what it should be. Rooms: at the end
    // of the step. Water, over the step: water_show_c().
    size_t n_shown;
    uint32_t *shown_zone;
    float **shown_c, **shown_setpoint_c, **shown_w;
};

struct sim_totals {
    int64_t it_j, dc_j, asked_j, delivered_j, strict_j, burn_j;
    double pue, erf_strict, ere, wue;
    double heat_match, heat_coverage; // strict / delivered; strict / asked
    double heat_coverage_able;        // the same over the hours in which capacity sufficed
    double heat_coverage_day;         // the same day by day (by_day.c)
    double useful_work_share;         // paid, donated and volunteer joules / IT joules
    double carbon_g, cost_eur, displaced_g, displaced_eur;
    double zone_rmse_k,
        zone_rmse_worst_k; // over rooms, weighted by settled_ms; the worst of those with 6 h of it
    double cold_kh_zone_day, short_kh_zone_day, hot_kh_zone_day, free_kh_zone_day;
    int64_t moved_bytes;
    double energy_error; // worst relative error of any balance that was checked (below 1e-9)
    int64_t balances_checked;
    int64_t unattributed_j; // of the ledger: what parts do not explain
    uint64_t events, plans, syncs, steps;
    double bound_core_ms;         // of work: no schedule does more with the same heat (bound.c)
    // Steps in which a cap of a site or circuit was passed, plan_check failed, a thermostat was told otherwise than its
    // zone has it.
    uint64_t violations;
};

// The coldest and the hottest week of the scenario's own year, as offsets from 1 January 00:00 UTC of the
// run's year.
struct sim_week {
    int64_t from_ms, to_ms; // absolute
    double outside_mean_c;
};

struct sim_result {
    char scenario[SIM_NAME_BYTES], policy[SIM_NAME_BYTES];
    uint64_t seed;
    house_ms start;
    int64_t length_ms;
    uint64_t trace_hash;
    struct sim_zone_result *zone;
    size_t n_zones;
    struct sim_class_result class[ACTIVITY_N]; // tasks' classes full; filler, burn, idle, sleep: energy only
    struct sim_site_result *site;
    size_t n_sites;
    struct sim_series series;
    struct sim_totals totals;
    double wall_s; // filled by the program; 0: not measured. Never part of a comparison.
};

#define SIM_RESULT_NULL ((struct sim_result){0})
void sim_result_deinit(struct sim_result *r);

// One ended instance, for those who want every job (sim.h: on_instance).
struct sim_instance_result {
    uint64_t job; // id of the stream
    uint32_t instance, attempt;
    enum activity activity;
    int64_t submit_ms, granted_ms, started_ms, ended_ms; // from the start of the run
    int64_t work_core_ms;
    uint32_t board, zone, site;
    uint8_t end; // enum attempt_end
};

#endif
