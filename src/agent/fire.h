// SPDX-License-Identifier: Apache-2.0
//
// What a real node burns when there is no work for its heat (burner.h), in a process of its own: so that the
// kernel can be told to give it only what nobody else wants, and so that it ends with its node whatever
// happens to that. Virtual nodes burn nothing, their rooms are made up.
#ifndef ONDOL_AGENT_FIRE_H
#define ONDOL_AGENT_FIRE_H

#include <stddef.h>
#include <stdint.h>

#define FIRE_OPTION "--as-fire"

struct node;
struct fire;

struct fire *fire_new(struct node *n);
// Duty of all processors that a board wants burnt, 0..1000. A node is one machine: the most that is wanted.
void fire_set(struct fire *f, size_t board, int32_t permille);
void fire_look(struct fire *f); // each second: one that died is lit again
void fire_free(struct fire *f); // NULL is nothing; the loop must run once more after it

// The process itself: reads its duty, a line each, until its input ends.
int fire_main(void);

#endif
