// SPDX-License-Identifier: Apache-2.0
//
// From watts to boards. The regulator is the live agents' own
// (core/heat/regulate.h). As it is a function of few things, what it says is kept: for up to four equal
// boards a table by what each has to do and whether it sleeps, with a row for each watt of the target. Larger
// heaters, caps and work on some of the cores ask it every time.
#include "sim/drive.h"
#include "sim/published.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/heat/regulate.h"

#define BOARDS_MAX 240

// What a board is to the regulator, in three bits.
enum code { CODE_RESERVED, CODE_ONDEMAND, CODE_FLEX, CODE_DONATED, CODE_NONE, CODE_NOTHING, CODE_DARK };

static const struct curve *curve_of(const struct sim_run *r, const struct sim_zone *z)
{
    return &r->s->board[z->model].curve;
}

// A board that boots draws idle.
static enum code code_of(const struct sim_board *b)
{
    if (b->dark)
        return CODE_DARK;
    if (b->booting)
        return CODE_NOTHING;
    if (b->phase == BOARD_RUNS || (b->phase == BOARD_WAITS && !b->data_missing))
        return (enum code)b->activity; // one that waits for nothing but a board awake wakes it
    return CODE_NONE; // free, or its data are on the way: filler goes on until they are there
}

// Work that may warm the zone beyond what is wanted: it runs, or waits for nothing but a board awake.
static bool urgent_on(const struct sim_board *b)
{
    return !b->dark && activity_is_urgent((enum activity)b->activity) &&
           (b->phase == BOARD_RUNS || (b->phase == BOARD_WAITS && !b->data_missing));
}

static struct regulate_board input(const struct sim_run *r, const struct sim_zone *z, enum code code,
                                   bool asleep, bool filler, bool burn)
{
    return (struct regulate_board){
        .curve = curve_of(r, z),
        .work = code <= CODE_DONATED ? (enum activity)code : ACTIVITY_IDLE,
        .asleep = asleep,
        .spare = !burn && code == CODE_NONE,
        .filler_allowed = filler && code == CODE_NONE && r->s->filler,
        .donated_allowed = r->s->donated,
        .burn_allowed = burn && r->s->burn && code != CODE_NOTHING,
        .cap_mw = INT32_MAX,
    };
}

// ---- tables

static uint64_t key_of(const struct sim_run *r, const struct sim_zone *z, bool sleep)
{
    uint64_t key = (uint64_t)z->model << 32 | (uint64_t)z->n_boards << 24 | (uint64_t)sleep << 20 |
                   (uint64_t)z->filler_ok << 21 | (uint64_t)z->keeps << 22 | (uint64_t)z->work_only << 23 |
                   UINT64_C(1) << 40;
    for (int i = 0; i < z->n_boards; i++) {
        const struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
        key |= (uint64_t)(code_of(b) | (unsigned)b->asleep << 3) << (4 * i);
    }
    return key;
}

static uint32_t table_of(struct sim_run *r, const struct sim_zone *z, uint64_t key)
{
    uint64_t at;
    if (idmap_get(&r->table_at, key, &at))
        return (uint32_t)at;
    struct drive_table *t = VEC_PUSH(r->table, r->n_tables, r->cap_tables);
    t->key = key;
    t->watts = z->n_boards * (curve_max_mw(curve_of(r, z)) / 1000 + 2);
    t->row = mem_array((size_t)t->watts + 1, sizeof *t->row);
    t->draw = (int32_t)r->n_draw;
    t->low = t->draw + t->watts + 1;
    for (int32_t w = 0; w < 2 * (t->watts + 1); w++)
        *VEC_PUSH(r->draw, r->n_draw, r->cap_draw) = -1;
    idmap_set(&r->table_at, key, r->n_tables - 1);
    return (uint32_t)(r->n_tables - 1);
}

static void row_fill(struct drive_row *row, const struct regulate_board *in, int n, const enum code *code)
{
    for (int i = 0; i < n; i++) {
        bool dark = code[i] == CODE_DARK;
        row->run[i] = (uint8_t)(dark ? ACTIVITY_SLEEP : in[i].run);
        row->draw_mw[i] = dark ? 0 : in[i].expect_mw;
        row->work_mhz[i] = dark ? 0 : in[i].point.work_mhz;
        row->total_mw += row->draw_mw[i];
        row->to_sleep_or_wake |= !dark && in[i].asleep != (in[i].run == ACTIVITY_SLEEP);
    }
    row->filled = row->alike = true;
    for (int i = 0; i < n; i++) // a dark one draws nothing
        row->alike &= row->run[i] == row->run[0] && code[i] != CODE_DARK;
}

