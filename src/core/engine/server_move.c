// SPDX-License-Identifier: Apache-2.0
//
// Moving what crawls. An instance that has run far below full speed for a while (move_after_s of the price
// table) is looked at: would it end so much sooner elsewhere, with its work so far lost, that moving pays
// (planner_move)? Then the other board is kept for it, and
//
//   the board is free  -> it is stopped, waits for as long as that takes, and starts there
//   a lower class has it -> that is stopped first; it goes on crawling until the board is free
//
// Its attempt ends as Preempted, code ONDOL-MOVED, which costs the customer no retry. A kept board is not
// usable for the planner; what comes of it goes through the plan of its batch, and so through plan_check. If
// the instance ends by itself meanwhile, or the board goes away, the board is let go and nothing else
// changes.
//
// Where it stays it is looked at again when it has crawled for a quarter longer, after an hour at the latest: sooner
// hardly anything is known that was not known before, as a crawl is expected to last as long as it has lasted. And no
// look is made that cannot find anything: who has done much is too far from a gain even if it stood still from now
// on, and until then nobody looks, for some hours at most.
//
// Nothing goes in circles: it goes only to where the end is half as far away, both ways cannot be so; and
// after each move it has to crawl twice as long before it is looked at again. Counts are kept in memory: a
// restart of the server forgets them, which costs one move.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <stdlib.h>

#define MOVES_DOUBLED_MOST 10    // times that the wait is doubled: a week
#define MOVE_AGAIN_MS      60000 // when too many were looked at in one batch
#define COME_AGAIN         64    // of them, each minute at least: there are more batches a minute than one
#define LOOKED_MOST        20000 // boards in one batch: 2 ms
#define LOOK_MOST_MS       INT64_C(3600000)
#define LOOK_FAR_MS        INT64_C(14400000)   // how long its like run is learned anew meanwhile
#define FAR_S              INT64_C(1000000000) // three decades; products of two are numbers

static const struct price_table *prices(const struct server *s)
{
    return planner_prices(s->planner);
}

static uint32_t moves_of(const struct task *t, uint32_t instance)
{
    uint64_t n = 0;
    if (t->sets)
        idmap_get(&t->sets->moves, (uint64_t)instance + 1, &n);
    return (uint32_t)n;
}

static int64_t wait_ms(const struct server *s, const struct lease *l)
{
    uint32_t n = moves_of(&s->task[l->task], l->instance);
    return prices(s)->move_after_s * 1000 << (n < MOVES_DOUBLED_MOST ? n : MOVES_DOUBLED_MOST);
}

static void look_at(struct server *s, struct lease *l, house_ms at)
{
    if (l->move_at.v > 0 && !house_before(at, l->move_at))
        return;
    l->move_at = at;
    timer_add(s, TIMER_MOVE, l->id, at);
}

static int64_t loss_of(const void *server, uint32_t board)
{
    const struct server *s = server;
    return s->board[board]->lease == NONE ? 0 : s->lease[s->board[board]->lease].done_ms / 1000;
}

static struct plan_runner runner_of(const struct server *s, const struct lease *l)
{
    return (struct plan_runner){.task = l->task,
                                .board = l->board,
                                .left_s = lease_open_s(s, l),
                                .lost_s = l->done_ms / 1000,
                                .loss_of = loss_of,
                                .ctx = s};
}

