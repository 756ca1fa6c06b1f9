// SPDX-License-Identifier: Apache-2.0
#include "api/shortname.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/json_in.h"
#include "base/mem.h"
#include "core/work/task.h"

static bool well_formed(const char *s)
{
    size_t n = strlen(s);
    return n && s[0] != '-' && s[n - 1] != '-' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

// What stands where an id does in a route of its own would never be found by that name.
static bool is_taken(const char *s)
{
    static const char *const words[] = {"summaries", "search", "paginate"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (!strcasecmp(s, words[i]))
            return true;
    return false;
}

bool shortname_in(const json_t *in, const char **shortname, struct err *e)
{
    uint8_t unused[16];
    *shortname = NULL;
    if (!in_string(in, "shortname", API_SHORTNAME_CHARS, shortname, e))
        return false;
    if (*shortname && !**shortname)
        *shortname = NULL;
    if (*shortname && is_taken(*shortname))
        return err_set(e, -EINVAL, "shortname: %s is a word of the API's own paths (take another)",
                       *shortname),
               false;
    if (!*shortname || (well_formed(*shortname) && !uuid_parse(*shortname, unused)))
        return true;
    return err_set(e, -EINVAL,
                   "shortname: must be of A-Z, a-z, 0-9 and -, neither begin nor end with - nor look like a "
                   "uuid"),
           false;
}
