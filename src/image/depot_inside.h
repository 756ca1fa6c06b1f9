// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_IMAGE_DEPOT_INSIDE_H
#define ONDOL_IMAGE_DEPOT_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "image/depot.h"

#define DEPOT_THREADS  2
#define DEPOT_JOBS_MAX 64
#define EARLY_MAX      8 // jobs under way with which nothing is begun that nobody waits for
#define UPLOADS_MAX    8

enum job_state { JOB_WAITING, JOB_PULLING, JOB_CHECKING, JOB_READY, JOB_FAILED };

struct depot_job { // under the lock, but what only its own thread uses
    struct depot_job *next;
    char id[DEPOT_ID_BYTES];
    enum job_state state;
    bool pull, insecure, named;
    uint64_t account;
    struct image_name name;      // of a pull
    char text[IMAGE_NAME_BYTES]; // what it will be called
    char *login, *password;      // NULL: none; wiped at the end
    char file[SHELF_PATH_BYTES]; // of an import
    _Atomic int64_t bytes;       // so far
    char digest[SHELF_DIGEST_BYTES];
    struct err e;
    int64_t ended_ms; // monotonic
};

struct upload {
    char id[DEPOT_ID_BYTES], file[SHELF_PATH_BYTES];
    int64_t n, used_ms;
};

struct depot {
    struct shelf *shelf;
    struct image_limits limits;
    char *registries;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct depot_job *job; // newest first
    size_t n_jobs;
    struct upload upload[UPLOADS_MAX];
    pthread_t thread[DEPOT_THREADS];
    int n_threads;
    atomic_bool closing;
};

int64_t depot_now_ms(void);
void depot_job_run(struct depot *d, struct depot_job *j); // depot_run.c: without the lock

// depot_registry.c: whether images may come from `host` ("": the first), as it is to be called, with
// `insecure`.
bool registry_allowed(const char *registries, const char *host, char out[IMAGE_HOST_BYTES], bool *insecure);

#endif
