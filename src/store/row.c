// SPDX-License-Identifier: Apache-2.0
#include "store/row.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define C(row, type, field)                                                                                  \
    {                                                                                                        \
#field, COL_##type, offsetof(struct row, field)                                                      \
    }

static const struct col meta_cols[] = {C(row_meta, TEXT, name), C(row_meta, I64, value)};

#define MOST(row, i) offsetof(struct row, most) + (i) * sizeof(int32_t)
#define QUOTAS(row)                                                                                          \
    {"flex_instances", COL_I32, MOST(row, 0)}, {"flex_cores", COL_I32, MOST(row, 1)},                        \
        {"ondemand_instances", COL_I32, MOST(row, 2)}, {"ondemand_cores", COL_I32, MOST(row, 3)},            \
        {"reserved_instances", COL_I32, MOST(row, 4)},                                                       \
    {                                                                                                        \
        "reserved_cores", COL_I32, MOST(row, 5)                                                              \
    }
_Static_assert(QUOTA_N == 6, "one column each");

static const struct col organisation_cols[] = {
    C(row_organisation, U64, id),    C(row_organisation, UUID, uuid),      C(row_organisation, TEXT, slug),
    C(row_organisation, TEXT, name), C(row_organisation, I64, created_ms), QUOTAS(row_organisation),
};

static const struct col project_cols[] = {
    C(row_project, U64, id),         C(row_project, U64, organisation), C(row_project, UUID, uuid),
    C(row_project, TEXT, slug),      C(row_project, TEXT, name),        C(row_project, TEXT, description),
    C(row_project, I64, created_ms), C(row_project, U8, research),      C(row_project, U8, archived),
};

static const struct col account_cols[] = {
    C(row_account, U64, id),          C(row_account, TEXT, email),
    C(row_account, TEXT, name),       C(row_account, I64, created_ms),
    C(row_account, I32, max_tasks),   C(row_account, I32, max_instances_per_task),
    C(row_account, U8, research),     C(row_account, U64, organisation),
    C(row_account, U64, project),     C(row_account, U8, scheduling),
    C(row_account, U8, removed),      C(row_account, I32, max_jobs),
    C(row_account, I64, credit_neur), QUOTAS(row_account),
};

static const struct col token_cols[] = {
    C(row_token, U64, id),         C(row_token, U64, account),    C(row_token, TEXT, name),
    C(row_token, TEXT, digest),    C(row_token, I64, created_ms), C(row_token, I64, expires_ms),
    C(row_token, I64, revoked_ms),
};

static const struct col budget_cols[] = {
    C(row_budget, U64, id),      C(row_budget, U64, project),    C(row_budget, UUID, uuid),
    C(row_budget, TEXT, alias),  C(row_budget, I64, total_neur), C(row_budget, I64, start_ms),
    C(row_budget, I64, end_ms),  C(row_budget, I64, created_ms), C(row_budget, U8, policy),
    C(row_budget, U8, archived),
};

static const struct col reservation_cols[] = {
    C(row_reservation, U64, id),         C(row_reservation, U64, organisation),
    C(row_reservation, U64, account),    C(row_reservation, UUID, uuid),
    C(row_reservation, TEXT, name),      C(row_reservation, TEXT, machine_key),
    C(row_reservation, I32, boards),     C(row_reservation, I32, cores),
    C(row_reservation, I64, from_ms),    C(row_reservation, I64, to_ms),
    C(row_reservation, I64, created_ms), C(row_reservation, U8, removed),
};

static const struct col spent_cols[] = {
    C(row_spent, U8, what),
    C(row_spent, U64, id),
    C(row_spent, I64, neur),
};

static const struct col secret_cols[] = {
    C(row_secret, U64, account),
    C(row_secret, TEXT, key),
    C(row_secret, TEXT, sealed),
    C(row_secret, I64, modified_ms),
};

