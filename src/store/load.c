// SPDX-License-Identifier: Apache-2.0
//
// What the engine starts with: every live row, in the order that the contract names.
#include <errno.h>

#include "base/mem.h"
#include "core/work/job.h"
#include "core/work/task.h"
#include "store/db.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/writer.h"

_Static_assert(JOB_ACTIVE == 0, "the ended tasks that others may wait for are those of Active jobs");
_Static_assert(ATTEMPT_SUCCESS == 0, "the attempts that count at load are those that did not succeed");

struct part {
    enum change_kind kind;
    const char *rest; // of the SELECT; $1, where it appears, is ledger_from_ms
};

static const struct part parts[] = {
    {CHANGE_META, "meta ORDER BY name"},
    {CHANGE_ORGANISATION, "organisation ORDER BY id"},
    {CHANGE_PROJECT, "project ORDER BY id"},
    {CHANGE_ACCOUNT, "account ORDER BY id"},
    {CHANGE_TOKEN, "token ORDER BY id"},
    {CHANGE_BUDGET, "budget ORDER BY id"},
    {CHANGE_RESERVATION, "reservation ORDER BY id"},
    {CHANGE_SPENT,
     "(SELECT 0 AS what, account AS id, sum(cost_neur) AS neur FROM ledger_total WHERE account IN (SELECT id "
     "FROM account) GROUP BY account UNION ALL SELECT 1 AS what, budget.id AS id, sum(cost_neur) AS neur "
     "FROM budget JOIN ledger_project ON ledger_project.project = budget.project AND hour_ms >= start_ms AND "
     "hour_ms < end_ms GROUP BY budget.id) AS spent ORDER BY what, id"},
    {CHANGE_SECRET, "secret ORDER BY account, key"},
    {CHANGE_SITE, "site ORDER BY id"},
    {CHANGE_NODE, "node ORDER BY id"},
    {CHANGE_ZONE, "zone ORDER BY id"},
    {CHANGE_BOARD, "board ORDER BY id"},
    {CHANGE_METER, "meter ORDER BY board"},
    {CHANGE_JOB, "job ORDER BY id"},
    {CHANGE_TASK_ENDED,
     "task WHERE id IN (SELECT id FROM task WHERE keep_ms > 0 UNION SELECT id FROM task WHERE job <> 0 AND "
     "job IN "
     "(SELECT id FROM job WHERE state = 0 AND use_dependencies = 1)) AND state IN " SQL_FINAL_STATES
     " ORDER BY id"},
    {CHANGE_TASK_NEW, "task LEFT JOIN task_body USING (id) WHERE id IN (SELECT id FROM task WHERE state NOT "
                      "IN " SQL_FINAL_STATES ") ORDER BY id"},
    {CHANGE_ATTEMPT,
     "attempt WHERE how <> 0 AND task IN (SELECT id FROM task WHERE state NOT IN " SQL_FINAL_STATES
     ") ORDER BY task, instance, attempt"},
    {CHANGE_LEASE,
     "lease WHERE task IN (SELECT id FROM task WHERE state NOT IN " SQL_FINAL_STATES ") ORDER BY id"},
    {CHANGE_SNAPSHOT, "snapshot WHERE task IN (SELECT id FROM task WHERE state NOT IN " SQL_FINAL_STATES
                      ") ORDER BY task, number"},
    {CHANGE_PUBLISH, "publish ORDER BY lease, part"},
    {CHANGE_LEDGER_WORK, "ledger_work WHERE hour_ms >= $1 ORDER BY hour_ms, board, task, activity"},
    {CHANGE_LEDGER_ZONE, "ledger_zone WHERE hour_ms >= $1 ORDER BY hour_ms, zone"},
};

static int visit(sqlite3_stmt *st, const struct part *p, const struct store_visitor *v, struct err *e)
{
    const struct row_table *t = row_table_of(p->kind);
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct change c = {.kind = p->kind};
        row_read(st, t, NULL, row_of(&c));
        if (p->kind == CHANGE_TASK_NEW) {
            c.task.live.id = c.task.id;
            c.task.body = (const char *)sqlite3_column_text(st, t->n);
        }
        int r = v->row(v->ctx, &c, e);
        if (r < 0)
            return r;
    }
    return rc == SQLITE_DONE ? 0 : db_fail(sqlite3_db_handle(st), rc, "loading", e);
}

static int load_part(struct writer *w, const struct part *p, const struct store_visitor *v, struct err *e)
{
    struct buf sql = BUF_INIT(16 * 1024);
    buf_puts(&sql, "SELECT ");
    row_sql_columns(&sql, row_table_of(p->kind), "");
    buf_putf(&sql, "%s FROM %s", p->kind == CHANGE_TASK_NEW ? ", body" : "", p->rest);
    sqlite3_stmt *st = NULL;
    int r = db_prepare(w->c, &st, buf_str(&sql), e);
    buf_deinit(&sql);
    if (r < 0)
        return r;
    if (sqlite3_bind_parameter_count(st))
        sqlite3_bind_int64(st, 1, v->ledger_from_ms);
    r = visit(st, p, v, e);
    sqlite3_finalize(st);
    return r;
}

int writer_load(void *ctx, const struct store_visitor *v, struct err *e)
{
    struct writer *w = ctx;
    int r = db_exec(w->c, "BEGIN", "loading", e); // all parts from one moment
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(parts); i++)
        r = load_part(w, &parts[i], v, e);
    if (!sqlite3_get_autocommit(w->c))
        sqlite3_exec(w->c, "COMMIT", NULL, NULL, NULL);
    return r;
}
