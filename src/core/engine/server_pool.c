// SPDX-License-Identifier: Apache-2.0
//
// Pools: made, changed, closed, deleted. All of an account's pools are in memory (at most pools_per_account).
//
// Each has a holder, a record of a task that nobody outside sees: its instances are the pool's nodes. So the
// planner gives a pool its boards as it gives any work its boards, and a node is a lease as any other,
// started, renewed, preempted and lost as all are (docs/design/0040-pools.md).
#include "base/mem.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

uint32_t pool_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16], uint32_t account)
{
    uint32_t slot;
    if (s->n_free_pools) {
        slot = s->free_pool[--s->n_free_pools];
    } else {
        (void)VEC_PUSH(s->pool, s->n_pools, s->cap_pools);
        slot = (uint32_t)(s->n_pools - 1);
    }
    s->pool[slot] = (struct pool){.id = id,
                                  .account = account,
                                  .first = NONE,
                                  .last = NONE,
                                  .previous_state_ms = -1,
                                  .opened_ms = -1,
                                  .active = -1,
                                  .slots_per_node = 1};
    memcpy(s->pool[slot].uuid, uuid, 16);
    idmap_set(&s->pool_by_id, id, slot);
    idmap_set(&s->pool_by_uuid, uuid_key(uuid), slot);
    s->account[account].pools++;
    uint32_t holder = task_slot_new(s, id, uuid);
    struct task *t = &s->task[holder];
    t->holder = true;
    t->pool = slot;
    t->account = account;
    s->counts.tasks_live--; // it is none
    s->pool[slot].holder = holder;
    return slot;
}

static void release_shortname(struct server *s, struct pool *p)
{
    if (!p->shortname)
        return;
    struct buf key = BUF_INIT(4096);
    shortname_key(p->account, p->shortname, &key);
    strmap_remove(&s->pool_shortname, buf_str(&key));
    buf_deinit(&key);
    free(p->shortname);
    p->shortname = NULL;
}

void pool_slot_free(struct server *s, uint32_t slot)
{
    struct pool *p = &s->pool[slot];
    idmap_remove(&s->pool_by_id, p->id);
    idmap_remove(&s->pool_by_uuid, uuid_key(p->uuid));
    release_shortname(s, p);
    task_slot_free(s, p->holder);
    free(p->name);
    free(p->profile);
    free(p->body);
    free(p->scaling);
    free(p->errors);
    arena_deinit(&p->arena);
    if (p->account < s->n_accounts)
        s->account[p->account].pools--;
    *p = (struct pool){.first = NONE, .last = NONE};
    uint32_t *f = VEC_PUSH(s->free_pool, s->n_free_pools, s->cap_free_pools);
    *f = slot;
}

static void set_shortname(struct server *s, uint32_t slot, const char *shortname)
{
    struct pool *p = &s->pool[slot];
    struct buf key = BUF_INIT(4096);
    p->shortname = mem_strdup(shortname);
    shortname_key(p->account, shortname, &key);
    strmap_set(&s->pool_shortname, buf_str(&key), slot);
    buf_deinit(&key);
}

static bool find_shortname(const struct server *s, uint64_t account, const char *shortname, uint64_t *at)
{
    struct buf key = BUF_INIT(4096);
    shortname_key((uint32_t)account, shortname, &key);
    bool found = !key.failed && strmap_get(&s->pool_shortname, buf_str(&key), at);
    buf_deinit(&key);
    return found;
}

bool server_find_pool(const struct server *s, uint64_t account, const char *id, uint32_t *slot)
{
    uint64_t at, owner;
    uint8_t uuid[16];
    if (!idmap_get(&s->account_by_id, account, &owner))
        return false;
    if (uuid_parse(id, uuid)) {
        if (!idmap_get(&s->pool_by_uuid, uuid_key(uuid), &at) || memcmp(s->pool[at].uuid, uuid, 16) != 0)
            return false;
    } else if (!find_shortname(s, owner, id, &at)) {
        return false;
    }
    const struct pool *p = &s->pool[at];
    if (p->account != owner || p->gone || p->deleting) // another account's does not exist for this one
        return false;
    *slot = (uint32_t)at;
    return true;
}

