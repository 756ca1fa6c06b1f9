// SPDX-License-Identifier: Apache-2.0
//
// Joules by their parts, without looking at the meter: what each board was set to do, and how much of its
// share its run really used, times the curve. The board's own meter travels beside them; what does not add up
// shows at the parent as unattributed, never hidden in a part. Sums are microjoules (mW x ms), so that
// nothing is rounded step by step.
#include <string.h>

#include "base/num.h"
#include "core/engine/agent_inside.h"

#define UNUSED_LEAST_UJ 1000000 // a joule: below it the meter's steps and its error would be the figure

// How busy a run's board was over `dt_ms`, permille: host CPU used against the share it was given. The host's
// counter comes in beats of its own (a frozen part, a free part), so what is more than the share is carried
// to the next steps, up to two seconds of it.
static int32_t use_of(struct agent *a, struct agent_run *r, int64_t dt_ms)
{
    int64_t speed = a->cfg.is_virtual ? a->cfg.speed : 1;
    int64_t want_us = (int64_t)r->permille * dt_ms / speed, most = (int64_t)r->permille * 2000;
    if (r->permille <= 0 || want_us <= 0)
        return 0;
    int64_t take = r->credit_us < want_us ? r->credit_us : want_us;
    r->credit_us = int_clamp(r->credit_us - take, 0, most);
    return (int32_t)(take * 1000 / want_us);
}

static void part_add(struct agent_board *b, enum activity act, int64_t uj, int64_t ms)
{
    b->part_uj[act] += uj;
    b->part_ms[act] += ms;
}

// What runs on a board now, with its share; a prepared node of a pool is not among them.
struct on_board {
    struct agent_run *node; // of a pool, prepared; NULL: none
    int64_t running;        // runs that execute
    int64_t still;          // runs that stand still: their zone gives them nothing
    int32_t slots;          // the share of each is one in so many
};

static bool is_up(const struct agent_run *r, size_t board)
{
    return r->board == board && r->state == RUN_RUNNING && !r->ready && !r->held;
}

// What is frozen does not: no time of its goes by, and none of the board's joules are for it.
static bool executes(const struct agent_run *r, size_t board)
{
    return is_up(r, board) && r->permille != 0;
}

static struct on_board on_board(struct agent *a, size_t board)
{
    struct on_board on = {.slots = 1};
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        if (r->board == board && r->ready && r->state != RUN_ENDED)
            on.node = r;
        on.running += executes(r, board);
        on.still += is_up(r, board) && !executes(r, board);
    }
    if (on.node)
        on.slots = on.node->slots;
    return on;
}

static int32_t slot_cores(const struct agent *a, size_t board, int32_t slots)
{
    int32_t cores = a->cfg.offer.board[board].spec.cores / slots;
    return cores > 0 ? cores : 1;
}

// Time goes by for what executes, and for the node of a pool with the cores that nobody in it has.
static void count_time(struct agent *a, size_t i, const struct on_board *on, bool runs, int64_t dt_ms)
{
    int32_t cores = slot_cores(a, i, on->slots), all = a->cfg.offer.board[i].spec.cores;
    for (size_t k = 0; k < a->n_runs; k++) {
        struct agent_run *r = &a->run[k];
        if (!executes(r, i)) {
            r->use_permille = is_up(r, i) ? 0 : r->use_permille;
            continue;
        }
        r->exec_ms += dt_ms;
        r->core_ms += dt_ms * cores;
        r->use_permille = runs ? use_of(a, r, dt_ms) : 0;
        r->clock_mhz_ms += runs ? a->board[i].point.freq_mhz * dt_ms : 0;
        r->clocked_ms += runs && a->board[i].point.freq_mhz > 0 ? dt_ms : 0;
    }
    if (!on->node || (on->still && !on->running)) // the node stands still with all that is in it
        return;
    int64_t left = all - (on->running + on->still) * cores;
    on->node->exec_ms += dt_ms;
    on->node->core_ms += dt_ms * (left > 0 ? left : 0);
}

