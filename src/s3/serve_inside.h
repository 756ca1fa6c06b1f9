// SPDX-License-Identifier: Apache-2.0
//
// What the files of the S3 endpoint share.
//
//   serve.c         start and end; a request's way: head, body, worker, answer
//   serve_admit.c   what is judged by the head
//   serve_lease.c   what the attempt of a task may do
//   serve_door.c    where attempts find objects that lie outside
//   serve_pool.c    the workers
//   serve_intake.c  a body as it arrives: framing, hashes, checksums
//   serve_upload.c  a large body: the ring between the HTTP thread and a worker
//   serve_answer.c  answers, errors, headers
//   serve_put.c     PutObject, UploadPart and the copies
//   serve_get.c     GetObject, HeadObject and what else is said of one object
//   serve_parts.c   multipart: start, list, complete, abort
//   serve_bucket.c  buckets, lists, deletion
#ifndef ONDOL_S3_SERVE_INSIDE_H
#define ONDOL_S3_SERVE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "s3/chunked.h"
#include "s3/condition.h"
#include "s3/errors.h"
#include "s3/route.h"
#include "s3/serve.h"
#include "s3/sign.h"
#include "s3/xml.h"

#define OBJECT_BYTES_MAX ((uint64_t)5 << 30) // of one PutObject or one part
#define META_BYTES_MAX   2048
#define CALL_HEADERS_MAX 96

struct job {
    void (*fn)(void *arg);
    void *arg;
    struct job *next;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct job *first, **last;
    bool ends;
    pthread_t thread[64];
    int n;
};

struct s3_serve {
    struct s3_serve_config cfg; // without listen and files
    char *base_host;
    bool tls;
    struct http_server *http;
    struct pool pool;
    _Atomic uint64_t requests;
    pthread_mutex_t lock;
    pthread_cond_t quiet; // the last request has ended
    size_t open;          // lock: requests that have not ended
};

// A body as it arrives. What comes out goes to `out`; nothing of it counts before intake_finish said S3_OK.
struct intake {
    enum s3_code (*out)(void *ctx, const void *data, size_t n);
    void *ctx;
    struct s3_chunked *chunked; // NULL: plain
    struct s3_sum sha256, md5, sum;
    bool check_sha256, check_md5, check_sum;
    uint8_t want_sha256[32], want_md5[S3_SUM_BYTES_MAX], want_sum[S3_SUM_BYTES_MAX];
    enum s3_sum_kind sum_kind; // of the header, or of the trailer after finish
    enum s3_code failed;
    struct err e;
    uint64_t size;                     // decoded
    uint8_t got_md5[S3_SUM_BYTES_MAX]; // after finish; 16 of them
    char sum_text[S3_SUM_TEXT];        // after finish; "": none
};

struct upload;

struct ask {
    struct s3_serve *s;
    struct http_request *request;
    struct http_park *park; // once it has left the HTTP thread
    struct http_flow *flow;
    struct arena a;
    struct s3_request r;
    char virtual_bucket[S3_BUCKET_BYTES];
    struct s3_claim claim;
    struct s3_chunk_key key;
    struct s3_route route;
    struct s3_account account;
    uint64_t owner; // of the bucket: the account, or 0 where a lease writes
    struct objects_bucket bucket;
    char id[24]; // x-amz-request-id
    int64_t now_ms;
    uint64_t upload_id;
    const char *header[2 * CALL_HEADERS_MAX + 1];
    size_t n_headers;
    struct upload *upload; // a large body
    struct buf document;   // a small one, decoded
    struct intake intake;
    // A write under way in the store.
    struct objects_op op;
    struct objects_content content;
    char etag[S3_ETAG_BYTES], if_match[S3_ETAG_BYTES];
};

// serve.c
void ask_free(struct ask *c);
struct objects_key ask_key(const struct ask *c);

// serve_admit.c: judges the head. `large`: the body is to be streamed.
enum s3_code ask_admit(struct ask *c, bool *large, struct err *e);

// serve_lease.c: whether the attempt may do this; where it writes, the route gets the name that is staged
enum s3_code lease_admit(struct ask *c, struct err *e);

// serve_door.c: answers and ends the call, in head()
void door_answer(struct ask *c);

// serve_pool.c
int pool_start(struct pool *p, int threads, struct err *e);
void pool_submit(struct pool *p, void (*fn)(void *arg), void *arg);
void pool_stop(struct pool *p); // after all that was submitted is done

// serve_intake.c
enum s3_code intake_start(struct intake *in, const struct ask *c, struct err *e);
void intake_push(struct intake *in, const void *data, size_t n); // remembers what fails
enum s3_code intake_finish(struct intake *in, struct err *e);
void intake_end(struct intake *in);

// serve_upload.c
struct upload *upload_new(struct ask *c);
size_t upload_push(void *ask, const void *data, size_t n); // HTTP thread
void upload_cut(void *ask);                                // HTTP thread; the call is freed
void upload_whole(struct ask *c);                          // HTTP thread: all has come; the call is parked
// When all of it is on disk the call goes on in put_received.

// serve_answer.c: each ends the call
// Both must live; empty values are left out.
void ask_header(struct ask *c, const char *name, const char *value);
void ask_headerf(struct ask *c, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ask_etag(struct ask *c, const char *etag);
void ask_answer(struct ask *c, int status);                      // without a body
void ask_answer_xml(struct ask *c, int status, struct buf *xml); // takes the buffer
void ask_answer_content(struct ask *c, int status, const char *type, const struct http_content *content);
void ask_fail(struct ask *c, enum s3_code code, const struct err *e);
void ask_refuse(struct ask *c, enum s3_code code, const struct err *e); // in head()
void ask_fail_store(struct ask *c, int code, const struct err *e);      // of objects.h
enum s3_code store_code(int code, const struct err *e, struct err *out);
struct s3_owner ask_owner(const struct ask *c);

// serve_put.c
enum s3_code put_check(struct ask *c, bool *large, struct err *e); // by the head
void put_small(struct ask *c);                                     // HTTP thread, body in memory
void put_received(struct ask *c, enum s3_code code, const struct err *e);
void do_copy(struct ask *c);
void do_part_copy(struct ask *c);
void ask_submit(struct ask *c, enum objects_op_kind kind, void (*done)(struct objects_op *op));
void ask_if_match(struct ask *c); // what the header asks of the object that is to be replaced or deleted
// Of the request, as lines to keep.
enum s3_code object_headers(struct ask *c, const char **out, struct err *e);

// serve_get.c
void do_get(struct ask *c);
void do_object_acl(struct ask *c);
void do_object_tagging(struct ask *c);
void do_object_attributes(struct ask *c);

// serve_parts.c
void do_create_upload(struct ask *c);
void do_list_parts(struct ask *c);
void do_complete(struct ask *c);
void do_abort(struct ask *c);
bool upload_id_read(const char *text, uint64_t *id);

// serve_bucket.c
void do_buckets(struct ask *c);
void do_create_bucket(struct ask *c);
void do_bucket_facts(struct ask *c); // head, acl, location, versioning, what is absent
void do_delete_bucket(struct ask *c);
void do_list(struct ask *c);
void do_list_uploads(struct ask *c);
void do_delete_objects(struct ask *c);
void do_delete_object(struct ask *c);

#endif