// Takes the policies over; false when the text cannot be read, and nothing is changed.
static bool set_scaling(struct pool *p, const char *text)
{
    struct arena a = ARENA_NULL;
    struct scaling_policy *policy;
    size_t n;
    if (!scaling_parse(text, &a, &policy, &n)) {
        arena_deinit(&a);
        return false;
    }
    arena_deinit(&p->arena);
    p->arena = a;
    p->policy = policy;
    p->n_policies = n;
    char *copy = mem_strdup(text);
    free(p->scaling);
    p->scaling = copy;
    return true;
}

// What the planner hears of its nodes: boards that have a core for every slot.
static void set_holder(struct server *s, uint32_t slot, enum activity activity, const struct constraint *want)
{
    struct pool *p = &s->pool[slot];
    struct task *t = &s->task[p->holder];
    struct constraint c = *want;
    if (p->slots_per_node > 1 && c.cores_min < p->slots_per_node)
        c.cores_min = p->slots_per_node;
    t->activity = (uint8_t)activity;
    t->created_ms = p->created_ms;
    if (!constraint_is_none(&c)) {
        t->constraint = mem_alloc(sizeof *t->constraint);
        *t->constraint = c;
    }
    task_expect(s, p->holder, "\001nodes", -1); // how long they are held nobody learns
}

// ---- making

// The oldest pool of an account that is over and may be deleted for its number's sake.
static uint32_t oldest_spare(const struct server *s, uint32_t account)
{
    uint32_t best = NONE;
    for (uint32_t i = 0; i < s->n_pools; i++) {
        const struct pool *p = &s->pool[i];
        bool over = p->state == POOL_CLOSED || p->state == POOL_FAILURE;
        if (p->id && !p->gone && p->account == account && p->auto_delete && over && !p->n_tasks &&
            s->task[p->holder].first_lease == NONE && (best == NONE || p->id < s->pool[best].id))
            best = i;
    }
    return best;
}

static int refuse_pool(struct server *s, uint32_t account, const struct pool_draft *d, struct effects *fx,
                       struct admission *entry, const char **why)
{
    uint64_t other;
    const struct task_draft as = {.activity = d->activity, // its nodes are booked and limited as tasks are
                                  .constraint = d->constraint,
                                  .project = d->project,
                                  .machine_key = d->machine_key,
                                  .reservation = d->reservation};
    int code = task_admit(s, account, &as, fx, entry, why);
    if (code)
        return code;
    if (d->shortname && find_shortname(s, account, d->shortname, &other)) {
        *why = arena_printf(&fx->arena,
                            "Invalid pool file. Invalid fields: shortname-uniqueness. shortname: %s is taken",
                            d->shortname);
        return 400;
    }
    if (s->account[account].pools >= s->cfg.pools_per_account) {
        uint32_t spare = oldest_spare(s, account);
        if (spare == NONE) {
            *why = arena_printf(&fx->arena, "Maximum number of pools reached (limit %d pools)",
                                (int)s->cfg.pools_per_account);
            return 403;
        }
        s->pool[spare].gone = true;
        release_shortname(s, &s->pool[spare]);
        pool_touch(s, spare);
    }
    return 0;
}

static void fill(struct server *s, uint32_t slot, const struct pool_draft *d, const struct admission *entry)
{
    struct pool *p = &s->pool[slot];
    p->name = mem_strdup(d->name);
    p->profile = mem_strdup(d->profile);
    p->body = mem_strdup(d->body);
    p->slots_per_node = d->slots_per_node;
    p->auto_delete = d->auto_delete;
    p->keep_ms = d->keep_ms;
    p->queue_max_ms = d->queue_max_ms;
    p->created_ms = p->state_ms = p->modified_ms = s->now.v;
    if (d->shortname)
        set_shortname(s, slot, d->shortname);
    s->task[p->holder].project = entry->project;
    s->task[p->holder].reservation = entry->reservation;
    set_holder(s, slot, entry->activity, &entry->constraint);
}

static void hold_back(struct server *s, uint32_t slot)
{
    struct pool *p = &s->pool[slot];
    if (s->cfg.dispatch_delay_ms <= 0)
        return;
    p->held_back = s->task[p->holder].held_back = true;
    timer_add(s, TIMER_HELD_BACK, p->id, HOUSE_MS(p->created_ms + s->cfg.dispatch_delay_ms));
}

