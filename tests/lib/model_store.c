// SPDX-License-Identifier: Apache-2.0
#include "model_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/engine/record_work.h"
#include "core/ledger/ledger.h"
#include "core/work/job.h"

struct table {
    struct change *row;
    size_t n, cap;
    struct idmap at; // hash of the key -> index + 1; 64 bits do not collide in a test
};

struct model_store {
    struct table table[CHANGE_KIND_N];
};

#define TEXTS_MAX 8
#define AT(field) offsetof(struct change, field)

// Where the texts of a row are, as offsets; 0 ends them.
static const size_t texts[CHANGE_KIND_N][TEXTS_MAX + 1] = {
    [CHANGE_META] = {AT(meta.name)},
    [CHANGE_ORGANISATION] = {AT(organisation.slug), AT(organisation.name)},
    [CHANGE_PROJECT] = {AT(project.slug), AT(project.name), AT(project.description)},
    [CHANGE_ACCOUNT] = {AT(account.email), AT(account.name)},
    [CHANGE_TOKEN] = {AT(token_put.name), AT(token_put.digest)},
    [CHANGE_BUDGET] = {AT(budget.alias)},
    [CHANGE_RESERVATION] = {AT(reservation.name), AT(reservation.machine_key)},
    [CHANGE_SECRET] = {AT(secret.key), AT(secret.sealed)},
    [CHANGE_TASK_NEW] = {AT(task.shortname), AT(task.name), AT(task.profile), AT(task.ranges),
                         AT(task.hardware), AT(task.place), AT(task.body), AT(task.depends)},
    [CHANGE_JOB] = {AT(job.shortname), AT(job.name), AT(job.body)},
    [CHANGE_POOL] = {AT(pool.shortname), AT(pool.name), AT(pool.profile), AT(pool.hardware), AT(pool.scaling),
                     AT(pool.started_once), AT(pool.errors), AT(pool.body)},
    [CHANGE_ATTEMPT] = {AT(attempt.board), AT(attempt.spec_key), AT(attempt.cpu_model), AT(attempt.node),
                        AT(attempt.code), AT(attempt.message), AT(attempt.site)},
    [CHANGE_PUBLISH] = {AT(publish.bucket)},
    [CHANGE_SNAPSHOT] = {AT(snapshot.whitelist), AT(snapshot.blacklist), AT(snapshot.bucket),
                         AT(snapshot.prefix)},
    [CHANGE_NODE] = {AT(node.name)},
    [CHANGE_SITE] = {AT(site.name), AT(site.setting)},
    [CHANGE_ZONE] = {AT(zone.name), AT(zone.label), AT(zone.schedule)},
    [CHANGE_BOARD] = {AT(board.name), AT(board.heater), AT(board.offer), AT(board.barred_why)},
};

static int texts_of(struct change *c, const char **text[TEXTS_MAX])
{
    int n = 0;
    for (const size_t *at = texts[c->kind]; *at; at++)
        text[n++] = (const char **)((char *)c + *at);
    return n;
}

static int live_texts_of(struct row_task_live *l, const char **text[TEXTS_MAX])
{
    int n = 0;
    text[n++] = &l->succeeded;
    text[n++] = &l->failed;
    text[n++] = &l->cancelled;
    text[n++] = &l->started_once;
    text[n++] = &l->errors;
    return n;
}

static void own(const char **text[], int n)
{
    for (int i = 0; i < n; i++)
        *text[i] = mem_strdup(*text[i]);
}

static void drop(const char **text[], int n)
{
    for (int i = 0; i < n; i++)
        free((char *)*text[i]);
}

static void row_own(struct change *c)
{
    const char **text[TEXTS_MAX];
    own(text, texts_of(c, text));
    if (c->kind == CHANGE_TASK_NEW)
        own(text, live_texts_of(&c->task.live, text));
}

