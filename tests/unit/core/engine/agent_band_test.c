// SPDX-License-Identifier: Apache-2.0
// The engine of a node whose room is content: urgent work goes on up to the top of the room's band, other work
// stands still (docs/design/0052-band.md).
#include "agent_rig.h"

#include <string.h>

// A setpoint that the heater holds by a third of its watts.
#define SETPOINT_MC 13000
static struct desired_zone set = {.name = "z1", .mode = ZONE_COMFORT, .setpoint_mc = SETPOINT_MC};

// A room at its setpoint + 0.3 K, and tasks of that class on its first n boards.
static void rig_content(struct rig *r, struct agent_config *cfg, enum activity a, size_t n,
                        struct assignment work[BOARDS])
{
    rig_init(r, SETPOINT_MC * 1e-3 + 0.3, cfg);
    rig_step(r, 1000);
    rig_join(r);
    rig_call(r, CALL_REPORT);
    static const char *const board[BOARDS] = {"b0", "b1", "b2"};
    for (size_t i = 0; i < n; i++) {
        work[i] = rig_assignment(r, 13 + i, board[i]);
        work[i].activity = a;
        work[i].until = house_add(r->now, 100 * HOUR_MS);
    }
    rig_answer(r, CALL_REPORT, &(struct sync_down){.zone = &set, .n_zones = 1, .cap_mw = -1}, work, n);
    rig_run_for(r, 120000);
}

static int64_t drawn_mw(const struct rig *r)
{
    int64_t mw = 0;
    for (size_t i = 0; i < BOARDS; i++)
        mw += agent_board(r->agent, i).point.draw_mw;
    return mw;
}

static void urgent_work_goes_on_in_a_content_room_and_other_work_stands_still(void **state)
{
    (void)state;
    for (enum activity a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        struct rig r;
        struct assignment work[BOARDS];
        rig_content(&r, NULL, a, 1, work);
        struct board_state b = agent_board(r.agent, 0);
        if (activity_is_urgent(a)) {
            assert_int_equal(b.run, a);
            assert_int_equal(b.point.freq_mhz, 2500); // most work for its watts
            assert_in_range(drawn_mw(&r), 60000, 85000); // and nobody else draws for it
        } else {
            assert_int_equal(b.point.work_mhz, 0);
            assert_in_range(drawn_mw(&r), 0, 36000);
        }
        rig_deinit(&r);
    }
}

static void the_cap_of_the_node_bounds_urgent_work_too(void **state)
{
    (void)state;
    struct rig r;
    struct assignment work[BOARDS];
    struct agent_config c = {.cap_mw = 70000};
    rig_content(&r, &c, ACTIVITY_ONDEMAND, 1, work);
    assert_int_equal(agent_board(r.agent, 0).run, ACTIVITY_ONDEMAND);
    for (int i = 0; i < 60; i++) {
        rig_step(&r, 10000);
        assert_in_range(drawn_mw(&r), 30000, 70000);
    }
    rig_deinit(&r);
}

// The occupant is told; the room comes to the top of its band and no further, and back when the work ends.
static void the_room_stays_in_its_band_and_the_occupant_is_told(void **state)
{
    (void)state;
    struct rig r;
    struct assignment work[BOARDS];
    rig_content(&r, NULL, ACTIVITY_RESERVED, BOARDS, work);
    bool told = false;
    for (int i = 0; i < 8 * 6; i++) {
        rig_run_for(&r, HOUR_MS / 6);
        assert_in_range(twin_air_mc(&r.body, 0), SETPOINT_MC - 300, SETPOINT_MC + 700);
        if (agent_call_due(r.agent, r.now) != CALL_REPORT)
            continue;
        struct sync_up up = rig_call(&r, CALL_REPORT);
        const struct report *z = rig_find(&up, REPORT_ZONE, 0);
        told = told || (z && strstr(z->zone.why, "warmed within its band by urgent work"));
        rig_answer(&r, CALL_REPORT,
                   &(struct sync_down){.zone = &set, .n_zones = 1, .cap_mw = -1, .acked = rig_last_seq(&up)},
                   work, BOARDS);
    }
    assert_true(told);
    for (uint64_t lease = 13; lease < 13 + BOARDS; lease++)
        rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = lease}});
    for (int i = 0; i < 12 * 6; i++) {
        rig_run_for(&r, HOUR_MS / 6);
        assert_in_range(twin_air_mc(&r.body, 0), SETPOINT_MC - 500, SETPOINT_MC + 900); // by the sun
    }
    assert_in_range(twin_air_mc(&r.body, 0), SETPOINT_MC - 300, SETPOINT_MC + 300);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_work_goes_on_in_a_content_room_and_other_work_stands_still),
        cmocka_unit_test(the_cap_of_the_node_bounds_urgent_work_too),
        cmocka_unit_test(the_room_stays_in_its_band_and_the_occupant_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
