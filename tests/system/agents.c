// SPDX-License-Identifier: Apache-2.0
//
// Real agents beside the server, as on heaters of their own: the server is killed and they go on. The first
// one is never killed, so that its books must agree with the server's to the millijoule; the others are, now
// and then, and what they ran is lost and tried again.
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "campaign.h"
#include "served.h"

#define SETTLE_MS 240000 // most until all that is queued has run
#define HEATERS   "2"
#define BOARDS_OF "4"

static sqlite3_stmt *query(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) {
        fprintf(stderr, "campaign: %s: %s\n", sql, sqlite3_errmsg(db));
        exit(2);
    }
    return st;
}

static uint64_t column(sqlite3_stmt *st, int i)
{
    return (uint64_t)sqlite3_column_int64(st, i);
}

static int64_t house_now(const struct campaign *c)
{
    const struct agents *g = &c->agents;
    return atoll(g->house0) + (now_ms() - atoll(g->wall0)) * CAMPAIGN_SPEED;
}

// ---- processes

static void become(const struct agents *g, const struct agent *a, int port)
{
    char program[4200], url[40], status[4200], world[4200], err[4200], speed[8];
    snprintf(program, sizeof program, "%s/ondol-agent", g->bin);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    snprintf(status, sizeof status, "%s/%s.status", g->dir, a->name);
    snprintf(world, sizeof world, "%s/%s.world", g->dir, a->name);
    snprintf(err, sizeof err, "%s/%s.err", g->dir, a->name);
    snprintf(speed, sizeof speed, "%d", CAMPAIGN_SPEED);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int fd = open(err, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd >= 0)
        dup2(fd, 2);
    setenv("ONDOL_NODE_TOKEN", SERVED_NODE_TOKEN, 1);
    execl(program, program, "--virtual", "--empty", "--heaters", HEATERS, "--boards", BOARDS_OF,
          "--start-temp", "15", "--setpoint", "26", "--host-cores", "2", "--node", a->name, "--server", url,
          "--speed", speed, "--house-epoch-ms", g->house0, "--wall-epoch-ms", g->wall0, "--status", status,
          "--world-state", world, (char *)NULL);
    dprintf(2, "%s: cannot be started\n", program);
    _exit(127);
}

static void spawn(struct campaign *c, struct agent *a)
{
    fflush(NULL);
    a->pid = fork();
    if (a->pid == 0)
        become(&c->agents, a, c->port);
}

static bool boards_came(struct campaign *c)
{
    struct lane l = {.fd = -1};
    bool came = false;
    for (int64_t until = now_ms() + 60000; !came && now_ms() < until && lane_open(&l, c->port);
         usleep(20000)) {
        if (!lane_call(&l, "GET", "/ondol/v1/boards?limit=1000", c->token, NULL, 20000))
            break;
        size_t n = 0;
        for (const char *at = lane_body(&l, NULL); (at = strstr(at, "\"heater\":")); at++)
            n++;
        came = n >= c->agents.n * (size_t)atoi(HEATERS) * (size_t)atoi(BOARDS_OF);
        lane_next(&l);
    }
    lane_deinit(&l);
    if (!came)
        fault(c, "the agents did not call home within 60 s (see %s)", c->agents.dir);
    return came;
}

bool agents_start(struct campaign *c, size_t n)
{
    struct agents *g = &c->agents;
    if (system("bwrap --unshare-user --unshare-pid --unshare-net --ro-bind / / true 2>&1") != 0) {
        printf("skipped: no sandbox can be made here\n");
        return false;
    }
    snprintf(g->dir, sizeof g->dir, "%s/agents", c->dir);
    mkdir(g->dir, 0700);
    for (size_t i = 0; i < n; i++) {
        snprintf(g->v[i].name, sizeof g->v[i].name, "a%zu", i + 1);
        spawn(c, &g->v[i]);
    }
    g->n = n;
    agents_restarted(c);
    return boards_came(c);
}

