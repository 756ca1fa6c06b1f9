// SPDX-License-Identifier: Apache-2.0
//
// How many slots a pool wants, by policies that are in force at times of the week (UTC). Here: what a policy
// is, whether a list of them makes sense, which is in force, and how many slots it wants. A pool of a fixed
// size is a pool with one fixed policy; an elastic one has one that follows the queue.
#ifndef ONDOL_CORE_WORK_SCALING_H
#define ONDOL_CORE_WORK_SCALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define SCALING_POLICIES_MAX 32
#define SCALING_PERIODS_MAX  32 // of one policy
#define SCALING_SLOTS_MAX    1000000
#define SCALING_DAY_MS       INT64_C(86400000)
#define SCALING_STEP_S       90 // between two openings of more slots, where nothing else is said
#define SCALING_TEXT_MAX     65536

struct scaling_period {
    const char *name;
    bool weekly;              // else always
    uint8_t days;             // bit 0: Sunday
    int64_t start_ms, end_ms; // of the day in UTC, half open; weekly only
};

enum scaling_type { SCALING_FIXED, SCALING_QUEUE, SCALING_UNREAD }; // unread: what it was given as is none

struct scaling_policy {
    const char *name;
    enum scaling_type type;
    int64_t slots;                  // FIXED
    int64_t min, max, idle, idle_s; // QUEUE: total slots, idle ones, and for how long a slot stays idle
    int32_t factor_ppm;             // QUEUE: the share of max that is opened in one step
    int64_t step_s;                 // QUEUE: between two steps; 0: every time that one looks
    const struct scaling_period *period;
    size_t n_periods;
};

// 0, or -EINVAL with "policies[1].maxTotalSlots: sentence": a name that is missing or twice, a number out of
// its range, a minimum over its maximum, a policy that is never in force, a period that ends before it
// begins.
int scaling_check(const struct scaling_policy *policy, size_t n, struct err *e);

// As scaling_check, for who wants to hear of all that is wrong: how many that was. Nothing is said of unread
// policies.
struct scaling_ear {
    void (*wrong)(void *ctx, const struct err *e); // e->text: "policies[1].maxTotalSlots: sentence"
    void *ctx;
};
size_t scaling_check_all(const struct scaling_policy *policy, size_t n, const struct scaling_ear *ear);
struct scaling_ear scaling_ear_first(struct err *e); // keeps the first and no other

// The policies as text without their names, for events and rows: "F4@A" is fixed, 4 slots, always;
// "Q0,8,1,90,200000,60@W62,25200000,64800000" follows the queue with min, max, idle, idle_s, factor_ppm and
// step_s, on the days of the mask 62 from 7 to 18 h. Policies are parted by ';', periods by '|'. Parsing
// gives false for what is no such text or breaks scaling_check (names aside); policies live in `a`.
void scaling_format(const struct scaling_policy *policy, size_t n, struct buf *out);
bool scaling_parse(const char *text, struct arena *a, struct scaling_policy **policy, size_t *n);

// The first policy of the list that is in force at `now_ms` (since 1970, UTC); NULL: none is.
const struct scaling_policy *scaling_active(const struct scaling_policy *policy, size_t n, int64_t now_ms);
// When the next weekly period of any policy begins or ends, after `now_ms`; INT64_MAX: never.
int64_t scaling_next_change(const struct scaling_policy *policy, size_t n, int64_t now_ms);

struct scaling_load {
    int64_t queued, running; // instances that wait for a slot; that have one
    int64_t open;            // slots that were wanted so far
    int64_t idle;            // of these, such as may be closed: idle for idle_s, or not there yet
    bool step_due;           // QUEUE: more slots may be opened now
};
// How many slots are wanted from now on; p NULL: none. QUEUE: enough for what waits and runs and `idle` more,
// between min and max; more are opened by steps of factor x max (at least one slot), fewer as slots have been
// idle.
int64_t scaling_want(const struct scaling_policy *p, const struct scaling_load *l);

#endif
