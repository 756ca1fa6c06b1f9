// SPDX-License-Identifier: Apache-2.0
//
// `ondol demo`: the course of the day. It begins at midnight with cold rooms and a full queue; in the first
// third one agent is killed while it runs an instance, and started again some hours of the house later; it
// ends a day later.
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/demo.h"
#include "cli/options.h"
#include "device/sky.h"
#include "server/clock.h"

#define LOOK_MS      250 // wall: between two looks at the API
#define READY_MS     20000
#define LEASE_WALL_S 4.0 // of assignments: how soon a dead agent's work is given to others
#define KILL_FROM_H  6.5 // house time
#define BACK_AFTER_H 3.0 // at the earliest; once its instance is seen on another board
#define BACK_MOST_H  7.0
#define OVERTIME_S   15.0 // wall: for work that is not done at the end of the day

static const char *const default_day = "2024-01-15";

#define AT(field) offsetof(struct demo_options, field)

static const struct option_row rows[] = {
    {"weather", OPTION_TEXT, "FILE", AT(weather), 0, 0,
     "Real weather, an EPW file, also .gz (a synthetic Paris year)"},
    {"workload", OPTION_TEXT, "FILE", AT(workload), 0, 0,
     "Arrivals from a trace in Standard Workload Format, also .gz (all at the start)"},
    {"day", OPTION_DATE, "YYYY-MM-DD", AT(day), 0, 0, "The day to play (2024-01-15)"},
    {"keep", OPTION_FLAG, NULL, AT(keep), 0, 0, "Go on serving after the end, and print the address"},
    {"seed", OPTION_INT, "N", AT(seed), 0, 2147483647, "Of people, synthetic weather and prices (1)"},
    {"instances", OPTION_INT, "N", AT(instances), 1, 2000, "Instances to price with (40)"},
    {"paths", OPTION_INT, "N", AT(paths), 1000, 1e12,
     "Paths of an instance (as many as take this machine 2.3 s; the same number gives the same result)"},
    {"cores", OPTION_REAL, "N", AT(cores), 0.1, 1000,
     "Processor cores of this machine that the boards may use (2)"},
    {"hours", OPTION_INT, "N", AT(hours), 1, 48, "House time to play (24)"},
    {"speed", OPTION_INT, "X", AT(speed), 1, 3600, "House time runs X times faster than the clock (900)"},
    {"out", OPTION_TEXT, "DIR", AT(out), 0, 0, "Where report.json and the logs go (demo beside the program)"},
    {"payload", OPTION_TEXT, "FILE", AT(payload), 0, 0,
     "The program that prices (the one built or installed with this one)"},
    {0},
};

static const struct options options = {
    .command = "demo",
    .what = "Plays a winter day in a building of 15 radiators: a server, 15 agents with simulated rooms, and "
            "real work submitted "
            "through the public API. Ends by itself in under two minutes; exit code 0 when every figure is "
            "within its limits.",
    .row = rows,
};

// ---- folders

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

// What an earlier demonstration left is removed; only a folder of the name it gives itself is touched.
static int folders(struct demo *d, struct err *e)
{
    if (mkdir(d->opt.out, 0755) < 0 && errno != EEXIST)
        return err_set(e, -errno, "--out %s: %s", d->opt.out, strerror(errno));
    char *real = realpath(d->opt.out, NULL);
    if (!real)
        return err_set(e, -errno, "--out %s: %s", d->opt.out, strerror(errno));
    d->opt.out = arena_strdup(&d->arena, real);
    free(real);
    snprintf(d->dir, sizeof d->dir, "%.*s/house", (int)(sizeof d->dir - 8), d->opt.out);
    remove_tree(d->dir);
    if (mkdir(d->dir, 0755) < 0)
        return err_set(e, -errno, "%s: %s (is another demonstration running?)", d->dir, strerror(errno));
    return 0;
}

// Where it was built, or where it was installed: PREFIX/bin/ondol and PREFIX/lib/ondol/basket.
static void find_payload(struct demo *d)
{
    static const char *const places[] = {"examples/basket", "../lib/ondol/basket"};
    char path[4096];
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        beside_self(places[i], path, sizeof path);
        d->opt.payload = arena_strdup(&d->arena, path);
        if (access(path, X_OK) == 0)
            return;
    }
}