// The moving columns, once at their place inside a row_task and once in a row_task_live of their own. First
// those that move while a task waits, starts and is cancelled, then what its attempts leave, which never
// becomes less.
// clang-format off
#define LIVE(type, field, base) {#field, COL_##type, (base) + offsetof(struct row_task_live, field)}
// clang-format on
// clang-format off
#define STILL_COLS(base)                                                                                         \
    LIVE(U8, state, base), LIVE(U8, previous_state, base), LIVE(I64, state_ms, base),                            \
        LIVE(I64, previous_state_ms, base), LIVE(I64, modified_ms, base), LIVE(I64, end_ms, base),               \
        LIVE(TEXT, cancelled, base), LIVE(TEXT, started_once, base), LIVE(I32, running, base),                   \
        LIVE(I32, running_cores, base), LIVE(I32, progress_permille, base), LIVE(TEXT, errors, base)
#define LIVE_COLS(base)                                                                                          \
    STILL_COLS(base), LIVE(TEXT, succeeded, base), LIVE(TEXT, failed, base), LIVE(I64, exec_ms, base),           \
        LIVE(I64, wall_ms, base), LIVE(I64, core_ms, base), LIVE(I64, energy_mj, base),                          \
        LIVE(I32, retries_used, base), LIVE(I32, lost_attempts, base), LIVE(I32, preempted_attempts, base),      \
        LIVE(I32, results_count, base)
// clang-format on

static const struct col task_cols[] = {
    C(row_task, U64, id),
    C(row_task, UUID, uuid),
    C(row_task, TEXT, shortname),
    C(row_task, U64, account),
    C(row_task, TEXT, name),
    C(row_task, TEXT, profile),
    C(row_task, U8, activity),
    C(row_task, I32, instances),
    C(row_task, I64, created_ms),
    C(row_task, TEXT, ranges),
    C(row_task, I32, retries_total),
    C(row_task, I32, retries_each),
    C(row_task, I64, queue_max_ms),
    C(row_task, TEXT, hardware),
    C(row_task, U64, project),
    C(row_task, U64, reservation),
    C(row_task, TEXT, place),
    C(row_task, U64, job),
    C(row_task, U64, pool),
    C(row_task, I64, keep_ms),
    C(row_task, I64, ready_ms),
    C(row_task, TEXT, depends),
    LIVE_COLS(offsetof(struct row_task, live)),
};

static const struct col wait_cols[] = {
    C(row_task_wait, U64, id),
    C(row_task_wait, I64, ready_ms),
    C(row_task_wait, TEXT, depends),
};

static const struct col ended_cols[] = {
    C(row_task_ended, U64, id),   C(row_task_ended, U64, job),    C(row_task_ended, UUID, uuid),
    C(row_task_ended, U8, state), C(row_task_ended, I64, end_ms), C(row_task_ended, I64, keep_ms),
};

static const struct col job_cols[] = {
    C(row_job, U64, id),
    C(row_job, UUID, uuid),
    C(row_job, TEXT, shortname),
    C(row_job, TEXT, name),
    C(row_job, U64, account),
    C(row_job, U8, state),
    C(row_job, U8, previous_state),
    C(row_job, U8, use_dependencies),
    C(row_job, U8, auto_delete),
    C(row_job, U8, swept),
    C(row_job, I64, created_ms),
    C(row_job, I64, state_ms),
    C(row_job, I64, previous_state_ms),
    C(row_job, I64, modified_ms),
    C(row_job, I64, wall_ms),
    C(row_job, I64, keep_ms),
    C(row_job, TEXT, body),
};

static const struct col pool_cols[] = {
    C(row_pool, U64, id),
    C(row_pool, UUID, uuid),
    C(row_pool, TEXT, shortname),
    C(row_pool, TEXT, name),
    C(row_pool, TEXT, profile),
    C(row_pool, U64, account),
    C(row_pool, U8, activity),
    C(row_pool, U8, state),
    C(row_pool, U8, previous_state),
    C(row_pool, U8, auto_delete),
    C(row_pool, I64, created_ms),
    C(row_pool, I64, state_ms),
    C(row_pool, I64, previous_state_ms),
    C(row_pool, I64, modified_ms),
    C(row_pool, I64, keep_ms),
    C(row_pool, I64, queue_max_ms),
    C(row_pool, TEXT, hardware),
    C(row_pool, TEXT, scaling),
    C(row_pool, I32, slots_per_node),
    C(row_pool, I32, policy),
    C(row_pool, I64, slots),
    C(row_pool, I64, opened_ms),
    C(row_pool, I32, starts),
    C(row_pool, I32, failures),
    C(row_pool, I32, wanted),
    C(row_pool, I32, running),
    C(row_pool, I32, running_cores),
    C(row_pool, I64, busy),
    C(row_pool, TEXT, started_once),
    C(row_pool, I64, exec_ms),
    C(row_pool, I64, wall_ms),
    C(row_pool, I64, core_ms),
    C(row_pool, I64, energy_mj),
    C(row_pool, TEXT, errors),
    C(row_pool, TEXT, body),
    C(row_pool, U64, project),
    C(row_pool, U64, reservation),
};

