// SPDX-License-Identifier: Apache-2.0
//
// The buckets of a task: where its resources come from, where its results and snapshots go.
#ifndef ONDOL_API_BUCKET_IN_H
#define ONDOL_API_BUCKET_IN_H

#include <jansson.h>

#include "api/backend.h"
#include "api/invalid.h"
#include "core/work/place.h"

#define API_BUCKETS      100 // that a task names as resources
#define API_PREFIX_CHARS 1024

// Reads them from a creation request and sets them in `body` in one form, the resources under the name by
// which they were given. What is wrong with them is noted in `bad`, item by item. 0, or the HTTP code of the first
// refusal with its sentence in `e` (404 "No such bucket: NAME", which clients tell apart).
int buckets_in(const json_t *in, json_t *body, const struct api_backend *be, const struct account_view *who,
               struct invalid *bad, struct err *e);

// Likewise of a pool, which has resources alone.
int buckets_of_pool(const json_t *in, json_t *body, const struct api_backend *be,
                    const struct account_view *who, struct invalid *bad, struct err *e);

// The largest resource buckets of a body that was read, as data sets for the planner: a bucket with its prefix
// is one, of the bytes that are in the bucket now. None where their size is not known, and none that nodes are
// told not to keep.
void buckets_as_data(const json_t *body, const struct api_backend *be, const struct account_view *who,
                     struct place *p);

// Whether the body names a bucket that is made when it is missing; making it waits for the disk.
bool buckets_to_make(const char *body);
// The last one that was there or made: the tasks of one request mostly name the same.
struct bucket_made {
    char name[64];
};
int buckets_make(const char *body, const struct api_backend *be, const struct account_view *who,
                 struct bucket_made *made, struct err *e);

#endif
