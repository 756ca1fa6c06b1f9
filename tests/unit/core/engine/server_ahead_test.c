// SPDX-License-Identifier: Apache-2.0
// What the server expects zones to want: nothing for half a day, then what the reports taught it. Audited by
// the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/engine/server_state.h"
#include "rig.h"

static void level(struct rig *r, struct rig_node *n, int32_t room_mc, int32_t draw_w, bool model_known)
{
    struct report rep = {.kind = REPORT_ZONE};
    snprintf(rep.name, NAME_BYTES, "z-%s", n->name);
    rep.zone.room_mc = room_mc;
    rep.zone.setpoint_mc = 20000;
    rep.zone.mode = ZONE_COMFORT;
    rep.zone.draw_w = draw_w;
    rep.zone.request = (struct heat_request){.target_w = draw_w, .max_w = 500};
    rep.zone.model_known = model_known;
    rep.zone.model = (struct zone_model){.capacity_j_per_k = 5000000, .loss_mw_per_k = 20000, .gain_w = 0};
    rig_report(r, n, &rep);
}

// A report every two minutes for so many hours.
static void hours(struct rig *r, struct rig_node *n, int count, bool model_known)
{
    for (int i = 0; i < 30 * count; i++) {
        rig_wait(r, 120000);
        level(r, n, 20000, 130, model_known);
    }
}

static const struct zone_ahead *ahead(const struct rig *r)
{
    return &r->s->zone[0]->ahead;
}

static void it_expects_what_the_days_before_have_shown(void **state)
{
    (void)state;
    struct rig *r = malloc(sizeof *r);
    struct rig_node n;
    rig_init(r, NULL);
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    hours(r, &n, 10, true);
    assert_false(ahead(r)->known);
    hours(r, &n, 16,
          true); // 130 W hold 20 degC, whatever the model alone would say (200 W at 10 degC outside)
    assert_true(ahead(r)->known);
    for (int i = 0; i < PLAN_RUNS; i++)
        assert_in_range(ahead(r)->mean_w[i], 120, 140);
    level(r, &n, 20000, 130, false); // the node started again and has to learn first
    assert_false(ahead(r)->known);
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
    free(r);
}

static void wild_models_do_no_harm(void **state)
{
    (void)state;
    static const struct zone_model wild[] = {
        {0},
        {.capacity_j_per_k = INT64_MIN, .loss_mw_per_k = INT32_MIN, .gain_w = INT32_MIN},
        {.capacity_j_per_k = INT64_MAX, .loss_mw_per_k = INT32_MAX, .gain_w = INT32_MAX},
        {.capacity_j_per_k = 1, .loss_mw_per_k = INT32_MAX},
        {.capacity_j_per_k = 1, .gain_w = INT32_MIN}};
    struct rig *r = malloc(sizeof *r);
    struct rig_node n;
    rig_init(r, NULL);
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    for (size_t k = 0; k < sizeof wild / sizeof *wild; k++) {
        for (int i = 0; i < 26 * 4; i++) {
            struct report rep = {.kind = REPORT_ZONE,
                                 .zone = {.room_mc = i % 2 ? INT32_MAX : 20000,
                                          .draw_w = i % 3 ? INT32_MAX : 0,
                                          .model_known = true,
                                          .model = wild[k]}};
            rig_wait(r, 500000);
            snprintf(rep.name, NAME_BYTES, "z-%s", n.name);
            rig_report(r, &n, &rep);
        }
    }
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_expects_what_the_days_before_have_shown),
        cmocka_unit_test(wild_models_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
