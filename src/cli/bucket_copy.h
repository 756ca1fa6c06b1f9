// SPDX-License-Identifier: Apache-2.0
//
// Files to a bucket and back. What is there already with the same bytes is not moved again, so that a copy
// which was cut short is taken up by doing it once more; a file appears whole or not at all.
#ifndef ONDOL_CLI_BUCKET_COPY_H
#define ONDOL_CLI_BUCKET_COPY_H

#include <jansson.h>

#include "cli/bucket_client.h"
#include "cli/bucket_sweep.h"

struct copy_sum {
    int64_t files, bytes, kept; // moved; kept: were there already
    int64_t refused;            // objects whose keys are no paths below the folder
    struct kept_names *names;   // NULL, or gets the keys (up) or the paths below the folder (down) of both
};

// The objects of `bucket` whose keys begin with `prefix` into the folder `to`, which is made; keys become
// paths below it, less the prefix up to its last slash. Keys that would lead out of it, or are too long for a
// path, are named on stderr and left out, which is an error in the end. 0, or an exit code with the sentence in
// `e`. `sum` is added to.
int bucket_copy_down(const struct bucket_client *b, const char *bucket, const char *prefix, const char *to,
                     struct copy_sum *sum, struct err *e);
// A file, or a folder with all in it, under `prefix` in the bucket.
int bucket_copy_up(const struct bucket_client *b, const char *bucket, const char *from, const char *prefix,
                   struct copy_sum *sum, struct err *e);

// {"files", "bytes", "kept", "deleted", "done"}; the caller's.
json_t *copy_sum_json(const struct copy_sum *sum, int64_t deleted);

#endif
