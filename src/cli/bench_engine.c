// SPDX-License-Identifier: Apache-2.0
//
// Events are made before the clock starts, so that only the engine is timed: server_apply and server_settle,
// in batches of 64 as a busy server has them. Rows are made and thrown away.
#include "cli/bench_engine.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/engine/server.h"
#include "core/plan/plan.h"

#define RUNS     5
#define BATCH    64
#define START_MS INT64_C(1764547200000)

static double now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID,
                  &ts); // one thread without I/O: what others do to the machine is left out
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_line(FILE *out, const char *name, double v[RUNS], const char *unit, const char *target)
{
    qsort(v, RUNS, sizeof *v, by_value);
    fprintf(out, "%s: %.4g %s, %.4g..%.4g in %d runs (target %s)\n", name, v[RUNS / 2], unit, v[0],
            v[RUNS - 1], RUNS, target);
}

// ---- a fleet and its customer

struct house {
    struct server *s;
    struct effects fx;
    struct arena a;
    int64_t now;
    uint64_t seq, account, uuids;
    uint64_t *epoch, *report_seq; // by node
    int nodes;
};

static void apply(struct house *h, struct event *ev)
{
    ev->seq = ++h->seq;
    ev->now = HOUSE_MS(h->now);
    server_apply(h->s, ev, &h->fx);
}

static void settle(struct house *h)
{
    server_settle(h->s, HOUSE_MS(h->now), &h->fx);
    effects_clear(&h->fx);
}

static void zone_report(struct house *h, int node, int32_t want_w, struct report *r)
{
    *r = (struct report){.seq = ++h->report_seq[node], .at = HOUSE_MS(h->now), .kind = REPORT_ZONE};
    snprintf(r->name, sizeof r->name, "zone-%d", node);
    r->zone.request = (struct heat_request){.target_w = want_w, .min_w = want_w / 2, .max_w = want_w};
}

static void sync_of(struct house *h, int node, struct report *r, struct event *ev)
{
    *ev = (struct event){.kind = EVENT_SYNC,
                         .sync = {.nonce = 7, .epoch = h->epoch[node], .report = r, .n_reports = 1}};
    snprintf(ev->sync.node, NAME_BYTES, "node-%d", node);
}

static void hello(struct house *h, int node)
{
    struct offer_zone zone = {.nameplate_w = 500, .setpoint_mc = 20000, .mode = ZONE_COMFORT};
    struct offer_board board = {
        .spec = {.cores = 8, .memory_mb = 16384}, .curve = *curve_default(), .sandbox = true};
    struct event ev = {.kind = EVENT_SYNC, .sync = {.nonce = 7, .has_offer = true}};
    snprintf(ev.sync.node, NAME_BYTES, "node-%d", node);
    snprintf(zone.name, NAME_BYTES, "zone-%d", node);
    snprintf(zone.site, NAME_BYTES, "site-%d", node / 100);
    snprintf(board.name, NAME_BYTES, "board-%d", node);
    snprintf(board.zone, NAME_BYTES, "zone-%d", node);
    ev.sync.offer = (struct offer){.zone = &zone, .n_zones = 1, .board = &board, .n_boards = 1};
    apply(h, &ev);
    h->epoch[node] = 1;
    struct report r;
    zone_report(h, node, 150, &r);
    sync_of(h, node, &r, &ev);
    apply(h, &ev);
}

static void house_init(struct house *h, int nodes)
{
    struct server_config cfg;
    server_config_default(&cfg);
    *h = (struct house){.now = START_MS,
                        .nodes = nodes,
                        .epoch = mem_array((size_t)nodes + 1, sizeof *h->epoch),
                        .report_seq = mem_array((size_t)nodes + 1, sizeof *h->report_seq)};
    effects_init(&h->fx);
    h->s = server_new(&cfg);
    server_restore_from(h->s, HOUSE_MS(h->now));
    server_restored(h->s, HOUSE_MS(h->now));
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .account = {.email = "a@b.c", .name = "a", .token_hash = "0"}};
    apply(h, &ev);
    h->account = h->fx.reply[0].id;
    for (int i = 0; i < nodes; i++)
        hello(h, i);
    settle(h);
}

static void house_deinit(struct house *h)
{
    server_free(h->s);
    effects_deinit(&h->fx);
    arena_deinit(&h->a);
    free(h->epoch);
    free(h->report_seq);
}

