// SPDX-License-Identifier: Apache-2.0
//
// A server treated badly, in a process of its own.
//
//   unkind garbage [SEED]    random bytes, half requests, half-open and slow connections, damaged bodies; then
//                            it must still serve, and start again from what it recorded
//   unkind disk-full         its folder on a small tmpfs that is filled (in a mount namespace of our own; exit 77
//                            where that is not allowed): 507, reads go on, nothing lost, and by itself well again when
//                            space returns
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "lane.h"
#include "net/wire.h"
#include "served.h"

#define SKIPPED 77

static _Noreturn void give_up(struct served *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("unkind: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    if (s && s->pid > 0)
        served_kill(s);
    exit(1);
}

static bool alive(const struct served *s)
{
    return waitpid(s->pid, NULL, WNOHANG) == 0;
}

static int ask(struct served *s, struct lane *l, const char *token, const char *method, const char *path,
               const char *body)
{
    for (int tries = 0; tries < 2; tries++) { // a kept connection may have been closed for a reason
        if (l->fd < 0 && !lane_open(l, s->port))
            give_up(s, "no connection");
        if (lane_call(l, method, path, token, body, 30000)) {
            int status = l->status;
            return status;
        }
        lane_close(l);
    }
    give_up(s, "%s %s: no answer", method, path);
}

static int ask_and_drop(struct served *s, struct lane *l, const char *token, const char *method,
                        const char *path, const char *body)
{
    int status = ask(s, l, token, method, path, body);
    lane_next(l);
    return status;
}

static const char task[] =
    "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":null,\"constants\":[{"
    "\"key\":\"DOCKER_CMD\","
    "\"value\":\"echo hello\"}],\"constraints\":[],\"instanceCount\":1,\"tags\":[\"a\"]}";

// A good call of a node that introduces itself. To be freed.
static char *sync_of(uint64_t epoch)
{
    struct offer_zone z = {.name = "z1",
                           .site = "s1",
                           .label = "room",
                           .nameplate_w = 500,
                           .setpoint_mc = 20000,
                           .mode = ZONE_COMFORT,
                           .is_virtual = true};
    struct offer_board b = {.name = "b1",
                            .heater = "h1",
                            .zone = "z1",
                            .curve = *curve_default(),
                            .sandbox = true,
                            .spec = {.cores = 8, .memory_mb = 16384, .key = "8c-16g", .cpu_model = "Ryzen"}};
    struct report r[2] = {{.seq = 1, .at = HOUSE_MS(1700000000000), .kind = REPORT_SETPOINT, .name = "z1"},
                          {.seq = 2, .at = HOUSE_MS(1700000000000), .kind = REPORT_OUTPUT, .lease = 3}};
    r[0].setpoint.setpoint_mc = 19000;
    r[0].setpoint.mode = ZONE_ECO;
    r[1].output.data = "hello\n";
    r[1].output.n = 6;
    struct sync_up up = {.node = "n1",
                         .nonce = 77,
                         .epoch = epoch,
                         .has_offer = !epoch,
                         .report = r,
                         .n_reports = epoch ? 2 : 0,
                         .offer = {.zone = &z, .n_zones = 1, .board = &b, .n_boards = 1}};
    size_t n;
    return wire_up_encode(&up, &n);
}

// ---- garbage

static void damage(struct rng *r, char *text, size_t *n)
{
    for (uint64_t i = 1 + rng_below(r, 4); i-- > 0 && *n;) {
        size_t at = rng_below(r, *n), len = rng_below(r, *n - at < 12 ? *n - at : 12);
        switch (rng_below(r, 4)) {
        case 0:
            text[at] = (char)rng_next(r);
            break;
        case 1:
            memmove(text + at, text + at + len, *n - at - len);
            *n -= len;
            break;
        case 2:
            text[at] = "0123456789-\"{}[],:."[rng_below(r, 19)];
            break;
        default:
            *n = rng_below(r, 20) ? *n : at;
        }
    }
}

static bool send_body(struct served *s, struct lane *l, const char *path, const char *token, const char *body,
                      size_t n)
{
    if (l->fd < 0 && !lane_open(l, s->port))
        give_up(s, "no connection");
    lane_send(l, "POST", path, token, body, n);
    for (int waited = 0;;) {
        enum lane_news news = lane_move(l);
        if (news == LANE_ANSWERED)
            break;
        struct pollfd p = {.fd = l->fd, .events = lane_events(l)};
        if (news == LANE_BROKEN || (poll(&p, 1, 100) == 0 && (waited += 100) > 30000)) {
            if (!alive(s))
                give_up(s, "it died of %.*s", (int)n, body);
            lane_close(l);
            return false;
        }
    }
    bool good = l->status == 200;
    if (l->status >= 500)
        give_up(s, "%d for %.*s: %s", l->status, (int)n, body, lane_body(l, NULL));
    lane_next(l);
    return good;
}

static void bodies(struct served *s, struct rng *r)
{
    struct lane l = {.fd = -1};
    char body[16384], *calls[2] = {sync_of(0), sync_of(1)};
    int taken = 0;
    for (int i = 0; i < 10000; i++) {
        bool sync = i & 1;
        const char *from = sync ? calls[rng_below(r, 2)] : task;
        size_t n = strlen(from);
        memcpy(body, from, n);
        if (rng_below(r, 4) == 0)
            for (size_t k = 0; k < (n = rng_below(r, 200)); k++)
                body[k] = (char)rng_next(r);
        else
            damage(r, body, &n);
        taken += send_body(s, &l, sync ? "/ondol/v1/sync" : "/tasks", sync ? SERVED_NODE_TOKEN : SERVED_TOKEN,
                           body, n);
    }
    printf("%d of 10000 damaged bodies were taken\n", taken);
    free(calls[0]);
    free(calls[1]);
    lane_deinit(&l);
}

static void bytes(struct served *s, struct rng *r)
{
    static const char half[] = "POST /tasks HTTP/1.1\r\nHost: a\r\nAuthorization: " SERVED_TOKEN
                               "\r\nContent-Length: 4000\r\n\r\n{\"na";
    struct lane held[200];
    size_t n_held = 0;
    for (int i = 0; i < 600; i++) {
        struct lane l = {.fd = -1};
        char chunk[600];
        if (!lane_open(&l, s->port))
            give_up(s, "no connection for garbage %d", i);
        for (size_t k = 0; k < sizeof chunk; k++)
            chunk[k] = (char)(rng_below(r, 4) ? 32 + rng_below(r, 96) : rng_next(r));
        switch (i % 3) {
        case 0: // noise
            (void)!send(l.fd, chunk, 1 + rng_below(r, sizeof chunk), MSG_NOSIGNAL);
            break;
        case 1: // half a request, and then nothing, or noise
            (void)!send(l.fd, half, 1 + rng_below(r, sizeof half - 1), MSG_NOSIGNAL);
            if (rng_below(r, 2))
                (void)!send(l.fd, chunk, sizeof chunk, MSG_NOSIGNAL);
            break;
        default: // half-open
            (void)!send(l.fd, half, sizeof half - 1, MSG_NOSIGNAL);
            shutdown(l.fd, SHUT_WR);
        }
        if (n_held < ARRAY_LEN(held))
            held[n_held++] = l; // slow ones stay
        else
            lane_deinit(&l);
    }
    for (size_t i = 0; i < n_held; i++)
        lane_deinit(&held[i]);
}

static int garbage(uint64_t seed)
{
    char dir[] = "/tmp/ondol-unkind-XXXXXX", command[64];
    struct rng r;
    struct lane l = {.fd = -1};
    rng_seed(&r, seed);
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    struct served s = {.dir = mkdtemp(dir), .park_ms = 20};
    if (!s.dir || !served_start(&s))
        return 1;
    bytes(&s, &r);
    bodies(&s, &r);
    for (int again = 0; again < 2; again++) {
        if (ask_and_drop(&s, &l, SERVED_TOKEN, "POST", "/tasks", task) != 200 ||
            ask_and_drop(&s, &l, SERVED_TOKEN, "GET", "/tasks", NULL) != 200 ||
            ask_and_drop(&s, &l, SERVED_TOKEN, "GET", "/ondol/v1/zones", NULL) != 200 ||
            ask_and_drop(&s, &l, SERVED_TOKEN, "GET", "/metrics", NULL) != 200)
            give_up(&s, "it does not serve any more (start %d)", again);
        lane_close(&l);
        if (served_end(&s) != 0)
            give_up(NULL, "it did not end well (start %d)", again);
        if (!again && !served_start(&s)) // from all that the garbage left on disk
            return 1;
    }
    lane_deinit(&l);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) ? 1 : 0;
}

