// SPDX-License-Identifier: Apache-2.0
//
// Tasks in memory: their slots, what few of them have, and how they are found by id, uuid and shortname.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/engine/server_data.h"
#include "core/engine/server_job.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

// Uuids are random, so half of one is a key; 0 is no key.
uint64_t uuid_key(const uint8_t uuid[16])
{
    uint64_t k;
    memcpy(&k, uuid + 8, sizeof k);
    return k ? k : 1;
}

static uint64_t id_of(const void *tasks, uint32_t slot)
{
    return ((const struct task *)tasks)[slot].id;
}

static uint64_t uuid_of(const void *tasks, uint32_t slot)
{
    return uuid_key(((const struct task *)tasks)[slot].uuid);
}

static struct keyset_of ids(const struct server *s)
{
    return (struct keyset_of){id_of, s->task};
}

static struct keyset_of uuids(const struct server *s)
{
    return (struct keyset_of){uuid_of, s->task};
}

bool server_task_slot(const struct server *s, uint64_t id, uint32_t *slot)
{
    return keyset_find(&s->task_by_id, ids(s), id, slot);
}

bool server_task_uuid(const struct server *s, const uint8_t uuid[16], uint32_t *slot)
{
    uint32_t at;
    if (!keyset_find(&s->task_by_uuid, uuids(s), uuid_key(uuid), &at) ||
        memcmp(s->task[at].uuid, uuid, 16) != 0)
        return false;
    *slot = at;
    return true;
}

bool task_uuid_taken(const struct server *s, const uint8_t uuid[16])
{
    return keyset_find(&s->task_by_uuid, uuids(s), uuid_key(uuid), NULL);
}

struct task_sets *task_sets(struct task *t)
{
    if (!t->sets)
        t->sets = mem_alloc(sizeof *t->sets);
    return t->sets;
}

const struct task_rare task_rare_none = {.queue_max_ms = -1};

struct task_rare *task_rare(struct task *t)
{
    if (!t->rare) {
        t->rare = mem_alloc(sizeof *t->rare);
        *t->rare = task_rare_none;
    }
    return t->rare;
}

void task_set_limits(struct task *t, int64_t queue_max_ms, int64_t keep_ms)
{
    const struct task_rare *now = rare_of(t);
    if (now->queue_max_ms == queue_max_ms && now->keep_ms == keep_ms)
        return;
    task_rare(t)->queue_max_ms = queue_max_ms;
    task_rare(t)->keep_ms = keep_ms;
}

uint32_t task_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16])
{
    uint32_t slot;
    if (s->n_free_tasks) {
        slot = s->free_task[--s->n_free_tasks];
    } else {
        (void)VEC_PUSH(s->task, s->n_tasks, s->cap_tasks);
        slot = (uint32_t)(s->n_tasks - 1);
    }
    s->task[slot] = (struct task){.id = id,
                                  .first_lease = NONE,
                                  .pool = NONE,
                                  .pool_next = NONE,
                                  .pool_prev = NONE,
                                  .reservation = NONE};
    memcpy(s->task[slot].uuid, uuid, 16);
    keyset_add(&s->task_by_id, ids(s), slot);
    keyset_add(&s->task_by_uuid, uuids(s), slot);
    s->counts.tasks_live++;
    return slot;
}

void shortname_key(uint32_t account, const char *shortname, struct buf *key)
{
    buf_putf(key, "%u/", (unsigned)account);
    for (const char *p = shortname; *p; p++)
        buf_putc(key, *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p);
}

void task_release_shortname(struct server *s, struct task *t)
{
    if (!t->shortname)
        return;
    struct buf key = BUF_INIT(4096);
    shortname_key(t->account, t->shortname, &key);
    strmap_remove(&s->shortname, buf_str(&key));
    buf_deinit(&key);
    free(t->shortname);
    t->shortname = NULL;
}

void task_count_waiting(struct server *s, struct task *t, int64_t waiting)
{
    if (t->holder)
        return;
    s->counts.instances_queued += (uint64_t)(waiting - t->counted);
    s->counts.tasks_queued += (uint64_t)(waiting != 0) - (uint64_t)(t->counted != 0);
    t->counted = waiting;
}