// Until a move can pay at the earliest, by stay_permille(). Its end is furthest away if it stands still from now on:
// after t more seconds then, with d of crawling and u of all its time behind it in which it did x and D, and L left,
//
//     stay = d + t + (L - x) * (u + t) / D        D <= 0: anything is possible
//
// while what a move costs stays the same. Nothing is faster than that, so looks before it find nothing.
static int64_t hopeless_ms(const struct server *s, const struct lease *l)
{
    struct plan_runner r = runner_of(s, l);
    int64_t pays_s = planner_move_pays_s(s->planner, &r),
            crawled_s = house_since(s->now, l->slow_since) / 1000, done_s = l->done_ms / 1000,
            since_s = house_since(s->now, l->level_at) / 1000,
            up_s = lease_up_ms(l) / 1000 + 1 + (since_s > 0 ? since_s : 0),
            open_s = r.left_s - (l->done_ms - l->slow_done_ms) / 1000 + 1;
    if (pays_s == INT64_MAX)
        return LOOK_FAR_MS;
    if (done_s <= 0 || pays_s > FAR_S || up_s > FAR_S || open_s > FAR_S)
        return 0;
    open_s = open_s > 0 ? open_s : 0;
    int64_t t_s = ((pays_s - crawled_s - 1) * done_s - open_s * up_s) / (done_s + open_s);
    return int_clamp(t_s, 0, LOOK_FAR_MS / 1000) * 1000;
}

// Looks come after whole waits, so that those of many come together; after what is hopeless, and within a quarter.
static int64_t waits_after_ms(const struct server *s, int64_t ms)
{
    int64_t whole = prices(s)->move_after_s * 1000;
    return whole > 0 ? (ms + whole - 1) / whole * whole : ms;
}

static int64_t waits_within_ms(const struct server *s, int64_t ms)
{
    int64_t whole = prices(s)->move_after_s * 1000;
    return whole > 0 ? ms - ms % whole : ms;
}

// From a look that left it where it is until the next.
static int64_t again_ms(const struct server *s, const struct lease *l)
{
    int64_t least = wait_ms(s, l), far = waits_after_ms(s, hopeless_ms(s, l));
    int64_t quarter = waits_within_ms(s, int_clamp(house_since(s->now, l->slow_since) / 4, 0, LOOK_MOST_MS));
    least = quarter > least ? quarter : least;
    return far > least ? far : least;
}

// Even full speed elsewhere would not be so much sooner.
static bool fast_enough(const struct server *s, int32_t speed)
{
    return (int64_t)speed * prices(s)->move_ratio_permille >= 1000000;
}

void lease_paced(struct server *s, uint32_t lease)
{
    struct lease *l = &s->lease[lease];
    if (s->task[l->task].pool != NONE) // what runs in a pool stays on its nodes, and they where they are
        return;
    int32_t speed = lease_speed_permille(l);
    if (speed < 0 || fast_enough(s, speed) || l->state != LEASE_STARTED || l->uploading) {
        l->slow_since = HOUSE_MS(-1);
        return;
    }
    if (l->slow_since.v >= 0)
        return;
    l->slow_since = house_before(l->sampled, l->granted) ? l->granted : l->sampled;
    l->slow_up_ms = lease_up_ms(l);
    l->slow_done_ms = l->done_ms;
    house_ms due = house_add(l->slow_since, wait_ms(s, l)),
             pays = house_add(s->now, waits_after_ms(s, hopeless_ms(s, l)));
    look_at(s, l, house_before(due, pays) ? pays : due);
}

// On average since it crawls, or now if that is more: a room asks for more and less.
static int32_t crawl_permille(const struct lease *l)
{
    int64_t up = lease_up_ms(l) - l->slow_up_ms, done = l->done_ms - l->slow_done_ms;
    int64_t mean = up > 0 ? done * 1000 / up : 0, now = lease_speed_permille(l);
    return (int32_t)(mean > now ? mean : now);
}

// Over the rest of its way, if it stays: what has crawled for d is expected to crawl for d more, and then to
// get on as it did on average of its life. A window that is open for half an hour moves nobody.
static int32_t stay_permille(const struct server *s, const struct lease *l, int64_t left_s)
{
    int64_t crawl = crawl_permille(l), up = lease_up_ms(l), mean = up > 0 ? l->done_ms * 1000 / up : 0;
    int64_t more_s = house_since(s->now, l->slow_since) / 1000, by_then_s = more_s * crawl / 1000;
    mean = int_clamp(mean, crawl, 1000);
    if (by_then_s >= left_s || mean <= 0)
        return (int32_t)crawl;
    int64_t stay_s = more_s + (left_s - by_then_s) * 1000 / mean;
    return (int32_t)int_clamp(stay_s > 0 ? left_s * 1000 / stay_s : 1000, 0, 1000);
}

