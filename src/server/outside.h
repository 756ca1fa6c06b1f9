// SPDX-License-Identifier: Apache-2.0
//
// The server's own work in a storage that is somebody else's (docs/design/0036): whether an account has a
// bucket there, and what attempts staged: copied into its bucket, or thrown away. What does not work is tried
// again, ever more slowly, for as long as the operator's patience lasts.
#ifndef ONDOL_SERVER_OUTSIDE_H
#define ONDOL_SERVER_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "port/store.h"
#include "s3/outside.h"

struct outside;

struct outside_config {
    struct s3_outside at; // strings are copied
    const char *ca_file;  // NULL: the system's
    int64_t patience_ms;
    int64_t sweep_ms; // from the start until what nobody owns is removed; 0: a minute
    int64_t slow_ms;  // who asks for a bucket waits for longer than that: a while of peace; 0: a second
    // What was staged is in its bucket, or cannot be (`code` not NULL). From a thread of its own.
    void (*published)(void *ctx, uint64_t lease, uint32_t part, const char *code, const char *message);
    // Whether the lease has a row: 0 yes, 1 no, or negative. From a thread of its own, one at a time.
    int (*lease_is_there)(void *ctx, uint64_t lease);
    void *ctx;
};

// Starts its threads; nothing is asked of the storage yet. -EINVAL for what `at` may not be, -EAGAIN when there
// are no more threads.
int outside_start(struct outside **ret, const struct outside_config *cfg, struct err *e);
void outside_stop(struct outside *o);                         // what is not done stays as it is; NULL is fine
const struct s3_outside *outside_at(const struct outside *o); // as configured; lives as long as `o`

// As api_backend.bucket. Waits for the storage, a few seconds at most.
int outside_bucket(struct outside *o, uint64_t account, const char *name, bool make, struct err *e);

// Done one after the other for each lease. Neither waits.
void outside_publish(struct outside *o, uint64_t lease, uint32_t part, uint64_t account, const char *bucket);
void outside_discard(struct outside *o, uint64_t lease);

#endif
