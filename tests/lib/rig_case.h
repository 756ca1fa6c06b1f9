// SPDX-License-Identifier: Apache-2.0
//
// A test case on the rig: made, looked at, and judged at its end. For test files, after <cmocka.h>.
#ifndef ONDOL_TESTS_RIG_CASE_H
#define ONDOL_TESTS_RIG_CASE_H

#include "base/mem.h"
#include "rig.h"

// cfg NULL: defaults, with plans checked. End it with case_done.
static inline struct rig *case_with(const struct server_config *cfg)
{
    struct rig *r = mem_alloc(sizeof *r);
    rig_init(r, cfg);
    return r;
}

static inline struct rig *case_new(void)
{
    return case_with(NULL);
}

// With a node "n" of one zone that has called home: boards "n-0"...
static inline struct rig *case_with_node(struct rig_node *n, int32_t boards)
{
    struct rig *r = case_new();
    rig_node_init(n, "n", boards);
    rig_hello(r, n);
    return r;
}

static inline void case_done(struct rig *r)
{
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
    free(r);
}

// The lease of the node's i-th assignment, which must be there.
static inline uint64_t case_lease(struct rig *r, const struct rig_node *n, size_t i)
{
    const struct assignment *a = rig_assignment(r, n, i);
    assert_non_null(a);
    return a->lease;
}

static inline struct board_view case_board(const struct rig *r, const char *name)
{
    struct board_view v;
    size_t i;
    assert_true(server_find_board(r->s, name, &i));
    server_board(r->s, i, &v);
    return v;
}

#endif
