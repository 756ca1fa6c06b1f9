// SPDX-License-Identifier: Apache-2.0
//
// Which zones a result keeps by the hour. Which of them is the worst is known at the end only, and all would be too
// many: so some of each group are kept, at equal distances.
#include "sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SHOWN_ALL   64 // of the run, but at least one of each of the first groups (measure.c)
#define SHOWN_GROUP 16

static void *more(void *old, size_t n, size_t elem)
{
    char *grown = mem_array(n + 2, elem);
    memcpy(grown, old, n * elem);
    free(old);
    return grown;
}

static void show_too(struct sim_series *x, uint32_t zone)
{
    size_t k = x->n_shown++;
    x->shown_zone = more(x->shown_zone, k, sizeof *x->shown_zone);
    x->shown_c = more(x->shown_c, k, sizeof *x->shown_c);
    x->shown_setpoint_c = more(x->shown_setpoint_c, k, sizeof *x->shown_setpoint_c);
    x->shown_w = more(x->shown_w, k, sizeof *x->shown_w);
    x->shown_zone[k] = zone;
    x->shown_c[k] = mem_array(x->n + 1, sizeof(float));
    x->shown_setpoint_c[k] = mem_array(x->n + 1, sizeof(float));
    x->shown_w[k] = mem_array(x->n + 1, sizeof(float));
}

// The first of each of the first groups is shown already.
void shown_make(struct sim_run *r)
{
    struct sim_series *x = &r->out->series;
    size_t firsts = x->n_shown, room = r->s->n_zones ? SHOWN_ALL / r->s->n_zones : 0;
    uint32_t most = (uint32_t)(room < SHOWN_GROUP ? room : SHOWN_GROUP);
    for (size_t k = 0; k < firsts; k++) {
        uint32_t from = x->shown_zone[k], to = from;
        while (to < r->n_zones && r->zone[to].group == r->zone[from].group)
            to++;
        uint32_t n = to - from < most ? to - from : most;
        for (uint32_t i = 1; i < n; i++)
            show_too(x, from + (uint32_t)((uint64_t)i * (to - from) / n));
    }
}