static void row_drop(struct change *c)
{
    const char **text[TEXTS_MAX];
    drop(text, texts_of(c, text));
    if (c->kind == CHANGE_TASK_NEW)
        drop(text, live_texts_of(&c->task.live, text));
}

static uint64_t order_of(const struct change *c)
{
    switch (c->kind) {
    case CHANGE_ORGANISATION:
        return c->organisation.id;
    case CHANGE_PROJECT:
        return c->project.id;
    case CHANGE_ACCOUNT:
        return c->account.id;
    case CHANGE_TOKEN:
        return c->token_put.id;
    case CHANGE_BUDGET:
        return c->budget.id;
    case CHANGE_RESERVATION:
        return c->reservation.id;
    case CHANGE_TASK_NEW:
        return c->task.id;
    case CHANGE_JOB:
        return c->job.id;
    case CHANGE_POOL:
        return c->pool.id;
    case CHANGE_LEASE:
        return c->lease.id;
    case CHANGE_NODE:
        return c->node.id;
    case CHANGE_SITE:
        return c->site.id;
    case CHANGE_ZONE:
        return c->zone.id;
    case CHANGE_BOARD:
        return c->board.id;
    default:
        return 0;
    }
}

static uint64_t key_of(const struct change *c)
{
    uint64_t h = HASH_SEED;
    switch (c->kind) {
    case CHANGE_META:
        h = hash_bytes(h, c->meta.name, strlen(c->meta.name));
        break;
    case CHANGE_ORGANISATION:
    case CHANGE_PROJECT:
    case CHANGE_TOKEN:
    case CHANGE_BUDGET:
    case CHANGE_RESERVATION:
    case CHANGE_ACCOUNT:
        h = hash_i64(h, (int64_t)order_of(c));
        break;
    case CHANGE_SECRET:
    case CHANGE_SECRET_GONE:
        h = hash_i64(h, (int64_t)c->secret.account);
        h = hash_bytes(h, c->secret.key, strlen(c->secret.key));
        break;
    case CHANGE_TASK_NEW:
        h = hash_i64(h, (int64_t)c->task.id);
        break;
    case CHANGE_JOB:
        h = hash_i64(h, (int64_t)c->job.id);
        break;
    case CHANGE_POOL:
        h = hash_i64(h, (int64_t)c->pool.id);
        break;
    case CHANGE_LEASE:
        h = hash_i64(h, (int64_t)c->lease.id);
        break;
    case CHANGE_ATTEMPT:
        h = hash_i64(hash_i64(hash_i64(h, (int64_t)c->attempt.task), c->attempt.instance),
                     c->attempt.attempt);
        break;
    case CHANGE_SNAPSHOT:
        h = hash_i64(hash_i64(h, (int64_t)c->snapshot.task), c->snapshot.number);
        break;
    case CHANGE_PUBLISH:
    case CHANGE_PUBLISH_GONE:
        h = hash_i64(hash_i64(h, (int64_t)c->publish.lease), c->publish.part);
        break;
    case CHANGE_OUTPUT:
        h = hash_i64(hash_i64(hash_i64(h, (int64_t)c->output.node), (int64_t)c->output.epoch),
                     (int64_t)c->output.seq);
        break;
    case CHANGE_NODE:
        h = hash_i64(h, (int64_t)c->node.id);
        break;
    case CHANGE_SITE:
        h = hash_i64(h, (int64_t)c->site.id);
        break;
    case CHANGE_ZONE:
        h = hash_i64(h, (int64_t)c->zone.id);
        break;
    case CHANGE_BOARD:
        h = hash_i64(h, (int64_t)c->board.id);
        break;
    case CHANGE_LEDGER_WORK:
        h = hash_i64(hash_i64(h, c->work.hour_ms), (int64_t)c->work.board);
        h = hash_i64(hash_i64(h, (int64_t)c->work.task), c->work.activity);
        break;
    case CHANGE_LEDGER_ZONE:
        h = hash_i64(hash_i64(h, c->heat.hour_ms), (int64_t)c->heat.zone);
        break;
    case CHANGE_METER:
        h = hash_i64(h, (int64_t)c->meter.board);
        break;
    default:
        abort();
    }
    return hash_mix(h) | 1;
}

