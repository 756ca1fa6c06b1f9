// SPDX-License-Identifier: Apache-2.0
// What many zones want, told in one call.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rig.h"

struct two {
    struct rig *r;
    struct rig_node a, b;
};

static void open_two(struct two *x)
{
    *x = (struct two){.r = malloc(sizeof *x->r)};
    struct server_config cfg;
    server_config_default(&cfg);
    rig_init(x->r, &cfg);
    rig_node_init(&x->a, "a", 1);
    rig_node_init(&x->b, "b", 1);
    x->a.want_w = x->b.want_w = 2; // nobody works by so little
    rig_hello(x->r, &x->a);
    rig_hello(x->r, &x->b);
}

static void close_two(struct two *x)
{
    if (x->r->fault.code)
        fail_msg("%s", x->r->fault.text);
    rig_deinit(x->r);
    free(x->r);
}

static struct zone_view zone_of(const struct two *x, const struct rig_node *n)
{
    struct zone_view v = {0};
    for (size_t i = 0; i < server_zones(x->r->s); i++) {
        server_zone(x->r->s, i, &v);
        if (strcmp(v.node, n->name) == 0)
            return v;
    }
    fail_msg("%s has no zone", n->name);
    return v;
}

static void tell(struct two *x, const struct zone_want *w, size_t n)
{
    struct event ev = {.kind = EVENT_ZONES_WANT, .wants = {.zone = w, .n = n}};
    rig_event(x->r, &ev);
}

static void work_goes_where_watts_are_wanted_by_then(void **state)
{
    (void)state;
    struct two x;
    open_two(&x);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    assert_null(rig_assignment(x.r, &x.a, 0));
    assert_null(rig_assignment(x.r, &x.b, 0));
    const struct zone_want w[] = {{.zone = zone_of(&x, &x.a).id, .target_w = 3, .max_w = 3},
                                  {.zone = zone_of(&x, &x.b).id, .target_w = 400, .min_w = 1, .max_w = 500},
                                  {.zone = 999999, .target_w = 400, .max_w = 400}}; // nobody's
    tell(&x, w, 3);
    assert_null(rig_assignment(x.r, &x.a, 0));
    assert_non_null(rig_assignment(x.r, &x.b, 0));
    struct zone_view v = zone_of(&x, &x.b);
    assert_int_equal(v.request.target_w, 400);
    assert_int_equal(v.request.min_w, 1);
    assert_int_equal(v.request.max_w, 500);
    close_two(&x);
}

// It says nothing of the node: one that is silent is lost all the same.
static void a_node_of_which_others_speak_is_not_heard(void **state)
{
    (void)state;
    struct two x;
    open_two(&x);
    const struct zone_want w = {.zone = zone_of(&x, &x.b).id, .target_w = 400, .max_w = 400};
    for (int i = 0; i < 100; i++) {
        rig_wait(x.r, 1000);
        tell(&x, &w, 1);
    }
    assert_false(zone_of(&x, &x.b).online);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    assert_null(rig_assignment(x.r, &x.b, 0));
    close_two(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_goes_where_watts_are_wanted_by_then),
        cmocka_unit_test(a_node_of_which_others_speak_is_not_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
