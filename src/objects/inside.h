// SPDX-License-Identifier: Apache-2.0
//
// What the files of the object store share; nobody else includes this.
//
//   objects.c   opening, closing, folders, numbers
//   schema.c    the tables
//   commit.c    the thread that writes the index: one transaction for all that waits
//   apply.c     what each write does to the index; apply_upload.c: multipart
//   apply_publish.c  results of an attempt, from where they were staged into a customer's bucket
//   view.c      a reader's connection to the index, and the small reads
//   list.c      lists with prefix, delimiter and marker
//   writer.c    bytes on their way in
//   body.c      bytes on their way out, and what keeps their files alive
//   reserve.c   disk put aside for deletions when it is full
//   janitor.c   the thread that removes files and looks for orphans
#ifndef ONDOL_OBJECTS_INSIDE_H
#define ONDOL_OBJECTS_INSIDE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "objects/objects.h"

// What a row says of where bytes are.
enum kind {
    KIND_EMPTY,
    KIND_INLINE,   // table small, by content
    KIND_FILE,     // file named by content
    KIND_SEGMENTS, // table segment, by content
};

// Statements, prepared once for each connection when first used; texts in schema.c.
enum statement {
    ST_BEGIN,
    ST_COMMIT,
    ST_ROLLBACK,
    ST_BUCKET_BY_NAME,
    ST_BUCKET_BY_ID,
    ST_BUCKETS,
    ST_BUCKET_ADD,
    ST_BUCKET_REMOVE,
    ST_BUCKET_COUNT,
    ST_USAGE,
    ST_USAGE_ADD,
    ST_OBJECT,
    ST_OBJECT_PUT,
    ST_OBJECT_REMOVE,
    ST_OBJECT_ANY,
    ST_LIST,
    ST_SMALL,
    ST_SMALL_PUT,
    ST_SMALL_REMOVE,
    ST_SEGMENTS,
    ST_SEGMENT_PUT,
    ST_SEGMENTS_REMOVE,
    ST_UPLOAD,
    ST_UPLOAD_ADD,
    ST_UPLOAD_REMOVE,
    ST_UPLOAD_OF_BUCKET,
    ST_UPLOADS_OLD,
    ST_UPLOADS,
    ST_PART,
    ST_PART_PUT,
    ST_PARTS_REMOVE,
    ST_PART_REMOVE,
    ST_PARTS,
    ST_FILE_KNOWN,
    ST_STAGED_FROM,
    ST_STAGED_OVER,
    ST_STAGED_REPLACE,
    ST_STAGED_MOVE,
    ST_CONTENTS,
    ST_CONTENTS_REMOVE,
    STATEMENTS
};

struct view {
    sqlite3 *db;
    sqlite3_stmt *st[STATEMENTS];
    struct view *next; // free ones
};

struct id_list {
    uint64_t *v;
    size_t n, cap;
};

// Files that the index has let go of together; what reads them keeps them for a while.
struct dead {
    uint64_t content; // whose pin counts
    struct id_list files;
};

struct pin {
    uint64_t content;
    int readers;
    struct id_list files; // to be removed with the last reader
};

struct objects {
    struct objects_config cfg;
    char *dir;
    int lock_fd, top_fd, incoming_fd, content_fd;
    atomic_bool has_reserve;
    uint64_t generation; // of this opening; the upper half of every number given
    _Atomic uint32_t next;

    pthread_mutex_t queue_lock;
    pthread_cond_t queue_filled;
    struct objects_op *first, **last; // queue_lock
    bool closing;                     // queue_lock
    pthread_t committer;
    bool committing;
    struct view writer; // the committer's
    struct {
        struct dead *v;
        size_t n, cap;
    } dying; // the committer's, of the open transaction

    pthread_mutex_t view_lock;
    struct view *views; // view_lock: those nobody uses

    pthread_mutex_t file_lock;
    pthread_cond_t file_work;
    struct pin *pin; // file_lock
    size_t n_pins, cap_pins;
    struct id_list doomed; // file_lock: for the janitor to remove
    bool janitor_ends;     // file_lock
    pthread_t janitor;
    bool tending;
};