void agents_restarted(struct campaign *c)
{
    c->agents.started_ms = house_now(c);
    for (size_t i = 0; i < c->agents.n; i++) {
        int status;
        struct agent *a = &c->agents.v[i];
        if (waitpid(a->pid, &status, WNOHANG) != a->pid)
            continue;
        fault(c, "agent %s ended with status %x (see %s)", a->name, (unsigned)status, c->agents.dir);
        spawn(c, a);
    }
}

void agents_kill_one(struct campaign *c)
{
    struct agents *g = &c->agents;
    if (g->n < 2)
        return;
    struct agent *a = &g->v[1 + rng_below(&c->rng, g->n - 1)];
    kill(a->pid, SIGKILL);
    waitpid(a->pid, NULL, 0);
    a->died = true;
    g->deaths++;
    g->died = true;
    spawn(c, a);
}

void agents_stop(struct campaign *c)
{
    struct agents *g = &c->agents;
    for (size_t i = 0; i < g->n; i++)
        kill(g->v[i].pid, SIGTERM);
    for (size_t i = 0; i < g->n; i++) {
        int status = 0;
        waitpid(g->v[i].pid, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fault(c, "agent %s ended with status %x at SIGTERM (see %s)", g->v[i].name, (unsigned)status,
                  g->dir);
    }
    idmap_deinit(&g->leases);
    idmap_deinit(&g->tries);
    idmap_deinit(&g->judged);
    idmap_deinit(&g->meter);
    idmap_deinit(&g->zone);
}

// ---- attempts

static struct agent *agent_named(struct campaign *c, const char *name)
{
    for (size_t i = 0; name && i < c->agents.n; i++)
        if (strcmp(c->agents.v[i].name, name) == 0)
            return &c->agents.v[i];
    return NULL;
}

static void check_nodes(struct campaign *c, sqlite3 *db)
{
    sqlite3_stmt *st = query(db, "SELECT name, epoch, seq FROM node");
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        struct agent *a = agent_named(c, name);
        uint64_t epoch = column(st, 1), seq = column(st, 2);
        if (!a)
            fault(c, "node %s is not one of ours", name);
        else if (epoch < a->epoch || (epoch == a->epoch && seq < a->seq) ||
                 (!a->died && a->epoch && epoch != a->epoch))
            fault(c, "agent %s is at %" PRIu64 "/%" PRIu64 " after %" PRIu64 "/%" PRIu64 "; it was %skilled",
                  name, epoch, seq, a->epoch, a->seq, a->died ? "" : "never ");
        else
            a->epoch = epoch, a->seq = seq;
    }
    sqlite3_finalize(st);
}

// A lease is of one attempt for ever, and an attempt has one lease.
static void check_numbers(struct campaign *c, uint64_t lease, uint64_t task, uint64_t instance,
                          uint64_t attempt)
{
    struct agents *g = &c->agents;
    uint64_t this_try =
                 hash_i64(hash_i64(hash_i64(7, (int64_t)task), (int64_t)instance), (int64_t)attempt) | 1,
             had;
    if (idmap_get(&g->leases, lease, &had) && had != this_try)
        fault(c, "lease %" PRIu64 " was issued twice", lease);
    if (idmap_get(&g->tries, this_try, &had) && had != lease)
        fault(c,
              "attempt %" PRIu64 " of task %" PRIu64 "/%" PRIu64 " was issued twice (leases %" PRIu64
              " and %" PRIu64 ")",
              attempt, task, instance, had, lease);
    idmap_set(&g->leases, lease, this_try);
    idmap_set(&g->tries, this_try, lease);
}

