// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with nodes and what stands at a site: zones, boards, their meters and limits.
#ifndef ONDOL_CORE_ENGINE_SERVER_FLEET_H
#define ONDOL_CORE_ENGINE_SERVER_FLEET_H

#include "core/engine/server_state.h"

// ---- server_ahead.c
void zone_observe(const struct server *s, struct zone *z, house_ms at, const struct report *r);
void zone_look_ahead(const struct server *s, struct zone *z); // at most each quarter of an hour
// Seconds until boards of the zone may draw need_w for computing; -1: not foreseen. mean_w: what it wants on
// average for span_s seconds from then on.
// Urgent work (reserved, onDemand) may heat to the top of the band, half a kelvin above the setpoint.
int64_t zone_begin_s(const struct server *s, const struct zone *z, bool urgent, int32_t need_w, int64_t span_s,
                     int32_t *mean_w);

// ---- server_sync.c, server_report.c, server_fleet.c
void server_sync_up(struct server *s, const struct event *ev, struct effects *fx);
uint64_t server_first_version(house_ms now);
void server_node_timer(struct server *s, uint64_t node_id, struct effects *fx);
void server_report(struct server *s, uint32_t node, const struct report *r, struct effects *fx);
int server_offer_check(const struct server *s, uint32_t node, const struct offer *o, struct arena *a,
                       const char **refusal);
void server_offer(struct server *s, uint32_t node, const struct offer *o, struct effects *fx);
void server_node_cap(struct server *s, uint32_t node); // server_cap.c
void server_site_caps(struct server *s, uint32_t site);
void zone_row(const struct server *s, const struct zone *z, struct arena *a, struct row_zone *row);
void board_row(const struct server *s, const struct board *b, struct arena *a, struct row_board *row);
uint32_t server_node_new(struct server *s, uint64_t id, const char *name);
uint32_t server_site_new(struct server *s, uint64_t id, const char *name);
uint32_t server_zone_new(struct server *s, uint64_t id, const char *name);
uint32_t server_board_new(struct server *s, uint64_t id, const char *name);
void zone_plan(struct server *s, uint32_t zone);
void node_own_zone(struct server *s, uint32_t node, uint32_t zone);
void node_own_board(struct server *s, uint32_t node, uint32_t board);
void zone_join_site(struct server *s, uint32_t zone, uint32_t site, int32_t nameplate_w);
void board_join_zone(struct server *s, uint32_t board, uint32_t zone);

// ---- server_wish.c
void server_zone_set(struct server *s, const struct event *ev, struct effects *fx);
void server_board_bar(struct server *s, const struct event *ev, struct effects *fx);
void server_lid_clear(struct server *s, const struct event *ev, struct effects *fx);
void zone_lid(struct server *s, uint32_t zone, house_ms opened); // v 0: closed, or cleared

// ---- server_want.c
void server_zones_want(struct server *s, const struct event *ev, struct effects *fx);
struct heat_request zone_request(const struct zone *z); // as told, within what a zone can have

// ---- server_rest.c
bool board_rests(const struct server *s, const struct board *b);
void board_rested(struct server *s, uint32_t board);     // it may work again: what it failed at is forgotten
void board_start_late(struct server *s, uint32_t board); // it did not start what it was given in time
void board_start_failed(struct server *s, uint32_t board, uint64_t task, const char *code);
bool board_is_blamed(const char *code); // how an attempt ended: its board is at fault, not its task
void server_board_timer(struct server *s, uint64_t board_id);

// ---- server_site.c
void server_site_set(struct server *s, const struct event *ev, struct effects *fx);
int server_site_restore(struct server *s, const struct row_site *row, struct err *e);
void server_site_timer(struct server *s, uint64_t site_id);
void site_plan(struct server *s, uint32_t site); // tells the planner what holds now
void site_row(const struct site *x, struct arena *a, struct row_site *row);
void zone_find_setting(const struct server *s,
                       struct zone *z); // by its name and site: its circuit, its other heat
// Heat from elsewhere is cheaper now than electricity: it is heated by work only, not by burning nor for free.
bool zone_work_only(const struct server *s, const struct zone *z);
int64_t zone_circuit_cap_mw(const struct server *s, const struct zone *z); // -1: none

// ---- server_meter.c
void server_meter_board(struct server *s, uint32_t board, uint64_t epoch, const struct report *r);
void server_give_back(struct server *s, uint32_t lease); // what it has cost, before it ends
void server_meter_lease(struct server *s, uint32_t lease, house_ms at, int64_t energy_mj, int64_t core_ms);
void server_meter_zone(struct server *s, uint32_t zone, const struct report *r);
void server_meter_epoch(struct server *s, uint32_t board, uint64_t epoch); // the parts count from 0 again
void server_ledger_rows(struct server *s, struct effects *fx);
struct ledger_chain *server_board_cells(const struct server *s,
                                        uint64_t board_id); // NULL: there is no such board

// ---- server_make.c
void board_is_of(struct server *s, struct board *b, const struct board_spec *spec, const struct curve *curve);
void board_say(char **to, const char *text); // in place of what was said; "" and NULL: nothing
static inline const char *board_said(const char *text)
{
    return text ? text : "";
}
void board_deinit(struct server *s, struct board *b);

// ---- board_text.c: the offer of a board as text in its row
char *board_offer_text(const struct board *b, struct arena *a);
bool board_offer_parse(struct server *s, const char *text, struct board *b); // false: it is no such text

#endif