static int defaults(struct demo *d, struct err *e)
{
    char path[4096];
    if (!d->opt.payload)
        find_payload(d);
    if (!d->opt.out) {
        beside_self("ondol", path, sizeof path);
        char *slash = strrchr(path, '/');
        bool writable = slash && (*slash = '\0', access(path, W_OK) == 0);
        d->opt.out = writable ? arena_printf(&d->arena, "%s/demo", path) : "ondol-demo";
    }
    if (d->opt.weather) { // agents may look from elsewhere
        char *real = realpath(d->opt.weather, NULL);
        if (!real)
            return err_set(e, -errno, "--weather %s: %s", d->opt.weather, strerror(errno));
        d->opt.weather = arena_strdup(&d->arena, real);
        free(real);
    }
    return 0;
}

// ---- the house

static int start_agent(struct demo *d, size_t i, struct err *e)
{
    char config[4096 + 32], world[4096 + 32], log[4096 + 32], cores[24];
    int bad = demo_room_write(d, i, config, sizeof config, e);
    if (bad)
        return bad;
    snprintf(world, sizeof world, "%s/%s.world", d->dir, demo_rooms[i].name);
    snprintf(log, sizeof log, "%s/%s.log", d->dir, demo_rooms[i].name);
    snprintf(cores, sizeof cores, "%.3f", demo_cores_each(d));
    const char *own[] = {"--config", config,    "--host-cores", cores, "--world-state",
                         world,      "--share", d->share,       NULL};
    return building_agent(&d->building, i, own, log, e);
}

static int start_house(struct demo *d, struct err *e)
{
    struct runtime_config cfg;
    char data[4096 + 16];
    double speed = (double)d->opt.speed;
    snprintf(data, sizeof data, "%s/data", d->dir);
    runtime_config_default(&cfg, speed);
    cfg.engine.check_plans = true; // 45 boards: looking at every plan costs nothing
    cfg.data_dir = data;
    cfg.listen = "127.0.0.1:0";
    cfg.has_epoch = true;
    d->real0_ms = cfg.real0_ms = real_now_ms();
    cfg.house0 = HOUSE_MS(d->house0);
    cfg.engine.lease_ms = (int64_t)(LEASE_WALL_S * 1000 * speed);
    cfg.engine.lease_margin_ms = (int64_t)(0.5 * 1000 * speed);
    int bad = building_start(&d->building, &cfg, e);
    if (!bad)
        bad = demo_accounts(d, e);
    for (size_t i = 0; i < DEMO_ROOMS && !bad; i++)
        bad = start_agent(d, i, e);
    if (!bad)
        bad = building_wait(&d->building, DEMO_ROOMS, READY_MS, e);
    return bad;
}

// ---- the agent that is killed

// Rooms that keep their warmth for days, or hardly want any, would show nothing.
static bool no_example(size_t room)
{
    return !strcmp(demo_rooms[room].archetype, "passive") || demo_rooms[room].setpoint_c < 18;
}

// The room nearest to its setpoint, of those with an instance on a board.
static bool find_victim(struct demo *d)
{
    json_t *got = NULL, *j;
    struct err e = ERR_NULL;
    size_t i;
    bool found = false;
    double least_k = 100;
    if (api_json(&d->building.api, "GET", "/ondol/v1/boards", NULL, &got, &e))
        return false;
    json_array_foreach(json_object_get(got, "data"), i, j)
    {
        const char *task = json_string_value(json_object_get(j, "task")),
                   *zone = json_string_value(json_object_get(j, "zone"));
        for (size_t r = 0; r < DEMO_ROOMS && task; r++) {
            double lack_k = d->zone[r].setpoint_c - d->zone[r].room_c;
            if (strcmp(demo_rooms[r].name, zone) != 0 || d->building.agent[r] <= 0 || !(lack_k < least_k) ||
                no_example(r))
                continue;
            found = true;
            least_k = lack_k;
            d->kill.room = r;
            d->kill.instance = (uint32_t)json_integer_value(json_object_get(j, "instance"));
            snprintf(d->kill.task, sizeof d->kill.task, "%s", task);
            snprintf(d->kill.from, sizeof d->kill.from, "%s", json_string_value(json_object_get(j, "name")));
        }
    }
    json_decref(got);
    return found;
}

static int kill_or_return(struct demo *d, struct err *e)
{
    struct demo_kill *k = &d->kill;
    if (!k->done && d->now_h >= KILL_FROM_H * (double)d->opt.hours / 24 && find_victim(d)) {
        kill(d->building.agent[k->room], SIGKILL);
        children_stop(&d->building.agent[k->room], 1, 1000);
        k->done = true;
        k->at_h = d->now_h;
        k->before_c = k->lowest_c = d->zone[k->room].room_c;
        demo_say(d, "the agent of %s is killed (-9) while it runs instance %u; its room cools",
                 demo_rooms[k->room].name, k->instance);
    } else if (k->done && !k->back &&
               d->now_h >= k->at_h + (k->rescued ? BACK_AFTER_H : BACK_MOST_H) * (double)d->opt.hours / 24) {
        int bad = start_agent(d, k->room, e);
        if (bad)
            return bad;
        k->back = true;
        k->back_h = d->now_h;
        demo_say(d, "the agent of %s is started again; instance %u %s%s", demo_rooms[k->room].name,
                 k->instance, k->rescued ? "went on to " : "waits for another board", k->to);
    }
    return 0;
}

