// SPDX-License-Identifier: Apache-2.0
//
// From readings to boards and shares. Every control step: thermostats ask, the node's cap cuts, each heater's
// boards are set, and the runs on them get their share of the host:
//
//   share of a run = (work its board may do now / most work of the board) x host / boards that run something
//
// which is how a virtual board's frequency becomes real slowness. A real board is slowed by its own clock;
// only its duty below the lowest frequency is a share.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/engine/agent_inside.h"
#include "core/heat/ahead.h"

#define LACK_LEAST_MW  5000 // watts that nobody would notice
#define SLEEP_AFTER_MS 300000
#define LID_ASK_MS     300000 // a room loses a tenth of a degree meanwhile

struct zone_wish agent_wish(const struct agent_zone *z, house_ms now)
{
    if (house_before(now, z->knob_until) && !house_before(now, z->boost_until))
        return z->knob;
    return schedule_wish(&z->schedule, &z->base, z->boost_until, now, z->utc_offset_min * 60000);
}

struct zone_wish agent_zone_wish(const struct agent *a, size_t zone)
{
    return a->last_control.v == INT64_MIN ? a->zone[zone].base : agent_wish(&a->zone[zone], a->last_control);
}

struct zone_wish agent_wish_ahead(struct agent *a, size_t zone, house_ms now)
{
    const struct agent_zone *z = &a->zone[zone];
    if (z->schedule.n == 0 || house_before(now, z->knob_until))
        return agent_wish(z, now);
    return ahead_wish(&a->thermostat[zone], &z->schedule, &z->base, z->boost_until, now,
                      z->utc_offset_min * 60000, NULL);
}

static void zones_step(struct agent *a, house_ms now)
{
    for (size_t i = 0; i < a->n_zones; i++) {
        struct zone_wish w = agent_wish_ahead(a, i, now);
        thermostat_set_wish(&a->thermostat[i], &w);
        thermostat_set_outside(&a->thermostat[i],
                               a->sense[i].has_outside ? a->sense[i].outside_mc : INT32_MIN);
    }
    heat_step(a->thermostat, a->sense, a->n_zones, now);
}

// An opened heater stops at once and stays off until its thermostat is cleared; its boards say so.
void heat_lids(struct agent *a, house_ms now, struct agent_actions *out)
{
    static const char why[] = "the lid was opened";
    for (size_t i = 0; i < a->n_boards; i++) {
        struct agent_board *b = &a->board[i];
        bool open = a->thermostat[b->zone].guard == GUARD_LID_OPEN;
        if (open && !b->barred) {
            b->barred = true;
            snprintf(b->barred_why, sizeof b->barred_why, "%s", why);
        } else if (!open && b->barred && strcmp(b->barred_why, why) == 0) {
            b->barred = false;
            b->barred_why[0] = '\0';
        }
        if (!open)
            continue;
        for (size_t k = 0; k < a->n_runs; k++)
            if (a->run[k].board == i)
                run_stop(a, &a->run[k], ATTEMPT_PREEMPTED, "lid-open", why, now, out);
    }
}

static int64_t cap_of(const struct agent *a)
{
    if (a->cfg.cap_mw < 0)
        return a->cap_mw;
    return a->cap_mw >= 0 && a->cap_mw < a->cfg.cap_mw ? a->cap_mw : a->cfg.cap_mw;
}

// What a heater is to do, mW.
struct heater_order {
    int64_t target, max; // heat
    int64_t fuse;        // by the curves, whatever the tasks do; INT64_MAX: none
    int64_t expect;      // what regulate() found
    int64_t lift;        // of that, by urgent work beyond the target
    size_t zone;
};

// The node's cap, shared out. When it cuts, all targets are cut by the same part, so that no room pays for
// another; what it leaves over is room for tasks that wake up.
static void cap_share(const struct agent *a, struct heater_order *o)
{
    int64_t cap = cap_of(a), sum = 0;
    if (cap < 0)
        return;
    int64_t *want = mem_array(a->n_heaters + 1, sizeof *want),
            *part = mem_array(a->n_heaters + 1, sizeof *part);
    for (size_t h = 0; h < a->n_heaters; h++)
        sum += want[h] = o[h].target < o[h].max ? o[h].target : o[h].max;
    if (sum > cap) {
        num_share(cap, want, part, (int)a->n_heaters);
        for (size_t h = 0; h < a->n_heaters; h++)
            o[h].target = o[h].max = o[h].fuse = part[h];
    } else {
        for (size_t i = 0; i < a->n_boards; i++)
            part[a->board[i].heater] += curve_max_mw(&a->cfg.offer.board[i].curve);
        int64_t *spare = mem_array(a->n_heaters + 1, sizeof *spare);
        num_share(cap - sum, part, spare, (int)a->n_heaters);
        for (size_t h = 0; h < a->n_heaters; h++)
            o[h].fuse = want[h] + spare[h];
        free(spare);
    }
    free(want);
    free(part);
}

