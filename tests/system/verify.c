// SPDX-License-Identifier: Apache-2.0
//
// After a kill and a restart: the database (read with a connection of our own) and the server's answers
// against the log.
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign.h"
#include "core/work/ranges.h"

#define SAMPLES 24 // tasks looked at over HTTP

struct look {
    struct campaign *c;
    sqlite3 *db;
};

static sqlite3_stmt *query(struct look *l, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(l->db, sql, -1, &st, NULL) != SQLITE_OK) {
        fprintf(stderr, "campaign: %s: %s\n", sql, sqlite3_errmsg(l->db));
        exit(2);
    }
    return st;
}

static int64_t number(struct look *l, const char *sql)
{
    sqlite3_stmt *st = query(l, sql);
    int64_t v = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
    sqlite3_finalize(st);
    return v;
}

// ---- node

static void check_node(struct look *l)
{
    struct campaign *c = l->c;
    struct played *p = &c->node;
    int64_t epoch = number(l, "SELECT value FROM store_state WHERE name = 'epoch'");
    if (epoch < (int64_t)c->store_epoch + !c->same_server)
        fault(c, "the store's epoch is %lld after %llu", (long long)epoch,
              (unsigned long long)c->store_epoch);
    c->store_epoch = (uint64_t)epoch;
    if (c->real)
        return;
    sqlite3_stmt *st = query(l, "SELECT epoch, seq, nonce FROM node WHERE name = 'n1'");
    if (sqlite3_step(st) == SQLITE_ROW) {
        uint64_t node_epoch = (uint64_t)sqlite3_column_int64(st, 0),
                 seq = (uint64_t)sqlite3_column_int64(st, 1);
        if (!p->up.epoch) { // its first call may have been recorded without an answer
            if (node_epoch < p->best_epoch)
                fault(c, "the node's epoch went back to %llu", (unsigned long long)node_epoch);
        } else if (node_epoch != p->up.epoch) {
            fault(c, "the node's epoch is %llu, it was granted %llu", (unsigned long long)node_epoch,
                  (unsigned long long)p->up.epoch);
        } else if (seq < p->acked || seq > p->seq) {
            fault(c, "the node's seq is %llu; acknowledged was %llu of %llu", (unsigned long long)seq,
                  (unsigned long long)p->acked, (unsigned long long)p->seq);
        } else {
            played_recorded(c, seq);
        }
    } else if (p->best_epoch) {
        fault(c, "the node is gone");
    }
    sqlite3_finalize(st);
}

// ---- tasks

static uint64_t count_of(const unsigned char *text)
{
    struct ranges r = RANGES_NULL;
    if (text && *text)
        ranges_parse(&r, (const char *)text, RANGES_ID_MAX, NULL);
    uint64_t n = ranges_count(&r);
    ranges_deinit(&r);
    return n;
}

static void check_state(struct look *l, uint32_t n, int state, uint64_t well, uint64_t badly)
{
    struct job *j = &l->c->job[n];
    bool stopped = state == TASK_PENDING_CANCEL || state == TASK_CANCELLED;
    if (j->abort_asked && (stopped || j->aborted))
        j->aborted = true;
    if (l->c->real && well >= j->well && badly >= j->badly) { // what was ended stays so
        j->well = (uint8_t)well;
        j->badly = (uint8_t)badly;
    }
    if (well != j->well || badly != j->badly)
        fault(l->c, "j%u: %d and %d instances ended well and badly, the node's log says %d and %d", n,
              (int)well, (int)badly, j->well, j->badly);
    bool all = j->well + j->badly == j->instances;
    if (state == TASK_PENDING_DELETE ? !j->deleted && !j->delete_asked
        : j->aborted                 ? !stopped && !(state == TASK_FAILURE && j->badly)
        : all                        ? state != (j->badly ? TASK_FAILURE : TASK_SUCCESS) && !j->abort_asked
                                     : state >= TASK_PENDING_CANCEL)
        fault(l->c, "j%u is %s; aborted %d, %d well, %d badly of %d", n,
              task_state_name((enum task_state)state), j->aborted, j->well, j->badly, j->instances);
    if (state == TASK_PENDING_DELETE) {
        j->deleted = true;
        job_dead(l->c, n);
    }
}

