// SPDX-License-Identifier: Apache-2.0
#include "s3/condition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Digits up to 2^63 - 1; more saturate, since a range may end anywhere behind the object. False if there is
// none.
static bool number(const char **at, uint64_t *out)
{
    const char *p = *at;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        v = v > (INT64_MAX - 9) / 10 ? INT64_MAX : v * 10 + (uint64_t)(*p - '0');
    bool any = p > *at;
    *at = p;
    *out = v;
    return any;
}

struct ends {
    bool has_first, has_last;
    uint64_t first, last;
};

// "bytes=a-b", "bytes=a-", "bytes=-n" and nothing behind.
static bool read_ends(const char *text, struct ends *out)
{
    if (strncmp(text, "bytes=", 6) != 0)
        return false;
    text += 6;
    out->has_first = number(&text, &out->first);
    if (*text++ != '-')
        return false;
    out->has_last = number(&text, &out->last);
    if (*text || (!out->has_first && !out->has_last))
        return false;
    return !out->has_first || !out->has_last || out->first <= out->last;
}

enum s3_code s3_range_read(const char *text, uint64_t size, struct s3_range *out)
{
    struct ends r;
    *out = (struct s3_range){.whole = true};
    if (!text || !read_ends(text, &r))
        return S3_OK;
    if (!size || (r.has_first && r.first >= size) || (!r.has_first && !r.last))
        return S3_INVALID_RANGE;
    out->whole = false;
    if (!r.has_first) {
        out->first = r.last < size ? size - r.last : 0;
        out->last = size - 1;
    } else {
        out->first = r.first;
        out->last = r.has_last && r.last < size ? r.last : size - 1;
    }
    return S3_OK;
}

enum s3_code s3_copy_range_read(const char *text, uint64_t size, struct s3_range *out, struct err *e)
{
    struct ends r;
    *out = (struct s3_range){.whole = true};
    if (!text)
        return S3_OK;
    if (!read_ends(text, &r) || !r.has_first || !r.has_last)
        return s3_fail(e, S3_INVALID_ARGUMENT,
                       "x-amz-copy-source-range is not of the form bytes=FIRST-LAST.");
    if (r.last >= size)
        return s3_fail(e, S3_INVALID_ARGUMENT,
                       "x-amz-copy-source-range lies outside the source, which has %llu bytes.",
                       (unsigned long long)size);
    *out = (struct s3_range){.first = r.first, .last = r.last};
    return S3_OK;
}

struct s3_conditions s3_conditions_of(const struct s3_request *r)
{
    return (struct s3_conditions){
        .if_match = s3_header_get(r, "if-match"),
        .if_none_match = s3_header_get(r, "if-none-match"),
        .if_modified_since = s3_header_get(r, "if-modified-since"),
        .if_unmodified_since = s3_header_get(r, "if-unmodified-since"),
    };
}

struct s3_conditions s3_copy_conditions_of(const struct s3_request *r)
{
    return (struct s3_conditions){
        .if_match = s3_header_get(r, "x-amz-copy-source-if-match"),
        .if_none_match = s3_header_get(r, "x-amz-copy-source-if-none-match"),
        .if_modified_since = s3_header_get(r, "x-amz-copy-source-if-modified-since"),
        .if_unmodified_since = s3_header_get(r, "x-amz-copy-source-if-unmodified-since"),
    };
}

// Whether `etag` is in a list such as: "a", W/"b", or * . Clients also send tags without quotes. Our tags are
// strong and hold no comma, so that weak and strong comparison differ only in that a weak one never matches
// If-Match.
static bool lists(const char *list, const char *etag, bool weak)
{
    for (;;) {
        list += strspn(list, " \t,");
        size_t n = strcspn(list, ",");
        if (!n)
            return false;
        const char *tag = list;
        list += n;
        while (n && (tag[n - 1] == ' ' || tag[n - 1] == '\t'))
            n--;
        if (n == 1 && *tag == '*')
            return etag != NULL;
        bool is_weak = n > 2 && !strncmp(tag, "W/", 2);
        if (is_weak) {
            tag += 2;
            n -= 2;
        }
        if (n >= 2 && tag[0] == '"' && tag[n - 1] == '"') {
            tag++;
            n -= 2;
        }
        if (etag && n == strlen(etag) && !memcmp(tag, etag, n) && (weak || !is_weak))
            return true;
    }
}

// Order and precedence of RFC 9110 13.2.2: a date counts only where there is no tag.
enum s3_code s3_conditions_check(const struct s3_conditions *c, const char *etag, int64_t modified_ms,
                                 bool reading)
{
    int64_t ms, modified_s = modified_ms / 1000;
    if (c->if_match) {
        if (!lists(c->if_match, etag, false))
            return S3_PRECONDITION_FAILED;
    } else if (c->if_unmodified_since && etag && s3_http_date_read(c->if_unmodified_since, &ms)) {
        if (modified_s > ms / 1000)
            return S3_PRECONDITION_FAILED;
    }
    enum s3_code same = reading ? S3_NOT_MODIFIED : S3_PRECONDITION_FAILED;
    if (c->if_none_match)
        return lists(c->if_none_match, etag, true) ? same : S3_OK;
    if (c->if_modified_since && etag && s3_http_date_read(c->if_modified_since, &ms) &&
        modified_s <= ms / 1000)
        return same;
    return S3_OK;
}
