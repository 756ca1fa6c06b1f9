// SPDX-License-Identifier: Apache-2.0
//
// What the files link*.c share.
#ifndef ONDOL_SIM_LINK_H
#define ONDOL_SIM_LINK_H

#include "sim/run.h"

#define LINK_LEASE_LONG_MS INT64_C(5270400000)

house_ms link_wall(const struct sim_run *r);
void link_name(char out[NAME_BYTES], char letter, uint32_t number); // as n7, z7, b21
void link_wake(struct sim_run *r, uint32_t zone);                   // its node looks what it should be doing
void link_adopt(struct sim_run *r, uint32_t zone);                  // and does it

#endif
