// SPDX-License-Identifier: Apache-2.0
//
// What of the machine's memory is left for tasks. Files and images that are kept for later runs lie in memory
// too (stager_cache.c, image_cache.h), so boards offer what remains beside them.
#ifndef ONDOL_AGENT_MEMORY_H
#define ONDOL_AGENT_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/engine/sync.h"

#define MEMORY_BOARD_MIN_MB 64

// Takes off the boards, each in proportion to what it offers, what they and `kept_mb` have together more than
// the machine. None goes below MEMORY_BOARD_MIN_MB. Gives the megabytes taken off.
int64_t memory_share(struct offer_board *board, size_t n, int64_t machine_mb, int64_t kept_mb);

int64_t memory_machine_mb(void);

#endif