static const struct drive_row *row_of(struct sim_run *r, const struct sim_zone *z, uint32_t table,
                                      int32_t watts)
{
    struct drive_table *t = &r->table[table];
    if (watts > t->watts)
        watts = t->watts;
    struct drive_row *row = &t->row[watts];
    if (row->filled)
        return row;
    struct regulate_board in[DRIVE_BOARDS], lit[DRIVE_BOARDS];
    enum code code[DRIVE_BOARDS];
    int n_lit = 0;
    bool filler = t->key >> 21 & 1, sleep = t->key >> 20 & 1, keeps = t->key >> 22 & 1,
         work_only = t->key >> 23 & 1;
    int64_t floor_mw = 0; // with less for a while they go to sleep
    for (int i = 0; i < z->n_boards; i++) {
        unsigned bits = (unsigned)(t->key >> (4 * i)) & 15;
        code[i] = (enum code)(bits & 7);
        in[i] = input(r, z, code[i], bits >> 3, filler && !work_only, !keeps && !work_only);
        floor_mw += bits >> 3 ? curve_of(r, z)->sleep_mw : curve_of(r, z)->idle_mw;
        if (code[i] != CODE_DARK)
            lit[n_lit++] = in[i];
    }
    regulate(lit, (size_t)n_lit, (int64_t)watts * 1000, (int64_t)watts * 1000, INT64_MAX, sleep);
    for (int i = 0, k = 0; i < z->n_boards; i++)
        if (code[i] != CODE_DARK)
            in[i] = lit[k++];
    row_fill(row, in, z->n_boards, code);
    for (int i = 0; i < z->n_boards; i++)
        if (is_crawl(r, z->model, (enum activity)row->run[i], row->work_mhz[i]))
            row->crawls |= (uint8_t)(1u << i);
    bool low = (int64_t)watts * 1000 < floor_mw;
    if (!sleep && !row->to_sleep_or_wake)
        r->draw[(low ? t->low : t->draw) + watts] = draw_entry(row);
    return row;
}

void drive_free(struct sim_run *r)
{
    for (size_t i = 0; i < r->n_tables; i++)
        free(r->table[i].row);
    free(r->table);
    free(r->draw);
    idmap_deinit(&r->table_at);
}

// ---- driving

// As in the agent: only when less has been wanted for a while than the boards draw idle; at once where a cap
// or a switch says so.
static bool sleep_now(struct sim_run *r, struct sim_zone *z, int64_t want_mw)
{
    const struct scenario_zones *g = &r->s->zones[z->group];
    const struct curve *c = curve_of(r, z);
    int64_t floor = 0;
    if (!g->may_sleep)
        return false;
    for (int i = 0; i < z->n_boards; i++)
        floor += r->board[z->first_board + (uint32_t)i].asleep ? c->sleep_mw : c->idle_mw;
    if (want_mw >= floor && !z->keeps) {
        z->low_since = INT64_MIN;
        return false;
    }
    if (z->low_since == INT64_MIN)
        z->low_since = r->now;
    return r->now - z->low_since >= SLEEP_AFTER_MS || z->wish.mode == ZONE_OFF ||
           (z->cap_mw >= 0 && z->cap_mw < floor);
}

// Boards of a zone that begin to boot together are there together: one thing that happens.
static void boot(struct sim_run *r, struct sim_board *b)
{
    const struct sim_zone *z = &r->zone[b->zone];
    int64_t end = r->now + curve_of(r, z)->boot_ms;
    bool known = false;
    for (uint32_t i = z->first_board; i < z->first_board + z->n_boards; i++)
        known |= r->board[i].booting && r->board[i].boot_end == end;
    b->booting = true;
    b->boot_end = end;
    if (!known)
        queue_push(&r->queue, (struct happening){.at = end, .kind = HAPPEN_BOOTED, .index = b->zone});
}

