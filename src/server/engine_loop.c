// SPDX-License-Identifier: Apache-2.0
//
// The engine's thread: takes what came, applies it, settles, and hands the batch to the store's thread.
// Nobody else touches the engine. While commits fail, it answers writes without trying and loads its memory
// again when the disk is back.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/log.h"
#include "core/ledger/ledger.h"
#include "server/inside.h"

#define BATCH_ITEMS 1024
#define WELL_MS     5000
#define IDLE_MS     1000 // the engine looks at its clock at least this often

static struct batch *batch_new(struct runtime *r)
{
    struct batch *b = mem_alloc(sizeof *b);
    effects_init(&b->fx);
    pthread_mutex_lock(&r->fail_lock);
    b->generation = r->generation;
    pthread_mutex_unlock(&r->fail_lock);
    return b;
}

void batch_free(struct batch *b)
{
    for (size_t i = 0; i < b->n_submissions; i++) {
        arena_deinit(&b->submission[i]->arena);
        free(b->submission[i]);
    }
    for (size_t i = 0; i < b->n_calls; i++) {
        arena_deinit(&b->call[i]->arena);
        free(b->call[i]);
    }
    effects_deinit(&b->fx);
    free(b->submission);
    free(b->call);
    free(b->answer);
    free(b->query);
    free(b);
}

// ---- loading

struct loading {
    struct runtime *r;
    struct server *engine;
    int64_t latest_ms;
};

// The latest house time that a row knows of.
static int64_t row_ms(const struct change *row)
{
    switch (row->kind) {
    case CHANGE_NODE:
        return row->node.seen_ms;
    case CHANGE_TASK_NEW:
        return row->task.live.modified_ms;
    case CHANGE_POOL:
        return row->pool.modified_ms;
    case CHANGE_METER:
        return row->meter.at_ms;
    default:
        return 0;
    }
}

static int load_row(void *ctx, const struct change *row, struct err *e)
{
    struct loading *l = ctx;
    if (row_ms(row) > l->latest_ms)
        l->latest_ms = row_ms(row);
    accounts_note(l->r, row);
    if (row->kind == CHANGE_PUBLISH)
        publish_loaded(l->r, &row->publish);
    return server_restore(l->engine, row, e);
}

// ---- the recording

static void record(struct runtime *r, struct buf *b)
{
    if (!b->failed)
        fwrite(b->v, 1, b->n, r->log);
    buf_deinit(b);
}

// It begins with the first load and ends with the second: what comes then starts from rows that it does not
// have.
static void record_load(struct runtime *r, house_ms from, house_ms restored)
{
    struct buf b = BUF_INIT(4096);
    if (!r->log)
        return;
    if (!r->engine) {
        buf_puts(&b, LOG_HEADER);
        log_put_start(&(struct log_start){from, restored, r->cfg.engine}, &b);
        record(r, &b);
        return;
    }
    log_put_reload(&b);
    record(r, &b);
    fclose(r->log);
    r->log = NULL;
}

void record_end(struct runtime *r)
{
    struct buf b = BUF_INIT(4096);
    if (!r->log)
        return;
    if (r->engine)
        log_put_end(server_hash(r->engine), &b);
    record(r, &b);
    fclose(r->log);
    r->log = NULL;
}

// Every event and every end of a batch goes through these two, so that none is missing in a recording.
void engine_apply(struct runtime *r, const struct event *ev, struct effects *fx)
{
    if (r->log) {
        struct buf b = BUF_INIT(2 * LOG_RECORD_MAX);
        log_put_event(ev, &b);
        record(r, &b);
    }
    server_apply(r->engine, ev, fx);
}

void engine_settle(struct runtime *r, house_ms now, struct effects *fx)
{
    if (r->log) {
        struct buf b = BUF_INIT(4096);
        log_put_settle(now, &b);
        record(r, &b);
        fflush(r->log);
    }
    server_settle(r->engine, now, fx);
}

int engine_load(struct runtime *r, struct err *e)
{
    house_ms now = clock_house(&r->clock);
    struct loading l = {.r = r, .engine = server_new(&r->cfg.engine)};
    struct store_visitor v = {.ctx = &l, .row = load_row, .ledger_from_ms = now.v - now.v % LEDGER_HOUR_MS};
    server_restore_from(l.engine, now);
    int code = r->store.load(r->store.ctx, &v, e);
    if (code < 0) {
        server_free(l.engine);
        return code;
    }
    clock_not_before(&r->clock, HOUSE_MS(l.latest_ms)); // a faster house may be ahead of the calendar
    house_ms restored = clock_house(&r->clock);
    server_restored(l.engine, restored);
    record_load(r, now, restored);
    server_free(r->engine);
    r->engine = l.engine;
    publish_again(r);
    return 0;
}

// ---- one item