static const struct col live_cols[] = {C(row_task_live, U64, id), LIVE_COLS(0)};
static const struct col still_cols[] = {C(row_task_live, U64, id), STILL_COLS(0)};

static const struct col lease_cols[] = {
    C(row_lease, U64, id),       C(row_lease, U64, task),       C(row_lease, U64, node),
    C(row_lease, U64, board),    C(row_lease, U32, instance),   C(row_lease, U32, attempt),
    C(row_lease, U8, activity),  C(row_lease, U8, state),       C(row_lease, I64, granted_ms),
    C(row_lease, I64, until_ms), C(row_lease, I64, started_ms), C(row_lease, I64, energy_mj),
    C(row_lease, I64, core_ms),  C(row_lease, U32, snapshots), C(row_lease, I64, cost_neur),
};

static const struct col attempt_cols[] = {
    C(row_attempt, U64, task),
    C(row_attempt, U32, instance),
    C(row_attempt, U32, attempt),
    C(row_attempt, U64, lease),
    {"how", COL_U8, offsetof(struct row_attempt, end)},
    C(row_attempt, I64, granted_ms),
    C(row_attempt, I64, started_ms),
    C(row_attempt, I64, ended_ms),
    C(row_attempt, I64, wall_ms),
    C(row_attempt, I64, exec_ms),
    C(row_attempt, I64, core_ms),
    C(row_attempt, I64, work_mhz_s),
    C(row_attempt, I64, energy_mj),
    C(row_attempt, I32, exit_code),
    C(row_attempt, I32, signal),
    C(row_attempt, I32, cores),
    C(row_attempt, I32, peak_memory_mb),
    C(row_attempt, TEXT, board),
    C(row_attempt, TEXT, spec_key),
    C(row_attempt, TEXT, cpu_model),
    C(row_attempt, TEXT, node),
    C(row_attempt, U64, epoch),
    C(row_attempt, U64, seq),
    C(row_attempt, TEXT, code),
    C(row_attempt, TEXT, message),
    C(row_attempt, I64, fetch_ms),
    C(row_attempt, I64, fetch_bytes),
    C(row_attempt, I64, store_ms),
    C(row_attempt, I64, store_bytes),
    C(row_attempt, TEXT, results),
    C(row_attempt, TEXT, site),
    C(row_attempt, I32, clock_permille),
    C(row_attempt, I32, clock_max_mhz),
};

static const struct col publish_cols[] = {
    C(row_publish, U64, lease),
    C(row_publish, U32, part),
    C(row_publish, U64, task),
    C(row_publish, U32, instance),
    {"how", COL_U8, offsetof(struct row_publish, end)},
    C(row_publish, U32, snapshot),
    C(row_publish, TEXT, bucket),
};

static const struct col snapshot_cols[] = {
    C(row_snapshot, U64, task),       C(row_snapshot, U32, number),     C(row_snapshot, U8, status),
    C(row_snapshot, I64, asked_ms),   C(row_snapshot, I64, changed_ms), C(row_snapshot, I64, bytes),
    C(row_snapshot, I64, moved),      C(row_snapshot, I64, period_ms),  C(row_snapshot, I64, resync),
    C(row_snapshot, TEXT, whitelist), C(row_snapshot, TEXT, blacklist), C(row_snapshot, TEXT, bucket),
    C(row_snapshot, TEXT, prefix),
};

static const struct col node_cols[] = {
    C(row_node, U64, id),    C(row_node, TEXT, name), C(row_node, U64, nonce),
    C(row_node, U64, epoch), C(row_node, U64, seq),   C(row_node, I64, seen_ms),
};

static const struct col site_cols[] = {
    C(row_site, U64, id),     C(row_site, TEXT, name),    C(row_site, I32, utc_offset_min),
    C(row_site, I64, cap_mw), C(row_site, TEXT, setting),
};