static void let_go(struct server *s, uint32_t board, uint64_t lease)
{
    if (s->board[board]->kept_for != lease)
        return;
    s->board[board]->kept_for = 0;
    board_plan(s, board);
}

static void stop_to_move(struct server *s, uint32_t lease, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    struct task *t = &s->task[l->task];
    uint32_t task = l->task;
    idmap_set(&task_sets(t)->moves, (uint64_t)l->instance + 1, moves_of(t, l->instance) + 1);
    lease_stop(s, lease, ATTEMPT_PREEMPTED, fx);
    task_settle(s, task, fx);
}

static void begin(struct server *s, uint32_t lease, const struct plan_move *m, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    l->move = (struct move_note){.instance = l->instance,
                                 .from = l->board,
                                 .to = m->board,
                                 .speed_permille = crawl_permille(l),
                                 .stay_s = m->stay_s,
                                 .go_s = m->go_s,
                                 .at = s->now};
    task_sets(&s->task[l->task])->moved = l->move;
    s->board[m->board]->kept_for = l->id;
    board_plan(s, m->board);
    board_plan(s, l->board); // it is not set aside any more
    server_trace(s, CHANGE_LEASE, (int64_t)l->id, (int64_t)s->board[m->board]->id);
    char uuid[UUID_TEXT_BYTES];
    uuid_format(uuid, s->task[l->task].uuid);
    fx_note(fx, "move",
            arena_printf(&fx->arena, "{\"task\":\"%s\",\"instance\":%u,\"from\":\"%s\",\"to\":\"%s\"}", uuid,
                         (unsigned)l->instance, s->board[l->board]->name, s->board[m->board]->name));
    uint32_t holder = s->board[m->board]->lease;
    if (holder == NONE) {
        stop_to_move(s, lease, fx);
        return;
    }
    uint32_t task = s->lease[holder].task;
    lease_stop(s, holder, ATTEMPT_PREEMPTED, fx);
    task_settle(s, task, fx);
}

int64_t move_put_off_ms(size_t before, size_t boards)
{
    size_t a_batch = boards > 0 ? LOOKED_MOST / boards : LOOKED_MOST,
           a_minute = a_batch > COME_AGAIN ? a_batch : COME_AGAIN;
    return int_clamp((int64_t)(1 + before / a_minute) * MOVE_AGAIN_MS, MOVE_AGAIN_MS, LOOK_MOST_MS);
}

void server_move_timer(struct server *s, uint64_t lease_id, struct effects *fx)
{
    uint64_t at;
    struct plan_move m;
    if (!idmap_get(&s->lease_by_id, lease_id, &at))
        return;
    struct lease *l = &s->lease[at];
    if (!l->move_at.v || house_before(s->now, l->move_at))
        return; // it was looked at sooner
    l->move_at = HOUSE_MS(0);
    if (l->slow_since.v < 0 || l->state != LEASE_STARTED || l->move.to != NONE)
        return;
    house_ms due = house_add(l->slow_since, wait_ms(s, l));
    if (house_before(s->now, due)) { // it was faster for a while
        look_at(s, l, due);
        return;
    }
    if (s->looked + s->n_boards > LOOKED_MOST && s->looked) {
        look_at(s, l, house_add(s->now, move_put_off_ms(s->put_off++, s->n_boards)));
        return;
    }
    s->looked += s->n_boards;
    struct plan_runner r = runner_of(s, l);
    r.speed_permille = stay_permille(s, l, r.left_s);
    look_at(s, l, house_add(s->now, again_ms(s, l)));
    if (planner_move(s->planner, &r, &m))
        begin(s, (uint32_t)at, &m, fx);
}

