// SPDX-License-Identifier: Apache-2.0
//
// ondol-agent: the program on a heater, or for all heaters of a small building.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/carrier.h"
#include "agent/fire.h"
#include "agent/image_cache.h"
#include "agent/node.h"
#include "agent/stager.h"

#define EXIT_USAGE    2
#define EXIT_TEMPFAIL 75

enum option_key {
    OPT_SERVER = 256,
    OPT_NODE,
    OPT_TOKEN,
    OPT_CA,
    OPT_CONFIG,
    OPT_VIRTUAL,
    OPT_HEATERS,
    OPT_BOARDS,
    OPT_ARCHETYPE,
    OPT_SETPOINT,
    OPT_START,
    OPT_WEATHER,
    OPT_SEED,
    OPT_EMPTY,
    OPT_SPEED,
    OPT_HOUSE,
    OPT_WALL,
    OPT_CORES,
    OPT_WORLD,
    OPT_STATUS,
    OPT_SITE,
    OPT_SHARE,
    OPT_IMAGES,
    OPT_NET_ALLOW,
    OPT_NET_DENY,
    OPT_NET_BOX,
};

static const struct argp_option options[] = {
    {"server", OPT_SERVER, "URL", 0, "whom to call, for example https://ondol.example:8080; without: nobody",
     1},
    {"node", OPT_NODE, "NAME", 0, "name of this node in the fleet", 1},
    {"token", OPT_TOKEN, "TOKEN", 0, "shown to the server (or environment ONDOL_NODE_TOKEN)", 1},
    {"ca", OPT_CA, "FILE", 0, "trust these authorities (PEM) instead of the system's", 1},
    {"config", OPT_CONFIG, "FILE", 0, "zones, heaters and boards, as INI", 1},
    {"site", OPT_SITE, "NAME", 0, "site that the zones belong to (default home)", 1},
    {"share", OPT_SHARE, "DIR", 0, "every task sees DIR, read-only, at /job/share", 1},
    {"image-megabytes", OPT_IMAGES, "N", 0,
     "memory for unpacked images of tasks (a quarter of the machine's)", 1},
    {"net-allow", OPT_NET_ALLOW, "RANGES", 0,
     "private networks that tasks with the outside network may reach, as 10.1.0.0/16,... (default none)", 1},
    {"net-deny", OPT_NET_DENY, "RANGES", 0, "addresses that they may not reach; 0.0.0.0/0: none at all", 1},
    {"net-box", OPT_NET_BOX, "RANGES", 0, "the machine of the building that tasks mean by toQBox (default none)", 1},
    {"virtual", OPT_VIRTUAL, NULL, 0, "simulated heaters in simulated rooms", 2},
    {"heaters", OPT_HEATERS, "N", 0, "how many (default 1)", 2},
    {"boards", OPT_BOARDS, "N", 0, "boards in each (default 3)", 2},
    {"archetype", OPT_ARCHETYPE, "NAME", 0, "kind of rooms (default rt2005)", 2},
    {"setpoint", OPT_SETPOINT, "DEGC", 0, "what they ask for (default 20)", 2},
    {"start-temp", OPT_START, "DEGC", 0, "what they start from (default 19)", 2},
    {"weather", OPT_WEATHER, "FILE", 0, "EPW file, also .gz (default: a synthetic Paris)", 2},
    {"seed", OPT_SEED, "N", 0, "of weather and people (default 1)", 2},
    {"empty", OPT_EMPTY, NULL, 0, "nobody lives there: no gains, no open windows", 2},
    {"world-state", OPT_WORLD, "FILE", 0, "rooms live on in this file while the program is gone", 2},
    {"speed", OPT_SPEED, "X", 0, "house time over wall time, 1 to 100000 (default 1)", 3},
    {"house-epoch-ms", OPT_HOUSE, "H", 0, "house time at wall time W, ms since 1970", 3},
    {"wall-epoch-ms", OPT_WALL, "W", 0, "wall time at house time H (default: now)", 3},
    {"host-cores", OPT_CORES, "N", 0, "cores of this machine that virtual boards may use (default 1)", 3},
    {"status", OPT_STATUS, "FILE", 0, "writes its state there each second, as JSON", 3},
    {0},
};

