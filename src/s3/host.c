// SPDX-License-Identifier: Apache-2.0
//
// Virtual-host style: the bucket in front of our own name.
#include "s3/route.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

// Bytes of `host` in front of its port; an IPv6 address keeps its brackets.
static size_t name_bytes(const char *host)
{
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        return end ? (size_t)(end - host) + 1 : strlen(host);
    }
    return strcspn(host, ":");
}

enum s3_code s3_virtual_bucket(const char *host, const char *base_host, char out[S3_BUCKET_BYTES],
                               struct err *e)
{
    out[0] = '\0';
    if (!host || !base_host || !*base_host)
        return S3_OK;
    size_t n = name_bytes(host), base_n = name_bytes(base_host);
    n -= n && host[n - 1] == '.'; // the root, written out
    if (n <= base_n + 1 || host[n - base_n - 1] != '.' ||
        strncasecmp(host + n - base_n, base_host, base_n) != 0)
        return S3_OK;
    n -= base_n + 1;
    char name[S3_BUCKET_BYTES + 1] = {0};
    for (size_t i = 0; i < n && i < S3_BUCKET_BYTES; i++)
        name[i] = (char)tolower((unsigned char)host[i]);
    enum s3_code code = s3_bucket_check(name, e);
    if (!code)
        memcpy(out, name, n + 1);
    return code;
}