// What one execution printed: each of its lines once, in their order, with one voice.
static void check_printed(struct campaign *c, sqlite3_stmt *out, uint32_t n, uint64_t task, uint64_t instance,
                          uint64_t attempt)
{
    struct buf text = BUF_INIT((size_t)1 << 20);
    sqlite3_bind_int64(out, 1, (int64_t)task);
    sqlite3_bind_int64(out, 2, (int64_t)instance);
    sqlite3_bind_int64(out, 3, (int64_t)attempt);
    while (sqlite3_step(out) == SQLITE_ROW)
        buf_put(&text, sqlite3_column_blob(out, 0), (size_t)sqlite3_column_bytes(out, 0));
    sqlite3_reset(out);
    char voice[40] = "";
    uint32_t k = 0;
    for (const char *at = buf_str(&text); *at; at = strchr(at, '\n') + 1, k++) {
        unsigned job = 0, who = 0, number = 0;
        char now[40] = "";
        bool whole = strchr(at, '\n') && sscanf(at, "l%u %u %u %39s", &job, &who, &number, now) == 4;
        if (!whole || job != n || who != instance || number != k || (k && strcmp(now, voice) != 0))
            break;
        snprintf(voice, sizeof voice, "%s", now);
        if (k + 1 == job_prints(n) && strchr(at, '\n')[1]) // more than it printed
            k += 1000;
    }
    if (k != job_prints(n))
        fault(c, "j%u/%" PRIu64 ", attempt %" PRIu64 " printed %u lines; recorded is \"%.300s\"", n, instance,
              attempt, job_prints(n), buf_str(&text));
    buf_deinit(&text);
}

static void check_attempt(struct campaign *c, sqlite3_stmt *st, sqlite3_stmt *out)
{
    struct agents *g = &c->agents;
    uint64_t task = column(st, 0), instance = column(st, 1), attempt = column(st, 2), lease = column(st, 3),
             n, seen;
    const struct agent *a = agent_named(c, (const char *)sqlite3_column_text(st, 5));
    const char *why = (const char *)sqlite3_column_text(st, 7);
    uint8_t how = (uint8_t)sqlite3_column_int(st, 4);
    check_numbers(c, lease, task, instance, attempt);
    if (!idmap_get(&c->rows, task, &n) || idmap_get(&g->judged, lease, &seen))
        return;
    idmap_set(&g->judged, lease, 1);
    if (how == ATTEMPT_LOST && a && !a->died)
        fault(c, "attempt %" PRIu64 " of j%" PRIu64 "/%" PRIu64 " was lost on %s, which was never killed: %s",
              attempt, n, instance, a->name, why ? why : "");
    if (how == ATTEMPT_FAILURE)
        fault(c, "attempt %" PRIu64 " of j%" PRIu64 "/%" PRIu64 " failed: %s", attempt, n, instance,
              why ? why : "");
    if (how != ATTEMPT_SUCCESS)
        return;
    g->well++;
    g->spanned += sqlite3_column_int64(st, 6) < g->started_ms;
    check_printed(c, out, (uint32_t)n, task, instance, attempt);
}

static void check_attempts(struct campaign *c, sqlite3 *db)
{
    sqlite3_stmt *st =
        query(db, "SELECT task, instance, attempt, lease, how, node, started_ms, message FROM attempt");
    sqlite3_stmt *out =
        query(db, "SELECT data FROM output WHERE task = ?1 AND stream = 0 AND instance = ?2 AND attempt = ?3 "
                  "ORDER BY id");
    while (sqlite3_step(st) == SQLITE_ROW)
        check_attempt(c, st, out);
    sqlite3_finalize(st);
    sqlite3_finalize(out);
    st = query(db, "SELECT id, task, instance, attempt FROM lease WHERE task > 0");
    while (sqlite3_step(st) == SQLITE_ROW)
        check_numbers(c, column(st, 0), column(st, 1), column(st, 2), column(st, 3));
    sqlite3_finalize(st);
    st = query(db, "SELECT task, instance FROM attempt WHERE how = 0 GROUP BY 1, 2 HAVING count(*) > 1");
    while (sqlite3_step(st) == SQLITE_ROW)
        fault(c, "instance %" PRIu64 " of task %" PRIu64 " ended well twice", column(st, 1), column(st, 0));
    sqlite3_finalize(st);
}

// A client that was given the lines of two voices was given those of two attempts.
static void check_voices(struct campaign *c, sqlite3 *db)
{
    sqlite3_stmt *st =
        query(db, "SELECT count(*) FROM attempt WHERE task = ?1 AND instance = ?2 AND how IN (3, 4)");
    for (size_t i = 0; i < c->n_live; i++) {
        struct job *j = &c->job[c->live[i]];
        for (int k = 0; k < INSTANCES; k++) {
            if (!j->changed[k] || !j->row)
                continue;
            j->changed[k] = false;
            sqlite3_bind_int64(st, 1, (int64_t)j->row);
            sqlite3_bind_int(st, 2, k);
            if (sqlite3_step(st) != SQLITE_ROW || sqlite3_column_int(st, 0) == 0)
                fault(c, "j%u/%d spoke with two voices, but no attempt of it was lost", c->live[i], k);
            sqlite3_reset(st);
        }
    }
    sqlite3_finalize(st);
}