// objects.c
uint64_t next_id(struct objects *o);
void id_name(char out[20], uint64_t id); // "0123456789abcdef"
void id_path(char out[24], uint64_t id); // below content: "ef/0123456789abcdef"
// 0, or the negative error that a test asked for.
int fault_at(struct objects *o, const char *step, struct err *e);
void ids_add(struct id_list *l, uint64_t id);

// schema.c
int schema_make(sqlite3 *db, struct err *e);
extern const char *const statement_sql[STATEMENTS];

// view.c
int view_open(struct objects *o, struct view *v, struct err *e);
void view_close(struct view *v);
struct view *view_take(struct objects *o, struct err *e); // NULL: error
void view_give(struct objects *o, struct view *v);
// Reset and without bindings; NULL: cannot be prepared.
sqlite3_stmt *view_st(struct view *v, enum statement which);
int view_fail(struct view *v, struct err *e); // what the connection's last error was
// 0 a row, 1 done (reset), negative error (reset).
int view_step(struct view *v, sqlite3_stmt *st, struct err *e);
int view_run(struct view *v, sqlite3_stmt *st, struct err *e); // a statement without rows
void bind_key(sqlite3_stmt *st, int at, struct objects_key key);
void column_etag(sqlite3_stmt *st, int at, char out[OBJECTS_ETAG_BYTES]);

// apply.c, apply_upload.c: an objects_answer or a negative errno. In the committer, inside its transaction.
int apply_op(struct objects *o, struct objects_op *op, struct err *e);
int apply_start_upload(struct objects *o, struct objects_op *op, struct err *e);
int apply_put_part(struct objects *o, struct objects_op *op, struct err *e);
int apply_complete(struct objects *o, struct objects_op *op, struct err *e);
int apply_abort(struct objects *o, struct objects_op *op, struct err *e);
int apply_publish(struct objects *o, struct objects_op *op, struct err *e); // apply_publish.c
int apply_discard(struct objects *o, struct objects_op *op, struct err *e);
int abort_uploads(struct objects *o, uint64_t bucket, struct err *e); // all of a bucket
struct old {                                                          // what a key held
    bool there;
    uint64_t content, size;
    int kind;
    char etag[OBJECTS_ETAG_BYTES];
};
int old_object(struct objects *o, uint64_t bucket, struct objects_key key, struct old *out, struct err *e);
int let_go(struct objects *o, uint64_t content, int kind, struct err *e); // its bytes
int put_segment(struct objects *o, const struct objects_segment *s, struct err *e);
int put_row(struct objects *o, const struct objects_op *op, uint64_t content, int kind, uint64_t size,
            const char *headers, const struct old *old, struct err *e);
int count_usage(struct objects *o, uint64_t account, int64_t buckets, int64_t objects, int64_t bytes,
                struct err *e);
// OBJECTS_OK, OBJECTS_QUOTA.
int check_quota(struct objects *o, uint64_t account, int64_t more, struct err *e);
int check_conditions(const struct objects_op *op, const struct old *old);
// OBJECTS_OK, _NO_BUCKET.
int bucket_owner(struct objects *o, uint64_t bucket, uint64_t *account, struct err *e);
int segment_kind(const struct objects_segment *s);

// commit.c
int commit_start(struct objects *o, struct err *e);
void commit_stop(struct objects *o);
struct dead *dying_add(struct objects *o, uint64_t content);

// body.c
void files_die(struct objects *o, struct dead *d);
// Of segment i; false past the last.
bool body_segment(const struct objects_body *b, size_t i, uint64_t *id, uint64_t *size, bool *is_file);

// reserve.c
void reserve_make(struct objects *o);    // tries to; no space is no error
bool reserve_release(struct objects *o); // false: there was none
bool reserve_allows_growth(struct objects *o);

// janitor.c
int janitor_start(struct objects *o, struct err *e);
void janitor_stop(struct objects *o);
void janitor_last(struct objects *o);                            // after the committer has ended
void doom_files(struct objects *o, const struct id_list *files); // with file_lock held

#endif
