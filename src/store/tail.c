// SPDX-License-Identifier: Apache-2.0
//
// Everything kept of a stream. Where that is more than the caller's buffer may hold, the newest chunks that
// fit are given, as the ring would have done: sizes are read first, from the newest backward, then the text
// forward.
#include <errno.h>

#include "store/db.h"
#include "store/reader.h"
#include "store/text.h"

// Finds the oldest chunk from which on all fits into `room` bytes; INT64_MAX when not even the newest does.
static int first_that_fits(struct reader *r, uint64_t task, uint8_t stream, int64_t instance, size_t room,
                           int64_t *first, struct err *e)
{
    sqlite3_stmt *st = r->st[instance < 0 ? R_SIZES_ALL : R_SIZES_ONE];
    DB_INTS(st, (int64_t)task, stream);
    if (instance >= 0)
        sqlite3_bind_int64(st, 3, instance);
    int rc;
    *first = INT64_MAX;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        size_t bytes = text_bytes(instance < 0, sqlite3_column_int64(st, 1),
                                  (size_t)sqlite3_column_int64(st, 3), (size_t)sqlite3_column_int64(st, 2));
        if (bytes > room)
            break;
        room -= bytes;
        *first = sqlite3_column_int64(st, 0);
    }
    int code = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading output", e);
    sqlite3_reset(st);
    return code;
}

static int give(struct reader *r, uint64_t task, uint8_t stream, int64_t instance, int64_t first,
                struct buf *text, struct err *e)
{
    sqlite3_stmt *st = r->st[instance < 0 ? R_OUTPUT_ALL : R_OUTPUT_ONE];
    size_t room = text->max - text->n;
    struct text_out out = {.text = text, .room = room, .all = room, .aggregate = instance < 0, .open = -1};
    DB_INTS(st, (int64_t)task, stream, first);
    if (instance >= 0)
        sqlite3_bind_int64(st, 4, instance);
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        text_put(&out, text_speaker(sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 3)),
                 sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2));
    int code = rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading output", e);
    sqlite3_reset(st);
    return code;
}

static int read_stream(struct reader *r, uint64_t task, uint8_t stream, int64_t instance, struct buf *text,
                       struct err *e)
{
    int64_t gone, first;
    DB_INTS(r->st[R_IS_GONE], (int64_t)task);
    int code = db_int(r->st[R_IS_GONE], "reading output", &gone, e);
    if (code != 1)
        return code; // deleted: nothing is kept, even if it is not swept yet
    code = first_that_fits(r, task, stream, instance, text->max - text->n, &first, e);
    return code < 0 ? code : give(r, task, stream, instance, first, text, e);
}

int reader_output(void *ctx, uint64_t task, uint8_t stream, int64_t instance, struct buf *text, struct err *e)
{
    struct reader *r = ctx;
    int code = db_exec(r->c, "BEGIN", "reading output", e);
    if (code < 0)
        return code;
    code = read_stream(r, task, stream, instance, text, e);
    sqlite3_exec(r->c, "COMMIT", NULL, NULL, NULL);
    return code;
}