static uint64_t id_key(uint64_t id)
{
    return hash_mix(hash_i64(HASH_SEED, (int64_t)id)) | 1;
}

static struct change *find(const struct model_store *m, enum change_kind kind, uint64_t key)
{
    uint64_t at;
    return idmap_get(&m->table[kind].at, key, &at) ? &m->table[kind].row[at - 1] : NULL;
}

static void put(struct model_store *m, const struct change *c)
{
    struct table *t = &m->table[c->kind];
    uint64_t key = key_of(c);
    struct change *row = find(m, c->kind, key);
    struct change copy = *c;
    row_own(&copy);
    if (row) {
        row_drop(row);
    } else {
        row = VEC_PUSH(t->row, t->n, t->cap);
        idmap_set(&t->at, key, t->n);
    }
    *row = copy;
}

static void take_out(struct table *t, struct change *row)
{
    idmap_remove(&t->at, key_of(row));
    row_drop(row);
    struct change *last = &t->row[--t->n];
    if (row != last) {
        *row = *last;
        idmap_set(&t->at, key_of(row), (uint64_t)(row - t->row) + 1);
    }
}

static int put_task(struct model_store *m, const struct change *c, struct err *e)
{
    if (find(m, CHANGE_TASK_NEW, key_of(c)))
        return err_set(e, -EINVAL, "model: task %llu is made twice", (unsigned long long)c->task.id);
    put(m, c);
    return 0;
}

static int put_live(struct model_store *m, const struct row_task_live *l, struct err *e)
{
    struct change *row = find(m, CHANGE_TASK_NEW, id_key(l->id));
    if (!row)
        return err_set(e, -EINVAL, "model: news of task %llu, which is not there", (unsigned long long)l->id);
    if (task_state_final(row->task.live.state))
        return err_set(e, -EINVAL, "model: news of task %llu, which has ended", (unsigned long long)l->id);
    const char **text[TEXTS_MAX];
    drop(text, live_texts_of(&row->task.live, text));
    row->task.live = *l;
    own(text, live_texts_of(&row->task.live, text));
    return 0;
}

static int put_attempt(struct model_store *m, const struct change *c, struct err *e)
{
    if (find(m, CHANGE_ATTEMPT, key_of(c)))
        return err_set(e, -EINVAL, "model: attempt %u of instance %u of task %llu is recorded twice",
                       c->attempt.attempt, c->attempt.instance, (unsigned long long)c->attempt.task);
    if (!find(m, CHANGE_TASK_NEW, id_key(c->attempt.task)) && !find(m, CHANGE_POOL, id_key(c->attempt.task)))
        return err_set(e, -EINVAL, "model: an attempt of task %llu, which is not there",
                       (unsigned long long)c->attempt.task);
    put(m, c);
    return 0;
}

// Whether one of the two is a node of the pool that the other is a task of.
static bool one_in_the_other(const struct model_store *m, const struct row_lease *a,
                             const struct row_lease *b)
{
    const struct change *x = find(m, CHANGE_TASK_NEW, id_key(a->task)),
                        *y = find(m, CHANGE_TASK_NEW, id_key(b->task));
    if (x && y)
        return x->task.pool && x->task.pool == y->task.pool;
    return (x && x->task.pool == b->task) || (y && y->task.pool == a->task);
}

static int put_lease(struct model_store *m, const struct change *c, struct err *e)
{
    const struct table *t = &m->table[CHANGE_LEASE];
    for (size_t i = 0; i < t->n; i++) {
        const struct row_lease *o = &t->row[i].lease;
        bool one_aside = (o->state ^ c->lease.state) & LEASE_BENEATH;
        if (o->id != c->lease.id &&
            ((o->board == c->lease.board && !one_aside && !one_in_the_other(m, o, &c->lease)) ||
             (o->task == c->lease.task && o->instance == c->lease.instance)))
            return err_set(e, -EINVAL, "model: lease %llu beside lease %llu", (unsigned long long)c->lease.id,
                           (unsigned long long)o->id);
    }
    put(m, c);
    return 0;
}