static const struct col zone_cols[] = {
    C(row_zone, U64, id),
    C(row_zone, U64, site),
    C(row_zone, U64, node),
    C(row_zone, TEXT, name),
    C(row_zone, TEXT, label),
    C(row_zone, TEXT, schedule),
    C(row_zone, I32, nameplate_w),
    C(row_zone, I32, setpoint_mc),
    C(row_zone, U8, mode),
    C(row_zone, U8, is_virtual),
    C(row_zone, I64, boost_until_ms),
    C(row_zone, I64, asked_mj),
    C(row_zone, I64, delivered_mj),
    C(row_zone, I64, useful_mj),
    C(row_zone, I64, shadow_mj),
    C(row_zone, I64, base_asked_mj),
    C(row_zone, I64, base_delivered_mj),
    C(row_zone, I64, base_useful_mj),
    C(row_zone, I64, base_shadow_mj),
    C(row_zone, I64, lid_open_ms),
    C(row_zone, I64, lid_clear_ms),
};

static const struct col board_cols[] = {
    C(row_board, U64, id),
    C(row_board, U64, zone),
    C(row_board, U64, node),
    C(row_board, TEXT, name),
    C(row_board, TEXT, heater),
    C(row_board, TEXT, offer),
    C(row_board, U8, barred),
    C(row_board, TEXT, barred_why),
    C(row_board, I32, start_failures),
    C(row_board, I64, rests_until_ms),
};

static const struct col work_cols[] = {
    C(row_ledger_work, I64, hour_ms),   C(row_ledger_work, U64, board),   C(row_ledger_work, U64, task),
    C(row_ledger_work, U8, activity),   C(row_ledger_work, U64, account), C(row_ledger_work, I64, energy_mj),
    C(row_ledger_work, I64, core_ms),   C(row_ledger_work, I64, ms),      C(row_ledger_work, U64, project),
    C(row_ledger_work, I64, cost_neur),
};

static const struct col heat_cols[] = {
    C(row_ledger_zone, I64, hour_ms),   C(row_ledger_zone, U64, zone),
    C(row_ledger_zone, I64, asked_mj),  C(row_ledger_zone, I64, delivered_mj),
    C(row_ledger_zone, I64, useful_mj), C(row_ledger_zone, I64, shadow_mj),
};

#define PART(what, i)                                                                                        \
    {                                                                                                        \
#what "_" #i, COL_I64, offsetof(struct row_meter, what) + (i) * sizeof(int64_t)                      \
    }
#define PARTS(what)                                                                                          \
    PART(what, 0), PART(what, 1), PART(what, 2), PART(what, 3), PART(what, 4), PART(what, 5), PART(what, 6), \
        PART(what, 7), PART(what, 8), PART(what, 9)
_Static_assert(sizeof(((struct row_meter *)0)->part_mj) == 10 * sizeof(int64_t), "one column per part");

static const struct col meter_cols[] = {
    C(row_meter, U64, board),
    C(row_meter, U64, epoch),
    C(row_meter, I64, raw_mj),
    C(row_meter, I64, at_ms),
    C(row_meter, I64, total_mj),
    PARTS(part_mj),
    PARTS(part_ms),
    PARTS(energy_mj),
    PARTS(spent_ms),
    C(row_meter, I32, resets),
    C(row_meter, I32, wraps),
    C(row_meter, I32, gaps),
    C(row_meter, U8, started),
};

#define T(name, cols, keys)                                                                                  \
    {                                                                                                        \
        name, cols, (int)ARRAY_LEN(cols), keys                                                               \
    }