// ---- the full disk

static int count(struct served *s, struct lane *l)
{
    int n = 0;
    if (ask(s, l, SERVED_TOKEN, "GET", "/tasks/summaries", NULL) != 200)
        give_up(s, "GET /tasks/summaries: %d %.300s", l->status, lane_body(l, NULL));
    size_t size;
    const char *body = lane_body(l, &size);
    for (const char *at = body; (at = memmem(at, size - (size_t)(at - body), "\"name\":\"hello\"", 14)); at++)
        n++;
    lane_next(l);
    return n;
}

static bool ballast(const char *dir, off_t leave)
{
    char path[300], block[65536] = {1};
    snprintf(path, sizeof path, "%s/ballast", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t n = 0;
    for (ssize_t got; fd >= 0 && (got = write(fd, block, sizeof block)) > 0;)
        n += got;
    bool good = fd >= 0 && ftruncate(fd, n > leave ? n - leave : 0) == 0;
    close(fd);
    return good;
}

static void large_task(struct buf *body)
{
    buf_puts(
        body,
        "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":null,\"constants\":["
        "{\"key\":\"DOCKER_CMD\",\"value\":\"");
    for (int i = 0; i < 2000; i++)
        buf_putc(body, 'x');
    buf_puts(body, "\"}],\"constraints\":[],\"instanceCount\":1,\"tags\":[]}");
}

// Writes until it is refused; gives how many were taken.
static int fill(struct served *s, struct lane *l, const char *body)
{
    for (int n = 0; n < 20000; n++) {
        int status = ask(s, l, SERVED_TOKEN, "POST", "/tasks", body);
        bool full = status == 507;
        if (full && !strstr(lane_body(l, NULL), "disk is full"))
            give_up(s, "507 does not say why: %.300s", lane_body(l, NULL));
        if (!full && status != 200)
            give_up(s, "status %d on a full disk: %.300s", status, lane_body(l, NULL));
        lane_next(l);
        if (full)
            return n;
    }
    give_up(s, "the disk does not get full");
}

static int while_full(struct served *s, struct lane *l, int made, const char *sync_body)
{
    int taken = 0, refused = 0;
    for (int i = 0; i < 200; i++) {
        int status = ask_and_drop(s, l, SERVED_TOKEN, "POST", "/tasks", task);
        taken += status == 200; // a little may still fit
        refused += status == 507;
        if (status != 200 && status != 507)
            give_up(s, "status %d on a full disk", status);
        if (count(s, l) != made + taken)
            give_up(s, "%d tasks are listed on a full disk, %d were taken", count(s, l), made + taken);
        status = ask_and_drop(s, l, SERVED_NODE_TOKEN, "POST", "/ondol/v1/sync", sync_body);
        if (status != 507 && status != 200)
            give_up(s, "a sync is answered %d on a full disk", status);
        if (ask_and_drop(s, l, SERVED_TOKEN, "GET", "/ondol/v1/zones", NULL) != 200 ||
            ask_and_drop(s, l, SERVED_TOKEN, "GET", "/metrics", NULL) != 200)
            give_up(s, "reads do not go on");
        usleep(10000);
    }
    if (!refused)
        give_up(s, "nothing was refused on a full disk");
    return made + taken;
}

static void recover(struct served *s, struct lane *l, int made)
{
    char path[300];
    snprintf(path, sizeof path, "%s/ballast", s->dir);
    unlink(path);
    for (int i = 0; ask_and_drop(s, l, SERVED_TOKEN, "POST", "/tasks", task) != 200; i++) {
        if (i > 200)
            give_up(s, "it does not recover when space returns");
        usleep(100000);
    }
    if (count(s, l) != made + 1)
        give_up(s, "%d tasks after the recovery, %d were acknowledged", count(s, l), made + 1);
}

static int full_disk(const char *dir)
{
    struct served s = {.dir = dir, .park_ms = 20};
    struct lane l = {.fd = -1};
    struct buf body = BUF_INIT(8192);
    char *sync_body = sync_of(0);
    large_task(&body);
    if (!served_start(&s))
        return 1;
    if (ask(&s, &l, SERVED_NODE_TOKEN, "POST", "/ondol/v1/sync", sync_body) != 200)
        give_up(&s, "the first sync is refused: %.300s", lane_body(&l, NULL));
    lane_next(&l);
    int made = 0;
    for (int round = 0; round < 3; round++) {
        if (!ballast(dir, round * 300000))
            give_up(&s, "no ballast");
        made += fill(&s, &l, buf_str(&body));
        printf("round %d: %d tasks taken until the disk was full\n", round, made);
        made = while_full(&s, &l, made, sync_body);
        recover(&s, &l, made++);
    }
    if (!ballast(dir, 0))
        give_up(&s, "no ballast");
    made += fill(&s, &l, buf_str(&body));
    lane_close(&l);
    served_kill(&s); // in the middle of it
    if (served_start(&s)) {
        printf("it starts on a full disk\n");
        if (count(&s, &l) != made)
            give_up(&s, "%d tasks after a kill on a full disk, %d were acknowledged", count(&s, &l), made);
        lane_close(&l);
        served_kill(&s);
    } else {
        printf("it does not start on a full disk\n");
    }
    char path[300];
    snprintf(path, sizeof path, "%s/ballast", dir);
    unlink(path);
    if (!served_start(&s))
        return 1;
    if (count(&s, &l) != made)
        give_up(&s, "%d tasks after the restart, %d were acknowledged", count(&s, &l), made);
    lane_deinit(&l);
    buf_deinit(&body);
    free(sync_body);
    return served_end(&s) ? 1 : 0;
}

static int disk_full(void)
{
    char dir[] = "/tmp/ondol-full-XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", dir, "tmpfs", 0, "size=24m,mode=0700") < 0) {
        printf("skipped: no mount namespace of our own: %s (run it as root)\n", strerror(errno));
        rmdir(dir);
        return SKIPPED;
    }
    int code = full_disk(dir);
    umount2(dir, MNT_DETACH);
    rmdir(dir);
    return code;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "garbage"))
        return garbage(argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)getpid());
    if (argc > 1 && !strcmp(argv[1], "disk-full"))
        return disk_full();
    fputs("unkind: which one: garbage or disk-full?\n", stderr);
    return 2;
}
