// SPDX-License-Identifier: Apache-2.0
// Who makes room when the streams of instances that have ended are too many.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "server/relay_inside.h"

static void add(struct relay *k, uint64_t task, size_t streams, int64_t called_ms, bool ended)
{
    struct conn *c = mem_alloc(sizeof *c);
    *c = (struct conn){.task = task, .called_ms = called_ms};
    *(called_ms % 2 ? &c->lost_ms : &c->leave_ms) = ended;
    c->mux.n = streams;
    k->v[k->n++] = c;
}

static void done(struct relay *k)
{
    while (k->n)
        free(k->v[--k->n]);
    free(k);
}

static void who_has_most_left_makes_room_and_nobody_who_runs(void **state)
{
    (void)state;
    struct relay *k = mem_alloc(sizeof *k);
    for (int i = 0; i < 100; i++)
        add(k, 1, RELAY_STREAMS_MAX, i, false); // it runs: its memory goes with its boards
    add(k, 2, RELAY_STREAMS_MAX, 200, true);    // much at once
    assert_int_equal(relay_room_wanted(k), k->n);
    for (int i = 0; i < RELAY_LEFT_MAX - RELAY_STREAMS_MAX; i++)
        add(k, 3, 1, 2000 - i, true); // one after the other
    assert_int_equal(relay_room_wanted(k), k->n);
    add(k, 4, 1, 1, true); // somebody else's, the oldest of all
    assert_int_equal(relay_room_wanted(k), k->n - 2);
    done(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_most_left_makes_room_and_nobody_who_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