static void drop_attempts(struct model_store *m, uint64_t task)
{
    struct table *t = &m->table[CHANGE_ATTEMPT];
    for (size_t i = t->n; i-- > 0;)
        if (t->row[i].attempt.task == task)
            take_out(t, &t->row[i]);
}

static bool has_lease(const struct model_store *m, uint64_t task)
{
    const struct table *t = &m->table[CHANGE_LEASE];
    for (size_t i = 0; i < t->n; i++)
        if (t->row[i].lease.task == task)
            return true;
    return false;
}

static int task_gone(struct model_store *m, uint64_t id, struct err *e)
{
    struct change *row = find(m, CHANGE_TASK_NEW, id_key(id));
    if (!row)
        return 0; // two customers' calls in one batch may both delete what has ended
    take_out(&m->table[CHANGE_TASK_NEW], row);
    drop_attempts(m, id);
    return has_lease(m, id)
               ? err_set(e, -EINVAL, "model: task %llu goes before its lease", (unsigned long long)id)
               : 0;
}

static int pool_gone(struct model_store *m, uint64_t id, struct err *e)
{
    struct change *row = find(m, CHANGE_POOL, id_key(id));
    if (!row)
        return err_set(e, -EINVAL, "model: pool %llu goes twice", (unsigned long long)id);
    take_out(&m->table[CHANGE_POOL], row);
    drop_attempts(m, id);
    if (has_lease(m, id))
        return err_set(e, -EINVAL, "model: pool %llu goes before its node", (unsigned long long)id);
    const struct table *t = &m->table[CHANGE_TASK_NEW];
    for (size_t i = 0; i < t->n; i++)
        if (t->row[i].task.pool == id && !task_state_final(t->row[i].task.live.state))
            return err_set(e, -EINVAL, "model: pool %llu goes before its task", (unsigned long long)id);
    return 0;
}

static int job_gone(struct model_store *m, uint64_t id, struct err *e)
{
    struct change *row = find(m, CHANGE_JOB, id_key(id));
    if (!row)
        return err_set(e, -EINVAL, "model: job %llu goes twice", (unsigned long long)id);
    take_out(&m->table[CHANGE_JOB], row);
    const struct table *t = &m->table[CHANGE_TASK_NEW];
    for (size_t i = 0; i < t->n; i++)
        if (t->row[i].task.job == id && !task_state_final(t->row[i].task.live.state))
            return err_set(e, -EINVAL, "model: job %llu goes before its task %llu has ended",
                           (unsigned long long)id, (unsigned long long)t->row[i].task.id);
    return 0;
}