// No watt: a heater that was opened; and, of those that can tell, one that has just started and does not know
// yet whether it was opened before. If nobody answers for a while it heats: rooms do not stay cold because a
// link is down (docs/design/0032-opened-heaters.md).
static bool held_dark(const struct agent *a, size_t zone, house_ms now)
{
    return a->thermostat[zone].guard == GUARD_LID_OPEN ||
           (a->zone[zone].has_lid && !a->zone[zone].heard && house_since(now, a->born) < LID_ASK_MS);
}

static bool any_works(const struct agent *a, size_t board);

// Low-power mode: watts go to the boards that work, and to none else.
static void keep_order(const struct agent *a, struct heater_order *o, size_t z, int64_t *power, int64_t *part)
{
    int32_t working = 0;
    memset(power, 0, a->n_heaters * sizeof *power);
    for (size_t i = 0; i < a->n_boards; i++)
        if (a->board[i].zone == z && any_works(a, i)) {
            power[a->board[i].heater] += curve_max_mw(&a->cfg.offer.board[i].curve);
            working++;
        }
    const struct thermostat *t = &a->thermostat[z];
    int32_t w = thermostat_keep_share_w(&t->cfg, t->request.keep_w, working);
    if (!w)
        return;
    num_share((int64_t)w * 1000, power, part, (int)a->n_heaters);
    for (size_t h = 0; h < a->n_heaters; h++) {
        o[h].target = part[h] > o[h].target ? part[h] : o[h].target;
        o[h].max = part[h] > o[h].max ? part[h] : o[h].max;
    }
}

// A zone's request goes to its heaters by what they can draw.
static void heater_orders(const struct agent *a, struct heater_order *o, house_ms now)
{
    int64_t *power = mem_array(a->n_heaters + 1, sizeof *power),
            *part = mem_array(a->n_heaters + 1, sizeof *part);
    for (size_t h = 0; h < a->n_heaters; h++)
        o[h].fuse = INT64_MAX;
    for (size_t z = 0; z < a->n_zones; z++) {
        memset(power, 0, a->n_heaters * sizeof *power);
        for (size_t i = 0; i < a->n_boards; i++)
            if (a->board[i].zone == z)
                power[a->board[i].heater] += curve_max_mw(&a->cfg.offer.board[i].curve);
        struct heat_request q = a->thermostat[z].request;
        if (held_dark(a, z, now))
            q.target_w = q.max_w = 0;
        num_share((int64_t)q.target_w * 1000, power, part, (int)a->n_heaters);
        for (size_t h = 0; h < a->n_heaters; h++)
            if (power[h] > 0)
                o[h].target += part[h], o[h].zone = z;
        num_share((int64_t)q.max_w * 1000, power, part, (int)a->n_heaters);
        for (size_t h = 0; h < a->n_heaters; h++)
            o[h].max += power[h] > 0 ? part[h] : 0;
        keep_order(a, o, z, power, part);
    }
    free(power);
    free(part);
    cap_share(a, o);
}

// Whether something on the board is to work: a paused or stopping run is not, though it holds the board.
static bool any_works(const struct agent *a, size_t board)
{
    for (size_t i = 0; i < a->n_runs; i++) {
        const struct agent_run *r = &a->run[i];
        if (r->board == board && run_holds(r) && !r->paused && r->state != RUN_STOPPING &&
            r->state != RUN_STORING)
            return true;
    }
    return false;
}

// What is left unused of the board's watts over idle: by each run of its slot, and by slots that are empty.
static int32_t unused_permille(const struct agent *a, const struct agent_run *first)
{
    int32_t slots = run_slots(a, first), used = 0;
    if (first->state == RUN_FETCHING) // its files may be an hour on their way
        return 1000;
    if (slots == 1)
        return first->state == RUN_RUNNING ? first->unused_ppm / 1000 : 0;
    for (size_t i = 0; i < a->n_runs; i++) {
        const struct agent_run *r = &a->run[i];
        if (r->within == first->within && run_holds(r))
            used += r->state == RUN_RUNNING ? 1000 - r->unused_ppm / 1000 : 1000;
    }
    return (int32_t)int_clamp(1000 - used / slots, 0, 1000);
}

