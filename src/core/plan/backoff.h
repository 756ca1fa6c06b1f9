// SPDX-License-Identifier: Apache-2.0
//
// How long something that keeps failing is left alone: the first time for `first_ms`, twice as long each time
// after it, never longer than `most_ms`.
#ifndef ONDOL_CORE_PLAN_BACKOFF_H
#define ONDOL_CORE_PLAN_BACKOFF_H

#include <stdint.h>

// `failures` in a row; 0 or less: nothing to wait for. Any arguments are safe.
int64_t backoff_ms(int32_t failures, int64_t first_ms, int64_t most_ms);

#endif
