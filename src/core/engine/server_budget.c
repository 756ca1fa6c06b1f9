// SPDX-License-Identifier: Apache-2.0
//
// Budgets of projects. What a budget has spent is the sum of what the ledger charged its project with in the
// hours of its time: the engine adds up as it charges, a restart adds up the ledger's rows, and both come to
// the same figure. So that they do, budgets begin and end with whole hours, a new one begins at the earliest
// with the hour that is open in memory, and its beginning never moves.
#include "base/mem.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <string.h>

static bool is_active(const struct server *s, const struct budget *b)
{
    return !b->archived && b->start_ms <= s->now.v && s->now.v < b->end_ms;
}

static bool is_used_up(const struct budget *b)
{
    return b->spent_neur >= b->total_neur;
}

void server_charge(struct server *s, uint32_t account, uint32_t project, int64_t hour_ms, int64_t neur)
{
    if (!neur)
        return;
    s->account[account].spent_neur += neur;
    for (size_t i = 0; i < s->n_budgets; i++) {
        struct budget *b = &s->budget[i];
        if (b->project != project || hour_ms < b->start_ms || hour_ms >= b->end_ms)
            continue;
        b->spent_neur += neur;
        if (!is_used_up(b))
            b->looked = false; // what was given back left some: it can be used up again
        else if (!b->looked)
            s->budget_moved = true;
    }
}

bool project_blocked(const struct server *s, uint32_t project)
{
    for (size_t i = 0; i < s->n_budgets; i++) {
        const struct budget *b = &s->budget[i];
        if (b->project == project && b->policy != BUDGET_ALERT_ONLY && is_active(s, b) && is_used_up(b))
            return true;
    }
    return false;
}

static void stop_all(struct server *s, const struct budget *b, struct effects *fx)
{
    char *why = arena_printf(&fx->arena, "the budget %s of its project is used up", b->alias);
    for (uint32_t slot = 0; slot < s->n_tasks; slot++) {
        struct task *t = &s->task[slot];
        if (t->id && t->project == b->project && !t->aborting && !t->deleting && !task_ended(t))
            task_or_pool_stop(s, slot, "ONDOL-BUDGET", why, fx);
    }
}

static void tell(struct server *s, const struct budget *b, struct effects *fx)
{
    char uuid[UUID_TEXT_BYTES], project[UUID_TEXT_BYTES];
    uuid_format(uuid, b->uuid);
    uuid_format(project, s->project[b->project].uuid);
    fx_note(fx, "budget",
            arena_printf(&fx->arena, "{\"uuid\":\"%s\",\"project\":\"%s\",\"policy\":\"%s\",\"usedUp\":true}",
                         uuid, project, budget_policy_name((enum budget_policy)b->policy)));
}

void server_budgets_settle(struct server *s, struct effects *fx)
{
    if (!s->budget_moved)
        return;
    s->budget_moved = false;
    for (size_t i = 0; i < s->n_budgets; i++) {
        struct budget *b = &s->budget[i];
        if (b->looked || !is_active(s, b) || !is_used_up(b))
            continue;
        b->looked = true;
        tell(s, b, fx);
        server_trace(s, CHANGE_BUDGET, (int64_t)b->id, b->policy);
        if (b->policy == BUDGET_STOP_AND_BLOCK_ALL)
            stop_all(s, b, fx);
    }
}

// ---- made and changed

static void row_write(struct server *s, const struct budget *b, struct effects *fx)
{
    struct change *c = fx_change(fx, CHANGE_BUDGET);
    c->budget = (struct row_budget){.id = b->id,
                                    .project = s->project[b->project].id,
                                    .alias = arena_strdup(&fx->arena, b->alias),
                                    .total_neur = b->total_neur,
                                    .start_ms = b->start_ms,
                                    .end_ms = b->end_ms,
                                    .created_ms = b->created_ms,
                                    .policy = b->policy,
                                    .archived = b->archived};
    uuid_format(c->budget.uuid, b->uuid);
}

static struct budget *find(struct server *s, const char *text)
{
    uint8_t uuid[16];
    if (!uuid_parse(text, uuid))
        return NULL;
    for (size_t i = 0; i < s->n_budgets; i++)
        if (!memcmp(s->budget[i].uuid, uuid, 16))
            return &s->budget[i];
    return NULL;
}

// What the ledger's open hours have charged the project with in the budget's time.
static int64_t open_neur(const struct server *s, const struct budget *b)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->ledger.n_work; i++) {
        const struct ledger_work *w = &s->ledger.work[i];
        const struct ledger_billed *billed = ledger_billed(&s->ledger, w);
        if (billed && billed->project == s->project[b->project].id && w->hour_ms >= b->start_ms &&
            w->hour_ms < b->end_ms)
            sum += billed->cost_neur;
    }
    return sum;
}

