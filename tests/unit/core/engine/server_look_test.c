// SPDX-License-Identifier: Apache-2.0
// When the engine looks whether what crawls is to be moved: not before anything can come of it.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "rig.h"

#define MINUTE INT64_C(60000)

// As it was so many milliseconds ago.
static void level(struct rig *r, struct rig_node *n, uint64_t lease, int64_t exec_ms, int32_t permille,
                  int64_t ago)
{
    struct report rep = {.kind = REPORT_LEVEL,
                         .at = HOUSE_MS(r->now - ago),
                         .lease = lease,
                         .level = {.phase = PHASE_EXECUTION,
                                   .freq_mhz = 1000,
                                   .max_freq_mhz = 1000,
                                   .duty_permille = permille,
                                   .exec_ms = exec_ms,
                                   .progress_permille = -1}};
    rig_report(r, n, &rep);
}

// Minutes until an instance is looked at that stands still, after it ran for so many; that was told `late` ms after.
static int64_t minutes_to_look(int ran, int64_t late)
{
    struct rig *r = malloc(sizeof *r);
    struct rig_node n;
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.lease_ms = 10000 * MINUTE; // so that no other timer comes first
    rig_init(r, &cfg);
    rig_node_init(&n, "warm", 1);
    rig_hello(r, &n);
    (void)rig_create(r, ACTIVITY_FLEX, 1);
    const struct assignment *a = rig_assignment(r, &n, 0);
    uint64_t lease = a->lease;
    rig_started(r, &n, lease);
    for (int i = 1; i <= ran; i++) {
        rig_wait(r, MINUTE);
        level(r, &n, lease, i * MINUTE, 1000, 0);
    }
    rig_wait(r, 1000 + late);
    level(r, &n, lease, ran * MINUTE + 1000, 0, late);
    int64_t minutes = (server_next_tick(r->s).v - r->now) / MINUTE;
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
    free(r);
    return minutes;
}

// Ten minutes are the wait before anybody is looked at. Who has run for an hour and is expected to run for another is
// two hours' work from its end elsewhere: twice that must be in sight here, and every minute that it stands still
// makes an hour's work one more minute away at the speed that it had on average.
static void who_has_done_much_is_not_looked_at_for_long(void **state)
{
    (void)state;
    assert_in_range(minutes_to_look(6, 0), 9, 10);
    assert_in_range(minutes_to_look(60, 0), 60, 100);
    assert_in_range(minutes_to_look(120, 0), 130, 190);
    assert_in_range(minutes_to_look(600, 0), 230, 240); // nobody foresees for longer
}

// It crawls since the level was taken, whenever it comes: of a node that was cut off, or that tells in bundles.
static void what_is_told_late_was_so_before(void **state)
{
    (void)state;
    assert_in_range(minutes_to_look(6, 7 * MINUTE), 2, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_done_much_is_not_looked_at_for_long),
        cmocka_unit_test(what_is_told_late_was_so_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
