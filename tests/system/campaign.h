// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the campaign share: its own log of what it was told, and how to judge a server by it.
//
//   client.c  many connections that create, change, abort, delete and read tasks
//   played.c  a node that runs them, with its own log of every report
//   agents.c  instead of it real agents that outlive the server, and are killed in their turn
//   verify.c  after each kill: the database against both logs
#ifndef ONDOL_TESTS_SYSTEM_CAMPAIGN_H
#define ONDOL_TESTS_SYSTEM_CAMPAIGN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/rng.h"
#include "core/engine/sync.h"
#include "lane.h"

#define LANES          32
#define INSTANCES      3 // most per job
#define BOARDS         8
#define AGENTS         8  // most real ones
#define CAMPAIGN_SPEED 20 // of their house
#define SETPOINT_ZONE  "z1"
#define LONG_LINES                                                                                           \
    8 // that one job in LONG_ONE_IN prints with real agents, slowly; the others SHORT_LINES at once
#define SHORT_LINES 2
#define LONG_ONE_IN 4

struct job {                    // a task, from the moment it is asked for
    char uuid[UUID_TEXT_BYTES]; // "" until it is known
    uint64_t row;               // id in the database, once seen
    uint8_t instances;
    bool acked; // its creation was
    bool busy;  // a request about it is under way
    bool aborted, abort_asked, deleted, delete_asked, read_asked;
    uint32_t tag, tag_asked;   // versions of its tag: acknowledged, last asked for
    uint32_t said[INSTANCES];  // lines that the node made
    uint32_t lines[INSTANCES]; // lines that the server has, by the node's log
    uint32_t read[INSTANCES];  // lines that the client was given
    bool gap[INSTANCES];       // an answer never came: the cursor may have moved
    bool again[INSTANCES];     // it had a second attempt: what a lost one printed may be held back for ever
    uint64_t voice[INSTANCES]; // real agents: who printed the last line that the client was given
    bool changed[INSTANCES];   // it was another one than before: there must have been another attempt
    uint8_t well, badly;       // instances that ended so, by the node's log
    uint32_t batch;            // 0, or the number of its bulk request
    uint32_t place;            // in `live`
    uint32_t round;            // last verified
};

struct ended { // an attempt that the node told the end of, as the server must have it
    uint32_t job, instance, attempt;
    uint64_t lease, epoch, seq;
    int64_t energy_mj;
    uint8_t end;
};

struct told { // a report and what it means for the books
    struct report r;
    char *data;
    uint32_t job, instance, attempt, lines;
    int board;
};

struct running { // a lease that the node works on
    uint64_t lease;
    uint32_t job, instance, attempt;
    int board;
    uint8_t step, steps, stop_end;
    bool stop, seen;
    int64_t began_ms, energy_mj;
};

struct book { // of one board or zone: figures by the reports that the server has, and by all that were made
    int64_t work_mj, idle_mj, raw_mj, first_raw_mj, asked_mj, delivered_mj;
    int64_t said_idle_mj, said_work_mj, said_asked_mj, said_delivered_mj;
    int64_t idle0_mj, asked0_mj,
        delivered0_mj; // when the node's epoch began: what it tells counts from there
    bool started;
};

struct played {
    struct lane lane;
    struct sync_up up;
    struct offer_zone zone[BOARDS];
    struct offer_board board[BOARDS];
    struct book book[BOARDS];  // board i stands in zone i
    struct idmap lease_energy; // lease -> last mj that the server has of it
    struct running run[BOARDS];
    size_t n_run;
    struct told *told; // not known to be recorded
    size_t n_told, cap_told;
    struct ended *ended; // since the last verification
    size_t n_ended, cap_ended;
    struct idmap leases; // every lease ever seen -> hash of (job, instance, attempt)
    struct idmap tries;  // the other way
    uint64_t seq, acked;
    int64_t idle_base_ms, sent_ms, level_ms;
    bool restart;        // to begin a new epoch when nothing is unacknowledged
    uint64_t best_epoch; // the highest granted
};