static void draft(struct house *h, struct task_draft *d)
{
    *d = (struct task_draft){.name = "bench",
                             .profile = "docker-batch",
                             .activity = ACTIVITY_FLEX,
                             .ranges = "0",
                             .instances = 1,
                             .queue_max_ms = -1,
                             .expected_run_ms = -1,
                             .body = "{\"name\":\"bench\"}"};
    struct rng r;
    rng_seed(&r, ++h->uuids);
    for (int i = 0; i < 2; i++) {
        uint64_t v = rng_next(&r);
        memcpy(d->uuid + 8 * i, &v, 8);
    }
}

static void create(struct house *h, int n)
{
    for (int i = 0; i < n; i++) {
        struct task_draft d;
        draft(h, &d);
        struct event ev = {.kind = EVENT_TASKS_CREATE,
                           .create = {.account = h->account, .draft = &d, .n = 1}};
        apply(h, &ev);
        if (i % BATCH == BATCH - 1)
            settle(h);
    }
    settle(h);
}

// ---- events per second: of ten syncs eight are levels (zone, board, meter, running work), the rest start
// and end work; for each ending one task is created

struct leases {
    uint64_t *id; // by node; 0: none
    bool *started;
};

static void note_leases(struct house *h, struct leases *l)
{
    for (size_t i = 0; i < h->fx.n_changes; i++) {
        const struct change *c = &h->fx.change[i];
        if (c->kind != CHANGE_LEASE || c->lease.state != 0)
            continue;
        size_t board;
        char name[NAME_BYTES];
        struct board_view v;
        for (board = 0; board < (size_t)h->nodes; board++) {
            server_board(h->s, board, &v);
            if (v.id == c->lease.board)
                break;
        }
        snprintf(name, sizeof name, "%s", v.name);
        int node = atoi(name + 6);
        l->id[node] = c->lease.id;
        l->started[node] = false;
    }
}

static void level_report(struct house *h, struct rng *rng, const struct leases *l, int node, struct report *r)
{
    uint64_t what = rng_below(rng, 8);
    if (what < 3) {
        zone_report(h, node, 100 + (int32_t)rng_below(rng, 100), r);
        return;
    }
    *r = (struct report){
        .seq = ++h->report_seq[node], .at = HOUSE_MS(h->now), .kind = REPORT_LEVEL, .lease = l->id[node]};
    if (what < 5) {
        r->level.progress_permille = (int32_t)rng_below(rng, 1000);
        r->level.freq_mhz = 3000;
        return;
    }
    r->lease = 0;
    snprintf(r->name, sizeof r->name, "board-%d", node);
    r->kind = what == 5 ? REPORT_BOARD : REPORT_METER_BOARD;
    if (what == 5) {
        r->board.draw_mw = 60000;
    } else {
        r->meter_board.raw_mj = (h->now - START_MS) * 60;
        r->meter_board.part_mj[ACTIVITY_IDLE] = h->now - START_MS;
    }
}

static void next_event(struct house *h, struct rng *rng, struct leases *l, struct report *r,
                       struct task_draft *d, struct event *ev)
{
    int node = (int)rng_below(rng, (uint64_t)h->nodes);
    bool work = l->id[node] && rng_below(rng, 10) < 2;
    if (rng_below(rng, 12) == 0) {
        draft(h, d);
        *ev =
            (struct event){.kind = EVENT_TASKS_CREATE, .create = {.account = h->account, .draft = d, .n = 1}};
        return;
    }
    if (!work) {
        level_report(h, rng, l, node, r);
    } else {
        *r = (struct report){.seq = ++h->report_seq[node],
                             .at = HOUSE_MS(h->now),
                             .lease = l->id[node],
                             .kind = l->started[node] ? REPORT_EXITED : REPORT_STARTED};
        r->started.at = r->at;
        if (l->started[node]) {
            memset(&r->exited, 0, sizeof r->exited);
            r->exited.end = ATTEMPT_SUCCESS;
            r->exited.energy_mj = 1000;
            l->id[node] = 0;
        }
        l->started[node] = true;
    }
    sync_of(h, node, r, ev);
}

static double events_per_s(int nodes, int batches)
{
    struct house h;
    struct rng rng;
    double spent = 0;
    struct event ev[BATCH];
    struct report *r = mem_array(BATCH, sizeof *r);
    struct task_draft *d = mem_array(BATCH, sizeof *d);
    rng_seed(&rng, 3);
    house_init(&h, nodes);
    struct leases l = {.id = mem_array((size_t)nodes, sizeof *l.id),
                       .started = mem_array((size_t)nodes, sizeof *l.started)};
    create(&h, 2 * nodes);
    for (int b = 0; b < batches; b++) {
        h.now += 5;
        for (int i = 0; i < BATCH; i++)
            next_event(&h, &rng, &l, &r[i], &d[i], &ev[i]);
        double t = now_s();
        for (int i = 0; i < BATCH; i++)
            apply(&h, &ev[i]);
        server_settle(h.s, HOUSE_MS(h.now), &h.fx);
        spent += now_s() - t;
        note_leases(&h, &l);
        effects_clear(&h.fx);
    }
    house_deinit(&h);
    free(l.id);
    free(l.started);
    free(r);
    free(d);
    return (double)batches * BATCH / spent;
}

