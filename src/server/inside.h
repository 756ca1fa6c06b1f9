// SPDX-License-Identifier: Apache-2.0
//
// The inside of the runtime, for the files of src/server only. Which thread owns what stands beside each
// field.
#ifndef ONDOL_SERVER_INSIDE_H
#define ONDOL_SERVER_INSIDE_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "api/api.h"
#include "base/map.h"
#include "net/http_server.h"
#include "net/wire.h"
#include "server/clock.h"
#include "server/outside.h"
#include "server/queue.h"
#include "s3/serve.h"
#include "server/runtime.h"
#include "store/vault.h"

// What comes to the engine thread.
struct item {
    enum item_kind { ITEM_SUBMISSION, ITEM_SYNC, ITEM_QUERY, ITEM_GONE } kind;
    union {
        struct submission *submission;
        struct {
            struct http_park *park;
            struct sync_call *call;
        } sync;
        struct {
            void (*fn)(void *arg, const struct server *engine, house_ms now);
            void (*after)(void *arg, int error);
            void *arg;
        } query;
        uint64_t gone; // park id
    };
};

// An answer to a node, to be sent after the commit.
struct sync_answer {
    struct http_park *park;
    struct sync_down down; // in the batch's arena; bodies are filled in by the store thread
    int code;              // 200, or the refusal's
    const char *message;
};

// What the engine did with some items, on its way to the store thread.
struct batch {
    struct effects fx;
    struct submission **submission; // of this batch, in order; token of their events: index + 1
    size_t n_submissions, cap_submissions;
    struct sync_call **call; // kept until the batch is done: rows may point into them
    size_t n_calls, cap_calls;
    struct http_park **call_park; // by call, while the engine thread has the batch
    struct sync_answer *answer;
    size_t n_answers, cap_answers;
    struct {
        void (*after)(void *arg, int error);
        void *arg;
    } * query;
    size_t n_queries, cap_queries;
    uint64_t generation; // of the engine's memory; batches of an older one are refused after a failed commit
};

struct job { // of the worker
    void (*fn)(void *arg, struct store_reader *reader);
    void *arg;
};

struct parked { // a sync that waits for news
    struct http_park *park;
    uint64_t park_id, node, epoch, nonce, have;
    wall_ms deadline;
};

struct listener { // of the event stream
    struct http_stream *stream;
    uint64_t account, token;
    int64_t expires_ms; // of the token; 0: not
    bool operator;
};

struct known_account {
    struct account_view who;
    bool removed;
};

#define TOKEN_BYTES 80 // with its NUL

struct known_token {
    uint64_t id, account; // row ids
    char hex[65];
    char secret[TOKEN_BYTES];    // the token itself, once it was needed; "": not yet, or not known
    int64_t expires_ms; // house time; 0: never
    bool revoked;
};

struct runtime {
    struct runtime_config cfg;
    char *data_dir, *email, *record_path;
    char token[80], node_token[80];
    struct house_clock clock;
    struct store store;                                        // store thread (engine thread while it loads)
    struct store_reader http_reader, work_reader, body_reader; // HTTP, worker, store thread
    pthread_mutex_t http_lock;
    struct http_server *http; // under http_lock: calls are served before it is set and after it is gone
    struct api *api;
    struct shown *shown; // told by the store's thread of what it committed
    struct api_backend backend;
    uint64_t epoch;                   // of the leadership
    struct depot *depot;              // images
    struct relay *relay;              // NULL: none
    struct objects *objects;          // NULL: no buckets, or
    struct outside *outside;          // they are somebody else's; NULL: they are not
    struct s3_serve *s3;              // for customers and attempts; of an outside storage for attempts alone
    char *storage_url;                // told to customers
    char *door_url;                   // told to nodes
    struct store_reader lease_reader; // the storage's HTTP thread
    struct store_reader sweep_reader; // a thread of the outside storage
    pthread_mutex_t staged_lock;
    struct idmap staged;             // under staged_lock: leases that were given a key to the storage
    struct row_publish *unpublished; // engine's thread: rows of the last load; their buckets are malloc'd
    size_t n_unpublished, cap_unpublished;