void server_pool_create(struct server *s, const struct event *ev, struct effects *fx)
{
    const struct pool_draft *d = &ev->pool.draft;
    const char *why = NULL;
    uint64_t account;
    uint8_t uuid[16]; // with the bits of version and variant, as it will be asked for
    char text[UUID_TEXT_BYTES];
    if (!idmap_get(&s->account_by_id, ev->pool.account, &account)) {
        fx_reply(fx, ev->token, 401, "Bad authentication token");
        return;
    }
    uuid_format(text, d->uuid);
    uuid_parse(text, uuid);
    struct pool probe = {0};
    struct admission entry;
    int code = refuse_pool(s, (uint32_t)account, d, fx, &entry, &why);
    uint32_t other;
    if (!code && (idmap_get(&s->pool_by_uuid, uuid_key(uuid), NULL) || server_task_uuid(s, uuid, &other))) {
        code = 409;
        why = "the new uuid is taken (try again)";
    }
    if (!code && !set_scaling(&probe, d->scaling)) {
        code = 400;
        why = "Invalid pool file. Invalid fields: scaling. scaling: it cannot be read";
    }
    if (code) {
        fx_reply(fx, ev->token, code, why);
        return;
    }
    uint32_t slot = pool_slot_new(s, server_new_id(s), uuid, (uint32_t)account);
    struct pool *p = &s->pool[slot];
    p->arena = probe.arena;
    p->policy = probe.policy;
    p->n_policies = probe.n_policies;
    p->scaling = probe.scaling;
    fill(s, slot, d, &entry);
    hold_back(s, slot);
    pool_look(s, slot);
    server_trace(s, CHANGE_POOL, (int64_t)p->id, p->state);
    struct reply *r = fx_reply(fx, ev->token, 200, NULL);
    r->id = p->id;
    r->item = arena_alloc(&fx->arena, sizeof *r->item);
    r->n_items = 1;
    *r->item = (struct reply_item){.code = 200};
    memcpy(r->item->uuid, text, sizeof text);
}

// ---- change and end

static bool find_or_answer(struct server *s, const struct event *ev, struct effects *fx, uint32_t *slot)
{
    if (server_find_pool(s, ev->pool.account, ev->pool.id, slot))
        return true;
    fx_reply(fx, ev->token, 404, NULL)->message = arena_printf(&fx->arena, "No such pool: %s", ev->pool.id);
    return false;
}

void server_pool_put(struct server *s, const struct event *ev, struct effects *fx)
{
    const struct pool_draft *d = &ev->pool.draft;
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    struct pool *p = &s->pool[slot];
    if (p->closing || p->failed) {
        fx_reply(fx, ev->token, 403, NULL)->message =
            arena_printf(&fx->arena, "The pool %s cannot be changed: it is %s", ev->pool.id,
                         pool_state_name((enum pool_state)p->state));
        return;
    }
    if (!set_scaling(p, d->scaling)) {
        fx_reply(fx, ev->token, 400,
                 "Invalid pool file. Invalid fields: scaling. scaling: it cannot be read");
        return;
    }
    free(p->body);
    p->body = mem_strdup(d->body);
    p->auto_delete = d->auto_delete;
    p->keep_ms = d->keep_ms;
    p->modified_ms = s->now.v;
    pool_look(s, slot);
    server_trace(s, CHANGE_POOL, (int64_t)p->id, -1);
    fx_reply(fx, ev->token, 200, NULL);
}

// Closing twice is no error.
void server_pool_close(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    struct pool *p = &s->pool[slot];
    if (!p->closing && !p->failed) {
        p->closing = true;
        pool_shut(s, slot, "ONDOL-POOL-CLOSED", "its pool was closed", fx);
    }
    fx_reply(fx, ev->token, 200, NULL);
}