static int64_t hour_of(int64_t ms)
{
    return ms - ((ms % LEDGER_HOUR_MS) + LEDGER_HOUR_MS) % LEDGER_HOUR_MS;
}

// The first hour that is not over.
static int64_t hour_up(int64_t ms)
{
    return hour_of(ms) == ms || ms > INT64_MAX - LEDGER_HOUR_MS ? ms : hour_of(ms) + LEDGER_HOUR_MS;
}

// NULL: refused, and answered.
static struct budget *make(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t project;
    int64_t now_hour = hour_of(s->now.v);
    int64_t start = ev->budget.has_start ? hour_of(ev->budget.start_ms) : now_hour;
    int64_t end = ev->budget.has_end ? hour_up(ev->budget.end_ms) : INT64_MAX;
    if (!find_project(s, ev->budget.project, &project)) {
        fx_reply(fx, ev->token, 404, arena_printf(&fx->arena, "No such project: %s", ev->budget.project));
        return NULL;
    }
    const char *bad = !ev->budget.has_total ? "total: is required"
                      : start < now_hour
                          ? "startDateUtc: must not be before this hour: what was spent is not "
                            "counted again"
                      : end <= start ? "expirationDateUtc: must be after startDateUtc"
                                     : NULL;
    if (bad) {
        fx_reply(fx, ev->token, 400, bad);
        return NULL;
    }
    struct budget *b = VEC_PUSH(s->budget, s->n_budgets, s->cap_budgets);
    char text[UUID_TEXT_BYTES];
    *b = (struct budget){.id = server_new_id(s),
                         .project = project,
                         .alias = mem_strdup("budget"),
                         .start_ms = start,
                         .end_ms = end,
                         .created_ms = s->now.v};
    uuid_format(text, ev->budget.uuid);
    uuid_parse(text, b->uuid);
    b->spent_neur = open_neur(s, b);
    return b;
}

// A budget that has ended is history; another end must be one that has not come yet.
static const char *bad_end(const struct server *s, const struct event *ev, const struct budget *b)
{
    if (ev->budget.has_start)
        return "startDateUtc: cannot be changed (archive this budget and make another one)";
    if (!ev->budget.has_end)
        return NULL;
    if (b->end_ms <= s->now.v)
        return "expirationDateUtc: this budget has ended (make another one)";
    if (hour_up(ev->budget.end_ms) <= s->now.v || hour_up(ev->budget.end_ms) <= b->start_ms)
        return "expirationDateUtc: must be in the future and after startDateUtc";
    return NULL;
}

void server_budget_put(struct server *s, const struct event *ev, struct effects *fx)
{
    struct budget *b = ev->budget.budget ? find(s, ev->budget.budget) : make(s, ev, fx);
    if (!b && !ev->budget.budget)
        return;
    if (!b) {
        fx_reply(fx, ev->token, 404, arena_printf(&fx->arena, "No such budget: %s", ev->budget.budget));
        return;
    }
    const char *bad = ev->budget.budget ? bad_end(s, ev, b) : NULL;
    if (bad) {
        fx_reply(fx, ev->token, 400, bad);
        return;
    }
    text_replace(&b->alias, ev->budget.alias);
    if (ev->budget.has_total)
        b->total_neur = ev->budget.total_neur;
    if (ev->budget.budget && ev->budget.has_end)
        b->end_ms = hour_up(ev->budget.end_ms);
    if (ev->budget.has_policy)
        b->policy = ev->budget.policy;
    if (ev->budget.has_archived)
        b->archived = ev->budget.archived;
    b->looked = false;
    s->budget_moved = true;
    row_write(s, b, fx);
    fx_reply(fx, ev->token, 200, NULL)->id = b->id;
}

size_t server_budgets(const struct server *s)
{
    return s->n_budgets;
}

void server_budget(const struct server *s, size_t i, struct budget_view *v)
{
    const struct budget *b = &s->budget[i];
    *v = (struct budget_view){.id = b->id,
                              .alias = b->alias,
                              .project = b->project,
                              .total_neur = b->total_neur,
                              .spent_neur = b->spent_neur,
                              .start_ms = b->start_ms,
                              .end_ms = b->end_ms,
                              .policy = (enum budget_policy)b->policy,
                              .archived = b->archived};
    uuid_format(v->uuid, b->uuid);
}