    struct server *engine;   // engine thread
    struct parked *parked;   // engine thread
    _Atomic size_t n_parked; // written by the engine thread
    size_t cap_parked;
    uint64_t event_seq; // engine thread
    FILE *log;          // engine thread, of its events; NULL: none

    struct queue items;   // any -> engine
    struct queue batches; // engine -> store
    struct queue jobs;    // any -> worker
    pthread_t engine_thread, store_thread, work_thread;
    bool engine_runs, store_runs, work_runs;
    pthread_mutex_t late_lock; // recursive; guards http_reader when the worker has ended

    pthread_mutex_t fail_lock;
    // Of recording, under fail_lock. Only the store's thread leaves RECORDING, only the engine's comes back
    // to it, and between the two the store belongs to the engine's thread.
    enum recording {
        RECORDING, // all is well
        FAILED,    // a commit failed: the engine's memory is ahead of the disk and is to be loaded again
        REFUSING,  // the memory is as the disk; writes are refused until the store takes something again
        DEPOSED,   // another server leads this store: never again
    } recording;
    uint64_t generation;  // under fail_lock: of the engine's memory
    int fail_code;        // under fail_lock
    bool told_failed;     // under fail_lock: said that nothing is recorded, and not yet that it is again
    wall_ms well_since;   // engine thread: came back to RECORDING
    wall_ms refuse_until; // engine thread: nothing is tried before
    bool told_load;       // engine thread: that loading fails was said

    pthread_mutex_t listen_lock;
    struct listener *listener; // under listen_lock
    size_t n_listeners, cap_listeners;

    struct vault vault; // constant once the server runs

    pthread_mutex_t account_lock;
    struct known_account *account; // under account_lock
    size_t n_accounts, cap_accounts;
    struct known_token *api_token; // likewise
    size_t n_tokens, cap_tokens;
};

// engine_loop.c
void *engine_main(void *arg); // a thread; `arg` of all three is the runtime
void batch_free(struct batch *b);
void engine_apply(struct runtime *r, const struct event *ev, struct effects *fx);
void engine_settle(struct runtime *r, house_ms now, struct effects *fx);
int engine_load(struct runtime *r, struct err *e); // fresh memory from the store

// store_loop.c
void *store_main(void *arg);
void *work_main(void *arg);
void sync_refuse(struct http_park *park, int error); // 507 or 503

// backend.c: fills r->backend.
void backend_make(struct runtime *r);

// bodies.c: the body with what the task may know in the clear, in `a` (or `body` itself when there is nothing
// secret in it), with the key to the storage when the task has files.
int body_open(struct runtime *r, uint64_t account, const struct assignment *x, const char *body,
              struct arena *a, const char **out, struct err *e);

// pool_bodies.c: what a task of a pool runs with, and what a node of it runs first (NULL: nothing).
int body_in_pool(const struct row_pool *pool, const char *task, struct arena *a, const char **out,
                 struct err *e);
int body_of_node(const struct row_pool *pool, struct arena *a, const char **out, struct err *e);

// parked.c (engine thread)
void parked_add(struct runtime *r, struct batch *b, struct http_park *park, uint64_t node,
                const struct sync_up *up);
void parked_wake(struct runtime *r, struct batch *b, uint64_t node);
void parked_late(struct runtime *r, struct batch *b, wall_ms now);
void parked_gone(struct runtime *r, uint64_t park_id);
void parked_all(struct runtime *r, struct batch *b);
void parked_refuse(struct runtime *r, int error); // every one of them
int64_t parked_wait_ms(const struct runtime *r, wall_ms now, int64_t most_ms);
void answer_add(struct runtime *r, struct batch *b, struct http_park *park, uint64_t node, uint64_t epoch,
                uint64_t nonce);

