// SPDX-License-Identifier: Apache-2.0
#include "core/work/profile.h"

#include <string.h>
#include <strings.h>

static bool take(const char **at, const char *word)
{
    size_t n = strlen(word);
    if (strncasecmp(*at, word, n) != 0)
        return false;
    *at += n;
    return true;
}

bool profile_features(const char *name, unsigned *features)
{
    const char *at = name ? name : "";
    unsigned f = 0;
    *features = 0;
    if (!take(&at, "docker-"))
        return false;
    if (take(&at, "cluster"))
        f = PROFILE_CLUSTER;
    else if (take(&at, "network"))
        f = PROFILE_OUTSIDE;
    else if (!take(&at, "batch"))
        return false;
    if (f == PROFILE_CLUSTER && take(&at, "-network"))
        f |= PROFILE_OUTSIDE;
    if (take(&at, "-ssh"))
        f |= PROFILE_SSH;
    if (*at)
        return false;
    *features = f;
    return true;
}