struct agent { // a real one, and how far the server had come with it at the last verification
    char name[8];
    pid_t pid;
    uint64_t epoch, seq;
    bool died; // at least once: until then none of its attempts may be lost
};

struct agents {
    struct agent v[AGENTS];
    size_t n;
    const char *bin; // folder of ondol and ondol-agent
    char dir[4096], house0[24], wall0[24];
    struct idmap leases;            // every lease ever seen -> hash of (task, instance, attempt)
    struct idmap tries;             // the other way
    struct idmap judged;            // leases whose output was looked at
    struct idmap meter;             // board -> mJ, as last seen
    struct idmap zone;              // zone -> mJ delivered, as last seen
    bool died;                      // one of them, since the last verification
    bool asking;                    // for the ledger, now
    uint64_t deaths, well, spanned; // attempts that ended well; those of them that began before a restart
    int64_t started_ms;             // the server, house time
    int64_t energy_mj, core_ms;     // of the account's work, as the client was last told
};

enum op { OP_NONE, OP_CREATE, OP_BULK, OP_ABORT, OP_DELETE, OP_PUT, OP_READ, OP_SETPOINT, OP_LEDGER };

struct client {
    struct lane lane;
    enum op op;
    uint32_t job, n; // first job and how many; instance for OP_READ
    int64_t value;
};

struct campaign {
    struct rng rng;
    uint64_t seed;
    bool same_server; // as at the last verification
    bool real;        // real agents run the tasks: only the clients' log is there to compare with
    const char *dir, *token, *node_token;
    int port;
    struct client client[LANES];
    struct played node;
    struct agents agents; // n = 0: none of ours
    struct job *job;      // by number; 0 is nobody
    size_t n_jobs, cap_jobs;
    uint32_t *live; // acknowledged and not deleted
    size_t n_live, cap_live, keep;
    struct strmap by_uuid;
    struct idmap rows; // every task id ever seen -> job
    uint64_t top_id;   // highest id of any kind ever seen
    uint64_t store_epoch;
    uint32_t round, batches;
    int64_t setpoint_acked, setpoint_asked;
    uint64_t writes, requests, refused; // acknowledged since the server started
    uint64_t faults;
    FILE *out;
};

void fault(struct campaign *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int64_t now_ms(void);
void job_body(const struct campaign *c, uint32_t n, struct buf *out); // the JSON as sent
uint32_t job_prints(uint32_t n); // lines of each instance, by real agents
const char *setpoint_zone(const struct campaign *c);
void job_secret(const struct campaign *c, uint32_t n, struct buf *out); // the long constant in it
struct job *job_known(struct campaign *c, uint32_t n,
                      const char *uuid);       // NULL: there is no such job, or it has another uuid
void job_dead(struct campaign *c, uint32_t n); // no longer in `live`

void client_idle(struct campaign *c, struct client *k); // gives it something to do
bool client_move(struct campaign *c, struct client *k); // false: its connection broke
void client_lost(struct campaign *c, struct client *k); // what was under way has an unknown end
bool client_drain_cursor(struct campaign *c, struct lane *l,
                         uint32_t job); // reads to the end, judging each line

void played_init(struct campaign *c);
void played_deinit(struct campaign *c);
void played_idle(struct campaign *c);
bool played_move(struct campaign *c);
void played_recorded(struct campaign *c, uint64_t seq); // the server has all up to here

bool agents_start(struct campaign *c, size_t n);          // after the server; false: no task can run
void agents_restarted(struct campaign *c);                // the server was
void agents_kill_one(struct campaign *c);                 // -9, and another on the same heaters
void agents_ledger(struct campaign *c, const char *body); // what the client was told
void agents_settle(struct campaign *c);                   // all ends well when nothing new comes
void agents_stop(struct campaign *c);
void agents_verify(struct campaign *c, sqlite3 *db);

void verify(struct campaign *c);

#endif