static int apply_one(struct model_store *m, const struct change *c, struct err *e)
{
    struct change *row;
    switch (c->kind) {
    case CHANGE_TASK_NEW:
        return put_task(m, c, e);
    case CHANGE_TASK_LIVE:
        return put_live(m, &c->live, e);
    case CHANGE_TASK_BODY:
        row = find(m, CHANGE_TASK_NEW, id_key(c->body.id));
        if (!row)
            return err_set(e, -EINVAL, "model: a body for a task that is not there");
        free((char *)row->task.body);
        row->task.body = mem_strdup(c->body.body);
        row->task.keep_ms = c->body.keep_ms;
        return 0;
    case CHANGE_TASK_WAIT:
        row = find(m, CHANGE_TASK_NEW, id_key(c->wait.id));
        if (!row || task_state_final(row->task.live.state))
            return err_set(e, -EINVAL, "model: task %llu, which is not there or has ended, waits",
                           (unsigned long long)c->wait.id);
        free((char *)row->task.depends);
        row->task.depends = mem_strdup(c->wait.depends);
        row->task.ready_ms = c->wait.ready_ms;
        return 0;
    case CHANGE_JOB_GONE:
        return job_gone(m, c->gone, e);
    case CHANGE_POOL_GONE:
        return pool_gone(m, c->gone, e);
    case CHANGE_TASK_GONE:
        return task_gone(m, c->gone, e);
    case CHANGE_LEASE:
        return put_lease(m, c, e);
    case CHANGE_LEASE_GONE:
        row = find(m, CHANGE_LEASE, id_key(c->gone));
        if (!row)
            return err_set(e, -EINVAL, "model: lease %llu goes twice", (unsigned long long)c->gone);
        take_out(&m->table[CHANGE_LEASE], row);
        return 0;
    case CHANGE_PUBLISH_GONE:
        row = find(m, CHANGE_PUBLISH, key_of(c));
        if (!row)
            return err_set(e, -EINVAL, "model: what lease %llu staged is published twice",
                           (unsigned long long)c->publish.lease);
        take_out(&m->table[CHANGE_PUBLISH], row);
        return 0;
    case CHANGE_SECRET_GONE:
        row = find(m, CHANGE_SECRET, key_of(c));
        if (!row)
            return err_set(e, -EINVAL, "model: secret %s goes twice", c->secret.key);
        take_out(&m->table[CHANGE_SECRET], row);
        return 0;
    case CHANGE_ATTEMPT:
        return put_attempt(m, c, e);
    case CHANGE_OUTPUT: // kept as a key: once and never again
        if (find(m, CHANGE_OUTPUT, key_of(c)))
            return err_set(e, -EINVAL, "model: output %llu comes twice", (unsigned long long)c->output.seq);
        put(m, c);
        return 0;
    default:
        put(m, c);
        return 0;
    }
}

int model_store_apply(struct model_store *m, const struct change *c, size_t n, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < n && !r; i++)
        r = apply_one(m, &c[i], e);
    return r;
}

static bool final_task(const struct model_store *m, uint64_t id)
{
    const struct change *t = find(m, CHANGE_TASK_NEW, id_key(id));
    return !t || task_state_final(t->task.live.state);
}

// Whether a load gives this row.
static bool is_given(const struct model_store *m, const struct change *c, int64_t from_ms)
{
    switch (c->kind) {
    case CHANGE_TASK_NEW:
        return !task_state_final(c->task.live.state);
    case CHANGE_ATTEMPT:
        return c->attempt.end != ATTEMPT_SUCCESS && !final_task(m, c->attempt.task);
    case CHANGE_LEASE:
        return !final_task(m, c->lease.task) || find(m, CHANGE_POOL, id_key(c->lease.task));
    case CHANGE_SNAPSHOT:
        return !final_task(m, c->snapshot.task);
    case CHANGE_LEDGER_WORK:
        return c->work.hour_ms >= from_ms;
    case CHANGE_LEDGER_ZONE:
        return c->heat.hour_ms >= from_ms;
    default:
        return true;
    }
}

static int by_order(const void *a, const void *b)
{
    uint64_t x = order_of(*(const struct change *const *)a), y = order_of(*(const struct change *const *)b);
    return x < y ? -1 : x > y;
}

// The final tasks that the engine still has to know of.
static int load_ended(const struct model_store *m, struct server *s, struct err *e)
{
    const struct table *t = &m->table[CHANGE_TASK_NEW];
    int r = 0;
    for (size_t i = 0; i < t->n && !r; i++) {
        const struct row_task *x = &t->row[i].task;
        const struct change *job = x->job ? find(m, CHANGE_JOB, id_key(x->job)) : NULL;
        bool asked = job && job->job.state == JOB_ACTIVE && job->job.use_dependencies;
        if (!task_state_final(x->live.state) || (!asked && x->keep_ms <= 0))
            continue;
        struct change c = {.kind = CHANGE_TASK_ENDED,
                           .ended = {.id = x->id,
                                     .job = x->job,
                                     .state = x->live.state,
                                     .end_ms = x->live.end_ms,
                                     .keep_ms = x->keep_ms}};
        memcpy(c.ended.uuid, x->uuid, sizeof c.ended.uuid);
        r = server_restore(s, &c, e);
    }
    return r;
}

