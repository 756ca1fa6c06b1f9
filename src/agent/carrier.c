// SPDX-License-Identifier: Apache-2.0
#include "agent/carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/child.h"
#include "base/mem.h"
#include "core/work/profile.h"
#include "sandbox/netns.h"

#define TELL_MS         1000
#define TURN_MS         500
#define NICE            5
#define LEAVING_TURN_MS 40
#define QUIET_MS        120 // without a packet and with nothing that waits
#define QUIET_LOOKS     3   // as often at least: this process may have stood still for so long
#define NOBODY          65534

static volatile sig_atomic_t leaving;

static void on_leave(int signum)
{
    (void)signum;
    leaving = 1;
}

const char *carrier_text(const struct carrier *c, const char *name)
{
    const char *v = json_string_value(json_object_get(c->spec, name));
    return v ? v : "";
}

bool carrier_fail(struct carrier *c, const char *fmt, ...)
{
    va_list a;
    va_start(a, fmt);
    vsnprintf(c->why, sizeof c->why, fmt, a);
    va_end(a);
    return false;
}

int64_t carrier_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wants(const struct carrier *c, const char *name)
{
    return json_is_true(json_object_get(c->spec, name));
}

// What a stranger's packets pass through owns nothing. (Where the agent is nobody's superior, neither is it.)
static bool give_up_privileges(struct carrier *c)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                           setresuid(NOBODY, NOBODY, NOBODY) < 0))
        return carrier_fail(c, "privileges cannot be given up: %s", strerror(errno));
    child_bind(c->spec); // the change of user took it back
    prctl(PR_SET_DUMPABLE, 0);
    return true;
}

static bool begin(struct carrier *c)
{
    int fd[NETNS_FDS_MAX];
    if (!c->spec)
        return carrier_fail(c, "what to do cannot be read");
    if (!child_bind(c->spec))
        return carrier_fail(c, "its agent is gone");
    int r = netns_receive(CHILD_SOCKET, fd);
    if (r < 0)
        return carrier_fail(c, "no sandbox came");
    c->ns = fd[0];
    c->userns = fd[1];
    c->outside = fd[2];
    c->cluster = fd[3];
    c->address = (uint32_t)json_integer_value(json_object_get(c->spec, "address"));
    if (!net_rules_read(carrier_text(c, "rules"), &c->rules))
        return carrier_fail(c, "its rules cannot be read");
    c->n_ports = net_rules_open(&c->rules, wants(c, "ssh") ? PROFILE_SSH : 0, c->port);
    names_callers(c);
    if (c->outside >= 0 && !outside_start(c))
        return false;
    if (!dialer_start(c) || ((c->cluster >= 0 || c->n_ports) && !relay_start(c)))
        return false;
    return give_up_privileges(c);
}

// Its reader may be gone; then so is the reason for all this.
static void tell(struct carrier *c, int64_t *at_ms, uint64_t told[2], bool *quiet)
{
    int64_t now_ms = carrier_now_ms(), ms = now_ms - *at_ms;
    if (ms < TELL_MS)
        return;
    uint64_t in = c->in + c->mux.in, out = c->out + c->mux.out;
    bool idle = in == told[0] && out == told[1];
    if (!idle || !*quiet) {
        printf("N %llu %llu\n", (unsigned long long)((in - told[0]) * 8 / (uint64_t)ms),
               (unsigned long long)((out - told[1]) * 8 / (uint64_t)ms));
        if (fflush(stdout) != 0)
            exit(1);
    }
    *quiet = idle;
    told[0] = in;
    told[1] = out;
    *at_ms = now_ms;
}

// Since when the instance has ended, something was taken, and nothing happens any more.
struct farewell {
    int64_t since_ms, taken_ms, quiet_ms;
    uint64_t taken, carried;
    int looks;
};

static void no_quiet(struct farewell *f, int64_t now_ms)
{
    f->quiet_ms = now_ms;
    f->looks = 0;
}

// The instance has ended. True: what it left behind is sent, or has had its time.
static bool left(const struct carrier *c, struct farewell *f)
{
    int64_t now_ms = carrier_now_ms();
    uint64_t all = c->in + c->out, taken = c->mux.out + c->mux.taken;
    if (!f->since_ms)
        f->since_ms = f->quiet_ms = now_ms;
    if (!f->taken_ms || taken != f->taken)
        f->taken_ms = now_ms;
    f->taken = taken;
    if (relay_delivers(c)) {
        no_quiet(f, now_ms);
        return now_ms - f->taken_ms >= RELAY_IDLE_MS || now_ms - f->since_ms >= RELAY_LEAVE_MS;
    }
    f->looks++;
    if (all != f->carried || !relay_quiet(c))
        no_quiet(f, now_ms);
    f->carried = all;
    return (now_ms - f->quiet_ms >= QUIET_MS && f->looks >= QUIET_LOOKS) || now_ms - f->since_ms >= LEAVE_MS;
}

static bool turn(struct carrier *c)
{
    struct pollfd p[4 + NAME_LOOKUPS_MAX + RELAY_STREAMS_MAX + RELAY_PEERS_MAX], *relay = p + 3 + NAME_LOOKUPS_MAX;
    int64_t now_ms = carrier_now_ms();
    p[0] = (struct pollfd){.fd = c->outside, .events = POLLIN};
    p[1] = (struct pollfd){.fd = c->slirp, .events = POLLIN};
    p[2] = (struct pollfd){.fd = c->cluster, .events = POLLIN};
    names_refresh(c, now_ms);
    size_t names = names_polls(c, p + 3), n = relay_polls(c, relay, now_ms);
    size_t peers = datagrams_polls(c, relay + n);
    if (poll(p, 3 + names + (nfds_t)(n + peers), leaving ? LEAVING_TURN_MS : TURN_MS) < 0 && errno != EINTR)
        return carrier_fail(c, "poll: %s", strerror(errno));
    if (leaving)
        relay_mux_deafen(&c->mux);
    if (p[0].revents)
        outside_from_instance(c);
    if (p[1].revents && !outside_from_slirp(c))
        return false;
    if (p[2].revents)
        relay_from_instance(c);
    names_run(c, p + 3);
    datagrams_run(c, relay + n, peers);
    relay_run(c, relay, n, carrier_now_ms());
    outside_refresh(c, now_ms);
    return true;
}

int carrier_main(void)
{
    struct carrier *c = mem_alloc(sizeof *c);
    *c = (struct carrier){.spec = child_task(),
                          .ns = -1,
                          .userns = -1,
                          .outside = -1,
                          .cluster = -1,
                          .slirp = -1,
                          .dialer = -1,
                          .link = {.fd = -1, .dead = true}};
    c->mux.link = &c->link;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, on_leave);
    signal(SIGTERM, SIG_IGN); // of the agent's group; the agent says itself when it is over
    signal(SIGINT, SIG_IGN);
    setpriority(PRIO_PROCESS, 0, NICE); // thermostats first
    if (begin(c)) {
        int64_t at_ms = carrier_now_ms();
        struct farewell farewell = {0};
        uint64_t told[2] = {0, 0};
        bool quiet = true;
        printf("R\n");
        fflush(stdout);
        while (turn(c)) {
            if (!leaving) // then nobody listens
                tell(c, &at_ms, told, &quiet);
            if (leaving && left(c, &farewell))
                carrier_fail(c, "the instance has ended");
            if (c->why[0])
                break;
        }
    }
    printf("F %s\n", c->why);
    fflush(stdout);
    relay_mux_deinit(&c->mux);
    datagrams_leave(c);
    relay_link_deinit(&c->link);
    json_decref(c->spec);
    free(c);
    return 1;
}
