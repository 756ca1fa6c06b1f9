// SPDX-License-Identifier: Apache-2.0
//
// What the boards have used, and what their instances have done: booked when something is about to change, when
// somebody asks, and at the hour where boards of a room do different things.
#include "sim/drive.h"
#include "sim/fetch.h"

#include <string.h>

#include "base/num.h"

static void board_book(struct sim_run *r, const struct sim_zone *z, struct sim_board *b, uint8_t run,
                       int32_t draw_mw, int32_t work_mhz, int64_t dt)
{
    int64_t uj = (int64_t)draw_mw * dt;
    b->used[run].uj += uj;
    b->used[run].ms += dt;
    r->class_uj[run] += (uint64_t)uj;
    if (b->phase != BOARD_RUNS)
        return;
    int32_t cores = r->s->board[z->model].spec.cores;
    b->left -= (b->rate_cores == cores ? work_mhz : (int64_t)work_mhz * b->rate_cores / cores) * dt;
    if (activity_is_task((enum activity)run))
        b->lease_uj += uj;
}

#define STRETCH_STEPS 100 // of at most 10^7 mW and 2 x 10^7 core-MHz: sums of 32 bits

// A stretch in which every board did the same kind of thing: whole steps, added up as they are, and parts of
// steps.
struct stretch {
    uint8_t run[DRIVE_BOARDS];
    int32_t step_mw[DRIVE_BOARDS], step_mhz[DRIVE_BOARDS];
    int64_t steps, ms, uj[DRIVE_BOARDS], mhz_ms[DRIVE_BOARDS];
};

static void stretch_add(struct stretch *s, const struct drive_row *row, int64_t dt, int64_t step_ms)
{
    if (dt == step_ms) {
        for (int i = 0; i < DRIVE_BOARDS; i++) {
            s->step_mw[i] += row->draw_mw[i];
            s->step_mhz[i] += row->work_mhz[i];
        }
        s->steps++;
        return;
    }
    for (int i = 0; i < DRIVE_BOARDS; i++) {
        s->uj[i] += row->draw_mw[i] * dt;
        s->mhz_ms[i] += row->work_mhz[i] * dt;
    }
    s->ms += dt;
}

// Boards in the tables are used with all their cores.
static void stretch_book(struct sim_run *r, const struct sim_zone *z, const struct stretch *s)
{
    int64_t step_ms = r->s->step_ms, ms = s->ms + s->steps * step_ms;
    for (int i = 0; i < z->n_boards; i++) {
        struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
        int64_t uj = s->uj[i] + s->step_mw[i] * step_ms;
        b->used[s->run[i]].uj += uj;
        r->class_uj[s->run[i]] += (uint64_t)uj;
        b->used[s->run[i]].ms += ms;
        if (b->phase != BOARD_RUNS)
            continue;
        b->left -= s->mhz_ms[i] + s->step_mhz[i] * step_ms;
        if (activity_is_task((enum activity)s->run[i]))
            b->lease_uj += uj;
    }
}

// Adds whole steps of the log while they are of the stretch's kind, at most `most`; says how many. `log`: of
// the first, the next is `n` places on.
static size_t stretch_whole(struct stretch *s, const struct drive_row *rows, const uint16_t *log, size_t n,
                            size_t most)
{
    int32_t mw[DRIVE_BOARDS], mhz[DRIVE_BOARDS];
    size_t k = 0;
    memcpy(mw, s->step_mw, sizeof mw);
    memcpy(mhz, s->step_mhz, sizeof mhz);
    for (; k < most; k++, log += n) {
        const struct drive_row *row = &rows[*log];
        if (memcmp(s->run, row->run, sizeof s->run) != 0)
            break;
        for (int i = 0; i < DRIVE_BOARDS; i++) {
            mw[i] += row->draw_mw[i];
            mhz[i] += row->work_mhz[i];
        }
    }
    memcpy(s->step_mw, mw, sizeof mw);
    memcpy(s->step_mhz, mhz, sizeof mhz);
    s->steps += (int64_t)k;
    return k;
}

// Boards that differ, step by step as the log has it.
static void log_book(struct sim_run *r, struct sim_zone *z, int64_t from)
{
    const struct sim_rooms *rooms = &r->rooms[z->batch];
    const uint16_t *log = rooms->lanes.log + z->at;
    const struct drive_row *rows = r->table[z->table].row;
    int64_t step_ms = r->s->step_ms, begun = r->step * step_ms,
            back = begun > from ? int_quotient(begun - from + step_ms - 1, step_ms) : 0;
    int64_t step = r->step - back, next = (step + 1) * step_ms;
    size_t at = (size_t)(r->log_at - back + (back > r->log_at ? r->log_steps : 0)), n = wide_end(rooms->n);
    struct stretch s = {0};
    while (from < r->now) {
        if (step > z->row_step && next - from == step_ms) {
            int64_t left = int_quotient(r->now - from, step_ms), room = STRETCH_STEPS - s.steps,
                    ring = r->log_steps - (int64_t)at;
            int64_t most = left < room ? left : room;
            most = most < ring ? most : ring;
            int64_t k = (int64_t)stretch_whole(&s, rows, log + at * n, n, (size_t)most);
            step += k;
            from += k * step_ms;
            next += k * step_ms;
            at = at + (size_t)k == (size_t)r->log_steps ? 0 : at + (size_t)k;
            if (k > 0)
                continue;
        }
        const struct drive_row *row = step == z->row_step ? z->row : &rows[log[at * n]];
        int64_t to = next < r->now ? next : r->now;
        if (memcmp(s.run, row->run, sizeof s.run) != 0 || s.steps == STRETCH_STEPS) {
            stretch_book(r, z, &s);
            s = (struct stretch){0};
            memcpy(s.run, row->run, sizeof s.run);
        }
        stretch_add(&s, row, to - from, step_ms);
        from = to;
        next += step_ms;
        step++;
        at = at + 1 == (size_t)r->log_steps ? 0 : at + 1;
    }
    stretch_book(r, z, &s);
}

