// SPDX-License-Identifier: Apache-2.0
//
// Rooms with neighbours: inner walls, floors and doors between the rooms of one building, across batches of
// different models. Heat stolen from a neighbour is real in collective housing.
//
//     E = integral of H (Ta - Tb) dt     from the air of room a to the air of room b
//
// The walls are stepped apart from the rooms (operator splitting after Strang), over two steps h:
//
//     every wall by h, in some order | every room by h, exact, alone || every room by h | the walls by h, backwards
//
// The second step is the first one backwards, so that what the first does wrong by their order, of second
// order in h, the second undoes. One wall alone is stepped exactly: with C = Ca Cb / (Ca + Cb) the difference
// of the two airs falls by e^(-H h / C) and E = C (Ta - Tb) (1 - e^(-H h / C)) goes from one to the other. So
// every wall conserves energy to rounding whatever the step, and nothing can swing. With minutes and walls of
// 25 W/K the error is below a hundredth of a kelvin (the test compares with both rooms as one exact system). Rooms
// without walls cost nothing more than room_batch_step.
//
// A room's own balance (room_flows) holds over its own part of the step; the walls are the difference.
#ifndef ONDOL_WORLD_HOUSE_H
#define ONDOL_WORLD_HOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "world/room.h"

struct house_room {
    size_t batch, index;
};

// Walls side by side: from room a, a + 1, ... of one batch to room b, b + 1, ... of another; stepped
// together. A room without this wall has coefficients of 0.
struct house_strip {
    struct house_room a, b; // of the first wall
    size_t n, cap;
    double *a_air_c, *b_air_c;       // inside the batches
    const double *a_was_c, *b_was_c; // a held house: when the step began
    double *a_k_per_k, *b_k_per_k;   // what a step changes a and b by, per kelvin of difference
    double *out_of_a_j;              // heat that went from a to b since house_init or house_forget
    double a_air_j_k;
};

struct house_wall {
    size_t strip, at;
};

struct house {
    struct room_batch *batch; // borrowed
    size_t batches;
    int64_t step_ms; // of the batches; may be set before the first wall, for a caller of house_walls() only
    bool odd;        // the second of two steps comes
    size_t n, cap;
    struct house_wall *wall; // as they were added
    size_t n_strips, cap_strips;
    struct house_strip *strip;
    // May be set before the first wall, the house is then held: by batch, the airs of its rooms when the step
    // began. What heaters or masses hold at its temperature gives through a wall what follows from that, w_k
    // (Ta - Tb) h, however much that is for the air alone. Only where house_thin() says so.
    double **was_c;
    bool unmetered; // may be set after house_init: house_wall_j is not kept up
};

#define HOUSE_NULL ((struct house){0})

// The batches, all of the same step, must outlive the house and keep their arrays. -EINVAL when their steps
// differ or there is none.
int house_init(struct house *h, struct room_batch *batches, size_t n, struct err *e);
void house_deinit(struct house *h);

// A wall of w_k watts per kelvin between two rooms; an inner wall or floor has 2 to 3 W/m2K, so 10 m2 about
// 25 W/K. -EINVAL for rooms that are not there or are the same, for w_k not in 0.01..1e6.
int house_add_wall(struct house *h, struct house_room a, struct house_room b, double w_k, struct err *e);

// Whether walls of w_k around rooms with this air may be in a held house: so thin that a step moves less than an
// eighth of the difference of the airs.
bool house_thin(double air_j_k, double w_k, int64_t step_ms);

// Every batch and every wall by one step.
void house_step(struct house *h, double outside_c);

// house_step's walls by themselves, for a caller that steps every batch between the two: in each step one of them
// does something.
void house_walls_before(struct house *h);
void house_walls_after(struct house *h);

// All walls by one step, in the order in which they were added or backwards.
void house_walls(struct house *h, bool backwards);

// Heat that went from a to b through the wall that was added as number `wall`, since house_init or
// house_forget.
double house_wall_j(const struct house *h, size_t wall);

// Starts the sums of the walls at 0 again.
void house_forget(struct house *h);

#endif