static void check_body(struct look *l, uint32_t n, const char *body)
{
    struct job *j = &l->c->job[n];
    struct buf secret = BUF_INIT(4096);
    char name[40];
    snprintf(name, sizeof name, "\"name\":\"j%u\"", n);
    buf_puts(&secret, "\"value\":\"");
    job_secret(l->c, n, &secret);
    buf_putc(&secret, '"');
    bool tag = false;
    for (uint32_t v = j->tag; v <= j->tag_asked && !tag; v++) {
        char text[60];
        snprintf(text, sizeof text, "\"tags\":[\"t%u-%u\"]", n, v);
        tag = strstr(body, text) != NULL;
        if (tag)
            j->tag = v;
    }
    if (!strstr(body, name) || !strstr(body, buf_str(&secret)) || !tag)
        fault(l->c, "j%u (tag %u): its body is %.600s", n, j->tag, body);
    j->tag_asked = j->tag;
    buf_deinit(&secret);
}

static void check_task(struct look *l, sqlite3_stmt *st)
{
    struct campaign *c = l->c;
    unsigned n = 0;
    uint64_t id = (uint64_t)sqlite3_column_int64(st, 0), other;
    const char *uuid = (const char *)sqlite3_column_text(st, 1),
               *name = (const char *)sqlite3_column_text(st, 2);
    const char *body = (const char *)sqlite3_column_text(st, 6);
    struct job *j = sscanf(name ? name : "", "j%u", &n) == 1 ? job_known(c, n, uuid) : NULL;
    if (!j) {
        fault(c, "task %llu %s \"%s\" is not one of ours, or there twice", (unsigned long long)id, uuid,
              name);
        return;
    }
    if (idmap_get(&c->rows, id, &other) && other != n)
        fault(c, "id %llu was given to j%u and again to j%u", (unsigned long long)id, (unsigned)other, n);
    if (j->row && j->row != id)
        fault(c, "j%u is there as id %llu and %llu", n, (unsigned long long)j->row, (unsigned long long)id);
    if (!j->row && id <= c->top_id)
        fault(c, "j%u is new with id %llu, but %llu was issued before", n, (unsigned long long)id,
              (unsigned long long)c->top_id);
    idmap_set(&c->rows, id, n);
    j->row = id;
    j->round = c->round;
    if (!j->acked) { // recorded, but the answer was lost
        j->acked = true;
        uint32_t *at = VEC_PUSH(c->live, c->n_live, c->cap_live);
        *at = n;
        j->place = (uint32_t)c->n_live;
    }
    if (j->deleted && sqlite3_column_int(st, 3) != TASK_PENDING_DELETE)
        fault(c, "j%u was deleted and is there again", n);
    if (!body) {
        fault(c, "j%u has no body", n);
        return;
    }
    check_body(l, n, body);
    check_state(l, n, sqlite3_column_int(st, 3), count_of(sqlite3_column_text(st, 4)),
                count_of(sqlite3_column_text(st, 5)));
}

