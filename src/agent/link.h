// SPDX-License-Identifier: Apache-2.0
//
// The calls home: made when the engine has something to say, paced when nobody answers (0.2 s doubling to 10
// s of wall time, with jitter so that a thousand heaters do not come back at once).
#ifndef ONDOL_AGENT_LINK_H
#define ONDOL_AGENT_LINK_H

#include "agent/node.h"

int link_new(struct link **ret, struct node *n, struct err *e); // calls nobody yet; negative errno: no client
void link_free(struct link *l); // cancels what is under way; the loop must run once more afterwards
void link_poke(struct link *l); // makes the calls that are due

#endif