// ---- the day

static void look_outside(struct demo *d, const struct weather *w)
{
    struct weather_now now;
    weather_at(w, runtime_now(d->building.rt), &now);
    d->outside_c = now.dry_c;
}

static int play(struct demo *d, const struct weather *w, struct err *e)
{
    for (;;) {
        double wall_s = (double)(real_now_ms() - d->real0_ms) / 1000;
        d->now_h = (double)house_since(runtime_now(d->building.rt), HOUSE_MS(d->house0)) / DEMO_HOUR_MS;
        look_outside(d, w);
        int bad = demo_submit_due(d, e);
        if (!bad)
            bad = demo_watch(d, e);
        if (!bad)
            bad = kill_or_return(d, e);
        if (bad)
            return bad;
        demo_screen(d);
        double day_s = (double)d->opt.hours * 3600 / (double)d->opt.speed;
        if (wall_s >= day_s && (demo_tasks_over(d) || wall_s >= day_s + OVERTIME_S))
            return 0;
        int sig = signals_wait(LOOK_MS);
        if (sig == SIGTERM || sig == SIGINT)
            return err_set(e, -EINTR, "demo: ended by a signal");
    }
}

static int judge(struct demo *d, double began_ms, struct err *e)
{
    struct demo_check c[DEMO_CHECKS_MAX];
    char path[4096 + 16];
    int bad = demo_results(d, e);
    if (bad)
        return bad;
    d->wall_s = ((double)real_now_ms() - began_ms) / 1000;
    size_t n = demo_judge(d, c);
    bool all = true;
    demo_summary(d, c, n);
    if ((bad = demo_report(d, c, n, path, sizeof path, e)))
        return bad;
    printf("\nReport: %s\n", path);
    for (size_t i = 0; i < n; i++)
        all = all && c[i].held;
    return all ? 0
               : err_set(e, -ERANGE,
                         "demo: not every figure is within its limits (see the lines above, and logs in %s)",
                         d->dir);
}

static void keep(struct demo *d)
{
    printf("\nThe house goes on at %s token %s\n"
           "    export ONDOL_URL=%s ONDOL_TOKEN=%s\n"
           "    ondol zone list; ondol zone set room-01 22; ondol task list\nCtrl-C ends it.\n",
           d->building.url, d->building.api.token, d->building.url, d->building.api.token);
    fflush(stdout);
    for (int sig = 0; sig != SIGTERM && sig != SIGINT;)
        sig = signals_wait(-1);
}

static int demonstrate(struct demo *d, struct err *e)
{
    struct weather w = WEATHER_NULL;
    double began_ms = (double)real_now_ms();
    int year = civil_from_ms(d->house0).year;
    int bad = defaults(d, e);
    if (!bad)
        bad = sky_open(&w, d->opt.weather, year, (uint64_t)d->opt.seed, e);
    if (!bad)
        bad = demo_arrivals(d, e);
    if (!bad)
        bad = folders(d, e);
    if (!bad)
        bad = demo_payload(d, e);
    if (!bad)
        bad = start_house(d, e);
    if (!bad)
        bad = play(d, &w, e);
    if (!bad)
        bad = judge(d, began_ms, e);
    if (d->opt.keep && (!bad || bad == -ERANGE))
        keep(d);
    building_stop(&d->building);
    if (d->share_is_temporary)
        remove_tree(d->share);
    weather_deinit(&w);
    return bad;
}

int cmd_demo(int argc, char **argv)
{
    struct demo *d = mem_alloc(sizeof *d);
    struct err e = ERR_NULL;
    d->opt = (struct demo_options){
        .day = default_day, .seed = 1, .speed = 900, .instances = 40, .hours = 24, .cores = 2};
    int code = options_parse(&options, &d->opt, NULL, argc, argv);
    if (code < 0) {
        date_parse(d->opt.day, &d->house0);
        d->tty = isatty(STDOUT_FILENO);
        d->drawn = 0;
        signals_hold();
        int bad = demonstrate(d, &e);
        code = !bad ? CLI_DONE : cli_fail_err(CLI_FAILED, &e);
    }
    free(d->result);
    arena_deinit(&d->arena);
    free(d);
    return code;
}
