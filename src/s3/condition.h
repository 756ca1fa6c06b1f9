// SPDX-License-Identifier: Apache-2.0
//
// Conditional requests (RFC 9110 section 13) and byte ranges (section 14), for GET, HEAD and the source of a
// copy.
#ifndef ONDOL_S3_CONDITION_H
#define ONDOL_S3_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "s3/errors.h"
#include "s3/request.h"

struct s3_range {
    bool whole;           // no range asked for, or one that is to be ignored: answer 200 with everything
    bool empty;           // with whole: nothing of it, a part without bytes
    uint64_t first, last; // inclusive, within the object, if !whole: answer 206
};

// `text` is the Range header or NULL. One range of unit bytes; other units, several ranges and nonsense are
// ignored as RFC 9110 14.2 says. InvalidRange when it lies outside an object of `size` bytes.
enum s3_code s3_range_read(const char *text, uint64_t size, struct s3_range *out);
// x-amz-copy-source-range: "bytes=a-b", both ends given and inside the object, else InvalidArgument.
enum s3_code s3_copy_range_read(const char *text, uint64_t size, struct s3_range *out, struct err *e);

struct s3_conditions {
    const char *if_match, *if_none_match;                // lists of tags or "*"; NULL if absent
    const char *if_modified_since, *if_unmodified_since; // HTTP dates; unreadable ones are ignored
};

struct s3_conditions s3_conditions_of(const struct s3_request *r);      // If-Match, ...
struct s3_conditions s3_copy_conditions_of(const struct s3_request *r); // x-amz-copy-source-if-match, ...

// `etag` without quotes, NULL if there is no object; modified: milliseconds since 1970, compared in whole
// seconds. S3_OK, PreconditionFailed, or NotModified for a GET or HEAD (`reading`); a copy or a write gets
// PreconditionFailed instead.
enum s3_code s3_conditions_check(const struct s3_conditions *c, const char *etag, int64_t modified_ms,
                                 bool reading);

// HTTP dates: "Fri, 24 May 2013 00:00:00 GMT"; reading takes the two obsolete forms as well.
#define S3_HTTP_DATE_BYTES 32
void s3_http_date(char out[S3_HTTP_DATE_BYTES], int64_t ms_since_1970);
bool s3_http_date_read(const char *text, int64_t *ms_since_1970);

#endif