static void board_take(struct sim_run *r, uint32_t at, enum activity run, int32_t draw_mw, int32_t work_mhz)
{
    struct sim_board *b = &r->board[at];
    const struct curve *c = curve_of(r, &r->zone[b->zone]);
    if (b->dark || b->asleep == (run == ACTIVITY_SLEEP)) {
        b->run = (uint8_t)run;
        b->draw_mw = draw_mw;
        b->work_mhz = work_mhz;
        return;
    }
    b->asleep = run == ACTIVITY_SLEEP;
    b->stamp++;
    r->zone[b->zone].power_cycles += !b->asleep;
    b->booting = false;
    b->run = (uint8_t)(b->asleep ? ACTIVITY_SLEEP : ACTIVITY_IDLE);
    b->draw_mw = b->asleep ? c->sleep_mw : c->idle_mw;
    b->work_mhz = 0;
    zone_stale(r, &r->zone[b->zone]);
    if (!b->asleep && c->boot_ms > 0)
        boot(r, b);
}

void drive_show(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    if (in_lanes(r, z))
        show_row(r, z, row_in(r, z));
}

int drive_crawls(const struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    int bits = 0;
    if (in_lanes(r, z))
        return row_in(r, z)->crawls;
    if (z->alike)
        return z->row->crawls;
    if (z->n_boards > DRIVE_BOARDS)
        return -1;
    for (int i = 0; i < z->n_boards; i++) {
        const struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
        bits |= is_crawl(r, z->model, (enum activity)b->run, b->work_mhz) << i;
    }
    return bits;
}

void drive_slow(struct sim_run *r, struct sim_zone *z)
{
    if (!in_lanes(r, z))
        return;
    drive_settle(r, (uint32_t)(z - r->zone));
    row_at(r, z)->fast[in_row(z->at)] = -1;
}

// Whether other watts, while nothing else changes, are only another row of its table; also while little has been
// wanted, but not for so long yet that its boards may sleep.
static void drive_fast(struct sim_run *r, struct sim_zone *z)
{
    if (z->water)
        return;
    struct sim_row *w = row_at(r, z);
    bool low = z->low_since != INT64_MIN;
    bool fast = z->row && !z->row->to_sleep_or_wake && z->cap_mw < 0 && !(low && z->may_sleep_now) &&
                !z->down && !z->stale && !r->rooms[z->batch].keep_w && circuit_cap_w(r, z) < 0 &&
                !heaters_deaf(r);
    const struct drive_table *t = fast ? &r->table[z->table] : NULL;
    w->fast[in_row(z->at)] = !t ? -1 : low ? t->low : t->draw;
    w->run[in_row(z->at)] = z->alike ? z->row->run[0] : DRIVE_MIXED;
    z->row_step = r->step;
    zone_restless(r, z);
    zone_next_look(r, z);
}

static void unshare(struct sim_zone *z, struct sim_run *r)
{
    if (!z->alike)
        return;
    row_now(r, z);
    for (int i = 0; i < z->n_boards; i++) {
        struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
        b->run = z->row->run[i];
        b->draw_mw = z->row->draw_mw[i];
        b->work_mhz = z->row->work_mhz[i];
    }
    z->alike = false;
}

static void drive_total(struct sim_run *r, struct sim_zone *z, int32_t mw)
{
    *(z->water ? &z->total_mw : &lanes_of(r, z)->heat.draw_mw[z->at]) = mw;
}

static void apply_row(struct sim_run *r, struct sim_zone *z, const struct drive_row *row)
{
    z->row = row;
    if (row->alike && !row->to_sleep_or_wake && z->runs == 0) {
        z->alike = true;
        drive_total(r, z, row->total_mw);
        return;
    }
    z->alike = false;
    int32_t total = 0;
    for (int i = 0; i < z->n_boards; i++) {
        uint32_t at = z->first_board + (uint32_t)i;
        board_take(r, at, (enum activity)row->run[i], row->draw_mw[i], row->work_mhz[i]);
        total += r->board[at].draw_mw;
    }
    drive_total(r, z, total);
}

// What urgent work has of the zone's watts beyond those that are wanted, which its thermostat is told.
static void lift_tell(struct sim_run *r, struct sim_zone *z, int64_t lift_mw)
{
    struct thermostat *t = &r->thermostat[z - r->zone];
    int32_t lift_w = (int32_t)((lift_mw + 999) / 1000);
    if (z->water || (!lift_w && !z->lifted))
        return;
    z->lifted = lift_w > 0;
    if (t->lift_w == lift_w)
        return;
    struct sim_lanes *l = lanes_of(r, z);
    lanes_pull(&l->heat, z->at);
    thermostat_set_lift(t, lift_w);
    lanes_push(&l->heat, z->at);
}

