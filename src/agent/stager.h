// SPDX-License-Identifier: Apache-2.0
//
// The process that moves the files of one run, and what its files share. It reads what to do from stdin (one
// JSON object), says on stdout how far it is, one line each time, and ends:
//
//   P FILES FILES_N BYTES BYTES_N     done and in all
//   N KEY                             of a result that is stored, before the end (core/work/staging.h)
//   D FILES BYTES                     the end: all are where they belong
//   L FILES BYTES CODE SENTENCE       the end: all are but some results that no bucket can hold
//   F ELSEWHERE CODE SENTENCE         the end: they cannot be; ELSEWHERE 1: another board may try
//
//   in     {"mode": "fetch", "dir", "url", "key", "secret", "ca", "parent", "patience_s", "room",
//           "in": [{bucket, prefix, strip, ttl_s}]}
//   out    {"mode": "store", ..., "target", "prefix", "whitelist", "blacklist"}
//   image  {"mode": "image", "dir", "url", "token", "ca", "parent", "bytes", "files",
//           "image": {lease, server, repo, tag, login, password}}; dir is the cache of images, url the server
//
// A few threads move one file each, through constant memory. What fails on the way is tried again from where
// it was, for as long as nobody ends the process. It dies with its agent.
#ifndef ONDOL_AGENT_STAGER_H
#define ONDOL_AGENT_STAGER_H

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "s3/checksum.h"

#define STAGER_CACHE_MOST ((int64_t)1 << 30) // bytes of files that are kept for later runs
#define STAGER_OPTION     "--stage-files"
#define STAGER_THREADS    4

int stager_main(void);

struct stager {
    json_t *spec;
    const char *mode, *dir, *url, *host, *base_path, *key, *secret, *ca;
    int top_fd, job_fd, incoming_fd;
    int cache_fd;                 // -1: nothing is kept
    _Atomic int64_t files, bytes; // done
    _Atomic int64_t kept_bytes;   // of them from the cache
    int64_t files_n, bytes_n;
    _Atomic int64_t skew_ms; // of the storage's clock
    // The storage is somebody else's: its address for each request comes from the server, and what does not
    // work for `patience_ms` on end is given up. 0: it is the server, which is waited for.
    int64_t patience_ms;
    _Atomic int64_t good_ms; // when something last went well
    pthread_mutex_t lock;
    bool failed; // lock: the first failure counts
    bool elsewhere;
    bool left_out; // not all is stored: `code` and `message` say of the first what and why
    char code[24], message[160];
};