struct setup {
    struct config *cfg;
    struct node_options opt;
    struct quick quick;
    const char *config_file, *node, *site, *weather, *archetype, *net_allow, *net_deny, *net_box;
    double start_c;
    int64_t seed;
    bool is_virtual, empty, has_house, has_wall;
};

static double number(struct argp_state *state, const char *name, const char *arg, double lo, double hi)
{
    char *end;
    double x = strtod(arg, &end);
    if (end == arg || *end || !(x >= lo && x <= hi))
        argp_error(state, "--%s %s: is not a number from %.15g to %.15g", name, arg, lo, hi);
    return x;
}

static error_t on_time_option(int key, char *arg, struct argp_state *state)
{
    struct setup *s = state->input;
    switch (key) {
    case OPT_SPEED:
        s->opt.clock.speed = (int32_t)number(state, "speed", arg, 1, 100000);
        return 0;
    case OPT_HOUSE:
        s->opt.clock.house_epoch_ms = (int64_t)number(state, "house-epoch-ms", arg, 0, 9e15);
        s->has_house = true;
        return 0;
    case OPT_WALL:
        s->opt.clock.wall_epoch_ms = (int64_t)number(state, "wall-epoch-ms", arg, 0, 9e15);
        s->has_wall = true;
        return 0;
    case OPT_CORES:
        s->opt.host_cpu_permille = (int32_t)(number(state, "host-cores", arg, 0.001, 1000) * 1000);
        return 0;
    case OPT_STATUS:
        s->opt.status_file = arg;
        return 0;
    case OPT_WORLD:
        s->opt.world_state = arg;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static error_t on_virtual_option(int key, char *arg, struct argp_state *state)
{
    struct setup *s = state->input;
    switch (key) {
    case OPT_VIRTUAL:
        s->is_virtual = true;
        return 0;
    case OPT_HEATERS:
        s->quick.heaters = (int)number(state, "heaters", arg, 1, CONFIG_ZONES_MAX);
        return 0;
    case OPT_BOARDS:
        s->quick.boards = (int)number(state, "boards", arg, 1, 64);
        return 0;
    case OPT_ARCHETYPE:
        s->archetype = arg;
        return 0;
    case OPT_SETPOINT:
        s->quick.setpoint_c = number(state, "setpoint", arg, 7, 26);
        return 0;
    case OPT_START:
        s->start_c = number(state, "start-temp", arg, -20, 40);
        return 0;
    case OPT_WEATHER:
        s->weather = arg;
        return 0;
    case OPT_SEED:
        s->seed = (int64_t)number(state, "seed", arg, 0, 9e15);
        return 0;
    case OPT_EMPTY:
        s->empty = true;
        return 0;
    }
    return on_time_option(key, arg, state);
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
    struct setup *s = state->input;
    switch (key) {
    case OPT_SERVER:
        s->opt.server = arg;
        return 0;
    case OPT_NODE:
        s->node = arg;
        return 0;
    case OPT_TOKEN:
        s->opt.token = arg;
        return 0;
    case OPT_CA:
        s->opt.ca_file = arg;
        return 0;
    case OPT_CONFIG:
        s->config_file = arg;
        return 0;
    case OPT_SITE:
        s->site = arg;
        return 0;
    case OPT_SHARE:
        if (arg[0] != '/')
            argp_error(state, "--share %s: must be an absolute path", arg);
        s->opt.share = arg;
        return 0;
    case OPT_IMAGES:
        s->opt.image_bytes = (int64_t)number(state, "image-megabytes", arg, 1, 1e9) * 1000000;
        return 0;
    case OPT_NET_ALLOW:
        s->net_allow = arg;
        return 0;
    case OPT_NET_DENY:
        s->net_deny = arg;
        return 0;
    case OPT_NET_BOX:
        s->net_box = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: nothing is expected here", arg);
        return 0;
    }
    return on_virtual_option(key, arg, state);
}

static const struct argp parser = {
    options,
    on_option,
    NULL,
    "The program on a heater: keeps its rooms at their setpoints and runs, in a sandbox, what the server "
    "assigns. Without a "
    "server, or when it is gone, heat goes on."
    "\vExit codes: 0 ended by SIGTERM or SIGINT; 1 it could not do what it should; 2 wrong options or "
    "configuration; 75 "
    "something it needs is not there now, try again later.\n"
    "Example: ondol-agent --virtual --node try --speed 900 --status /dev/stdout",
    NULL,
    NULL,
    NULL};

static int fail(int code, const struct err *e)
{
    fprintf(stderr, "ondol: %s\n", e->text);
    return code;
}

// Options over file: what is said by hand counts.
static int configure(struct setup *s, struct err *e)
{
    struct config *c = s->cfg;
    const char *url = s->opt.server;
    if (url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return err_set(e, -EINVAL, "--server %.200s: must begin with http:// or https://", url);
    int r = s->config_file ? config_read(c, s->config_file, e) : 0;
    if (r < 0)
        return r;
    if (s->node)
        snprintf(c->node, sizeof c->node, "%s", s->node);
    if (s->site)
        snprintf(c->site, sizeof c->site, "%s", s->site);
    if (s->net_allow)
        c->net_allow = s->net_allow;
    if (s->net_deny)
        c->net_deny = s->net_deny;
    if (s->net_box)
        c->net_box = s->net_box;
    if (s->weather)
        c->weather = s->weather;
    if (s->archetype)
        c->archetype = s->archetype;
    if (s->start_c > -100)
        c->start_c = s->start_c;
    if (s->seed >= 0)
        c->seed = (uint64_t)s->seed;
    if (s->empty)
        c->people = false;
    if (s->is_virtual && !c->node[0])
        strcpy(c->node, "virtual");
    if (s->is_virtual && c->offer.n_zones == 0)
        r = config_quick(c, &s->quick, e);
    return r < 0 ? r : config_finish(c, e);
}

static void clock_set(struct setup *s)
{
    struct house_clock real = {.speed = 1};
    if (!s->has_wall)
        s->opt.clock.wall_epoch_ms = clock_house(&real).v;
    if (!s->has_house)
        s->opt.clock.house_epoch_ms = s->opt.clock.wall_epoch_ms;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], STAGER_OPTION)) // what stage.c starts; nobody else needs it
        return stager_main();
    if (argc == 2 && !strcmp(argv[1], CARRIER_OPTION)) // what carry.c starts
        return carrier_main();
    if (argc == 2 && !strcmp(argv[1], FIRE_OPTION)) // likewise, fire.c
        return fire_main();
    struct config cfg;
    config_init(&cfg);
    struct setup s = {
        .cfg = &cfg,
        .quick = {.heaters = 1, .boards = 3, .setpoint_c = 20},
        .start_c = -300,
        .seed = -1,
        .opt = {.clock.speed = 1, .host_cpu_permille = 1000, .image_bytes = image_cache_bytes()}};
    struct err e = ERR_NULL;
    struct node node;
    argp_err_exit_status = EXIT_USAGE;
    argp_program_version = "ondol-agent " ONDOL_VERSION;
    argp_parse(&parser, argc, argv, 0, NULL, &s);
    if (!s.opt.token)
        s.opt.token = getenv("ONDOL_NODE_TOKEN");
    if (configure(&s, &e) < 0) {
        config_deinit(&cfg);
        return fail(EXIT_USAGE, &e);
    }
    clock_set(&s);
    int r = node_init(&node, &cfg, &s.opt, &e);
    if (r == 0)
        node_run(&node);
    node_deinit(&node);
    config_deinit(&cfg);
    return r < 0 ? fail(r == -EINVAL ? EXIT_USAGE : EXIT_TEMPFAIL, &e) : 0;
}
