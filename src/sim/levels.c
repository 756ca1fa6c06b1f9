// SPDX-License-Identifier: Apache-2.0
//
// Levels of instances: how far below full speed they run. Agents tell them at every call; here they are told where
// they can decide anything (docs/design/0060-asked-and-told.md):
//
//   when one has crawled for long enough     from then on the engine may move it
//   before the engine looks at what crawls   it says when (server_next_look)
//   every quarter of its life                where others depend on what it has done: what would be lost if a better
//                                            class took its board, how long its siblings are expected to run
//
// Between two levels the engine takes the mean of both: where it was another, what would have been told meanwhile is
// told with them. That it crawls, or gets on again, is said with the time since when.
#include "sim/fetch.h"

#include "base/num.h"
#include "core/heat/curve.h"

#define LONG_MS   INT64_C(600000) // price_table.move_after_s: what has run, or crawled, for less is not moved
#define AGAIN_MS  INT64_C(1800000)  // from one level to the next of what others depend on, at least
#define MOST_MS   INT64_C(14400000) // and at most
#define APART_PCT 2                 // of full speed: from there on a speed is another
#define NEVER_MS  INT64_MAX

static int32_t full_mhz(const struct sim_run *r, const struct sim_board *b)
{
    const struct curve *c = &r->s->board[r->zone[b->zone].model].curve;
    return c->p[c->n - 1].freq_mhz;
}

static int32_t speed_mhz(const struct sim_run *r, const struct sim_board *b)
{
    int32_t cores = r->s->board[r->zone[b->zone].model].spec.cores;
    return activity_is_task((enum activity)b->run) ? b->work_mhz / cores : 0;
}

static bool crawls(const struct sim_run *r, const struct sim_board *b)
{
    return is_crawl(r, r->zone[b->zone].model, (enum activity)b->run, b->work_mhz);
}

static bool is_another(const struct sim_run *r, const struct sim_board *b, int32_t mhz, int32_t than_mhz)
{
    int32_t apart = mhz - than_mhz;
    return (apart < 0 ? -apart : apart) * 100 > full_mhz(r, b) * APART_PCT;
}

static struct sim_mark mark_now(const struct sim_run *r, const struct sim_board *b, int32_t mhz)
{
    return (struct sim_mark){.at = r->now, .left = b->left, .mhz = mhz};
}

static void begin(struct sim_board *b)
{
    b->level = (struct sim_level){.lease = b->lease,
                                  .told = {.at = b->started_at, .left = b->all - b->saved, .mhz = -1},
                                  .out = {.at = -1},
                                  .in = {.at = -1},
                                  .look_at = NEVER_MS};
}

// Whether it crawled when it was looked at last.
static bool crawled(const struct sim_level *l)
{
    return l->in.at >= 0 || (l->out.at < 0 && l->crawls);
}

// A crawl that is over before anybody hears of it is none.
static void cross(struct sim_run *r, struct sim_board *b, int32_t mhz)
{
    struct sim_level *l = &b->level;
    drive_settle(r, b->zone);
    if (!crawls(r, b) && l->in.at >= 0)
        l->in.at = -1;
    else if (!crawls(r, b))
        l->out = mark_now(r, b, mhz);
    else
        l->in = l->told.mhz < 0 ? l->told : mark_now(r, b, mhz); // if it is new, since it began
}

static bool others_depend(const struct sim_run *r, const struct sim_board *b)
{
    return (r->classes & (r->classes - 1)) || r->task[b->task].instances > 1;
}

// Whoever ran for u in which it did D comes nearer to a gain by a move, which begins it anew, by standing still: but
// the end must be twice as far away here as there, so that it takes 2 D - u at least, however much is left
// (server_move.c: the price table asks for a factor of two).
static int64_t matters_at(const struct sim_run *r, const struct sim_board *b)
{
    const struct sim_mark *in = &b->level.in;
    int64_t done_ms = (b->all - b->saved - in->left) / b->rate_cores / full_mhz(r, b),
            wait_ms = 2 * done_ms - (in->at - b->started_at);
    return in->at + (wait_ms > LONG_MS ? wait_ms : LONG_MS);
}

static int64_t quarter_ms(const struct sim_run *r, const struct sim_board *b)
{
    return int_clamp((r->now - b->started_at) / 4, AGAIN_MS, MOST_MS);
}

static void ask_look(struct sim_run *r, struct sim_board *b)
{
    b->level.look_at = house_since(server_next_look(r->server, b->lease), r->s->start);
}

