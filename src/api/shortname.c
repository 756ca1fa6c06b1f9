// SPDX-License-Identifier: Apache-2.0
#include "api/shortname.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/json_in.h"
#include "core/work/task.h"

static bool well_formed(const char *s)
{
    size_t n = strlen(s);
    return n && s[0] != '-' && s[n - 1] != '-' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

bool shortname_in(const json_t *in, const char **shortname, struct err *e)
{
    uint8_t unused[16];
    *shortname = NULL;
    if (!in_string(in, "shortname", API_SHORTNAME_CHARS, shortname, e))
        return false;
    if (*shortname && !**shortname)
        *shortname = NULL;
    if (!*shortname || (well_formed(*shortname) && !uuid_parse(*shortname, unused)))
        return true;
    return err_set(e, -EINVAL,
                   "shortname: must be of A-Z, a-z, 0-9 and -, neither begin nor end with - nor look like a "
                   "uuid"),
           false;
}