static void take_submission(struct runtime *r, struct batch *b, struct submission *s, house_ms now)
{
    struct submission **at = VEC_PUSH(b->submission, b->n_submissions, b->cap_submissions);
    *at = s;
    if (s->event.kind >= EVENT_KIND_N)
        return; // a fresh read: the store's thread does it
    s->event.token = b->n_submissions;
    s->event.seq = ++r->event_seq;
    s->event.now = now;
    engine_apply(r, &s->event, &b->fx);
}

static void refuse_sync(struct batch *b, struct http_park *park, const struct reply *reply)
{
    struct sync_answer *a = VEC_PUSH(b->answer, b->n_answers, b->cap_answers);
    *a = (struct sync_answer){.park = park, .code = reply->code, .message = reply->message};
}

static void take_sync(struct runtime *r, struct batch *b, struct http_park *park, struct sync_call *call,
                      house_ms now)
{
    struct sync_call **at = VEC_PUSH(b->call, b->n_calls, b->cap_calls);
    *at = call;
    struct event ev = {
        .kind = EVENT_SYNC, .seq = ++r->event_seq, .token = UINT64_MAX, .now = now, .sync = call->up};
    size_t before = b->fx.n_syncs, replies = b->fx.n_replies;
    engine_apply(r, &ev, &b->fx);
    if (b->fx.n_syncs == before) { // it was refused
        static const struct reply unknown = {.code = 500, .message = "the sync was not understood"};
        refuse_sync(b, park, b->fx.n_replies > replies ? &b->fx.reply[b->fx.n_replies - 1] : &unknown);
        return;
    }
    // Answered or parked when the batch is settled: the plan may have news for it.
    b->fx.sync[b->fx.n_syncs - 1].token = (uint64_t)(uintptr_t)park;
}

static void take_item(struct runtime *r, struct batch *b, struct item *it, house_ms now)
{
    switch (it->kind) {
    case ITEM_SUBMISSION:
        take_submission(r, b, it->submission, now);
        break;
    case ITEM_SYNC:
        take_sync(r, b, it->sync.park, it->sync.call, now);
        break;
    case ITEM_QUERY:
        it->query.fn(it->query.arg, r->engine, now);
        mem_grow(&b->query, &b->cap_queries, b->n_queries + 1, sizeof *b->query);
        b->query[b->n_queries].after = it->query.after;
        b->query[b->n_queries++].arg = it->query.arg;
        break;
    case ITEM_GONE:
        parked_gone(r, it->gone);
        break;
    }
}

// ---- a batch

static const struct sync_up *up_of(const struct batch *b, size_t call)
{
    return &b->call[call]->up;
}

// Every sync of the batch gets its answer, or waits. A node that called twice gets both answered: the older
// at once.
static void settle_syncs(struct runtime *r, struct batch *b)
{
    size_t call = 0;
    for (size_t i = 0; i < b->fx.n_wakes; i++)
        parked_wake(r, b, b->fx.wake[i].node);
    for (size_t i = 0; i < b->fx.n_syncs; i++) {
        struct sync_wait *w = &b->fx.sync[i];
        struct http_park *park = (struct http_park *)(uintptr_t)w->token;
        while (call < b->n_calls && b->call_park[call] != park)
            call++;
        const struct sync_up *up = up_of(b, call);
        bool news = w->now;
        for (size_t k = 0; k < b->fx.n_wakes && !news; k++)
            news = b->fx.wake[k].node == w->node;
        if (news)
            answer_add(r, b, park, w->node, up->epoch, up->nonce);
        else
            parked_add(r, b, park, w->node, up);
    }
}

static void tick(struct runtime *r, struct batch *b, house_ms now)
{
    struct event ev = {.kind = EVENT_TICK, .seq = ++r->event_seq, .now = now};
    engine_apply(r, &ev, &b->fx);
}

static bool has_something(const struct batch *b)
{
    return b->n_submissions || b->n_calls || b->n_answers || b->n_queries || b->fx.n_changes || b->fx.n_notes;
}

static void run_batch(struct runtime *r, void **items, size_t n)
{
    struct batch *b = batch_new(r);
    house_ms now = clock_house(&r->clock);
    if (!n || !house_before(now, server_next_tick(r->engine)))
        tick(r, b, now);
    b->call_park = mem_array(n + 1, sizeof *b->call_park);
    for (size_t i = 0; i < n; i++) {
        struct item *it = items[i];
        if (it->kind == ITEM_SYNC)
            b->call_park[b->n_calls] = it->sync.park;
        take_item(r, b, it, now);
        free(it);
    }
    engine_settle(r, now, &b->fx);
    settle_syncs(r, b);
    parked_late(r, b, wall_now());
    free(b->call_park);
    b->call_park = NULL;
    if (!has_something(b) || !queue_put(&r->batches, b))
        batch_free(b);
}

// ---- when the disk does not take it

