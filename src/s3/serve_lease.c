// SPDX-License-Identifier: Apache-2.0
//
// What the attempt of a task may do while it has its lease: list and read the task's resources, and write its
// results and snapshots to a place of its own. Everything else is refused, so that a node which holds such a
// key holds no more than the task it runs.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "s3/serve_inside.h"

void s3_staged_name(char out[OBJECTS_BUCKET_BYTES], uint64_t lease, uint32_t part)
{
    snprintf(out, OBJECTS_BUCKET_BYTES, "~%" PRIu64 ".%" PRIu32, lease, part);
}

bool s3_staged_read(const char *name, uint64_t *lease, uint32_t *part)
{
    char again[OBJECTS_BUCKET_BYTES];
    if (sscanf(name, "~%" SCNu64 ".%" SCNu32, lease, part) != 2)
        return false;
    s3_staged_name(again, *lease, *part);
    return !strcmp(again, name);
}

static bool begins(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

static bool part_of(const char *bucket, uint32_t *part)
{
    if (!strcmp(bucket, S3_RESULTS)) {
        *part = 0;
        return true;
    }
    if (!begins(bucket, S3_SNAPSHOT))
        return false;
    const char *digits = bucket + strlen(S3_SNAPSHOT);
    unsigned long n =
        strspn(digits, "0123456789") == strlen(digits) && strlen(digits) < 10 ? strtoul(digits, NULL, 10) : 0;
    *part = (uint32_t)n;
    return n > 0;
}

// At the place of its results. HEAD: an upload whose answer was lost.
static bool writes(enum s3_op op)
{
    return op == S3_OP_CREATE_BUCKET || op == S3_OP_PUT_OBJECT || op == S3_OP_CREATE_UPLOAD ||
           op == S3_OP_UPLOAD_PART || op == S3_OP_COMPLETE_UPLOAD || op == S3_OP_ABORT_UPLOAD ||
           op == S3_OP_HEAD_OBJECT;
}

// A list shows what a grant opens; it must ask for no more.
static bool may_read(const struct ask *c)
{
    bool list = c->route.op == S3_OP_LIST_OBJECTS_V2;
    if (!list && c->route.op != S3_OP_GET_OBJECT && c->route.op != S3_OP_HEAD_OBJECT)
        return false;
    const char *name = list ? c->route.prefix : c->route.key;
    for (size_t i = 0; i < c->account.n_grants; i++)
        if (!strcmp(c->account.grant[i].bucket, c->route.bucket) && begins(name, c->account.grant[i].prefix))
            return true;
    return false;
}

enum s3_code lease_admit(struct ask *c, struct err *e)
{
    uint32_t part;
    if (may_read(c))
        return S3_OK;
    if (!writes(c->route.op) || !part_of(c->route.bucket, &part))
        return s3_fail(e, S3_ACCESS_DENIED, "%s", "");
    s3_staged_name(c->route.bucket, c->account.lease, part);
    c->owner = 0;
    return S3_OK;
}
