// SPDX-License-Identifier: Apache-2.0
//
// A storage outside has no transaction: several results are copied one after the other. So that those of a
// lease are all there or none when it fails for good, what is about to be replaced is put aside first:
//
//   LEASE.PART/KEY        staged by the attempt
//   LEASE.PART~old/KEY    what the bucket had under KEY
//   LEASE.PART~undo       all of that is put aside; its content is the bucket. From here on results are copied
//
// A copy that fails for good is taken back: each KEY that holds what was staged (by its ETag, else by its
// size) becomes what it was or goes. What somebody else has put there meanwhile stays. One result needs none
// of this: a copy is all or nothing by itself.
#ifndef ONDOL_SERVER_OUTSIDE_UNDO_H
#define ONDOL_SERVER_OUTSIDE_UNDO_H

#include "s3/xml_answer.h"
#include "server/outside_copy.h"

#define OUTSIDE_UNDO_MARK "~undo"

struct outside_staged {
    const struct outside_way *way;
    CURL *easy;
    const char *staging;
    char name[48];                 // "LEASE.PART"
    struct s3_listing files, undo; // LEASE.PART/..., and LEASE.PART~... with the mark first
    bool marked;
};

// Moves what belongs to s->name out of a listing.
void outside_staged_sort(struct outside_staged *s, struct s3_listing *from);
void outside_staged_deinit(struct outside_staged *s);

// Puts aside what copies of s->files to c->bucket will replace, once. False with why and status in `c`.
bool outside_undo_prepare(struct outside_staged *s, struct outside_copy *c);
// Takes back what was copied; true also when nothing was put aside, as then nothing was copied but one at
// most.
bool outside_undo(struct outside_staged *s, const char *bucket);

// The bucket that the mark names.
bool outside_undo_bucket(const struct outside_staged *s, char out[S3_OUTSIDE_BUCKET_BYTES]);
bool outside_undo_read(const char *key, uint64_t *lease, uint32_t *part); // whether the key is a mark
bool outside_undo_is_in(const struct s3_listing *all);

#endif