// Of a pool's node one task that wants no boost is enough: they share the processor.
static bool boosts(const struct agent *a, size_t board)
{
    for (size_t i = 0; i < a->n_runs && a->board[board].base.n > 0; i++) {
        const struct agent_run *r = &a->run[i];
        if (r->board == board && r->launch.no_boost && !r->held && r->state != RUN_ENDED &&
            r->state != RUN_ASSIGNED)
            return false;
    }
    return true;
}

static struct regulate_board regulate_input(struct agent *a, size_t i)
{
    const struct agent_board *b = &a->board[i];
    const struct agent_run *r = run_on_board(a, i);
    bool alone = a->wish_until.v == INT64_MIN;
    bool wanted = a->thermostat[b->zone].request.keep_w == 0; // low-power mode is for tasks
    if (a->zone[b->zone].work_only && !alone)                 // who hears nobody's prices heats
        wanted = false;
    bool filler = a->cfg.has_filler && wanted && (alone ? a->cfg.filler_alone : a->filler_allowed) &&
                  thermostat_filler_allowed(&a->thermostat[b->zone]);
    return (struct regulate_board){
        .curve = boosts(a, i) ? &a->cfg.offer.board[i].curve : &b->base,
        .work = r && any_works(a, i) ? r->activity : ACTIVITY_IDLE,
        .barred = b->barred,
        .asleep = b->run == ACTIVITY_SLEEP,
        .spare = !wanted,
        // Beside a task there is no filler: also one that stands still holds the board's memory. On a pool's
        // node there is while none of its tasks is there.
        .filler_allowed = filler && !r,
        .donated_allowed = alone || a->donated_allowed,
        .burn_allowed = a->cfg.burn_allowed && wanted,
        .unused_permille = r ? unused_permille(a, r) : 0,
        .cap_mw = INT32_MAX,
    };
}

// Its duty in burning: that of the point, or beside a task the part of it that the watts are.
static int32_t burn_permille(enum activity run, const struct operating_point *p, int32_t idle_mw,
                             int32_t beside_mw)
{
    if (run == ACTIVITY_BURN)
        return p->duty_permille;
    int64_t over = p->draw_mw - idle_mw;
    return activity_is_task(run) && over > 0 ? (int32_t)(p->duty_permille * (int64_t)beside_mw / over) : 0;
}

static void board_set(struct agent *a, size_t i, enum activity run, struct operating_point point,
                      int32_t beside_mw, house_ms now, struct agent_actions *out)
{
    struct agent_board *b = &a->board[i];
    const struct curve *c = &a->cfg.offer.board[i].curve;
    if (b->run == ACTIVITY_SLEEP && run != ACTIVITY_SLEEP)
        b->waking_until = house_add(now, c->boot_ms);
    if (b->waking_until.v != INT64_MIN && (run == ACTIVITY_SLEEP || !house_before(now, b->waking_until)))
        b->waking_until = HOUSE_MS(INT64_MIN);
    if (b->waking_until.v != INT64_MIN) { // it boots: it draws, and does nothing yet
        run = ACTIVITY_IDLE;
        point = (struct operating_point){.draw_mw = c->idle_mw};
        beside_mw = 0;
    }
    int32_t burn = burn_permille(run, &point, c->idle_mw, beside_mw);
    b->beside_mw = beside_mw;
    if (b->known && b->run == run && b->burn_permille == burn && memcmp(&b->point, &point, sizeof point) == 0)
        return;
    b->burn_permille = burn;
    b->known = true;
    b->run = run;
    b->point = point;
    struct agent_action *act = agent_act(out, ACT_BOARD);
    act->board = i;
    act->board_run.run = run;
    act->board_run.point = point;
    act->board_run.burn_permille = burn;
}

void heat_control(struct agent *a, house_ms now, struct agent_actions *out)
{
    meter_unused(a, a->last_control.v == INT64_MIN ? 0 : house_since(now, a->last_control));
    a->last_control = now;
    zones_step(a, now);
    heat_lids(a, now, out);
    heat_regulate(a, now, out);
}

