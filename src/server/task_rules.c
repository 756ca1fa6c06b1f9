// SPDX-License-Identifier: Apache-2.0
//
// The network rules of what runs under a lease, for the relay: the same that the node is told (bodies.c),
// from the same rows, so nothing is kept of them and no carrier can say others.
#include <errno.h>
#include <jansson.h>

#include "api/network_rule_in.h"
#include "server/relay_inside.h"

static void add(json_t *all, const char *body)
{
    json_t *o = body ? json_loads(body, 0, NULL) : NULL;
    json_array_extend(all, json_object_get(o, "forcedNetworkRules"));
    json_decref(o);
}

int task_rules(const struct store_reader *reader, uint64_t task, struct net_rules *out, struct err *e)
{
    struct arena a = ARENA_NULL;
    struct row_task row = {0};
    struct row_pool pool = {0};
    int r = reader->task_by_id(reader->ctx, task, &a, &row, e);
    if (r >= 0 && (r == 1 || row.pool)) // a node of a pool has the pool's id
        r = reader->pool_by_id(reader->ctx, r == 1 ? task : row.pool, &a, &pool, e);
    if (r == 1)
        r = err_set(e, -ENOENT, "rules: there is no task %llu", (unsigned long long)task);
    if (r == 0) {
        json_t *all = json_array();
        add(all, pool.body); // in the order in which the node has them
        add(all, row.body);
        json_t *both = json_pack("{s:o}", "forcedNetworkRules", all);
        r = network_rules_kept(both, out, e);
        json_decref(both);
    }
    arena_deinit(&a);
    return r;
}
