// SPDX-License-Identifier: Apache-2.0
//
// What the two readers of platforms share.
#ifndef ONDOL_SIM_READ_BATSIM_INSIDE_H
#define ONDOL_SIM_READ_BATSIM_INSIDE_H

#include "sim/read/batsim.h"

// Numbers the boards. -EINVAL when there is none or one stands twice.
int batsim_platform_finish(struct batsim_platform *p, struct err *e);

#endif