void task_slot_free(struct server *s, uint32_t slot)
{
    struct task *t = &s->task[slot];
    planner_task_gone(s->planner, slot);
    keyset_remove(&s->task_by_id, ids(s), t->id);
    keyset_remove(&s->task_by_uuid, uuids(s), uuid_key(t->uuid));
    task_release_shortname(s, t);
    task_leave(s, slot);
    pool_leave(s, slot);
    quota_leave(s, slot);
    if (t->sets) {
        ranges_deinit(&t->sets->succeeded);
        ranges_deinit(&t->sets->failed);
        ranges_deinit(&t->sets->cancelled);
        ranges_deinit(&t->sets->started_once);
        idmap_deinit(&t->sets->retried);
        idmap_deinit(&t->sets->moves);
        free(t->sets->rest);
    }
    ranges_deinit(&t->pending);
    free(t->sets);
    free(t->constraint);
    if (t->rare) {
        orders_free(t);
        free(t->rare->errors);
        if (t->rare->place)
            place_drop_data(s, t->rare->place);
        free(t->rare->place);
        free(t->rare);
    }
    if (t->account < s->n_accounts && !t->holder)
        s->account[t->account].live_tasks--;
    s->counts.tasks_live -= !t->holder;
    task_count_waiting(s, t, 0);
    *t = (struct task){.first_lease = NONE, .pool = NONE};
    uint32_t *f = VEC_PUSH(s->free_task, s->n_free_tasks, s->cap_free_tasks);
    *f = slot;
}

void task_set_shortname(struct server *s, uint32_t slot, const char *shortname)
{
    struct task *t = &s->task[slot];
    struct buf key = BUF_INIT(4096);
    t->shortname = mem_strdup(shortname);
    shortname_key(t->account, shortname, &key);
    strmap_set(&s->shortname, buf_str(&key), slot);
    buf_deinit(&key);
}

bool server_find_task(const struct server *s, uint64_t account, const char *id, uint32_t *slot)
{
    uint64_t named = 0, owner;
    uint32_t at = 0;
    uint8_t uuid[16];
    if (!idmap_get(&s->account_by_id, account, &owner))
        return false;
    if (uuid_parse(id, uuid)) {
        if (!server_task_uuid(s, uuid, &at))
            return false;
    } else {
        struct buf key = BUF_INIT(4096);
        shortname_key((uint32_t)owner, id, &key);
        bool found = !key.failed && strmap_get(&s->shortname, buf_str(&key), &named);
        buf_deinit(&key);
        if (!found)
            return false;
        at = (uint32_t)named;
    }
    if (s->task[at].account != owner ||
        s->task[at].holder) // another account's task does not exist for this one
        return false;
    *slot = at;
    return true;
}

enum { ATTEMPT_BITS = 28, FAILURE_BITS = 24 }; // of 64; the rest is of what was lost

static uint64_t least(uint32_t v, int bits)
{
    uint64_t most = (UINT64_C(1) << bits) - 1;
    return v < most ? v : most;
}

struct retried task_retried(const struct task *t, uint32_t instance)
{
    uint64_t v = 0;
    if (t->sets)
        idmap_get(&t->sets->retried, (uint64_t)instance + 1, &v);
    return (struct retried){.attempts = v & ((1u << ATTEMPT_BITS) - 1),
                            .failures = (v >> ATTEMPT_BITS) & ((1u << FAILURE_BITS) - 1),
                            .lost = (uint32_t)(v >> (ATTEMPT_BITS + FAILURE_BITS))};
}

void task_set_retried(struct task *t, uint32_t instance, struct retried r)
{
    uint64_t attempts = least(r.attempts, ATTEMPT_BITS), failures = least(r.failures, FAILURE_BITS);
    uint64_t lost = least(r.lost, 64 - ATTEMPT_BITS - FAILURE_BITS);
    idmap_set(&task_sets(t)->retried, (uint64_t)instance + 1,
              attempts | failures << ATTEMPT_BITS | lost << (ATTEMPT_BITS + FAILURE_BITS));
}

bool task_ended(const struct task *t)
{
    return task_state_final(t->state);
}
