// SPDX-License-Identifier: Apache-2.0
//
// The node: one board a zone, each zone always cold. It keeps every report until it is acknowledged and sends
// it again, and books a report only when the server is known to have it.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "campaign.h"
#include "net/wire.h"

#define TOLD_MAX 400 // reports kept; more wait
#define WORK_MW  60000
#define IDLE_MW  9000

void played_init(struct campaign *c)
{
    struct played *p = &c->node;
    p->lane.fd = -1;
    p->up = (struct sync_up){.node = "n1", .nonce = 1 + rng_next(&c->rng) / 2, .has_offer = true};
    for (int i = 0; i < BOARDS; i++) {
        struct offer_zone *z = &p->zone[i];
        struct offer_board *b = &p->board[i];
        *z = (struct offer_zone){.site = "s1",
                                 .label = "a room",
                                 .nameplate_w = 500,
                                 .setpoint_mc = 20000,
                                 .mode = ZONE_COMFORT,
                                 .is_virtual = true};
        snprintf(z->name, sizeof z->name, "z%d", i + 1);
        *b = (struct offer_board){
            .curve = *curve_default(),
            .sandbox = true,
            .spec = {.cores = 8, .memory_mb = 16384, .key = "8c-16g", .cpu_model = "Ryzen"}};
        snprintf(b->name, sizeof b->name, "b%d", i + 1);
        snprintf(b->heater, sizeof b->heater, "h%d", i + 1);
        memcpy(b->zone, z->name, sizeof b->zone);
    }
    p->up.offer = (struct offer){.zone = p->zone, .n_zones = BOARDS, .board = p->board, .n_boards = BOARDS};
}

static void told_drop(struct played *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(p->told[i].data);
    p->n_told -= n;
    if (p->n_told && n)
        memmove(p->told, p->told + n, p->n_told * sizeof *p->told);
}

void played_deinit(struct campaign *c)
{
    struct played *p = &c->node;
    told_drop(p, p->n_told);
    free(p->told);
    free(p->ended);
    idmap_deinit(&p->lease_energy);
    idmap_deinit(&p->leases);
    idmap_deinit(&p->tries);
    lane_deinit(&p->lane);
}

// ---- making reports

static struct told *tell(struct played *p, enum report_kind kind, const struct running *r)
{
    struct told *t = VEC_PUSH(p->told, p->n_told, p->cap_told);
    *t = (struct told){.r = {.seq = ++p->seq, .at = HOUSE_MS(now_ms()), .kind = kind}, .board = -1};
    if (r) {
        t->r.lease = r->lease;
        t->job = r->job;
        t->instance = r->instance;
        t->attempt = r->attempt;
        t->board = r->board;
    }
    return t;
}

static int64_t work_mj(const struct running *r)
{
    return (now_ms() - r->began_ms) * (WORK_MW / 1000);
}

static void speak(struct campaign *c, struct played *p, struct running *r)
{
    struct buf text = BUF_INIT(4096);
    struct told *t = tell(p, REPORT_OUTPUT, r);
    t->lines = 1 + (uint32_t)rng_below(&c->rng, 4);
    for (uint32_t i = 0; i < t->lines; i++)
        buf_putf(&text, "l%u %u %u\n", r->job, r->instance, c->job[r->job].said[r->instance]++);
    t->r.output.n = text.n;
    t->r.output.data = t->data = buf_take(&text);
}

static void finish(struct campaign *c, struct played *p, struct running *r)
{
    struct told *t = tell(p, REPORT_EXITED, r);
    bool well = rng_below(&c->rng, 10) > 0;
    r->energy_mj = work_mj(r);
    t->r.exited.end = r->stop ? r->stop_end : well ? ATTEMPT_SUCCESS : ATTEMPT_FAILURE;
    t->r.exited.exit_code = r->stop ? -1 : !well;
    t->r.exited.signal = r->stop ? 9 : -1;
    t->r.exited.wall_ms = t->r.exited.exec_ms = now_ms() - r->began_ms;
    t->r.exited.core_ms = 8 * t->r.exited.exec_ms;
    t->r.exited.energy_mj = r->energy_mj;
    p->book[r->board].said_work_mj += r->energy_mj;
}