// ---- the books

// Rows of (key, figure), none of which may ever become less.
static void grows(struct campaign *c, sqlite3 *db, struct idmap *seen, const char *what, const char *sql)
{
    sqlite3_stmt *st = query(db, sql);
    while (sqlite3_step(st) == SQLITE_ROW) {
        uint64_t had = 0, key = column(st, 0);
        int64_t now = sqlite3_column_int64(st, 1);
        if (idmap_get(seen, key, &had) && now < (int64_t)had)
            fault(c, "%s %" PRIu64 " went back from %" PRIu64 " to %" PRId64 " mJ", what, key, had, now);
        idmap_set(seen, key, (uint64_t)now);
    }
    sqlite3_finalize(st);
}

static void none(struct campaign *c, sqlite3 *db, const char *what, const char *sql)
{
    sqlite3_stmt *st = query(db, sql);
    if (sqlite3_step(st) == SQLITE_ROW)
        fault(c, "%s: %s %" PRIu64 ": %" PRId64 " against %" PRId64, what, sqlite3_column_name(st, 0),
              column(st, 0), (int64_t)sqlite3_column_int64(st, 1), (int64_t)sqlite3_column_int64(st, 2));
    sqlite3_finalize(st);
}

static void check_ledger(struct campaign *c, sqlite3 *db)
{
    grows(c, db, &c->agents.meter, "the meter of board", "SELECT board, total_mj FROM meter");
    grows(c, db, &c->agents.zone, "the heat of zone", "SELECT id, delivered_mj FROM zone");
    none(c, db, "the ledger of a board is not its meter",
         "SELECT board, w.e, total_mj FROM meter JOIN (SELECT board, sum(energy_mj) e FROM ledger_work GROUP "
         "BY 1) w USING "
         "(board) WHERE started AND w.e <> total_mj");
    none(c, db, "the hours of a zone are not its sum",
         "SELECT zone, w.d, delivered_mj FROM zone JOIN (SELECT zone, sum(delivered_mj) d FROM ledger_zone "
         "GROUP BY 1) w ON "
         "zone.id = w.zone WHERE w.d <> delivered_mj");
    none(c, db, "the ledger of a task is not that of its attempts",
         "SELECT task, w.e, a.e FROM (SELECT task, sum(energy_mj) e FROM ledger_work WHERE task > 0 GROUP BY "
         "1) w JOIN "
         "(SELECT task, sum(energy_mj) e FROM attempt GROUP BY 1) a USING (task) WHERE w.e <> a.e AND NOT "
         "EXISTS (SELECT 1 "
         "FROM lease WHERE lease.task = w.task)");
}

static int64_t figure(const char *body, const char *name)
{
    const char *at = strstr(body, "\"activity\":\"flex\"");
    at = at ? strstr(at, name) : NULL;
    return at ? atoll(at + strlen(name)) : -1;
}

void agents_ledger(struct campaign *c, const char *body)
{
    struct agents *g = &c->agents;
    int64_t energy_mj = figure(body, "\"energy_mj\":"), core_ms = figure(body, "\"core_ms\":");
    if (energy_mj < g->energy_mj || core_ms < g->core_ms)
        fault(c,
              "the ledger said %" PRId64 " mJ and %" PRId64 " core-ms, now it says %" PRId64 " and %" PRId64,
              g->energy_mj, g->core_ms, energy_mj, core_ms);
    g->energy_mj = energy_mj;
    g->core_ms = core_ms;
}

static void ask_ledger(struct campaign *c)
{
    struct lane l = {.fd = -1};
    if (lane_open(&l, c->port) && lane_call(&l, "GET", "/ondol/v1/ledger", c->token, NULL, 20000) &&
        l.status == 200)
        agents_ledger(c, lane_body(&l, NULL));
    else
        fault(c, "GET /ondol/v1/ledger was not answered with 200");
    lane_deinit(&l);
}

