// SPDX-License-Identifier: Apache-2.0
//
// How images come to the shelf of a site: uploads are put together and imported, names are pulled from
// registries. What takes long is a job, done by a few threads of its own, asked after by its number. Any
// thread.
//
//   upload_new, upload_put ..., import --> job --> shelf
//   pull, or an instance that asks     --> job --> shelf
#ifndef ONDOL_IMAGE_DEPOT_H
#define ONDOL_IMAGE_DEPOT_H

#include "core/work/image.h"
#include "image/shelf.h"

#define DEPOT_ID_BYTES 33

struct depot;

struct depot_config {
    const char *dir;
    // Where tasks may have images pulled from: hosts with commas between them, each HOST[:PORT], or
    // http://HOST[:PORT] without TLS, or * for any with TLS. The first is asked for names that name no host.
    // NULL or "": nowhere.
    const char *registries;
    struct image_limits limits; // 0 each: 20e9 bytes, 500,000 files
};

// Opens its shelf and starts its threads. Negative errno with the sentence.
int depot_open(struct depot **ret, const struct depot_config *cfg, struct err *e);
void depot_close(struct depot *d); // gives up what is under way; NULL is fine
struct shelf *depot_shelf(struct depot *d);

// ---- uploads, piece by piece; one that nobody goes on with for 10 minutes is thrown away

int depot_upload_new(struct depot *d, char id[DEPOT_ID_BYTES], struct err *e);
// `offset` is what has come so far (-ERANGE else); -EFBIG: more than an image may have; -ENOSPC; -ENOENT.
int depot_upload_put(struct depot *d, const char *id, int64_t offset, const void *data, size_t n,
                     struct err *e);

// ---- jobs; each gives its number in `job`. -EAGAIN: too many are under way.

struct depot_pull {
    uint64_t account;              // 0: everybody's
    const struct image_name *name; // its host "": the first registry of the configuration
    const char *as;                // what it is called on the shelf; NULL: its full name
    const char *login, *password;  // NULL: none
    bool insecure;                 // without TLS, or with any certificate
};
// `name` NULL: as the archive says. The upload is used up.
int depot_import(struct depot *d, const char *upload, const char *name, char job[DEPOT_ID_BYTES],
                 struct err *e);
int depot_pull(struct depot *d, const struct depot_pull *p, char job[DEPOT_ID_BYTES], struct err *e);

// {id, name, state: waiting | pulling | checking | ready | failed, bytes, digest, status, code, message};
// NULL: not known (jobs are kept for a minute after their end). The caller's.
json_t *depot_job(struct depot *d, const char *job);

// ---- instances

// The image on the shelf that a task of the account means; NULL: none. The caller's.
json_t *depot_known(struct depot *d, uint64_t account, const struct image_name *name);

struct depot_ask {
    uint64_t account;
    struct image_name name;
    const char *login, *password;
    const char *job; // of an answer before; NULL: the first time
    bool early;      // nobody waits for it yet: begun only while little is under way
};
// {state: ready, digest, size, ...}, or the state of the job that pulls it, begun now if need be; "failed"
// with code image-unavailable, image-too-large or image-bad, and a message. The caller's. NULL: it is early.
json_t *depot_ask(struct depot *d, const struct depot_ask *ask);

#endif