// One step of a lease: started, some lines with a meter, the end. True when it is over.
static bool work(struct campaign *c, struct played *p, struct running *r)
{
    if (r->stop || r->step > r->steps) {
        finish(c, p, r);
        return true;
    }
    if (r->step == 0) {
        tell(p, REPORT_STARTED, r)->r.started.at = HOUSE_MS(now_ms());
    } else {
        speak(c, p, r);
        struct told *t = tell(p, REPORT_METER_LEASE, r);
        r->energy_mj = work_mj(r);
        t->r.meter_lease.energy_mj = r->energy_mj;
        t->r.meter_lease.core_ms = 8 * (now_ms() - r->began_ms);
    }
    r->step++;
    return false;
}

static void levels(struct played *p)
{
    int64_t now = now_ms(), passed = p->idle_base_ms ? now - p->idle_base_ms : 0;
    p->idle_base_ms = now;
    p->level_ms = now;
    for (int i = 0; i < BOARDS; i++) {
        struct book *b = &p->book[i];
        struct told *t = tell(p, REPORT_ZONE, NULL);
        memcpy(t->r.name, p->zone[i].name, sizeof t->r.name);
        t->r.zone.room_mc = 15000;
        t->r.zone.setpoint_mc = 20000;
        t->r.zone.mode = ZONE_COMFORT;
        t->r.zone.request = (struct heat_request){.target_w = 450,
                                                  .min_w = 0,
                                                  .max_w = 500,
                                                  .up_j = 1000,
                                                  .down_j = 10,
                                                  .t_up_s = 3600,
                                                  .t_down_s = 60,
                                                  .valid_until = house_add(t->r.at, 900000)};
        snprintf(t->r.zone.why, sizeof t->r.zone.why, "cold");
        b->said_idle_mj += passed * (IDLE_MW / 1000);
        t = tell(p, REPORT_METER_BOARD, NULL);
        t->board = i;
        memcpy(t->r.name, p->board[i].name, sizeof t->r.name);
        int64_t running = 0;
        for (size_t k = 0; k < p->n_run; k++)
            running += p->run[k].board == i ? work_mj(&p->run[k]) : 0;
        t->r.meter_board.raw_mj = 777 + b->said_idle_mj + b->said_work_mj + running;
        t->r.meter_board.part_mj[ACTIVITY_IDLE] = b->said_idle_mj - b->idle0_mj;
        b->said_asked_mj += passed * 450;
        b->said_delivered_mj += passed * 60;
        t = tell(p, REPORT_METER_ZONE, NULL);
        t->board = i;
        memcpy(t->r.name, p->zone[i].name, sizeof t->r.name);
        t->r.meter_zone.asked_mj = b->said_asked_mj - b->asked0_mj;
        t->r.meter_zone.delivered_mj = t->r.meter_zone.useful_mj = b->said_delivered_mj - b->delivered0_mj;
        t->r.meter_zone.shadow_mc = INT32_MIN;
    }
}

// ---- booking

static void book_lease(struct played *p, const struct told *t, int64_t energy_mj)
{
    uint64_t had = 0;
    idmap_get(&p->lease_energy, t->r.lease, &had);
    if (energy_mj <= (int64_t)had)
        return;
    p->book[t->board].work_mj += energy_mj - (int64_t)had;
    idmap_set(&p->lease_energy, t->r.lease, (uint64_t)energy_mj);
}

static void book(struct campaign *c, const struct told *t)
{
    struct played *p = &c->node;
    struct job *j = &c->job[t->job];
    struct book *b = t->board >= 0 ? &p->book[t->board] : NULL;
    switch (t->r.kind) {
    case REPORT_OUTPUT:
        j->lines[t->instance] += t->lines;
        break;
    case REPORT_METER_LEASE:
        book_lease(p, t, t->r.meter_lease.energy_mj);
        break;
    case REPORT_EXITED:
        book_lease(p, t, t->r.exited.energy_mj);
        idmap_remove(&p->lease_energy, t->r.lease);
        j->well += t->r.exited.end == ATTEMPT_SUCCESS;
        j->badly += t->r.exited.end == ATTEMPT_FAILURE;
        *VEC_PUSH(p->ended, p->n_ended, p->cap_ended) = (struct ended){.job = t->job,
                                                                       .instance = t->instance,
                                                                       .attempt = t->attempt,
                                                                       .lease = t->r.lease,
                                                                       .epoch = p->up.epoch,
                                                                       .seq = t->r.seq,
                                                                       .energy_mj = t->r.exited.energy_mj,
                                                                       .end = t->r.exited.end};
        break;
    case REPORT_METER_BOARD:
        if (!b->started)
            b->first_raw_mj = t->r.meter_board.raw_mj;
        b->started = true;
        b->raw_mj = t->r.meter_board.raw_mj;
        b->idle_mj = b->idle0_mj + t->r.meter_board.part_mj[ACTIVITY_IDLE];
        break;
    case REPORT_METER_ZONE:
        b->asked_mj = b->asked0_mj + t->r.meter_zone.asked_mj;
        b->delivered_mj = b->delivered0_mj + t->r.meter_zone.delivered_mj;
        break;
    default:
        break;
    }
}

