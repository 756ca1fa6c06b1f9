// SPDX-License-Identifier: Apache-2.0
//
// kill -9 at random moments. A server in a process of its own is driven by many clients and a played node,
// killed without warning, started again on the same folder, and compared with what it had acknowledged:
// nothing lost, nothing twice, no number reissued.
//
//   campaign [--kills N] [--seed S] [--rate WRITES_PER_S] [--life MS] [--keep TASKS]
//            [--dir DIR] [--real] [--program PROGRAM ARGUMENTS...]
//   campaign --agents N --bin BUILD [--kills N] ...
//
// With a program, ARGUMENTS must make it serve DIR with the tokens of served.h and print "ready at
// http://127.0.0.1:PORT".
// --real: no node is played, the program brings its own agents (ondol dev).
// --agents: BUILD/ondol server is killed; N of BUILD/ondol-agent stay alive, but that in one round of three
// one of them is killed too. Exit code 77 where no sandbox can be made.
#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/when.h"
#include "campaign.h"
#include "served.h"
#include "server/clock.h"

#define FAULTS_SHOWN 30
#define CUT_ONE_IN   50 // turns

void fault(struct campaign *c, const char *fmt, ...)
{
    va_list ap;
    if (c->faults++ >= FAULTS_SHOWN)
        return;
    fprintf(stderr, "FAULT (seed %llu, kill %u): ", (unsigned long long)c->seed, c->round);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

int64_t now_ms(void)
{
    return real_now_ms();
}

struct options {
    int kills, rate, life_ms; // life: most between start and kill
    size_t agents;
    const char *dir;
    char **program;
};

static void connect_all(struct campaign *c)
{
    for (int i = 0; i < LANES; i++)
        if (!lane_open(&c->client[i].lane, c->port))
            fault(c, "connection %d is refused", i);
    if (!c->real && !lane_open(&c->node.lane, c->port))
        fault(c, "the node's connection is refused");
    c->node.level_ms = 0; // a server that started knows no level: tell them soon
}

// The network is cut under a request, whose end is then unknown until the next verification.
static void cut_some(struct campaign *c)
{
    if (rng_below(&c->rng, CUT_ONE_IN))
        return;
    size_t i = rng_below(&c->rng, LANES + 4);
    if (i >= LANES) {
        if (!c->real && c->node.lane.busy)
            lane_open(&c->node.lane, c->port);
    } else if (c->client[i].op != OP_NONE) {
        client_lost(c, &c->client[i]);
        lane_open(&c->client[i].lane, c->port);
    }
}

// One look at every connection. False: one of them broke.
static bool turn(struct campaign *c, bool ask)
{
    struct pollfd p[LANES + 1];
    bool whole = true;
    if (ask)
        cut_some(c);
    for (int i = 0; i < LANES; i++) {
        struct client *k = &c->client[i];
        if (ask && k->op == OP_NONE && k->lane.fd >= 0)
            client_idle(c, k);
        p[i] = (struct pollfd){.fd = k->lane.fd, .events = lane_events(&k->lane)};
    }
    if (ask && !c->node.lane.busy && c->node.lane.fd >= 0)
        played_idle(c);
    p[LANES] = (struct pollfd){.fd = c->node.lane.fd, .events = lane_events(&c->node.lane)};
    poll(p, LANES + 1, 2);
    for (int i = 0; i < LANES; i++)
        if (p[i].revents && c->client[i].op != OP_NONE)
            whole &= client_move(c, &c->client[i]);
    if (p[LANES].revents && c->node.lane.busy)
        whole &= played_move(c);
    return whole;
}

// Drives until the moment of the kill; gives the rate of acknowledged writes over the time.
static double drive(struct campaign *c, const struct options *o)
{
    int64_t begin = now_ms(),
            until = begin + o->life_ms / 4 + (int64_t)rng_below(&c->rng, (uint64_t)o->life_ms * 3 / 4 + 1),
            now = begin;
    int64_t death = c->agents.n && rng_below(&c->rng, 3) == 0 ? begin + (until - begin) / 2 : INT64_MAX;
    c->writes = c->requests = 0;
    if (c->node.up.epoch && rng_below(&c->rng, 6) == 0)
        c->node.restart = true;
    for (; now < until; now = now_ms()) {
        if (now >= death) {
            agents_kill_one(c);
            death = INT64_MAX;
        }
        bool early = o->rate && (int64_t)c->writes * 1000 > (int64_t)o->rate * (now - begin);
        if (!turn(c, !early)) {
            fault(c, "a connection broke under way");
            break;
        }
    }
    return now > begin ? (double)c->writes * 1000 / (double)(now - begin) : 0;
}

// What the dead server had already sent is acknowledged.
static void drain(struct campaign *c)
{
    for (int i = 0; i < LANES; i++) {
        struct client *k = &c->client[i];
        if (k->op != OP_NONE)
            client_move(c, k);
        client_lost(c, k);
    }
    if (c->node.lane.busy)
        played_move(c);
    lane_close(&c->node.lane);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int run(struct campaign *c, const struct options *o)
{
    struct served s = {.dir = o->dir, .program = o->program};
    double *rate = mem_array((size_t)o->kills + 1, sizeof *rate);
    uint64_t writes = 0, requests = 0;
    if (!served_start(&s))
        return 2;
    c->port = s.port;
    if (o->agents && !agents_start(c, o->agents)) {
        agents_stop(c);
        served_end(&s);
        return c->faults ? 1 : 77;
    }
    for (int kill = 0; kill < o->kills && c->faults < FAULTS_SHOWN; kill++) {
        c->port = s.port;
        connect_all(c);
        rate[kill] = drive(c, o);
        served_kill(&s);
        drain(c);
        writes += c->writes;
        requests += c->requests;
        if (!served_start(&s)) {
            fault(c, "after the kill");
            return 2;
        }
        c->port = s.port;
        verify(c);
        if (o->agents)
            agents_restarted(c);
        if (kill % 50 == 49)
            fprintf(c->out, "%d kills: %llu writes, %llu faults\n", kill + 1, (unsigned long long)writes,
                    (unsigned long long)c->faults);
        fflush(c->out);
    }
    if (o->agents) {
        agents_settle(c);
        agents_stop(c);
        fprintf(
            c->out,
            "%zu agents, killed %llu times: %llu attempts ended well, %llu of them had outlived a server\n",
            o->agents, (unsigned long long)c->agents.deaths, (unsigned long long)c->agents.well,
            (unsigned long long)c->agents.spanned);
    }
    int status = served_end(&s);
    if (status)
        fault(c, "the server ended with status %d", status);
    qsort(rate, (size_t)o->kills, sizeof *rate, by_value);
    fprintf(c->out,
            "%d kills, seed %llu: %llu writes acknowledged by %llu answers, %zu tasks, %zu alive; writes/s "
            "at each kill: "
            "min %.0f median %.0f; %llu faults\n",
            o->kills, (unsigned long long)c->seed, (unsigned long long)writes, (unsigned long long)requests,
            c->n_jobs - 1, c->n_live, rate[0], rate[o->kills / 2], (unsigned long long)c->faults);
    free(rate);
    return c->faults ? 1 : 0;
}

// A port for a server that will be there again and again: below those that others are given while it is not.
static int fixed_port(struct rng *r)
{
    for (int tries = 0; tries < 100; tries++) {
        int port = 20000 + (int)rng_below(r, 12000), one = 1,
            fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        bool free = bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
        close(fd);
        if (free)
            return port;
    }
    return 0;
}

// The server that goes with agents of our own.
static char **beside_agents(struct campaign *c, const struct options *o)
{
    static char program[4200], listen[40], speed[8];
    static char *argv[] = {program,   "server",  "--data",           NULL,           "--listen",
                           listen,    "--token", SERVED_TOKEN,       "--node-token", SERVED_NODE_TOKEN,
                           "--speed", speed,     "--house-epoch-ms", NULL,           "--wall-epoch-ms",
                           NULL,      NULL};
    struct rng ports;
    rng_seed(&ports,
             (uint64_t)real_now_ms() ^ (uint64_t)getpid()); // not the seed's: two may run with the same
    snprintf(program, sizeof program, "%s/ondol", c->agents.bin);
    snprintf(listen, sizeof listen, "127.0.0.1:%d", fixed_port(&ports));
    snprintf(speed, sizeof speed, "%d", CAMPAIGN_SPEED);
    snprintf(c->agents.house0, sizeof c->agents.house0, "1705276800000"); // 15 January 2024
    snprintf(c->agents.wall0, sizeof c->agents.wall0, "%lld", (long long)real_now_ms());
    argv[3] = (char *)o->dir;
    argv[13] = c->agents.house0;
    argv[15] = c->agents.wall0;
    return argv;
}

static bool option(int argc, char **argv, int *i, const char *name, const char **value)
{
    if (strcmp(argv[*i], name) != 0 || *i + 1 >= argc)
        return false;
    *value = argv[++*i];
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.kills = 20, .life_ms = 1000};
    struct campaign *c = mem_alloc(sizeof *c);
    const char *v;
    *c = (struct campaign){.seed = (uint64_t)real_now_ms(),
                           .keep = 2000,
                           .token = SERVED_TOKEN,
                           .node_token = SERVED_NODE_TOKEN,
                           .out = stdout};
    for (int i = 1; i < argc; i++) {
        if (option(argc, argv, &i, "--kills", &v))
            o.kills = atoi(v);
        else if (option(argc, argv, &i, "--seed", &v))
            c->seed = strtoull(v, NULL, 10);
        else if (option(argc, argv, &i, "--rate", &v))
            o.rate = atoi(v);
        else if (option(argc, argv, &i, "--life", &v))
            o.life_ms = atoi(v);
        else if (option(argc, argv, &i, "--keep", &v))
            c->keep = strtoul(v, NULL, 10);
        else if (option(argc, argv, &i, "--dir", &v))
            o.dir = v;
        else if (option(argc, argv, &i, "--agents", &v))
            o.agents = strtoul(v, NULL, 10);
        else if (option(argc, argv, &i, "--bin", &v))
            c->agents.bin = v;
        else if (!strcmp(argv[i], "--real"))
            c->real = true;
        else if (!strcmp(argv[i], "--program") && i + 1 < argc) {
            o.program = argv + i + 1;
            break;
        } else {
            fprintf(stderr, "campaign: unknown argument %s\n", argv[i]);
            return 2;
        }
    }
    char made[] = "/tmp/ondol-campaign-XXXXXX";
    if (!o.dir)
        o.dir = mkdtemp(made);
    if (!o.dir || o.kills < 1 || o.life_ms < 1 || o.agents > AGENTS || (o.agents && !c->agents.bin))
        return 2;
    if (o.agents) {
        c->real = true;
        o.program = beside_agents(c, &o);
    }
    printf("seed %llu\n", (unsigned long long)c->seed);
    fflush(stdout);
    rng_seed(&c->rng, c->seed);
    (void)VEC_PUSH(c->job, c->n_jobs, c->cap_jobs); // number 0 is nobody
    for (int i = 0; i < LANES; i++)
        c->client[i].lane.fd = -1;
    c->dir = o.dir;
    played_init(c);
    int code = run(c, &o);
    played_deinit(c);
    for (int i = 0; i < LANES; i++)
        lane_deinit(&c->client[i].lane);
    free(c->job);
    free(c->live);
    strmap_deinit(&c->by_uuid);
    idmap_deinit(&c->rows);
    free(c);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", made);
    if (code == 0 && o.dir == made && system(command) != 0)
        return 2;
    return code;
}