void agents_verify(struct campaign *c, sqlite3 *db)
{
    check_nodes(c, db);
    check_attempts(c, db);
    check_voices(c, db);
    check_ledger(c, db);
    ask_ledger(c);
}

// ---- the end

static sqlite3 *look(struct campaign *c)
{
    char path[4200];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/ondol.db", c->dir);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        fault(c, "%s cannot be opened: %s", path, sqlite3_errmsg(db));
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = query(db, sql);
    int64_t v = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
    sqlite3_finalize(st);
    return v;
}

// The first agent's own book, of house time `after_ms` or later.
static json_t *own_book(struct campaign *c, int64_t after_ms)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.status", c->agents.dir, c->agents.v[0].name);
    for (int64_t until = now_ms() + 60000; now_ms() < until; usleep(20000)) {
        json_t *j = json_load_file(path, 0, NULL);
        if (json_integer_value(json_object_get(j, "house_ms")) > after_ms)
            return j;
        json_decref(j);
    }
    fault(c, "%s is not written any more", path);
    return json_object();
}

// What the server has of a board by activity must come to lie between what the agent had counted before and
// after.
static void square(struct campaign *c, sqlite3 *db)
{
    json_t *before = own_book(c, house_now(c)), *b;
    size_t i, squared = 0;
    bool again = true;
    char sql[300];
    for (int64_t until = now_ms() + 60000; again; usleep(20000)) {
        json_t *after = own_book(c, house_now(c));
        again = now_ms() < until;
        squared = 0;
        json_array_foreach(json_object_get(before, "boards"), i, b)
        {
            json_t *later = json_array_get(json_object_get(after, "boards"), i);
            bool good = true;
            for (size_t k = 0; k < ACTIVITY_N; k++) {
                if (k == ACTIVITY_UNATTRIBUTED)
                    continue;
                snprintf(sql, sizeof sql,
                         "SELECT coalesce(sum(energy_mj), 0) FROM ledger_total WHERE activity = %zu AND "
                         "board = (SELECT id FROM "
                         "board WHERE name = '%s')",
                         k, json_string_value(json_object_get(b, "name")));
                int64_t least = json_integer_value(json_array_get(json_object_get(b, "part_mj"), k)),
                        most = json_integer_value(json_array_get(json_object_get(later, "part_mj"), k)),
                        is = number(db, sql);
                int64_t rounding = 10 + (int64_t)c->agents.well / 4; // a lease's is cut to whole mJ
                good &= is >= least - rounding && is <= most + rounding;
                if (!again && (is < least - rounding || is > most + rounding))
                    fault(c,
                          "board %zu of %s, %s: the server has %" PRId64 " mJ, the agent %" PRId64
                          " to %" PRId64,
                          i, c->agents.v[0].name, activity_name((int)k), is, least, most);
            }
            squared += good;
        }
        json_decref(after);
        again = again && squared < json_array_size(json_object_get(before, "boards"));
    }
    json_decref(before);
}

void agents_settle(struct campaign *c)
{
    sqlite3 *db = look(c);
    char open[200];
    snprintf(open, sizeof open, "SELECT count(*) FROM task WHERE state NOT IN (%d, %d, %d)", TASK_CANCELLED,
             TASK_SUCCESS, TASK_FAILURE);
    for (int64_t until = now_ms() + SETTLE_MS; number(db, open) > 0 && now_ms() < until; usleep(50000))
        ;
    if (number(db, open) > 0)
        fault(c, "%" PRId64 " tasks have not ended %d s after the last request", number(db, open),
              SETTLE_MS / 1000);
    square(c, db);
    sqlite3_close(db);
    c->same_server = true;
    verify(c);
    for (size_t i = 0; i < c->n_live; i++) {
        const struct job *j = &c->job[c->live[i]];
        if (!j->aborted && j->well != j->instances)
            fault(c, "j%u was acknowledged and never aborted, but only %d of its %d instances ended well",
                  c->live[i], j->well, j->instances);
    }
}
