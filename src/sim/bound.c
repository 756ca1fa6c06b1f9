// SPDX-License-Identifier: Apache-2.0
//
// What no schedule could have passed, whatever it knew beforehand: work that can be done with the watts that
// the zones drew hour by hour (so with the same heat), and of each instance no more than one board does at
// full speed from its submission on. For every hour h
//
//     work <= what could have been done of what had come by h  +  what the watts after h could do
//
// and the least of these is the bound. The watts of a zone do the most on the best number of its boards,
// alike (their curves are concave above idle). Boots, hardware, copies and instances with fewer cores than
// their board only make less of it.
#include "sim/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define HOUR_MS 3600000

struct bound {
    size_t hours;
    double *ready; // core-ms more that could be done by the end of the hour of what had come
    double *watts; // core-ms that the watts of the hour can do
    double **most; // by group of zones and whole watts: cores at nominal frequency, + 1; 0: not reckoned yet
    int64_t *before_uj; // by zone: its energy at the start of the hour
    int64_t from_ms;
};

static double most_cores(const struct sim_run *r, const struct scenario_zones *g, int32_t watts)
{
    const struct curve *c = &r->s->board[g->board].curve;
    double most = 0, nominal = c->p[c->n - 1].freq_mhz;
    for (int32_t k = 1; k <= g->boards; k++) {
        int64_t each_mw = int_clamp((int64_t)watts * 1000 / k, 0, curve_max_mw(c));
        most = num_max(most, k * curve_at_draw(c, (int32_t)each_mw).work_mhz / nominal);
    }
    return most;
}

void bound_make(struct sim_run *r)
{
    struct bound *b = r->bound = mem_alloc(sizeof *b);
    b->hours = (size_t)((r->s->length_ms + HOUR_MS - 1) / HOUR_MS);
    b->ready = mem_array(b->hours + 1, sizeof *b->ready);
    b->watts = mem_array(b->hours + 1, sizeof *b->watts);
    b->before_uj = mem_array(r->n_zones + 1, sizeof *b->before_uj);
    b->most = mem_array(r->s->n_zones + 1, sizeof *b->most);
}

void bound_free(struct sim_run *r)
{
    if (!r->bound)
        return;
    for (size_t g = 0; g < r->s->n_zones; g++)
        free(r->bound->most[g]);
    free(r->bound->most);
    free(r->bound->ready);
    free(r->bound->watts);
    free(r->bound->before_uj);
    free(r->bound);
}

// An instance has come. `cores`: the most that it can use.
void bound_submitted(struct sim_run *r, int64_t work_core_ms, int32_t cores)
{
    struct bound *b = r->bound;
    int64_t most = 0, done = 0;
    for (size_t g = 0; g < r->s->n_zones; g++) {
        int32_t has = r->s->board[r->s->zones[g].board].spec.cores;
        most = has > most ? has : most;
    }
    most = cores < most ? cores : most;
    for (size_t h = (size_t)(r->now / HOUR_MS); h < b->hours && done < work_core_ms; h++) {
        int64_t by_then = ((int64_t)(h + 1) * HOUR_MS - r->now) * most;
        by_then = by_then < work_core_ms ? by_then : work_core_ms;
        b->ready[h] += (double)(by_then - done);
        done = by_then;
    }
}

static double cores_for(struct sim_run *r, uint32_t zone, int64_t uj, int64_t ms)
{
    const struct sim_zone *z = &r->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    double **most = &r->bound->most[z->group];
    if (!*most)
        *most = mem_array((size_t)z->nameplate_w + 2, sizeof **most);
    // uJ a millisecond are mW. As doubles, below 2^53, where such a quotient is cut off as one of whole numbers is.
    int64_t watts = ((int64_t)((double)uj / (double)ms) + 999) / 1000;
    double *known = &(*most)[watts < z->nameplate_w + 1 ? watts : z->nameplate_w + 1];
    if (*known == 0)
        *known = 1 + most_cores(r, g, (int32_t)(known - *most));
    return *known - 1;
}

// After measure_step: zones' energies are booked at full hours and at the end.
void bound_step(struct sim_run *r)
{
    struct bound *b = r->bound;
    int64_t ms = r->now - b->from_ms;
    if ((r->now % HOUR_MS && r->now != r->s->length_ms) || ms <= 0)
        return;
    double cores = 0;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        cores += cores_for(r, i, r->zone[i].total_uj - b->before_uj[i], ms);
        b->before_uj[i] = r->zone[i].total_uj;
    }
    b->watts[b->from_ms / HOUR_MS] = cores * (double)ms;
    b->from_ms = r->now;
}

// Work that attempts under way have done by now.
static void open_work(struct sim_run *r)
{
    for (uint32_t i = 0; i < r->n_boards; i++) {
        const struct sim_board *x = &r->board[i];
        const struct curve *c = &r->s->board[r->zone[x->zone].model].curve;
        if (x->phase == BOARD_RUNS)
            r->out->class[x->activity].open_core_ms +=
                (x->all - x->saved - x->left) / c->p[c->n - 1].freq_mhz;
        if (x->held)
            r->out->class[x->held->activity].open_core_ms +=
                (x->held->all - x->held->saved - x->held->left) / c->p[c->n - 1].freq_mhz;
    }
}

void bound_result(struct sim_run *r)
{
    const struct bound *b = r->bound;
    double after = 0, before = 0;
    for (size_t h = 0; h < b->hours; h++)
        after += b->watts[h];
    double least = after;
    for (size_t h = 0; h < b->hours; h++) {
        before += b->ready[h];
        after -= b->watts[h];
        least = num_min(least, before + num_max(after, 0));
    }
    r->out->totals.bound_core_ms = least;
    open_work(r);
}