// Heaters of many boards, caps, urgent work, and tasks that use a part of a board's cores.
static void drive_anew(struct sim_run *r, struct sim_zone *z, int64_t want_mw, int64_t fuse_mw, bool sleep)
{
    struct regulate_board in[BOARDS_MAX];
    uint32_t who[BOARDS_MAX];
    size_t n = 0;
    unshare(z, r);
    for (int i = 0; i < z->n_boards; i++) {
        uint32_t at = z->first_board + (uint32_t)i;
        const struct sim_board *b = &r->board[at];
        enum code code = code_of(b);
        if (code == CODE_DARK)
            continue;
        in[n] = input(r, z, code, b->asleep, z->filler_ok && !z->work_only, !z->keeps && !z->work_only);
        if (b->booting && urgent_on(b)) { // as in the agent: what it boots for keeps it awake
            in[n].work = (enum activity)b->activity;
            in[n].cap_mw = curve_of(r, z)->idle_mw;
        }
        if (code <= CODE_DONATED && b->rate_cores < r->s->board[z->model].spec.cores)
            in[n].unused_permille = 1000 - 1000 * b->rate_cores / r->s->board[z->model].spec.cores;
        who[n++] = at;
    }
    regulate(in, n, want_mw, (int64_t)z->bears_w * 1000, fuse_mw, sleep);
    int64_t lift_mw = 0;
    for (size_t k = 0; k < n; k++) {
        board_take(r, who[k], in[k].run, in[k].expect_mw, in[k].point.work_mhz);
        lift_mw += r->board[who[k]].booting ? 0 : in[k].lift_mw;
    }
    lift_tell(r, z, lift_mw);
    z->row = NULL;
    int32_t total = 0;
    for (int i = 0; i < z->n_boards; i++)
        total += r->board[z->first_board + (uint32_t)i].draw_mw;
    drive_total(r, z, total);
}

static bool uses_all(const struct sim_run *r, const struct sim_zone *z)
{
    int32_t cores = r->s->board[z->model].spec.cores;
    for (int i = 0; z->runs && i < z->n_boards; i++) {
        const struct sim_board *b = &r->board[z->first_board + (uint32_t)i];
        if (b->phase == BOARD_RUNS && b->rate_cores < cores)
            return false;
    }
    return true;
}

static bool urgent_in(const struct sim_run *r, const struct sim_zone *z)
{
    bool any = false;
    for (int i = 0; z->runs && i < z->n_boards; i++)
        any |= urgent_on(&r->board[z->first_board + (uint32_t)i]);
    return any;
}

// Of `want` what caps leave.
static int32_t capped_w(const struct sim_run *r, const struct sim_zone *z, int32_t want)
{
    double circuit = circuit_cap_w(r, z);
    if (z->down)
        return 0;
    if (circuit >= 0 && want > circuit)
        want = (int32_t)circuit;
    if (z->hw_cap_w < want)
        want = (int32_t)z->hw_cap_w;
    if (z->cap_mw >= 0 && want > z->cap_mw / 1000)
        want = (int32_t)(z->cap_mw / 1000);
    return want;
}

static int32_t deaf_w(const struct sim_mutants *m, int32_t nameplate_w)
{
    if (m->heaters_none)
        return 0;
    return m->heaters_full ? nameplate_w : nameplate_w / 3;
}

static int32_t want_of(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    const struct heat_watts q = request_w(r, z);
    int32_t want = heaters_deaf(r)        ? deaf_w(&r->o.mutants, z->nameplate_w)
                   : q.target_w < q.max_w ? q.target_w
                                          : q.max_w;
    int32_t keep = zone_keep_w(r, z, false);
    return capped_w(r, z, want > keep ? want : keep);
}

// Whether all of its boards sleep, as they were told to.
static bool all_sleep(const struct sim_run *r, const struct sim_zone *z, int64_t want_mw)
{
    return z->may_sleep_now && !z->stale && !z->urgent &&
           want_mw < z->n_boards * (int64_t)curve_of(r, z)->sleep_mw;
}

static void decide(struct sim_run *r, uint32_t zone, int32_t want)
{
    struct sim_zone *z = &r->zone[zone];
    int32_t *driven = z->water ? &z->target_w : &row_at(r, z)->driven_w[in_row(z->at)];
    if (*driven != want && z->water) {
        r->decisions =
            (r->decisions ^ ((uint64_t)zone << 20 | (uint64_t)(uint32_t)want)) * UINT64_C(0x9e3779b97f4a7c15);
        r->decisions ^= r->decisions >> 29;
    } else if (*driven != want) {
        uint32_t *decided = &row_at(r, z)->decided[in_row(z->at)];
        *decided = decided_next(*decided, want, (int32_t)(r->now / r->s->step_ms));
    }
    *driven = want;
}

