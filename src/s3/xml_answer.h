// SPDX-License-Identifier: Apache-2.0
//
// What a client reads of an endpoint's answers: lists of buckets and of objects, errors. Any endpoint's, so
// nothing but the elements below is expected to be there.
#ifndef ONDOL_S3_XML_ANSWER_H
#define ONDOL_S3_XML_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "s3/errors.h"
#include "s3/names.h"

struct s3_listed {
    char *key; // or the name of a bucket
    uint64_t size;
    char etag[64]; // without quotes; "" of a bucket
    char date[32]; // as it came
};

struct s3_listing {
    struct s3_listed *v;
    size_t n, cap;
    bool truncated;
    char *next; // continuation token, NULL when there is none
};

#define S3_LISTING_NULL ((struct s3_listing){0})

// Appends what ListBucketResult (of list-type=2 with encoding-type=url) or ListAllMyBucketsResult holds, and
// sets truncated and next. S3_OK or MalformedXML.
enum s3_code s3_xml_read_objects(const char *data, size_t n, struct s3_listing *out, struct err *e);
enum s3_code s3_xml_read_buckets(const char *data, size_t n, struct s3_listing *out, struct err *e);
void s3_listing_deinit(struct s3_listing *l);

// Code and message of an Error; "" when there are none.
struct s3_refusal {
    char code[64], message[256];
};
void s3_xml_read_error(const char *data, size_t n, struct s3_refusal *out);
// Whether it says that there is no room for the account: nothing that passes by itself.
bool s3_refusal_is_quota(const char *code);

#endif
