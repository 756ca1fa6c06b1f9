// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_SERVER_OUTSIDE_COPY_H
#define ONDOL_SERVER_OUTSIDE_COPY_H

#include "server/outside_ask.h"

struct outside_copy {
    const struct outside_way *way;
    CURL *easy;
    const char *bucket, *key; // where to
    char source[4096];
    char why[256]; // it could not be done
    char code[64]; // likewise, as the storage calls it
    int status;    // of the last answer; 404: there is no such bucket
};

// Makes c->bucket/c->key what from_bucket/from_key is. False with why and status.
bool outside_copy(struct outside_copy *c, const char *from_bucket, const char *from_key, uint64_t size);

#endif
