// SPDX-License-Identifier: Apache-2.0
//
// Runs: tasks with ids in a row that move alike, as when all of an account are cancelled, are one UPDATE over
// their range. It costs about half of an UPDATE for each. Only tasks of which no attempt has ended are
// gathered: of those it is known which columns move.
#include <errno.h>

#include "store/db.h"
#include "store/row.h"
#include "store/writer.h"

static bool extends(const struct run *r, const struct row_task_live *live)
{
    return r->first && (live->id == r->hi + 1 || live->id + 1 == r->lo) &&
           row_alike(row_table_still(), r->first, live);
}

int run_add(struct writer *w, const struct row_task_live *live, struct err *e)
{
    struct run *r = &w->run;
    if (!extends(r, live)) {
        int bad = run_flush(w, e);
        *r = (struct run){live, live->id, live->id};
        return bad;
    }
    r->lo = live->id < r->lo ? live->id : r->lo;
    r->hi = live->id > r->hi ? live->id : r->hi;
    return 0;
}

int run_flush(struct writer *w, struct err *e)
{
    struct run r = w->run;
    int changed;
    if (!r.first)
        return 0;
    w->run = (struct run){0};
    struct row_task_live moved = *r.first;
    moved.id = r.lo;
    sqlite3_stmt *st = r.lo == r.hi ? w->put_still : w->put_run;
    row_bind_update(st, row_table_still(), &moved);
    if (st == w->put_run)
        sqlite3_bind_int64(st, row_table_still()->n + 1, (int64_t)r.hi);
    int bad = db_run(st, "task", &changed, e);
    if (bad == 0 && (uint64_t)changed != r.hi - r.lo + 1)
        return err_set(e, -ENOENT,
                       "store: task %llu, or one of %llu behind it, moved but is not there (internal error)",
                       (unsigned long long)r.lo, (unsigned long long)(r.hi - r.lo));
    return bad;
}
