// SPDX-License-Identifier: Apache-2.0
//
// Turns processor time into nothing but heat: the last resort of a heater without work. One thread a
// processor, of the scheduler's idle class, so that a task on the same processors has every cycle it wants;
// they are free for a part of each beat and sleep for the rest. They take no memory to speak of.
#ifndef ONDOL_AGENT_BURNER_H
#define ONDOL_AGENT_BURNER_H

#include <stdint.h>

#include "base/err.h"

struct burner;

// On the processors that this process may use. No thread is started before it has something to burn. NULL
// with `e` set when they cannot be told.
struct burner *burner_new(struct err *e);
// Duty from now on, 0..1000 permille of each processor. Never blocks. -EAGAIN when a thread cannot be
// started; those that were burn.
int burner_set(struct burner *b, int32_t permille, struct err *e);
int64_t burner_cpu_us(const struct burner *b); // used so far, all of them
void burner_free(struct burner *b);            // ends them within a beat; NULL is nothing

#endif