// What the ledger has charged each account, and each budget's project in its time.
static int load_spent(const struct model_store *m, struct server *s, struct err *e)
{
    const struct table *work = &m->table[CHANGE_LEDGER_WORK];
    int r = 0;
    for (int what = 0; what < 2; what++) {
        const struct table *t = &m->table[what ? CHANGE_BUDGET : CHANGE_ACCOUNT];
        for (size_t i = 0; i < t->n && !r; i++) {
            struct change c = {.kind = CHANGE_SPENT,
                               .spent = {.what = (uint8_t)what, .id = order_of(&t->row[i])}};
            for (size_t j = 0; j < work->n; j++) {
                const struct row_ledger_work *w = &work->row[j].work;
                const struct row_budget *b = &t->row[i].budget;
                if (what ? w->project == b->project && w->hour_ms >= b->start_ms && w->hour_ms < b->end_ms
                         : w->account == c.spent.id)
                    c.spent.neur += w->cost_neur;
            }
            r = server_restore(s, &c, e);
        }
    }
    return r;
}

int model_store_load(const struct model_store *m, struct server *s, house_ms now, struct err *e)
{
    static const enum change_kind order[] = {
        CHANGE_META,    CHANGE_ORGANISATION, CHANGE_PROJECT,    CHANGE_ACCOUNT, CHANGE_TOKEN,
        CHANGE_BUDGET,  CHANGE_RESERVATION,  CHANGE_SPENT,      CHANGE_SECRET,  CHANGE_SITE,
        CHANGE_NODE,    CHANGE_ZONE,         CHANGE_BOARD,      CHANGE_METER,   CHANGE_POOL,
        CHANGE_JOB,     CHANGE_TASK_NEW,     CHANGE_ATTEMPT,    CHANGE_LEASE,   CHANGE_SNAPSHOT,
        CHANGE_PUBLISH, CHANGE_LEDGER_WORK,  CHANGE_LEDGER_ZONE};
    int64_t from_ms = now.v - now.v % LEDGER_HOUR_MS;
    int r = 0;
    server_restore_from(s, now);
    for (size_t k = 0; k < ARRAY_LEN(order) && !r; k++) {
        const struct table *t = &m->table[order[k]];
        const struct change **row = mem_array(t->n + 1, sizeof(void *));
        size_t n = 0;
        for (size_t i = 0; i < t->n; i++)
            if (is_given(m, &t->row[i], from_ms))
                row[n++] = &t->row[i];
        qsort(row, n, sizeof *row, by_order);
        for (size_t i = 0; i < n && !r; i++)
            r = server_restore(s, row[i], e);
        free(row);
        if (order[k] == CHANGE_JOB && !r)
            r = load_ended(m, s, e);
        if (order[k] == CHANGE_SPENT && !r)
            r = load_spent(m, s, e);
    }
    if (!r)
        server_restored(s, now);
    return r;
}

const struct change *model_store_rows(const struct model_store *m, enum change_kind kind, size_t *n)
{
    *n = m->table[kind].n;
    return m->table[kind].row;
}

const struct row_task *model_store_task(const struct model_store *m, uint64_t id)
{
    const struct change *c = find(m, CHANGE_TASK_NEW, id_key(id));
    return c ? &c->task : NULL;
}

struct model_store *model_store_new(void)
{
    return mem_alloc(sizeof(struct model_store));
}

void model_store_free(struct model_store *m)
{
    for (int k = 0; m && k < CHANGE_KIND_N; k++) {
        for (size_t i = 0; i < m->table[k].n; i++)
            row_drop(&m->table[k].row[i]);
        free(m->table[k].row);
        idmap_deinit(&m->table[k].at);
    }
    free(m);
}