static void check_tasks(struct look *l)
{
    struct campaign *c = l->c;
    uint64_t top = c->top_id;
    sqlite3_stmt *st = query(l, "SELECT t.id, uuid, name, state, succeeded, failed, body FROM task t "
                                "LEFT JOIN task_body b ON b.id = t.id");
    while (sqlite3_step(st) == SQLITE_ROW) {
        check_task(l, st);
        if ((uint64_t)sqlite3_column_int64(st, 0) > top)
            top = (uint64_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    for (uint32_t i = 0; i < c->n_live; i++) {
        uint32_t n = c->live[i];
        struct job *j = &c->job[n];
        if (j->round == c->round || !j->acked)
            continue;
        if (!j->delete_asked)
            fault(c, "j%u %s was acknowledged and is lost", n, j->uuid);
        j->deleted = true;
        job_dead(c, n);
        i--;
    }
    st = query(l, "SELECT max(id) FROM lease");
    if (sqlite3_step(st) == SQLITE_ROW && (uint64_t)sqlite3_column_int64(st, 0) > top)
        top = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    c->top_id = top;
    int64_t next = number(l, "SELECT value FROM meta WHERE name = 'next_id'");
    if (next <= (int64_t)top)
        fault(c, "the next id is %lld, but %llu is in use", (long long)next, (unsigned long long)top);
}

// Bulk requests are one event: all of their tasks or none. Only those unanswered at the kill are in question.
static void settle_unknown(struct look *l, uint32_t from)
{
    struct campaign *c = l->c;
    for (uint32_t n = from; n < c->n_jobs; n++) {
        struct job *j = &c->job[n];
        if (n > 1 && j->batch && j->batch == c->job[n - 1].batch && j->acked != c->job[n - 1].acked)
            fault(c, "half of a bulk request is recorded (j%u)", n);
    }
    for (uint32_t i = 0; i < c->n_live; i++) {
        struct job *j = &c->job[c->live[i]];
        j->busy = j->abort_asked = j->delete_asked = false;
    }
}

// ---- output and attempts

static void check_output(struct look *l)
{
    sqlite3_stmt *st = query(
        l, "SELECT task, instance, sum(lines), EXISTS (SELECT 1 FROM attempt a WHERE a.task = o.task AND "
           "a.instance = o.instance AND a.how <> 0), EXISTS (SELECT 1 FROM attempt a WHERE a.task = "
           "o.task AND a.instance = o.instance AND a.how = 0) FROM output o GROUP BY task, instance");
    uint64_t n;
    uint64_t sum = 0, want = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        uint64_t instance = (uint64_t)sqlite3_column_int64(st, 1),
                 lines = (uint64_t)sqlite3_column_int64(st, 2);
        if (!idmap_get(&l->c->rows, (uint64_t)sqlite3_column_int64(st, 0), &n) || instance >= INSTANCES)
            continue; // of a task that came and went between two looks
        if (l->c->job[n].deleted)
            continue;
        sum += lines;
        bool lost = sqlite3_column_int64(st, 3) != 0, ended = sqlite3_column_int64(st, 4) != 0;
        // A real task that had not ended when its node died with the server is lost, and tried again, while
        // we look.
        l->c->job[n].again[instance] |= lost || (l->c->real && !l->c->agents.n && !ended);
        if (l->c->real) {
            if (lines < l->c->job[n].read[instance])
                fault(l->c, "j%u/%u: %u lines were given, %u are there", (unsigned)n, (unsigned)instance,
                      l->c->job[n].read[instance], (unsigned)lines);
            l->c->job[n].lines[instance] = (uint32_t)lines;
        }
        if (l->c->job[n].lines[instance] != lines)
            fault(l->c, "j%u/%u: %u lines are recorded, the node's log has %u", (unsigned)n,
                  (unsigned)instance, (unsigned)lines, l->c->job[n].lines[instance]);
    }
    sqlite3_finalize(st);
    for (uint32_t i = 0; i < l->c->n_live; i++)
        for (int k = 0; k < INSTANCES; k++)
            want += l->c->job[l->c->live[i]].lines[k];
    if (sum != want)
        fault(l->c, "%llu lines are recorded in all, the node's log has %llu", (unsigned long long)sum,
              (unsigned long long)want);
}

static void check_attempts(struct look *l)
{
    struct campaign *c = l->c;
    struct played *p = &c->node;
    sqlite3_stmt *st = query(
        l, "SELECT lease, epoch, seq, energy_mj, how FROM attempt WHERE task = ?1 AND instance = ?2 AND "
           "attempt = ?3");
    for (size_t i = 0; i < p->n_ended; i++) {
        const struct ended *x = &p->ended[i];
        const struct job *j = &c->job[x->job];
        if (j->deleted || !j->row)
            continue;
        sqlite3_bind_int64(st, 1, (int64_t)j->row);
        sqlite3_bind_int64(st, 2, x->instance);
        sqlite3_bind_int64(st, 3, x->attempt);
        if (sqlite3_step(st) != SQLITE_ROW)
            fault(c, "attempt %u of j%u/%u is lost", x->attempt, x->job, x->instance);
        else if ((uint64_t)sqlite3_column_int64(st, 0) != x->lease ||
                 (uint64_t)sqlite3_column_int64(st, 1) != x->epoch ||
                 (uint64_t)sqlite3_column_int64(st, 2) != x->seq ||
                 sqlite3_column_int64(st, 3) != x->energy_mj || sqlite3_column_int(st, 4) != x->end)
            fault(c, "attempt %u of j%u/%u is recorded otherwise than it was told", x->attempt, x->job,
                  x->instance);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    p->n_ended = 0;
    int64_t twice =
        number(l, "SELECT count(*) FROM (SELECT 1 FROM attempt WHERE seq > 0 GROUP BY node, epoch, seq "
                  "HAVING count(*) > 1)");
    int64_t leases =
        number(l, "SELECT count(*) FROM (SELECT 1 FROM attempt GROUP BY lease HAVING count(*) > 1)");
    int64_t both = number(l, "SELECT count(*) FROM lease JOIN attempt USING (task, instance, attempt)");
    if (twice || leases || both)
        fault(c, "attempts: %lld reports and %lld leases counted twice, %lld ended and still held",
              (long long)twice, (long long)leases, (long long)both);
}

// ---- the books

static void equal(struct look *l, const char *what, int board, int64_t is, int64_t must)
{
    if (is != must)
        fault(l->c, "%s of board or zone %d is %lld, the node's own log says %lld", what, board + 1,
              (long long)is, (long long)must);
}

static void check_books(struct look *l)
{
    for (int i = 0; i < BOARDS; i++) {
        const struct book *b = &l->c->node.book[i];
        char sql[400];
#define ASK(...) (snprintf(sql, sizeof sql, __VA_ARGS__), number(l, sql))
        if (!b->started)
            continue;
        equal(l, "work", i,
              ASK("SELECT coalesce(sum(energy_mj), 0) FROM ledger_work WHERE task > 0 AND board = (SELECT id "
                  "FROM "
                  "board WHERE name = 'b%d')",
                  i + 1),
              b->work_mj);
        equal(l, "idle", i,
              ASK("SELECT coalesce(sum(energy_mj), 0) FROM ledger_work WHERE activity = %d AND board = "
                  "(SELECT id "
                  "FROM board WHERE name = 'b%d')",
                  ACTIVITY_IDLE, i + 1),
              b->idle_mj);
        equal(
            l, "meter", i,
            ASK("SELECT total_mj FROM meter WHERE board = (SELECT id FROM board WHERE name = 'b%d')", i + 1),
            b->raw_mj - b->first_raw_mj);
        equal(l, "asked", i, ASK("SELECT asked_mj FROM zone WHERE name = 'z%d'", i + 1), b->asked_mj);
        equal(l, "asked, by hours", i,
              ASK("SELECT coalesce(sum(asked_mj), 0) FROM ledger_zone WHERE zone = (SELECT id FROM zone "
                  "WHERE name = 'z%d')",
                  i + 1),
              b->asked_mj);
        equal(l, "delivered", i, ASK("SELECT delivered_mj FROM zone WHERE name = 'z%d'", i + 1),
              b->delivered_mj);
#undef ASK
    }
    int64_t differ = number(
        l, "SELECT count(*) FROM (SELECT board, account, activity, sum(energy_mj) e, sum(core_ms) c, sum(ms) "
           "m FROM ledger_work GROUP BY 1, 2, 3) w LEFT JOIN ledger_total t USING (board, account, activity) "
           "WHERE t.energy_mj IS NOT w.e OR t.core_ms IS NOT w.c OR t.ms IS NOT w.m");
    if (differ)
        fault(l->c, "%lld sums of the ledger are not the sums of its cells", (long long)differ);
    struct campaign *c = l->c;
    char zone[100];
    snprintf(zone, sizeof zone, "SELECT setpoint_mc FROM zone WHERE name = '%s'", setpoint_zone(c));
    int64_t setpoint = number(l, zone);
    if (c->setpoint_acked && setpoint != c->setpoint_acked && setpoint != c->setpoint_asked)
        fault(c, "the setpoint is %lld; acknowledged was %lld", (long long)setpoint,
              (long long)c->setpoint_acked);
    if (setpoint > 0)
        c->setpoint_acked = c->setpoint_asked = setpoint;
}

// ---- over HTTP

static void ask(struct campaign *c, struct lane *h, uint32_t n)
{
    struct job *j = &c->job[n];
    char path[80];
    snprintf(path, sizeof path, "/tasks/%s", j->uuid);
    if (!lane_call(h, "GET", path, c->token, NULL, 20000)) {
        fault(c, "GET %s was not answered", path);
        return;
    }
    const char *body = lane_body(h, NULL);
    struct buf secret = BUF_INIT(4096);
    job_secret(c, n, &secret);
    if (j->deleted ? h->status != 404 && !(h->status == 200 && strstr(body, "PendingDelete"))
                   : h->status != 200 || !strstr(body, buf_str(&secret)) || !strstr(body, j->uuid))
        fault(c, "GET %s (j%u, deleted %d): %d %.300s", path, n, j->deleted, h->status, body);
    buf_deinit(&secret);
    lane_next(h);
}

static void check_answers(struct campaign *c)
{
    struct lane h = {.fd = -1};
    if (!lane_open(&h, c->port)) {
        fault(c, "no connection to the new server");
        return;
    }
    for (int i = 0; i < SAMPLES && c->n_jobs > 1; i++) {
        uint32_t n = 1 + (uint32_t)rng_below(&c->rng, c->n_jobs - 1);
        if (c->job[n].uuid[0])
            ask(c, &h, n);
        if (c->n_live)
            ask(c, &h, c->live[rng_below(&c->rng, c->n_live)]);
    }
    for (int i = 0, tries = 0; i < SAMPLES / 2 && tries < 400 && c->n_live; tries++) {
        uint32_t n = c->live[rng_below(&c->rng, c->n_live)];
        if (!c->job[n].lines[0] || c->job[n].busy)
            continue;
        i++;
        if (!client_drain_cursor(c, &h, n))
            break;
    }
    lane_deinit(&h);
}

void verify(struct campaign *c)
{
    struct look l = {.c = c};
    char path[4096];
    snprintf(path, sizeof path, "%s/ondol.db", c->dir);
    if (sqlite3_open_v2(path, &l.db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        fault(c, "%s cannot be opened: %s", path, sqlite3_errmsg(l.db));
        sqlite3_close(l.db);
        return;
    }
    sqlite3_busy_timeout(l.db, 5000);
    sqlite3_exec(l.db, "BEGIN", NULL, NULL, NULL); // one view of all
    c->round++;
    check_node(&l);
    check_tasks(&l);
    settle_unknown(&l, 1);
    check_output(&l);
    check_attempts(&l);
    check_books(&l);
    if (c->agents.n)
        agents_verify(c, l.db);
    sqlite3_close(l.db);
    check_answers(c);
    c->agents.died = false;
}