// The first failure; the threads end when they see it. Always false.
bool stager_fail(struct stager *s, bool elsewhere, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool stager_failed(struct stager *s);
// A file stays behind, and the others go on; before there are threads.
void stager_leave_out(struct stager *s, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// Runs one(s, i) for all i below n, on a few threads, until one gives false. True: all were done.
bool stager_each(struct stager *s, size_t n, bool (*one)(struct stager *s, CURL *easy, size_t i, void *ctx),
                 void *ctx);

// ---- stager_request.c: one request of the storage, signed

struct ask_s3 {
    const char *method, *bucket, *key; // key NULL: the bucket itself
    size_t key_n;
    const char *query;        // encoded, without '?'; NULL: none
    const char *const *extra; // name, value, ..., NULL
    const char *sha256;       // hex, of the body; NULL: none
    const char *md5;          // base64, of the body, where the storage is outside; NULL: none
    // The body: `n` bytes from a file, or from memory.
    int fd; // -1: memory
    uint64_t offset, n;
    const char *memory;
    // What comes: false ends the call.
    bool (*sink)(void *ctx, const char *data, size_t n);
    void *ctx;
    bool counts; // the body counts as bytes done, less what of it did not arrive
};

struct answer_s3 {
    int status;       // 0: none came
    char etag[48];    // without quotes
    bool is_door;     // it is the server's, not that of the storage outside
    struct buf error; // the document of an answer that is not 2xx; or of all when there was no sink
    char code[64];    // of an error, "" if it says none
    char why[200];
};
// One try. The answer is to be ended by answer_s3_deinit.
void ask_s3(struct stager *s, CURL *easy, const struct ask_s3 *ask, struct answer_s3 *out);
void answer_s3_deinit(struct answer_s3 *a);
bool answer_s3_passes(struct stager *s, const struct answer_s3 *a); // it may go better the next time
// What to call a failure: the storage's, when it is outside and cannot or will not, or else `otherwise`.
const char *answer_s3_code(const struct stager *s, const struct answer_s3 *a, const char *otherwise);
// Tries until it is answered by something that does not pass; false: the stager has failed meanwhile.
bool ask_s3_until(struct stager *s, CURL *easy, const struct ask_s3 *ask, struct answer_s3 *out);
void stager_pause(int try); // before the next try

// ---- stager_tree.c: paths below /job, never through a link

// The folder of a path (opened, made when `make`), and the name in it. -1 with errno.
int tree_parent(int top, const char *path, bool make, const char **name);

struct tree_file {
    const char *path;
    uint64_t size, ino;
    int64_t ctime_ns;
    char md5[33], etag[48]; // of what came; "" for files that are walked
};
struct tree_list {
    struct arena arena;
    struct tree_file *v;
    size_t n, cap;
    struct strmap by_path;
};
void tree_list_deinit(struct tree_list *l);
// Every regular file below `top`. False: it cannot be read, and the stager has failed.
bool tree_walk(struct stager *s, int top, struct tree_list *out);
void tree_stat(const char *path, int fd, struct tree_file *out);

bool manifest_write(struct stager *s, const struct tree_list *l);
// One more, of a file that is about to take its place while the command runs: this process may be ended
// before the whole is written, and the file must be no result then.
bool manifest_add(struct stager *s, const struct tree_file *f);
bool manifest_read(struct stager *s, struct tree_list *l); // none is as good as an empty one

// ---- stager_list.c

struct remote {
    size_t bucket; // index in spec.in
    const char *key;
    size_t key_n;
    const char *path;
    uint64_t size;
    char etag[48];
};
struct remote_list {
    struct arena arena;
    struct remote *v;
    size_t n, cap;
    struct strmap by_path;
};
void remote_list_deinit(struct remote_list *l);
// All resources, each path once: what comes from a later bucket counts.
bool list_resources(struct stager *s, CURL *easy, struct remote_list *out);

// ---- stager_cache.c: objects that came before

void cache_name(char out[65], const char *bucket, const struct remote *r);
// The whole object into `sink`, if it is there and not older; false: it must be fetched, and the sink may
// have had some of it.
bool cache_read(struct stager *s, const char *name, const struct remote *r, int64_t ttl_s,
                bool (*sink)(void *ctx, const char *data, size_t n), void *ctx);
void cache_drop(struct stager *s, const char *name);
void cache_keep(struct stager *s, const char *name, int fd, uint64_t n, int64_t ttl_s); // a copy, if it fits

// ---- stager_store.c, stager_parts.c: one result to the storage

#define STAGER_PART_BYTES ((uint64_t)32 << 20)

struct sending {
    struct stager *s;
    CURL *easy;
    const char *target, *key;
    int fd;
};
enum sent { SENT, CHANGED, FAILED };

// One body, with its checksum: a whole file, or a part of it.
enum sent stager_put(struct sending *p, const char *query, uint64_t at, uint64_t n, char etag[48]);
// Fails for an answer that refuses the result, or `key` NULL: the place of all of them. Always false.
bool stager_refused(struct stager *s, const char *key, const struct answer_s3 *a);
enum sent stager_put_parts(struct sending *p, uint64_t size);

void stager_fetch(struct stager *s); // stager_fetch.c
void stager_store(struct stager *s); // stager_store.c
void stager_image(struct stager *s); // stager_image.c

#endif