house_ms server_next_look(const struct server *s, uint64_t lease)
{
    uint64_t at;
    if (!idmap_get(&s->lease_by_id, lease, &at) || !s->lease[at].move_at.v)
        return HOUSE_MS(INT64_MAX);
    return s->lease[at].move_at;
}

// A board that is kept is free: the one that it is kept for goes there, if it still crawls.
static void board_came_free(struct server *s, uint32_t board, struct effects *fx)
{
    struct board *b = s->board[board];
    uint64_t at;
    if (!idmap_get(&s->lease_by_id, b->kept_for, &at)) {
        let_go(s, board, b->kept_for);
        return;
    }
    struct lease *l = &s->lease[at];
    if (l->state == LEASE_STOPPING) // it is on its way, or ends for another reason: move_on_end sees to it
        return;
    if (l->slow_since.v < 0 || b->node == NONE || !s->node[b->node].online) {
        l->move.to = NONE;
        board_plan(s, l->board);
        let_go(s, board, l->id);
        return;
    }
    stop_to_move(s, (uint32_t)at, fx);
}

void move_on_end(struct server *s, const struct lease *ended, enum attempt_end end, struct effects *fx)
{
    struct task *t = &s->task[ended->task];
    if (ended->move.to != NONE) {
        bool waits = end == ATTEMPT_PREEMPTED && ranges_has(&t->pending, ended->instance);
        if (waits && s->board[ended->move.to]->lease == NONE)
            *VEC_PUSH(s->landing, s->n_landing, s->cap_landing) = (struct landing){
                .task = t->id, .lease = ended->id, .instance = ended->instance, .board = ended->move.to};
        else
            let_go(s, ended->move.to, ended->id);
    }
    if (ended->within == NONE && s->board[ended->board]->kept_for)
        board_came_free(s, ended->board, fx);
}

// The instances that were moved are the first of the plan; those that cannot be placed now wait with the
// others.
void moves_land(struct server *s, house_ms now, struct plan *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_landing; i++) {
        struct landing x = s->landing[i];
        uint32_t task;
        let_go(s, x.board, x.lease);
        if (server_task_slot(s, x.task, &task) && ranges_has(&s->task[task].pending, x.instance) &&
            planner_place_on(s->planner, task, x.board, now, out))
            s->landing[n++] = x;
    }
    s->n_landing = n;
}

// ---- in words

static void span(struct buf *out, int64_t seconds)
{
    if (seconds >= 2 * 86400)
        buf_putf(out, "%lld days", (long long)(seconds / 86400));
    else if (seconds >= 2 * 3600)
        buf_putf(out, "%lld h", (long long)(seconds / 3600));
    else
        buf_putf(out, "%lld min", (long long)((seconds + 59) / 60));
}

static void tell(const struct server *s, const struct move_note *m, struct buf *out)
{
    buf_putf(out, "it crawled at %d %% of full speed on %s, about ", (int)(m->speed_permille / 10),
             s->board[m->from]->name);
    span(out, m->stay_s);
    buf_putf(out, " from its end; on %s it is ", s->board[m->to]->name);
    span(out, m->go_s);
    buf_puts(out, ", with what it had done lost");
}

bool move_text(const struct server *s, const struct lease *l, struct buf *out)
{
    if (l->move.to == NONE)
        return false;
    buf_puts(out, "moved: ");
    tell(s, &l->move, out);
    return true;
}

void moves_why(const struct server *s, const struct task *t, struct buf *out)
{
    if (!t->sets || t->sets->moved.at.v <= 0)
        return;
    bool under_way = false;
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next)
        under_way =
            under_way || (s->lease[l].instance == t->sets->moved.instance && s->lease[l].move.to != NONE);
    buf_putf(out, "%sinstance %u %s moved: ", t->n_started || t->n_assigned ? "; " : "",
             (unsigned)t->sets->moved.instance, under_way ? "is being" : "was");
    tell(s, &t->sets->moved, out);
}
