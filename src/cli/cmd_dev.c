// SPDX-License-Identifier: Apache-2.0
//
// `ondol dev`: a server and one agent with a building of virtual heaters, for people who develop against
// Ondol. Rooms are simulated; tasks run really.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/building.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/house_mark.h"
#include "cli/options.h"
#include "cli/profile_file.h"
#include "server/clock.h"

#define READY_MS 60000

struct values {
    const char *data, *listen, *s3_listen, *s3_host, *token, *email, *weather, *share, *record, *registries,
        *net_allow, *net_deny, *profiles, *forward_allow;
    long heaters, boards, speed, instances;
    double dispatch_delay_s;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row rows[] = {
    {"data", OPTION_TEXT, "DIR", AT(data), 0, 0,
     "Folder of the state; the same folder again goes on where it was"},
    {"listen", OPTION_LISTEN, "ADDRESS:PORT", AT(listen), 0, 0,
     "Where to serve (127.0.0.1:8080); port 0 takes a free one"},
    {"s3-listen", OPTION_LISTEN, "ADDRESS:PORT", AT(s3_listen), 0, 0,
     "Serve buckets there, by S3, with the e-mail as access key and the token as secret; port 0 takes a free "
     "one"},
    {"s3-host", OPTION_TEXT, "NAME", AT(s3_host), 0, 0,
     "Buckets may be named in front of this host: BUCKET.NAME (localhost)"},
    {"heaters", OPTION_INT, "N", AT(heaters), 1, 512, "Heaters in the building, one a room (4)"},
    {"boards", OPTION_INT, "N", AT(boards), 1, 64, "Boards in each heater (3)"},
    {"speed", OPTION_INT, "X", AT(speed), 1, 10000, "House time runs X times faster than the clock (1)"},
    {"dispatch-delay", OPTION_REAL, "S", AT(dispatch_delay_s), 0, 86400,
     "A task stays in Submitted for at least S seconds (0)"},
    {"token", OPTION_TEXT, "T", AT(token), 0, 0,
     "Token of the account; by default one is made and kept in DIR"},
    {"email", OPTION_TEXT, "E", AT(email), 0, 0, "E-mail of the account (admin@localhost)"},
    {"weather", OPTION_TEXT, "FILE", AT(weather), 0, 0,
     "Weather outside, an EPW file, also .gz (a synthetic Paris)"},
    {"share", OPTION_TEXT, "DIR", AT(share), 0, 0, "Tasks see DIR, read-only, at /job/share"},
    {"profiles", OPTION_TEXT, "FILE", AT(profiles), 0, 0,
     "Profiles beside the built-in ones: [profile NAME] with base, default.X, forced.X (ondol-server(1))"},
    {"forward-allow", OPTION_TEXT, "RANGES", AT(forward_allow), 0, 0,
     "Who may use the ports that lead into instances of *-ssh profiles (everybody on this machine)"},
    {"net-allow", OPTION_TEXT, "RANGES", AT(net_allow), 0, 0,
     "Private networks that tasks with the outside network may reach, as 10.1.0.0/16,... (none)"},
    {"net-deny", OPTION_TEXT, "RANGES", AT(net_deny), 0, 0,
     "Addresses that they may not reach; 0.0.0.0/0: none at all"},
    {"instances-per-task", OPTION_INT, "N", AT(instances), 1, 10000000, "Most instances of a task (2048)"},
    {"registries", OPTION_TEXT, "HOST,...", AT(registries), 0, 0,
     "Registries that images of tasks may be pulled from, the first for names without one; http://HOST: "
     "without "
     "TLS, *: any (none)"},
    {"record", OPTION_TEXT, "FILE", AT(record), 0, 0, "Write every event to FILE, for ondol replay"},
    {0},
};

static const struct options options = {
    .command = "dev",
    .what = "Starts a server and a building of virtual heaters, prints one line when they are ready, and "
            "serves until a signal.",
    .row = rows,
};

static int start_agent(struct building *b, const struct values *v, struct err *e)
{
    char heaters[16], boards[16], cores[16], world[4096];
    snprintf(heaters, sizeof heaters, "%ld", v->heaters);
    snprintf(boards, sizeof boards, "%ld", v->boards);
    snprintf(cores, sizeof cores, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    snprintf(world, sizeof world, "%s/world", v->data);
    const char *own[32] = {"--virtual", "--node",       "dev", "--heaters",     heaters, "--boards",
                           boards,      "--host-cores", cores, "--world-state", world};
    size_t n = 11;
    if (v->weather) {
        own[n++] = "--weather";
        own[n++] = v->weather;
    }
    if (v->net_allow) {
        own[n++] = "--net-allow";
        own[n++] = v->net_allow;
    }
    if (v->net_deny) {
        own[n++] = "--net-deny";
        own[n++] = v->net_deny;
    }
    char *share = v->share ? realpath(v->share, NULL) : NULL;
    if (v->share && !share)
        return err_set(e, -errno, "--share %s: %s", v->share, strerror(errno));
    if (share) {
        own[n++] = "--share";
        own[n++] = share;
    }
    int bad = building_agent(b, 0, own, NULL, e);
    free(share);
    return bad;
}

static int start(struct building *b, const struct values *v, struct arena *a, struct err *e)
{
    struct runtime_config cfg;
    if (mkdir(v->data, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "--data %s: %s", v->data, strerror(errno));
    runtime_config_default(&cfg, (double)v->speed);
    if (v->profiles && profile_file_read(v->profiles, a, &cfg.profiles, e))
        return e->code;
    cfg.data_dir = v->data;
    cfg.listen = v->listen;
    cfg.token = v->token;
    cfg.email = v->email;
    cfg.s3_listen = v->s3_listen;
    cfg.s3_host = v->s3_host;
    cfg.record_file = v->record;
    cfg.registries = v->registries;
    cfg.relay_listen = "127.0.0.1:0";
    cfg.forward_allow = v->forward_allow;
    cfg.has_epoch = true;
    cfg.real0_ms = real_now_ms();
    cfg.house0 = house_mark_start(v->data, cfg.real0_ms);
    cfg.engine.dispatch_delay_ms = (int64_t)(v->dispatch_delay_s * 1000 * (double)v->speed);
    cfg.engine.check_plans = true; // whoever develops wants to know at once
    cfg.engine.instances_per_task = (int32_t)v->instances;
    int bad = house_mark_move(v->data, cfg.house0, (double)v->speed, false, e);
    if (!bad)
        bad = building_start(b, &cfg, e);
    if (!bad)
        bad = start_agent(b, v, e);
    if (!bad)
        bad = building_wait(b, (size_t)v->heaters, READY_MS, e);
    return bad;
}

// Until SIGTERM or SIGINT; false: another server leads the store. A building whose agent died gets a new one,
// as a service manager would start it.
static bool serve(struct building *b, const struct values *v)
{
    struct err e = ERR_NULL;
    int sig;
    bool said = false;
    while ((sig = signals_wait(1000)) != SIGTERM && sig != SIGINT) {
        if (runtime_deposed(b->rt))
            return false;
        if (house_mark_move(v->data, runtime_now(b->rt), (double)v->speed, false, &e) && !said)
            said = cli_fail_err(true, &e);
        if (!child_alive(&b->agent[0]) && sig == 0) {
            cli_fail(0, "dev: the building's agent ended (starting it again)");
            if (start_agent(b, v, &e))
                cli_fail_err(0, &e);
        }
    }
    return true;
}

int cmd_dev(int argc, char **argv)
{
    struct values v = {.listen = "127.0.0.1:8080",
                       .email = "admin@localhost",
                       .s3_host = "localhost",
                       .heaters = 4,
                       .boards = 3,
                       .speed = 1,
                       .instances = 2048};
    struct building b = {0};
    struct err e = ERR_NULL;
    int code = options_parse(&options, &v, NULL, argc, argv);
    if (code >= 0)
        return code;
    if (!v.data)
        return cli_fail(CLI_USAGE, "dev: no folder for the state (give --data DIR)");
    signals_hold();
    struct arena a = {0};
    int bad = start(&b, &v, &a, &e);
    if (!bad) {
        if (runtime_storage_url(b.rt))
            printf("ondol: storage at %s\n", runtime_storage_url(b.rt));
        printf("ondol: ready at %s token %s\n", b.url, b.api.token);
        fflush(stdout);
        if (!serve(&b, &v))
            bad = err_set(&e, -ESTALE,
                          "dev: another server leads the store in %s now (one of the two is enough)", v.data);
    }
    house_ms last = b.rt ? runtime_now(b.rt) : HOUSE_MS(0);
    building_stop(&b);
    arena_deinit(&a);
    if (last.v)
        house_mark_move(v.data, last, (double)v.speed, true, &e);
    return bad && bad != -EINTR ? cli_fail_err(CLI_FAILED, &e) : CLI_DONE;
}