void record_end(struct runtime *r); // with the hash of all actions; the engine runs no more

// accounts.c
// A row of an account or a token; others are let be.
void accounts_note(struct runtime *r, const struct change *c);
bool accounts_find(struct runtime *r, const char *token, struct account_view *out);
// Whether the token is good still, and its account; until when, 0: for ever.
bool accounts_lasts(struct runtime *r, uint64_t token, int64_t *expires_ms);
// Account of an e-mail, and its `nth` valid token in clear as the secret of its signatures; false when either
// is not known or there are no more.
bool accounts_secret(struct runtime *r, const char *email, size_t nth, struct account_view *who, char *secret,
                     size_t room);
// The e-mail of an account and a valid token of it in clear; false when none is known.
bool accounts_token(struct runtime *r, uint64_t account, char *email, size_t email_room, char *token,
                    size_t token_room);
void token_digest(const char *token, char hex[65]);
int token_keep(const char *dir, const char *file, char out[80], struct err *e); // reads it, or makes one

// credentials.c
bool credentials_wanted(const json_t *body);
bool credentials_may_be_wanted(const char *body); // cheap, and wrong only on the safe side
// Into the constants of a body that wants them.
void credentials_grant(struct runtime *r, uint64_t account, json_t *body);

// access.c
int access_keep(struct runtime *r, const char *token, const char hex[65], struct err *e); // any thread
bool access_secret(struct runtime *r, const char hex[65], char *out, size_t room);
void access_forget(struct runtime *r, const char hex[65]);

// profile_body.c: into a body, what an operator's profile gives; *out is the profile
int body_profile(struct runtime *r, json_t *body, const struct profile **out, struct err *e);

// storage.c
int storage_start(struct runtime *r, const struct runtime_config *cfg, struct err *e);
int64_t storage_bucket_bytes(void *runtime, uint64_t account, const char *name); // backend.h
int storage_bucket(void *runtime, uint64_t account, const char *name, bool make, struct err *e); // backend.h
bool storage_usage(void *runtime, uint64_t account, struct storage_view *out); // false: no buckets
void storage_stop(struct runtime *r);                                          // nobody asks any more
void storage_close(struct runtime *r);                                         // and nobody of us writes

// images.c
int images_start(struct runtime *r, const struct runtime_config *cfg, struct err *e);
void images_stop(struct runtime *r);                                 // nobody asks any more
int images_call(void *runtime, struct image_call *c, struct err *e); // backend.h
bool images_may_matter(struct runtime *r, const char *body); // false: the body need not be opened for it
void images_note(struct runtime *r, uint64_t account, json_t *body); // what the node is told of its image

// lease_key.c: what an attempt may do in the storage
int lease_key_grant(struct runtime *r, uint64_t lease, json_t *body, struct err *e); // into the body
bool lease_key_account(struct runtime *r, const char *access_key, struct arena *a, struct s3_account *out);

// publish.c: what attempts staged, moved into its bucket or thrown away. Store's thread, after the commit
void publish_note(struct runtime *r, const struct change *c);
// Any thread.
void publish_told(void *runtime, uint64_t lease, uint32_t part, const char *code, const char *message);
void publish_deinit(struct runtime *r);
void publish_again(struct runtime *r); // engine's thread, after a load: what the load found; what nobody owns
void publish_loaded(struct runtime *r, const struct row_publish *row); // engine's thread, while it loads
int publish_sweep(struct runtime *r, struct err *e); // at start: what was staged by attempts that are over

// streams.c
void streams_add(struct runtime *r, struct http_stream *s, const struct account_view *who);
void streams_send(struct runtime *r, const struct note *n);
void streams_recheck(struct runtime *r); // ends those whose tokens are good no more
void streams_end(struct runtime *r);

#endif