// A board that boots, and one whose data are on the way, are no different here than with ours.
static void drive_published(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    const struct curve *c = curve_of(r, z);
    int32_t cores = r->s->board[z->model].spec.cores, total = 0;
    drive_settle(r, zone);
    unshare(z, r);
    z->row = NULL;
    z->stale = false;
    z->low_since = INT64_MIN;
    for (uint32_t at = z->first_board; at < z->first_board + z->n_boards; at++) {
        const struct sim_board *b = &r->board[at];
        enum code code = code_of(b);
        bool works = code <= CODE_DONATED;
        struct operating_point p = {.draw_mw = c->idle_mw};
        enum activity run = ACTIVITY_IDLE;
        if (code == CODE_DARK)
            continue;
        if (code != CODE_NOTHING)
            run = published_board_run(r, at, works, &p);
        if (works)
            p.draw_mw = c->idle_mw + (int32_t)((int64_t)(p.draw_mw - c->idle_mw) * b->rate_cores / cores);
        board_take(r, at, run, p.draw_mw, p.work_mhz);
        total += r->board[at].draw_mw;
    }
    drive_total(r, z, total);
    decide(r, zone, total / 1000);
    drive_fast(r, z);
}

void drive_zone(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (published_drives(r, z)) {
        drive_published(r, zone);
        return;
    }
    int32_t want = want_of(r, zone);
    int64_t want_mw = (int64_t)want * 1000;
    bool sleep = z->may_sleep_now = sleep_now(r, z, want_mw);
    z->urgent = urgent_in(r, z) && !heaters_deaf(r);
    int32_t bears = z->urgent ? capped_w(r, z, request_w(r, z).max_w) : want;
    z->bears_w = bears > want ? bears : want;
    drive_settle(r, zone);
    for (int again = 0; again < 2; again++) {
        z->stale = false;
        if (z->n_boards <= DRIVE_BOARDS && z->cap_mw < 0 && !z->urgent && uses_all(r, z)) {
            lift_tell(r, z, 0);
            uint64_t key = key_of(r, z, sleep);
            if (key != z->key) {
                z->key = key;
                z->table = table_of(r, z, key);
            }
            apply_row(r, z, row_of(r, z, z->table, want));
        } else {
            int64_t fuse = z->cap_mw >= 0 ? z->cap_mw : INT64_MAX;
            drive_anew(r, z, want_mw, fuse, sleep);
        }
        if (!z->stale) // a board has gone to sleep or begun to boot: the others take what it leaves
            break;
    }
    z->resting = all_sleep(r, z, want_mw);
    decide(r, zone, want + (z->lifted ? r->thermostat[zone].lift_w : 0));
    drive_fast(r, z);
}

// While boards wait to be told to sleep, or some of them sleep and others serve the little that is wanted.
bool drive_as_it_is(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    int32_t want = want_of(r, zone), driven = z->water ? z->target_w : row_at(r, z)->driven_w[in_row(z->at)];
    return !z->stale && want == driven && z->low_since != INT64_MIN &&
           sleep_now(r, z, (int64_t)want * 1000) == z->may_sleep_now;
}

// Where nothing about the boards has changed, other watts are another row of the same table.
bool drive_same(struct sim_run *r, uint32_t zone, int32_t want)
{
    struct sim_zone *z = &r->zone[zone];
    int64_t want_mw = (int64_t)want * 1000, idle_mw = z->n_boards * (int64_t)curve_of(r, z)->idle_mw;
    if (!z->row || z->cap_mw >= 0 || z->urgent || z->down || z->hw_cap_w < want)
        return false;
    const struct drive_table *t = &r->table[z->table];
    const struct drive_row *row = want <= t->watts ? &t->row[want] : NULL;
    if (!row || !row->filled || row->to_sleep_or_wake)
        return false;
    if ((z->low_since != INT64_MIN || want_mw < idle_mw) && sleep_now(r, z, want_mw) != z->may_sleep_now)
        return false;
    drive_settle(r, zone);
    apply_row(r, z, row);
    z->resting = all_sleep(r, z, want_mw);
    decide(r, zone, want);
    drive_fast(r, z);
    return true;
}
