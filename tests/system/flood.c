// SPDX-License-Identifier: Apache-2.0
//
// How many durable single-task submissions a second over keep-alive connections: flood [CONNECTIONS
// [SECONDS]]. Prints the rate and what one submission costs the server in processor time, which depends less
// on what else runs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "lane.h"
#include "served.h"
#include "server/clock.h"

static const char task[] = "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":"
                           "null,\"constants\":[{\"key\":\"DOCKER_CMD\","
                           "\"value\":\"echo hello\"}],\"constraints\":[],\"instanceCount\":1,\"tags\":[]}";

static long flood(const struct served *s, struct lane *lane, struct pollfd *p, int n, int64_t until)
{
    long done = 0;
    for (int i = 0; i < n; i++) {
        lane[i].fd = -1;
        if (!lane_open(&lane[i], s->port))
            return -1;
        lane_send(&lane[i], "POST", "/tasks", SERVED_TOKEN, task, sizeof task - 1);
    }
    while (real_now_ms() < until) {
        for (int i = 0; i < n; i++)
            p[i] = (struct pollfd){.fd = lane[i].fd, .events = lane_events(&lane[i])};
        poll(p, (nfds_t)n, 100);
        for (int i = 0; i < n; i++) {
            if (!p[i].revents || lane_move(&lane[i]) == LANE_WAITS)
                continue;
            if (!lane[i].head || lane[i].status != 200)
                return -1;
            done++;
            lane_next(&lane[i]);
            lane_send(&lane[i], "POST", "/tasks", SERVED_TOKEN, task, sizeof task - 1);
        }
    }
    return done;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 64, seconds = argc > 2 ? atoi(argv[2]) : 5;
    char dir[] = "/tmp/ondol-flood-XXXXXX", command[64];
    struct served s = {.dir = mkdtemp(dir)};
    struct lane *lane = mem_array((size_t)n, sizeof *lane);
    struct pollfd *p = mem_array((size_t)n, sizeof *p);
    struct rusage u;
    if (n < 1 || seconds < 1 || !s.dir || !served_start(&s))
        return 1;
    int64_t begin = real_now_ms();
    long done = flood(&s, lane, p, n, begin + (int64_t)seconds * 1000);
    double took = (double)(real_now_ms() - begin) / 1000;
    for (int i = 0; i < n; i++)
        lane_deinit(&lane[i]);
    int status = served_end(&s);
    getrusage(RUSAGE_CHILDREN, &u);
    double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    printf("%ld tasks by %d connections in %.1f s: %.0f/s; the server used %.1f us of processor each\n", done,
           n, took, (double)done / took, done > 0 ? cpu * 1e6 / (double)done : 0);
    free(lane);
    free(p);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) || status || done < 0;
}
