// SPDX-License-Identifier: Apache-2.0
//
// The S3 endpoint: the protocol of this folder over HTTP, on an object store. It has a port of its own.
//
// What can be judged by the head of a request is judged before its body is asked for: signature, bucket,
// quota, length. Bodies stream through constant memory; a client that sends faster than bytes are hashed and
// written is held back.
#ifndef ONDOL_S3_SERVE_H
#define ONDOL_S3_SERVE_H

#include <stdbool.h>

#include "net/http_server.h"
#include "objects/objects.h"

#define S3_SECRET_BYTES 512

// What the holder of a lease may read.
struct s3_grant {
    const char *bucket, *prefix; // keys that begin so; "": all
};

// A customer, or an attempt of a customer's task (`lease` not 0), which may do much less: read the buckets of
// its task, and write to places that nobody sees (serve_lease.c) until the server publishes them.
struct s3_account {
    uint64_t id;
    char name[256]; // shown as owner
    char secret[S3_SECRET_BYTES];
    uint64_t lease;
    const struct s3_grant *grant; // of a lease; in the arena that was given
    size_t n_grants;
};

// An attempt's access key is this and the number of its lease.
#define S3_LEASE_KEY "ondol-lease-"
// Buckets that it may write to: its results, and "ondol-snapshot-1", ...
#define S3_RESULTS  "ondol-results"
#define S3_SNAPSHOT "ondol-snapshot-"
// The name under which the store has what lease `lease` wrote there; part 0: its results, n: its nth
// snapshot. No request can say such a name.
void s3_staged_name(char out[OBJECTS_BUCKET_BYTES], uint64_t lease, uint32_t part);
bool s3_staged_read(const char *name, uint64_t *lease, uint32_t *part);

struct s3_outside;

struct s3_serve_config {
    // The objects lie there: attempts are told where, and nobody else is served. Must outlive the endpoint.
    // NULL: in `objects`.
    const struct s3_outside *outside;
    struct objects *objects; // must outlive the endpoint
    int64_t quota_bytes;     // as the store's: refused by the head already; 0: none
    const char *listen;
    struct http_limits limits; // body_bytes is of request documents; 0: as large as they get
    const char *tls_cert_file, *tls_key_file;
    const char *base_host; // "s3.example.org": buckets may be named in front of it; NULL: by path only
    // Whose access key this is, with the `nth` (0...) of the secrets that may sign for it; false: nobody's,
    // or there are no more. From the HTTP thread. What does not fit `out` goes into `a`.
    bool (*account)(void *ctx, const char *access_key, size_t nth, struct arena *a, struct s3_account *out);
    void *ctx;
    int workers; // threads that hash, write and read; 0: 8
};

struct s3_serve;

// Serves from when it is back. Negative errno with the sentence: nothing is left running.
int s3_serve_start(struct s3_serve **ret, const struct s3_serve_config *cfg, struct err *e);
void s3_serve_stop(struct s3_serve *s); // NULL is fine
int s3_serve_port(const struct s3_serve *s);

#endif