// What burned beside the board's task: as much as was ordered, and no more than the task left.
static void beside_account(struct agent_board *b, int64_t left_uj, int64_t dt_ms)
{
    int64_t uj = b->beside_mw * dt_ms;
    if (uj > left_uj)
        uj = left_uj;
    if (uj <= 0)
        return;
    part_add(b, ACTIVITY_BURN, uj, 0);
    b->apart_uj += uj;
}

static void board_account(struct agent *a, size_t i, int64_t dt_ms)
{
    struct agent_board *b = &a->board[i];
    struct on_board on = on_board(a, i);
    bool runs = on.running > 0 && activity_is_task(b->run);
    int64_t idle_mw = a->cfg.offer.board[i].curve.idle_mw, draw_mw = b->point.draw_mw;
    count_time(a, i, &on, runs, dt_ms);
    if (!runs) { // a board whose task is being started or stopped is awake and idle
        bool task = activity_is_task(b->run);
        part_add(b, task ? ACTIVITY_IDLE : b->run, (task ? idle_mw : draw_mw) * dt_ms, dt_ms);
        b->apart_uj += (task ? idle_mw : draw_mw) * dt_ms;
        if (task)
            beside_account(b, (draw_mw - idle_mw) * dt_ms, dt_ms);
        return;
    }
    b->apart_uj += idle_mw * dt_ms;
    int64_t left_uj = idle_mw * dt_ms; // of being on at all: by slots, what no slot has is the node's
    int64_t unused_uj = (draw_mw - idle_mw) * dt_ms;
    for (size_t k = 0; k < a->n_runs; k++) {
        struct agent_run *r = &a->run[k];
        if (!executes(r, i))
            continue;
        int64_t base_uj = idle_mw * dt_ms / on.slots, over_uj = (draw_mw - idle_mw) * dt_ms / on.slots;
        int64_t uj = base_uj + over_uj * r->use_permille / 1000;
        r->could_uj += over_uj;
        unused_uj -= uj - base_uj;
        left_uj -= base_uj;
        part_add(b, r->activity, uj, 0);
        r->energy_uj += uj;
        r->work_mhz_ms += (int64_t)b->point.work_mhz / on.slots * r->use_permille / 1000 * dt_ms;
    }
    if (on.node) {
        on.node->energy_uj += left_uj;
        part_add(b, on.node->activity, left_uj, 0);
    }
    part_add(b, b->run, 0, dt_ms);
    beside_account(b, unused_uj, dt_ms);
}

// What the meter moved since the last reading, mJ. It may wrap once between two readings; when it falls back
// without wrap it was reset, and what it shows is what it counted since.
static int64_t meter_moved(const struct board_meter *was, const struct board_meter *is)
{
    int64_t moved = is->raw_mj - was->raw_mj;
    if (moved >= 0)
        return moved;
    return is->wrap_mj > 0 ? moved + is->wrap_mj : is->raw_mj;
}

// Told with the moment it was read, which may be a tick ago: more joules than the time between two reports
// allows would be refused by the parent as impossible.
void meter_say(struct agent *a, size_t i)
{
    struct agent_board *b = &a->board[i];
    struct report *r = outbox_add(a, REPORT_METER_BOARD, a->cfg.offer.board[i].name, 0, a->last_meter);
    r->meter_board.raw_mj = b->raw_at_report = b->meter.raw_mj;
    r->meter_board.wrap_mj = b->meter.wrap_mj;
    for (int k = 0; k < ACTIVITY_N; k++) {
        r->meter_board.part_mj[k] = b->part_uj[k] / 1000;
        r->meter_board.part_ms[k] = b->part_ms[k];
    }
}

