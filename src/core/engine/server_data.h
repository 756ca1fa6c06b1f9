// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with data sets: which tasks name them, which nodes and sites have copies.
#ifndef ONDOL_CORE_ENGINE_SERVER_DATA_H
#define ONDOL_CORE_ENGINE_SERVER_DATA_H

#include "core/engine/server_state.h"

// ---- server_data.c: data sets, and copies of them
void place_take_data(struct server *s, const struct place *p); // a task names them
void place_drop_data(struct server *s, const struct place *p);
uint32_t data_number(const struct server *s, uint64_t key); // the planner's; NONE: not known
void server_replica(struct server *s, const struct event *ev, struct effects *fx);
// Where nobody makes copies: a task's data came to this node for one of its boards; the node started anew.
void node_fetched(struct server *s, uint32_t node, uint32_t site, const struct place *p);
void node_forgets(struct server *s, uint32_t node);
void copies_order(struct server *s, struct effects *fx); // what the plan wants
void copies_take_back(struct server *s);                 // the plan is not carried out

#endif
