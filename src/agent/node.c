// SPDX-License-Identifier: Apache-2.0
#include "agent/node.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/fire.h"
#include "agent/jobs.h"
#include "agent/link.h"
#include "agent/memory.h"
#include "agent/stage.h"
#include "agent/stager.h"
#include "base/hash.h"
#include "base/mem.h"
#include "device/sky.h"
#include "sandbox/bwrap.h"

#define STOP_MS   5000 // for the last words to the parent; last commands have LAUNCH_LAST_MS more
#define GATHER_MS 15   // of wall: longer than a trivial program runs, too short for anybody who looks

static void act_board(struct node *n, const struct agent_action *a)
{
    struct err e = ERR_NULL;
    int r = n->device.apply(n->device.ctx, a->board, &a->board_run, &e);
    if (r < 0 && !n->device_ill)
        fprintf(stderr, "ondol: board %s: %s\n", n->cfg->offer.board[a->board].name, e.text);
    n->device_ill = r < 0;
    if (n->fire)
        fire_set(n->fire, a->board, a->board_run.burn_permille);
}

static void act(struct node *n, const struct agent_action *a)
{
    switch (a->kind) {
    case ACT_START:
        jobs_start(n->jobs, a);
        break;
    case ACT_END:
        jobs_end(n->jobs, a->lease);
        break;
    case ACT_KILL:
        jobs_kill(n->jobs, a->lease);
        break;
    case ACT_SHARE:
        jobs_share(n->jobs, a->lease, a->permille);
        break;
    case ACT_BOARD:
        act_board(n, a);
        break;
    case ACT_READ:
        jobs_read(n->jobs, a->lease, a->read);
        break;
    case ACT_FETCH:
        stage_fetch_files(n->stage, a);
        break;
    case ACT_STORE:
        stage_store_files(n->stage, a);
        break;
    case ACT_UNSTAGE:
        stage_forget(n->stage, a->lease);
        break;
    }
}

// An action may bring the next event at once (a sandbox that is started, or cannot be). That event is applied
// at once too, but its actions wait for those before: an older share must not come after a newer one.
struct batch {
    struct agent_actions acts;
    struct batch *next;
};

void node_feed(struct node *n, struct agent_event *ev)
{
    struct batch *b = mem_alloc(sizeof *b);
    ev->now = clock_house(&n->opt.clock);
    if (ev->kind != AGENT_USAGE)
        n->device.tick(n->device.ctx, ev->now); // what held until now is accounted before anything changes
    agent_apply(n->agent, ev, &b->acts);
    struct batch **last = &n->todo;
    while (*last)
        last = &(*last)->next;
    *last = b;
    if (n->acting)
        return;
    n->acting = true;
    while ((b = n->todo)) {
        for (size_t i = 0; i < b->acts.n; i++)
            act(n, &b->acts.v[i]);
        n->todo = b->next;
        agent_actions_deinit(&b->acts);
        free(b);
    }
    n->acting = false;
    if (ev->kind != AGENT_USAGE)
        link_poke(n->link);
}

static void stop_if_done(struct node *n)
{
    bool runs = agent_has_runs(n->agent);
    if (n->stopping && ((agent_at_rest(n->agent) || (!n->link && !runs)) ||
                        wall_since(clock_wall(), n->stop_at) >= (runs ? LAUNCH_LAST_MS : 0)))
        uv_stop(n->loop);
}

static void knobs_read(struct node *n)
{
    for (size_t i = 0; n->device.knob && i < n->cfg->offer.n_zones; i++) {
        struct zone_wish w = agent_zone_wish(n->agent, i);
        if (n->device.knob(n->device.ctx, i, &w))
            node_feed(n,
                      &(struct agent_event){.kind = AGENT_KNOB, .knob = {i, w.setpoint_mc, (uint8_t)w.mode}});
    }
}

static void on_beat(uv_timer_t *t)
{
    struct node *n = t->data;
    struct agent_event ev = {.kind = AGENT_TICK};
    if (getrandom(&ev.entropy, sizeof ev.entropy, 0) != sizeof ev.entropy)
        return;
    jobs_account(n->jobs);
    knobs_read(n);
    n->device.tick(n->device.ctx, clock_house(&n->opt.clock));
    for (size_t i = 0; i < n->cfg->offer.n_zones; i++) {
        n->device.sense(n->device.ctx, i, &n->sense[i]);
        if (n->device.wish) {
            struct zone_wish w = agent_zone_wish(n->agent, i);
            n->device.wish(n->device.ctx, i,
                           (int32_t)(thermostat_setpoint_c(agent_thermostat(n->agent, i), &w) * 1000 + 0.5));
        }
        if (n->device.shadow)
            n->device.shadow(n->device.ctx, i, &n->shadow[i]);
    }
    for (size_t i = 0; i < n->cfg->offer.n_boards; i++)
        n->device.meter(n->device.ctx, i, &n->meter[i]);
    ev.tick.sense = n->sense;
    ev.tick.meter = n->meter;
    ev.tick.shadow = n->device.shadow ? n->shadow : NULL;
    node_feed(n, &ev);
    stop_if_done(n);
}

