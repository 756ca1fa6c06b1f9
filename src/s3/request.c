// SPDX-License-Identifier: Apache-2.0
#include "s3/request.h"

#include <strings.h>

const char *s3_header_get(const struct s3_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_n; i++)
        if (!strcasecmp(r->header[i].name, name))
            return r->header[i].value;
    return NULL;
}