void played_recorded(struct campaign *c, uint64_t seq)
{
    struct played *p = &c->node;
    size_t n = 0;
    while (n < p->n_told && p->told[n].r.seq <= seq)
        book(c, &p->told[n++]);
    told_drop(p, n);
    if (seq > p->acked)
        p->acked = seq;
}

// ---- what comes down

static struct running *running_of(struct played *p, uint64_t lease)
{
    for (size_t i = 0; i < p->n_run; i++)
        if (p->run[i].lease == lease)
            return &p->run[i];
    return NULL;
}

static bool ending(const struct played *p, uint64_t lease) // its end is told but not yet acknowledged
{
    for (size_t i = 0; i < p->n_told; i++)
        if (p->told[i].r.kind == REPORT_EXITED && p->told[i].r.lease == lease)
            return true;
    return false;
}

// Which job it is; 0: not to be known yet. What was stopped before this node ever heard of it comes without a
// body.
static uint32_t job_of(struct campaign *c, const struct assignment *a)
{
    unsigned n = 0;
    uint64_t known = 0;
    if (a->stop && !a->body)
        return strmap_get(&c->by_uuid, a->task_uuid, &known) ? (uint32_t)known : 0;
    const char *name = a->body ? strstr(a->body, "\"name\":\"j") : NULL;
    if (name && sscanf(name + 9, "%u", &n) == 1 && job_known(c, n, a->task_uuid))
        return n;
    fault(c, "lease %llu of task %s has no body of ours", (unsigned long long)a->lease, a->task_uuid);
    return 0;
}

static void take_on(struct campaign *c, const struct assignment *a)
{
    struct played *p = &c->node;
    uint32_t n = job_of(c, a);
    if (!n)
        return;
    struct buf secret = BUF_INIT(4096);
    job_secret(c, n, &secret);
    if (a->body && !strstr(a->body, buf_str(&secret)))
        fault(c, "j%u: the node was given another body: %.300s", n, a->body);
    buf_deinit(&secret);
    uint64_t this_try = hash_i64(hash_i64(hash_i64(7, n), a->instance), a->attempt) | 1, had;
    if (idmap_get(&p->leases, a->lease, &had) && had != this_try)
        fault(c, "lease %llu was issued twice", (unsigned long long)a->lease);
    if (idmap_get(&p->tries, this_try, &had) && had != a->lease)
        fault(c, "attempt %u of j%u/%u was issued twice (leases %llu and %llu)", a->attempt, n, a->instance,
              (unsigned long long)had, (unsigned long long)a->lease);
    idmap_set(&p->leases, a->lease, this_try);
    idmap_set(&p->tries, this_try, a->lease);
    int board = a->board[1] - '1';
    if (board < 0 || board >= BOARDS || p->n_run >= BOARDS || a->instance >= INSTANCES) {
        fault(c, "lease %llu is for board %s, which cannot take it", (unsigned long long)a->lease, a->board);
        return;
    }
    c->job[n].again[a->instance] |= a->attempt > 1;
    p->run[p->n_run++] = (struct running){.lease = a->lease,
                                          .job = n,
                                          .instance = a->instance,
                                          .attempt = a->attempt,
                                          .board = board,
                                          .steps = (uint8_t)(1 + rng_below(&c->rng, 3)),
                                          .seen = true,
                                          .began_ms = now_ms()};
}

