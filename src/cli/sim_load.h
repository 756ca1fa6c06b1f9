// SPDX-License-Identifier: Apache-2.0
//
// A scenario and the files it names, from disk.
#ifndef ONDOL_CLI_SIM_LOAD_H
#define ONDOL_CLI_SIM_LOAD_H

#include "sim/sim.h"

#define WORK_BYTES_MAX (1u << 30) // of a file of work

struct sim_loaded {
    struct scenario scenario;
    struct sim_inputs inputs;
    struct buf notes; // what is no error and yet hardly meant, a line each, to be said once when all is read
};

// What the command line says before anything is read: the weather of a scenario may depend on it.
struct sim_early {
    long seed;         // -1: the scenario's
    const char *start; // YYYY-MM-DD; NULL: the scenario's
    const char *policy;
};

// `names`: a scenario by path, or by name among those that are shipped (beside the program, or installed),
// then files that are laid over it. `early` may be NULL. `data`: a folder in which files it names are looked
// for, besides the scenario's own; may be NULL, then $ONDOL_DATA. Negative errno with a sentence; `out` is to
// be ended by sim_unload in any case.
int sim_load(struct sim_loaded *out, const char *const *names, int n, const char *data,
             const struct sim_early *early, struct err *e);
// The workload again from its beginning, for another run of the same scenario.
int sim_load_work(struct sim_loaded *l, const char *data, struct err *e);
// Lays the folder of a published trace over the scenario: its platform, events and workload.
int sim_load_trace(struct sim_loaded *out, const char *dir, struct err *e);
void sim_load_note(struct sim_loaded *l, const char *text);
void sim_unload(struct sim_loaded *l);

#endif