// What a room has drawn since its boards were booked last; *fresh: of that what drive_hour has not given its class.
static int64_t room_book(struct sim_run *r, const struct sim_zone *z, int64_t *fresh)
{
    struct sim_row *w = row_at(r, z);
    uint32_t j = in_row(z->at);
    double into_ms = (double)(r->now - r->step_from);
    w->booked_uj[j] += zone_mw(r, z) * (into_ms - w->from_ms[j]);
    w->from_ms[j] = into_ms;
    w->touched |= row_bit(z->at);
    double all_uj = (double)lane_total_uj(r, w, j) + w->booked_uj[j], fresh_uj = all_uj - w->split_uj[j];
    int64_t uj = (int64_t)(fresh_uj + w->early_uj[j]);
    *fresh = (int64_t)fresh_uj;
    w->split_uj[j] = all_uj;
    w->early_uj[j] = 0;
    return uj;
}

void drive_settle(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    int64_t from = z->settled, dt = r->now - from, uj = 0, fresh = 0;
    if (dt > 0) {
        z->settled = r->now;
        if (z->water)
            z->step_uj += uj = fresh = (int64_t)z->total_mw * dt;
        else
            uj = room_book(r, z, &fresh);
        if (z->alike) {
            uint8_t run = z->row->run[0];
            z->alike_used[run].uj += uj;
            z->alike_used[run].ms += dt;
            r->class_uj[run] += (uint64_t)fresh;
        } else if (in_lanes(r, z)) {
            log_book(r, z, from);
        } else {
            for (int i = 0; i < z->n_boards; i++) {
                struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
                board_book(r, z, b, b->run, b->draw_mw, b->work_mhz, dt);
            }
        }
    }
    row_now(r, z);
}

#define BOOK_AHEAD 16

// Rooms lie far apart in the order of the places: one and its boards are fetched while others are done.
MEM_FETCHES void fetch_mixed(const struct sim_run *r, const struct sim_rooms *rooms, uint32_t i, bool boards)
{
    if (i >= rooms->n || lane_row(&rooms->lanes, i)->run[in_row(i)] != DRIVE_MIXED ||
        rooms->zone[i] == LANE_EMPTY)
        return;
    const struct sim_zone *z = &r->zone[rooms->zone[i]];
    if (boards)
        fetch_boards(r, z, FETCH_BOOKS);
    else
        fetch_zone(r, rooms->zone[i], FETCH_BOOKS);
}

// Rooms whose boards all do the same need not be booked for that: what they have drawn is of its class.
static void batch_hour(struct sim_run *r, const struct sim_rooms *rooms)
{
    for (uint32_t i = 0; i < rooms->n; i++) {
        struct sim_row *w = lane_row(&rooms->lanes, i);
        uint32_t j = in_row(i);
        fetch_mixed(r, rooms, i + BOOK_AHEAD, false);
        fetch_mixed(r, rooms, i + BOOK_AHEAD / 2, true);
        if (w->run[j] == DRIVE_MIXED) { // one after the other in their log
            drive_settle(r, rooms->zone[i]);
            continue;
        }
        double all_uj = (double)lane_total_uj(r, w, j), uj = all_uj - w->split_uj[j];
        r->class_uj[w->run[j]] += (uint64_t)uj;
        w->early_uj[j] += uj;
        w->split_uj[j] = all_uj;
    }
}

void drive_hour(struct sim_run *r)
{
    for (uint32_t k = 0; k < r->n_water; k++)
        drive_settle(r, r->water[k]);
    for (uint32_t b = 0; b < r->n_batches; b++)
        batch_hour(r, &r->rooms[b]);
}

void drive_settle_all(struct sim_run *r)
{
    for (uint32_t i = 0; i < r->n_zones; i++)
        drive_settle(r, i);
}

int64_t board_uj(const struct sim_run *r, uint32_t board, enum activity a)
{
    const struct sim_zone *z = &r->zone[r->board[board].zone];
    int64_t all = z->alike_used[a].uj, share = all / z->n_boards;
    return r->board[board].used[a].uj + share + (board == z->first_board ? all - share * z->n_boards : 0);
}

int64_t board_ms(const struct sim_run *r, uint32_t board, enum activity a)
{
    return r->board[board].used[a].ms + r->zone[r->board[board].zone].alike_used[a].ms;
}