static void granted(struct campaign *c, const struct sync_down *d)
{
    struct played *p = &c->node;
    if (d->epoch <= p->best_epoch)
        fault(c, "the node was granted epoch %llu after %llu", (unsigned long long)d->epoch,
              (unsigned long long)p->best_epoch);
    p->best_epoch = p->up.epoch = d->epoch;
    p->seq = p->acked = 0;
    p->up.has_offer = false;
    p->n_run = 0;
}

static void heard(struct campaign *c, const struct sync_down *d)
{
    struct played *p = &c->node;
    if (d->epoch_refused) {
        fault(c, "the node's epoch %llu was refused", (unsigned long long)p->up.epoch);
        return;
    }
    if (!p->up.epoch)
        granted(c, d);
    if (d->epoch != p->up.epoch || d->acked < p->acked || d->acked > p->seq)
        fault(c, "epoch %llu acked %llu came down; ours is %llu, acked %llu of %llu",
              (unsigned long long)d->epoch, (unsigned long long)d->acked, (unsigned long long)p->up.epoch,
              (unsigned long long)p->acked, (unsigned long long)p->seq);
    c->writes += d->acked > p->acked ? 1 : 0;
    played_recorded(c, d->acked);
    p->up.have = d->version;
    for (size_t i = 0; i < p->n_run; i++)
        p->run[i].seen = false;
    for (size_t i = 0; i < d->n_assignments; i++) {
        const struct assignment *a = &d->assignment[i];
        struct running *r = running_of(p, a->lease);
        if (!r && !ending(p, a->lease))
            take_on(c, a);
        r = running_of(p, a->lease);
        if (!r)
            continue;
        r->seen = true;
        r->stop |= a->stop;
        r->stop_end = a->stop_end;
    }
    for (size_t i = 0; i < p->n_run; i++)
        if (!p->run[i].seen)
            fault(c, "lease %llu of j%u vanished without a word", (unsigned long long)p->run[i].lease,
                  p->run[i].job);
}

bool played_move(struct campaign *c)
{
    struct played *p = &c->node;
    enum lane_news news = lane_move(&p->lane);
    if (news != LANE_ANSWERED)
        return news != LANE_BROKEN;
    struct arena a = ARENA_NULL;
    struct sync_down down;
    struct err e = ERR_NULL;
    size_t n;
    const char *body = lane_body(&p->lane, &n);
    c->requests++;
    if (p->lane.status != 200)
        fault(c, "a sync was answered %d %.200s", p->lane.status, body);
    else if (wire_down_decode(body, n, &a, &down, &e) < 0)
        fault(c, "a sync's answer cannot be read: %s", e.text);
    else
        heard(c, &down);
    arena_deinit(&a);
    lane_next(&p->lane);
    return true;
}

// A new life, but only when the log is square: then it is known what the server has.
static void begin_again(struct campaign *c)
{
    struct played *p = &c->node;
    p->restart = false;
    for (size_t i = 0; i < p->n_run; i++)
        p->book[p->run[i].board].said_work_mj += work_mj(&p->run[i]);
    for (int i = 0; i < BOARDS; i++) {
        struct book *b = &p->book[i];
        b->idle0_mj = b->said_idle_mj;
        b->asked0_mj = b->said_asked_mj;
        b->delivered0_mj = b->said_delivered_mj;
    }
    p->n_run = 0;
    p->up.epoch = 0;
    p->up.nonce = 1 + rng_next(&c->rng) / 2;
    p->up.has_offer = true;
}

void played_idle(struct campaign *c)
{
    struct played *p = &c->node;
    if (now_ms() - p->sent_ms < 3)
        return;
    if (p->up.epoch && !p->restart) {
        if (now_ms() - p->level_ms > 100)
            levels(p);
        for (size_t i = p->n_run; i-- > 0 && p->n_told < TOLD_MAX;)
            if (work(c, p, &p->run[i]))
                p->run[i] = p->run[--p->n_run];
    }
    if (p->restart && !p->n_told)
        begin_again(c);
    struct report *r = mem_array(p->n_told + 1, sizeof *r);
    for (size_t i = 0; i < p->n_told; i++)
        r[i] = p->told[i].r;
    p->up.report = r;
    p->up.n_reports = p->up.epoch ? p->n_told : 0;
    size_t size;
    char *text = wire_up_encode(&p->up, &size);
    lane_send(&p->lane, "POST", WIRE_PATH, c->node_token, text, size);
    p->sent_ms = now_ms();
    free(text);
    free(r);
}
