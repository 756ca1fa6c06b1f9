// SPDX-License-Identifier: Apache-2.0
//
// Chunks of stdout and stderr. Each (task, stream, instance) is a ring: when its bytes pass the cap, its
// oldest chunks go, and output_ring remembers how much went. A chunk that is longer than the whole ring keeps
// its end.
//
// A cursor says: of all chunks before `chunk` everything was given, and of `chunk` the first `at` bytes.
// Chunks that the ring dropped meanwhile are skipped without a word: the next one has a larger id. So are
// those of an attempt that was lost once its retry runs: what a reader had of them stays with the reader, the
// rest is not given.
#include <errno.h>

#include "store/db.h"
#include "store/text.h"
#include "store/writer.h"

int output_prepare(struct writer *w, struct err *e)
{
    int64_t last = 0;
    int r = db_int(w->st[W_CHUNK_LAST], "finding the last output", &last, e);
    w->next_chunk = last + 1;
    return r;
}

static int same_chunk(struct writer *w, const struct row_output *row, const char *data, size_t n,
                      struct err *e)
{
    sqlite3_stmt *st = w->st[W_CHUNK_SAME];
    int64_t same = 0;
    DB_INTS(st, (int64_t)row->task, row->stream, row->instance, row->attempt);
    sqlite3_bind_blob64(st, 5, n ? data : "", n, SQLITE_STATIC);
    sqlite3_bind_int64(st, 6, (int64_t)row->node);
    sqlite3_bind_int64(st, 7, (int64_t)row->epoch);
    sqlite3_bind_int64(st, 8, (int64_t)row->seq);
    int r = db_int(st, "comparing output", &same, e);
    if (r < 0 || (r == 0 && same))
        return r;
    return err_set(
        e, -EEXIST,
        "store: output of node %llu, epoch %llu, report %llu is there with another content (internal error)",
        (unsigned long long)row->node, (unsigned long long)row->epoch, (unsigned long long)row->seq);
}

static int drop_oldest(struct writer *w, const struct row_output *row, int64_t *kept, struct err *e)
{
    sqlite3_stmt *st = w->st[W_RING_OLDEST];
    DB_INTS(st, (int64_t)row->task, row->stream, row->instance);
    int rc = sqlite3_step(st);
    int64_t id = sqlite3_column_int64(st, 0), n = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE
                   ? err_set(e, -EIO,
                             "store: the output ring of task %llu counts %lld bytes that are not there "
                             "(internal error)",
                             (unsigned long long)row->task, (long long)*kept)
                   : db_fail(w->c, rc, "dropping old output", e);
    DB_INTS(w->st[W_CHUNK_DELETE], id);
    int r = db_run(w->st[W_CHUNK_DELETE], "dropping old output", NULL, e);
    if (r < 0)
        return r;
    DB_INTS(w->st[W_RING_DROP], n, (int64_t)row->task, row->stream, row->instance);
    *kept -= n;
    return db_run(w->st[W_RING_DROP], "dropping old output", NULL, e);
}

int output_add(struct writer *w, const struct row_output *row, struct err *e)
{
    size_t n = row->n < w->ring_bytes ? row->n : w->ring_bytes, cut = row->n - n;
    const char *data = row->data + cut;
    sqlite3_stmt *st = w->st[W_CHUNK_ADD];
    DB_INTS(st, w->next_chunk, (int64_t)row->task, row->stream, row->instance, row->attempt,
            (int64_t)row->node, (int64_t)row->epoch, (int64_t)row->seq, row->at_ms, (int64_t)n,
            (int64_t)text_lines(data, n));
    sqlite3_bind_blob64(st, 12, n ? data : "", n, SQLITE_STATIC);
    int added;
    int r = db_run(st, "output", &added, e);
    if (r < 0)
        return r;
    if (!added)
        return same_chunk(w, row, data, n, e);
    w->next_chunk++;
    int64_t kept = 0;
    DB_INTS(w->st[W_RING_ADD], (int64_t)row->task, row->stream, row->instance, (int64_t)n, (int64_t)cut);
    r = db_int(w->st[W_RING_ADD], "output_ring", &kept, e);
    while (r == 0 && kept > (int64_t)w->ring_bytes)
        r = drop_oldest(w, row, &kept, e);
    return r;
}

// ---- what is new to an account

struct cursor {
    int64_t chunk, at;
};

static int read_cursor(struct writer *w, const struct fresh_read *f, struct cursor *at, int64_t *open,
                       struct err *e)
{
    sqlite3_stmt *st = w->st[W_CURSOR_GET];
    DB_INTS(st, (int64_t)f->task, (int64_t)f->account, f->stream, f->instance);
    int rc = sqlite3_step(st);
    *at = (struct cursor){0, 0};
    *open = -1;
    if (rc == SQLITE_ROW) {
        *at = (struct cursor){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
        *open = sqlite3_column_int64(st, 2);
    }
    sqlite3_reset(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_fail(w->c, rc, "reading a cursor", e);
}

// Gives chunks from the cursor on until the room is used, and moves the cursor.
static int give(struct writer *w, const struct fresh_read *f, struct text_out *out, struct cursor *at,
                struct err *e)
{
    sqlite3_stmt *st = w->st[f->instance < 0 ? W_FRESH_ALL : W_FRESH_ONE];
    DB_INTS(st, (int64_t)f->task, f->stream, at->chunk);
    if (f->instance >= 0)
        sqlite3_bind_int64(st, 4, f->instance);
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(st, 0), skip = id == at->chunk ? at->at : 0;
        int64_t n = sqlite3_column_bytes(st, 2);
        const char *data = sqlite3_column_blob(st, 2);
        int64_t speaker = text_speaker(sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 3));
        size_t used = skip < n ? text_put(out, speaker, data + skip, (size_t)(n - skip)) : 0;
        *at = (struct cursor){id, skip + (int64_t)used};
        if (at->at < n)
            break;
    }
    int r = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_fail(w->c, rc, "reading output", e);
    sqlite3_reset(st);
    return r;
}

int output_fresh(struct writer *w, struct fresh_read *f, struct err *e)
{
    size_t ceiling = f->text->max - f->text->n, room = f->max_bytes < ceiling ? f->max_bytes : ceiling;
    if (room < TEXT_MIN_ROOM)
        return err_set(e, -EINVAL, "store: reading output: max_bytes is %zu (it must be at least %d)", room,
                       TEXT_MIN_ROOM);
    struct cursor at;
    struct text_out out = {.text = f->text, .room = room, .all = room, .aggregate = f->instance < 0};
    int r = read_cursor(w, f, &at, &out.open, e);
    struct cursor before = at;
    if (r == 0)
        r = give(w, f, &out, &at, e);
    if (r < 0 || (before.chunk == at.chunk && before.at == at.at))
        return r;
    DB_INTS(w->st[W_CURSOR_SET], (int64_t)f->task, (int64_t)f->account, f->stream, f->instance, at.chunk,
            at.at, out.open);
    return db_run(w->st[W_CURSOR_SET], "moving a cursor", NULL, e);
}