// The parent counts a meter from the first reading it gets. That reading is the one from which the zones
// count too, told as it was then: what a board drew before the parent answered is in both books or in
// neither.
static void meters_take(struct agent *a, const struct board_meter *meter, int64_t *zone_mj)
{
    for (size_t i = 0; i < a->n_boards; i++) {
        struct agent_board *b = &a->board[i];
        struct on_board on = on_board(a, i);
        if (b->metered) {
            int64_t moved = meter_moved(&b->meter, &meter[i]);
            zone_mj[b->zone] += moved;
            for (size_t k = 0; k < a->n_runs && on.running; k++) // whose it is the meter cannot tell apart
                if (executes(&a->run[k], i))
                    a->run[k].seen_uj += (moved * 1000 - b->apart_uj) / on.running;
        }
        bool first = !b->metered;
        b->apart_uj = 0;
        b->meter = meter[i];
        b->metered = true;
        if (first)
            meter_say(a, i);
    }
}

// A meter with a short wrap is reported again before it can wrap twice, also while the link is down: what the
// parent sees later must be countable.
static void meters_due(struct agent *a)
{
    for (size_t i = 0; i < a->n_boards; i++) {
        struct agent_board *b = &a->board[i];
        int64_t moved = b->meter.raw_mj - b->raw_at_report;
        if (b->meter.wrap_mj <= 0 || a->n_out > AGENT_OUTBOX_MAX / 2)
            continue;
        if (moved < 0)
            moved += b->meter.wrap_mj;
        if (moved < b->meter.wrap_mj / 3)
            continue;
        meter_say(a, i);
    }
}

void meter_boards(struct agent *a, house_ms now)
{
    int64_t dt = house_since(now, a->last_account);
    if (dt <= 0)
        return;
    a->last_account = now;
    for (size_t i = 0; i < a->n_boards; i++)
        board_account(a, i, dt);
}

void meter_step(struct agent *a, const struct agent_event *ev)
{
    int64_t dt = house_since(ev->now, a->last_meter);
    if (dt < 0)
        dt = 0;
    a->last_meter = ev->now;
    meter_boards(a, ev->now);
    int64_t zone_mj[64], *moved = zone_mj;
    struct arena scratch = ARENA_NULL;
    if (a->n_zones > 64)
        moved = arena_alloc(&scratch, a->n_zones * sizeof *moved);
    else
        memset(zone_mj, 0, sizeof zone_mj);
    meters_take(a, ev->tick.meter, moved);
    for (size_t i = 0; i < a->n_zones; i++) {
        struct agent_zone *z = &a->zone[i];
        int64_t asked = (int64_t)a->thermostat[i].request.target_w * 1000 * dt, got = moved[i] * 1000;
        z->asked_uj += asked;
        z->delivered_uj += got;
        z->useful_uj += asked < got ? asked : got;
        if (ev->tick.shadow)
            z->shadow = ev->tick.shadow[i];
        a->sense[i] = ev->tick.sense[i];
    }
    arena_deinit(&scratch);
    meters_due(a);
}

// The meter says what the curve cannot know: how much of its watts a task takes. Filtered over a minute, and
// over no less than half a second of the host, whose counters come in beats of a tenth of one.
void meter_unused(struct agent *a, int64_t dt_ms)
{
    int64_t tau_ms = (a->cfg.is_virtual ? a->cfg.speed : 1) * INT64_C(500);
    tau_ms = tau_ms > 60000 ? tau_ms : 60000;
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        if (r->state != RUN_RUNNING || r->could_uj < UNUSED_LEAST_UJ || dt_ms <= 0)
            continue;
        int64_t unused = 1000000 - int_clamp(r->seen_uj, 0, r->could_uj) * 1000 / (r->could_uj / 1000);
        r->unused_ppm +=
            (int32_t)((int_clamp(unused, 0, 1000000) - r->unused_ppm) * dt_ms / (tau_ms + dt_ms));
        r->seen_uj = r->could_uj = 0;
    }
}

void meter_restart(struct agent *a)
{
    for (size_t i = 0; i < a->n_boards; i++) {
        memset(a->board[i].part_uj, 0, sizeof a->board[i].part_uj);
        memset(a->board[i].part_ms, 0, sizeof a->board[i].part_ms);
        if (a->board[i].metered)
            meter_say(a, i);
    }
    for (size_t i = 0; i < a->n_zones; i++)
        a->zone[i].asked_uj = a->zone[i].delivered_uj = a->zone[i].useful_uj = 0;
}
