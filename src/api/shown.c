// SPDX-License-Identifier: Apache-2.0
//
// A table of sets of WAYS entries; a set is found by the hash of the uuid, and a new entry takes the place of
// the oldest. After very many changes at once all answers are made anew. Changes are numbered; the last
// number of each task is kept by its id modulo TASKS, so that two tasks may share one: then an answer is made
// anew that was still true. While a commit is under way it is the greatest there is.
#include "api/shown.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/mem.h"

#define SETS  1024
#define WAYS  4
#define TASKS 16384
#define MANY  4096 // changes

struct entry {
    uint64_t task, account, change;
    char uuid[UUID_TEXT_BYTES];
    char *text; // heap; NULL: none
    size_t n;
};

struct shown {
    pthread_mutex_t lock;
    uint64_t change; // the last one
    int64_t good_ms;
    bool led;
    int64_t lead_ms; // when our leadership was last seen
    size_t bytes;
    uint64_t floor;       // what is not above it is not true any more
    uint64_t last[TASKS]; // change of a task
    struct entry entry[SETS][WAYS];
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct shown *shown_new(int64_t good_ms)
{
    struct shown *s = mem_alloc(sizeof *s);
    s->good_ms = good_ms;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void drop(struct shown *s, struct entry *e)
{
    s->bytes -= e->n;
    free(e->text);
    *e = (struct entry){0};
}

static void drop_all(struct shown *s)
{
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            drop(s, &s->entry[i][k]);
}

void shown_free(struct shown *s)
{
    if (!s)
        return;
    drop_all(s);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct shown_mark shown_mark(struct shown *s)
{
    struct shown_mark m = {.at_ms = now_ms()};
    pthread_mutex_lock(&s->lock);
    m.change = s->change;
    pthread_mutex_unlock(&s->lock);
    return m;
}

void shown_lead(struct shown *s, struct shown_mark at)
{
    pthread_mutex_lock(&s->lock);
    if (!s->led || at.at_ms > s->lead_ms)
        s->lead_ms = at.at_ms;
    s->led = true;
    pthread_mutex_unlock(&s->lock);
}

bool shown_leads(struct shown *s)
{
    int64_t now = now_ms();
    pthread_mutex_lock(&s->lock);
    bool leads = s->led && now - s->lead_ms < s->good_ms;
    pthread_mutex_unlock(&s->lock);
    return leads;
}

static uint64_t last_of(const struct shown *s, uint64_t task)
{
    uint64_t last = s->last[task % TASKS];
    return last > s->floor ? last : s->floor;
}

static struct entry *set_of(struct shown *s, const char *uuid)
{
    return s->entry[hash_mix(hash_bytes(HASH_SEED, uuid, UUID_TEXT_BYTES - 1)) % SETS];
}

// Of any account; NULL: none.
static struct entry *find(struct entry *set, const char *uuid)
{
    for (int i = 0; i < WAYS; i++)
        if (set[i].text && memcmp(set[i].uuid, uuid, UUID_TEXT_BYTES) == 0)
            return &set[i];
    return NULL;
}

bool shown_get(struct shown *s, uint64_t account, const char *uuid, struct buf *out)
{
    if (strlen(uuid) != UUID_TEXT_BYTES - 1 || !shown_leads(s))
        return false;
    struct entry *set = set_of(s, uuid);
    pthread_mutex_lock(&s->lock);
    struct entry *e = find(set, uuid);
    if (e && last_of(s, e->task) > e->change) {
        drop(s, e);
        e = NULL;
    }
    bool found = e && e->account == account;
    if (found)
        buf_put(out, e->text, e->n);
    pthread_mutex_unlock(&s->lock);
    return found;
}

static struct entry *oldest(struct entry *set)
{
    struct entry *e = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (!set[i].text)
            return &set[i];
        if (set[i].change < e->change)
            e = &set[i];
    }
    return e;
}

void shown_keep(struct shown *s, struct shown_mark at, const struct row_task *row, const char *text, size_t n)
{
    struct entry *set = set_of(s, row->uuid);
    if (n > SHOWN_TEXT)
        return;
    pthread_mutex_lock(&s->lock);
    if (last_of(s, row->id) <= at.change) {
        struct entry *e = find(set, row->uuid);
        e = e ? e : oldest(set);
        drop(s, e);
        if (s->bytes + n > SHOWN_BYTES)
            drop_all(s);
        *e = (struct entry){.task = row->id, .account = row->account, .change = at.change, .n = n};
        memcpy(e->uuid, row->uuid, sizeof e->uuid);
        e->text = mem_strndup(text, n);
        s->bytes += n;
    }
    pthread_mutex_unlock(&s->lock);
}

// 0: no task's. (A lease that ends says nothing of a task whose own row does not move with it.)
static uint64_t task_of(const struct change *c)
{
    switch (c->kind) {
    case CHANGE_TASK_NEW:
        return c->task.id;
    case CHANGE_TASK_LIVE:
        return c->live.id;
    case CHANGE_TASK_BODY:
        return c->body.id;
    case CHANGE_TASK_WAIT:
        return c->wait.id;
    case CHANGE_TASK_GONE:
        return c->gone;
    case CHANGE_LEASE:
        return c->lease.task;
    case CHANGE_ATTEMPT:
        return c->attempt.task;
    case CHANGE_PUBLISH:
    case CHANGE_PUBLISH_GONE:
        return c->publish.task;
    case CHANGE_SNAPSHOT:
        return c->snapshot.task;
    default:
        return 0;
    }
}

// Under the lock. What an answer of their tasks must not be older than.
static void set_last(struct shown *s, const struct change *c, size_t n, uint64_t last)
{
    if (n > MANY)
        s->floor = last;
    for (size_t i = 0; i < n && n <= MANY; i++) {
        uint64_t task = task_of(&c[i]);
        if (task)
            s->last[task % TASKS] = last;
    }
}

void shown_changing(struct shown *s, const struct change *c, size_t n)
{
    pthread_mutex_lock(&s->lock);
    set_last(s, c, n, UINT64_MAX);
    pthread_mutex_unlock(&s->lock);
}

void shown_changed(struct shown *s, const struct change *c, size_t n)
{
    pthread_mutex_lock(&s->lock);
    set_last(s, c, n, ++s->change);
    pthread_mutex_unlock(&s->lock);
}