// Its nodes keep no files between what runs in them: what begins later has what is there then anyway.
void server_pool_resync(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    const struct pool *p = &s->pool[slot];
    if (p->state != POOL_PARTIALLY_EXECUTING && p->state != POOL_FULLY_EXECUTING) {
        fx_reply(fx, ev->token, 400, NULL)->message = arena_printf(
            &fx->arena, "The pool %s is not running: it is %s", ev->pool.id, pool_state_name(p->state));
        return;
    }
    for (uint32_t t = p->first; t != NONE; t = s->task[t].pool_next)
        order_resync(s, t, fx);
    fx_reply(fx, ev->token, 200, NULL);
}

void server_pool_delete(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    struct pool *p = &s->pool[slot];
    p->deleting = true;
    release_shortname(s, p); // the next pool may have it
    pool_shut(s, slot, "ONDOL-POOL-CLOSED", "its pool was deleted", fx);
    fx_reply(fx, ev->token, 200, NULL);
}

// ---- from its row

int server_pool_restore(struct server *s, const struct row_pool *r, struct err *e)
{
    uint8_t uuid[16];
    uint64_t account;
    struct constraint want = {0};
    if (!idmap_get(&s->account_by_id, r->account, &account))
        return err_set(e, -EBADMSG, "store: pool %llu is of no account", (unsigned long long)r->id);
    if (!uuid_parse(r->uuid, uuid))
        return err_set(e, -EBADMSG, "store: pool %llu: %s is no uuid", (unsigned long long)r->id, r->uuid);
    if (r->hardware && *r->hardware && !constraint_parse(r->hardware, &want))
        return err_set(e, -EBADMSG, "store: pool %s: hardware \"%s\" cannot be read", r->uuid, r->hardware);
    if (r->slots_per_node < 1 || r->state >= POOL_STATE_N || !activity_is_task(r->activity))
        return err_set(e, -EBADMSG, "store: pool %s: its row makes no sense", r->uuid);
    uint32_t slot = pool_slot_new(s, r->id, uuid, (uint32_t)account);
    struct pool *p = &s->pool[slot];
    if (!set_scaling(p, r->scaling))
        return err_set(e, -EBADMSG, "store: pool %s: its scaling cannot be read", r->uuid);
    p->name = mem_strdup(r->name ? r->name : "");
    p->profile = mem_strdup(r->profile ? r->profile : "");
    p->body = mem_strdup(r->body ? r->body : "{}");
    p->errors = r->errors && strcmp(r->errors, "[]") != 0 ? mem_strdup(r->errors) : NULL;
    p->state = r->state;
    p->previous_state = r->previous_state;
    p->closing = r->state == POOL_CLOSING || r->state == POOL_CLOSED;
    p->failed = r->state == POOL_FAILURE;
    p->deleting = r->state == POOL_PENDING_DELETE;
    p->auto_delete = r->auto_delete;
    p->created_ms = r->created_ms;
    p->state_ms = r->state_ms;
    p->previous_state_ms = r->previous_state_ms;
    p->modified_ms = r->modified_ms;
    p->keep_ms = r->keep_ms;
    p->queue_max_ms = r->queue_max_ms;
    p->slots_per_node = r->slots_per_node;
    p->active = r->policy;
    p->slots = r->slots;
    p->opened_ms = r->opened_ms;
    p->starts = r->starts;
    p->failures = r->failures;
    p->wanted = r->wanted;
    if (r->shortname && !p->deleting && strcasecmp(r->shortname, r->uuid) != 0)
        set_shortname(s, slot, r->shortname);
    struct task *holder = &s->task[p->holder];
    const struct row_task owner = {.id = r->id, .project = r->project, .reservation = r->reservation};
    if (task_restore_owner(s, holder, &owner, e) < 0)
        return e->code;
    set_holder(s, slot, (enum activity)r->activity, &want);
    struct task_sets *sets = task_sets(&s->task[p->holder]);
    sets->exec_ms = r->exec_ms;
    sets->wall_ms = r->wall_ms;
    sets->core_ms = r->core_ms;
    sets->energy_mj = r->energy_mj;
    if (r->started_once && *r->started_once &&
        ranges_parse(&sets->started_once, r->started_once, RANGES_ID_MAX, e) < 0)
        return err_prefix(e, "store: pool %s: nodes", r->uuid);
    if (pool_state_open((enum pool_state)p->state))
        hold_back(s, slot);
    return 0;
}