static const struct row_table tables[CHANGE_KIND_N] = {
    [CHANGE_META] = T("meta", meta_cols, 1),
    [CHANGE_ORGANISATION] = T("organisation", organisation_cols, 1),
    [CHANGE_PROJECT] = T("project", project_cols, 1),
    [CHANGE_ACCOUNT] = T("account", account_cols, 1),
    [CHANGE_TOKEN] = T("token", token_cols, 1),
    [CHANGE_BUDGET] = T("budget", budget_cols, 1),
    [CHANGE_RESERVATION] = T("reservation", reservation_cols, 1),
    [CHANGE_SPENT] = T("spent", spent_cols, 2), // is only read
    [CHANGE_SECRET] = T("secret", secret_cols, 2),
    [CHANGE_TASK_NEW] = T("task", task_cols, 1),
    [CHANGE_TASK_LIVE] = T("task", live_cols, 1),
    [CHANGE_TASK_WAIT] = T("task", wait_cols, 1),
    [CHANGE_TASK_ENDED] = T("task", ended_cols, 1), // is only read
    [CHANGE_JOB] = T("job", job_cols, 1),
    [CHANGE_POOL] = T("pool", pool_cols, 1),
    [CHANGE_LEASE] = T("lease", lease_cols, 1),
    [CHANGE_ATTEMPT] = T("attempt", attempt_cols, 3),
    [CHANGE_PUBLISH] = T("publish", publish_cols, 2),
    [CHANGE_SNAPSHOT] = T("snapshot", snapshot_cols, 2),
    [CHANGE_NODE] = T("node", node_cols, 1),
    [CHANGE_SITE] = T("site", site_cols, 1),
    [CHANGE_ZONE] = T("zone", zone_cols, 1),
    [CHANGE_BOARD] = T("board", board_cols, 1),
    [CHANGE_LEDGER_WORK] = T("ledger_work", work_cols, 4),
    [CHANGE_LEDGER_ZONE] = T("ledger_zone", heat_cols, 2),
    [CHANGE_METER] = T("meter", meter_cols, 1),
};

const struct row_table *row_table_of(enum change_kind k)
{
    return tables[k].name ? &tables[k] : NULL;
}

static bool is_nothing(const char *text)
{
    return !text || !*text;
}

bool row_still(const struct row_task_live *r)
{
    return is_nothing(r->succeeded) && is_nothing(r->failed) && !r->exec_ms && !r->wall_ms && !r->core_ms &&
           !r->energy_mj && !r->retries_used && !r->lost_attempts && !r->preempted_attempts &&
           !r->results_count;
}

const struct row_table *row_table_still(void)
{
    static const struct row_table still = T("task", still_cols, 1);
    return &still;
}

void *row_of(struct change *c)
{
    return &c->meta;
}

const void *row_of_const(const struct change *c)
{
    return &c->meta;
}

// ---- SQL

void row_sql_columns(struct buf *sql, const struct row_table *t, const char *prefix)
{
    for (int i = 0; i < t->n; i++)
        buf_putf(sql, "%s%s%s", i ? ", " : "", prefix, t->col[i].name);
}

static void insert_head(struct buf *sql, const struct row_table *t)
{
    buf_putf(sql, "INSERT INTO %s (", t->name);
    row_sql_columns(sql, t, "");
    buf_puts(sql, ") VALUES (");
    for (int i = 0; i < t->n; i++)
        buf_putf(sql, "%s$%d", i ? ", " : "", i + 1);
    buf_puts(sql, ") ON CONFLICT (");
    for (int i = 0; i < t->n_keys; i++)
        buf_putf(sql, "%s%s", i ? ", " : "", t->col[i].name);
    buf_puts(sql, ") DO ");
}

void row_sql_insert(struct buf *sql, const struct row_table *t)
{
    insert_head(sql, t);
    buf_puts(sql, "NOTHING");
}

void row_sql_upsert(struct buf *sql, const struct row_table *t)
{
    insert_head(sql, t);
    buf_puts(sql, "UPDATE SET ");
    for (int i = t->n_keys; i < t->n; i++)
        buf_putf(sql, "%s%s = excluded.%s", i > t->n_keys ? ", " : "", t->col[i].name, t->col[i].name);
}

void row_sql_update(struct buf *sql, const struct row_table *t)
{
    buf_putf(sql, "UPDATE %s SET ", t->name);
    for (int i = t->n_keys; i < t->n; i++)
        buf_putf(sql, "%s%s = $%d", i > t->n_keys ? ", " : "", t->col[i].name, i - t->n_keys + 1);
    for (int i = 0; i < t->n_keys; i++)
        buf_putf(sql, "%s%s = $%d", i ? " AND " : " WHERE ", t->col[i].name, t->n - t->n_keys + i + 1);
}

