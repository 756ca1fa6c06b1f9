// SPDX-License-Identifier: Apache-2.0
//
// What files a task wants at /job before it starts, and where those go that it leaves there. What it leaves
// is every file that is new or has changed since the resources came.
#ifndef ONDOL_CORE_WORK_STAGING_H
#define ONDOL_CORE_WORK_STAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define STAGING_PATH_MAX 1024 // of a file below /job, as keys of objects
#define STAGING_DEPTH    64   // folders within folders

struct stage_bucket {
    const char *bucket;
    const char *prefix; // only keys that begin so; "": all
    const char *strip;  // taken off the front of the path, where it stands there; "": nothing
    int64_t ttl_s;      // how long a copy may be kept for later runs; 0: not
};

// Where files go. Filters are POSIX extended expressions that are searched anywhere in the path; NULL: none.
struct stage_out {
    const char *prefix; // of the keys; "": none
    const char *whitelist, *blacklist;
};

struct stage_plan {
    const char *url, *access_key, *secret; // of the storage, good while the lease is
    const struct stage_bucket *in;         // later ones overwrite what earlier ones brought
    size_t n_in;
    bool has_out; // results are wanted
    struct stage_out out, snapshot;
    bool on_cancel; // results also when it is cancelled
};

// Of the text in which a run names the keys of its results, one a line; what does not fit is left out. All
// instances of a task together have 256 KiB, each at least 128 bytes and at most 32 KiB. A byte of a key that
// would end its line, or that no terminal should see, and '%' itself stand as "%0A".
#define STAGE_NAMES_MAX ((size_t)32 << 10)
size_t staging_names_room(uint32_t instance_count);

#define STAGE_ORDERS_MAX 64 // snapshots of a task that are asked for and not taken yet

// A snapshot: what a filter or prefix is NULL for is as the plan says.
struct stage_snapshot {
    uint32_t number; // 1, 2, ...; of the periodic ones 0
    struct stage_out out;
};

// What may be asked for while the command runs.
struct stage_orders {
    uint32_t resync;   // how often its resources were to be fetched again so far
    int64_t period_ms; // a snapshot each time; 0: none
    struct stage_snapshot periodic;
    const struct stage_snapshot *unique; // by number
    size_t n_unique;
};

// The path below /job of an object: its key less `strip`, without empty and "." parts. 1: it stands for a
// folder (the key ends with '/'), or nothing is left. -EINVAL: no file can have this path, for the reason in
// `e`: it would leave /job, is too long or too deep, or has a NUL.
int staging_path(const char *key, size_t n, const char *strip, char out[STAGING_PATH_MAX + 1], struct err *e);

// How many bytes of resources a board takes for one instance: half of its memory, 256 MiB at least.
int64_t staging_room(int32_t memory_mb);

// "3 of 12 files, 1.2 of 5.0 GB"
void staging_text(int64_t files, int64_t files_n, int64_t bytes, int64_t bytes_n, char *out, size_t room);

#endif
