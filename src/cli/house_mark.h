// SPDX-License-Identifier: Apache-2.0
//
// House time that never goes back over a restart. When house time runs faster than the clock it is ahead of
// the calendar, and nothing but a note of our own says how far. The note in DIR/house-time is a bound that
// the clock has not reached: it is moved ahead before the clock gets there, so that a kill at any moment
// costs some seconds of house time and no more.
#ifndef ONDOL_CLI_HOUSE_MARK_H
#define ONDOL_CLI_HOUSE_MARK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/when.h"

// What the house's clock is to show first: the calendar's now, or the note if that is later.
house_ms house_mark_start(const char *dir, int64_t real_ms);
// To be called at least every second of the wall; `clean`: the clock has stopped, the note is exact.
int house_mark_move(const char *dir, house_ms now, double speed, bool clean, struct err *e);

#endif