// Waking takes a minute, and whoever turns a knob down may turn it up again: boards sleep only when their
// heater has wanted less than they draw idle for a while, or at once where nothing may be drawn.
static bool sleep_now(struct agent *a, const struct regulate_board *in, const size_t *who, size_t n,
                      const struct heater_order *o, house_ms now)
{
    int64_t floor = 0, want = o->target < o->max ? o->target : o->max;
    enum zone_guard guard = a->thermostat[o->zone].guard;
    bool barred = false;
    for (size_t k = 0; k < n; k++) {
        floor += in[k].asleep ? in[k].curve->sleep_mw : in[k].curve->idle_mw;
        barred |= in[k].barred;
    }
    struct agent_board *first = n > 0 ? &a->board[who[0]] : NULL;
    bool keeps = a->thermostat[o->zone].request.keep_w > 0; // then the watts are for those at work only
    if (!first || (want >= floor && !keeps)) {
        if (first)
            first->low_since = HOUSE_MS(INT64_MIN);
        return barred;
    }
    if (first->low_since.v == INT64_MIN)
        first->low_since = now;
    return barred || guard == GUARD_LID_OPEN || guard == GUARD_COVERED || guard == GUARD_OFF ||
           o->fuse < floor || house_since(now, first->low_since) >= SLEEP_AFTER_MS;
}

// The boards of a heater, chosen; `in` and `who` have room for all boards. Returns how many it has.
static size_t heater_choose(struct agent *a, size_t h, struct heater_order *o, struct regulate_board *in,
                            size_t *who, house_ms now)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_boards; i++) {
        if (a->board[i].heater != h)
            continue;
        in[n] = regulate_input(a, i);
        who[n++] = i;
    }
    o->expect =
        regulate(in, n, o->target, o->max, o->fuse, a->cfg.may_sleep && sleep_now(a, in, who, n, o, now));
    return n;
}

static int64_t lack_of(const struct heater_order *o)
{
    int64_t want = o->target < o->max ? o->target : o->max;
    return want > o->expect ? want - o->expect : 0;
}

// What a heater cannot make (its boards are held by tasks that leave their watts unused, or barred) the
// zone's other heaters make as far as they may, and it is no longer asked for it.
static void lacks_pass_on(const struct agent *a, struct heater_order *o)
{
    int64_t *lack = mem_array(a->n_zones + 1, sizeof *lack), *made = mem_array(a->n_zones + 1, sizeof *made);
    for (size_t h = 0; h < a->n_heaters; h++)
        lack[o[h].zone] += lack_of(&o[h]) > LACK_LEAST_MW ? lack_of(&o[h]) : 0;
    for (size_t h = 0; h < a->n_heaters; h++) {
        int64_t most = o[h].max < o[h].fuse ? o[h].max : o[h].fuse;
        if (lack[o[h].zone] == 0 || lack_of(&o[h]) > LACK_LEAST_MW || most <= o[h].target)
            continue;
        int64_t more = int_clamp(most - o[h].target, 0, lack[o[h].zone]);
        o[h].target += more;
        lack[o[h].zone] -= more;
        made[o[h].zone] += more;
    }
    for (size_t h = 0; h < a->n_heaters; h++) {
        int64_t less = lack_of(&o[h]) > LACK_LEAST_MW ? lack_of(&o[h]) : 0;
        if (less == 0 || made[o[h].zone] == 0)
            continue;
        less = int_clamp(less, 0, made[o[h].zone]);
        made[o[h].zone] -= less;
        o[h].target = o[h].expect + lack_of(&o[h]) - less;
    }
    free(lack);
    free(made);
}

// What is still missing in a zone because of its tasks: reported, so that nobody takes the heater to be too
// small.
static void zones_short(struct agent *a, const struct heater_order *o)
{
    for (size_t z = 0; z < a->n_zones; z++) {
        int64_t lack = 0, could = 0, unused = 0;
        for (size_t h = 0; h < a->n_heaters; h++)
            lack += o[h].zone == z ? lack_of(&o[h]) : 0;
        for (size_t i = 0; i < a->n_boards; i++) {
            const struct agent_board *b = &a->board[i];
            if (b->zone != z || !activity_is_task(b->run))
                continue;
            could += b->point.draw_mw - a->cfg.offer.board[i].curve.idle_mw;
            unused += b->point.draw_mw - (b->expect_mw - b->beside_mw);
        }
        int64_t because = lack < unused ? lack : unused;
        a->zone[z].short_w = because > LACK_LEAST_MW ? (int32_t)(because / 1000) : 0;
        a->zone[z].use_permille = could > 0 ? (int32_t)((could - unused) * 1000 / could) : 1000;
    }
}

