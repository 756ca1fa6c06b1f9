// SPDX-License-Identifier: Apache-2.0
//
// Objects of customers on local directories: buckets of keys, each with bytes, an entity tag and headers.
// What an S3 endpoint needs below its protocol; nothing here knows of HTTP, signatures or checksums.
//
//   DIR/objects.db     the index (SQLite, WAL), and the bytes of what is small (OBJECTS_INLINE_BYTES)
//   DIR/content/xx/ID  the bytes of everything else, immutable, named by a number that is never used twice
//   DIR/incoming/ID    bytes on their way; whatever lies there at a start is thrown away
//
// A key is never a path. Bytes are written to incoming, synced, renamed into content and the folder synced,
// and only then does the index say that they exist: at any moment there is the old object or the new one.
// Writes to the index are grouped by one thread, one transaction and one sync for all that is waiting
// (docs/design/0020-objects.md).
//
// Threads: everything may be called from any thread but one writer or body, which is used by one at a time.
#ifndef ONDOL_OBJECTS_OBJECTS_H
#define ONDOL_OBJECTS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define OBJECTS_INLINE_BYTES (32 * 1024) // bytes of a content that is kept in the index
#define OBJECTS_ETAG_BYTES   48          // longest entity tag, with NUL
#define OBJECTS_BUCKET_BYTES 64          // longest name of a bucket, with NUL

struct objects;
struct objects_body;
struct objects_writer;

struct objects_config {
    const char *dir;         // made when missing, mode 0700
    int64_t quota_bytes;     // of an account, objects and parts together; 0: none
    int64_t quota_buckets;   // of an account; 0: none
    uint64_t part_bytes_min; // of a part that is not the last; 0: any
    int64_t upload_keep_ms;  // multipart uploads older than this are aborted; 0: never
    int64_t (*now_ms)(void); // milliseconds since 1970, for that age; NULL: the system's clock
    // Tests: called before each step that touches the disk, with its name; an errno that it gives is that
    // step's. NULL.
    int (*fault)(void *ctx, const char *step);
    void *fault_ctx;
};

// -EBUSY: another process has the directory.
int objects_open(struct objects **ret, const struct objects_config *cfg, struct err *e);
// After all writers and bodies are freed and all answers came; NULL is fine.
void objects_close(struct objects *o);
// What the store does by itself now and then: collects orphans, aborts old uploads.
void objects_tend(struct objects *o);

// ---- bytes on their way in

struct objects_segment {
    uint64_t id;
    uint64_t size;
    char *data; // the bytes, when they are kept in the index; else NULL: they are in a file
};

struct objects_content {
    uint64_t size;
    size_t n_segments;
    struct objects_segment *segment;
    bool kept; // an index says that it exists: ending it leaves the files
};

#define OBJECTS_CONTENT_NULL ((struct objects_content){0})
// Removes the files of a content that no write kept.
void objects_content_deinit(struct objects *o, struct objects_content *c);

// Takes the bytes of one content, in any pieces; several may be under way, each on one thread. Never NULL; ended
// by objects_writer_free.
struct objects_writer *objects_writer_new(struct objects *o);
// -ENOSPC: the disk is full. After an error every later call gives it again.
int objects_writer_put(struct objects_writer *w, const void *data, size_t n, struct err *e);
// Syncs what was put and gives it as a content, which is the caller's to write or to end.
int objects_writer_finish(struct objects_writer *w, struct objects_content *out, struct err *e);
void objects_writer_free(struct objects_writer *w); // what was not finished is gone; NULL is fine

// ---- writes

enum objects_answer {
    OBJECTS_OK,
    OBJECTS_NO_BUCKET,
    OBJECTS_NO_KEY, // an If-Match on what is not there
    OBJECTS_NO_UPLOAD,
    OBJECTS_NO_PART, // completing: not uploaded, or another tag
    OBJECTS_PART_SMALL,
    OBJECTS_OURS_ALREADY, // the account has this bucket
    OBJECTS_TAKEN,        // another account has it
    OBJECTS_NOT_EMPTY,
    OBJECTS_QUOTA,
    OBJECTS_TOO_MANY_BUCKETS,
    OBJECTS_PRECONDITION,
};

enum objects_op_kind {
    OBJECTS_CREATE_BUCKET, // account, name
    OBJECTS_DELETE_BUCKET, // bucket; its multipart uploads go with it
    OBJECTS_PUT,           // bucket, key, headers, etag, content, if_match, if_absent
    OBJECTS_DELETE,        // bucket, keys; keys that are not there are no error; if_match of a single key
    OBJECTS_START_UPLOAD,  // bucket, key, headers; gives upload
    OBJECTS_PUT_PART,      // bucket, upload, key, part, headers, etag, content
    OBJECTS_COMPLETE,      // bucket, upload, key, etag, parts, if_match, if_absent
    OBJECTS_ABORT,         // bucket, upload, key
    OBJECTS_PUBLISH,       // account, name, into; a bucket `name` that is not there: it was done before
    OBJECTS_DISCARD,       // name; with all that is in it. "~12.": every bucket of nobody's that begins so
    OBJECTS_OP_KINDS
};