static void on_second(uv_timer_t *t)
{
    struct node *n = t->data;
    struct err e = ERR_NULL;
    if (n->device.save && n->device.save(n->device.ctx, &e) < 0)
        fprintf(stderr, "ondol: %s\n", e.text);
    if (n->opt.status_file)
        status_write(n);
    if (n->trim)
        malloc_trim(0);
    n->trim = false;
    if (n->fire)
        fire_look(n->fire);
}

static void on_stop(uv_signal_t *s, int signum)
{
    (void)signum;
    struct node *n = s->data;
    if (n->stopping) { // asked twice: at once
        uv_stop(n->loop);
        return;
    }
    n->stopping = true;
    n->stop_at = wall_add(clock_wall(), STOP_MS);
    node_feed(n, &(struct agent_event){.kind = AGENT_SHUTDOWN});
    stop_if_done(n);
}

static void on_nothing(uv_signal_t *s, int signum)
{
    (void)s, (void)signum; // a handler, unlike SIG_IGN, is not inherited by what the sandboxes run
}

static int device_open(struct node *n, struct err *e)
{
    struct config *c = n->cfg;
    house_ms now = clock_house(&n->opt.clock);
    if (!c->is_virtual) {
        struct linux_config lc = {c->sysroot, c->real, c->offer.n_zones, c->metal, c->offer.n_boards};
        return linux_init(&n->device, &lc, now, e);
    }
    int r = sky_open(&n->weather, c->weather, civil_from_ms(now.v).year, c->seed, e);
    if (r < 0)
        return r;
    struct twin_board *boards = mem_array(c->offer.n_boards + 1, sizeof *boards);
    for (size_t i = 0; i < c->offer.n_boards; i++) {
        memcpy(boards[i].name, c->offer.board[i].name, NAME_BYTES);
        boards[i].zone = c->metal[i].zone;
        boards[i].curve = &c->offer.board[i].curve;
    }
    struct twin_config tc = {
        .zone = c->twin,
        .n_zones = c->offer.n_zones,
        .board = boards,
        .n_boards = c->offer.n_boards,
        .weather = &n->weather,
        .people = c->people,
        .speed = n->opt.clock.speed,
        .state_file = n->opt.world_state,
        .seed =
            hash_bytes(hash_i64(HASH_SEED, (int64_t)c->seed), c->node, strlen(c->node)), // neighbours differ
    };
    r = twin_init(&n->device, &tc, now, e);
    free(boards);
    return r;
}

static void sandbox_open(struct node *n)
{
    const char *why = "";
    bwrap_sandbox_init(&n->sandbox, NULL);
    bool can = n->sandbox.available(n->sandbox.ctx, &why);
    if (!can)
        fprintf(stderr, "ondol: no task will run here: %s\n", why);
    for (size_t i = 0; i < n->cfg->offer.n_boards; i++) {
        struct offer_board *b = &n->cfg->offer.board[i];
        b->sandbox = can;
        b->can_hold = can && n->cfg->hold; // every lever freezes
        snprintf(b->sandbox_lack, sizeof b->sandbox_lack, "%s", can ? "" : why);
    }
}

// Simulated boards have memory of their own.
static void memory_open(struct node *n)
{
    struct config *c = n->cfg;
    int64_t machine_mb = memory_machine_mb(), files_mb = STAGER_CACHE_MOST >> 20;
    if (c->is_virtual)
        return;
    files_mb = files_mb < machine_mb / 16 ? files_mb : machine_mb / 16;
    int64_t off = memory_share(c->offer.board, c->offer.n_boards, machine_mb,
                               (n->opt.image_bytes >> 20) + files_mb);
    if (off > 0)
        fprintf(stderr,
                "ondol: boards offer %lld MB less than they are said to have: the machine has %lld MB, of which "
                "images and files are kept in %lld\n",
                (long long)off, (long long)machine_mb, (long long)(n->opt.image_bytes >> 20) + files_mb);
}