// The thermostats are told what is not their doing.
static void zones_lift(struct agent *a, const struct heater_order *o)
{
    for (size_t z = 0; z < a->n_zones; z++) {
        int64_t mw = 0;
        for (size_t h = 0; h < a->n_heaters; h++)
            mw += o[h].zone == z ? o[h].lift : 0;
        thermostat_set_lift(&a->thermostat[z], (int32_t)((mw + 999) / 1000));
    }
}

void heat_regulate(struct agent *a, house_ms now, struct agent_actions *out)
{
    a->regulate_due = false;
    struct heater_order *o = mem_array(a->n_heaters + 1, sizeof *o);
    struct regulate_board *in = mem_array(a->n_boards + 1, sizeof *in);
    size_t *who = mem_array(a->n_boards + 1, sizeof *who);
    heater_orders(a, o, now);
    for (size_t h = 0; h < a->n_heaters; h++)
        heater_choose(a, h, &o[h], in, who, now);
    lacks_pass_on(a, o);
    for (size_t h = 0; h < a->n_heaters; h++) {
        size_t n = heater_choose(a, h, &o[h], in, who, now);
        if (lack_of(&o[h]) > LACK_LEAST_MW)
            o[h].expect += regulate_beside(in, n, lack_of(&o[h]));
        for (size_t k = 0; k < n; k++) {
            struct agent_board *b = &a->board[who[k]];
            board_set(a, who[k], in[k].run, in[k].point, in[k].beside_mw, now, out);
            b->expect_mw = activity_is_task(b->run) ? in[k].expect_mw : b->point.draw_mw;
            o[h].lift += activity_is_task(b->run) ? in[k].lift_mw : 0; // one that boots draws nothing of it
        }
    }
    zones_short(a, o);
    zones_lift(a, o);
    free(o);
    free(in);
    free(who);
}

static bool runs_now(const struct agent *a, const struct agent_run *r)
{
    const struct agent_board *b = &a->board[r->board];
    return (r->state == RUN_STARTING || r->state == RUN_RUNNING) && !r->ready && !r->paused && !r->held &&
           activity_is_task(b->run) && b->point.work_mhz > 0;
}

static int32_t share_of(const struct agent *a, const struct agent_run *r, int64_t running)
{
    const struct agent_board *b = &a->board[r->board];
    const struct curve *c = &a->cfg.offer.board[r->board].curve;
    if (!runs_now(a, r))
        return 0;
    int64_t permille = (int64_t)c->cores * b->point.duty_permille;
    if (a->cfg.is_virtual)
        permille = (int64_t)a->cfg.host_cpu_permille * b->point.work_mhz / curve_max_work_mhz(c) / running;
    return (int32_t)int_clamp(permille / run_slots(a, r), 1, 1000000);
}

// Boards on which something runs.
static int64_t running_now(const struct agent *a)
{
    int64_t running = 0;
    for (size_t i = 0; i < a->n_runs; i++) {
        bool first = runs_now(a, &a->run[i]);
        for (size_t k = 0; k < i && first && a->run[i].within; k++)
            first = a->run[k].within != a->run[i].within || !runs_now(a, &a->run[k]);
        running += first;
    }
    return running;
}

int32_t heat_share(const struct agent *a, const struct agent_run *r)
{
    return share_of(a, r, running_now(a));
}

// What it had; one that is frozen, or slower than that, a core of the host: it is for seconds.
int32_t heat_last_share(const struct agent *a, const struct agent_run *r)
{
    int32_t core = a->cfg.is_virtual && a->cfg.host_cpu_permille < 1000 ? a->cfg.host_cpu_permille : 1000;
    return r->permille > core ? r->permille : core;
}

void heat_shares(struct agent *a, struct agent_actions *out)
{
    int64_t running = running_now(a);
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        if (r->state != RUN_RUNNING || r->ready)
            continue;
        int32_t want = share_of(a, r, running);
        int32_t step =
            r->permille / 100 > 1 ? r->permille / 100 : 1; // a hair more or less is not worth a write
        if (r->permille >= 0 && (want == 0) == (r->permille == 0) && abs(want - r->permille) < step)
            continue;
        r->permille = want;
        struct agent_action *act = agent_act(out, ACT_SHARE);
        act->lease = r->lease;
        act->board = r->board;
        act->permille = want;
    }
}
