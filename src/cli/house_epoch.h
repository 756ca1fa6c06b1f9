// SPDX-License-Identifier: Apache-2.0
//
// The clock of a house that runs faster (or slower) than the calendar, over restarts of its server: its
// agents go on meanwhile, each by the same line house = house0 + (real - real0) x speed, and must find the
// server on it when it is back. The line is kept in DIR/house-epoch. Another speed begins a new line where
// the old one is now, so that house time never goes back.
#ifndef ONDOL_CLI_HOUSE_EPOCH_H
#define ONDOL_CLI_HOUSE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/when.h"

struct house_epoch {
    house_ms house0;
    int64_t real0_ms;
    double speed;
};

// Where the line of `e` is when the calendar shows real_ms; not beyond what fits.
house_ms house_epoch_at(const struct house_epoch *e, int64_t real_ms);

// The line to run on from now on, kept in DIR. `given` (may be NULL) is an operator's own and wins. False in
// `*is`: speed is 1 and no other was ever kept, so the house's time is the calendar's. 0, or a negative errno
// with the file.
int house_epoch_keep(const char *dir, double speed, int64_t real_ms, const struct house_epoch *given,
                     struct house_epoch *out, bool *is, struct err *e);

#endif
