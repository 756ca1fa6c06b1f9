// SPDX-License-Identifier: Apache-2.0
//
// Legionella: what the French rule for stored hot water asks of a tank (arrete of 30 November 2005), as a
// monitor. It watches and counts; it heats nothing. Storage of 400 litres and more, over any 24 hours, has
// either
//     the outlet at 55 degC or more all the time,
//     or one dose: 60 minutes at 60 degC, or 4 at 65, or 2 at 70;
// and the loop is nowhere below 50 degC. The rule names the three pairs only; minutes at different
// temperatures are added here by their shares (1/60, 1/4, 1/2 of a dose a minute).
//
// A dose is gathered within a day that begins at a set hour, local time: what is unfinished then is lost, so
// that no dose is made of the crumbs of many days. Whether the water is safe is judged over the last 24 hours
// at every moment, not by calendar days: two doses 40 hours apart leave an alarm of 16 hours between them.
//
// Whole numbers only: a dose is 3,600,000 units, a millisecond at 60 / 65 / 70 degC counts 1 / 15 / 30.
#ifndef ONDOL_WORLD_HYGIENE_H
#define ONDOL_WORLD_HYGIENE_H

#include <stdbool.h>
#include <stdint.h>

#define HYGIENE_DOSE      INT64_C(3600000)
#define HYGIENE_OUTLET_MC 55000
#define HYGIENE_LOOP_MC   50000

struct hygiene {
    int64_t zone_ms;      // local time less UTC
    int reset_hour;       // local, 0..23
    int64_t now_ms;       // how far it has seen
    int64_t dose;         // gathered since the last reset or the last full dose
    int64_t last_dose_ms; // when a dose was last complete; the start counts as one
    int64_t last_low_ms;  // when the outlet was last below 55 degC; INT64_MIN: never
    bool alarm;

    // Counts since hygiene_init.
    int64_t doses, alarms; // alarms: how often one began
    int64_t alarm_ms, outlet_low_ms, loop_low_ms;
    int64_t days, days_by_outlet, days_by_dose, days_failed; // days that ended; each is one of the three
    int64_t longest_gap_ms; // between doses while the outlet alone did not do

    // Of the running day.
    bool day_low, day_dosed;
};

// The water is taken to be safe at `start_ms` (UTC): the first alarm can come 24 hours later.
void hygiene_init(struct hygiene *h, int64_t start_ms, int64_t zone_ms, int reset_hour);

// `outlet_mc` over the next dt_ms > 0 from h->now_ms, and the coldest place of the loop; loop_mc INT32_MAX
// where there is no loop.
void hygiene_step(struct hygiene *h, int64_t dt_ms, int32_t outlet_mc, int32_t loop_mc);

// How long the outlet must still be held at outlet_mc to complete a dose; INT64_MAX below 60 degC.
int64_t hygiene_left_ms(const struct hygiene *h, int32_t outlet_mc);

// When the alarm comes, should the outlet be below 55 degC from now on and no dose be completed; now_ms
// during an alarm. A backup heater has to start so much earlier that a dose is complete by then.
int64_t hygiene_deadline_ms(const struct hygiene *h);

#endif
