// SPDX-License-Identifier: Apache-2.0
//
// Pages of the list of tasks. The order is total, (key, id) with the key of the order asked for (creation:
// the id alone), and a token names the last row given, so a page begins where the one before ended whatever
// was added or deleted between. Only where a task's own key changed between two pages (a state, a time) may
// it be seen twice or not at all.
//
//   token:  order letter, direction letter, id, "-", key (hexadecimal bytes of a name, decimal of a number)
//
// Ids of one page are found first, in an index where there is one; rows and bodies are read for those only.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/schema.h"

#define TOKEN_MOST (256 * 1024) // twice the longest name and some; limits of the API keep names far below

struct mark { // where a page begins: after this row
    bool is_set;
    int64_t id, number;
    char *name; // heap
};

static const struct {
    char letter;
    const char *column; // NULL: the id alone
} orders[] = {
    [ORDER_CREATION] = {'c', NULL},
    [ORDER_NAME] = {'n', "coalesce(name, '')"},
    [ORDER_STATE] = {'s', "state"},
    [ORDER_EXECUTION] = {'e', "exec_ms"},
};

// ---- tokens

static char *make_token(const struct task_page *p, const struct row_task *row, struct arena *a)
{
    struct buf text = BUF_INIT(TOKEN_MOST);
    buf_putf(&text, "%c%c%llu-", orders[p->order].letter, p->descending ? 'd' : 'a',
             (unsigned long long)row->id);
    if (p->order == ORDER_NAME)
        for (const char *s = row->name ? row->name : ""; *s; s++)
            buf_putf(&text, "%02x", (unsigned char)*s);
    else if (p->order != ORDER_CREATION)
        buf_putf(&text, "%lld", (long long)(p->order == ORDER_STATE ? row->live.state : row->live.exec_ms));
    char *token = arena_strdup(a, buf_str(&text));
    buf_deinit(&text);
    return token;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *name_from_hex(const char *hex)
{
    size_t n = strlen(hex);
    if (n % 2)
        return NULL;
    char *name = mem_alloc(n / 2 + 1);
    for (size_t i = 0; i < n; i += 2) {
        int hi = hex_digit(hex[i]), lo = hex_digit(hex[i + 1]);
        if (hi < 0 || lo < 0 || (hi | lo) == 0) {
            free(name);
            return NULL;
        }
        name[i / 2] = (char)(hi * 16 + lo);
    }
    return name;
}

static bool number_from(const char *text, char until, int64_t *v, const char **rest)
{
    char *end;
    if (hex_digit(text[0]) < 0 || text[0] > '9')
        return false;
    errno = 0;
    *v = strtoll(text, &end, 10);
    *rest = end + 1;
    return errno == 0 && *end == until;
}

static bool parse_token(const struct task_page *p, struct mark *m)
{
    const char *t = p->after, *key;
    if (strlen(t) > TOKEN_MOST || t[0] != orders[p->order].letter || t[1] != (p->descending ? 'd' : 'a') ||
        !number_from(t + 2, '-', &m->id, &key))
        return false;
    m->is_set = true;
    if (p->order == ORDER_CREATION)
        return *key == '\0';
    if (p->order == ORDER_NAME)
        return (m->name = name_from_hex(key)) != NULL;
    return number_from(key, '\0', &m->number, &t);
}

// ---- the statement

// By creation within some states: the first rows of each state, of which those that come first together are
// the page. However many tasks of other states lie between, nobody looks at them.
static bool by_states(const struct task_page *p)
{
    return p->order == ORDER_CREATION && p->account && !p->job && !p->pool && p->final_only != p->live_only;
}

static void make_ids_by_states(struct buf *sql, const struct task_page *p, const struct mark *m,
                               const char *way, const char *beyond)
{
    const char *between = "";
    int limit = m->is_set ? 3 : 2;
    for (int state = 0; state < TASK_STATE_N; state++) {
        if (task_state_final((enum task_state)state) != p->final_only)
            continue;
        buf_putf(sql, "%sSELECT * FROM (SELECT id FROM task WHERE account = $1 AND state = %d", between,
                 state);
        if (m->is_set)
            buf_putf(sql, " AND id %s $2", beyond);
        buf_putf(sql, " ORDER BY id %s LIMIT $%d)", way, limit);
        between = " UNION ALL ";
    }
    buf_putf(sql, " ORDER BY 1 %s LIMIT $%d", way, limit);
}

// Parameters, where they are needed and in this order: account, job, pool, key and id of the mark, limit.
static void make_sql(struct buf *sql, const struct task_page *p, const struct mark *m)
{
    const char *column = orders[p->order].column, *way = p->descending ? "DESC" : "ASC",
               *beyond = p->descending ? "<" : ">";
    int at = 0;
    reader_task_columns(sql);
    buf_puts(sql, " WHERE id IN (");
    if (by_states(p)) {
        make_ids_by_states(sql, p, m, way, beyond);
        buf_putf(sql, ") ORDER BY id %s", way);
        return;
    }
    buf_puts(sql, "SELECT id FROM task WHERE 1 = 1");
    if (p->account)
        buf_putf(sql, " AND account = $%d", ++at);
    if (p->job)
        buf_putf(sql, " AND job <> 0 AND job = $%d", ++at);
    if (p->pool)
        buf_putf(sql, " AND pool <> 0 AND pool = $%d", ++at);
    if (p->final_only != p->live_only)
        buf_putf(sql, " AND state %s " SQL_FINAL_STATES, p->final_only ? "IN" : "NOT IN");
    if (m->is_set && column) {
        buf_putf(sql, " AND (%s, id) %s ($%d, $%d)", column, beyond, at + 1, at + 2);
        at += 2;
    } else if (m->is_set) {
        buf_putf(sql, " AND id %s $%d", beyond, ++at);
    }
    buf_puts(sql, " ORDER BY ");
    if (column)
        buf_putf(sql, "%s %s, ", column, way);
    buf_putf(sql, "id %s LIMIT $%d) ORDER BY ", way, at + 1);
    if (column)
        buf_putf(sql, "%s %s, ", column, way);
    buf_putf(sql, "id %s", way);
}

static void bind_all(sqlite3_stmt *st, const struct task_page *p, const struct mark *m)
{
    int at = 0;
    if (p->account)
        sqlite3_bind_int64(st, ++at, (int64_t)p->account);
    if (p->job)
        sqlite3_bind_int64(st, ++at, (int64_t)p->job);
    if (p->pool)
        sqlite3_bind_int64(st, ++at, (int64_t)p->pool);
    if (m->is_set && p->order == ORDER_NAME)
        db_bind_text(st, ++at, m->name);
    else if (m->is_set && p->order != ORDER_CREATION)
        sqlite3_bind_int64(st, ++at, m->number);
    if (m->is_set)
        sqlite3_bind_int64(st, ++at, m->id);
    sqlite3_bind_int64(st, ++at, (int64_t)p->limit + 1); // one more tells whether there is a next page
}

static int give(sqlite3_stmt *st, const struct task_page *p, struct arena *a,
                int (*each)(void *, const struct row_task *), void *each_ctx, const char **token,
                struct err *e)
{
    struct row_task row = {0};
    size_t given = 0;
    bool stop = false;
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (stop || given == p->limit) {
            *token = given ? make_token(p, &row, a) : NULL;
            return 0;
        }
        reader_task(st, a, &row);
        given++;
        stop = each(each_ctx, &row) != 0;
    }
    return rc == SQLITE_DONE ? 0 : db_fail(sqlite3_db_handle(st), rc, "listing tasks", e);
}

int reader_tasks(void *ctx, const struct task_page *page, struct arena *a,
                 int (*each)(void *each_ctx, const struct row_task *row), void *each_ctx, const char **token,
                 struct err *e)
{
    struct reader *r = ctx;
    struct mark m = {0};
    struct task_page p = *page; // callers like to give &page->after as token
    *token = NULL;
    if (p.after && !parse_token(&p, &m)) {
        free(m.name);
        return err_set(
            e, -EINVAL,
            "token: it is not one of this list and order (ask for the first page without a token)");
    }
    struct buf sql = BUF_INIT(16 * 1024);
    make_sql(&sql, &p, &m);
    sqlite3_stmt *st = NULL;
    int code = db_prepare(r->c, &st, buf_str(&sql), e);
    buf_deinit(&sql);
    if (code == 0) {
        bind_all(st, &p, &m);
        code = give(st, &p, a, each, each_ctx, token, e);
    }
    sqlite3_finalize(st);
    free(m.name);
    return code;
}