void row_sql_update_range(struct buf *sql, const struct row_table *t)
{
    buf_putf(sql, "UPDATE %s SET ", t->name);
    for (int i = 1; i < t->n; i++)
        buf_putf(sql, "%s%s = $%d", i > 1 ? ", " : "", t->col[i].name, i);
    buf_putf(sql, " WHERE %s >= $%d AND %s <= $%d", t->col[0].name, t->n, t->col[0].name, t->n + 1);
}

void row_sql_select(struct buf *sql, const struct row_table *t)
{
    buf_puts(sql, "SELECT ");
    row_sql_columns(sql, t, "");
    buf_putf(sql, " FROM %s", t->name);
}

// ---- values

static int64_t int_of(const struct col *c, const void *row)
{
    const char *p = (const char *)row + c->at;
    switch (c->type) {
    case COL_U64:
        return (int64_t) * (const uint64_t *)p;
    case COL_I64:
        return *(const int64_t *)p;
    case COL_U32:
        return *(const uint32_t *)p;
    case COL_I32:
        return *(const int32_t *)p;
    case COL_U8:
        return *(const uint8_t *)p;
    case COL_TEXT:
    case COL_UUID:
        break;
    }
    assert(false);
    return 0;
}

static const char *text_of(const struct col *c, const void *row)
{
    const char *p = (const char *)row + c->at;
    return c->type == COL_UUID ? p : *(const char *const *)p;
}

static void bind(sqlite3_stmt *st, int at, const struct col *c, const void *row)
{
    if (c->type == COL_TEXT || c->type == COL_UUID)
        sqlite3_bind_text(st, at, text_of(c, row), -1, SQLITE_STATIC);
    else
        sqlite3_bind_int64(st, at, int_of(c, row));
}

void row_bind(sqlite3_stmt *st, const struct row_table *t, const void *row)
{
    for (int i = 0; i < t->n; i++)
        bind(st, i + 1, &t->col[i], row);
}

void row_bind_update(sqlite3_stmt *st, const struct row_table *t, const void *row)
{
    for (int i = 0; i < t->n; i++)
        bind(st, i < t->n_keys ? t->n - t->n_keys + i + 1 : i - t->n_keys + 1, &t->col[i], row);
}

void row_read(sqlite3_stmt *st, const struct row_table *t, struct arena *a, void *row)
{
    for (int i = 0; i < t->n; i++) {
        const struct col *c = &t->col[i];
        char *p = (char *)row + c->at;
        bool is_text = c->type == COL_TEXT || c->type == COL_UUID;
        int64_t v = is_text ? 0 : sqlite3_column_int64(st, i);
        const char *text = is_text ? (const char *)sqlite3_column_text(st, i) : NULL;
        switch (c->type) {
        case COL_U64:
            *(uint64_t *)p = (uint64_t)v;
            break;
        case COL_I64:
            *(int64_t *)p = v;
            break;
        case COL_U32:
            *(uint32_t *)p = (uint32_t)v;
            break;
        case COL_I32:
            *(int32_t *)p = (int32_t)v;
            break;
        case COL_U8:
            *(uint8_t *)p = (uint8_t)v;
            break;
        case COL_TEXT:
            *(const char **)p = a ? arena_strdup(a, text) : text;
            break;
        case COL_UUID:
            memset(p, 0, UUID_TEXT_BYTES);
            if (text)
                memcpy(p, text, strnlen(text, UUID_TEXT_BYTES - 1));
            break;
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool row_alike(const struct row_table *t, const void *a, const void *b)
{
    for (int i = t->n_keys; i < t->n; i++) {
        const struct col *c = &t->col[i];
        bool is_text = c->type == COL_TEXT || c->type == COL_UUID;
        if (is_text ? !same_text(text_of(c, a), text_of(c, b)) : int_of(c, a) != int_of(c, b))
            return false;
    }
    return true;
}

bool row_same(sqlite3_stmt *st, const struct row_table *t, const void *row)
{
    for (int i = 0; i < t->n; i++) {
        const struct col *c = &t->col[i];
        if (c->type == COL_TEXT || c->type == COL_UUID) {
            const char *there = (const char *)sqlite3_column_text(st, i), *here = text_of(c, row);
            if (!same_text(there, here))
                return false;
        } else if (sqlite3_column_int64(st, i) != int_of(c, row)) {
            return false;
        }
    }
    return true;
}
