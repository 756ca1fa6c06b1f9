// SPDX-License-Identifier: Apache-2.0
// house_server DIR LISTEN SPEED LEASE_WALL_MS HOUSE0 WALL0: a server with the clock and the leases that a
// test wants, until SIGTERM.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "server/runtime.h"

int main(int argc, char **argv)
{
    struct runtime_config c;
    struct runtime *r;
    struct err e = ERR_NULL;
    sigset_t end;
    if (argc != 7)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    double speed = atof(argv[3]);
    runtime_config_default(&c, speed);
    c.data_dir = argv[1];
    c.listen = argv[2];
    c.token = "test-token-0123456789";
    c.node_token = "test-node-token-0123456789";
    c.has_epoch = true;
    c.house0 = HOUSE_MS(atoll(argv[5]));
    c.real0_ms = atoll(argv[6]);
    c.engine.lease_ms = (int64_t)(atof(argv[4]) * speed);
    c.engine.lease_margin_ms = c.engine.lease_ms / 5;
    c.engine.check_plans = true;
    if (runtime_start(&r, &c, &e) < 0) {
        fprintf(stderr, "house_server: %s\n", e.text);
        return 1;
    }
    printf("ready at %d\n", runtime_port(r));
    fflush(stdout);
    int signum;
    sigwait(&end, &signum);
    runtime_stop(r);
    return 0;
}