struct objects_key {
    const char *v;
    size_t n;
};

struct objects_part {
    int number;
    char etag[OBJECTS_ETAG_BYTES];
};

struct objects_op {
    enum objects_op_kind kind;
    uint64_t account, bucket, upload;
    const char *name; // of a bucket
    const char *into; // PUBLISH: the account's bucket that takes all that is in `name`, whose names give way
    struct objects_key key;
    const struct objects_key *keys; // DELETE
    size_t n_keys;
    const char *headers; // "name: value\n" lines of the object's own; may be NULL
    const char *etag;
    struct objects_content *content; // marked kept when it is written
    const char *if_match;            // this entity tag, or "*": any object; NULL: whatever is there
    bool if_absent;                  // only when there is no such object
    int part;
    const struct objects_part *parts; // COMPLETE: ascending
    size_t n_parts;
    int64_t now_ms; // since 1970
    // Out: an objects_answer, or a negative errno with `e`: nothing was changed then (-ENOSPC: the disk is
    // full).
    int code;
    struct err e;
    // Called once, in the store's thread, when it is on disk or refused. The op and all it points to live
    // until then.
    void (*done)(struct objects_op *op);
    void *user;
    struct objects_op *next; // the store's
};

// Hands over a write, from any thread: op->done is called once it is committed or refused, from the committing
// thread. What `op` points to lives until then.
void objects_submit(struct objects *o, struct objects_op *op);
int objects_do(struct objects *o, struct objects_op *op); // the same, waiting; gives op->code

// ---- reads: what is committed

struct objects_bucket {
    uint64_t id, account;
    char name[OBJECTS_BUCKET_BYTES];
    int64_t created_ms;
    uint64_t objects, bytes;
};

struct objects_usage {
    int64_t buckets, objects, bytes; // bytes: with the parts of uploads under way
};

struct objects_info {
    uint64_t content, size;
    int64_t modified_ms;
    char etag[OBJECTS_ETAG_BYTES];
    const char *headers; // in the arena given; never NULL
};

// All give 0 found, 1 not there, or a negative error. Strings live in `a`.
int objects_bucket(struct objects *o, const char *name, struct objects_bucket *out, struct err *e);
int objects_buckets(struct objects *o, uint64_t account, struct arena *a, struct objects_bucket **out,
                    size_t *n,
                    struct err *e);                                                               // by name
int objects_usage(struct objects *o, uint64_t account, struct objects_usage *out, struct err *e); // never 1
// `body` may be NULL. A body goes on giving the same bytes whatever happens to the key meanwhile.
int objects_get(struct objects *o, uint64_t bucket, struct objects_key key, struct arena *a,
                struct objects_info *info, struct objects_body **body, struct err *e);
// Bytes from `at` on, at most `room`; 0 past the end, negative when they cannot be read.
ssize_t objects_body_read(struct objects_body *b, uint64_t at, char *out, size_t room);
// Where part `number` (from 1) of the `parts` lies that the body was uploaded in; false when there is no such, or when
// that is not known.
bool objects_body_part(const struct objects_body *b, int parts, int number, uint64_t *first, uint64_t *n);
// A file that holds the whole body, for the caller to close; -1 when there is none (it is small, or in
// parts).
int objects_body_file(struct objects_body *b);
void objects_body_free(struct objects_body *b); // NULL is fine
// A content with the same bytes as `b`, without copying those in files.
int objects_body_clone(struct objects *o, struct objects_body *b, struct objects_content *out, struct err *e);

struct objects_list {
    uint64_t bucket;
    const char *prefix, *delimiter; // "": none
    const char *after;     // keys after this; a common prefix: after all it stands for; "": from the start
    size_t max;            // entries and common prefixes together; 0: none
    uint64_t after_upload; // of objects_uploads only: and of the key `after` the uploads after this; 0: none
};

struct objects_entry {
    struct objects_key key;
    uint64_t size, upload; // upload: of objects_uploads
    int64_t modified_ms;   // or when the upload began
    char etag[OBJECTS_ETAG_BYTES];
};

struct objects_listing {
    struct objects_entry *entry;
    size_t n_entries;
    struct objects_key *prefix; // common ones
    size_t n_prefixes;
    const char *last; // the last entry or common prefix; NULL when there is none
    uint64_t last_upload;
    bool truncated; // there is more
};

int objects_list(struct objects *o, const struct objects_list *l, struct arena *a,
                 struct objects_listing *out, struct err *e);
int objects_uploads(struct objects *o, const struct objects_list *l, struct arena *a,
                    struct objects_listing *out, struct err *e);

struct objects_part_info {
    int number;
    uint64_t size;
    int64_t modified_ms;
    char etag[OBJECTS_ETAG_BYTES];
};

// Whether the upload exists, under this bucket and key; `headers` is what it was started with.
int objects_upload(struct objects *o, uint64_t bucket, uint64_t upload, struct objects_key key,
                   struct arena *a, const char **headers, struct err *e);
// Parts with numbers above `after`, at most `max`.
int objects_parts(struct objects *o, uint64_t upload, int after, size_t max, struct arena *a,
                  struct objects_part_info **out, size_t *n, bool *truncated, struct err *e);

#endif