// `behind`: the memory is as the disk, so that reads go on.
static void refuse_item(struct runtime *r, struct item *it, int code, bool behind)
{
    switch (it->kind) {
    case ITEM_SUBMISSION:
        it->submission->done(it->submission, NULL, code);
        arena_deinit(&it->submission->arena);
        free(it->submission);
        break;
    case ITEM_SYNC:
        sync_refuse(it->sync.park, code);
        arena_deinit(&it->sync.call->arena);
        free(it->sync.call);
        break;
    case ITEM_QUERY:
        if (behind)
            it->query.fn(it->query.arg, r->engine, clock_house(&r->clock));
        it->query.after(it->query.arg, behind ? 0 : code);
        break;
    case ITEM_GONE:
        parked_gone(r, it->gone);
        break;
    }
    free(it);
}

static enum recording recording_now(struct runtime *r, int *code)
{
    pthread_mutex_lock(&r->fail_lock);
    enum recording now = r->recording;
    *code = r->fail_code;
    pthread_mutex_unlock(&r->fail_lock);
    return now;
}

// From here on the batches of the memory before are refused by their generation.
static void now_is(struct runtime *r, enum recording now, int code)
{
    pthread_mutex_lock(&r->fail_lock);
    r->generation += now == REFUSING && r->recording == FAILED;
    r->recording = now;
    r->fail_code = code;
    pthread_mutex_unlock(&r->fail_lock);
}

// The undo: the memory as it was before the batch that failed. A large state is not loaded without pause.
static bool load_again(struct runtime *r, int code)
{
    struct err e = ERR_NULL;
    wall_ms begin = wall_now();
    int loaded = engine_load(r, &e);
    int64_t pause = 4 * wall_since(wall_now(), begin);
    r->refuse_until = wall_add(wall_now(), pause > r->cfg.refuse_ms ? pause : r->cfg.refuse_ms);
    if (loaded < 0 && !r->told_load)
        fprintf(stderr, "ondol: store: cannot load after a failed write: %s (it is tried again)\n", e.text);
    r->told_load = loaded < 0;
    if (loaded == 0)
        now_is(r, REFUSING, code);
    return loaded == 0;
}

// One small row, the same each time, that changes nothing for the engine.
static int probe(struct runtime *r, struct err *e)
{
    struct change c = {.kind = CHANGE_META, .meta = {.name = "probe", .value = (int64_t)r->generation}};
    return r->store.commit(r->store.ctx, r->epoch, &c, 1, NULL, 0, e);
}

// True while writes are to be refused, with `code`; `behind` as for refuse_item.
static bool recovering(struct runtime *r, int *code, bool *behind)
{
    enum recording now = recording_now(r, code);
    struct err e = ERR_NULL;
    *behind = now == REFUSING;
    if (now == RECORDING)
        return false;
    parked_refuse(r, *code); // none can be answered from this memory; the nodes go on by their leases
    if (now == DEPOSED || r->refuse_until.v > wall_now().v)
        return true;
    if (now == FAILED) {
        *behind = load_again(r, *code);
        return true;
    }
    int tried = probe(r, &e);
    if (tried < 0) {
        *code = tried;
        now_is(r, tried == -ESTALE ? DEPOSED : REFUSING, tried);
        r->refuse_until = wall_add(wall_now(), r->cfg.refuse_ms);
        return true;
    }
    r->well_since = wall_now();
    now_is(r, RECORDING, 0);
    return false;
}

// Only what has been well for a while is worth a line.
static void tell_well(struct runtime *r)
{
    pthread_mutex_lock(&r->fail_lock);
    if (r->told_failed && r->recording == RECORDING && wall_since(wall_now(), r->well_since) >= WELL_MS) {
        fprintf(stderr, "ondol: the store records again\n");
        r->told_failed = false;
    }
    pthread_mutex_unlock(&r->fail_lock);
}

void *engine_main(void *arg)
{
    struct runtime *r = arg;
    void *items[BATCH_ITEMS];
    int64_t wait_ms = 0;
    for (;;) {
        size_t n = queue_take(&r->items, items, BATCH_ITEMS, wait_ms);
        if (!n && queue_closed(&r->items))
            break;
        int code = 0;
        bool behind = false;
        if (recovering(r, &code, &behind)) {
            for (size_t i = 0; i < n; i++)
                refuse_item(r, items[i], code, behind);
            wait_ms = r->cfg.refuse_ms / 10 + 1;
            continue;
        }
        run_batch(r, items, n);
        tell_well(r);
        wait_ms = parked_wait_ms(r, wall_now(), clock_until(&r->clock, server_next_tick(r->engine), IDLE_MS));
        if (wait_ms < 1)
            wait_ms = 1;
    }
    struct batch *last = batch_new(r); // refused by the store's thread when the memory is ahead of the disk
    parked_all(r, last);
    if (!last->n_answers || !queue_put(&r->batches, last))
        batch_free(last);
    return NULL;
}
