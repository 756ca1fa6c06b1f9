// SPDX-License-Identifier: Apache-2.0
//
// GetObjectAttributes: facts of an object by name, without its bytes. What is wanted stands in headers, not in
// the query.
#ifndef ONDOL_S3_ATTRIBUTES_H
#define ONDOL_S3_ATTRIBUTES_H

#include <stdint.h>

#include "base/buf.h"
#include "s3/checksum.h"
#include "s3/errors.h"
#include "s3/request.h"

enum {
    S3_ATTRIBUTE_ETAG = 1,
    S3_ATTRIBUTE_CHECKSUM = 2,
    S3_ATTRIBUTE_PARTS = 4,
    S3_ATTRIBUTE_CLASS = 8,
    S3_ATTRIBUTE_SIZE = 16
};

// The bits of x-amz-object-attributes, which may be there several times. InvalidArgument: there is none, or a word
// that is none of them, or x-amz-max-parts or x-amz-part-number-marker are no numbers. These two change nothing: no
// parts are listed here.
enum s3_code s3_attributes_read(const struct s3_request *r, unsigned *wanted, struct err *e);

struct s3_attribute_facts {
    const char *etag; // without quotes; "-N" behind it: made of N parts
    uint64_t size;
    enum s3_sum_kind sum; // that was kept; S3_SUM_NONE: none
    const char *sum_text;
};
// What of the wanted there is. An object that was not uploaded in parts has none; one that was has their number, and
// nothing of each of them, which S3 gives of objects that have kept checksums only.
void s3_xml_attributes(struct buf *out, unsigned wanted, const struct s3_attribute_facts *f);

#endif