static int agent_open(struct node *n, struct err *e)
{
    uint64_t nonce;
    if (getrandom(&nonce, sizeof nonce, 0) != sizeof nonce)
        return err_set(e, -errno, "entropy: the kernel gives none");
    struct agent_config c;
    agent_config_default(&c);
    memcpy(c.node, n->cfg->node, sizeof c.node);
    c.offer = n->cfg->offer;
    c.host_cpu_permille = n->opt.host_cpu_permille;
    c.speed = n->opt.clock.speed;
    c.is_virtual = n->cfg->is_virtual;
    c.may_sleep = n->cfg->may_sleep && n->cfg->is_virtual; // a real board that sleeps takes its agent with it
    c.burn_allowed = n->cfg->burn;
    c.filler_alone = n->cfg->filler;
    c.has_filler = n->cfg->is_virtual; // a real one has no volunteer program yet: it burns, and says so
    c.cap_mw = n->cfg->cap_w < 0 ? -1 : (int64_t)n->cfg->cap_w * 1000;
    // Half a second of wall is how fresh a page need be; a lease that ends sooner is renewed sooner by the
    // engine.
    c.report_ms = 500 * (int64_t)c.speed > c.report_ms ? 500 * (int64_t)c.speed : c.report_ms;
    c.report_idle_ms = c.report_ms > c.report_idle_ms ? c.report_ms : c.report_idle_ms;
    c.gather_ms = GATHER_MS * (int64_t)c.speed;
    // The kill must be done, in wall time, before the parent gives the work to another: a beat and what a
    // kill takes.
    c.lease_margin_ms =
        200 * (int64_t)c.speed > c.lease_margin_ms ? 200 * (int64_t)c.speed : c.lease_margin_ms;
    c.last_ms = LAUNCH_LAST_MS * (int64_t)c.speed;
    c.kill_again_ms = 1000 * (int64_t)c.speed > c.kill_again_ms ? 1000 * (int64_t)c.speed : c.kill_again_ms;
    c.kill_timeout_ms =
        60000 * (int64_t)c.speed > c.kill_timeout_ms ? 60000 * (int64_t)c.speed : c.kill_timeout_ms;
    c.start_timeout_ms =
        60000 * (int64_t)c.speed > c.start_timeout_ms ? 60000 * (int64_t)c.speed : c.start_timeout_ms;
    c.stage_timeout_ms = c.start_timeout_ms;
    bool *lid = mem_array(n->cfg->offer.n_zones + 1, sizeof *lid);
    for (size_t i = 0; i < n->cfg->offer.n_zones; i++)
        lid[i] = !n->cfg->is_virtual && n->cfg->real[i].lid;
    c.lid = lid;
    int32_t *base_mhz = mem_array(n->cfg->offer.n_boards + 1, sizeof *base_mhz);
    for (size_t i = 0; i < n->cfg->offer.n_boards; i++)
        base_mhz[i] = n->cfg->metal[i].base_mhz;
    c.base_mhz = base_mhz;
    c.keep_permille = n->cfg->low_power * 10;
    n->agent = agent_new(&c, nonce, clock_house(&n->opt.clock));
    free(lid);
    free(base_mhz);
    return 0;
}

int node_init(struct node *n, struct config *cfg, const struct node_options *opt, struct err *e)
{
    *n = (struct node){.loop = uv_default_loop(), .opt = *opt, .cfg = cfg};
    n->sense = mem_array(cfg->offer.n_zones + 1, sizeof *n->sense);
    n->shadow = mem_array(cfg->offer.n_zones + 1, sizeof *n->shadow);
    n->meter = mem_array(cfg->offer.n_boards + 1, sizeof *n->meter);
    sandbox_open(n);
    memory_open(n);
    int r = device_open(n, e);
    if (r < 0 || (r = agent_open(n, e)) < 0)
        return r;
    if (opt->server && (r = link_new(&n->link, n, e)) < 0)
        return r;
    n->jobs = jobs_new(n);
    n->stage = stage_new(n);
    if (!cfg->is_virtual)
        n->fire = fire_new(n);
    uv_timer_init(n->loop, &n->beat);
    uv_timer_init(n->loop, &n->second);
    uv_signal_init(n->loop, &n->on_term);
    uv_signal_init(n->loop, &n->on_int);
    uv_signal_init(n->loop, &n->on_pipe);
    n->beat.data = n->second.data = n->on_term.data = n->on_int.data = n;
    return 0;
}

void node_run(struct node *n)
{
    // A thermostat step is 10 s of house time; the wall's beat is that, but neither hectic nor sleepy.
    uint64_t beat = (uint64_t)(10000 / n->opt.clock.speed);
    beat = beat < 20 ? 20 : beat > 1000 ? 1000 : beat;
    uv_timer_start(&n->beat, on_beat, 0, beat);
    uv_timer_start(&n->second, on_second, 200, 1000);
    uv_signal_start(&n->on_term, on_stop, SIGTERM);
    uv_signal_start(&n->on_int, on_stop, SIGINT);
    uv_signal_start(&n->on_pipe, on_nothing, SIGPIPE);
    uv_run(n->loop, UV_RUN_DEFAULT);
    on_second(&n->second);
}

void node_deinit(struct node *n)
{
    if (n->jobs) {
        uv_close((uv_handle_t *)&n->beat, NULL);
        uv_close((uv_handle_t *)&n->second, NULL);
        uv_close((uv_handle_t *)&n->on_term, NULL);
        uv_close((uv_handle_t *)&n->on_int, NULL);
        uv_close((uv_handle_t *)&n->on_pipe, NULL);
    }
    link_free(n->link);
    jobs_free(n->jobs);
    stage_free(n->stage);
    fire_free(n->fire);
    uv_run(n->loop, UV_RUN_DEFAULT);
    uv_loop_close(n->loop);
    if (n->sandbox.free)
        n->sandbox.free(n->sandbox.ctx);
    agent_free(n->agent);
    if (n->device.free)
        n->device.free(n->device.ctx);
    weather_deinit(&n->weather);
    free(n->sense);
    free(n->shadow);
    free(n->meter);
}