static bool worth_telling(struct sim_run *r, struct sim_board *b, int32_t mhz)
{
    struct sim_level *l = &b->level;
    if (l->lease != b->lease)
        begin(b);
    if (crawls(r, b) != crawled(l))
        cross(r, b, mhz);
    if (l->in.at >= 0 && r->now >= matters_at(r, b))
        return true;
    if (l->crawls && l->look_at <= r->now) // it was looked at, and stays
        ask_look(r, b);
    if (l->crawls && l->look_at - r->now <= LONG_MS)
        return true;
    return others_depend(r, b) && (l->told.mhz < 0 || r->now - l->told.at >= quarter_ms(r, b));
}

// Until when nothing of it is worth telling, if it goes on to crawl, or not to.
static int64_t quiet_until(const struct sim_run *r, const struct sim_board *b)
{
    const struct sim_level *l = &b->level;
    int64_t at = NEVER_MS;
    if (r->now - b->started_at < LONG_MS)
        return b->started_at + LONG_MS;
    if (l->crawls)
        at = l->look_at - r->now <= LONG_MS ? l->look_at : l->look_at - LONG_MS;
    if (l->in.at >= 0 && matters_at(r, b) < at)
        at = matters_at(r, b);
    if (others_depend(r, b) && l->told.at + quarter_ms(r, b) < at)
        at = l->told.at + quarter_ms(r, b);
    return at;
}

static void level(struct sim_run *r, uint32_t board, int64_t at, int32_t mhz)
{
    const struct sim_board *b = &r->board[board];
    struct report *rep = link_report(r, b->zone, REPORT_LEVEL);
    rep->lease = b->lease;
    rep->at = house_add(r->s->start, at);
    rep->level.phase = PHASE_EXECUTION;
    rep->level.progress_permille = -1;
    rep->level.freq_mhz = mhz;
    rep->level.max_freq_mhz = full_mhz(r, b);
    rep->level.duty_permille = rep->level.cpu_permille = 1000;
    rep->level.exec_ms = at - b->started_at;
}

// What has come since it was told last.
static void tell_until(struct sim_run *r, uint32_t board, struct sim_mark to)
{
    struct sim_board *b = &r->board[board];
    struct sim_mark *from = &b->level.told;
    if (to.at > from->at) {
        int32_t mean = (int32_t)((from->left - to.left) / (to.at - from->at) / b->rate_cores);
        if (from->mhz < 0 || is_another(r, b, mean, (to.mhz + from->mhz) / 2)) {
            level(r, board, from->at, mean);
            level(r, board, to.at, mean);
        }
        level(r, board, to.at, to.mhz);
    }
    *from = to;
}

static void board_level(struct sim_run *r, uint32_t board, int32_t mhz)
{
    struct sim_board *b = &r->board[board];
    struct sim_level *l = &b->level;
    drive_settle(r, b->zone);
    if (l->out.at >= 0)
        tell_until(r, board, l->out);
    if (l->in.at > l->told.at)
        tell_until(r, board, l->in);
    tell_until(r, board, mark_now(r, b, mhz));
    l->out.at = l->in.at = -1;
    l->crawls = crawls(r, b);
}

static void zone_levels(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    bool told = false;
    drive_show(r, zone);
    for (uint32_t at = z->first_board; at < z->first_board + z->n_boards; at++) {
        struct sim_board *b = &r->board[at];
        if (b->phase != BOARD_RUNS || r->now - b->started_at < LONG_MS)
            continue;
        int32_t mhz = speed_mhz(r, b);
        if (!worth_telling(r, b, mhz))
            continue;
        board_level(r, at, mhz);
        told = true;
    }
    if (told)
        link_sync(r, zone);
}

static void zone_quiet(struct sim_run *r, uint32_t zone, int crawls)
{
    struct sim_zone *z = &r->zone[zone];
    int64_t next = NEVER_MS;
    for (uint32_t at = z->first_board; at < z->first_board + z->n_boards; at++) {
        struct sim_board *b = &r->board[at];
        if (b->phase != BOARD_RUNS)
            continue;
        if (b->level.crawls && b->level.told.at == r->now)
            ask_look(r, b);
        int64_t until = quiet_until(r, b);
        next = until < next ? until : next;
    }
    z->crawls = (int8_t)crawls;
    zone_levels_next(r, z, next);
}

void levels_tell(struct sim_run *r)
{
    if (!r->moves)
        return;
    rooms_loud(r);
    size_t n = run_visit(r, r->loud, r->busy);
    for (size_t k = 0; k < n; k++) {
        uint32_t zone = r->visit[k];
        const struct sim_zone *z = &r->zone[zone];
        fetch_listed(r, r->visit, n, k, FETCH_LEVELS);
        int crawls = drive_crawls(r, zone);
        if (z->down || z->cut || (crawls >= 0 && crawls == z->crawls && r->now < z->levels_at))
            continue;
        zone_levels(r, zone);
        zone_quiet(r, zone, crawls);
    }
}