// ---- memory and cancelling

static double bytes_in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return (double)m.uordblks + (double)m.hblkhd;
}

static void queue_and_cancel(int tasks, double *bytes_per_task, double *cancel_s)
{
    struct house h;
    house_init(&h, 1);
    double before = bytes_in_use();
    create(&h, tasks);
    effects_deinit(&h.fx);
    *bytes_per_task = (bytes_in_use() - before) / tasks;
    struct event ev = {.kind = EVENT_TASKS_ABORT, .tasks = {.account = h.account}};
    double t = now_s();
    apply(&h, &ev);
    settle(&h);
    *cancel_s = now_s() - t;
    house_deinit(&h);
}

// ---- plans

static struct planner *town(int boards, int tasks, int32_t want_w)
{
    static const struct board_spec spec = {.cores = 8, .memory_mb = 16384};
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    for (uint32_t i = 0; i < (uint32_t)boards; i++) {
        int32_t w = want_w + (int32_t)(i % 97);
        planner_zone(p, i,
                     &(struct plan_zone){
                         .site = 0, .online = true, .request = {.target_w = w, .min_w = w / 2, .max_w = w}});
        planner_board(
            p, i,
            &(struct plan_board){
                .zone = i, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE});
    }
    for (uint32_t i = 0; i < (uint32_t)tasks; i++)
        planner_task(
            p, i, &(struct plan_task){.activity = ACTIVITY_FLEX, .account = 1, .order = i + 1, .pending = 1});
    return p;
}

static double full_plan_ms(int boards, int tasks)
{
    struct planner *p = town(boards, tasks, 100);
    struct plan out = {0};
    double t = now_s();
    planner_run_full(p, HOUSE_MS(START_MS), &out);
    t = now_s() - t;
    if (out.n_assigns != (size_t)boards)
        abort();
    plan_deinit(&out);
    planner_free(p);
    return t * 1e3;
}

// A zone wants more or less heat, and every other time its board falls free: median of a thousand such plans.
static double one_event_us(int boards, int tasks)
{
    static const struct board_spec spec = {.cores = 8, .memory_mb = 16384};
    struct planner *p = town(boards, tasks, 100);
    struct plan out = {0};
    enum { N = 1001 };
    static double v[N];
    planner_run(p, HOUSE_MS(START_MS), &out);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t at = i * 7919 % (uint32_t)boards;
        int32_t w = 60 + (int32_t)(i % 50);
        plan_clear(&out);
        double t = now_s();
        planner_zone(p, at,
                     &(struct plan_zone){
                         .site = 0, .online = true, .request = {.target_w = w, .min_w = w / 2, .max_w = w}});
        if (i % 2)
            planner_board(
                p, at,
                &(struct plan_board){
                    .zone = at, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE});
        planner_run(p, HOUSE_MS(START_MS), &out);
        v[i] = (now_s() - t) * 1e6;
    }
    qsort(v, N, sizeof *v, by_value);
    plan_deinit(&out);
    planner_free(p);
    return v[N / 2];
}

int bench_engine(FILE *out)
{
    return bench_engine_part(out, 1000);
}

int bench_engine_part(FILE *out, int permille)
{
    double events[RUNS], bytes[RUNS], cancel[RUNS], full[RUNS], one[RUNS];
    for (int i = 0; i < RUNS; i++) {
        events[i] = events_per_s(200, 8 * permille) / 1e6;
        queue_and_cancel(100 * permille, &bytes[i], &cancel[i]);
        full[i] = full_plan_ms(10 * permille, 100 * permille);
        one[i] = one_event_us(10 * permille, 100 * permille);
    }
    print_line(out, "engine events", events, "million/s", "at least 1");
    print_line(out, "memory per queued task of one instance", bytes, "bytes", "at most 500");
    print_line(out, "cancel 100,000 queued tasks", cancel, "s", "below 1");
    print_line(out, "full plan of 10,000 boards and 100,000 instances", full, "ms", "below 20");
    print_line(out, "plan of one event beside them", one, "us", "below 100");
    return 0;
}
